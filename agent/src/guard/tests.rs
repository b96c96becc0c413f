use adsync::protocol::RunProfile;
use crds::primitive::DistinguishedName;
use crds::sync_agent::OutcomeState;
use crds::sync_agent::command::*;
use proptest::prelude::*;

use super::*;
use crate::journal::{Intent, OwnRun, Progress, Resuming, SnapshotRecord, Stop, Takeover};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

fn moment(second: i64) -> Moment {
    Moment { now: at(second), began_here: false, longest_stop: SignedDuration::from_hours(24) }
}

fn command(action: Action) -> Command {
    Command {
        id: "c1".to_owned(),
        epoch: Epoch(5),
        not_after: at(100),
        expects: Expectation::default(),
        action,
    }
}

fn journal() -> JournalState {
    let mut state = JournalState::new(Uuid::nil());
    state.highest_epoch = Epoch(5);
    state.snapshot = Some(SnapshotRecord { digest: ContentDigest::of(b""), taken_at: at(-50) });
    state
}

fn stop() -> Stop {
    Stop {
        command_id: "c0".to_owned(),
        epoch: Epoch(5),
        requested_at: at(-10),
        resume_by: at(1000),
        newest_runs: None,
        rules_before: None,
        resuming: None,
    }
}

fn outcome() -> CommandOutcome {
    CommandOutcome {
        command_id: "c1".to_owned(),
        epoch: Epoch(5),
        state: OutcomeState::Succeeded,
        message: String::new(),
        started_at: at(0),
        finished_at: Some(at(1)),
        evidence: None,
    }
}

fn intent(command: &Command) -> Intent {
    Intent { command: command.clone(), began_at: at(0), incarnation: Uuid::nil(), progress: Progress::Begun }
}

fn quiet() -> Observed {
    Observed {
        scheduler: Some(scheduler(false, true, false)),
        service_running: Some(Seen::Known(true)),
        rules_digest: Some(Seen::Known(ContentDigest::of(b"rules"))),
        foreign_runs: Some(Seen::Known(Vec::new())),
    }
}

fn scheduler(enabled: bool, idle: bool, staging: bool) -> SchedulerSeen {
    SchedulerSeen { enabled: Seen::Known(enabled), idle: Seen::Known(idle), staging: Seen::Known(staging) }
}

fn export() -> Action {
    let run = ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::Export };
    Action::RunProfiles(RunProfiles { runs: vec![run] })
}

fn put_rules() -> Action {
    Action::PutNoFlowRules(NoFlowRules { scopes: Vec::new() })
}

fn stop_until(second: i64) -> Action {
    Action::StopScheduler(StopScheduler { resume_by: at(second) })
}

fn refused(admission: &Admission) -> String {
    match admission {
        Admission::Refuse(refusal) | Admission::Abandon(refusal) => refusal.to_string(),
        other => panic!("expected a refusal, found {other:?}"),
    }
}

#[test]
fn a_command_for_the_state_that_is_found_begins() {
    let mut command = command(export());
    command.expects = Expectation {
        scheduler_enabled: Some(false),
        idle: Some(true),
        staging: Some(false),
        service_running: Some(true),
        rules_digest: Some(ContentDigest::of(b"rules")),
        no_foreign_run_since: Some(at(-10)),
    };
    let needed = needs(&command);
    assert!(needed.scheduler && needed.service && needed.rules && needed.runs_since == Some(at(-10)));
    assert_eq!(admit(&command, &journal(), &quiet(), moment(100)), Admission::Begin);
}

#[test]
fn journal_and_clock_decide_without_a_look_at_the_engine() {
    let base = command(export());
    let mut stale = journal();
    stale.highest_epoch = Epoch(6);
    assert!(
        refused(&admit(&base, &stale, &quiet(), moment(0))).contains("expected epoch 6 or higher, found 5")
    );

    let late = refused(&admit(&base, &journal(), &quiet(), moment(101)));
    assert!(late.contains("expected to begin by") && late.contains("give a new command"), "{late}");

    let mut finished = journal();
    finished.finished.push(outcome());
    finished.highest_epoch = Epoch(9);
    let admission = admit(&base, &finished, &Observed::default(), moment(9999));
    assert_eq!(admission, Admission::Repeat(Box::new(outcome())), "the outcome is said again, late or not");
}

