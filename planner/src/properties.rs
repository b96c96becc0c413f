//! Random topologies in fair and foul weather: whatever is declared and whatever goes wrong, the invariants hold at every pass.

use crds::migration::{Itinerary, StepState};
use crds::migration_decision::Decision;
use crds::sync_topology::{Engine, SyncTopologySpec};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::plan::{MigrationPlan, Plan, Standing};
use crate::testing::{Weather, World};

mod found;

/// A topology in a few numbers.
#[derive(Debug, Clone)]
struct Sketch {
    /// Each scope: its wave, and whether it lies in the child domain.
    scopes: Vec<(usize, bool)>,
    /// Each wave: people to approve, `maxConcurrent`, failure budget, soak in minutes.
    waves: Vec<(u8, u8, u8, u16)>,
    servers: usize,
    /// Hours of a daily window; none = always.
    window: Option<u8>,
    /// Scopes name a probe unit.
    probes: bool,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let waves = prop::collection::vec((0_u8..3, 1_u8..4, 0_u8..3, 0_u16..180), 1..=3);
    let scopes = prop::collection::vec((0_usize..3, prop::bool::weighted(0.3)), 1..=6);
    (scopes, waves, 1_usize..=3, prop::option::of(1_u8..12), prop::bool::weighted(0.8)).prop_map(
        |(mut scopes, mut waves, servers, window, probes)| {
            waves.truncate(scopes.len());
            let count = waves.len();
            for (index, scope) in scopes.iter_mut().enumerate() {
                // Every wave has a scope.
                scope.0 = if index < count { index } else { scope.0 % count };
            }
            Sketch { scopes, waves, servers, window, probes }
        },
    )
}

fn declare(sketch: &Sketch) -> SyncTopologySpec {
    use std::fmt::Write as _;
    let mut text = String::from("tenantRef: {name: contoso}\ntimeZone: Europe/Berlin\nscopes:\n");
    for (index, (_, child)) in sketch.scopes.iter().enumerate() {
        let domain = if *child { "DC=emea,DC=contoso,DC=com" } else { "DC=contoso,DC=com" };
        let unit = format!("OU=Unit{index},{domain}");
        write!(text, "- name: s{index}\n  engine: CloudSync\n  organizationalUnits: [\"{unit}\"]\n").unwrap();
        if sketch.probes {
            writeln!(text, "  probeOrganizationalUnit: \"OU=Probe,{unit}\"").unwrap();
        }
    }
    text.push_str("servers:\n");
    for index in 0..sketch.servers {
        writeln!(text, "- {{name: sync{index}, retireBy: \"2027-03-31\"}}").unwrap();
    }
    text.push_str("strategy:\n  observationPeriod: 2h\n");
    if let Some(hours) = sketch.window {
        writeln!(text, "  windows: [{{schedule: \"0 12 * * *\", duration: {hours}h}}]").unwrap();
    }
    text.push_str("  limits: {schedulerStop: 9h, unserved: 3d, hashGap: 3d}\n  waves:\n");
    for (index, (people, concurrent, budget, soak)) in sketch.waves.iter().enumerate() {
        let scopes: Vec<String> = (0..sketch.scopes.len())
            .filter(|scope| sketch.scopes[*scope].0 == index)
            .map(|scope| format!("s{scope}"))
            .collect();
        writeln!(
            text,
            "  - {{name: w{index}, scopes: [{}], soak: {soak}m, maxConcurrent: {concurrent}, failureBudget: {budget}, approval: {{required: \
             {}, distinctUsers: {}}}}}",
            scopes.join(", "),
            *people > 0,
            (*people).max(1),
        )
        .unwrap();
    }
    serde_yaml::from_str(&text).unwrap()
}

/// One pass: the plan is the same twice, nothing in it breaks an invariant, people do what they are asked, and something may go wrong.
fn pass(world: &mut World) -> Plan {
    let twice = world.plan();
    let plan = world.step();
    assert_eq!(twice, plan, "planning twice changed something");
    plan.migrations.iter().for_each(stopped_section);
    world.answer(&plan);
    world.blow();
    plan
}

/// S7: nobody is waited for while a scheduler is off, except to say whether the cluster's state is to be trusted (S12).
fn stopped_section(plan: &MigrationPlan) {
    let state = |name| plan.steps.iter().find(|r| r.name == name).map(|r| r.state);
    let stopped = state("StopScheduler").is_some_and(|s| s != StepState::Pending);
    if !stopped || state("StartScheduler") == Some(StepState::Done) {
        return;
    }
    match &plan.standing {
        Standing::AwaitingApproval { message } => panic!("{}: {message}", plan.name),
        Standing::AwaitingPerson { message } => {
            assert!(message.contains("Readopt"), "{}: a person is waited for: {message}", plan.name);
        }
        _ => {}
    }
}

