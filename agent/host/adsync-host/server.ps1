# The server: product, settings, features, service. Reads the registry, CIM, the engine and its database.

function Get-RegistryValue([string] $Path, [string] $Name) {
    $key = Get-Item -LiteralPath "Registry::$Path" -ErrorAction SilentlyContinue
    if ($null -eq $key) { return $null }
    return , $key.GetValue($Name)
}

function Test-EngineService {
    $service = Get-Service -Name 'ADSync' -ErrorAction SilentlyContinue
    return $null -ne $service -and [string] $service.Status -eq 'Running'
}

# Path of the program of a service.
function Get-ServiceProgram([string] $Name) {
    $image = Get-RegistryValue "HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\$Name" 'ImagePath'
    if ($null -eq $image) { return $null }
    $image = [System.Environment]::ExpandEnvironmentVariables([string] $image)
    if ($image -match '^"([^"]+)"') { return $Matches[1] }
    if ($image -match '^(.+?\.exe)') { return $Matches[1] }
    return $image
}

function Get-FileVersion([string] $Path) {
    if ([string]::IsNullOrEmpty($Path) -or -not (Test-Path -LiteralPath $Path -PathType Leaf)) { return $null }
    $version = [System.Diagnostics.FileVersionInfo]::GetVersionInfo($Path)
    return "$($version.FileMajorPart).$($version.FileMinorPart).$($version.FileBuildPart).$($version.FilePrivatePart)"
}

