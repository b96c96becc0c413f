//! Behaviours that no source settles: one enum for each, with every possibility. The product must be safe in all of them.

use serde::{Deserialize, Serialize};

/// One choice for each unsettled behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Modes {
    /// What Connect exports of a no-flow object when one of its references is updated.
    pub reference_leak: ReferenceLeak,
    /// Whether Connect exports the deletion of a no-flow object.
    pub no_flow_delete: NoFlowDelete,
    /// Whether Connect's password hash loop serves no-flow users.
    pub no_flow_hashes: NoFlowHashes,
    /// How a job sees an organizational unit that its agent may not read.
    pub unreadable_unit: UnreadableUnit,
    /// What a job does with members of a group that it does not know.
    pub unknown_members: UnknownMembers,
    /// Whether a job resolves references into another domain of the forest.
    pub cross_domain_references: CrossDomainReferences,
    /// Whether the switch `SkipOutOfScopeDeletions` works for cloud sync.
    pub out_of_scope_switch: OutOfScopeSwitch,
    /// What happens to spared objects when that switch is turned back.
    pub late_deletes: LateDeletes,
    /// Whether the tenant's accidental deletion prevention also stops cloud sync's exports.
    pub tenant_guard: TenantGuard,
    /// Whether Graph serves app-only tokens where its reference says "Application: not supported".
    pub app_only_access: AppOnlyAccess,
    /// How Graph refuses a delta token that it no longer knows.
    pub delta_reset: DeltaReset,
    /// How Graph spells the status of provisioning agents.
    pub agent_status: AgentStatusSpelling,
}

/// Export of a no-flow object whose reference was updated (`manager`, `member`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ReferenceLeak {
    /// Connect ignores no-flow and exports every pending attribute. Source: Microsoft, tutorial-pilot-aadc-aadccp.
    All,
    /// Only references flow. Source: Microsoft, group writeback migration page.
    #[default]
    References,
    /// Nothing flows.
    None,
}

/// Deletion in the directory of an object that is no-flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum NoFlowDelete {
    /// Connect exports it.
    Exported,
    /// Connect keeps it to itself.
    #[default]
    Withheld,
}

/// Password hashes of no-flow users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum NoFlowHashes {
    /// Connect goes on sending them.
    #[default]
    Sent,
    /// Connect skips them.
    Skipped,
}

/// Content of an organizational unit without read right for the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum UnreadableUnit {
    /// What the job already knows is left alone.
    #[default]
    Ignored,
    /// What the job already knows counts as deleted.
    SeenAsDeleted,
}

/// Members outside the job's knowledge when it exports a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum UnknownMembers {
    /// They are removed from the cloud group.
    Dropped,
    /// They are left as they are.
    #[default]
    Left,
}

/// Members and managers from another domain of the forest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CrossDomainReferences {
    /// Resolved through the tenant, whoever serves the other domain. Source: Microsoft, agents from 1.1.2505.0 on.
    #[default]
    Resolved,
    /// Unknown to the job like any other object that it does not serve. Source: Microsoft, cloud sync FAQ on older agents.
    Unknown,
}

/// Effect of the secret `SkipOutOfScopeDeletions` on a cloud sync job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OutOfScopeSwitch {
    /// Objects that leave the scope are not deleted while it is set.
    #[default]
    Honoured,
    /// It is stored and ignored.
    Ignored,
}

/// Effect of turning `SkipOutOfScopeDeletions` back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum LateDeletes {
    /// What was spared stays spared.
    #[default]
    Never,
    /// The next full evaluation deletes it after all.
    AtNextRestart,
}

/// Reach of the tenant's accidental deletion prevention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TenantGuard {
    /// Only Connect reads it before an export.
    #[default]
    ConnectOnly,
    /// Cloud sync's exports fail on it as well.
    BothEngines,
}

/// Calls documented for signed-in people only (provisioning agents, `onPremisesSynchronization`), made with an app-only token
/// that has the permission of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum AppOnlyAccess {
    /// 403, as the reference says.
    #[default]
    Refused,
    /// Answered, as a permission of that name in the tenant suggests.
    Served,
}

/// Answer to a delta token that has expired or is unknown. Source: Microsoft, delta query overview, names all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DeltaReset {
    /// 410 with a `Location`.
    #[default]
    Gone,
    /// 400 `syncStateNotFound`.
    SyncStateNotFound,
    /// 400 `resyncRequired`.
    ResyncRequired,
}

/// Spelling of `onPremisesAgent.status`: the description and the pages differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum AgentStatusSpelling {
    /// `active`, as the description declares.
    #[default]
    Lower,
    /// `Active`, as the pages show.
    Capitalised,
}
