//! Behaviours that no source settles: one enum for each, with every possibility. The product must be safe in all of them.
//!
//! Pure data. A run is given its modes when the estate is started or through the admin endpoint; the product never reads
//! them. Which page says what is listed in `docs/estate.md`, and a test keeps that list complete.

mod choice;
mod set;
#[cfg(test)]
mod tests;

use choice::{choices, modes};
use serde::{Deserialize, Serialize};

pub use set::{ModeSet, ModesError};

modes! {
    /// What Connect exports of a no-flow object when one of its references is updated.
    reference_leak: ReferenceLeak,
    /// Whether Connect exports the deletion of a no-flow object.
    no_flow_delete: NoFlowDelete,
    /// Whether Connect's password hash loop serves no-flow users.
    no_flow_hashes: NoFlowHashes,
    /// What Connect's password hash loop sends after its service has started.
    first_hash_pass: FirstHashPass,
    /// What completing Connect's wizard does to the scheduler.
    wizard_end: WizardEnd,
    /// How a job sees an organizational unit that its agent may not read.
    unreadable_unit: UnreadableUnit,
    /// What a restart makes of a unit in the scope that was renamed.
    renamed_unit: RenamedUnit,
    /// When a job notices that its scope was written anew.
    scope_change: ScopeChange,
    /// How long a paused job keeps its watermark.
    watermark_life: WatermarkLife,
    /// What a job does with members of a group that it does not know.
    unknown_members: UnknownMembers,
    /// Whether a job resolves references into another domain of the forest.
    cross_domain_references: CrossDomainReferences,
    /// Whether the switch `SkipOutOfScopeDeletions` works for cloud sync.
    out_of_scope_switch: OutOfScopeSwitch,
    /// What happens to spared objects when that switch is turned back.
    late_deletes: LateDeletes,
    /// What a job does afterwards with an object outside its scope that was provisioned on demand.
    on_demand_outside: OnDemandOutside,
    /// Which job carries password hashes.
    hash_carrier: HashCarrier,
    /// What the provisioning log calls the first export of an object.
    log_actions: LogActions,
    /// Whether the tenant's accidental deletion prevention also stops cloud sync's exports.
    tenant_guard: TenantGuard,
    /// Whether provisioning somebody who is soft-deleted restores the user.
    soft_deleted_match: SoftDeletedMatch,
    /// Whether the block of hard matches also stands between an engine and a soft-deleted user.
    hard_match_block: HardMatchBlock,
    /// Whether Graph serves app-only tokens where its reference says "Application: not supported".
    app_only_access: AppOnlyAccess,
    /// How Graph refuses a delta token that it no longer knows.
    delta_reset: DeltaReset,
    /// How Graph spells the status of provisioning agents.
    agent_status: AgentStatusSpelling,
}