function Get-Engine {
    $program = Get-ServiceProgram 'ADSync'
    if ($null -ne $program) {
        foreach ($folder in 'Microsoft Azure Active Directory Connect', 'Microsoft Azure AD Connect') {
            $version = Get-FileVersion (Join-Path $env:ProgramFiles "$folder\AzureADConnect.exe")
            if ($null -ne $version) {
                # UNVERIFIED: the value's name; empty where it is not there.
                $type = Get-RegistryValue 'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Azure AD Connect' 'InstallationType'
                return [ordered] @{ product = 'EntraConnect'; version = $version; installationType = (ConvertTo-Text $type) }
            }
        }
        return [ordered] @{ product = 'AzureADSync'; version = (ConvertTo-Text (Get-FileVersion $program)); installationType = '' }
    }
    $program = Get-ServiceProgram 'FIMSynchronizationService'
    if ($null -eq $program) { return $null }
    $product = 'MicrosoftIdentityManager'
    if (Test-Path -LiteralPath 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Online Directory Sync') { $product = 'DirSync' }
    return [ordered] @{ product = $product; version = (ConvertTo-Text (Get-FileVersion $program)); installationType = '' }
}

# Absent when it cannot be read.
function Get-Sql {
    $key = 'HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\ADSync\Parameters'
    $server = ConvertTo-Text (Get-RegistryValue $key 'Server')
    if ($server -eq '') { return $null }
    $instance = ConvertTo-Text (Get-RegistryValue $key 'SQLInstance')
    $source = if ($instance -eq '') { $server } else { "$server\$instance" }
    $local = $server -like '(localdb)*'
    $builder = New-Object System.Data.SqlClient.SqlConnectionStringBuilder
    $builder['Data Source'] = $source
    $builder['Initial Catalog'] = ConvertTo-Text (Get-RegistryValue $key 'DBName')
    $builder['Integrated Security'] = $true
    $builder['Connect Timeout'] = 10
    $connection = New-Object System.Data.SqlClient.SqlConnection -ArgumentList $builder.ConnectionString
    try {
        $connection.Open()
        $command = $connection.CreateCommand()
        $command.CommandText =
            "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64)), (SELECT SUM(CAST(size AS bigint)) * 8 / 1024 FROM sys.database_files)"
        $reader = $command.ExecuteReader()
        if (-not $reader.Read()) { return $null }
        $shown = if ($local) { '' } else { $source }
        return [ordered] @{ localDb = $local; version = $reader.GetString(0); instance = $shown; sizeMib = [long] $reader.GetValue(1) }
    }
    catch [System.Data.SqlClient.SqlException] { return $null }
    finally { $connection.Dispose() }
}

function Get-DotNetVersion {
    # Source: Microsoft, "Determine which .NET Framework versions are installed".
    $key = 'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full'
    $release = Get-RegistryValue $key 'Release'
    $known = @((533320, '4.8.1'), (528040, '4.8'), (461808, '4.7.2'), (461308, '4.7.1'), (460798, '4.7'), (394802, '4.6.2'))
    foreach ($pair in $known) {
        if ($null -ne $release -and [long] $release -ge $pair[0]) { return $pair[1] }
    }
    return ConvertTo-Text (Get-RegistryValue $key 'Version')
}

function Get-TlsValues {
    $rows = New-Object System.Collections.ArrayList
    foreach ($part in 'SOFTWARE\Microsoft\.NETFramework', 'SOFTWARE\WOW6432Node\Microsoft\.NETFramework') {
        foreach ($name in 'SystemDefaultTlsVersions', 'SchUseStrongCrypto') { [void] $rows.Add(@("$part\v4.0.30319", $name)) }
    }
    foreach ($side in 'Server', 'Client') {
        $path = "SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\$side"
        foreach ($name in 'Enabled', 'DisabledByDefault') { [void] $rows.Add(@($path, $name)) }
    }
    $values = foreach ($row in $rows) {
        $data = Get-RegistryValue "HKEY_LOCAL_MACHINE\$($row[0])" $row[1]
        # A DWORD is signed here: 4294967295 is a usual way to write "on".
        if ($null -ne $data) { $data = [long] $data -band 4294967295 }
        [ordered] @{ path = "HKLM\$($row[0])"; name = $row[1]; data = $data }
    }
    return , @($values)
}

# To the second: it is computed from the clock and would differ at every look.
function Get-BootTime($System) {
    $at = $System.LastBootUpTime
    if ($null -eq $at) { return $null }
    $at = ([datetime] $at).ToUniversalTime()
    return ConvertTo-Instant ($at.AddTicks(-($at.Ticks % [System.TimeSpan]::TicksPerSecond)))
}

function Get-HostInformation {
    $system = Get-CimInstance -ClassName Win32_OperatingSystem
    $computer = Get-CimInstance -ClassName Win32_ComputerSystem
    $kind = Get-RegistryValue 'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion' 'InstallationType'
    return [ordered] @{
        protocolVersion = $ProtocolVersion
        hostName = $env:COMPUTERNAME
        engine = Get-Engine
        operatingSystem = (ConvertTo-Text $system.Caption) -replace '^Microsoft ', ''
        operatingSystemBuild = ConvertTo-Text $system.Version
        serverCore = $kind -eq 'Server Core'
        domainJoined = [bool] $computer.PartOfDomain
        dotNetVersion = Get-DotNetVersion
        powerShellVersion = $PSVersionTable.PSVersion.ToString()
        tlsRegistry = Get-TlsValues
        sql = Get-Sql
        memoryMib = [long] [math]::Floor($computer.TotalPhysicalMemory / 1048576)
        provisioningAgentVersion = Get-FileVersion (Get-ServiceProgram 'AADConnectProvisioningAgent')
        bootTime = Get-BootTime $system
        localTime = ConvertTo-Instant ([datetime]::UtcNow)
    }
}

function Get-GlobalSettings {
    $parameters = foreach ($parameter in (Get-ADSyncGlobalSettings).Parameters) {
        [ordered] @{ name = [string] $parameter.Name; value = (ConvertTo-Text $parameter.Value) }
    }
    # UNVERIFIED: the shape of the metaverse schema.
    $types = Get-Property (Get-ADSyncSchema) 'AttributeTypes'
    if ($null -eq $types) { Stop-Request 'Unsupported' 'expected AttributeTypes in the metaverse schema, found none in this build' }
    $names = @($types | ForEach-Object { [string] $_.Name } | Sort-Object -Unique)
    return [ordered] @{ parameters = @($parameters); metaverseAttributes = $names }
}

# Optional features as the engine's own settings name them; what this build does not have is off.
function Get-Features {
    $settings = @{}
    foreach ($parameter in (Get-ADSyncGlobalSettings).Parameters) {
        $settings[[string] $parameter.Name] = ConvertTo-Text $parameter.Value
    }
    $isOn = { param($Name) $settings.ContainsKey($Name) -and $settings[$Name] -eq 'True' }
    $company = Get-ADSyncAADCompanyFeature
    $hasFeature = { param($Name) [bool] (Get-Property $company $Name) }
    $hashes = foreach ($state in @(Get-ADSyncPartitionPasswordSyncState)) {
        $at = ConvertTo-Instant (Get-Property $state 'PasswordSyncLastSuccessfulCycleEndTimestamp')
        [ordered] @{ connector = (ConvertTo-GuidText $state.ConnectorId); lastSuccess = $at }
    }
    return [ordered] @{
        passwordHashSync = & $hasFeature 'PasswordHashSync'
        passwordWriteback = & $isOn 'Microsoft.OptionalFeature.PasswordWriteback'
        userWriteback = & $hasFeature 'UserWriteback'
        deviceWriteback = & $hasFeature 'DeviceWriteback'
        deviceWriteUp = & $isOn 'Microsoft.OptionalFeature.DeviceWriteUp'
        groupWriteback = (& $hasFeature 'UnifiedGroupWriteback') -or (& $hasFeature 'GroupWritebackV2')
        exchangeHybrid = & $isOn 'Microsoft.OptionalFeature.HybridExchange'
        directoryExtensions = & $isOn 'Microsoft.OptionalFeature.DirectoryExtension'
        groupFiltering = & $isOn 'Microsoft.OptionalFeature.GroupFiltering'
        signOnMethod = ConvertTo-Text $settings['Microsoft.UserSignIn.SignOnMethod']
        desktopSso = & $isOn 'Microsoft.UserSignIn.DesktopSsoEnabled'
        exportDeletionThreshold = Get-DeletionThreshold
        passwordHashLastSuccess = @($hashes)
    }
}

# Absent where a person would have to sign in: such a build's cmdlet has a parameter for who does.
function Get-DeletionThreshold {
    $cmdlet = Get-Command -Name Get-ADSyncExportDeletionThreshold -ErrorAction SilentlyContinue
    if ($null -eq $cmdlet) { return $null }
    if ($cmdlet.Parameters.Keys -contains 'AADUserName' -or $cmdlet.Parameters.Keys -contains 'AADCredential') { return $null }
    $found = Get-ADSyncExportDeletionThreshold
    # UNVERIFIED: the names of the answer's properties.
    if (-not [bool] (Get-Property $found 'DeletionPreventionType')) { return [long] 0 }
    return [long] (Get-Property $found 'ThresholdCount')
}

function Get-AutoUpgrade {
    $detail = Get-ADSyncAutoUpgrade -Detail
    # UNVERIFIED: the name of the reason's property; empty where there is none.
    return [ordered] @{
        state = [string] (Get-ADSyncAutoUpgrade)
        suspensionReason = ConvertTo-Text (Get-Property $detail 'SuspensionReason')
    }
}

function Set-AutoUpgrade($Arguments) {
    $state = [string] (Get-Required $Arguments 'state')
    if ($state -cne 'Enabled' -and $state -cne 'Disabled') {
        Stop-Request 'BadRequest' "expected Enabled or Disabled, found '$state': the system alone suspends automatic upgrade"
    }
    [void] (Set-ADSyncAutoUpgrade -AutoUpgradeState $state)
}

# When the service last came up, by the system's log; absent where the log says nothing (any more).
# Source: Microsoft, Service Control Manager, event 7036. UNVERIFIED: that the binary part of the event is the service's name, a slash and
# its new state in UTF-16, of which 4 is running; the texts of the event are in the language of the server.
$serviceStart = @{ Seen = $null; At = $null }

function Get-LastServiceStart {
    $filter = @{ LogName = 'System'; ProviderName = 'Service Control Manager'; Id = 7036 }
    # The newest part of the log is read once; after that, what was written since.
    if ($null -ne $serviceStart.Seen) { $filter.StartTime = $serviceStart.Seen }
    $from = [datetime]::UtcNow
    $running = -join ([System.Text.Encoding]::Unicode.GetBytes('ADSync/4') | ForEach-Object { $_.ToString('X2') })
    foreach ($entry in @(Get-WinEvent -FilterHashtable $filter -MaxEvents 5000 -ErrorAction SilentlyContinue)) {
        $data = [xml] $entry.ToXml()
        $binary = $data.SelectSingleNode("//*[local-name()='Binary']")
        if ($null -ne $binary -and $binary.InnerText.StartsWith($running, [System.StringComparison]::OrdinalIgnoreCase)) {
            $serviceStart.At = ConvertTo-Instant $entry.TimeCreated.ToUniversalTime()
            break
        }
    }
    $serviceStart.Seen = $from
    return $serviceStart.At
}

function Get-EngineService {
    $service = Get-Service -Name 'ADSync' -ErrorAction SilentlyContinue
    if ($null -eq $service) { return [ordered] @{ installed = $false; running = $false; startType = 'Disabled' } }
    $running = [string] $service.Status -eq 'Running'
    return [ordered] @{
        installed = $true
        running = $running
        startType = [string] $service.StartType
        lastStartedAt = Get-LastServiceStart
    }
}

function Set-EngineService($Arguments) {
    if ($null -eq (Get-Service -Name 'ADSync' -ErrorAction SilentlyContinue)) {
        Stop-Request 'NotFound' 'expected the service ADSync, found none on this server'
    }
    $type = Get-Argument $Arguments 'startType'
    $running = Get-Argument $Arguments 'running'
    # A disabled service cannot be started.
    if ($null -ne $type) { Set-Service -Name 'ADSync' -StartupType ([string] $type) }
    if ($running -eq $true) { Start-Service -Name 'ADSync' }
    if ($running -eq $false) { Stop-Service -Name 'ADSync' }
}

function Export-ServerConfiguration($Arguments) {
    $path = [string] (Get-Required $Arguments 'path')
    if (-not (Test-Path -LiteralPath $path -PathType Container) -or @(Get-ChildItem -LiteralPath $path).Count -gt 0) {
        Stop-Request 'BadRequest' "expected an empty folder, found none at '$path'"
    }
    [void] (Get-ADSyncServerConfiguration -Path $path)
}
