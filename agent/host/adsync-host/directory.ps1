# Objects of Active Directory, over LDAP: the module with Get-ADObject is not on every sync server, and a page that goes on where the
# last one ended needs the same connection. The connection is kept, no answer is.

$script:directories = @{}

# The domain of a name, such as contoso.com.
function Get-DomainOf([string] $Name) {
    $labels = foreach ($match in [regex]::Matches($Name, '(?i)(?<=^|,)DC=([^,]+)')) { $match.Groups[1].Value }
    if ($null -eq $labels) { Stop-Request 'BadRequest' "expected a name below a domain, found '$Name'" }
    return @($labels) -join '.'
}

# The connection to a domain controller of the domain, as the account that this host runs under.
function Get-Directory([string] $Domain) {
    if (-not $script:directories.ContainsKey($Domain)) {
        $identifier = New-Object System.DirectoryServices.Protocols.LdapDirectoryIdentifier -ArgumentList $Domain
        $connection = New-Object System.DirectoryServices.Protocols.LdapConnection -ArgumentList $identifier
        $connection.AuthType = [System.DirectoryServices.Protocols.AuthType]::Negotiate
        $connection.SessionOptions.ProtocolVersion = 3
        $connection.SessionOptions.Signing = $true
        $connection.SessionOptions.Sealing = $true
        $connection.SessionOptions.ReferralChasing = [System.DirectoryServices.Protocols.ReferralChasingOptions]::None
        $connection.Timeout = New-TimeSpan -Minutes 2
        $connection.Bind()
        $script:directories[$Domain] = $connection
    }
    return $script:directories[$Domain]
}

function Send-Directory([string] $Domain, $Request) {
    try { return (Get-Directory $Domain).SendRequest($Request) }
    catch [System.DirectoryServices.Protocols.LdapException] {
        # The connection is of no more use; the next request makes another.
        if ($script:directories.ContainsKey($Domain)) {
            $script:directories[$Domain].Dispose()
            $script:directories.Remove($Domain)
        }
        throw
    }
}

function New-Search([string] $Base, [string] $Filter, [string] $Depth, [string[]] $Names) {
    $scope = [System.DirectoryServices.Protocols.SearchScope] $Depth
    return New-Object System.DirectoryServices.Protocols.SearchRequest -ArgumentList $Base, $Filter, $scope, $Names
}

function Read-Root([string] $Domain, [string] $Name) {
    $answer = Send-Directory $Domain (New-Search '' '(objectClass=*)' 'Base' @($Name))
    return [string] $answer.Entries[0].Attributes[$Name].GetValues([string])[0]
}

# Names of those attributes whose values are bytes, as the schema says.
function Get-ByteAttributes([string] $Domain, $Names) {
    $known = New-Object 'System.Collections.Generic.HashSet[string]' -ArgumentList ([System.StringComparer]::OrdinalIgnoreCase)
    $terms = foreach ($name in $Names) {
        if ($name -notmatch '^[A-Za-z][A-Za-z0-9-]*$') { Stop-Request 'BadRequest' "expected the name of an attribute, found '$name'" }
        "(lDAPDisplayName=$name)"
    }
    if ($null -eq $terms) { return , $known }
    $filter = "(&(objectClass=attributeSchema)(|$(@($terms) -join '')))"
    $request = New-Search (Read-Root $Domain 'schemaNamingContext') $filter 'OneLevel' @('lDAPDisplayName', 'attributeSyntax')
    foreach ($entry in (Send-Directory $Domain $request).Entries) {
        # Octet string, security identifier, security descriptor. Source: Microsoft, MS-ADTS, "LDAP attribute syntaxes".
        if ('2.5.5.10', '2.5.5.17', '2.5.5.15' -contains (Get-First $entry 'attributeSyntax')) {
            [void] $known.Add((Get-First $entry 'lDAPDisplayName'))
        }
    }
    return , $known
}

function Get-First($Entry, [string] $Name) {
    if (-not $Entry.Attributes.Contains($Name)) { return $null }
    return [string] $Entry.Attributes[$Name].GetValues([string])[0]
}

