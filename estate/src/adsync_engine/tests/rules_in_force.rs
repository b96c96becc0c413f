//! When saved rules take effect.

use super::*;

fn held_back(lab: &mut Lab, server: &str) -> usize {
    lab.objects(server, ENTRA)
        .iter()
        .filter(|object| object.lineage.iter().any(|rule| rule.operation == LinkType::JoinNoFlow))
        .count()
}

#[test]
fn rules_are_inert_until_a_full_synchronization() {
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    lab.add_no_flow_rules("SYNC01", PILOT);
    lab.modify(anna, "department", "Before");
    for (connector, profile) in [
        (AD, RunProfile::DeltaImport),
        (AD, RunProfile::DeltaSynchronization),
        (ENTRA, RunProfile::DeltaSynchronization),
        (ENTRA, RunProfile::Export),
    ] {
        lab.run("SYNC01", connector, profile);
    }
    assert_eq!(held_back(&mut lab, "SYNC01"), 0);
    assert_eq!(
        lab.cloud_text(anna, "department").as_deref(),
        Some("Before"),
        "a delta goes by the old rules"
    );

    lab.full_synchronization("SYNC01");
    assert_eq!(held_back(&mut lab, "SYNC01"), 2, "anna and paul");
    lab.modify(anna, "department", "After");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(anna, "department").as_deref(), Some("Before"), "held back");
}

#[test]
fn an_inbound_rule_waits_for_its_own_connector() {
    let mut lab = Lab::populated();
    lab.add_no_flow_rules("SYNC01", PILOT);
    assert_eq!(lab.run("SYNC01", ENTRA, RunProfile::FullSynchronization).result, "success");
    assert_eq!(held_back(&mut lab, "SYNC01"), 0);
    assert_eq!(lab.run("SYNC01", AD, RunProfile::FullSynchronization).result, "success");
    assert_eq!(held_back(&mut lab, "SYNC01"), 2);
}

#[test]
fn a_rule_saved_while_a_full_synchronization_runs_waits_for_the_next() {
    let mut lab = Lab::populated();
    let operation = Operation::InvokeRunProfile { connector: AD, profile: RunProfile::FullSynchronization };
    lab.estate.handle("SYNC01", &operation).expect("the server");
    lab.add_no_flow_rules("SYNC01", PILOT);
    lab.settle("SYNC01");
    assert_eq!(held_back(&mut lab, "SYNC01"), 0);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(held_back(&mut lab, "SYNC01"), 2, "and a cycle makes up for it");
}

#[test]
fn the_next_cycle_is_full_where_rules_changed() {
    let mut lab = Lab::populated();
    lab.add_no_flow_rules("SYNC01", PILOT);
    let profiles = |runs: Vec<RunResult>| {
        runs.into_iter()
            .filter(|run| run.profile == RunProfile::FullSynchronization)
            .map(|run| run.connector)
            .collect::<Vec<_>>()
    };
    // An outbound rule concerns the metaverse objects of every connector.
    assert_eq!(profiles(lab.cycle("SYNC01", CyclePolicy::Delta)), [AD, ENTRA]);
    assert_eq!(profiles(lab.cycle("SYNC01", CyclePolicy::Delta)), Vec::<Uuid>::new());
    let inbound = no_flow_rules(PILOT).remove(0).identifier;
    let _: () = lab.ask("SYNC01", &Operation::RemoveRule { identifier: inbound });
    assert_eq!(profiles(lab.cycle("SYNC01", CyclePolicy::Delta)), [AD]);
    assert_eq!(held_back(&mut lab, "SYNC01"), 0, "the rule for users is gone");
}

#[test]
fn a_disabled_rule_takes_no_part() {
    let mut lab = Lab::populated();
    lab.add_no_flow_rules("SYNC01", PILOT);
    lab.full_synchronization("SYNC01");
    for mut rule in no_flow_rules(PILOT) {
        rule.disabled = true;
        assert_eq!(lab.add_rule("SYNC01", &rule).version, 2);
    }
    assert_eq!(held_back(&mut lab, "SYNC01"), 2, "still in force");
    lab.full_synchronization("SYNC01");
    assert_eq!(held_back(&mut lab, "SYNC01"), 0);
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
}

