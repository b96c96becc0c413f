//! What can be missing or wrong, and what must be said about it. Data.

use crds::conditions::{ConditionType, Reason};

/// One thing that is missing or wrong.
pub(super) struct Case {
    /// In words; also the name of the topology that is declared for it.
    pub(super) name: &'static str,
    /// What is done to the estate or the cluster before, and undone afterwards.
    pub(super) trouble: Trouble,
    /// How the declared topology differs from a right one.
    pub(super) declared: Declared,
    /// Who says what.
    pub(super) said: &'static [Said],
}

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing: the declaration itself is wrong, or nobody has joined yet.
    Nothing,
    /// The tenant's Secret does not exist.
    NoSecret,
    /// The tenant's Secret holds another secret.
    WrongSecret,
    /// Graph refuses every token.
    CredentialsRefused,
    /// Consent for a permission was taken back.
    PermissionTaken,
    /// Graph answers with errors only.
    Unavailable,
    /// The agent of `sync02` hangs.
    AgentHangs,
    /// There is a second EntraTenant with the same tenant id, named `contoso-copy`.
    CopiedTenant,
    /// There is a second SyncServer for the host of `sync02`, named `sync02-copy`.
    CopiedServer,
    /// The SyncServer `sync02` names another host than the one its agent runs on.
    OtherHost,
}

/// How a declared topology differs from a right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    /// In nothing.
    Right,
    /// It names a tenant that is not there.
    UnknownTenant,
    /// It names a server that is not there.
    UnknownServer,
    /// It names the tenant's copy.
    CopyOfTenant,
    /// It names a server's copy beside the servers.
    CopyOfServer,
    /// Its unit does not exist, though Connect would synchronize it if it did.
    MissingUnit,
    /// Its unit is one that Connect leaves out.
    ExcludedUnit,
    /// Its unit holds one that Connect leaves out.
    AboveExcludedUnit,
}

/// A condition that must be there.
pub(super) struct Said {
    /// On which object.
    pub(super) on: On,
    /// Its type.
    pub(super) kind: ConditionType,
    /// `True` or `False`.
    pub(super) status: &'static str,
    /// Its reason.
    pub(super) reason: Reason,
    /// Parts of its message: what was expected, what was found, what to do.
    pub(super) parts: &'static [&'static str],
}

/// An object that carries conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    /// The topology of the case.
    Topology,
    /// The tenant.
    Tenant,
    /// Its copy.
    CopyOfTenant,
    /// This sync server.
    Server(&'static str),
    /// A migration of the topology.
    Migration,
}

const fn said(
    on: On,
    kind: ConditionType,
    status: &'static str,
    reason: Reason,
    parts: &'static [&'static str],
) -> Said {
    Said { on, kind, status, reason, parts }
}

use ConditionType::{AgentReporting, Blocked, Ready, Stalled};

/// Nobody has joined yet.
pub(super) const BEFORE_JOINING: &[Case] = &[Case {
    name: "no-agent",
    trouble: Trouble::Nothing,
    declared: Declared::Right,
    said: &[
        said(
            On::Server("sync01"),
            AgentReporting,
            "False",
            Reason::AgentMissing,
            &["expected a SyncAgent named sync01", "found none", "run `kubectl hybrid agent join`"],
        ),
        said(
            On::Topology,
            Blocked,
            "True",
            Reason::AgentMissing,
            &[
                "no agent reports for sync01",
                "no agent reports for sync02",
                "run `kubectl hybrid agent join`",
            ],
        ),
    ],
}];

