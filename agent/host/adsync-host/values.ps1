# Errors, values and JSON of the protocol. Touches nothing but the service control manager, to tell a stopped engine.

# Ends the request with an error of the protocol.
function Stop-Request([string] $Code, [string] $Message) {
    $problem = New-Object System.InvalidOperationException -ArgumentList $Message
    $problem.Data['code'] = $Code
    throw $problem
}

# The protocol's code for what went wrong. Types and numbers are looked at, never texts: those are in the server's language.
function Get-ErrorCode($Record, [bool] $NeedsEngine) {
    $problem = $Record.Exception
    while ($null -ne $problem) {
        if ($problem.Data.Contains('code')) { return [string] $problem.Data['code'] }
        if ($problem -is [System.UnauthorizedAccessException]) { return 'AccessDenied' }
        if ($problem -is [System.Security.SecurityException]) { return 'AccessDenied' }
        # What a prompt becomes where nobody can be asked (-NonInteractive).
        if ($problem -is [System.Management.Automation.Host.HostException]) { return 'InteractiveOnly' }
        if ($problem -is [System.Management.Automation.PSInvalidOperationException]) { return 'InteractiveOnly' }
        if ($problem -is [System.Management.Automation.CommandNotFoundException]) { return 'Unsupported' }
        if ($problem -is [System.Management.Automation.ParameterBindingException]) { return 'Unsupported' }
        if ($problem -is [System.DirectoryServices.Protocols.DirectoryOperationException] -and $null -ne $problem.Response) {
            switch ([string] $problem.Response.ResultCode) {
                'NoSuchObject' { return 'NotFound' }
                'EntryAlreadyExists' { return 'Conflict' }
                'InsufficientAccessRights' { return 'AccessDenied' }
                'Busy' { return 'Busy' }
                default { return 'Failed' }
            }
        }
        $problem = $problem.InnerException
    }
    if ($NeedsEngine -and -not (Test-EngineService)) { return 'ServiceStopped' }
    return 'Failed'
}

# A property that may not exist in this build.
function Get-Property($Object, [string] $Name) {
    if ($null -eq $Object) { return $null }
    $property = $Object.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return , $property.Value
}

# An argument of the request that may be left out.
function Get-Argument($Arguments, [string] $Name) {
    if ($null -eq $Arguments -or -not $Arguments.ContainsKey($Name)) { return $null }
    return , $Arguments[$Name]
}

# An argument that must be there.
function Get-Required($Arguments, [string] $Name) {
    $value = Get-Argument $Arguments $Name
    if ($null -eq $value) { Stop-Request 'BadRequest' "expected the argument $Name, found none" }
    return , $value
}

function Get-RequiredGuid($Arguments, [string] $Name) {
    $text = Get-Required $Arguments $Name
    $guid = [guid]::Empty
    if (-not [guid]::TryParse([string] $text, [ref] $guid)) {
        Stop-Request 'BadRequest' "expected a GUID as $Name, found '$text'"
    }
    return $guid
}

function ConvertTo-Text($Value) {
    if ($null -eq $Value) { return '' }
    return [System.Convert]::ToString($Value, [System.Globalization.CultureInfo]::InvariantCulture)
}

function ConvertTo-GuidText($Value) {
    if ($null -eq $Value) { return $null }
    return ([guid] [string] $Value).ToString('D').ToLowerInvariant()
}

# RFC 3339 in UTC. The engine gives UTC without saying so (UNVERIFIED for run results); "never" is the first of all instants.
function ConvertTo-Instant($Value) {
    if ($null -eq $Value) { return $null }
    $time = [datetime] $Value
    if ($time -le [datetime]::MinValue.AddYears(1)) { return $null }
    if ($time.Kind -eq [System.DateTimeKind]::Unspecified) {
        $time = [datetime]::SpecifyKind($time, [System.DateTimeKind]::Utc)
    }
    return $time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", [System.Globalization.CultureInfo]::InvariantCulture)
}

