# Connectors and synchronization rules.

function Get-Connectors {
    $connectors = foreach ($connector in @(Get-ADSyncConnector)) {
        $kind = 'Other'
        $hashes = $null
        if ($connector.Type -eq 'AD') {
            $kind = 'ActiveDirectory'
            $configuration = Get-ADSyncAADPasswordSyncConfiguration -SourceConnector $connector.Name
            $hashes = [bool] (Get-Property $configuration 'Enabled')
        }
        elseif ((ConvertTo-GuidText $connector.Identifier) -eq $EntraConnector) { $kind = 'Entra' }
        $partitions = foreach ($partition in $connector.Partitions) {
            $scope = $partition.ConnectorPartitionScope
            [ordered] @{
                identifier = ConvertTo-GuidText $partition.Identifier
                distinguishedName = [string] $partition.DN
                selected = [bool] $partition.Selected
                isDomain = [bool] $partition.IsDomain
                containerInclusion = ConvertTo-TextList $scope.ContainerInclusionList
                containerExclusion = ConvertTo-TextList $scope.ContainerExclusionList
            }
        }
        [ordered] @{
            identifier = ConvertTo-GuidText $connector.Identifier
            name = [string] $connector.Name
            kind = $kind
            partitions = @($partitions)
            objectInclusion = ConvertTo-TextList $connector.ObjectInclusionList
            attributeInclusion = ConvertTo-TextList $connector.AttributeInclusionList
            passwordHashSync = $hashes
        }
    }
    return , @($connectors)
}

function Get-ConnectorStatistics($Arguments) {
    $connector = Get-ConnectorOrStop (Get-RequiredGuid $Arguments 'connector')
    $found = Get-ADSyncConnectorStatistics -ConnectorName $connector.Name
    return [ordered] @{
        exportAdds = [long] $found.ExportAdds
        exportUpdates = [long] $found.ExportUpdates
        exportDeletes = [long] $found.ExportDeletes
        importAdds = [long] $found.ImportAdds
        importUpdates = [long] $found.ImportUpdates
        importDeletes = [long] $found.ImportDeletes
        importNoChange = [long] $found.ImportNoChange
        totalConnectors = [long] $found.TotalConnectors
    }
}

function ConvertTo-Flow($Flow) {
    $from = ConvertTo-TextList $Flow.Source
    $source = switch ([string] $Flow.FlowType) {
        'Constant' { [ordered] @{ type = 'constant'; value = ($from -join '') } }
        'Expression' { [ordered] @{ type = 'expression'; expression = [string] $Flow.Expression; attributes = $from } }
        default { [ordered] @{ type = 'direct'; attribute = ($from -join '') } }
    }
    return [ordered] @{
        destination = [string] $Flow.Destination
        source = $source
        merge = [string] $Flow.ValueMergeType
        executeOnce = [bool] $Flow.ExecuteOnce
    }
}

function ConvertTo-Rule($Rule) {
    $internal = Get-Property $Rule 'InternalIdentifier'
    if ($null -eq $internal) { $internal = Get-Property $Rule 'InternalId' }
    if ($null -eq $internal) { $internal = $NoGuid }
    $flows = foreach ($flow in $Rule.AttributeFlowMappings) { ConvertTo-Flow $flow }
    $joins = foreach ($group in $Rule.JoinFilter) {
        $conditions = foreach ($condition in $group.JoinConditionList) {
            [ordered] @{
                csAttribute = [string] $condition.CSAttribute
                mvAttribute = [string] $condition.MVAttribute
                caseSensitive = [bool] $condition.CaseSensitive
            }
        }
        , @($conditions)
    }
    $scopes = foreach ($group in $Rule.ScopeFilter) {
        $conditions = foreach ($condition in $group.ScopeConditionList) {
            [ordered] @{
                attribute = [string] $condition.Attribute
                operator = [string] $condition.ComparisonOperator
                value = ConvertTo-Text $condition.ComparisonValue
            }
        }
        , @($conditions)
    }
    return [ordered] @{
        identifier = ConvertTo-GuidText $Rule.Identifier
        internalIdentifier = ConvertTo-GuidText $internal
        version = [long] $Rule.Version
        name = [string] $Rule.Name
        description = ConvertTo-Text $Rule.Description
        immutableTag = ConvertTo-Text $Rule.ImmutableTag
        direction = [string] $Rule.Direction
        disabled = [bool] $Rule.Disabled
        connector = ConvertTo-GuidText $Rule.Connector
        sourceObjectType = [string] $Rule.SourceObjectType
        targetObjectType = [string] $Rule.TargetObjectType
        linkType = [string] $Rule.LinkType
        precedence = [long] $Rule.Precedence
        precedenceAfter = ConvertTo-GuidText $Rule.PrecedenceAfter
        precedenceBefore = ConvertTo-GuidText $Rule.PrecedenceBefore
        softDeleteExpiryInterval = ([timespan] $Rule.SoftDeleteExpiryInterval).ToString('c')
        enablePasswordSync = [bool] $Rule.EnablePasswordSync
        attributeFlows = @($flows)
        joinFilter = @($joins)
        scopeFilter = @($scopes)
    }
}

