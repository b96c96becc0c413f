//! Condition types and reasons: the only strings that may appear in a condition of ours. Pure.
//!
//! `Ready` means *accepted and on course*, never *finished*; `Completed` means finished. `Reconciling` and `Stalled` are present
//! only while True and never together (kstatus). Source: cli-utils `pkg/kstatus`, Kubernetes API conventions.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::{Schema, SchemaGenerator, json_schema};

/// A list of named string constants with a list of all of them, so that tests and documents can walk it.
macro_rules! closed_list {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            /// Every member.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The spelling in the API.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

closed_list! {
    /// Types of conditions.
    ConditionType {
        /// Accepted and on course.
        Ready,
        /// A change of the spec is being taken up. Present only while True.
        Reconciling,
        /// A person must change something. Present only while True.
        Stalled,
        /// The whole of it is done.
        Completed,
        /// Waits for a person's decision. Present only while True.
        AwaitingApproval,
        /// Something declared cannot start; the message names it and the way out. Present only while True.
        Blocked,
        /// Held on request or by `onFailure`. Present only while True.
        Paused,
        /// The migration went home: the old engine serves what it served before. Present only while True.
        RolledBack,
        /// Something declared was rolled back, and Git still asks for it. Present only while True.
        Degraded,
        /// Microsoft Graph answers and the credential is accepted (EntraTenant).
        Reachable,
        /// The permissions of the profile are there (EntraTenant).
        Authorized,
        /// The agent reports on time (SyncServer, SyncAgent).
        AgentReporting,
        /// The agent's clock differs too much. Present only while True.
        ClockSkewed,
        /// The engine still synchronises with Microsoft's service (SyncServer).
        Working,
        /// Microsoft still supports the build (SyncServer).
        Supported,
        /// Claimed units and their objects are where they were, and no-flow holds for exactly those (SyncServer).
        ScopesInPlace,
        /// The snapshot could be read back whole (ConfigurationSnapshot).
        Parsed,
        /// The decision was taken up by its migration (MigrationDecision).
        Consumed,
    }
}

closed_list! {
    /// Reasons of conditions.
    Reason {
        /// Nothing has looked at the object yet.
        Pending,
        /// Accepted; work goes on or waits for its time.
        Accepted,
        /// As declared.
        AsDeclared,
        /// Done.
        Completed,
        /// Work is under way.
        InProgress,
        /// The next try follows by itself.
        ProgressingWithRetry,
        /// `spec.suspend` is set.
        Suspended,
        /// Two scopes claim one organizational unit.
        ScopesOverlap,
        /// `spec.timeZone` is no IANA time zone.
        UnknownTimeZone,
        /// A window's schedule cannot be read.
        InvalidSchedule,
        /// A window opens never, or the next opening is out of reach.
        WindowNeverOpens,
        /// A referenced EntraTenant does not exist.
        TenantNotFound,
        /// The EntraTenant is not ready.
        TenantNotReady,
        /// The EntraTenant's profile does not allow changes.
        ObserveOnly,
        /// A referenced SyncServer does not exist.
        ServerNotFound,
        /// A server has no agent, or none was accepted.
        AgentMissing,
        /// The agent has not reported for too long.
        AgentSilent,
        /// The agent reports on time.
        AgentReporting,
        /// The agent's clock and the API server's differ too much.
        ClockSkew,
        /// A referenced Secret or key does not exist.
        CredentialNotFound,
        /// The credential was refused.
        CredentialRefused,
        /// Microsoft Graph did not answer, or answered with errors.
        GraphUnavailable,
        /// Microsoft Graph refused a call for lack of a permission.
        PermissionMissing,
        /// An organizational unit does not exist in the directory, or cannot be read.
        OrganizationalUnitNotFound,
        /// A claimed organizational unit was renamed or moved.
        ScopeMoved,
        /// What Connect withholds is not what lies below the claimed units.
        NoFlowDiffers,
        /// Objects were moved out of the units of a scope that Cloud Sync serves.
        ObjectsMoved,
        /// Groups or users refer to objects that the job would not know.
        UnknownReferences,
        /// Objects that Connect exports would be left out by the job: nobody would serve them.
        UnservedObjects,
        /// The organizational unit is not in the scope of any sync server.
        ScopeNotSynchronized,
        /// The source engine no longer synchronises with Microsoft's service.
        SourceNoLongerWorks,
        /// No provisioning agent serves the domain.
        ProvisioningAgentMissing,
        /// The provisioning agents cannot be read with this credential.
        ProvisioningAgentsUnreadable,
        /// Accounts would be created that nobody approved.
        SurpriseCreations,
        /// Attributes would be rewritten that nobody approved.
        SurpriseChanges,
        /// An object's anchor in the cloud is not the one Cloud Sync would compute.
        AnchorMismatch,
        /// Objects are gone in the directory and alive in the cloud, and no engine will remove them.
        Orphans,
        /// A deletion is pending whose source is still in the directory.
        UnexplainedDeletion,
        /// A rule, run, scope or setting changed that the operator did not change.
        ForeignChange,
        /// The scope document of the job has an empty filter.
        EmptyFilter,
        /// No precedence from 0 to 99 is free for the rules.
        NoFreePrecedence,
        /// Something else still depends on the server.
        SideServiceWithoutOwner,
        /// Objects are still exported by the server and by nobody else.
        ResidualExports,
        /// Approval of a wave is needed.
        ApprovalRequired,
        /// A person has to do something that no program may.
        HumanActionRequired,
        /// The maintenance window is closed.
        WindowClosed,
        /// Waits for other scopes of the wave.
        WaitingForWave,
        /// Waits for another wave or topology that holds the server or the job.
        WaitingForClaim,
        /// Waits for a free slot of `maxConcurrent`.
        WaitingForSlot,
        /// Soaking.
        Soaking,
        /// Observing after the engine was stopped.
        Observing,
        /// Waits for evidence of this epoch.
        WaitingForEvidence,
        /// Waits for the time set by a limit, a cycle or a lag.
        Waiting,
        /// A step exceeded its active or waiting limit.
        LimitExceeded,
        /// A step's evidence says that it failed.
        VerificationFailed,
        /// The agent refused a command.
        CommandRefused,
        /// A command failed.
        CommandFailed,
        /// The failure budget of the wave is used up.
        FailureBudgetExhausted,
        /// There is no way back any more, or none that is safe; the migration is held instead.
        RollbackUnavailable,
        /// The migration goes home.
        RollingBack,
        /// The migration went home.
        RolledBack,
        /// A person denied the plan.
        Denied,
        /// A person paused it.
        PausedByDecision,
        /// The plan changed after the decision.
        PlanChanged,
        /// The decision is past its `expiresAt`.
        Expired,
        /// The decision names another object, or one that is gone.
        NoSuchMigration,
        /// The decision could not be tied to the person it names.
        Unproven,
        /// The decision names a step that may not be left out, or that the migration does not have.
        StepNotSkippable,
        /// State older than what the agent remembers: a person must readopt it.
        StateRestored,
        /// The migration was made by another release, whose steps this one does not know.
        UnknownItinerary,
        /// Another, older object claims the same tenant or host.
        ClaimedTwice,
        /// The agent runs on another host than the one that is declared.
        HostDiffers,
        /// A snapshot could not be read back or kept.
        SnapshotUnreadable,
        /// A listing of a scope's objects could not be read back or kept.
        ListingUnreadable,
        /// Works as far as known.
        Works,
        /// The build stopped working.
        StoppedWorking,
        /// The build is not known to the catalogue.
        UnknownBuild,
        /// Microsoft supports the build.
        InSupport,
        /// Microsoft's support for the build has ended.
        SupportEnded,
    }
}

/// Longest message of a condition (`metav1.Condition`), in characters.
pub const MAX_MESSAGE: usize = 32_768;

/// Builds a condition; `transitioned` is only used when [`set`] finds that the status changed.
pub fn condition(
    kind: ConditionType,
    status: bool,
    reason: Reason,
    message: impl Into<String>,
    generation: Option<i64>,
    transitioned: Timestamp,
) -> Condition {
    let mut message: String = message.into();
    if message.chars().count() > MAX_MESSAGE {
        message = message.chars().take(MAX_MESSAGE).collect();
    }
    Condition {
        type_: kind.as_str().to_owned(),
        status: if status { "True" } else { "False" }.to_owned(),
        reason: reason.as_str().to_owned(),
        message,
        observed_generation: generation,
        last_transition_time: Time(transitioned),
    }
}

/// Puts a condition into a list by type, keeping `lastTransitionTime` while the status stays.
pub fn set(conditions: &mut Vec<Condition>, mut new: Condition) {
    if let Some(old) = conditions.iter_mut().find(|c| c.type_ == new.type_) {
        if old.status == new.status {
            new.last_transition_time = old.last_transition_time.clone();
        }
        *old = new;
    } else {
        conditions.push(new);
    }
}

/// Removes a condition that is present only while True.
pub fn clear(conditions: &mut Vec<Condition>, kind: ConditionType) {
    conditions.retain(|c| c.type_ != kind.as_str());
}

/// The condition of a type.
pub fn find(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|c| c.type_ == kind.as_str())
}

