//! Faults of sync servers' hosts, each with what an agent sees of it.

use adsync::protocol::{
    CyclePolicy, DirectorySearch, HostError, HostErrorCode, HostInformation, Operation, RunProfile,
    ServiceState,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::{DOMAIN, Rig};
use crate::directory::ObjectClass;
use crate::engine::Answer;
use crate::host_faults::HostReply;

const SERVER: &str = "sync01";

fn ask(rig: &mut Rig, operation: &Operation) -> HostReply {
    rig.running.estate.ask(SERVER, operation).expect("a server")
}

fn answer(rig: &mut Rig, operation: &Operation) -> Result<Value, HostError> {
    match ask(rig, operation) {
        HostReply::From(_, Answer::Now(answer)) => answer,
        other => panic!("{operation:?}: {other:?}"),
    }
}

fn connector(rig: &mut Rig) -> Uuid {
    let connectors = answer(rig, &Operation::GetConnectors).expect("connectors");
    let list = connectors.as_array().expect("a list");
    let found = list.iter().find(|known| known["kind"] == "ActiveDirectory").expect("one");
    found["identifier"].as_str().and_then(|id| id.parse().ok()).expect("an identifier")
}

/// A run by the agent, to its end: as the host tells it.
fn run(rig: &mut Rig, profile: RunProfile) -> Value {
    let connector = connector(rig);
    let reply = ask(rig, &Operation::InvokeRunProfile { connector, profile });
    let HostReply::From(_, Answer::WhenRunEnds(run)) = reply else { panic!("{reply:?}") };
    rig.pass(5);
    rig.running.estate.told_run_result(SERVER, run).expect("it has ended")
}

fn on(rig: &mut Rig, faults: Value) {
    let mut change = json!({"hosts": {}});
    change["hosts"][SERVER] = faults;
    rig.faults(&change);
}

fn search(base: &str) -> Operation {
    Operation::SearchDirectory(DirectorySearch {
        base: base.to_owned(),
        object_classes: Vec::new(),
        attributes: Vec::new(),
        page_size: 5,
        cookie: None,
        deleted: false,
    })
}

#[test]
fn every_fault_of_a_host_shows() {
    let mut rig = Rig::new();
    rig.running.estate.with_world(|world, now| world.set_scheduler(Some(false), None, now));
    rig.pass(10);
    network_and_clock(&mut rig);
    room_and_domain_controllers(&mut rig);
    cmdlets(&mut rig);
    failing_exports(&mut rig);
    rig.assert_faults_complete(&["hosts/", "failingExports"]);
}

fn network_and_clock(rig: &mut Rig) {
    let now = rig.running.estate.now();
    on(rig, json!({"unreachable": true, "until": now + SignedDuration::from_mins(30)}));
    assert_eq!(ask(rig, &Operation::GetService), HostReply::Silence);
    rig.pass(30);
    assert!(answer(rig, &Operation::GetService).is_ok(), "it is over by itself");
    rig.no_faults();
    assert!(rig.running.estate.ask("sync09", &Operation::GetService).is_none());

    on(rig, json!({"latency": "PT90S"}));
    let now = rig.running.estate.now();
    let HostReply::From(from, Answer::Now(Ok(_))) = ask(rig, &Operation::GetService) else {
        panic!("refused")
    };
    assert_eq!(from.duration_since(now), SignedDuration::from_secs(90));
    rig.no_faults();

    on(rig, json!({"clockOffset": "-PT1H"}));
    let now = rig.running.estate.now();
    let host: HostInformation =
        serde_json::from_value(answer(rig, &Operation::GetHostInformation).expect("answered"))
            .expect("of its type");
    assert_eq!(now.duration_since(host.local_time), SignedDuration::from_hours(1));
    let told = run(rig, RunProfile::DeltaImport);
    let started: jiff::Timestamp = told["startDate"].as_str().and_then(|at| at.parse().ok()).expect("a time");
    assert_eq!(now.duration_since(started), SignedDuration::from_hours(1), "the run history too");
    rig.no_faults();
}

fn room_and_domain_controllers(rig: &mut Rig) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("export");
    let export = Operation::ExportServerConfiguration { path: path.to_string_lossy().into_owned() };
    on(rig, json!({"diskFull": true}));
    let refused = answer(rig, &export).expect_err("refused");
    assert!(refused.message.contains("not enough space"));
    assert!(!path.exists());
    rig.no_faults();
    assert!(answer(rig, &export).is_ok());

    on(rig, json!({"databaseFull": true}));
    assert_eq!(run(rig, RunProfile::FullSynchronization)["result"], "stopped-database-disk-full");
    rig.no_faults();
    on(rig, json!({"crashInRun": true}));
    assert_eq!(run(rig, RunProfile::FullImport)["result"], "stopped-server");
    let service: ServiceState =
        serde_json::from_value(answer(rig, &Operation::GetService).expect("answered")).expect("of its type");
    assert!(!service.running);
    assert!(!rig.running.estate.world.faults.hosts[SERVER].crash_in_run, "once");
    let start = Operation::SetService { running: Some(true), start_type: None };
    assert!(answer(rig, &start).is_ok());
    rig.no_faults();

    let base = "DC=contoso,DC=com";
    on(rig, json!({"unreachableDomains": [DOMAIN.to_uppercase()]}));
    assert!(answer(rig, &search(base)).expect_err("refused").message.contains("not operational"));
    assert_eq!(run(rig, RunProfile::DeltaImport)["result"], "no-start-no-domain-controller");
    assert_eq!(run(rig, RunProfile::DeltaSynchronization)["result"], "success", "needs no directory");
    rig.no_faults();
    assert!(answer(rig, &search(base)).is_ok());
    assert_eq!(run(rig, RunProfile::DeltaImport)["result"], "success");
}

