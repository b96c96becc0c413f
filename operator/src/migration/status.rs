//! The status of a migration from its plan. Pure.

use crds::conditions::{ConditionType, Reason, clear, condition, set};
use crds::migration::{MigrationStatus, StepRecord, StepState};
use jiff::Timestamp;
use planner::observed::MigrationFacts;
use planner::plan::{MigrationPlan, Standing};

/// Derived phase, for printing.
pub(crate) fn phase(plan: &MigrationPlan) -> String {
    match &plan.standing {
        Standing::Running { step } => step.clone(),
        Standing::AwaitingApproval { .. } => "AwaitingApproval".to_owned(),
        Standing::AwaitingPerson { .. } => "AwaitingPerson".to_owned(),
        Standing::Blocked { reason, .. } | Standing::Paused { reason, .. } => reason.as_str().to_owned(),
        Standing::Completed => "Completed".to_owned(),
        Standing::RolledBack { .. } => "RolledBack".to_owned(),
    }
}

/// Why a person has to do something: what the plan or its step says, where one says so.
pub(crate) fn asked_for(plan: &MigrationPlan) -> Reason {
    if let Some(reason) = plan.asked_for {
        return reason;
    }
    let current =
        current_steps(plan).iter().find(|r| !matches!(r.state, StepState::Done | StepState::Skipped));
    let said = current.and_then(|record| record.reason.as_deref());
    let known = Reason::ALL.iter().find(|reason| Some(reason.as_str()) == said);
    known.copied().unwrap_or(Reason::HumanActionRequired)
}

/// The steps of the way that it is on.
fn current_steps(plan: &MigrationPlan) -> &[StepRecord] {
    plan.way_back.as_ref().map_or(&plan.steps, |way_back| &way_back.steps)
}

/// The status of a migration.
pub(super) fn of(facts: &MigrationFacts, plan: &MigrationPlan, now: Timestamp) -> MigrationStatus {
    let mut status = facts.object.status.clone().unwrap_or_default();
    let generation = facts.object.metadata.generation;
    status.observed_generation = generation.unwrap_or_default();
    status.steps.clone_from(&plan.steps);
    status.way_back.clone_from(&plan.way_back);
    status.phase = Some(phase(plan));
    let steps = current_steps(plan);
    let over = steps.iter().filter(|r| matches!(r.state, StepState::Done | StepState::Skipped)).count();
    let home = if plan.way_back.is_some() { " home" } else { "" };
    status.progress = Some(format!("{over}/{} steps{home}", steps.len()));
    status.limits.clone_from(&plan.limits);
    status.reversibility = Some(plan.reversibility);
    status.next.clone_from(&plan.next);
    status.next_deadline = facts
        .object
        .spec
        .server
        .as_ref()
        .and_then(|server| server.retire_by)
        .map(|instant| instant.to_string());
    for record in plan.consumed.iter().filter_map(|consumed| consumed.outcome.as_ref().ok()) {
        if !status.decisions.iter().any(|known| known.uid == record.uid) {
            status.decisions.push(record.clone());
        }
    }
    conditions(&mut status, plan, generation, now);
    status
}

fn conditions(status: &mut MigrationStatus, plan: &MigrationPlan, generation: Option<i64>, now: Timestamp) {
    use ConditionType as T;
    let list = &mut status.conditions;
    // Present only while True: cleared first, set below by the standing.
    let (ready, reason, message) = match &plan.standing {
        Standing::Running { step } => match &plan.way_back {
            Some(way_back) => {
                (false, Reason::RollingBack, format!("{step}; it goes home: {}", way_back.message))
            }
            None => (true, Reason::Accepted, format!("on course: {step}")),
        },
        Standing::AwaitingApproval { message } => (true, Reason::ApprovalRequired, message.clone()),
        Standing::AwaitingPerson { message } => (false, asked_for(plan), message.clone()),
        Standing::Blocked { reason, message } | Standing::Paused { reason, message } => {
            (false, *reason, message.clone())
        }
        Standing::Completed => (true, Reason::Completed, "every step is proven".to_owned()),
        Standing::RolledBack { message } => (false, Reason::RolledBack, format!("it went home: {message}")),
    };
    set(list, condition(T::Ready, ready, reason, message.clone(), generation, now));
    let done = plan.standing == Standing::Completed;
    let (done_reason, done_text) = if done {
        (Reason::Completed, "every step is proven")
    } else {
        (Reason::InProgress, "not every step is proven yet")
    };
    set(list, condition(T::Completed, done, done_reason, done_text, generation, now));
    let present = match &plan.standing {
        Standing::AwaitingApproval { .. } => vec![T::AwaitingApproval],
        Standing::AwaitingPerson { .. } => vec![T::Stalled],
        Standing::Blocked { .. } => vec![T::Blocked],
        Standing::Paused { .. } => vec![T::Paused, T::Stalled],
        Standing::RolledBack { .. } => vec![T::RolledBack],
        Standing::Running { .. } | Standing::Completed => Vec::new(),
    };
    for kind in [T::AwaitingApproval, T::Stalled, T::Blocked, T::Paused, T::RolledBack] {
        if present.contains(&kind) {
            set(list, condition(kind, true, reason, message.clone(), generation, now));
        } else {
            clear(list, kind);
        }
    }
}
