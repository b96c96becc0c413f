//! What holds a migration as a whole: people, the topology, a failed step, a status that is gone. Pure.

use crds::conditions::Reason;
use crds::migration::{NextTransition, StepRecord};
use crds::sync_topology::FailurePolicy;

use super::keep::clip;
use super::{Drive, Look};
use crate::itinerary::{Step, StepName};
use crate::plan::{Effect, Standing};

impl Drive<'_> {
    /// S12: a claim names the migration, and its own status is gone. What it had done is not known any more. Gives what a person is
    /// asked for.
    pub(super) fn forgotten(&self) -> Option<String> {
        let known = self.migration.object.status.as_ref().is_some_and(|status| !status.steps.is_empty());
        if known || self.decisions.is_readopted() {
            return None;
        }
        let observed = self.pass.observed;
        let topology = &observed.topology.name;
        let claim = observed.claims().find(|claim| claim.names(topology, self.migration.name()))?;
        Some(format!(
            "a person has to readopt {}: its status is gone, and {} holds servers or jobs for it since {}: the cluster's state was lost \
             or restored. Find out what happened since, then create a MigrationDecision Readopt with planDigest {}: every proof is \
             asked for anew",
            self.migration.name(),
            claim.holder,
            claim.since,
            self.decisions.binding.readopt
        ))
    }

    /// People's holds, and the topology's, take effect at safe places only: before a step of its own begins, and never while a
    /// scheduler is off or a scope is between two engines.
    pub(super) fn held_by_people(&self, step: &dyn Step, record: &StepRecord) -> Option<Standing> {
        let safe = record.started_at.is_none() && is_safe(step.name());
        if !safe {
            return None;
        }
        if let Some(denied) = &self.decisions.denied {
            return Some(paused(
                Reason::Denied,
                format!(
                    "{} denied the plan{}: change the topology, and a new plan is made",
                    denied.who(),
                    denied.saying()
                ),
            ));
        }
        if let Some(asked) = &self.decisions.roll_back {
            return Some(paused(
                Reason::RollbackUnavailable,
                format!(
                    "{} asked for a rollback{}, and from here there is no way back: it is held, and nothing more is started",
                    asked.who(),
                    asked.saying()
                ),
            ));
        }
        if let Some(pause) = &self.decisions.paused {
            return Some(paused(
                Reason::PausedByDecision,
                format!("{} paused it{}: a Resume decision lets it go on", pause.who(), pause.saying()),
            ));
        }
        self.pass.hold.clone().map(|(reason, message)| Standing::Blocked { reason, message })
    }

    /// Held; of a topology that is being deleted a retirement stops where it is, and what it holds is given back.
    pub(super) fn stop_for_good(&self, standing: Standing) -> Look {
        let look = stop(standing);
        let observed = self.pass.observed;
        if !observed.topology.deleted || self.migration.object.spec.server.is_none() {
            return look;
        }
        let held = observed.servers_of(self.migration).into_iter().filter_map(|server| {
            let claim = server.claim.as_ref()?;
            claim.names(&observed.topology.name, self.migration.name()).then_some(())?;
            Some((server.name.clone(), claim.holder.clone()))
        });
        let (servers, holders): (Vec<_>, Vec<_>) = held.unzip();
        match (look, holders.first()) {
            (Look::Stop { standing, next, .. }, Some(holder)) => {
                let effect = Some(Effect::ReleaseServers { servers, holder: holder.clone() });
                Look::Stop { standing, effect, next }
            }
            (look, _) => look,
        }
    }

    /// A failed step holds the migration where nothing sends it home.
    pub(super) fn held(&self, record: &StepRecord) -> Standing {
        let reason = Reason::ALL
            .iter()
            .copied()
            .find(|r| Some(r.as_str()) == record.reason.as_deref())
            .unwrap_or(Reason::VerificationFailed);
        let next = if self.way_back.is_some() {
            ". Once its cause is gone, a MigrationDecision RollBack tries the step again"
        } else if self.migration.object.spec.on_failure == FailurePolicy::RollBack {
            ". It goes home"
        } else {
            ". A MigrationDecision RollBack brings it home"
        };
        Standing::Paused { reason, message: format!("step {} failed: {}{next}", record.name, record.message) }
    }
}

/// Places at which a migration may be held: no scheduler is off, and no scope is without a proven engine.
fn is_safe(step: StepName) -> bool {
    let between = matches!(step, StepName::StartScheduler | StepName::ReleaseJob);
    !(step.is_in_stop() || step.is_in_takeover() || between)
}

fn paused(reason: Reason, message: String) -> Standing {
    Standing::Paused { reason, message }
}

pub(super) fn stop(standing: Standing) -> Look {
    let why = match &standing {
        Standing::Paused { message, .. } | Standing::Blocked { message, .. } => clip(message),
        _ => String::new(),
    };
    Look::Stop { standing, effect: None, next: Some(NextTransition { at: None, why }) }
}