# All values, also of an attribute that the server gives in pieces (member;range=0-1499).
function Get-AllValues($Entry, [string] $Name, [bool] $Bytes) {
    $type = if ($Bytes) { [byte[]] } else { [string] }
    $values = New-Object System.Collections.ArrayList
    $current = $Entry
    while ($true) {
        $found = $null
        foreach ($candidate in $current.Attributes.AttributeNames) {
            if ($candidate -eq $Name -or $candidate -like "$Name;range=*") {
                # Beside the pieces the server names the attribute itself, without values.
                if ($null -eq $found -or $candidate -ne $Name) { $found = [string] $candidate }
            }
        }
        if ($null -eq $found) { break }
        foreach ($value in $current.Attributes[$found].GetValues($type)) {
            if ($Bytes) { [void] $values.Add([System.Convert]::ToBase64String($value)) } else { [void] $values.Add([string] $value) }
        }
        if ($found -notmatch ';range=\d+-(\d+)$') { break }
        $next = "$Name;range=$([long] $Matches[1] + 1)-*"
        $request = New-Search $Entry.DistinguishedName '(objectClass=*)' 'Base' @($next)
        [void] $request.Controls.Add((New-Object System.DirectoryServices.Protocols.ShowDeletedControl))
        $entries = (Send-Directory (Get-DomainOf $Entry.DistinguishedName) $request).Entries
        if ($entries.Count -eq 0) { break }
        $current = $entries[0]
    }
    return , $values.ToArray()
}

# The name that a deleted object had; the one it has where the server does not tell.
function Get-FormerName($Entry) {
    $name = Get-First $Entry 'msDS-LastKnownRDN'
    $parent = Get-First $Entry 'lastKnownParent'
    if ($null -eq $name -or $null -eq $parent) { return [string] $Entry.DistinguishedName }
    $kind = ([string] $Entry.DistinguishedName).Split('=')[0]
    $escaped = $name -replace '([,\\#+<>;"=])', '\$1' -replace '^ ', '\ ' -replace ' $', '\ '
    return "$kind=$escaped,$parent"
}

function ConvertTo-Entry($Entry, $Names, $ByteNames) {
    $deleted = (Get-First $Entry 'isDeleted') -eq 'TRUE'
    $classes = Get-AllValues $Entry 'objectClass' $false
    $attributes = foreach ($name in $Names) {
        $values = Get-AllValues $Entry $name ($ByteNames.Contains($name))
        if ($values.Count -gt 0) { [ordered] @{ name = [string] $name; values = $values } }
    }
    $guid = New-Object guid -ArgumentList (, [byte[]] $Entry.Attributes['objectGUID'].GetValues([byte[]])[0])
    return [ordered] @{
        distinguishedName = $(if ($deleted) { Get-FormerName $Entry } else { [string] $Entry.DistinguishedName })
        objectGuid = ConvertTo-GuidText $guid
        objectClass = [string] $classes[-1]
        deleted = $deleted
        attributes = @($attributes)
    }
}

# What every entry is read with, besides what was asked for.
function Get-Wanted($Names) {
    return [string[]] (@('objectGUID', 'objectClass', 'isDeleted', 'lastKnownParent', 'msDS-LastKnownRDN') + @($Names) | Select-Object -Unique)
}

