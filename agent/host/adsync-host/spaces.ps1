# Connector spaces and pending exports. Runs csexport, which writes into a temporary folder that is removed afterwards.

# Attributes of a connector space or metaverse object, those asked for.
function ConvertTo-Attributes($Object, $Names) {
    $found = foreach ($attribute in $Object.Attributes) {
        if ($Names -contains $attribute.Name) {
            [ordered] @{ name = [string] $attribute.Name; values = (ConvertTo-TextList (Get-Property $attribute 'Values')) }
        }
    }
    return , @($found)
}

# What an export would write now, for each object, as csexport (beside the engine) says it.
function Read-PendingExports($Connector) {
    $folder = Join-Path ([System.IO.Path]::GetTempPath()) ([guid]::NewGuid().ToString('N'))
    [void] (New-Item -ItemType Directory -Path $folder)
    try {
        $program = Join-Path (Split-Path -Parent (Get-ServiceProgram 'ADSync')) 'csexport.exe'
        if (-not (Test-Path -LiteralPath $program -PathType Leaf)) { Stop-Request 'Unsupported' "expected $program, found none" }
        $file = Join-Path $folder 'pending.xml'
        # What a program says on standard error is no error of this script.
        $strict = $ErrorActionPreference
        $ErrorActionPreference = 'Continue'
        try { $said = & $program $Connector.Name $file '/f:x' 2>&1 }
        finally { $ErrorActionPreference = $strict }
        if ($LASTEXITCODE -ne 0 -or -not (Test-Path -LiteralPath $file -PathType Leaf)) {
            Stop-Request 'Failed' "csexport ended with $LASTEXITCODE and $(@($said).Count) lines"
        }
        $document = New-Object System.Xml.XmlDocument
        $document.XmlResolver = $null
        $document.Load($file)
        # A comma keeps a list of one node a list.
        return , @($document.SelectNodes('//cs-object[pending-export/delta or unapplied-export/delta]'))
    }
    finally { Remove-Item -LiteralPath $folder -Recurse -ErrorAction SilentlyContinue }
}

function Test-CloudNoFlow($MetaverseObject) {
    foreach ($attribute in $MetaverseObject.Attributes) {
        if ($attribute.Name -eq 'cloudNoFlow') { return (ConvertTo-TextList (Get-Property $attribute 'Values')) -contains 'True' }
    }
    return $false
}

function ConvertTo-PendingExport($Node) {
    $delta = $Node.SelectSingleNode('pending-export/delta')
    $retry = $null -ne $Node.SelectSingleNode('unapplied-export/delta') -or $null -ne $Node.SelectSingleNode('export-errordetail')
    if ($null -eq $delta) { $delta = $Node.SelectSingleNode('unapplied-export/delta') }
    $modification = switch ($delta.GetAttribute('operation')) {
        'add' { 'Add' }
        'delete' { 'Delete' }
        # What is removed and made anew is lost all the same.
        'delete-add' { 'Delete' }
        default { 'Update' }
    }
    $attributes = foreach ($attribute in $delta.SelectNodes('attr | dn-attr')) {
        [ordered] @{ name = $attribute.GetAttribute('name'); reference = $attribute.LocalName -eq 'dn-attr' }
    }
    $link = $Node.SelectSingleNode('mv-link')
    $held = $false
    if ($null -ne $link) { $held = Test-CloudNoFlow (Get-ADSyncMVObject -Identifier ([guid] $link.InnerText.Trim())) }
    return [ordered] @{
        distinguishedName = $Node.GetAttribute('cs-dn')
        objectType = $Node.GetAttribute('object-type')
        modification = [string] $modification
        attributes = @($attributes)
        cloudNoFlow = [bool] $held
        retry = [bool] $retry
    }
}

function Get-PendingExports($Arguments) {
    $connector = Get-ConnectorOrStop (Get-RequiredGuid $Arguments 'connector')
    $start = [int] (Get-Required $Arguments 'startIndex')
    $most = [int] (Get-Required $Arguments 'maxResultCount')
    $nodes = Read-PendingExports $connector
    $exports = foreach ($node in ($nodes | Select-Object -Skip $start -First $most)) { ConvertTo-PendingExport $node }
    $next = $null
    if ($nodes.Count -gt $start + $most) { $next = $start + $most }
    return [ordered] @{ exports = @($exports); nextIndex = $next }
}

function Get-CsObjects($Arguments) {
    $connector = Get-ConnectorOrStop (Get-RequiredGuid $Arguments 'connector')
    $start = [int] (Get-Required $Arguments 'startIndex')
    $most = [int] (Get-Required $Arguments 'maxResultCount')
    $names = Get-Argument $Arguments 'attributes'
    $metaverseNames = Get-Argument $Arguments 'metaverseAttributes'
    $directory = @(Get-ADSyncConnector | Where-Object { $_.Type -eq 'AD' } | ForEach-Object { $_.Name })
    $rules = @{}
    foreach ($rule in @(Get-ADSyncRule)) {
        $stored = ConvertTo-Rule $rule
        $rules[$stored['internalIdentifier']] = $stored
    }
    $pending = New-Object 'System.Collections.Generic.HashSet[string]' -ArgumentList ([System.StringComparer]::OrdinalIgnoreCase)
    foreach ($node in (Read-PendingExports $connector)) { [void] $pending.Add($node.GetAttribute('cs-dn')) }
    $page = @(Get-ADSyncCSObject -ConnectorIdentifier $connector.Identifier -StartIndex $start -MaxResultCount $most)
    $objects = foreach ($object in $page) {
        $joined = $null
        $metaverseId = $null
        if ($object.IsConnector -and $null -ne $object.ConnectedMVObjectId) {
            $metaverseId = ConvertTo-GuidText $object.ConnectedMVObjectId
            $joined = Get-ADSyncMVObject -Identifier $object.ConnectedMVObjectId
        }
        # A rule that is gone meanwhile proves nothing: it is left out.
        $lineage = foreach ($link in $object.Lineage) {
            $rule = $rules[(ConvertTo-GuidText $link.SyncRuleInternalId)]
            if ($null -ne $rule) {
                [ordered] @{ rule = $rule['identifier']; ruleName = [string] $link.SyncRuleName; operation = $rule['linkType'] }
            }
        }
        $own = @()
        $held = @()
        if ($null -ne $joined) {
            $own = @($joined.Lineage | Where-Object { $directory -contains $_.ConnectorName } | ForEach-Object { [string] $_.ConnectedCsObjectDN })
            $held = ConvertTo-Attributes $joined $metaverseNames
        }
        [ordered] @{
            objectId = ConvertTo-GuidText $object.ObjectId
            distinguishedName = [string] $object.DistinguishedName
            objectType = [string] $object.ObjectType
            isConnector = [bool] $object.IsConnector
            connectedMvObjectId = $metaverseId
            directoryNames = $own
            lineage = @($lineage)
            pendingExport = $pending.Contains([string] $object.DistinguishedName)
            hasExportError = [bool] $object.HasExportError
            hasSyncError = [bool] $object.HasSyncError
            attributes = ConvertTo-Attributes $object $names
            metaverseAttributes = $held
        }
    }
    $next = $null
    if ($page.Count -gt 0) { $next = $start + $page.Count }
    return [ordered] @{ objects = @($objects); nextIndex = $next }
}
