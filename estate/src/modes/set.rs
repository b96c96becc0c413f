//! Sets of modes by name, for the command line and for tests. Pure.

use std::fmt;
use std::str::FromStr;

use serde_json::Value as Json;

use super::{
    AgentStatusSpelling, AppOnlyAccess, CrossDomainReferences, DeltaReset, FirstHashPass, HardMatchBlock,
    HashCarrier, LateDeletes, LogActions, Modes, NoFlowDelete, NoFlowHashes, OnDemandOutside,
    OutOfScopeSwitch, ReferenceLeak, RenamedUnit, ScopeChange, SoftDeletedMatch, TenantGuard, UnknownMembers,
    UnreadableUnit, WatermarkLife, WizardEnd,
};

/// Why modes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ModesError {
    /// No set of that name.
    #[error("expected one of {known} or seed:NUMBER as mode set, found {0:?}", known = names())]
    UnknownSet(String),
    /// No object with modes.
    #[error("expected a JSON object such as {{\"referenceLeak\":\"All\"}} as modes, found {0}")]
    NotAnObject(String),
    /// A mode or possibility that does not exist, or no JSON at all.
    #[error("expected modes and possibilities that exist (they are listed in docs/estate.md)")]
    Content(#[from] serde_json::Error),
}

/// A set of modes that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModeSet {
    /// Each behaviour as its most plausible possibility.
    Defaults,
    /// Each behaviour as Microsoft's own pages for this road tell it, the tutorial's warning about references included.
    Documented,
    /// Everything is as kind as it can be.
    Kind,
    /// Everything that can hurt an identity does.
    Harsh,
    /// Connect keeps writing whatever it can: references, deletions, hashes, and the scheduler comes back by itself.
    Leaky,
    /// What was deleted cannot be had back, and what was left out or lost is deleted at the next opportunity.
    Unforgiving,
    /// Switches and watermarks do not hold what they promise.
    Unreliable,
    /// Little can be learnt from what Graph and its logs answer.
    Opaque,
    /// Drawn from a seed.
    Seed(u64),
}

impl ModeSet {
    /// The sets that have a name of their own.
    pub const NAMED: [Self; 8] = [
        Self::Defaults,
        Self::Documented,
        Self::Kind,
        Self::Harsh,
        Self::Leaky,
        Self::Unforgiving,
        Self::Unreliable,
        Self::Opaque,
    ];

    /// The choices of this set.
    pub fn modes(self) -> Modes {
        let defaults = Modes::default();
        match self {
            Self::Defaults => defaults,
            Self::Documented => Modes {
                reference_leak: ReferenceLeak::All,
                wizard_end: WizardEnd::EnablesScheduler,
                soft_deleted_match: SoftDeletedMatch::PassedOver,
                ..defaults
            },
            Self::Kind => Modes {
                reference_leak: ReferenceLeak::None,
                no_flow_hashes: NoFlowHashes::Skipped,
                watermark_life: WatermarkLife::Endless,
                app_only_access: AppOnlyAccess::Served,
                ..defaults
            },
            Self::Harsh => HARSH,
            Self::Leaky => Modes {
                reference_leak: ReferenceLeak::All,
                no_flow_delete: NoFlowDelete::Exported,
                no_flow_hashes: NoFlowHashes::Sent,
                first_hash_pass: FirstHashPass::SendsAll,
                wizard_end: WizardEnd::EnablesScheduler,
                scope_change: ScopeChange::AtNextCycle,
                ..defaults
            },
            Self::Unforgiving => Modes {
                unreadable_unit: UnreadableUnit::SeenAsDeleted,
                renamed_unit: RenamedUnit::LostAtRestart,
                late_deletes: LateDeletes::AtNextRestart,
                on_demand_outside: OnDemandOutside::Kept,
                soft_deleted_match: SoftDeletedMatch::PassedOver,
                hard_match_block: HardMatchBlock::DeletedToo,
                tenant_guard: TenantGuard::BothEngines,
                ..defaults
            },
            Self::Unreliable => Modes {
                no_flow_hashes: NoFlowHashes::Skipped,
                scope_change: ScopeChange::AtNextCycle,
                watermark_life: WatermarkLife::Day,
                unknown_members: UnknownMembers::Dropped,
                out_of_scope_switch: OutOfScopeSwitch::Ignored,
                hash_carrier: HashCarrier::UserMapping,
                ..defaults
            },
            Self::Opaque => Modes {
                cross_domain_references: CrossDomainReferences::Unknown,
                log_actions: LogActions::CreatesAsUpdate,
                delta_reset: DeltaReset::SyncStateNotFound,
                agent_status: AgentStatusSpelling::Capitalised,
                ..defaults
            },
            Self::Seed(seed) => Modes::from_seed(seed),
        }
    }
}

