//! Users and groups, as far as comparing them with Active Directory needs. No IO.

use super::DirectoryObjectId;
use crate::value::{GraphTime, Open, resource, wire_enum};

resource! {
    /// A user. Most `on_premises` properties are answered only when selected: see [`User::PARITY_SELECT`].
    pub struct User {
        /// Object id.
        id: DirectoryObjectId,
        /// Set in delta answers when the object went away.
        #[serde(rename = "@removed")]
        removed: Removed,
        /// Sign-in allowed.
        account_enabled: bool,
        /// Display name.
        display_name: String,
        /// Mail address.
        mail: String,
        /// Sign-in name.
        user_principal_name: String,
        /// All addresses.
        proxy_addresses: Vec<String>,
        /// Base64 of `mS-DS-ConsistencyGuid` or `objectGUID`: the source anchor.
        on_premises_immutable_id: String,
        /// Distinguished name in Active Directory.
        on_premises_distinguished_name: String,
        /// DNS name of the Active Directory domain.
        on_premises_domain_name: String,
        /// `sAMAccountName`.
        on_premises_sam_account_name: String,
        /// Security identifier in Active Directory.
        on_premises_security_identifier: String,
        /// Sign-in name in Active Directory.
        on_premises_user_principal_name: String,
        /// True: an engine synchronises it. False: was synchronised once. Null: never was.
        on_premises_sync_enabled: bool,
        /// Last change that came from Active Directory.
        on_premises_last_sync_date_time: GraphTime,
        /// Values that could not be set.
        on_premises_provisioning_errors: Vec<OnPremisesProvisioningError>,
    }
}

impl User {
    /// The properties that comparing a user with Active Directory needs.
    /// Source: Microsoft, "user resource type".
    pub const PARITY_SELECT: &'static [&'static str] = &[
        "id",
        "accountEnabled",
        "displayName",
        "mail",
        "userPrincipalName",
        "proxyAddresses",
        "onPremisesImmutableId",
        "onPremisesDistinguishedName",
        "onPremisesDomainName",
        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier",
        "onPremisesUserPrincipalName",
        "onPremisesSyncEnabled",
        "onPremisesLastSyncDateTime",
        "onPremisesProvisioningErrors",
    ];
}

resource! {
    /// A group. It carries no source anchor; its key is the security identifier.
    pub struct Group {
        /// Object id.
        id: DirectoryObjectId,
        /// Set in delta answers when the object went away.
        #[serde(rename = "@removed")]
        removed: Removed,
        /// Display name.
        display_name: String,
        /// Mail address.
        mail: String,
        /// May receive mail.
        mail_enabled: bool,
        /// May be used in access lists.
        security_enabled: bool,
        /// `Unified`, `DynamicMembership`, ...
        group_types: Vec<String>,
        /// All addresses.
        proxy_addresses: Vec<String>,
        /// DNS name of the Active Directory domain.
        on_premises_domain_name: String,
        /// `NetBIOS` name of the Active Directory domain.
        on_premises_net_bios_name: String,
        /// `sAMAccountName`.
        on_premises_sam_account_name: String,
        /// Security identifier in Active Directory.
        on_premises_security_identifier: String,
        /// True: an engine synchronises it. False: was synchronised once. Null: never was.
        on_premises_sync_enabled: bool,
        /// Last change that came from Active Directory.
        on_premises_last_sync_date_time: GraphTime,
        /// Values that could not be set.
        on_premises_provisioning_errors: Vec<OnPremisesProvisioningError>,
        /// Members that came or went, in delta answers that select `members`. Direct members only.
        #[serde(rename = "members@delta")]
        members_delta: Vec<MemberChange>,
    }
}

impl Group {
    /// The properties that comparing a group with Active Directory needs.
    /// Source: Microsoft, "group resource type".
    pub const PARITY_SELECT: &'static [&'static str] = &[
        "id",
        "displayName",
        "mail",
        "mailEnabled",
        "securityEnabled",
        "groupTypes",
        "proxyAddresses",
        "onPremisesDomainName",
        "onPremisesNetBiosName",
        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier",
        "onPremisesSyncEnabled",
        "onPremisesLastSyncDateTime",
        "onPremisesProvisioningErrors",
    ];
}

resource! {
    /// One member of a group that came or went.
    pub struct MemberChange {
        /// `#microsoft.graph.user`, `#microsoft.graph.group`, ...
        #[serde(rename = "@odata.type")]
        odata_type: String,
        /// Object id of the member.
        id: DirectoryObjectId,
        /// Set when the member went away.
        #[serde(rename = "@removed")]
        removed: Removed,
    }
}

resource! {
    /// Why an object is no longer there.
    pub struct Removed {
        /// The reason.
        reason: Open<RemovalReason>,
    }
}

wire_enum! {
    /// Why an object is no longer there. Source: Microsoft, "Use delta query".
    pub enum RemovalReason {
        /// Soft-deleted; it can be restored.
        Changed = "changed",
        /// Gone for good.
        Deleted = "deleted",
    }
}

resource! {
    /// A reference to any directory object, as lists of members answer it.
    pub struct DirectoryObject {
        /// `#microsoft.graph.user`, `#microsoft.graph.group`, ...
        #[serde(rename = "@odata.type")]
        odata_type: String,
        /// Object id.
        id: DirectoryObjectId,
        /// Display name.
        display_name: String,
    }
}

resource! {
    /// A value from Active Directory that the cloud could not take.
    pub struct OnPremisesProvisioningError {
        /// So far only `PropertyConflict`.
        category: String,
        /// When it was found.
        occurred_date_time: GraphTime,
        /// `UserPrincipalName` or `ProxyAddress`.
        property_causing_error: String,
        /// The value.
        value: String,
    }
}

resource! {
    /// Who is the source of authority of a user or group.
    pub struct OnPremisesSyncBehavior {
        /// Object id.
        id: DirectoryObjectId,
        /// True: the cloud decides, although the object came from Active Directory. No engine writes it.
        is_cloud_managed: bool,
    }
}