choices! {
    /// Export of a no-flow object whose reference was updated (`manager`, `member`).
    ReferenceLeak {
        /// Connect ignores no-flow and exports every pending attribute. Source: Microsoft, tutorial-pilot-aadc-aadccp.
        All,
        /// Only references flow. Source: Microsoft, group writeback migration page.
        #[default]
        References,
        /// Nothing flows.
        None,
    }

    /// Deletion in the directory of an object that is no-flow.
    NoFlowDelete {
        /// Connect exports it.
        Exported,
        /// Connect keeps it to itself.
        #[default]
        Withheld,
    }

    /// Password hashes of no-flow users.
    NoFlowHashes {
        /// Connect goes on sending them.
        #[default]
        Sent,
        /// Connect skips them.
        Skipped,
    }

    /// First pass of Connect's password hash loop after a start of its service.
    FirstHashPass {
        /// What was sent before is remembered: only newer passwords go out.
        #[default]
        Remembers,
        /// Every user's hash is sent again.
        SendsAll,
    }

    /// End of Connect's wizard, gone through to "Configure".
    WizardEnd {
        /// The scheduler stays as it was.
        #[default]
        LeavesScheduler,
        /// The scheduler is on afterwards: "Start the synchronization process when configuration completes" is ticked.
        EnablesScheduler,
    }

    /// Content of an organizational unit without read right for the agent.
    UnreadableUnit {
        /// What the job already knows is left alone.
        #[default]
        Ignored,
        /// What the job already knows counts as deleted.
        SeenAsDeleted,
    }

    /// A scoped unit that has another name than the scope says, at a restart.
    RenamedUnit {
        /// The job keeps to the object it found under the old name. Source: Microsoft, cloud sync FAQ ("continues").
        #[default]
        Followed,
        /// The name leads nowhere: everybody below is out of scope. Source: Microsoft, cloud sync prerequisites
        /// ("a renamed unit is not noticed") taken literally.
        LostAtRestart,
    }

    /// A schema document that was written and not followed by a restart.
    ScopeChange {
        /// It takes effect at the next restart, or by itself after a long time.
        #[default]
        AtRestart,
        /// It takes effect in the next cycle.
        AtNextCycle,
    }

    /// Time that a job may be paused without having to start over.
    WatermarkLife {
        /// Seven days, as Connect's.
        #[default]
        Week,
        /// One day.
        Day,
        /// It never gets lost.
        Endless,
    }

    /// Members outside the job's knowledge when it exports a group.
    UnknownMembers {
        /// They are removed from the cloud group.
        Dropped,
        /// They are left as they are.
        #[default]
        Left,
    }

    /// Members and managers from another domain of the forest.
    CrossDomainReferences {
        /// Resolved through the tenant, whoever serves the other domain. Source: Microsoft, agents from 1.1.2505.0 on.
        #[default]
        Resolved,
        /// Unknown to the job like any other object that it does not serve, until a person has updated every agent. Source:
        /// Microsoft, cloud sync FAQ on older agents.
        Unknown,
    }

    /// Effect of the secret `SkipOutOfScopeDeletions` on a cloud sync job.
    OutOfScopeSwitch {
        /// Objects that leave the scope are not deleted while it is set.
        #[default]
        Honoured,
        /// It is stored and ignored.
        Ignored,
    }

    /// Effect of turning `SkipOutOfScopeDeletions` back.
    LateDeletes {
        /// What was spared stays spared.
        #[default]
        Never,
        /// The next full evaluation deletes it after all.
        AtNextRestart,
    }

    /// An object outside the scope, after `provisionOnDemand` has written it.
    OnDemandOutside {
        /// The job does not keep it; nobody deletes it.
        #[default]
        Forgotten,
        /// The job keeps it, and the next evaluation finds it out of scope and deletes it.
        Kept,
    }

    /// Where password hashes travel.
    HashCarrier {
        /// A job of their own, `AD2AADPasswordHash`. Source: Microsoft, how-to-inbound-synch-ms-graph.
        #[default]
        OwnJob,
        /// The provisioning job, by a mapping to `CredentialData` in the user mapping of its schema; a hash job beside it
        /// runs idle. Source: Microsoft, sample of a schema document.
        UserMapping,
    }

    /// `provisioningAction` of an object's first export.
    LogActions {
        /// `create` for what was created or restored, `update` for what was joined.
        #[default]
        Told,
        /// `create` for what was joined as well.
        JoinsAsCreate,
        /// `update` for what was created as well.
        CreatesAsUpdate,
    }

    /// Reach of the tenant's accidental deletion prevention.
    TenantGuard {
        /// Only Connect reads it before an export.
        #[default]
        ConnectOnly,
        /// Cloud sync's exports fail on it as well.
        BothEngines,
    }

    /// Provisioning under the anchor of a user who was deleted less than 30 days ago.
    SoftDeletedMatch {
        /// The user comes back with the same object id. Source: Microsoft, soft-deleted users.
        #[default]
        Restores,
        /// A new user is made, without licences and memberships. Source: Microsoft, cloud sync FAQ on moves between the
        /// engines' units.
        PassedOver,
    }

    /// Reach of the feature `blockCloudObjectTakeoverThroughHardMatchEnabled`.
    HardMatchBlock {
        /// Cloud-only objects are protected; who was synchronized before is matched.
        #[default]
        CloudOnly,
        /// A soft-deleted user is protected too: a deletion cannot be made good by provisioning again.
        DeletedToo,
    }

    /// Calls documented for signed-in people only (provisioning agents, `onPremisesSynchronization`), made with an app-only
    /// token that has the permission of the same name.
    AppOnlyAccess {
        /// 403, as the reference says.
        #[default]
        Refused,
        /// Answered, as a permission of that name in the tenant suggests.
        Served,
    }

    /// Answer to a delta token that has expired or is unknown. Source: Microsoft, delta query overview, names all of them.
    DeltaReset {
        /// 410 with a `Location`.
        #[default]
        Gone,
        /// 400 `syncStateNotFound`.
        SyncStateNotFound,
        /// 400 `resyncRequired`.
        ResyncRequired,
    }

    /// Spelling of `onPremisesAgent.status`: the description and the pages differ.
    AgentStatusSpelling {
        /// `active`, as the description declares.
        #[default]
        Lower,
        /// `Active`, as the pages show.
        Capitalised,
    }
}
