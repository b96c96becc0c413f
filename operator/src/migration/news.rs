//! What is told of a migration in events: where it stands anew, with the reason, and every step that failed. Pure.

use crds::conditions::{self, ConditionType};
use crds::migration::{MigrationStatus, StepRecord, StepState};
use planner::plan::{MigrationPlan, Standing};

use super::status::asked_for;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News {
    /// Whether somebody should look.
    pub(super) warning: bool,
    /// Its reason.
    pub(super) reason: String,
    /// Its text.
    pub(super) note: String,
}

/// What is new between the status as it was and as it is to be.
pub(super) fn of(
    before: Option<&MigrationStatus>,
    after: &MigrationStatus,
    plan: &MigrationPlan,
) -> Vec<News> {
    let mut news: Vec<News> =
        records(after).filter(|record| has_failed(before, record)).map(failure).collect();
    if stands(before) != stands(Some(after)) {
        let held = matches!(
            plan.standing,
            Standing::Paused { .. } | Standing::Blocked { .. } | Standing::AwaitingPerson { .. }
        );
        // Whoever looks for a reason finds it in the events too: that a person is waited for says nothing about why.
        let reason = match &plan.standing {
            Standing::AwaitingPerson { .. } => asked_for(plan).as_str().to_owned(),
            _ => after.phase.clone().unwrap_or_default(),
        };
        let warning = held || plan.way_back.is_some();
        news.push(News { warning, reason, note: text(&plan.standing) });
    }
    news
}

/// Where a migration stands, as far as it is told: another text of the same reason is no news.
fn stands(status: Option<&MigrationStatus>) -> Option<(Option<&str>, Option<&str>)> {
    let status = status?;
    let ready = conditions::find(&status.conditions, ConditionType::Ready);
    let reason = ready.filter(|ready| ready.status != "True").map(|ready| ready.reason.as_str());
    Some((status.phase.as_deref(), reason))
}

fn records(status: &MigrationStatus) -> impl Iterator<Item = &StepRecord> {
    let home = status.way_back.iter().flat_map(|way_back| &way_back.steps);
    status.steps.iter().chain(home)
}

/// Whether a step has failed since.
fn has_failed(before: Option<&MigrationStatus>, record: &StepRecord) -> bool {
    let known = |old: &StepRecord| {
        old.name == record.name && old.state == StepState::Failed && old.finished_at == record.finished_at
    };
    record.state == StepState::Failed && !before.is_some_and(|status| records(status).any(known))
}

fn failure(record: &StepRecord) -> News {
    News {
        warning: true,
        reason: record.reason.clone().unwrap_or_else(|| "VerificationFailed".to_owned()),
        note: format!("step {} failed: {}", record.name, record.message),
    }
}

/// A standing in words.
fn text(standing: &Standing) -> String {
    match standing {
        Standing::Running { step } => format!("step {step}"),
        Standing::AwaitingApproval { message }
        | Standing::AwaitingPerson { message }
        | Standing::Blocked { message, .. }
        | Standing::Paused { message, .. } => message.clone(),
        Standing::Completed => "every step is proven".to_owned(),
        Standing::RolledBack { message } => format!("it went home: {message}"),
    }
}
