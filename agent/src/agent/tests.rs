//! The loop as a whole: reporting, refusing, being superseded, and above all being killed at every point.

mod killed;

use std::time::Duration;

use crds::primitive::Epoch;
use crds::sync_agent::command::*;
use crds::sync_agent::{Evidence, Expectation, OutcomeState};

use crate::cluster::{ClusterError, Given};
use crate::model::engine::AGENT;
use crate::model::rig::{everybody, full, profiles, sales, stop_for_good, take_snapshot, unit};
use crate::model::{Ended, Rig};

fn auto_upgrade_off() -> Action {
    Action::SetAutoUpgrade(Switch { enabled: false })
}

fn probe(phase: ProbePhase) -> Action {
    Action::Probe(Probe { organizational_unit: unit(), token: "a1b2c3".to_owned(), phase })
}

fn with_snapshot() -> Rig {
    let mut rig = Rig::new();
    rig.snapshot();
    rig.engine.lock().unwrap().log.clear();
    rig
}

fn with_rules() -> Rig {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.engine.lock().unwrap().log.clear();
    rig
}

#[test]
fn stale_late_and_unknown_commands_are_refused_and_the_epoch_is_kept() {
    let mut rig = Rig::new();
    rig.epoch = 7;
    assert_eq!(rig.run(Action::ReadPendingExports(Nothing {})).state, OutcomeState::Succeeded);
    rig.epoch = 6;
    let outcome = rig.run(Action::ReadPendingExports(Nothing {}));
    assert_eq!(outcome.state, OutcomeState::Refused);
    assert!(outcome.message.contains("expected epoch 7 or higher, found 6"), "{}", outcome.message);
    rig.start();
    rig.epoch = 5;
    assert_eq!(rig.run(take_snapshot()).state, OutcomeState::Refused, "after a restart too");
    let status = rig.cluster.state.lock().unwrap().status.clone().unwrap();
    assert_eq!(status.highest_epoch, Epoch(7));

    rig.epoch = 8;
    let id = rig.give(auto_upgrade_off());
    rig.pass(Duration::from_mins(6));
    let late = rig.drive(&id).unwrap();
    assert!(late.state == OutcomeState::Refused && late.message.contains("expected to begin by"), "{late:?}");

    let problem = "unknown variant `paintItBlue`".to_owned();
    rig.cluster.give_any(Given::Unreadable { id: "new".to_owned(), epoch: Epoch(9), problem });
    let unknown = rig.drive("new").unwrap();
    assert!(
        unknown.message.contains("paintItBlue") && unknown.message.contains("update the agent"),
        "{unknown:?}"
    );
    assert_eq!(rig.journal().highest_epoch, Epoch(9));
}

#[test]
fn a_finished_command_is_answered_again_and_not_done_again() {
    let mut rig = with_snapshot();
    let id = rig.give(auto_upgrade_off());
    let first = rig.drive(&id).unwrap();
    rig.engine.lock().unwrap().auto_upgrade = adsync::protocol::AutoUpgradeState::Enabled;
    // Another command, then a cluster that was restored from a backup of just before.
    let given = rig.cluster.state.lock().unwrap().command.clone().unwrap();
    rig.run(Action::ReadPendingExports(Nothing {}));
    rig.cluster.give_any(given);
    assert_eq!(rig.drive(&id).unwrap(), first);
    rig.start();
    rig.steps(3);
    assert_eq!(rig.log(), ["auto upgrade Disabled"]);
}

#[test]
fn another_command_ends_the_one_before() {
    let mut rig = with_snapshot();
    let cycle_end = rig.now() + jiff::SignedDuration::from_mins(30);
    rig.engine.lock().unwrap().cycle_until = Some(cycle_end);
    let stop = rig.stop_for(60);
    let cycle = rig.give(stop);
    rig.steps(4);
    assert!(rig.journal().intent.is_some(), "it waits for the cycle to end");
    let next = rig.give(Action::ReadPendingExports(Nothing {}));
    assert_eq!(rig.drive(&next).unwrap().state, OutcomeState::Succeeded);
    let journal = rig.journal();
    let ended = journal.outcome_of(&cycle).unwrap();
    assert_eq!(ended.state, OutcomeState::Failed);
    assert!(ended.message.contains("found another or none in its place"), "{}", ended.message);
}

#[test]
fn what_came_of_a_command_is_told_before_the_engine_is_read_again() {
    let mut rig = Rig::stopped();
    rig.steps(2);
    let reported = |rig: &Rig| {
        let report = rig.cluster.state.lock().unwrap().report.clone().unwrap();
        report.inventory.unwrap().scheduler.unwrap().enabled
    };
    assert!(!reported(&rig));
    let id = rig.give(Action::StartScheduler(StartScheduler { start_cycle: false }));
    let begun = rig.now();
    rig.steps(1);
    assert!(rig.outcome(&id).is_some(), "told in the same step");
    assert!(!reported(&rig), "a next command would go first");
    rig.steps(1);
    assert!(reported(&rig), "and then the inventory, before the next heartbeat");
    let told = rig.cluster.state.lock().unwrap().report.clone().unwrap().changed_at.unwrap();
    assert_eq!(told.duration_since(begun), jiff::SignedDuration::from_secs(2));

    // Reading changes nothing, and its outcome is told first all the same although the inventory is due.
    rig.pass(Duration::from_secs(15));
    rig.engine.lock().unwrap().enabled = false;
    let id = rig.give(Action::ReadPendingExports(Nothing {}));
    rig.steps(1);
    assert!(rig.outcome(&id).is_some() && reported(&rig));
    rig.steps(1);
    assert!(!reported(&rig));
}

