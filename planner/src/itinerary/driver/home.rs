//! Drives a migration home along its way back. Pure.

use crds::migration::{NextTransition, Reversibility, StepRecord, StepState, WayBack};

use super::{Drive, Look, clocks, fitted, is_over, way_back};
use crate::itinerary::StepName;
use crate::plan::{Effect, MigrationPlan, Standing};

/// Steps of the way home from the stop to the instant the scheduler is on again.
const STOPPED: [StepName; 7] = [
    StepName::StopSchedulerHome,
    StepName::PauseJob,
    StepName::RemoveNoFlowRules,
    StepName::SynchronizeHome,
    StepName::ReviewExportsHome,
    StepName::ExportHome,
    StepName::StartSchedulerHome,
];

impl Drive<'_> {
    /// One look at the way home. The records of the way out stay as they are: they are evidence.
    pub(super) fn go_home(
        &self,
        mut plan: MigrationPlan,
        past: Vec<StepRecord>,
        way_back: &WayBack,
    ) -> MigrationPlan {
        let list = way_back::steps(way_back.way);
        let mut records = fitted(&way_back.steps, list);
        self.retry(&mut records);
        self.stop_again(&mut records);
        plan.standing = Standing::RolledBack { message: way_back.message.clone() };
        for (index, step) in list.iter().enumerate() {
            if records.get(index).is_none_or(is_over) {
                continue;
            }
            match self.look(*step, index, &mut records, &past) {
                Look::Next => {}
                Look::Stop { standing, effect, next } => {
                    plan.standing = standing;
                    plan.effect = effect;
                    plan.next = next;
                    break;
                }
            }
        }
        if matches!(plan.effect, Some(Effect::Readopt { .. })) {
            records = again(records, |_| true);
        }
        if let Some(first) = past.first() {
            plan.limits = clocks::figures(&self.view(&records, first, &past), &past);
        }
        if plan.next.is_none() && !matches!(plan.standing, Standing::RolledBack { .. }) {
            plan.next = Some(NextTransition { at: None, why: super::keep::clip(&way_back.message) });
        }
        plan.reversibility = Reversibility::Free {};
        plan.steps = past;
        plan.way_back = Some(WayBack { steps: records, ..way_back.clone() });
        plan
    }

    /// A failed step is tried again once somebody asks for the rollback after it failed.
    fn retry(&self, records: &mut Vec<StepRecord>) {
        let Some(asked) = self.decisions.roll_back.as_ref().map(|record| record.at) else { return };
        let failed = |record: &StepRecord| {
            record.state == StepState::Failed && record.finished_at.is_some_and(|at| asked > at)
        };
        if records.iter().any(failed) {
            *records = again(std::mem::take(records), failed);
        }
    }

    /// An agent that switched its scheduler on by itself meanwhile is stopped again: what was seen under the stop before proves
    /// nothing any more.
    fn stop_again(&self, records: &mut Vec<StepRecord>) {
        let name = StepName::StopSchedulerHome.as_str();
        let stopped = records.iter().any(|record| record.name == name && record.state == StepState::Done);
        let on = StepName::StartSchedulerHome.as_str();
        let over = records.iter().any(|record| record.name == on && (is_over(record) || record.attempts > 0));
        let resumed = self.pass.observed.servers_of(self.migration).into_iter().any(|server| {
            server.agent.as_ref().is_some_and(|agent| agent.resumed.is_some() && agent.resume_by.is_none())
        });
        if stopped && !over && resumed {
            *records = again(std::mem::take(records), |record| {
                STOPPED.iter().any(|step| step.as_str() == record.name)
            });
        }
    }
}

/// Opens records again. A command that is given again is another one: what came of the one before is no evidence.
pub(super) fn again(records: Vec<StepRecord>, which: impl Fn(&StepRecord) -> bool) -> Vec<StepRecord> {
    let open = |record: StepRecord| {
        if !which(&record) {
            return record;
        }
        let attempts = if record.attempts > 0 { record.attempts + 1 } else { 0 };
        StepRecord { attempts, ..StepRecord::pending(&record.name) }
    };
    records.into_iter().map(open).collect()
}
