//! Each command on the model: what it does, what it reports, and how it fails.

mod bulk;
mod exports;
mod probe;
mod rules;
mod runs;
mod scheduler;
mod service;

use std::time::Duration;

use adsync::protocol::{AutoUpgradeState, HostErrorCode, RunProfile};
use adsync::{archive, no_flow};
use crds::sync_agent::command::*;
use crds::sync_agent::evidence::*;
use crds::sync_agent::{Evidence, OutcomeState};
use jiff::{SignedDuration, Timestamp};
use parity::{DigestKey, DomainMappings, MappingSet, ScopeListing};

use crate::model::engine::{Engine, connector};
use crate::model::rig::{everybody, full, profiles, sales, stop_for_good, take_snapshot, unit};
use crate::model::{AD, Rig, SecondEngine};

fn label(number: u128) -> String {
    Engine::anchor(number).to_string()
}

fn scheduler(evidence: Evidence) -> SchedulerEvidence {
    let Evidence::Scheduler(evidence) = evidence else { panic!("{evidence:?}") };
    evidence
}

fn pending(rig: &mut Rig) -> PendingExportsEvidence {
    let Evidence::PendingExports(evidence) = rig.succeed(Action::ReadPendingExports(Nothing {})) else {
        panic!("other evidence")
    };
    evidence
}

fn prove(rig: &mut Rig) -> NoFlowEvidence {
    let Evidence::NoFlow(evidence) = rig.succeed(Action::ProveNoFlow(sales())) else {
        panic!("other evidence")
    };
    evidence
}
