//! Every step: without evidence, with evidence of an older epoch and with evidence against it, it never passes; with the right
//! evidence it does; and what undoes it is said.

use std::collections::{BTreeMap, BTreeSet};

use crds::migration::{Itinerary, Reversibility, Verdict};
use crds::sync_agent::CommandOutcome;
use crds::sync_agent::evidence::InventoryEvidence;

use super::super::Undo;
use super::*;

const SMALL: &str = r#"
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
  observationPeriod: 2h
"#;

pub(super) const SERVER: &str = "contoso-server-sync01-1";

pub(super) fn small() -> World {
    let mut world = World::of(serde_yaml::from_str(SMALL).unwrap());
    engine(&mut world).auto_upgrade = Some("Enabled".to_owned());
    world
}

pub(super) fn engine(world: &mut World) -> &mut crds::sync_agent::inventory::EngineInventory {
    world.server_mut("sync01").inventory.as_mut().unwrap().engine.as_mut().unwrap()
}

/// The migration that takes a step; steps that both itineraries have are told apart by a prefix.
fn subject(step: &str) -> (&'static str, &str) {
    if let Some(step) = step.strip_prefix("retire/") {
        return (SERVER, step);
    }
    let moves = steps(Itinerary::ConnectToCloudSync, ITINERARY_VERSION).unwrap();
    if moves.iter().any(|s| s.name().as_str() == step) { (PILOT, step) } else { (SERVER, step) }
}

/// Where a step stands after the world had time for it, with `press` applied before every pass.
pub(super) fn end(world: &mut World, step: &str, press: impl Fn(&mut World)) -> StepState {
    let (migration, name) = subject(step);
    let mut looks = 0;
    for _ in 0..260 {
        if world.observed.migration(PILOT).is_some() {
            press(world);
        }
        let before = world.observed.clone();
        let plan = world.step();
        world.answer(&plan);
        let state =
            world.observed.migration(migration).and_then(|m| m.object.status.as_ref()).and_then(|status| {
                status.steps.iter().find(|record| record.name == name).map(|record| record.state)
            });
        match state {
            Some(state @ (StepState::Done | StepState::Skipped | StepState::Failed)) => return state,
            Some(state) if state != StepState::Pending => looks += 1,
            // The topology as a whole is held.
            Some(_) if !plan.blockers.is_empty() => looks += 1,
            _ => {}
        }
        if looks > 25 {
            return state.unwrap();
        }
        let next =
            plan.migrations.iter().filter_map(|m| m.next.as_ref()?.at).filter(|at| *at > world.now).min();
        if before == world.observed
            && let Some(at) = next
        {
            // A closed window or a limit is a day away; nothing of this world is longer.
            world.now = at.min(world.now + SignedDuration::from_hours(24));
        }
    }
    panic!("{step} was not reached: {:?}", states(world, PILOT));
}

/// Spoils what comes of a step's own commands.
fn on(step: &str, change: impl Fn(&mut CommandOutcome) + 'static) -> Spoil {
    let mut prefix = String::new();
    for c in subject(step).1.chars() {
        if c.is_ascii_uppercase() && !prefix.is_empty() {
            prefix.push('-');
        }
        prefix.push(c.to_ascii_lowercase());
    }
    prefix.push('-');
    Box::new(move |_, outcome| {
        let rest = outcome.command_id.strip_prefix(&prefix);
        if rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit())) {
            change(outcome);
        }
    })
}

/// Steps that judge what comes of a command.
const COMMANDS: [&str; 17] = [
    "BackUpConfiguration",
    "SuspendAutoUpgrade",
    "ReadScope",
    "ReviewPendingExports",
    "StopScheduler",
    "PutNoFlowRules",
    "SynchronizeWithoutExport",
    "ReadPendingExports",
    "Export",
    "ProveNoFlow",
    "StartScheduler",
    "ProbeCreation",
    "ProbeChange",
    "ProbeRemoval",
    "VerifyParity",
    "VerifyAfterSoak",
    "CheckResidualExports",
];

