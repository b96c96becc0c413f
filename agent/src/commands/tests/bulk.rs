//! What goes into Secrets: snapshots and the objects of a scope.

use super::*;

#[test]
fn a_snapshot_is_what_the_secrets_give_back() {
    let mut rig = Rig::new();
    let Evidence::Snapshot(evidence) = rig.succeed(take_snapshot()) else { panic!("other evidence") };
    assert!(evidence.parsed);
    assert_eq!((evidence.rules, evidence.connectors, evidence.secrets_used), (1, 1, 1));
    let secrets = rig.cluster.state.lock().unwrap().secrets.clone();
    let (digest, files) = archive::unpack(&secrets["s0"]["chunk"]).unwrap();
    assert_eq!((digest.as_str(), files.len()), (evidence.digest.as_str(), 3));
    assert!(secrets["s1"].is_empty(), "what is not needed is emptied");
    assert!(rig.journal().snapshot.is_some());
}

#[test]
fn a_configuration_that_does_not_read_is_no_snapshot() {
    let mut rig = Rig::new();
    rig.engine.lock().unwrap().defective_export = true;
    let Evidence::Snapshot(evidence) = rig.succeed(take_snapshot()) else { panic!("other evidence") };
    assert!(!evidence.parsed);
    assert_eq!(rig.journal().snapshot, None);
    let stop = rig.stop_for(60);
    let refused = rig.run(stop);
    assert!(refused.message.contains("give takeSnapshot first"), "{}", refused.message);
}

/// Mappings that take over the members of groups.
fn members_of_groups() -> MappingSet {
    let schema = serde_json::json!({
        "directories": [],
        "synchronizationRules": [{
            "sourceDirectoryName": "Active Directory", "targetDirectoryName": "Azure Active Directory",
            "objectMappings": [{
                "name": "Provision Active Directory groups", "enabled": true, "flowTypes": "Add,Update,Delete",
                "sourceObjectName": "group", "targetObjectName": "Group", "scope": null,
                "attributeMappings": [
                    {"targetAttributeName": "members", "flowType": "Always", "source": {"expression": "[member]"}}],
            }],
        }],
    });
    MappingSet::from_schema(&schema).unwrap()
}

#[test]
fn a_scope_is_listed_with_what_connect_exports() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.succeed(full());
    let mappings =
        serde_json::to_vec(&DomainMappings::new([("contoso.com".to_owned(), members_of_groups())])).unwrap();
    {
        let mut engine = rig.engine.lock().unwrap();
        let group = engine.add(5, "CN=team,OU=Sales,DC=contoso,DC=com", "group");
        let members = ["CN=ada,OU=Sales", "CN=eve,OU=Else", "CN=gone,OU=Else"];
        let members = members.map(|name| format!("{name},DC=contoso,DC=com")).to_vec();
        engine.directory.get_mut(&group).unwrap().attributes.insert("member".to_owned(), members);
        let mut state = rig.cluster.state.lock().unwrap();
        let secret = state.secrets.entry("mappings".to_owned()).or_default();
        secret.insert("mappings.json".to_owned(), mappings);
        secret.insert("digest-key".to_owned(), vec![7; 32]);
    }
    let missing = crds::DistinguishedName::parse("OU=Nowhere,DC=contoso,DC=com").unwrap();
    let Evidence::Scope(evidence) = rig.succeed(Action::ReadScope(ReadScope {
        organizational_units: vec![unit(), missing],
        mappings: "mappings".into(),
        secrets: vec!["s2".into()],
    })) else {
        panic!("other evidence")
    };
    let counts: Vec<(&str, i64)> =
        evidence.objects.iter().map(|c| (c.object_type.as_str(), c.count)).collect();
    assert_eq!(counts, [("group", 1), ("user", 2)]);
    let guids: Vec<bool> =
        evidence.organizational_units.iter().map(|unit| unit.object_guid.is_some()).collect();
    assert_eq!(guids, [true, false], "a unit that is not there has no GUID");

    let chunk = rig.cluster.state.lock().unwrap().secrets["s2"]["chunk"].clone();
    let listing = ScopeListing::decode(&[chunk]).unwrap();
    let ada = listing.objects.iter().find(|o| o.anchor == Some(Engine::anchor(1))).unwrap();
    assert!(ada.exported && ada.withheld);
    assert_eq!(ada.exported_anchor, ada.anchor);
    let team = listing.objects.iter().find(|o| o.object_type == parity::ObjectType::Group).unwrap();
    assert!(!team.exported, "no cycle has seen it yet");
    let key = DigestKey::new([7; 32]);
    let keys = [1, 3].map(|number| parity::ObjectKey::Anchor(Engine::anchor(number)));
    assert_eq!(
        team.members,
        Some(key.members(&keys)),
        "members outside the scope count, those nobody synchronizes do not"
    );
}

#[test]
fn too_few_secrets_are_said_before_anything_is_written() {
    let mut rig = Rig::new();
    let outcome = rig.run(Action::TakeSnapshot(IntoSecrets { secrets: vec!["unknown".into()] }));
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("Secret unknown: expected it to exist"), "{}", outcome.message);
    let chunks = vec![vec![1], vec![2]];
    let secrets = ["s0".into()];
    let written = crate::chunks::write(rig.cluster.as_ref(), &secrets, chunks);
    let error = futures::FutureExt::now_or_never(written).unwrap().unwrap_err();
    assert!(error.to_string().contains("expected room in 1 Secrets"), "{error}");
}