/// Passes until nothing moves in fair weather; time jumps to the next instant that decides something.
fn run(world: &mut World) -> Plan {
    let mut quiet = 0;
    for _ in 0..1500 {
        let before = world.observed.clone();
        let plan = pass(world);
        if plan.completed && world.weather.is_fair() {
            return plan;
        }
        if before != world.observed {
            quiet = 0;
            continue;
        }
        let next =
            plan.migrations.iter().filter_map(|m| m.next.as_ref()?.at).filter(|at| *at > world.now).min();
        match next {
            Some(at) if quiet < 20 => world.now = at,
            _ if quiet >= 3 && world.weather.is_fair() => return plan,
            _ => {}
        }
        quiet += 1;
    }
    let plan = world.plan();
    panic!("no end: {:#?}", standings(&plan));
}

/// A finished world stays finished, however much time passes.
fn stays(world: &mut World) {
    let effects = world.done.len();
    for _ in 0..5 {
        world.now += SignedDuration::from_hours(50);
        let before = world.observed.clone();
        let plan = world.step();
        assert!(plan.completed);
        assert_eq!(world.observed.migrations, before.migrations);
    }
    assert_eq!(world.done.len(), effects, "something was done after the end");
}

/// What people do while it runs: they roll back, let it go on again, and change their minds in Git.
fn meddle(world: &mut World, byte: u8) {
    let count = world.observed.migrations.len();
    let scopes = world.observed.topology.spec.scopes.len();
    let pick = |of: usize| usize::from(byte & 0x0f) % of.max(1);
    match byte {
        0..=11 if count > 0 => {
            let name = world.observed.migrations[pick(count)].name().to_owned();
            world.decide(&name, Decision::RollBack, "ada");
        }
        16..=27 if count > 0 => {
            let name = world.observed.migrations[pick(count)].name().to_owned();
            world.decide(&name, Decision::Resume, "grace");
        }
        32..=39 => {
            let scope = &mut world.observed.topology.spec.scopes[pick(scopes)];
            scope.engine =
                if scope.engine == Engine::CloudSync { Engine::EntraConnect } else { Engine::CloudSync };
        }
        _ => {}
    }
}

/// Nobody is held back any more: Git asks for Cloud Sync everywhere, and whatever went home is let go again.
fn agree(world: &mut World) {
    for scope in &mut world.observed.topology.spec.scopes {
        scope.engine = Engine::CloudSync;
    }
    let home: Vec<String> = world
        .observed
        .migrations
        .iter()
        .filter(|m| m.way_back().is_some() && !world.observed.is_superseded(m))
        .map(|m| m.name().to_owned())
        .collect();
    for name in home {
        let waits = world
            .observed
            .decisions
            .iter()
            .any(|d| d.migration == name && d.decision == Decision::Resume && d.created_at >= world.now);
        if !waits {
            world.decide(&name, Decision::Resume, "grace");
        }
    }
}

fn given_back(world: &World) {
    assert!(world.observed.servers.values().all(|server| server.claim.is_none()), "a server is held");
    let jobs = &world.observed.tenant.as_ref().unwrap().jobs;
    assert!(jobs.iter().all(|job| job.recorded.claim.is_none()), "a job is held");
}

/// People change their minds while it runs; in the end all of it arrives.
fn minds(sketch: &Sketch, bytes: &[u8]) {
    let mut world = World::of(declare(sketch));
    for byte in bytes {
        pass(&mut world);
        meddle(&mut world, *byte);
    }
    for _ in 0..4 {
        agree(&mut world);
        if run(&mut world).completed {
            break;
        }
    }
    let plan = world.plan();
    assert!(plan.completed, "{:#?}", standings(&plan));
    given_back(&world);
    stays(&mut world);
}

/// Whatever goes wrong, it arrives, or goes home, and nothing is retired while a scope is held.
fn foul(sketch: &Sketch, bytes: &[u8]) {
    let mut world = World::of(declare(sketch));
    world.weather = Weather::of(bytes.to_vec());
    let plan = run(&mut world);
    if plan.completed {
        given_back(&world);
        stays(&mut world);
        return;
    }
    // Whoever is not through went home, or waits for one who did.
    let home = |m: &MigrationPlan| matches!(&m.standing, Standing::RolledBack { .. });
    assert!(plan.migrations.iter().any(home), "{:#?}", standings(&plan));
    // And while a scope is held nothing is retired.
    let failed = |itinerary| {
        world.observed.migrations.iter().any(|m| m.object.spec.itinerary == itinerary && m.has_failed())
    };
    if failed(Itinerary::ConnectToCloudSync) {
        assert!(!plan.migrations.iter().any(|m| m.name.contains("-server-")));
    }
}

fn standings(plan: &Plan) -> Vec<(&String, &Standing)> {
    plan.migrations.iter().map(|m| (&m.name, &m.standing)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_declared_moves_and_retires_in_fair_weather(sketch in sketch()) {
        let mut world = World::of(declare(&sketch));
        let plan = run(&mut world);
        prop_assert!(plan.completed, "{:#?}", standings(&plan));
        given_back(&world);
        stays(&mut world);
    }

    #[test]
    fn whoever_changes_their_mind_comes_home_and_arrives_in_the_end(
        sketch in sketch(),
        bytes in prop::collection::vec(any::<u8>(), 0..160),
    ) {
        minds(&sketch, &bytes);
    }

    #[test]
    fn whatever_goes_wrong_the_invariants_hold(sketch in sketch(), bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        foul(&sketch, &bytes);
    }
}
