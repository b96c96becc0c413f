use adsync::protocol::{Features, PasswordHashCycle};
use crds::sync_agent::Evidence;
use crds::sync_agent::command::{Action, Nothing};

use super::*;
use crate::model::rig::sales;
use crate::model::{AD, Rig};

fn inventory(rig: &mut Rig) -> Inventory {
    let Evidence::Inventory(evidence) = rig.succeed(Action::ReadInventory(Nothing {})) else {
        panic!("other evidence")
    };
    let report = rig.cluster.state.lock().unwrap().report.clone().unwrap();
    assert_eq!(report.digest, Some(evidence.digest));
    report.inventory.unwrap()
}

#[test]
fn holds_every_part() {
    let mut rig = Rig::stopped();
    let hashed_at = rig.now();
    rig.engine.lock().unwrap().features = Features {
        password_hash_sync: true,
        export_deletion_threshold: Some(500),
        password_hash_last_success: vec![PasswordHashCycle { connector: AD, last_success: Some(hashed_at) }],
        ..Features::default()
    };
    rig.succeed(Action::PutNoFlowRules(sales()));
    let found = inventory(&mut rig);
    let engine = found.engine.unwrap();
    assert_eq!(engine.version, "2.6.92.0");
    assert_eq!(engine.anchor_attribute.as_deref(), Some("mS-DS-ConsistencyGuid"));
    assert_eq!(engine.auto_upgrade.as_deref(), Some("Enabled"));
    assert!(!found.scheduler.unwrap().enabled);
    let rules = found.rules.unwrap();
    assert_eq!((rules.total, rules.no_flow_scopes, rules.custom.len()), (7, vec!["sales".into()], 0));
    assert_eq!(rules.free_precedences, 94);
    assert!(rules.cloud_no_flow_in_schema);
    assert_eq!(found.connectors.len(), 2);
    assert_eq!(found.connectors[0].password_hash_last_success, Some(hashed_at));
    assert_eq!(found.features.unwrap().export_deletion_threshold, Some(500));
    assert!(found.last_runs.iter().any(|run| run.profile == "Delta Import" && !run.ours));
}

#[test]
fn a_stopped_service_and_a_missing_engine_leave_parts_out() {
    let mut rig = Rig::new();
    rig.engine.lock().unwrap().service.running = false;
    let found = inventory(&mut rig);
    assert!(!found.engine.unwrap().service_running);
    assert!(found.scheduler.is_none() && found.rules.is_none() && found.connectors.is_empty());
    rig.engine.lock().unwrap().installed = false;
    assert!(inventory(&mut rig).engine.is_none());
}

#[test]
fn names_are_cut_with_a_count_that_adds_up() {
    let many: Vec<String> = (0..100).map(|number| format!("rule {number}")).collect();
    let cut = names(many, 64);
    assert_eq!((cut.len(), cut[63].as_str()), (64, "and 37 more"));
    let shorter = names(cut, 8);
    assert_eq!((shorter.len(), shorter[7].as_str()), (8, "and 93 more"));
    assert_eq!(names(vec!["a".to_owned()], 1), ["a"]);
}

#[test]
fn what_is_too_much_is_cut_short_but_containers_never_are() {
    let mut rig = Rig::new();
    let mut found = inventory(&mut rig);
    let rules = found.rules.as_mut().unwrap();
    rules.custom = (0..64).map(|number| format!("{number}{}", "x".repeat(250))).collect();
    rules.writes_to_directory = rules.custom.clone();
    let run = found.last_runs[0].clone();
    found.last_runs = vec![run; 24];
    let names: Vec<String> = (0..64).map(|number| format!("OU={number}{},DC=x", "y".repeat(200))).collect();
    let units: Vec<_> = names.iter().map(|name| crds::DistinguishedName::parse(name).unwrap()).collect();
    found.connectors[0].partitions[0].included = units.clone();
    found.connectors[0].partitions[0].excluded = units.clone();
    fit(&mut found).unwrap();
    assert!(size(&found).unwrap() <= MAX_BYTES - ENVELOPE_BYTES);
    assert_eq!(found.connectors[0].partitions[0].included.len(), 64);
    assert!(found.rules.as_ref().unwrap().custom.last().unwrap().ends_with(" more"));

    let partition = found.connectors[0].partitions[0].clone();
    found.connectors[0].partitions = vec![partition; 8];
    let error = fit(&mut found).unwrap_err().to_string();
    assert!(error.contains("containers take too much room"), "{error}");
}

#[test]
fn too_many_containers_are_an_error_and_no_half_truth() {
    let mut rig = Rig::new();
    rig.engine.lock().unwrap().connectors[0].partitions[0].container_inclusion =
        (0..65).map(|number| format!("OU={number},DC=contoso,DC=com")).collect();
    let outcome = rig.run(Action::ReadInventory(Nothing {}));
    assert!(outcome.message.contains("expected at most 64 containers"), "{}", outcome.message);
}