/// Whether the condition of a type is present and True.
pub fn is_true(conditions: &[Condition], kind: ConditionType) -> bool {
    find(conditions, kind).is_some_and(|c| c.status == "True")
}

/// Schema of a condition list: a map by `type`, bounded.
pub(crate) fn list_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "description": "Conditions, one for each type.",
        "maxItems": 32,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["type", "status", "reason", "message", "lastTransitionTime"],
            "properties": {
                "type": { "type": "string", "maxLength": 316 },
                "status": { "type": "string", "enum": ["True", "False", "Unknown"] },
                "reason": { "type": "string", "minLength": 1, "maxLength": 1024 },
                "message": { "type": "string", "maxLength": MAX_MESSAGE },
                "observedGeneration": { "type": "integer", "format": "int64" },
                "lastTransitionTime": { "type": "string", "format": "date-time" }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn transition_time_moves_with_the_status_only() {
        let mut list = Vec::new();
        set(&mut list, condition(ConditionType::Ready, true, Reason::Accepted, "a", Some(1), at(1)));
        set(&mut list, condition(ConditionType::Ready, true, Reason::AsDeclared, "b", Some(2), at(2)));
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].last_transition_time.0, at(1));
        assert_eq!(list[0].message, "b");
        set(&mut list, condition(ConditionType::Ready, false, Reason::AgentSilent, "c", Some(2), at(3)));
        assert_eq!(list[0].last_transition_time.0, at(3));
        clear(&mut list, ConditionType::Ready);
        assert!(find(&list, ConditionType::Ready).is_none());
    }

    #[test]
    fn spellings_are_unique() {
        for names in [
            ConditionType::ALL.iter().map(|c| c.as_str()).collect::<Vec<_>>(),
            Reason::ALL.iter().map(|r| r.as_str()).collect(),
        ] {
            let mut unique = names.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), names.len());
        }
    }
}
