//! Which application permission each call needs. Pure.
//!
//! Source: Microsoft, permissions section of each reference page (application permissions). Calls that the reference marks
//! "Application: not supported" are refused to app-only tokens unless the estate is told otherwise.

use std::collections::BTreeSet;

use axum::http::Method;

use super::message::Version;

/// What a call needs: every group has to be met by one of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// Any valid token.
    Authenticated,
    /// All of the groups, any of each group's permissions.
    Roles(&'static [&'static [&'static str]]),
    /// The same, and `Application.ReadWrite.OwnedBy` suffices on what the client created itself.
    RolesOrOwner(&'static [&'static str]),
    /// Without the permission most properties are null: the call itself is served.
    Softly(&'static [&'static str]),
    /// Signed-in people only, by the reference; with the switch off, the permissions count.
    DelegatedOnly(&'static [&'static str]),
}

/// The permission that suffices on what the client owns.
pub(crate) const OWNED_BY: &str = "Application.ReadWrite.OwnedBy";

const APPLICATION_READ: &[&str] =
    &["Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const APPLICATION_WRITE: &[&str] = &["Application.ReadWrite.All", "Directory.ReadWrite.All"];
const SYNCHRONIZATION_READ: &[&str] = &["Synchronization.Read.All", "Synchronization.ReadWrite.All"];
const SYNCHRONIZATION_WRITE: &[&str] = &["Synchronization.ReadWrite.All"];
const DIRECTORY_READ: &[&str] = &["Directory.Read.All", "Directory.ReadWrite.All"];
const USER_READ: &[&str] =
    &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];
const GROUP_READ: &[&str] = &[
    "GroupMember.Read.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
const HYBRID_READ: &[&str] =
    &["Policy.Read.HybridAuthentication", "Policy.ReadWrite.HybridAuthentication", "Directory.ReadWrite.All"];
const HYBRID_WRITE: &[&str] = &["Policy.ReadWrite.HybridAuthentication", "Directory.ReadWrite.All"];
const ON_PREMISES_READ: &[&str] =
    &["OnPremDirectorySynchronization.Read.All", "OnPremDirectorySynchronization.ReadWrite.All"];
const ON_PREMISES_WRITE: &[&str] = &["OnPremDirectorySynchronization.ReadWrite.All"];
const ORGANIZATION_READ: &[&str] =
    &["Organization.Read.All", "Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"];

/// What a call needs; `segments` is the path behind the version.
pub(crate) fn requirement(version: Version, method: &Method, segments: &[&str]) -> Requirement {
    let reads = method == Method::GET;
    match segments {
        ["organization", ..] if reads => Requirement::Softly(ORGANIZATION_READ),
        ["organization", ..] => Requirement::Roles(&[&["Organization.ReadWrite.All"]]),
        ["applicationTemplates", _, "instantiate"] => {
            Requirement::Roles(&[&[OWNED_BY, "Application.ReadWrite.All", "Directory.ReadWrite.All"]])
        }
        ["servicePrincipals", _, "synchronization", .., "discover"] => {
            Requirement::RolesOrOwner(&["Directory.ReadWrite.All"])
        }
        // A question put as POST because its argument is long: it changes nothing.
        ["servicePrincipals", _, "synchronization", .., "parseExpression"] => {
            Requirement::RolesOrOwner(SYNCHRONIZATION_READ)
        }
        ["servicePrincipals", _, "synchronization", ..] if reads => {
            Requirement::RolesOrOwner(SYNCHRONIZATION_READ)
        }
        ["servicePrincipals", _, "synchronization", ..] => Requirement::RolesOrOwner(SYNCHRONIZATION_WRITE),
        ["servicePrincipals" | "applications"] if reads => Requirement::Roles(&[APPLICATION_READ]),
        ["servicePrincipals" | "applications", ..] if reads => Requirement::RolesOrOwner(APPLICATION_READ),
        ["servicePrincipals" | "applications", ..] => Requirement::RolesOrOwner(APPLICATION_WRITE),
        ["directory", "onPremisesSynchronization", ..] => {
            Requirement::DelegatedOnly(if reads { ON_PREMISES_READ } else { ON_PREMISES_WRITE })
        }
        ["onPremisesPublishingProfiles", ..] if version == Version::Beta => {
            Requirement::DelegatedOnly(if reads { HYBRID_READ } else { HYBRID_WRITE })
        }
        ["users", ..] => Requirement::Roles(&[USER_READ]),
        ["groups", ..] => Requirement::Roles(&[GROUP_READ]),
        ["directoryObjects" | "directory" | "contacts", ..] => Requirement::Roles(&[DIRECTORY_READ]),
        ["auditLogs", "provisioning", ..] => Requirement::Roles(&[&["AuditLog.Read.All"], DIRECTORY_READ]),
        ["auditLogs", ..] => Requirement::Roles(&[&["AuditLog.Read.All"]]),
        _ => Requirement::Authenticated,
    }
}

/// How a call is to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// In full.
    Granted,
    /// With nulls for what the permission would have shown.
    Masked,
    /// 403.
    Refused,
}

/// Decides. `owned`: the service principal or application in the path was created by the caller.
pub(crate) fn admit(
    requirement: Requirement,
    roles: &BTreeSet<String>,
    owned: bool,
    app_only_refused: bool,
) -> Admission {
    let any = |group: &[&str]| group.iter().any(|role| roles.contains(*role));
    let granted = match requirement {
        Requirement::Authenticated => true,
        Requirement::Roles(groups) => groups.iter().all(|group| any(group)),
        Requirement::RolesOrOwner(group) => any(group) || (owned && roles.contains(OWNED_BY)),
        Requirement::Softly(group) => return if any(group) { Admission::Granted } else { Admission::Masked },
        Requirement::DelegatedOnly(group) => !app_only_refused && any(group),
    };
    if granted { Admission::Granted } else { Admission::Refused }
}