# ISO 8601 in hours, minutes and seconds.
function ConvertTo-Duration($Value) {
    if ((ConvertTo-Text $Value) -eq '') { return $null }
    $span = [timespan] $Value
    if ($span.Ticks -lt 0) { Stop-Request 'Failed' "expected a duration that is not negative, found $($span.Ticks) ticks" }
    $hours = [long] [math]::Floor($span.TotalHours)
    return "PT$($hours)H$($span.Minutes)M$($span.Seconds)S"
}

# A list of texts; nothing gives an empty one. Instants keep their meaning, bytes become base64.
function ConvertTo-TextList($Values) {
    if ($Values -is [byte[]]) { return , @([System.Convert]::ToBase64String($Values)) }
    $texts = foreach ($value in $Values) {
        if ($null -eq $value) { continue }
        if ($value -is [byte[]]) { [System.Convert]::ToBase64String($value) }
        elseif ($value -is [datetime]) { ConvertTo-Instant $value }
        else { ConvertTo-Text $value }
    }
    return , @($texts)
}

# A number that counts something: the number itself, or how many there are.
function ConvertTo-Count($Value) {
    if ($null -eq $Value) { return [uint64] 0 }
    if ($Value -is [System.Collections.ICollection] -and $Value -isnot [string]) { return [uint64] $Value.Count }
    $number = [uint64] 0
    if ([uint64]::TryParse((ConvertTo-Text $Value), [ref] $number)) { return $number }
    return [uint64] 1
}

# Writes JSON on one line. Only what the protocol has: anything else is a defect and is told.
function Write-Json([System.Text.StringBuilder] $To, $Value) {
    if ($null -eq $Value) { [void] $To.Append('null'); return }
    if ($Value -is [System.Management.Automation.PSObject]) { $Value = $Value.PSObject.BaseObject }
    if ($Value -is [bool]) { [void] $To.Append($(if ($Value) { 'true' } else { 'false' })); return }
    if ($Value -is [string]) { Write-JsonString $To $Value; return }
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [uint32] -or $Value -is [uint64]) {
        [void] $To.Append($Value.ToString([System.Globalization.CultureInfo]::InvariantCulture))
        return
    }
    if ($Value -is [System.Collections.IDictionary]) {
        [void] $To.Append('{')
        $first = $true
        foreach ($key in $Value.Keys) {
            if (-not $first) { [void] $To.Append(',') }
            $first = $false
            Write-JsonString $To ([string] $key)
            [void] $To.Append(':')
            Write-Json $To $Value[$key]
        }
        [void] $To.Append('}')
        return
    }
    if ($Value -is [System.Collections.IList]) {
        [void] $To.Append('[')
        for ($index = 0; $index -lt $Value.Count; $index++) {
            if ($index -gt 0) { [void] $To.Append(',') }
            Write-Json $To $Value[$index]
        }
        [void] $To.Append(']')
        return
    }
    Stop-Request 'Failed' "expected a value that JSON has, found $($Value.GetType().FullName)"
}

function Write-JsonString([System.Text.StringBuilder] $To, [string] $Text) {
    [void] $To.Append('"')
    if ($Text -notmatch '[\x00-\x1f"\\\uD800-\uDFFF]') {
        [void] $To.Append($Text).Append('"')
        return
    }
    foreach ($character in $Text.ToCharArray()) {
        $code = [int] $character
        if ($code -eq 34) { [void] $To.Append('\"') }
        elseif ($code -eq 92) { [void] $To.Append('\\') }
        # Half of a pair that stands alone is no text in UTF-8: all halves are escaped.
        elseif ($code -lt 32 -or ($code -ge 0xD800 -and $code -le 0xDFFF)) { [void] $To.AppendFormat('\u{0:x4}', $code) }
        else { [void] $To.Append($character) }
    }
    [void] $To.Append('"')
}

function Read-Json([string] $Text) {
    $reader = New-Object System.Web.Script.Serialization.JavaScriptSerializer
    $reader.MaxJsonLength = $LongestLine
    return , $reader.DeserializeObject($Text)
}
