//! `putNoFlowRules` and `proveNoFlow`.

use super::*;

#[test]
fn rules_are_exactly_the_wanted_ones_on_every_connector() {
    let mut rig = Rig::stopped();
    let second = connector(
        SecondEngine::AD,
        "emea.contoso.com",
        adsync::protocol::ConnectorKind::ActiveDirectory,
        "DC=emea",
    );
    rig.engine.lock().unwrap().connectors.insert(1, second);
    let Evidence::Rules(evidence) = rig.succeed(Action::PutNoFlowRules(sales())) else {
        panic!("other evidence")
    };
    // Three object types on two connectors, and one outbound rule for each of them.
    assert_eq!(evidence.ours, 9);
    assert_eq!(evidence.scopes, ["sales".into()]);
    assert_ne!(evidence.digest_before, evidence.digest_after);
    let log = rig.log();
    assert!(log[..3].iter().all(|line| line.contains("Out to Entra")), "what withholds comes first: {log:?}");

    let Evidence::Rules(again) = rig.succeed(Action::PutNoFlowRules(sales())) else {
        panic!("other evidence")
    };
    assert_eq!(
        (&again.digest_before, rig.log().len()),
        (&evidence.digest_after, 9),
        "nothing is stored twice"
    );

    let none = NoFlowRules { scopes: vec![] };
    let Evidence::Rules(gone) = rig.succeed(Action::PutNoFlowRules(none)) else { panic!("other evidence") };
    assert_eq!((gone.ours, gone.digest_after), (0, evidence.digest_before));
}

#[test]
fn a_precedence_that_is_taken_meanwhile_gives_way_to_the_next() {
    let mut rig = Rig::stopped();
    rig.engine.lock().unwrap().snatched = vec![99, 98];
    let Evidence::Rules(evidence) = rig.succeed(Action::PutNoFlowRules(sales())) else {
        panic!("other evidence")
    };
    assert_eq!(evidence.ours, 6);
    let engine = rig.engine.lock().unwrap();
    let mut precedences: Vec<u32> = engine.rules.iter().map(|rule| rule.precedence).collect();
    precedences.sort_unstable();
    let before = precedences.len();
    precedences.dedup();
    assert_eq!(precedences.len(), before, "each has its own");
    assert!(engine.rules.iter().filter(|rule| no_flow::is_ours(rule)).all(|rule| rule.precedence < 98));
}

#[test]
fn a_rule_that_somebody_changed_is_put_right() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    {
        let mut engine = rig.engine.lock().unwrap();
        engine.log.clear();
        let rule = engine.rules.iter_mut().find(|rule| no_flow::scope_name(rule).is_some()).unwrap();
        rule.scope_filter.clear();
    }
    rig.succeed(Action::PutNoFlowRules(sales()));
    assert_eq!(rig.log().len(), 1, "only that one is stored: {:?}", rig.log());
}

#[test]
fn no_flow_is_proven_only_after_a_full_synchronization() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    let before = prove(&mut rig);
    assert_eq!((before.in_scope, before.effective), (2, 0), "rules alone do nothing");
    assert_eq!(before.full_synchronization_started_at, None);
    let mut expected = [1, 2].map(|number| format!("{} (cloudNoFlow is not set)", label(number)));
    expected.sort();
    assert_eq!(before.not_effective, expected);

    let started = rig.now();
    rig.succeed(full());
    let after = prove(&mut rig);
    assert_eq!((after.in_scope, after.effective, after.outside), (2, 2, 0));
    assert_eq!((after.not_effective.len(), after.foreign_runs), (0, 0));
    assert!(after.full_synchronization_started_at.unwrap() >= started);
    assert_eq!(after.anchors_digest, before.anchors_digest);

    // The engine's text match takes this one for a child of the unit.
    rig.engine.lock().unwrap().add(20, r"CN=x\,OU=Sales,DC=contoso,DC=com", "user");
    rig.succeed(full());
    let fooled = prove(&mut rig);
    assert_eq!((fooled.outside, fooled.outside_anchors), (1, vec![label(20)]));
    assert_eq!(fooled.in_scope, 2);
}

#[test]
fn every_ad_connector_must_have_had_its_full_synchronization() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.succeed(full());
    assert!(prove(&mut rig).full_synchronization_started_at.is_some());
    let second = connector(
        SecondEngine::AD,
        "emea.contoso.com",
        adsync::protocol::ConnectorKind::ActiveDirectory,
        "DC=emea",
    );
    rig.engine.lock().unwrap().connectors.push(second);
    assert_eq!(prove(&mut rig).full_synchronization_started_at, None);
}

fn many_scopes(number: usize) -> NoFlowRules {
    let unit = |scope, number| {
        let name = format!("OU={}{scope:03}{number},DC=contoso,DC=com", "x".repeat(480));
        crds::DistinguishedName::parse(&name).unwrap()
    };
    let scope = |number| NoFlowScope {
        name: format!("scope-{number}").as_str().into(),
        organizational_units: (0..MOST_UNITS).map(|n| unit(number, n)).collect(),
    };
    NoFlowRules { scopes: (0..number).map(scope).collect() }
}

#[test]
fn as_many_scopes_as_the_api_takes_are_as_many_as_an_engine_holds() {
    let mut rig = Rig::stopped();
    // Fewest rules for a scope: one connector that reads one type of objects.
    for connector in &mut rig.engine.lock().unwrap().connectors {
        connector.object_inclusion = vec!["user".to_owned()];
    }
    let Evidence::Rules(evidence) = rig.succeed(Action::PutNoFlowRules(many_scopes(MOST_NO_FLOW_SCOPES)))
    else {
        panic!("other evidence")
    };
    assert_eq!((evidence.ours, evidence.scopes.len()), (100, MOST_NO_FLOW_SCOPES));
    rig.pass(Duration::from_secs(15));
    rig.steps(1);
    let report = rig.cluster.state.lock().unwrap().report.clone().unwrap();
    let rules = report.inventory.unwrap().rules.unwrap();
    assert_eq!((rules.no_flow_scopes.len(), rules.free_precedences), (MOST_NO_FLOW_SCOPES, 0));

    let more = rig.run(Action::PutNoFlowRules(many_scopes(MOST_NO_FLOW_SCOPES + 1)));
    assert_eq!(more.state, OutcomeState::Failed);
    assert!(more.message.contains("expected 1 free precedences in 0 to 99, found 0"), "{}", more.message);
    assert_eq!(rig.engine.lock().unwrap().rules.iter().filter(|rule| no_flow::is_ours(rule)).count(), 100);
}