function Search-Directory($Arguments) {
    $base = [string] (Get-Required $Arguments 'base')
    $classes = Get-Required $Arguments 'objectClasses'
    $names = Get-Required $Arguments 'attributes'
    $deleted = (Get-Argument $Arguments 'deleted') -eq $true
    $domain = Get-DomainOf $base
    $byteNames = Get-ByteAttributes $domain $names
    $terms = foreach ($class in $classes) {
        if ($class -notmatch '^[A-Za-z][A-Za-z0-9-]*$') { Stop-Request 'BadRequest' "expected the name of a class, found '$class'" }
        "(objectClass=$class)"
    }
    $filter = if ($null -eq $terms) { '(objectClass=*)' } else { "(|$(@($terms) -join ''))" }
    if ($deleted) { $filter = "(&(isDeleted=TRUE)$filter)" }
    $request = New-Search $base $filter 'Subtree' (Get-Wanted $names)
    $page = New-Object System.DirectoryServices.Protocols.PageResultRequestControl -ArgumentList ([int] (Get-Required $Arguments 'pageSize'))
    $cookie = Get-Argument $Arguments 'cookie'
    if ($null -ne $cookie) {
        try { $page.Cookie = [System.Convert]::FromBase64String([string] $cookie) }
        catch [System.FormatException] { Stop-Request 'BadRequest' 'expected a cookie of an earlier page, found another text' }
    }
    [void] $request.Controls.Add($page)
    if ($deleted) { [void] $request.Controls.Add((New-Object System.DirectoryServices.Protocols.ShowDeletedControl)) }
    $answer = Send-Directory $domain $request
    # A class is asked for as the most specific one: a computer is a user too.
    $entries = foreach ($entry in $answer.Entries) {
        $found = ConvertTo-Entry $entry $names $byteNames
        if ($classes.Count -eq 0 -or $classes -contains $found['objectClass']) { $found }
    }
    $next = $null
    foreach ($control in $answer.Controls) {
        if ($control -is [System.DirectoryServices.Protocols.PageResultResponseControl] -and $control.Cookie.Length -gt 0) {
            $next = [System.Convert]::ToBase64String($control.Cookie)
        }
    }
    return [ordered] @{ entries = @($entries); cookie = $next; highestCommittedUsn = [long] (Read-Root $domain 'highestCommittedUSN') }
}

# Values as LDAP wants them: bytes where the schema says so.
function Get-LdapValues($Attribute, $ByteNames) {
    # Bytes are a list themselves: collected one by one, they stay one value each.
    $values = New-Object System.Collections.ArrayList
    foreach ($value in $Attribute['values']) {
        if ($ByteNames.Contains([string] $Attribute['name'])) { [void] $values.Add([System.Convert]::FromBase64String([string] $value)) }
        else { [void] $values.Add([string] $value) }
    }
    return , $values.ToArray()
}

function New-DirectoryObject($Arguments) {
    $name = [string] (Get-Required $Arguments 'distinguishedName')
    $class = [string] (Get-Required $Arguments 'objectClass')
    if ($class -cne 'user' -and $class -cne 'group') { Stop-Request 'BadRequest' "expected the class user or group, found '$class'" }
    $wanted = Get-Required $Arguments 'attributes'
    $names = @($wanted | ForEach-Object { [string] $_['name'] })
    $domain = Get-DomainOf $name
    $byteNames = Get-ByteAttributes $domain $names
    $request = New-Object System.DirectoryServices.Protocols.AddRequest -ArgumentList $name, $class
    foreach ($attribute in $wanted) {
        $added = New-Object System.DirectoryServices.Protocols.DirectoryAttribute
        $added.Name = [string] $attribute['name']
        foreach ($value in (Get-LdapValues $attribute $byteNames)) { [void] $added.Add($value) }
        [void] $request.Attributes.Add($added)
    }
    [void] (Send-Directory $domain $request)
    $stored = Send-Directory $domain (New-Search $name '(objectClass=*)' 'Base' (Get-Wanted $names))
    return ConvertTo-Entry $stored.Entries[0] $names $byteNames
}

function Edit-DirectoryObject($Arguments) {
    $wanted = Get-Required $Arguments 'attributes'
    $name = [string] (Get-Required $Arguments 'distinguishedName')
    $domain = Get-DomainOf $name
    $byteNames = Get-ByteAttributes $domain @($wanted | ForEach-Object { [string] $_['name'] })
    $request = New-Object System.DirectoryServices.Protocols.ModifyRequest
    $request.DistinguishedName = $name
    foreach ($attribute in $wanted) {
        # Replaced by nothing is cleared, also where there is nothing to clear.
        $change = New-Object System.DirectoryServices.Protocols.DirectoryAttributeModification
        $change.Name = [string] $attribute['name']
        $change.Operation = [System.DirectoryServices.Protocols.DirectoryAttributeOperation]::Replace
        foreach ($value in (Get-LdapValues $attribute $byteNames)) { [void] $change.Add($value) }
        [void] $request.Modifications.Add($change)
    }
    [void] (Send-Directory $domain $request)
}

function Remove-DirectoryObject($Arguments) {
    $name = [string] (Get-Required $Arguments 'distinguishedName')
    $request = New-Object System.DirectoryServices.Protocols.DeleteRequest -ArgumentList $name
    [void] (Send-Directory (Get-DomainOf $name) $request)
}