function Get-Rules {
    $rules = foreach ($rule in @(Get-ADSyncRule)) { ConvertTo-Rule $rule }
    return , @($rules)
}

# Each helper gives back a changed copy of the rule.
function Add-Flow($Rule, $Flow) {
    $with = @{
        SynchronizationRule = $Rule
        Destination = [string] $Flow['destination']
        ValueMergeType = [string] $Flow['merge']
        ExecuteOnce = [bool] $Flow['executeOnce']
    }
    $source = $Flow['source']
    switch ([string] $source['type']) {
        'direct' { $with['FlowType'] = 'Direct'; $with['Source'] = @([string] $source['attribute']) }
        'constant' { $with['FlowType'] = 'Constant'; $with['Source'] = @([string] $source['value']) }
        'expression' {
            $with['FlowType'] = 'Expression'
            $with['Expression'] = [string] $source['expression']
            $with['Source'] = [string[]] $source['attributes']
        }
        default { Stop-Request 'BadRequest' "expected a flow that is direct, constant or expression, found '$($source['type'])'" }
    }
    # UNVERIFIED: the parameter's name for flows that run once; left out where it is not wanted.
    if (-not $with['ExecuteOnce']) { $with.Remove('ExecuteOnce') }
    return @(Add-ADSyncAttributeFlowMapping @with)[-1]
}

function Add-Rule($Arguments) {
    $wanted = Get-Required $Arguments 'rule'
    $identifier = Get-RequiredGuid $wanted 'identifier'
    $precedence = [int] (Get-Required $wanted 'precedence')
    $taken = @(Get-ADSyncRule | Where-Object { [int] $_.Precedence -eq $precedence -and [guid] $_.Identifier -ne $identifier })
    if ($taken.Count -gt 0) { Stop-Request 'Conflict' "precedence $precedence is taken by rule '$($taken[0].Name)'" }
    $fields = @{
        Name = [string] (Get-Required $wanted 'name')
        Identifier = $identifier
        Description = ConvertTo-Text (Get-Argument $wanted 'description')
        Direction = [string] (Get-Required $wanted 'direction')
        Precedence = $precedence
        PrecedenceAfter = [guid] [string] (Get-Required $wanted 'precedenceAfter')
        PrecedenceBefore = [guid] [string] (Get-Required $wanted 'precedenceBefore')
        SourceObjectType = [string] (Get-Required $wanted 'sourceObjectType')
        TargetObjectType = [string] (Get-Required $wanted 'targetObjectType')
        Connector = Get-RequiredGuid $wanted 'connector'
        LinkType = [string] (Get-Required $wanted 'linkType')
        SoftDeleteExpiryInterval = [timespan]::Parse([string] (Get-Required $wanted 'softDeleteExpiryInterval'), [System.Globalization.CultureInfo]::InvariantCulture)
        ImmutableTag = ConvertTo-Text (Get-Argument $wanted 'immutableTag')
    }
    if ((Get-Argument $wanted 'enablePasswordSync') -eq $true) { $fields['EnablePasswordSync'] = $true }
    $rule = @(New-ADSyncRule @fields)[-1]
    if ((Get-Argument $wanted 'disabled') -eq $true) { $rule.Disabled = $true }
    foreach ($flow in (Get-Argument $wanted 'attributeFlows')) { $rule = Add-Flow $rule $flow }
    foreach ($group in (Get-Argument $wanted 'joinFilter')) {
        $conditions = foreach ($condition in $group) {
            New-Object -TypeName 'Microsoft.IdentityManagement.PowerShell.ObjectModel.JoinCondition' -ArgumentList (
                [string] $condition['csAttribute']), ([string] $condition['mvAttribute']), ([bool] $condition['caseSensitive'])
        }
        $rule = @(Add-ADSyncJoinConditionGroup -SynchronizationRule $rule -JoinConditions @($conditions))[-1]
    }
    foreach ($group in (Get-Argument $wanted 'scopeFilter')) {
        $conditions = foreach ($condition in $group) {
            New-Object -TypeName 'Microsoft.IdentityManagement.PowerShell.ObjectModel.ScopeCondition' -ArgumentList (
                [string] $condition['attribute']), ([string] $condition['value']), ([string] $condition['operator'])
        }
        $rule = @(Add-ADSyncScopeConditionGroup -SynchronizationRule $rule -ScopeConditions @($conditions))[-1]
    }
    [void] (Add-ADSyncRule -SynchronizationRule $rule)
    $stored = @(Get-ADSyncRule | Where-Object { [guid] $_.Identifier -eq $identifier })
    if ($stored.Count -ne 1) { Stop-Request 'Failed' "expected rule $identifier after it was stored, found $($stored.Count)" }
    return ConvertTo-Rule $stored[0]
}

function Remove-Rule($Arguments) {
    $identifier = Get-RequiredGuid $Arguments 'identifier'
    $found = @(Get-ADSyncRule | Where-Object { [guid] $_.Identifier -eq $identifier })
    if ($found.Count -eq 0) { Stop-Request 'NotFound' "expected the rule $identifier, found none" }
    [void] (Remove-ADSyncRule -Identifier $identifier)
}
