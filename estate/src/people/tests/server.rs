//! Deeds at the consoles of sync servers.

use adsync::ENTRA_CONNECTOR_ID;
use adsync::protocol::{
    Connector, ConnectorKind, Features, HostInformation, Operation, RunResult, Scheduler, ServiceState,
};
use adsync::rule::Rule;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::Rig;
use crate::directory::{DirectoryObject, ObjectClass};
use crate::engine::Writer;
use crate::modes::WizardEnd;
use crate::people::Done;

fn at(server: &str, action: &str, more: Value) -> Value {
    let mut act = json!({"at": "server", "server": server, "action": action});
    if let Value::Object(members) = more {
        for (name, value) in members {
            act[name.as_str()] = value;
        }
    }
    act
}

fn nothing() -> Value {
    json!({})
}

fn scheduler(rig: &mut Rig, server: &str) -> Scheduler {
    rig.ask(server, &Operation::GetScheduler)
}

fn rules(rig: &mut Rig, server: &str) -> Vec<Rule> {
    rig.ask(server, &Operation::GetRules)
}

fn directory_connector(rig: &mut Rig, server: &str) -> Connector {
    let connectors: Vec<Connector> = rig.ask(server, &Operation::GetConnectors);
    connectors.into_iter().find(|known| known.kind == ConnectorKind::ActiveDirectory).expect("one")
}

fn last_result(rig: &mut Rig, server: &str) -> RunResult {
    let results: Vec<RunResult> =
        rig.ask(server, &Operation::GetRunResults { connector: None, number_requested: 1 });
    results.into_iter().next().expect("a run")
}

/// One run by hand, to its end.
fn run(rig: &mut Rig, server: &str, connector: &str, profile: &str) -> RunResult {
    let done = rig.act(&at(server, "runProfile", json!({"connector": connector, "profile": profile})));
    let Done::Run { run_history_id: run } = done else { panic!("{done:?}") };
    rig.pass(5);
    let server = rig.running.estate.server(server).expect("a server");
    server.run_result(run).expect("it has ended")
}

fn writes_by(rig: &Rig, server: &str) -> usize {
    let writer = Writer::connect(server);
    rig.running.estate.world.audit().writes().filter(|(_, write)| write.writer == writer).count()
}

fn somebody(rig: &Rig) -> DirectoryObject {
    rig.all(ObjectClass::User, 0)[0].clone()
}

#[test]
fn every_deed_at_a_console_shows() {
    let mut rig = Rig::new();
    cycles_and_scheduler(&mut rig);
    wizard(&mut rig);
    rules_editor(&mut rig);
    runs_by_hand(&mut rig);
    crashes_and_restarts(&mut rig);
    staging_and_failover(&mut rig);
    newcomers_and_goodbyes(&mut rig);
    rig.assert_complete("server");
}

fn cycles_and_scheduler(rig: &mut Rig) {
    rig.act(&at("sync01", "setScheduler", json!({"enabled": false})));
    assert!(!scheduler(rig, "sync02").sync_cycle_enabled, "shared by all servers");
    rig.act(&at("sync01", "startCycle", json!({"policyType": "Initial"})));
    assert!(scheduler(rig, "sync01").sync_cycle_in_progress, "although the scheduler is off");
    assert!(rig.refused(&at("sync01", "startCycle", json!({"policyType": "Delta"}))).contains("in progress"));
    rig.act(&at("sync01", "stopCycle", nothing()));
    assert!(!scheduler(rig, "sync01").sync_cycle_in_progress);
    assert_eq!(last_result(rig, "sync01").result, "stopped-user-termination-from-wmi-or-ui");
    let done = rig.act(&at("sync01", "operate", json!({"operation": {"operation": "getService"}})));
    let Done::Answer(service) = done else { panic!("{done:?}") };
    assert_eq!(service["running"], true);
    assert!(rig.refused(&at("sync09", "stopCycle", nothing())).contains("sync09"));
}