#[test]
fn what_was_begun_goes_on_but_not_after_a_restart_too_late() {
    let base = command(export());
    let mut begun = journal();
    begun.intent = Some(intent(&base));
    let look =
        |began_here, second| before_looking(&base, &begun, Moment { began_here, ..moment(second) }).unwrap();
    assert_eq!(look(true, 0), Admission::Continue);
    assert_eq!(look(true, 5000), Admission::Continue, "a long run is not cut off");
    assert_eq!(look(false, 50), Admission::Continue);
    assert!(matches!(look(false, 101), Admission::Abandon(Refusal::TooLate { .. })));
}

#[test]
fn every_expectation_can_refuse() {
    type Change = fn(&mut Expectation);
    let cases: [(&str, Change); 6] = [
        ("expected schedulerEnabled = true, found false", |e| e.scheduler_enabled = Some(true)),
        ("expected idle = false, found true", |e| e.idle = Some(false)),
        ("expected staging = true, found false", |e| e.staging = Some(true)),
        ("expected serviceRunning = false, found true", |e| e.service_running = Some(false)),
        ("expected rulesDigest = sha256:", |e| e.rules_digest = Some(ContentDigest::of(b"other"))),
        ("expected no run of anybody else since", |e| e.no_foreign_run_since = Some(at(-10))),
    ];
    for (text, change) in cases {
        let mut command = command(Action::SetAutoUpgrade(Switch { enabled: false }));
        change(&mut command.expects);
        let mut observed = quiet();
        let run = ForeignRun {
            run_history_id: Uuid::nil(),
            what: "contoso.com Full Import".to_owned(),
            user_name: "CONTOSO\\admin".to_owned(),
            started_at: at(-5),
        };
        observed.foreign_runs = Some(Seen::Known(vec![run]));
        let message = refused(&admit(&command, &journal(), &observed, moment(0)));
        assert!(message.contains(text), "{message}");

        let blind = refused(&admit(&command, &journal(), &Observed::default(), moment(0)));
        assert!(blind.contains("it was not read"), "{blind}");
    }
    let mut command = command(Action::ReadInventory(Nothing {}));
    command.expects.idle = Some(true);
    let mut observed = quiet();
    let unknown = || Seen::Unknown("the service is stopped".to_owned());
    observed.scheduler =
        Some(SchedulerSeen { enabled: unknown(), idle: Seen::Known(true), staging: unknown() });
    assert_eq!(
        admit(&command, &journal(), &observed, moment(0)),
        Admission::Begin,
        "a stopped service is idle"
    );
    command.expects.staging = Some(false);
    let message = refused(&admit(&command, &journal(), &observed, moment(0)));
    assert!(message.contains("found out nothing: the service is stopped"), "{message}");
}

