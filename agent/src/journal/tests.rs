use adsync::protocol::{RunCounters, RunProfile, RunResult};
use crds::sync_agent::OutcomeState;

use super::memory::MemoryStore;
use super::*;

fn outcome(id: &str) -> CommandOutcome {
    CommandOutcome {
        command_id: id.to_owned(),
        epoch: Epoch(1),
        state: OutcomeState::Succeeded,
        message: String::new(),
        started_at: Timestamp::UNIX_EPOCH,
        finished_at: None,
        evidence: None,
    }
}

fn run(connector: u128, number: u64, profile: RunProfile, user: &str) -> RunResult {
    RunResult {
        run_history_id: Uuid::from_u128(u128::from(number) << 8 | connector),
        connector: Uuid::from_u128(connector),
        connector_name: String::new(),
        profile,
        run_number: number,
        user_name: user.to_owned(),
        is_run_complete: true,
        result: "success".to_owned(),
        start_date: Timestamp::UNIX_EPOCH,
        end_date: None,
        counters: RunCounters::default(),
    }
}

#[test]
fn survives_its_process_and_keeps_its_id() {
    let store = MemoryStore::default();
    let mut first = Journal::open(store.clone()).unwrap();
    first.saw_epoch(Epoch(7)).unwrap();
    first.saw_epoch(Epoch(3)).unwrap();
    let id = first.state().journal_id;
    let second = Journal::open(store).unwrap();
    assert_eq!(second.state().journal_id, id);
    assert_eq!(second.state().highest_epoch, Epoch(7), "an epoch never goes down");
}

#[test]
fn keeps_the_newest_outcomes_once_each() {
    let mut journal = Journal::open(MemoryStore::default()).unwrap();
    for number in 0..FINISHED_KEPT + 5 {
        journal.finish(outcome(&format!("c{number}"))).unwrap();
    }
    journal.finish(outcome("c20")).unwrap();
    let ids: Vec<&str> = journal.state().finished.iter().map(|o| o.command_id.as_str()).collect();
    assert_eq!(ids.len(), FINISHED_KEPT);
    assert_eq!(ids.last(), Some(&"c20"));
    assert!(journal.state().outcome_of("c4").is_none(), "the oldest are forgotten");
}

#[test]
fn a_pending_run_is_the_next_of_its_connector_or_none() {
    let pending = PendingRun { connector: Uuid::from_u128(1), profile: RunProfile::FullImport, after: 4 };
    let ours = run(1, 5, RunProfile::FullImport, "agent");
    let history = [
        run(1, 6, RunProfile::FullImport, "agent"),
        ours.clone(),
        run(2, 9, RunProfile::FullImport, "agent"),
    ];
    assert_eq!(pending.find(&history, &[]), Some(&ours));
    assert_eq!(pending.find(&history[2..], &[]), None, "another connector's run");
    assert_eq!(pending.find(&[run(1, 4, RunProfile::FullImport, "agent")], &[]), None, "an older run");
    let other = [run(1, 5, RunProfile::Export, "admin"), run(1, 6, RunProfile::FullImport, "agent")];
    assert_eq!(pending.find(&other, &[]), None, "somebody else's came first");

    let mut state = JournalState::new(Uuid::nil());
    state.ended(&run(1, 1, RunProfile::Export, "CONTOSO\\agent"));
    let by_hand = [run(1, 5, RunProfile::FullImport, "CONTOSO\\admin")];
    assert_eq!(pending.find(&by_hand, &state.own_runs), None, "another account's");
    let by_us = [run(1, 5, RunProfile::FullImport, "contoso\\AGENT")];
    assert!(pending.find(&by_us, &state.own_runs).is_some());
}

#[test]
fn a_stop_is_due_at_its_time_and_when_the_clock_goes_back() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let stop = Stop {
        command_id: "c".to_owned(),
        epoch: Epoch(1),
        requested_at: at(1000),
        resume_by: at(2000),
        newest_runs: None,
        rules_before: None,
        resuming: None,
    };
    assert!(!stop.is_due(at(1000)));
    assert!(!stop.is_due(at(1999)));
    assert!(stop.is_due(at(2000)));
    assert!(stop.is_due(at(999)), "the clock went back");
}
