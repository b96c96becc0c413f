# The scheduler, run profiles and their history.

function Get-Scheduler {
    $found = Get-ADSyncScheduler
    return [ordered] @{
        allowedSyncCycleInterval = ConvertTo-Duration $found.AllowedSyncCycleInterval
        currentlyEffectiveSyncCycleInterval = ConvertTo-Duration $found.CurrentlyEffectiveSyncCycleInterval
        customizedSyncCycleInterval = ConvertTo-Duration (Get-Property $found 'CustomizedSyncCycleInterval')
        nextSyncCyclePolicyType = [string] $found.NextSyncCyclePolicyType
        nextSyncCycleStartTime = ConvertTo-Instant (Get-Property $found 'NextSyncCycleStartTimeInUTC')
        syncCycleEnabled = [bool] $found.SyncCycleEnabled
        maintenanceEnabled = [bool] $found.MaintenanceEnabled
        stagingModeEnabled = [bool] $found.StagingModeEnabled
        schedulerSuspended = [bool] $found.SchedulerSuspended
        syncCycleInProgress = [bool] $found.SyncCycleInProgress
    }
}

function Set-Scheduler($Arguments) {
    $change = @{}
    $enabled = Get-Argument $Arguments 'syncCycleEnabled'
    if ($null -ne $enabled) { $change['SyncCycleEnabled'] = [bool] $enabled }
    $policy = Get-Argument $Arguments 'nextSyncCyclePolicyType'
    if ($null -ne $policy) { $change['NextSyncCyclePolicyType'] = [string] $policy }
    if ($change.Count -gt 0) { [void] (Set-ADSyncScheduler @change) }
}

function Start-Cycle($Arguments) {
    $policy = [string] (Get-Required $Arguments 'policyType')
    $found = Get-ADSyncScheduler
    if ($found.SyncCycleInProgress) { Stop-Request 'Busy' 'a synchronization cycle is already in progress' }
    if ($found.SchedulerSuspended) { Stop-Request 'Busy' 'the scheduler is suspended by an open wizard' }
    try { [void] (Start-ADSyncSyncCycle -PolicyType $policy) }
    catch {
        # One may have begun in between: that is seen in the engine, not in the text of the error.
        if ((Get-ADSyncScheduler).SyncCycleInProgress) { Stop-Request 'Busy' $_.Exception.Message }
        throw
    }
}

function Get-ConnectorRunStatus {
    $status = foreach ($running in @(Get-ADSyncConnectorRunStatus)) {
        $connector = Get-ADSyncConnector -Name $running.ConnectorName
        [ordered] @{ connector = (ConvertTo-GuidText $connector.Identifier); runState = [string] $running.RunState }
    }
    return , @($status)
}

function Get-ConnectorOrStop([guid] $Identifier) {
    $connector = Get-ADSyncConnector | Where-Object { [guid] $_.Identifier -eq $Identifier }
    if ($null -eq $connector) { Stop-Request 'NotFound' "expected the connector $Identifier, found none" }
    return $connector
}

function ConvertTo-Run($Run) {
    $names = 'StageNoChange', 'StageAdd', 'StageUpdate', 'StageDelete', 'ConnectorFlow', 'ConnectorNoFlow', 'DisconnectorProjectedFlow',
        'DisconnectorJoinedFlow', 'DisconnectorJoinedNoFlow', 'DisconnectorFiltered', 'ConnectorDeleteRemoveMv', 'FlowFailure',
        'SyncErrors', 'ExportAdd', 'ExportUpdate', 'ExportDelete', 'ExportFailure'
    $steps = Get-Property $Run 'RunStepResults'
    if ($null -eq $steps) { $steps = Get-ADSyncRunStepResult -RunHistoryId $Run.RunHistoryId }
    $counters = [ordered] @{}
    foreach ($name in $names) {
        $sum = [uint64] 0
        foreach ($step in $steps) { $sum += ConvertTo-Count (Get-Property $step $name) }
        $counters[$name.Substring(0, 1).ToLowerInvariant() + $name.Substring(1)] = $sum
    }
    return [ordered] @{
        runHistoryId = ConvertTo-GuidText $Run.RunHistoryId
        connector = ConvertTo-GuidText $Run.ConnectorId
        connectorName = [string] $Run.ConnectorName
        profile = [string] $Run.RunProfileName
        runNumber = [long] $Run.RunNumber
        userName = ConvertTo-Text $Run.Username
        isRunComplete = [bool] $Run.IsRunComplete
        result = ConvertTo-Text $Run.Result
        startDate = ConvertTo-Instant $Run.StartDate
        endDate = ConvertTo-Instant (Get-Property $Run 'EndDate')
        counters = $counters
    }
}

function Invoke-Profile($Arguments) {
    $connector = Get-ConnectorOrStop (Get-RequiredGuid $Arguments 'connector')
    $runProfile = [string] (Get-Required $Arguments 'profile')
    if (@($connector.RunProfiles | Where-Object { $_.Name -eq $runProfile }).Count -eq 0) {
        Stop-Request 'NotFound' "expected the run profile '$runProfile' on $($connector.Name), found none"
    }
    if (@(Get-ADSyncConnectorRunStatus).Count -gt 0) { Stop-Request 'Busy' 'a run is in progress' }
    $before = 0
    foreach ($run in @(Get-ADSyncRunProfileResult -ConnectorId $connector.Identifier -NumberRequested 1)) { $before = [long] $run.RunNumber }
    [void] (Invoke-ADSyncRunProfile -ConnectorIdentifier $connector.Identifier -RunProfileName $runProfile)
    $later = @(Get-ADSyncRunProfileResult -ConnectorId $connector.Identifier -NumberRequested 16 -RunStepDetails |
            Where-Object { [long] $_.RunNumber -gt $before } | Sort-Object -Property RunNumber)
    if ($later.Count -eq 0) { Stop-Request 'Failed' "expected a run of '$runProfile' after number $before, found none" }
    return ConvertTo-Run $later[0]
}

function Get-RunResults($Arguments) {
    $filter = @{ NumberRequested = [int] (Get-Required $Arguments 'numberRequested'); RunStepDetails = $true }
    if ($null -ne (Get-Argument $Arguments 'connector')) {
        $filter['ConnectorId'] = (Get-ConnectorOrStop (Get-RequiredGuid $Arguments 'connector')).Identifier
    }
    $runs = foreach ($run in @(Get-ADSyncRunProfileResult @filter)) { ConvertTo-Run $run }
    return , @($runs)
}
