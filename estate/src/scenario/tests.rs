use std::path::Path;

use adsync::ENTRA_CONNECTOR_ID;
use adsync::protocol::{ConnectorStatistics, Features, HostInformation, Operation};
use serde::de::DeserializeOwned;

use super::*;
use crate::directory::ObjectClass;
use crate::engine::Answer;
use crate::tenant::CloudKind;

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("an instant")
}

fn ask<T: DeserializeOwned>(estate: &mut Estate, server: &str, operation: &Operation) -> T {
    match estate.handle(server, operation).expect("a server of that name") {
        Answer::Now(Ok(value)) => serde_json::from_value(value).expect("the type of the operation"),
        other => panic!("{operation:?}: {other:?}"),
    }
}

fn pending(estate: &mut Estate, server: &str) -> u64 {
    let operation = Operation::GetConnectorStatistics { connector: ENTRA_CONNECTOR_ID };
    let statistics: ConnectorStatistics = ask(estate, server, &operation);
    statistics.export_adds + statistics.export_updates + statistics.export_deletes
}

#[test]
fn the_bundled_export_is_the_one_in_the_repository() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("exports/small");
    let mut found = 0;
    for (path, content) in bundled::FILES {
        assert_eq!(std::fs::read(folder.join(path)).expect(path), *content, "{path}");
        found += 1;
    }
    let in_folder = ["Connectors", "GlobalSettings", "SynchronizationRules"]
        .iter()
        .map(|part| std::fs::read_dir(folder.join(part)).expect("a folder").count())
        .sum::<usize>();
    assert_eq!(found, in_folder);
}

#[test]
fn with_device_sync_on_computers_are_in_the_tenant() {
    let mut scenario =
        build(&ScenarioOptions { device_sync: true, ..ScenarioOptions::small(1) }, now()).expect("built");
    let estate = &mut scenario.estate;
    let computers =
        estate.world.directory.iter().filter(|object| object.class == ObjectClass::Computer).count();
    assert!(computers > 0);
    assert_eq!(estate.world.tenant.of_kind(CloudKind::Device).count(), computers);
    assert_eq!(pending(estate, ACTIVE_SERVER), 0);
    for server in [ACTIVE_SERVER, STAGING_SERVER] {
        let features: Features = ask(estate, server, &Operation::GetFeatures);
        assert!(features.device_write_up, "{server}");
    }
    assert!(estate.verdict().violations.is_empty(), "{:#?}", estate.verdict().violations);
}

#[test]
fn nothing_of_the_other_forest_is_left_in_the_demo() {
    let layout = configuration::demo(Organisation::demo()).expect("valid");
    let files = layout.configuration.to_files().expect("can be written");
    for (path, content) in files.iter() {
        let text = String::from_utf8_lossy(content).to_lowercase();
        for word in ["corp.example", "dc=example", ">corp<", "headquarters", "regions"] {
            assert!(!text.contains(word), "{path} still says {word}");
        }
    }
}

#[test]
fn connect_has_filled_the_tenant_and_nothing_is_pending() {
    let mut scenario = build(&ScenarioOptions::small(1), now()).expect("built");
    let estate = &mut scenario.estate;
    assert_eq!(estate.now(), now());
    let people = scenario
        .organizational_units
        .iter()
        .flat_map(|unit| estate.world.directory.under(unit))
        .filter(|object| object.class.is_person())
        .count();
    assert!(people >= 50, "{people}");
    assert_eq!(estate.world.tenant.of_kind(CloudKind::User).count(), people, "service accounts stay out");
    assert!(estate.world.tenant.of_kind(CloudKind::Group).count() >= 3);
    assert_eq!(estate.world.tenant.of_kind(CloudKind::Device).count(), 0, "device sync is off");
    assert_eq!(pending(estate, ACTIVE_SERVER), 0);
    assert!(estate.server(STAGING_SERVER).expect("there").state().staging);
    assert_eq!(estate.world.tenant.settings.organization.sync_enabled, Some(true));
    let verdict = estate.verdict();
    assert!(verdict.violations.is_empty(), "{:#?}", verdict.violations);
    assert_eq!(estate.cloud.agents().count(), 2);
    assert_eq!(scenario.probe_units.len(), scenario.organizational_units.len());
    for unit in &scenario.probe_units {
        assert!(estate.world.directory.by_dn(unit).is_some(), "{unit}");
    }
}

#[test]
fn the_same_seed_gives_the_same_estate() {
    let log = |seed| {
        build(&ScenarioOptions::small(seed), now()).expect("built").estate.world.audit().to_json_lines(now())
    };
    let one = log(1).expect("serialised");
    assert_eq!(one, log(1).expect("serialised"));
    assert_ne!(one, log(2).expect("serialised"));
}

#[test]
fn the_demo_has_the_people_it_promises() {
    let options = ScenarioOptions {
        kind: ScenarioKind::Demo,
        seed: 1,
        speed_factor: 60,
        keep_build: false,
        device_sync: false,
    };
    let mut scenario = build(&options, now()).expect("built");
    let tenant = &scenario.estate.world.tenant;
    let count = |kind| tenant.of_kind(kind).count();
    assert_eq!((count(CloudKind::User), count(CloudKind::Group), count(CloudKind::Contact)), (1200, 80, 40));
    assert_eq!(scenario.organizational_units.len(), 5);
    assert_eq!(scenario.excluded_units.len(), 1);
    assert_eq!(scenario.estate.world.directory.domains().len(), 2);
    assert!(scenario.estate.script.remaining() > 0, "people's lives go on");
    assert_eq!(pending(&mut scenario.estate, ACTIVE_SERVER), 0);
}

#[test]
fn a_real_export_gets_people_and_a_current_build() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/contoso-export");
    if !folder.exists() {
        println!("skipped: ../shared is not here");
        return;
    }
    for (keep_build, expected) in [(false, CURRENT_BUILD), (true, "1.1.130.0")] {
        let kind = ScenarioKind::Export(folder.clone());
        let options = ScenarioOptions { kind, seed: 1, speed_factor: 60, keep_build, device_sync: false };
        let mut scenario = build(&options, now()).expect("built");
        let host: HostInformation = ask(&mut scenario.estate, ACTIVE_SERVER, &Operation::GetHostInformation);
        assert_eq!(host.engine.expect("installed").version, expected);
        assert_eq!(scenario.estate.world.tenant.of_kind(CloudKind::User).count(), SIZE_OF_AN_EXPORT.users);
        assert_eq!(scenario.remarks.iter().any(|remark| remark.contains("1.1.130.0")), !keep_build);
        assert_eq!(pending(&mut scenario.estate, ACTIVE_SERVER), 0);
    }
}

#[test]
fn names_of_scenarios_are_read() {
    assert_eq!("demo".parse::<ScenarioKind>().expect("known"), ScenarioKind::Demo);
    assert_eq!("export=/x".parse::<ScenarioKind>().expect("known"), ScenarioKind::Export("/x".into()));
    for wrong in ["export=", "Demo", ""] {
        assert!(wrong.parse::<ScenarioKind>().is_err(), "{wrong}");
    }
}
