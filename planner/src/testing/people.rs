//! People of the small world: they do what they are asked.

use crds::migration::StepState;
use crds::migration_decision::Decision;

use super::World;
use crate::plan::{MigrationPlan, Plan, Standing};

impl World {
    /// Approves, readopts, leaves out and uninstalls where a plan asks for it.
    pub(crate) fn answer(&mut self, plan: &Plan) {
        for migration in &plan.migrations {
            answer(self, migration);
        }
    }
}

fn answer(world: &mut World, plan: &MigrationPlan) {
    let Some(facts) = world.observed.migration(&plan.name) else { return };
    let undecided = !world.observed.decisions.iter().any(|decision| {
        let status = facts.object.status.as_ref();
        let known = status.is_some_and(|s| s.decisions.iter().any(|record| record.uid == decision.uid));
        decision.migration == plan.name && !known && !plan.consumed.iter().any(|c| c.uid == decision.uid)
    });
    match &plan.standing {
        Standing::AwaitingApproval { .. } if undecided => {
            let by = if world.observed.decisions.len().is_multiple_of(2) { "ada" } else { "grace" };
            world.decide(&plan.name, Decision::Approve, by);
        }
        Standing::AwaitingPerson { message } if message.contains("Readopt") && undecided => {
            let at = message.find("sha256:").unwrap();
            let digest = message[at..at + 71].to_owned();
            world.decide(&plan.name, Decision::Readopt, "ada");
            world.observed.decisions.last_mut().unwrap().plan_digest = Some(digest.try_into().unwrap());
        }
        Standing::AwaitingPerson { message } if message.contains("SkipStep") && undecided => {
            let step = plan.steps.iter().find(|r| r.state == StepState::Waiting).unwrap().name.clone();
            world.decide(&plan.name, Decision::SkipStep, "ada");
            world.observed.decisions.last_mut().unwrap().step = Some(step);
        }
        Standing::AwaitingPerson { message }
            if message.contains("start type") && message.ends_with("start it") =>
        {
            let server = facts.object.spec.server.clone().unwrap().name;
            let engine =
                world.server_mut(server.as_str()).inventory.as_mut().unwrap().engine.as_mut().unwrap();
            (engine.service_running, engine.service_start_type) = (true, "Automatic".to_owned());
        }
        Standing::AwaitingPerson { message } if message.starts_with("uninstall") => {
            let server = facts.object.spec.server.clone().unwrap().name;
            world.server_mut(server.as_str()).inventory.as_mut().unwrap().engine = None;
        }
        _ => {}
    }
}