/// Agents report.
pub(super) const AFTER_JOINING: &[Case] = &[
    Case {
        name: "unknown-server",
        trouble: Trouble::Nothing,
        declared: Declared::UnknownServer,
        said: &[said(
            On::Topology,
            Blocked,
            "True",
            Reason::ServerNotFound,
            &["expected a SyncServer named sync99, found none", "create it, or correct `spec.servers`"],
        )],
    },
    Case {
        name: "unknown-tenant",
        trouble: Trouble::Nothing,
        declared: Declared::UnknownTenant,
        said: &[said(
            On::Topology,
            Blocked,
            "True",
            Reason::TenantNotFound,
            &["expected an EntraTenant named fabrikam, found none", "create it, or correct `spec.tenantRef`"],
        )],
    },
    Case {
        name: "missing-unit",
        trouble: Trouble::Nothing,
        declared: Declared::MissingUnit,
        said: &[said(
            On::Migration,
            Ready,
            "False",
            Reason::OrganizationalUnitNotFound,
            &["OU=Nowhere,OU=Pilot,DC=contoso,DC=com"],
        )],
    },
    Case {
        name: "excluded-unit",
        trouble: Trouble::Nothing,
        declared: Declared::ExcludedUnit,
        said: &[said(
            On::Migration,
            Ready,
            "False",
            Reason::ScopeNotSynchronized,
            &[
                "expected OU=Service Accounts,DC=contoso,DC=com to lie in the containers that sync01 synchronises",
                "Cloud Sync would create every object in it",
                "or take it out of the topology",
            ],
        )],
    },
    Case {
        name: "above-excluded-unit",
        trouble: Trouble::Nothing,
        declared: Declared::AboveExcludedUnit,
        said: &[said(
            On::Migration,
            Ready,
            "False",
            Reason::ScopeNotSynchronized,
            &[
                "expected DC=contoso,DC=com to lie in the containers",
                "Cloud Sync would create every object in it",
                "or take it out of the topology",
            ],
        )],
    },
    Case {
        name: "no-secret",
        trouble: Trouble::NoSecret,
        declared: Declared::Right,
        said: &[
            said(
                On::Tenant,
                Stalled,
                "True",
                Reason::CredentialNotFound,
                &["expected key `client-secret` in Secret contoso-graph, found none", "create it"],
            ),
            said(
                On::Topology,
                Blocked,
                "True",
                Reason::TenantNotReady,
                &["expected key `client-secret` in Secret contoso-graph"],
            ),
        ],
    },
    Case {
        name: "wrong-secret",
        trouble: Trouble::WrongSecret,
        declared: Declared::Right,
        said: &[
            said(
                On::Tenant,
                Stalled,
                "True",
                Reason::CredentialRefused,
                &["expected a valid credential, found", "check that it has not expired"],
            ),
            said(On::Topology, Blocked, "True", Reason::TenantNotReady, &["expected a valid credential"]),
        ],
    },
    Case {
        name: "credentials-refused",
        trouble: Trouble::CredentialsRefused,
        declared: Declared::Right,
        said: &[
            said(
                On::Tenant,
                Stalled,
                "True",
                Reason::CredentialRefused,
                &["expected a valid credential, found"],
            ),
            said(On::Topology, Blocked, "True", Reason::TenantNotReady, &["expected a valid credential"]),
        ],
    },
    Case {
        name: "permission-taken",
        trouble: Trouble::PermissionTaken,
        declared: Declared::Right,
        said: &[
            said(
                On::Tenant,
                Stalled,
                "True",
                Reason::PermissionMissing,
                &["permissions are missing: User.Read.All"],
            ),
            said(
                On::Tenant,
                ConditionType::Authorized,
                "False",
                Reason::PermissionMissing,
                &["expected the application permissions User.Read.All", "grant them and consent"],
            ),
            said(
                On::Topology,
                Blocked,
                "True",
                Reason::TenantNotReady,
                &["permissions are missing: User.Read.All"],
            ),
        ],
    },
    Case {
        name: "graph-unavailable",
        trouble: Trouble::Unavailable,
        declared: Declared::Right,
        said: &[
            said(On::Tenant, Ready, "False", Reason::GraphUnavailable, &["expected", "503"]),
            said(On::Topology, Blocked, "True", Reason::TenantNotReady, &["503"]),
        ],
    },
    Case {
        name: "agent-silent",
        trouble: Trouble::AgentHangs,
        declared: Declared::Right,
        said: &[
            said(
                On::Server("sync02"),
                AgentReporting,
                "False",
                Reason::AgentSilent,
                &["the agent has not reported since", "look at its service and its network"],
            ),
            said(
                On::Migration,
                Ready,
                "False",
                Reason::AgentSilent,
                &["the agent of sync02 has not reported since", "look at its service and its network"],
            ),
        ],
    },
    Case {
        name: "tenant-claimed-twice",
        trouble: Trouble::CopiedTenant,
        declared: Declared::CopyOfTenant,
        said: &[
            said(
                On::CopyOfTenant,
                Stalled,
                "True",
                Reason::ClaimedTwice,
                &["EntraTenant identity/contoso has the same tenant id and is older", "remove one of them"],
            ),
            said(
                On::Topology,
                Blocked,
                "True",
                Reason::TenantNotReady,
                &["contoso-copy is not ready (ClaimedTwice)", "EntraTenant identity/contoso"],
            ),
            said(On::Tenant, Ready, "True", Reason::Accepted, &[]),
        ],
    },
    Case {
        name: "server-claimed-twice",
        trouble: Trouble::CopiedServer,
        declared: Declared::CopyOfServer,
        said: &[
            said(
                On::Server("sync02-copy"),
                Stalled,
                "True",
                Reason::ClaimedTwice,
                &[
                    "expected one SyncServer for the host SYNC02",
                    "found identity/sync02",
                    "remove one of them",
                ],
            ),
            said(On::Topology, Blocked, "True", Reason::ClaimedTwice, &["found identity/sync02"]),
            said(On::Server("sync02"), Ready, "True", Reason::AgentReporting, &[]),
        ],
    },
    // The last one: the server's epochs go with its object.
    Case {
        name: "other-host",
        trouble: Trouble::OtherHost,
        declared: Declared::Right,
        said: &[
            said(
                On::Server("sync02"),
                Stalled,
                "True",
                Reason::HostDiffers,
                &[
                    "expected the agent of sync02 to run on sync09.contoso.com, found it on sync02",
                    "run it on the host that `spec.hostName` names",
                ],
            ),
            said(On::Topology, Blocked, "True", Reason::HostDiffers, &["found it on sync02"]),
        ],
    },
];