fn wizard(rig: &mut Rig) {
    rig.act(&at("sync01", "openWizard", nothing()));
    assert!(scheduler(rig, "sync01").scheduler_suspended);
    rig.act(&at("sync01", "closeWizard", nothing()));
    let after = scheduler(rig, "sync01");
    assert!(!after.scheduler_suspended && !after.sync_cycle_enabled);
    rig.running.estate.world.modes.wizard_end = WizardEnd::EnablesScheduler;
    rig.act(&at("sync01", "completeWizard", nothing()));
    assert!(scheduler(rig, "sync01").sync_cycle_enabled, "the box was ticked");
    rig.act(&at("sync01", "setScheduler", json!({"enabled": false})));

    let connector = directory_connector(rig, "sync01");
    let inclusion = [rig.units[0].to_string()];
    let domain = "DC=contoso,DC=com";
    let select = json!({"connector": connector.identifier, "partition": domain, "inclusion": inclusion,
        "exclusion": [domain]});
    rig.act(&at("sync01", "selectContainers", select.clone()));
    let selected = directory_connector(rig, "sync01");
    let partition = selected.partitions.iter().find(|known| known.distinguished_name == domain).expect("one");
    assert_eq!(partition.container_inclusion, inclusion);
    let before = connector.partitions.iter().find(|known| known.distinguished_name == domain).expect("one");
    let back = json!({"connector": connector.identifier, "partition": domain,
        "inclusion": before.container_inclusion, "exclusion": before.container_exclusion});
    rig.act(&at("sync01", "selectContainers", back));

    let off = json!({"connector": connector.identifier, "on": false});
    rig.act(&at("sync01", "setPasswordHashSync", off));
    let features: Features = rig.ask("sync01", &Operation::GetFeatures);
    assert!(!features.password_hash_sync);
    rig.act(&at("sync01", "setPasswordWriteback", json!({"on": true})));
    let features: Features = rig.ask("sync01", &Operation::GetFeatures);
    assert!(features.password_writeback);
}

fn rules_editor(rig: &mut Rig) {
    let connector = directory_connector(rig, "sync01").identifier;
    let mut rule = json!({
        "identifier": Uuid::from_u128(0xEE), "internalIdentifier": Uuid::nil(), "version": 0, "name": "by hand",
        "direction": "Inbound", "disabled": false, "connector": connector, "sourceObjectType": "user",
        "targetObjectType": "person", "linkType": "Join", "precedence": 90,
    });
    let found = |rig: &mut Rig| rules(rig, "sync01").into_iter().find(|rule| rule.name == "by hand");
    rig.act(&at("sync01", "addRule", json!({"rule": rule})));
    assert!(found(rig).is_some());
    assert_eq!(rules(rig, "sync02").iter().filter(|rule| rule.name == "by hand").count(), 0, "its own rules");
    assert!(rig.refused(&at("sync01", "addRule", json!({"rule": rule}))).contains("edit it"));
    rule["description"] = json!("changed");
    rig.act(&at("sync01", "editRule", json!({"rule": rule})));
    let edited = found(rig).expect("there");
    assert_eq!((edited.description.as_str(), edited.version), ("changed", 2));
    rig.act(&at("sync01", "setRulePrecedence", json!({"rule": "by hand", "precedence": 91})));
    assert_eq!(found(rig).expect("there").precedence, 91);
    let taken = at("sync01", "setRulePrecedence", json!({"rule": "by hand", "precedence": 100}));
    assert!(rig.refused(&taken).contains("taken"));
    rig.act(&at(
        "sync01",
        "setRuleDisabled",
        json!({"rule": Uuid::from_u128(0xEE).to_string(), "disabled": true}),
    ));
    assert!(found(rig).expect("there").disabled);
    rig.act(&at("sync01", "removeRule", json!({"rule": "by hand"})));
    assert!(found(rig).is_none());
    assert!(rig.refused(&at("sync01", "removeRule", json!({"rule": "by hand"}))).contains("by hand"));
}

fn runs_by_hand(rig: &mut Rig) {
    let connector = directory_connector(rig, "sync02");
    let person = somebody(rig);
    rig.new_title(&person, "Forced");
    for profile in ["Full Import", "Full Synchronization"] {
        assert_eq!(run(rig, "sync02", &connector.name, profile).result, "success", "{profile}");
    }
    assert_eq!((writes_by(rig, "sync02"), scheduler(rig, "sync02").staging_mode_enabled), (0, true));
    rig.act(&at("sync02", "forceExport", nothing()));
    rig.pass(5);
    assert!(writes_by(rig, "sync02") > 0, "staging is no lock");
    assert_eq!(rig.title_in_tenant(person.guid).as_deref(), Some("Forced"));
    let nonsense = at("sync02", "runProfile", json!({"connector": "nowhere", "profile": "Export"}));
    assert!(rig.refused(&nonsense).contains("nowhere"));
}

