//! `readPendingExports`, `readResidualExports`, and which deletions are explained.

use super::*;

#[test]
fn deletions_are_explained_by_tombstones_and_by_nothing_else() {
    let mut rig = Rig::stopped();
    rig.engine.lock().unwrap().delete(3);
    let sync = profiles(&[
        (ConnectorSelection::ActiveDirectory, Profile::DeltaImport),
        (ConnectorSelection::ActiveDirectory, Profile::DeltaSynchronization),
    ]);
    rig.succeed(sync.clone());
    let left = pending(&mut rig);
    assert_eq!((left.deletes, left.explained_deletes), (1, 1), "somebody left the organization");

    // Somebody narrows the scope of the connector: the objects are still there.
    rig.engine.lock().unwrap().included = vec!["OU=Else,DC=contoso,DC=com".to_owned()];
    rig.succeed(sync);
    let cut = pending(&mut rig);
    assert_eq!((cut.deletes, cut.explained_deletes), (3, 1));
    let mut expected = vec![label(1), label(2)];
    expected.sort();
    assert_eq!(cut.unexplained, expected);

    let outcome = rig.run(profiles(&[(ConnectorSelection::Entra, Profile::Export)]));
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("nothing was exported"), "{}", outcome.message);
    assert_eq!(rig.engine.lock().unwrap().cloud.len(), 3, "everybody is still in the cloud");
}

#[test]
fn an_anchor_that_lives_on_in_another_object_is_not_gone() {
    use base64::Engine as _;
    let mut rig = Rig::stopped();
    let anchor = base64::engine::general_purpose::STANDARD.encode(uuid::Uuid::from_u128(1).to_bytes_le());
    {
        // A copy of user 1's anchor in two other objects: one deleted, one alive. User 1 itself only left the scope.
        let mut engine = rig.engine.lock().unwrap();
        for (number, name) in [(30, "CN=old,DC=contoso,DC=com"), (31, "CN=new,DC=contoso,DC=com")] {
            let guid = engine.add(number, name, "user");
            let copied = vec![anchor.clone()];
            engine
                .directory
                .get_mut(&guid)
                .unwrap()
                .attributes
                .insert("mS-DS-ConsistencyGuid".to_owned(), copied);
        }
        engine.delete(30);
        engine.included = vec!["OU=Else,DC=contoso,DC=com".to_owned()];
    }
    rig.succeed(full());
    let found = pending(&mut rig);
    assert_eq!((found.deletes, found.explained_deletes), (2, 0));
    rig.engine.lock().unwrap().delete(31);
    assert_eq!(pending(&mut rig).explained_deletes, 1, "now the last object with that anchor is gone");
}

#[test]
fn rules_that_only_write_the_anchor_are_no_writeback() {
    use adsync::rule::{AttributeFlow, FlowSource, LinkType, ValueMerge};
    let mut rig = Rig::stopped();
    for (number, destination) in [(1, "mS-DS-ConsistencyGuid"), (2, "proxyAddresses")] {
        let mut rule = crate::model::engine::standard_rule();
        rule.identifier = uuid::Uuid::from_u128(number);
        rule.name = format!("Out to AD - {destination}");
        rule.connector = AD;
        rule.link_type = LinkType::Join;
        rule.attribute_flows = vec![AttributeFlow {
            destination: destination.to_owned(),
            source: FlowSource::Direct { attribute: "x".to_owned() },
            merge: ValueMerge::Update,
            execute_once: false,
        }];
        rig.engine.lock().unwrap().rules.push(rule);
    }
    let Evidence::ResidualExports(evidence) = rig.succeed(Action::ReadResidualExports(sales())) else {
        panic!("other evidence")
    };
    assert_eq!(evidence.writes_to_directory, ["Out to AD - proxyAddresses"]);
}

#[test]
fn residual_exports_are_what_no_rule_withholds() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.succeed(full());
    let Evidence::ResidualExports(evidence) = rig.succeed(Action::ReadResidualExports(sales())) else {
        panic!("other evidence")
    };
    assert_eq!(evidence.exported, [TypeCount { object_type: "user".to_owned(), count: 1 }]);
    assert_eq!((evidence.anchors, evidence.pending), (vec![label(3)], 0));
    let nothing = NoFlowRules { scopes: vec![] };
    let Evidence::ResidualExports(all) = rig.succeed(Action::ReadResidualExports(nothing)) else {
        panic!("other evidence")
    };
    assert_eq!(all.exported[0].count, 3, "withheld, but not by rules of these scopes");
}

#[test]
fn residual_exports_are_named_by_type_place_and_connector() {
    let mut rig = Rig::stopped();
    {
        let mut engine = rig.engine.lock().unwrap();
        let foreign = "CN=S-1-5-21-7,CN=ForeignSecurityPrincipals,DC=contoso,DC=com";
        for (number, name, class) in [
            (40, "CN=paul,CN=Users,DC=contoso,DC=com", "user"),
            (41, "CN=peter,CN=Users,DC=contoso,DC=com", "user"),
            (42, foreign, "group"),
            (43, "CN=pc1,CN=Computers,DC=contoso,DC=com", "device"),
            (44, "CN=shop,OU=Mail,DC=contoso,DC=com", "contact"),
            (45, "CN=all,OU=Folders,DC=contoso,DC=com", "publicFolder"),
        ] {
            engine.add(number, name, class);
        }
        let other = connector(
            uuid::Uuid::from_u128(0x51),
            "HR database",
            adsync::protocol::ConnectorKind::Other,
            "x",
        );
        engine.connectors.push(other);
    }
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.succeed(full());
    let Evidence::ResidualExports(found) = rig.succeed(Action::ReadResidualExports(sales())) else {
        panic!("other evidence")
    };
    let of = |name: &str| found.exported.iter().find(|t| t.object_type == name).map(|t| t.count);
    assert_eq!(of("user"), Some(3));
    for name in ["foreignSecurityPrincipal", "device", "contact", "publicFolder"] {
        assert_eq!(of(name), Some(1), "{name}: {:?}", found.exported);
    }
    assert_eq!(
        found.containers[0],
        ContainerCount { container: "CN=Users,DC=contoso,DC=com".to_owned(), count: 2 }
    );
    assert_eq!(found.containers.len(), 6);
    assert_eq!(found.other_connectors, ["HR database"]);
    assert_eq!(found.withheld, 2);
    assert!(!found.is_nothing());
}