#[test]
fn no_evidence_old_evidence_and_other_evidence_never_pass() {
    type Change = fn(&mut CommandOutcome);
    let spoils: [(&str, Change); 5] = [
        ("no evidence", |outcome| outcome.evidence = None),
        ("an older epoch", |outcome| outcome.epoch = crds::Epoch(outcome.epoch.0 - 1)),
        ("a newer epoch", |outcome| outcome.epoch = outcome.epoch.next()),
        ("another command's evidence", |outcome| {
            outcome.evidence = Some(Evidence::Inventory(InventoryEvidence { digest: digest("other") }));
        }),
        ("still running", |outcome| {
            (outcome.state, outcome.finished_at) = (OutcomeState::Running, None);
        }),
    ];
    for step in COMMANDS.into_iter().chain(["retire/StopEngine", "retire/VerifyStopped"]) {
        for (what, spoil) in spoils {
            if step == "retire/VerifyStopped" && what == "another command's evidence" {
                continue;
            }
            let mut world = small();
            world.spoil = on(step, spoil);
            let state = end(&mut world, step, |_| {});
            assert!(!matches!(state, StepState::Done | StepState::Skipped), "{step} with {what}");
        }
    }
}

#[test]
fn evidence_against_a_step_never_passes() {
    type Against = (&'static str, fn(&mut Evidence));
    macro_rules! with {
        ($kind:ident, $found:ident, $change:expr) => {
            |evidence| match evidence {
                Evidence::$kind($found) => $change,
                other => panic!("{other:?}"),
            }
        };
    }
    let table: [Against; 22] = [
        ("BackUpConfiguration", with!(Snapshot, e, e.parsed = false)),
        ("SuspendAutoUpgrade", with!(AutoUpgrade, e, e.after = "Enabled".to_owned())),
        ("ReadScope", with!(Scope, e, e.organizational_units[0].object_guid = None)),
        ("ReadScope", with!(Scope, e, e.mappings_digest = digest("others"))),
        ("ReviewPendingExports", with!(PendingExports, e, e.deletes = 9)),
        ("ReviewPendingExports", with!(PendingExports, e, e.unexplained = vec!["a".to_owned()])),
        ("StopScheduler", with!(Scheduler, e, e.enabled = true)),
        ("StopScheduler", with!(Scheduler, e, e.running = true)),
        ("StopScheduler", with!(Scheduler, e, e.idle_since = None)),
        ("PutNoFlowRules", with!(Rules, e, e.scopes.clear())),
        ("PutNoFlowRules", with!(Rules, e, e.scopes.push("foreign".into()))),
        ("SynchronizeWithoutExport", with!(Runs, e, e.runs[0].result = "stopped-server-down".to_owned())),
        ("SynchronizeWithoutExport", with!(Runs, e, e.runs.clear())),
        ("SynchronizeWithoutExport", with!(Runs, e, e.foreign_runs = 1)),
        ("ReadPendingExports", with!(PendingExports, e, e.no_flow_values = 1)),
        ("ReadPendingExports", with!(PendingExports, e, e.foreign_runs = 1)),
        ("Export", with!(Runs, e, e.runs[0].export_deletes = 50)),
        ("ProveNoFlow", with!(NoFlow, e, e.in_scope = 101)),
        ("StartScheduler", with!(Scheduler, e, e.enabled = false)),
        ("CheckResidualExports", with!(ResidualExports, e, e.exported[0].count = 1)),
        (
            "CheckResidualExports",
            with!(ResidualExports, e, e.writes_to_directory.push("Out to AD".to_owned())),
        ),
        ("StopEngine", with!(Service, e, e.start_type = "Automatic".to_owned())),
    ];
    for (row, (step, change)) in table.into_iter().enumerate() {
        let mut world = small();
        world.spoil = on(step, move |outcome| change(outcome.evidence.as_mut().unwrap()));
        let state = end(&mut world, step, |_| {});
        assert!(!matches!(state, StepState::Done | StepState::Skipped), "row {row}: {step}");
    }
}

/// What undoes a step: nothing to undo, given back, or an action and whether it leaves something behind.
#[derive(Debug, PartialEq)]
enum Way {
    Nothing,
    Release,
    Action,
    Leaves,
}

#[test]
fn the_right_evidence_passes_every_step_and_its_way_back_is_said() {
    let mut world = small();
    assert_eq!(end(&mut world, "ListLeftovers", |_| {}), StepState::Done);
    let expected: BTreeMap<&str, Way> = [
        ("InstallProvisioningAgent", Way::Leaves),
        ("SuspendAutoUpgrade", Way::Action),
        ("PrepareJob", Way::Leaves),
        ("ClaimServers", Way::Release),
        ("StopScheduler", Way::Action),
        ("PutNoFlowRules", Way::Action),
        ("ClaimJob", Way::Release),
        ("AddToJob", Way::Action),
        ("ProbeCreation", Way::Leaves),
        ("ProbeChange", Way::Leaves),
        ("ProbeRemoval", Way::Leaves),
        ("ReleaseJob", Way::Release),
        ("StopEngine", Way::Action),
        ("RemoveConnect", Way::Action),
    ]
    .into();
    let mut seen = BTreeSet::new();
    for (itinerary, migration) in [(Itinerary::ConnectToCloudSync, PILOT), (Itinerary::RetireConnect, SERVER)]
    {
        let status = world.observed.migration(migration).unwrap().object.status.clone().unwrap();
        for (step, record) in steps(itinerary, ITINERARY_VERSION).unwrap().iter().zip(&status.steps) {
            let name = step.name().as_str();
            seen.insert(step.name());
            assert_eq!(record.name, name);
            assert_eq!((record.state, record.verdict), (StepState::Done, Some(Verdict::Pass)), "{name}");
            let way = match step.undo() {
                Undo::Nothing => Way::Nothing,
                Undo::Release => Way::Release,
                Undo::Action { how, leaves } => {
                    assert!(!how.is_empty(), "{name}");
                    if leaves.is_empty() { Way::Action } else { Way::Leaves }
                }
            };
            assert_eq!(&way, expected.get(name).unwrap_or(&Way::Nothing), "{name}");
            let reversible = match name {
                "RemoveConnect" => matches!(record.reversibility, Reversibility::Never {}),
                "StopEngine" => {
                    record.reversibility
                        == Reversibility::Until {
                            time: record.finished_at.unwrap() + SignedDuration::from_hours(7 * 24),
                        }
                }
                _ => matches!(record.reversibility, Reversibility::Free {}),
            };
            assert!(reversible, "{name}: {:?}", record.reversibility);
        }
    }
    // Those of the way home have tests of their own.
    assert_eq!(seen.len(), StepName::ALL.iter().filter(|name| !name.is_home()).count());
}

#[test]
fn time_gates_open_at_their_time_and_not_before() {
    let mut world = small();
    end(&mut world, "VerifyParity", |_| {});
    let soaks = |w: &World| states(w, PILOT)["Soak"];
    let proven = world.observed.migration(PILOT).unwrap().finished_at(StepName::VerifyParity).unwrap();
    world.now = proven + SignedDuration::from_mins(59);
    world.step();
    assert_eq!(soaks(&world), StepState::Waiting);
    world.now = proven + SignedDuration::from_mins(60);
    world.step();
    assert_eq!(soaks(&world), StepState::Done);

    end(&mut world, "StopEngine", |_| {});
    let stopped = world.observed.migration(SERVER).unwrap().finished_at(StepName::StopEngine).unwrap();
    world.now = stopped + SignedDuration::from_mins(119);
    world.step();
    assert_eq!(states(&world, SERVER)["Observe"], StepState::Waiting);
    // An approval from before the observation ended was given without knowing how it ended.
    world.decide(SERVER, Decision::Approve, "grace");
    world.step();
    world.now = stopped + SignedDuration::from_hours(2);
    for _ in 0..5 {
        world.step();
    }
    assert_eq!(states(&world, SERVER)["Observe"], StepState::Done);
    assert_eq!(states(&world, SERVER)["AwaitRemovalApproval"], StepState::Waiting);
}
