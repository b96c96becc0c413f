//! A retirement row by row and day by day, in a small world.

mod days;
mod home;
mod rows;

use crds::migration::{StepRecord, StepState};
use crds::sync_agent::Action;
use jiff::{SignedDuration, Timestamp};

use crate::Plan;
use crate::itinerary::StepName;
use crate::plan::{Effect, Standing};
use crate::testing::World;

const SERVER: &str = "contoso-server-sync01-1";

/// One scope, one server, two weeks of observation.
const ONE: &str = r#"
tenantRef: {name: contoso}
timeZone: Europe/Berlin
scopes:
- name: pilot
  organizationalUnits: ["OU=Pilot,DC=contoso,DC=com"]
  engine: CloudSync
  probeOrganizationalUnit: "OU=Probe,OU=Pilot,DC=contoso,DC=com"
servers:
- {name: sync01, retireBy: "2027-03-31"}
strategy:
  waves:
  - {name: canary, scopes: [pilot], soak: 1h, approval: {required: true}}
  observationPeriod: 14d
"#;

fn one() -> World {
    World::of(serde_yaml::from_str(ONE).unwrap())
}

/// The same with a staging server.
fn two() -> World {
    let text = ONE.replace("servers:\n", "servers:\n- {name: sync02, retireBy: \"2027-03-31\"}\n");
    let text = text.replace(
        "- {name: sync02, retireBy: \"2027-03-31\"}\n- {name: sync01, retireBy: \"2027-03-31\"}",
        "- {name: sync01, retireBy: \"2027-03-31\"}\n- {name: sync02, retireBy: \"2027-03-31\"}",
    );
    World::of(serde_yaml::from_str(&text).unwrap())
}

fn record(world: &World, step: StepName) -> StepRecord {
    let migration = world.observed.migration(SERVER).expect("it retires");
    migration.record_of(step).cloned().unwrap_or_else(|| StepRecord::pending(step.as_str()))
}

/// One pass, with people who do what they are asked.
fn pass(world: &mut World) -> Plan {
    let plan = world.step();
    world.answer(&plan);
    plan
}

/// Passes until a step of the retirement has this state, with `press` applied before each; waits that a time ends are jumped over.
fn until(world: &mut World, step: StepName, state: StepState, press: impl Fn(&mut World)) {
    for _ in 0..400 {
        press(world);
        let before = world.observed.clone();
        let plan = pass(world);
        if world.observed.migration(SERVER).is_some() && record(world, step).state == state {
            return;
        }
        let next =
            plan.migrations.iter().filter_map(|m| m.next.as_ref()?.at).filter(|at| *at > world.now).min();
        if before == world.observed
            && let Some(at) = next
        {
            world.now = at;
        }
    }
    panic!(
        "{} never was {state:?}: {:#?}",
        step.as_str(),
        world.observed.migration(SERVER).map(|m| &m.object.status)
    );
}

/// The server is about to stop: everything before was proven.
fn before_the_stop(mut world: World) -> World {
    until(&mut world, StepName::CheckResidualExports, StepState::Active, |_| {});
    world
}

/// The engine is stopped and observed; when it was stopped.
fn observed(mut world: World) -> (World, Timestamp) {
    until(&mut world, StepName::Observe, StepState::Waiting, |_| {});
    let stopped = record(&world, StepName::StopEngine).finished_at.expect("it stopped");
    (world, stopped)
}

/// Moves the clock; Cloud Sync goes on, and agents report.
fn at(world: &mut World, now: Timestamp) -> Plan {
    world.now = now;
    for job in world.observed.tenant.iter_mut().flat_map(|tenant| &mut tenant.jobs) {
        job.last_success_at = Some(now);
    }
    pass(world)
}

fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}

fn standing(plan: &Plan) -> &Standing {
    &plan.migrations.iter().find(|m| m.name == SERVER).expect("it is planned").standing
}

/// Commands that were given to `server` for the retirement, in order.
fn given(world: &World, server: &str) -> Vec<Action> {
    let commands = world.done.iter().filter_map(|(migration, effect)| match effect {
        Effect::Commands(commands) if migration.contains("-server-") => Some(commands),
        _ => None,
    });
    commands.flatten().filter(|c| c.server.as_str() == server).map(|c| c.action.clone()).collect()
}

fn stops(world: &World, server: &str) -> usize {
    given(world, server)
        .iter()
        .filter(|action| matches!(action, Action::SetService(set) if !set.running))
        .count()
}