#[test]
fn rules_belong_to_one_server() {
    let mut lab = Lab::populated();
    let mut standby = server("SYNC02");
    standby.set_staging(true);
    lab.estate.add_server(Box::new(standby));
    lab.cycle("SYNC02", CyclePolicy::Initial);
    lab.add_no_flow_rules("SYNC01", PILOT);
    lab.full_synchronization("SYNC01");
    assert_eq!(held_back(&mut lab, "SYNC01"), 2);
    assert_eq!(held_back(&mut lab, "SYNC02"), 0);

    // Failover: what the first server held back, the second exports.
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    lab.modify(anna, "department", "Secret");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(anna, "department"), None);
    lab.at("SYNC01", |server| server.set_staging(true));
    lab.at("SYNC02", |server| server.set_staging(false));
    lab.cycle("SYNC02", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(anna, "department").as_deref(), Some("Secret"));
}

#[test]
fn two_active_servers_both_write() {
    let mut lab = Lab::populated();
    lab.estate.add_server(Box::new(server("SYNC02")));
    lab.cycle("SYNC02", CyclePolicy::Initial);
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    let from = lab.write_count();
    lab.modify(sara, "department", "Shoes");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    // The second server's own picture of the tenant is older than the first one's write.
    lab.run("SYNC02", AD, RunProfile::DeltaImport);
    lab.run("SYNC02", AD, RunProfile::DeltaSynchronization);
    lab.run("SYNC02", ENTRA, RunProfile::Export);
    let writers: Vec<String> = lab
        .writes_since(from)
        .iter()
        .filter(|write| {
            write.source == Some(sara) && write.values.iter().any(|value| value.attribute.is("department"))
        })
        .map(|write| write.writer.to_string())
        .collect();
    assert_eq!(writers, ["Connect on SYNC01", "Connect on SYNC02"]);
}

#[test]
fn precedences_are_unique_and_custom_ones_below_100() {
    use adsync::protocol::HostErrorCode::{BadRequest, Conflict, NotFound};
    let mut lab = Lab::empty();
    let first = rule("first", 50, Direction::Inbound, AD, ("user", "person"));
    lab.add_rule("SYNC01", &first);
    let add = |rule: &Rule| Operation::AddRule { rule: Box::new(rule.clone()) };

    let mut second = rule("second", 50, Direction::Outbound, ENTRA, ("person", "user"));
    second.identifier = Uuid::from_u128(77);
    assert_eq!(lab.refused("SYNC01", &add(&second)).code, Conflict);
    second.precedence = 100;
    assert_eq!(lab.refused("SYNC01", &add(&second)).code, Conflict, "a shipped rule has it");
    second.precedence = 4_000;
    assert_eq!(lab.refused("SYNC01", &add(&second)).code, BadRequest);
    second.precedence = 51;
    second.connector = Uuid::from_u128(5);
    assert_eq!(lab.refused("SYNC01", &add(&second)).code, NotFound);
    second.connector = ENTRA;
    let stored = lab.add_rule("SYNC01", &second);
    assert_eq!(stored.version, 1);
    assert_ne!(stored.internal_identifier, Uuid::nil());
    // The same rule again is a change, and keeps its own precedence.
    assert_eq!(lab.add_rule("SYNC01", &second).version, 2);
    let unknown = Operation::RemoveRule { identifier: Uuid::from_u128(6) };
    assert_eq!(lab.refused("SYNC01", &unknown).code, NotFound);
    let rules: Vec<Rule> = lab.ask("SYNC01", &Operation::GetRules);
    assert_eq!(rules.len(), small_export().rules.len() + 2);
}