#[test]
fn rules_change_only_under_a_stop_of_ours_with_nothing_running() {
    let command = command(put_rules());
    assert!(needs(&command).scheduler, "looked at even where the command expects nothing");
    let none = refused(&admit(&command, &journal(), &quiet(), moment(0)));
    assert!(none.contains("give stopScheduler first"), "{none}");

    let mut stopped = journal();
    stopped.stop = Some(stop());
    assert_eq!(admit(&command, &stopped, &quiet(), moment(0)), Admission::Begin);
    for (enabled, idle, text) in
        [(true, true, "expected schedulerEnabled = false"), (false, false, "expected idle = true")]
    {
        let mut observed = quiet();
        observed.scheduler = Some(scheduler(enabled, idle, false));
        let message = refused(&admit(&command, &stopped, &observed, moment(0)));
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn nothing_is_changed_without_a_snapshot_but_service_is_given_back() {
    let mut bare = journal();
    bare.snapshot = None;
    let service =
        |running| Action::SetService(SetService { running, automatic: true, ..SetService::default() });
    for action in
        [stop_until(50), export(), service(false), Action::SetAutoUpgrade(Switch { enabled: false })]
    {
        let message = refused(&admit(&command(action), &bare, &quiet(), moment(0)));
        assert!(message.contains("give takeSnapshot first"), "{message}");
    }
    for action in [
        service(true),
        Action::StartScheduler(StartScheduler { start_cycle: true }),
        Action::ReadInventory(Nothing {}),
    ] {
        assert_eq!(admit(&command(action), &bare, &quiet(), moment(0)), Admission::Begin);
    }
}

#[test]
fn a_staging_server_never_exports() {
    let mut observed = quiet();
    observed.scheduler = Some(scheduler(false, true, true));
    let message = refused(&admit(&command(export()), &journal(), &observed, moment(0)));
    assert!(message.contains("found staging mode"), "{message}");
    let import = ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::FullImport };
    let action = Action::RunProfiles(RunProfiles { runs: vec![import] });
    assert_eq!(admit(&command(action), &journal(), &observed, moment(0)), Admission::Begin);
}

#[test]
fn a_stop_ends_within_a_day_and_not_in_the_past() {
    for (second, good) in [(-1, false), (0, false), (1, true), (86_400, true), (86_401, false)] {
        let admission = admit(&command(stop_until(second)), &journal(), &quiet(), moment(0));
        assert_eq!(admission == Admission::Begin, good, "{second}: {admission:?}");
    }
}

#[test]
fn while_the_agent_acts_by_itself_it_only_reads_and_starts() {
    let mut taken = journal();
    let resuming =
        Resuming { since: at(0), takeover: Takeover::Looking, attempts: 0, runs_done: 0, trouble: None };
    taken.stop = Some(Stop { resuming: Some(resuming), ..stop() });
    for action in [put_rules(), export(), stop_until(50)] {
        let message = refused(&admit(&command(action), &taken, &quiet(), moment(0)));
        assert!(message.contains("acts by itself"), "{message}");
    }
    for action in [
        Action::ReadPendingExports(Nothing {}),
        Action::StartScheduler(StartScheduler { start_cycle: false }),
    ] {
        assert_eq!(admit(&command(action), &taken, &quiet(), moment(0)), Admission::Begin);
    }
}

fn any_action() -> impl Strategy<Value = Action> {
    let ou = DistinguishedName::parse("OU=P,DC=x").unwrap();
    prop::sample::select(vec![
        Action::ReadInventory(Nothing {}),
        Action::SetAutoUpgrade(Switch { enabled: false }),
        stop_until(50),
        Action::StartScheduler(StartScheduler { start_cycle: true }),
        put_rules(),
        export(),
        Action::Probe(Probe { organizational_unit: ou, token: "abcd".to_owned(), phase: ProbePhase::Create }),
        Action::SetService(SetService::default()),
    ])
}

proptest! {
    #[test]
    fn nothing_is_ever_begun_or_continued_with_an_older_epoch(
        action in any_action(),
        highest in 0i64..6,
        epoch in 0i64..6,
        now in 0i64..200,
        began_here: bool,
        with_intent: bool,
        with_stop: bool,
        with_snapshot: bool,
        enabled: bool,
        idle: bool,
    ) {
        let mut command = command(action);
        command.epoch = Epoch(epoch);
        let mut state = journal();
        state.highest_epoch = Epoch(highest);
        state.intent = with_intent.then(|| intent(&command));
        state.stop = with_stop.then(stop);
        if !with_snapshot {
            state.snapshot = None;
        }
        state.own_runs.push(OwnRun {
            run_history_id: Uuid::nil(), connector: Uuid::nil(), profile: RunProfile::Export,
            started_at: at(0), success: true, user_name: String::new(),
        });
        let mut observed = quiet();
        observed.scheduler = Some(scheduler(enabled, idle, false));
        let admission = admit(&command, &state, &observed, Moment { began_here, ..moment(now) });
        let acts = matches!(admission, Admission::Begin | Admission::Continue);
        if epoch < highest {
            prop_assert!(!acts, "{admission:?}");
        }
        if acts && !began_here {
            prop_assert!(at(now) <= command.not_after, "{admission:?}");
        }
        if acts && !with_intent && changes_rules(&command.action) {
            prop_assert!(with_stop && !enabled && idle, "{admission:?}");
        }
    }
}