/// Written out in full, so that a new mode has to be thought about here.
const HARSH: Modes = Modes {
    reference_leak: ReferenceLeak::All,
    no_flow_delete: NoFlowDelete::Withheld,
    no_flow_hashes: NoFlowHashes::Skipped,
    first_hash_pass: FirstHashPass::SendsAll,
    wizard_end: WizardEnd::EnablesScheduler,
    unreadable_unit: UnreadableUnit::SeenAsDeleted,
    renamed_unit: RenamedUnit::LostAtRestart,
    scope_change: ScopeChange::AtNextCycle,
    watermark_life: WatermarkLife::Day,
    unknown_members: UnknownMembers::Dropped,
    cross_domain_references: CrossDomainReferences::Unknown,
    out_of_scope_switch: OutOfScopeSwitch::Ignored,
    late_deletes: LateDeletes::AtNextRestart,
    on_demand_outside: OnDemandOutside::Kept,
    hash_carrier: HashCarrier::UserMapping,
    log_actions: LogActions::JoinsAsCreate,
    tenant_guard: TenantGuard::BothEngines,
    soft_deleted_match: SoftDeletedMatch::PassedOver,
    hard_match_block: HardMatchBlock::DeletedToo,
    app_only_access: AppOnlyAccess::Refused,
    delta_reset: DeltaReset::ResyncRequired,
    agent_status: AgentStatusSpelling::Capitalised,
};

impl fmt::Display for ModeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Defaults => "defaults",
            Self::Documented => "documented",
            Self::Kind => "kind",
            Self::Harsh => "harsh",
            Self::Leaky => "leaky",
            Self::Unforgiving => "unforgiving",
            Self::Unreliable => "unreliable",
            Self::Opaque => "opaque",
            Self::Seed(seed) => return write!(f, "seed:{seed}"),
        })
    }
}

impl FromStr for ModeSet {
    type Err = ModesError;

    fn from_str(text: &str) -> Result<Self, ModesError> {
        let unknown = || ModesError::UnknownSet(text.to_owned());
        if let Some(seed) = text.strip_prefix("seed:") {
            return seed.parse().map(Self::Seed).map_err(|_| unknown());
        }
        Self::NAMED.into_iter().find(|set| set.to_string() == text).ok_or_else(unknown)
    }
}

impl Modes {
    /// These modes with those replaced that a JSON object names.
    ///
    /// # Errors
    /// If it is no object, or names a mode or possibility that does not exist.
    pub fn overlaid(self, json: &str) -> Result<Self, ModesError> {
        let Json::Object(changes) = serde_json::from_str(json)? else {
            return Err(ModesError::NotAnObject(json.to_owned()));
        };
        let mut value = serde_json::to_value(self)?;
        if let Json::Object(held) = &mut value {
            held.extend(changes);
        }
        Ok(serde_json::from_value(value)?)
    }
}

fn names() -> String {
    ModeSet::NAMED.map(|set| set.to_string()).join(", ")
}