#[test]
fn an_upgrade_puts_shipped_rules_back_and_keeps_custom_ones() {
    let mut lab = Lab::populated();
    let _: () =
        lab.ask("SYNC01", &Operation::SetAutoUpgrade { state: adsync::protocol::AutoUpgradeState::Enabled });
    let shipped: Vec<Rule> = lab.ask("SYNC01", &Operation::GetRules);
    let mut changed = shipped.iter().find(|rule| rule.is_standard()).expect("a shipped rule").clone();
    changed.disabled = true;
    lab.add_rule("SYNC01", &changed);
    let custom = rule("custom", 50, Direction::Inbound, AD, ("user", "person"));
    lab.add_rule("SYNC01", &custom);

    let refused = lab.at("SYNC01", |server| server.upgrade_by_itself("2.6.92.0", false));
    assert_eq!(refused, Err(crate::adsync_engine::UpgradeRefused::SchedulerOff));
    lab.at("SYNC01", |server| server.upgrade_by_itself("2.6.92.0", true)).expect("an upgrade");
    let rules: Vec<Rule> = lab.ask("SYNC01", &Operation::GetRules);
    assert!(rules.iter().any(|rule| rule.identifier == changed.identifier && !rule.disabled));
    assert!(rules.iter().any(|rule| rule.identifier == custom.identifier));
    let runs = lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(runs.iter().any(|run| run.profile == RunProfile::FullSynchronization && run.connector == AD));
}

/// A second AD connector with the other domain and its own copies of the rules.
const SECOND_AD: Uuid = uuid!("11111111-2222-4333-8444-555555555555");

pub(super) fn two_connectors() -> ServerConfiguration {
    let mut configuration = small_export();
    let position =
        configuration.connectors.iter().position(|connector| connector.identifier == AD).expect("AD");
    let mut second = configuration.connectors[position].clone();
    second.identifier = SECOND_AD;
    second.name = "emea.corp.example.com".to_owned();
    let is_emea = |name: &str| name.starts_with("DC=emea");
    second.partitions.retain(|partition| is_emea(&partition.partition.distinguished_name));
    configuration.connectors[position]
        .partitions
        .retain(|partition| !is_emea(&partition.partition.distinguished_name));
    configuration.connectors.push(second);
    let copies: Vec<Rule> = configuration
        .rules
        .iter()
        .filter(|rule| rule.connector == AD)
        .map(|rule| Rule {
            identifier: Uuid::from_u128(rule.identifier.as_u128() ^ 1),
            connector: SECOND_AD,
            precedence: rule.precedence + 1_000,
            ..rule.clone()
        })
        .collect();
    configuration.rules.extend(copies);
    configuration
}

#[test]
fn rules_for_one_ad_connector_leave_the_other_alone() {
    let mut lab = Lab { estate: Estate::new(world(), start()) };
    let server = SyncServer::from_configuration(&two_connectors(), HostFacts::current("SYNC01"));
    lab.estate.add_server(Box::new(server));
    let anna = lab.user("anna", PILOT);
    let emil = lab.user("emil", REGIONS);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.cloud(anna).is_some() && lab.cloud(emil).is_some(), "each connector brings its own");
    lab.confirm();

    // Everybody's unit is named, but the inbound rules belong to the first connector only.
    lab.add_no_flow_rules("SYNC01", "DC=com");
    lab.cycle("SYNC01", CyclePolicy::Initial);
    assert_eq!(held_back(&mut lab, "SYNC01"), 1);
    let mut inbound = no_flow_rules("DC=com").remove(0);
    inbound.identifier = Uuid::from_u128(99);
    inbound.precedence = 79;
    inbound.connector = SECOND_AD;
    lab.add_rule("SYNC01", &inbound);
    lab.run("SYNC01", AD, RunProfile::FullSynchronization);
    assert_eq!(
        held_back(&mut lab, "SYNC01"),
        1,
        "a full synchronization of the other connector does not count"
    );
    lab.run("SYNC01", SECOND_AD, RunProfile::FullSynchronization);
    assert_eq!(held_back(&mut lab, "SYNC01"), 2);
}