fn crashes_and_restarts(rig: &mut Rig) {
    let connector = directory_connector(rig, "sync01").identifier.to_string();
    let start = at(
        "sync01",
        "operate",
        json!({"operation": {"operation": "setService", "arguments": {"running": true}}}),
    );
    rig.act(&at("sync01", "runProfile", json!({"connector": connector, "profile": "Full Import"})));
    rig.act(&at("sync01", "crashService", nothing()));
    let service: ServiceState = rig.ask("sync01", &Operation::GetService);
    assert!(!service.running);
    rig.act(&start);
    assert_eq!(last_result(rig, "sync01").result, "stopped-server");

    // In the middle of an export: everything was written, and the run counts as stopped.
    let person = somebody(rig);
    rig.new_title(&person, "Written");
    for profile in ["Full Import", "Full Synchronization"] {
        run(rig, "sync01", &connector, profile);
    }
    let entra = ENTRA_CONNECTOR_ID.to_string();
    rig.act(&at("sync01", "runProfile", json!({"connector": entra, "profile": "Export"})));
    rig.act(&at("sync01", "crashService", json!({"afterWrites": true})));
    assert_eq!(rig.title_in_tenant(person.guid).as_deref(), Some("Written"));
    rig.act(&start);
    let result = last_result(rig, "sync01");
    assert_eq!(result.result, "stopped-server");
    assert!(result.counters.export_update > 0);

    rig.act(&at("sync01", "startCycle", json!({"policyType": "Delta"})));
    rig.act(&at("sync01", "restartHost", nothing()));
    assert!(!scheduler(rig, "sync01").sync_cycle_in_progress);
    let host: HostInformation = rig.ask("sync01", &Operation::GetHostInformation);
    assert_eq!(host.boot_time, Some(rig.running.estate.now()));
}

fn staging_and_failover(rig: &mut Rig) {
    let staging =
        |rig: &mut Rig| ["sync01", "sync02"].map(|server| scheduler(rig, server).staging_mode_enabled);
    rig.act(&at("sync02", "failOver", nothing()));
    assert_eq!(staging(rig), [true, false]);
    rig.faults(&json!({"hosts": {"sync02": {"unreachable": true}}}));
    rig.act(&at("sync01", "failOver", nothing()));
    assert_eq!(staging(rig), [false, false], "who cannot be reached stays active");
    rig.no_faults();
    rig.act(&at("sync02", "setStaging", json!({"staging": true})));
    assert_eq!(staging(rig), [false, true]);
}

fn newcomers_and_goodbyes(rig: &mut Rig) {
    rig.act(&at("sync01", "setScheduler", json!({"enabled": true})));
    rig.act(&at("sync99", "install", json!({"like": "sync01"})));
    assert!(rig.refused(&at("sync99", "install", json!({"like": "sync01"}))).contains("already"));
    let person = somebody(rig);
    rig.act(&at("sync01", "setStaging", json!({"staging": true})));
    rig.new_title(&person, "By a stranger");
    rig.pass(60);
    assert_eq!(rig.title_in_tenant(person.guid).as_deref(), Some("By a stranger"));
    assert!(writes_by(rig, "sync99") > 0, "nobody named it, and it writes");

    let build = json!({"build": "9.9.9.9"});
    rig.pass(15);
    let state =
        |state: &str| json!({"operation": {"operation": "setAutoUpgrade", "arguments": {"state": state}}});
    rig.act(&at("sync99", "operate", state("Disabled")));
    assert!(rig.refused(&at("sync99", "upgradeByItself", build.clone())).contains("not enabled"));
    rig.act(&at("sync99", "operate", state("Enabled")));
    rig.act(&at("sync99", "upgradeByItself", build));
    let host: HostInformation = rig.ask("sync99", &Operation::GetHostInformation);
    assert_eq!(host.engine.expect("an engine").version, "9.9.9.9");
    rig.act(&at("sync99", "uninstall", nothing()));
    let host: HostInformation = rig.ask("sync99", &Operation::GetHostInformation);
    assert_eq!(host.engine, None);
}
