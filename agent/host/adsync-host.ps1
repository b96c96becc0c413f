<#
.SYNOPSIS
    The ADSync host: answers the agent's requests about the synchronization engine of this server.

.DESCRIPTION
    One JSON request a line on standard input, one JSON answer a line on standard output, as docs/adsync-host-protocol.md says.
    It translates between that protocol and the cmdlets of the engine, and decides nothing. For Windows PowerShell 5.1, which is the
    only one that loads the engine's module:

        powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy RemoteSigned -File adsync-host.ps1

    Property names of the engine's objects are Microsoft's as far as they are documented; what could not be checked against a real
    server is marked UNVERIFIED.
#>
#Requires -Version 5.1

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

Add-Type -AssemblyName System.Web.Extensions
Add-Type -AssemblyName System.DirectoryServices.Protocols

$ProtocolVersion = 1
$LongestLine = 16777216
$EntraConnector = 'b891884f-051e-4a83-95af-2544101c9083'
$NoGuid = '00000000-0000-0000-0000-000000000000'

foreach ($part in 'values', 'server', 'scheduler', 'rules', 'spaces', 'directory') {
    . (Join-Path $PSScriptRoot "adsync-host\$part.ps1")
}

# One entry for each operation of the protocol.
$operations = @{
    getHostInformation = { Get-HostInformation }
    getGlobalSettings = { Get-GlobalSettings }
    getFeatures = { Get-Features }
    getAutoUpgrade = { Get-AutoUpgrade }
    setAutoUpgrade = { param($Arguments) Set-AutoUpgrade $Arguments }
    getService = { Get-EngineService }
    setService = { param($Arguments) Set-EngineService $Arguments }
    exportServerConfiguration = { param($Arguments) Export-ServerConfiguration $Arguments }
    getScheduler = { Get-Scheduler }
    setScheduler = { param($Arguments) Set-Scheduler $Arguments }
    startSyncCycle = { param($Arguments) Start-Cycle $Arguments }
    stopSyncCycle = { [void] (Stop-ADSyncSyncCycle) }
    getConnectorRunStatus = { , (Get-ConnectorRunStatus) }
    invokeRunProfile = { param($Arguments) Invoke-Profile $Arguments }
    getRunResults = { param($Arguments) , (Get-RunResults $Arguments) }
    getConnectors = { , (Get-Connectors) }
    getConnectorStatistics = { param($Arguments) Get-ConnectorStatistics $Arguments }
    getRules = { , (Get-Rules) }
    addRule = { param($Arguments) Add-Rule $Arguments }
    removeRule = { param($Arguments) Remove-Rule $Arguments }
    getCsObjects = { param($Arguments) Get-CsObjects $Arguments }
    getPendingExports = { param($Arguments) Get-PendingExports $Arguments }
    searchDirectory = { param($Arguments) Search-Directory $Arguments }
    createDirectoryObject = { param($Arguments) New-DirectoryObject $Arguments }
    modifyDirectoryObject = { param($Arguments) Edit-DirectoryObject $Arguments }
    deleteDirectoryObject = { param($Arguments) Remove-DirectoryObject $Arguments }
}

# Operations that work while the engine's service is stopped.
$withoutEngine = 'getHostInformation', 'getAutoUpgrade', 'getService', 'setService', 'searchDirectory', 'createDirectoryObject',
    'modifyDirectoryObject', 'deleteDirectoryObject'

# The answer to one line, as one line.
function Get-Answer([string] $Line) {
    $id = [long] 0
    $needsEngine = $false
    try {
        try { $request = Read-Json $Line }
        catch { Stop-Request 'BadRequest' 'expected one line of JSON' }
        if ($request -isnot [System.Collections.IDictionary] -or -not $request.ContainsKey('id')) {
            Stop-Request 'BadRequest' 'expected an object with id and operation'
        }
        if (-not [long]::TryParse([string] $request['id'], [ref] $id)) { Stop-Request 'BadRequest' 'expected a number as id' }
        $name = [string] (Get-Required $request 'operation')
        $known = @($operations.Keys | Where-Object { $_ -ceq $name })
        if ($known.Count -eq 0) { Stop-Request 'Unsupported' "this host does not know the operation '$name'" }
        $needsEngine = $withoutEngine -cnotcontains $name
        # Whatever a cmdlet says besides its answer must not reach standard output.
        $result = & $operations[$name] (Get-Argument $request 'arguments') 3>$null 4>$null 5>$null 6>$null
        $answer = [ordered] @{ id = $id; result = $result }
        $text = New-Object System.Text.StringBuilder
        Write-Json $text $answer
    }
    catch {
        $code = Get-ErrorCode $_ $needsEngine
        $answer = [ordered] @{ id = $id; error = [ordered] @{ code = $code; message = [string] $_.Exception.Message } }
        $text = New-Object System.Text.StringBuilder
        Write-Json $text $answer
    }
    return $text.ToString()
}

$utf8 = New-Object System.Text.UTF8Encoding -ArgumentList $false
$reader = New-Object System.IO.StreamReader -ArgumentList ([System.Console]::OpenStandardInput()), $utf8
$writer = New-Object System.IO.StreamWriter -ArgumentList ([System.Console]::OpenStandardOutput()), $utf8
$writer.NewLine = "`n"
# What .NET code prints goes where people read it.
[System.Console]::SetOut([System.Console]::Error)

while ($null -ne ($line = $reader.ReadLine())) {
    if ($line.Length -gt $LongestLine) {
        [System.Console]::Error.WriteLine("expected at most $LongestLine characters a line, found $($line.Length); the host ends")
        exit 1
    }
    $writer.WriteLine((Get-Answer $line))
    $writer.Flush()
}
