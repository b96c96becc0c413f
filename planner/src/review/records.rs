//! What step records must never say. Pure.

use crds::migration::{Itinerary, StepState, Verdict};

use super::{Case, Invariant, Violation};
use crate::itinerary::StepName as S;

/// Looks at the records of one migration.
pub(super) fn review(case: &Case, found: &mut Vec<Violation>) {
    in_order(case, found);
    evidence(case, found);
    skips(case, found);
}

/// No step is over before the one ahead of it, and none advances without a verdict (S10).
fn in_order(case: &Case, found: &mut Vec<Violation>) {
    let mut open: Option<&str> = None;
    for record in &case.plan.steps {
        let over = matches!(record.state, StepState::Done | StepState::Skipped);
        if let (true, Some(before)) = (over, open) {
            found.push(case.violation(
                Invariant::S10,
                format!("expected {before} to be over before {}, which is {:?}", record.name, record.state),
            ));
        }
        if record.state == StepState::Done && record.verdict != Some(Verdict::Pass) {
            found.push(case.violation(
                Invariant::S10,
                format!(
                    "expected the verdict Pass for {}, which is Done, found {:?}",
                    record.name, record.verdict
                ),
            ));
        }
        if record.state == StepState::Done && record.finished_at.is_none() {
            found.push(case.violation(Invariant::S10, format!("{} is Done at no time", record.name)));
        }
        if !over && open.is_none() {
            open = Some(&record.name);
        }
    }
}

/// Evidence that a record must carry to count (S1, S2, S4).
fn evidence(case: &Case, found: &mut Vec<Violation>) {
    let mut expect = |step: S, invariant: Invariant, fact: &str, why: &str| {
        let Some(record) = case.record(step).filter(|r| r.state == StepState::Done) else { return };
        let named = |name: &str| name == fact || name.ends_with(&format!(".{fact}"));
        if !record.facts.iter().any(|f| named(&f.name)) {
            found.push(case.violation(invariant, format!("{} is Done without `{fact}`: {why}", record.name)));
        }
    };
    expect(S::ProveNoFlow, Invariant::S1, "anchors", "no object was read back as withheld");
    expect(S::PutNoFlowRules, Invariant::S1, "rulesDigest", "the rules were not read back");
    expect(S::ReadPendingExports, Invariant::S3, "deletes", "pending deletions were not counted");
    expect(S::ProbeCreation, Invariant::S2, "anchor", "no new user was seen to arrive");
    expect(S::ProbeRemoval, Invariant::S2, "anchor", "no removal was seen to arrive");
    expect(S::VerifyParity, Invariant::S2, "missing", "missing objects were not counted");
    expect(S::PredictChanges, Invariant::S11, "creations", "creations were not predicted");
    expect(S::CheckResidualExports, Invariant::S4, "exported", "residual exports were not counted");
    expect(S::StopScheduler, Invariant::S7, "idleSince", "it was not seen that nothing runs");
    for step in [S::VerifyParity, S::VerifyAfterSoak] {
        let Some(record) = case.record(step).filter(|r| r.state == StepState::Done) else { continue };
        if record.facts.iter().any(|f| f.name == "orphans" && f.value != "0") {
            found.push(case.violation(
                Invariant::S3,
                format!(
                    "{} is Done although objects that are gone in the directory live on in the cloud",
                    record.name
                ),
            ));
        }
    }
    let spec = &case.facts.object.spec;
    if spec.itinerary == Itinerary::ConnectToCloudSync && case.done(S::ProveNoFlow) {
        let epochs = case.record(S::ProveNoFlow).map_or(&[] as &[_], |r| r.server_epochs.as_slice());
        for name in case.observed.topology.spec.servers.iter().map(|s| &s.name) {
            if !epochs.iter().any(|e| e.server == *name) {
                found.push(case.violation(
                    Invariant::S1,
                    format!("no-flow was not proven on {name}, which is a listed server"),
                ));
            }
        }
    }
}

/// Steps that may never be left out.
fn skips(case: &Case, found: &mut Vec<Violation>) {
    let probe_unit =
        case.facts.object.spec.scope.as_ref().is_some_and(|s| s.probe_organizational_unit.is_some());
    for record in case.plan.steps.iter().filter(|r| r.state == StepState::Skipped) {
        let allowed = match record.name.as_str() {
            "SuspendAutoUpgrade" | "AwaitApproval" | "Soak" | "InstallProvisioningAgent" => true,
            "ProbeCreation" | "ProbeChange" | "ProbeRemoval" => !probe_unit,
            _ => false,
        };
        if !allowed {
            found.push(
                case.violation(Invariant::S10, format!("{} was left out, and it must not be", record.name)),
            );
        }
        if record.name == "AwaitApproval"
            && case.observed.topology.spec.strategy.iter().flat_map(|s| &s.waves).any(|w| {
                w.approval.required && case.facts.object.spec.scope.as_ref().is_some_and(|s| s.wave == w.name)
            })
            && record.finished_at == Some(case.now)
        {
            found.push(
                case.violation(Invariant::S11, "the approval was left out although the wave requires it"),
            );
        }
    }
}
