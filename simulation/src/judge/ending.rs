//! S4, S5 and S10 at the end of a run: it is completed, brought home, or held with a reason that says what is missing. Pure.

use std::fmt;

use crds::conditions::{ConditionType, find, is_true};
use crds::migration::StepState;
use crds::{Migration, SyncTopology};
use estate::audit::Verdict;
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::{Invariant, Judge};
use crate::people::Place;

/// How long a step may be under way without saying what it waits for.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Everything declared is so.
    Completed,
    /// Held: the reasons by migration.
    Held(Vec<String>),
    /// Brought home.
    RolledBack,
    /// It goes on by itself, and virtual time is over.
    UnderWay(Vec<String>),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("completed"),
            Self::RolledBack => f.write_str("rolled back"),
            Self::Held(why) => write!(f, "held: {}", why.join("; ")),
            Self::UnderWay(what) => write!(f, "under way: {}", what.join("; ")),
        }
    }
}

/// What the store holds at the end.
#[derive(Debug)]
pub struct Standing {
    /// The topology.
    pub topology: Option<SyncTopology>,
    /// All migrations.
    pub migrations: Vec<Migration>,
    /// The scheduler's flag.
    pub scheduler_enabled: bool,
    /// Every declared server was to be retired.
    pub retires: bool,
}

/// How one migration stands.
enum Case {
    Over,
    Home,
    Held(String),
    Goes(String),
    Stuck(String),
}

fn case(migration: &Migration, now: Timestamp) -> Case {
    let name = migration.name_any();
    let Some(status) = &migration.status else { return Case::Stuck(format!("{name} has no status")) };
    if is_true(&status.conditions, ConditionType::Completed) {
        return Case::Over;
    }
    if is_true(&status.conditions, ConditionType::RolledBack) {
        return Case::Home;
    }
    let Some(ready) = find(&status.conditions, ConditionType::Ready) else {
        return Case::Stuck(format!("{name} has no condition Ready"));
    };
    let place = Place::of(migration);
    let at = place.as_ref().map_or("the end", |place| place.step.as_str());
    if ready.status != "True" || is_true(&status.conditions, ConditionType::AwaitingApproval) {
        if ready.message.trim().is_empty() {
            return Case::Stuck(format!(
                "{name} is held at {at} ({}) and does not say what is missing",
                ready.reason
            ));
        }
        return Case::Held(format!("{name} at {at}: {}", ready.reason));
    }
    let waits = place.as_ref().is_some_and(|p| p.state == StepState::Waiting && !p.message.is_empty());
    let later = status.next.as_ref().and_then(|next| next.at).is_some_and(|next| next > now);
    let steps = &status.steps;
    let began = steps.iter().find(|r| Some(r.name.as_str()) == place.as_ref().map(|p| p.step.as_str()));
    let long = began.and_then(|r| r.started_at).is_some_and(|began| now.duration_since(began) > PATIENCE);
    if long && !waits && !later {
        return Case::Stuck(format!(
            "{name} has been at {at} for more than a day and does not say what is missing"
        ));
    }
    Case::Goes(format!("{name} at {at}"))
}

impl Judge {
    /// Judges how a run ended.
    pub fn ending(&mut self, standing: &Standing, verdict: &Verdict, now: Timestamp) -> End {
        let Some(topology) = &standing.topology else {
            return End::Held(vec!["the topology is deleted".to_owned()]);
        };
        let conditions = topology.status.as_ref().map(|status| status.conditions.clone()).unwrap_or_default();
        if is_true(&conditions, ConditionType::Completed) {
            self.completed(standing, verdict, now);
            return End::Completed;
        }
        let (mut held, mut goes, mut home) = (Vec::new(), Vec::new(), 0);
        for migration in &standing.migrations {
            match case(migration, now) {
                Case::Over => {}
                Case::Home => home += 1,
                Case::Held(why) => held.push(why),
                Case::Goes(what) => goes.push(what),
                Case::Stuck(what) => {
                    self.fail(Invariant::S10, now, format!("stuck without a reason: {what}"));
                }
            }
        }
        if !goes.is_empty() {
            return End::UnderWay(goes);
        }
        if held.is_empty() && home > 0 {
            return End::RolledBack;
        }
        if held.is_empty() {
            match find(&conditions, ConditionType::Ready).filter(|ready| ready.status != "True") {
                Some(ready) => held.push(format!("the topology: {}: {}", ready.reason, ready.message)),
                None => self.fail(
                    Invariant::S10,
                    now,
                    "nothing is under way, nothing is completed, and the topology says that all is well",
                ),
            }
        }
        End::Held(held)
    }

    fn completed(&mut self, standing: &Standing, verdict: &Verdict, now: Timestamp) {
        if standing.retires && !verdict.connect_retired {
            self.fail(
                Invariant::S4,
                now,
                "the topology is completed, and the estate says that Connect is not retired",
            );
        }
        if !standing.retires && !standing.scheduler_enabled {
            self.fail(
                Invariant::S7,
                now,
                "the topology is completed, Connect stays, and its scheduler is off",
            );
        }
        for orphan in verdict.violations.iter().filter(|v| v.class == estate::audit::Class::Orphan) {
            // Of a long time ago: what people left a moment before the end is told at the next look.
            if now.duration_since(orphan.at) > PATIENCE && standing.retires {
                self.excuse(format!("{} orphan: {}", orphan.at, orphan.object));
            }
        }
    }
}