#[test]
fn an_engine_in_another_state_than_expected_is_left_alone() {
    let mut rig = with_snapshot();
    let expects = Expectation { scheduler_enabled: Some(false), ..Expectation::default() };
    let id = rig.give_expecting(auto_upgrade_off(), expects);
    let outcome = rig.drive(&id).unwrap();
    assert_eq!(outcome.state, OutcomeState::Refused);
    assert!(outcome.message.contains("expected schedulerEnabled = false, found true"), "{}", outcome.message);
    assert!(rig.log().is_empty());
}

#[test]
fn a_run_of_somebody_else_refuses_the_next_command() {
    let mut rig = Rig::stopped();
    let since = rig.now();
    rig.pass(Duration::from_secs(30));
    rig.engine.lock().unwrap().run(
        crate::model::AD,
        adsync::protocol::RunProfile::DeltaImport,
        "CONTOSO\\admin",
    );
    let expects = Expectation { no_foreign_run_since: Some(since), ..Expectation::default() };
    let id = rig.give_expecting(Action::PutNoFlowRules(sales()), expects);
    let outcome = rig.drive(&id).unwrap();
    assert_eq!(outcome.state, OutcomeState::Refused);
    for part in ["DeltaImport on contoso.com", "CONTOSO\\admin"] {
        assert!(outcome.message.contains(part), "{}", outcome.message);
    }
    assert!(rig.log().is_empty());
}

#[test]
fn while_nothing_changes_nothing_is_written() {
    let mut rig = with_snapshot();
    rig.engine.lock().unwrap().enabled = false;
    rig.steps(3);
    let writes = rig.cluster.state.lock().unwrap().writes;
    for _ in 0..20 {
        rig.steps(1);
        // Password hashes go on all the time.
        let now = rig.now();
        let cycle =
            adsync::protocol::PasswordHashCycle { connector: crate::model::AD, last_success: Some(now) };
        rig.engine.lock().unwrap().features.password_hash_last_success = vec![cycle];
    }
    let after = rig.cluster.state.lock().unwrap().writes;
    // The first password hash cycle ever seen is news (report and digest in the status); the later ones are not.
    assert!(after - writes <= 2, "{} writes", after - writes);
    rig.steps(70);
    let refreshed = rig.cluster.state.lock().unwrap().report.clone().unwrap();
    let reported = refreshed.inventory.unwrap().connectors[0].password_hash_last_success.unwrap();
    assert!(rig.now().duration_since(reported) < jiff::SignedDuration::from_mins(40), "old news is renewed");
}

#[test]
fn a_second_process_of_the_same_name_keeps_still() {
    let mut rig = with_snapshot();
    let mut heartbeat = crate::heartbeat::Heartbeat::new("me".to_owned(), rig.standing.clone());
    let lease = crate::cluster::LeaseObject {
        resource_version: "1".to_owned(),
        holder: Some("me".to_owned()),
        duration_seconds: 60,
        acquired_at: None,
        renewed_at: None,
        transitions: 0,
    };
    rig.cluster.state.lock().unwrap().lease = Some(lease);
    let every = Duration::from_secs(15);
    let cluster = rig.cluster.clone();
    let beat = |heartbeat: &mut crate::heartbeat::Heartbeat, now| -> Result<(), ClusterError> {
        futures::FutureExt::now_or_never(heartbeat.beat(cluster.as_ref(), now, every)).unwrap()
    };
    beat(&mut heartbeat, rig.now()).unwrap();
    // A clone of this machine renews under the same name.
    {
        let mut state = rig.cluster.state.lock().unwrap();
        let lease = state.lease.as_mut().unwrap();
        lease.resource_version = "9".to_owned();
        lease.renewed_at = Some(rig.now() + jiff::SignedDuration::from_secs(5));
    }
    beat(&mut heartbeat, rig.now()).unwrap();
    assert!(rig.standing.is_contended());
    rig.give(auto_upgrade_off());
    rig.steps(2);
    assert!(rig.log().is_empty(), "it does nothing");
    // The other one is gone: after four missed heartbeats the Lease is taken.
    for _ in 0..8 {
        rig.pass(every);
        beat(&mut heartbeat, rig.now()).unwrap();
    }
    assert!(!rig.standing.is_contended());
    rig.steps(3);
    assert_eq!(rig.log(), ["auto upgrade Disabled"]);
}