fn cmdlets(rig: &mut Rig) {
    let start = Operation::StartSyncCycle { policy_type: CyclePolicy::Delta };
    let fails = |rig: &mut Rig| answer(rig, &Operation::GetScheduler).is_err();
    on(rig, json!({"cmdlets": {"getScheduler": {"every": 3}}}));
    assert_eq!([(); 6].map(|()| fails(rig)), [false, false, true, false, false, true], "every third");
    rig.no_faults();
    on(rig, json!({"cmdlets": {"getScheduler": {"times": 2, "code": "AccessDenied"}}}));
    let refused = answer(rig, &Operation::GetScheduler).expect_err("refused");
    assert_eq!(refused.code, HostErrorCode::AccessDenied);
    assert_eq!([(); 3].map(|()| fails(rig)), [true, false, false], "twice in all");
    on(rig, json!({"cmdlets": {"getScheduler": null, "*": {"times": 1}}}));
    assert!(answer(rig, &Operation::GetService).is_err(), "any of them");
    assert!(answer(rig, &Operation::GetService).is_ok());
    rig.no_faults();

    on(rig, json!({"cmdlets": {"startSyncCycle": {"how": "hang"}}}));
    assert_eq!(ask(rig, &start), HostReply::Hangs);
    assert_eq!(answer(rig, &Operation::GetScheduler).expect("answered")["syncCycleInProgress"], false);
    on(rig, json!({"cmdlets": {"startSyncCycle": {"how": "fail", "carriedOut": true}}}));
    assert!(answer(rig, &start).is_err());
    assert_eq!(
        answer(rig, &Operation::GetScheduler).expect("answered")["syncCycleInProgress"],
        true,
        "all the same"
    );
    rig.no_faults();
    rig.pass(10);
    assert!(crate::faults::Faults::default().unknown_operations().is_empty());
    on(rig, json!({"cmdlets": {"getSheduler": {}}}));
    assert_eq!(rig.running.estate.world.faults.unknown_operations(), ["getSheduler"]);
    rig.no_faults();
}

fn failing_exports(rig: &mut Rig) {
    let person = rig.all(ObjectClass::User, 0)[0].clone();
    let anchor = rig.anchor(person.guid);
    rig.faults(&json!({"failingExports": {&anchor: "unavailable"}}));
    rig.new_title(&person, "Later");
    rig.running.estate.with_world(|world, now| world.set_scheduler(Some(true), None, now));
    rig.pass(60);
    assert_ne!(rig.title_in_tenant(person.guid).as_deref(), Some("Later"));
    rig.faults(&json!({"failingExports": {&anchor: null}}));
    rig.pass(60);
    assert_eq!(rig.title_in_tenant(person.guid).as_deref(), Some("Later"), "it stayed pending");
}
