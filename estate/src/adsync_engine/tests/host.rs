//! The host protocol: what is read, and what is refused.

use adsync::protocol::{
    Attribute, AutoUpgrade, AutoUpgradeState, Connector, ConnectorKind, ConnectorStatistics, DirectoryEntry,
    DirectoryPage, DirectorySearch, Features, GlobalSettings, HostErrorCode, HostInformation,
};

use super::*;

fn search(base: &str) -> DirectorySearch {
    DirectorySearch {
        base: base.to_owned(),
        object_classes: vec!["user".to_owned()],
        attributes: vec![
            "objectGUID".into(),
            "mS-DS-ConsistencyGuid".into(),
            "userAccountControl".into(),
            "manager".into(),
        ],
        deleted: false,
        page_size: 100,
        cookie: None,
    }
}

#[test]
fn the_host_is_described() {
    let mut lab = Lab::empty();
    let host: HostInformation = lab.ask("SYNC01", &Operation::GetHostInformation);
    assert_eq!(
        (host.host_name.as_str(), host.protocol_version),
        ("SYNC01", adsync::protocol::PROTOCOL_VERSION)
    );
    let engine = host.engine.expect("an engine");
    assert_eq!(Some(engine.version.as_str()), small_export().build());
    assert_eq!(host.tls_registry.len(), 8);
    assert_eq!(host.local_time, lab.estate.now());

    let mut facts = HostFacts::current("OLD");
    facts.version = Some("1.6.16.0".to_owned());
    lab.estate.add_server(Box::new(SyncServer::from_configuration(&small_export(), facts)));
    let host: HostInformation = lab.ask("OLD", &Operation::GetHostInformation);
    assert_eq!(host.engine.expect("an engine").version, "1.6.16.0");
}

#[test]
fn connectors_and_settings_are_those_of_the_configuration() {
    let mut lab = Lab::empty();
    let connectors: Vec<Connector> = lab.ask("SYNC01", &Operation::GetConnectors);
    let ad = connectors.iter().find(|connector| connector.identifier == AD).expect("the AD connector");
    assert_eq!(ad.kind, ConnectorKind::ActiveDirectory);
    assert_eq!(ad.partitions.len(), 2);
    assert_eq!(ad.partitions[0].container_inclusion, [HEADQUARTERS]);
    assert_eq!(ad.password_hash_sync, Some(true));
    let settings: GlobalSettings = lab.ask("SYNC01", &Operation::GetGlobalSettings);
    assert!(settings.metaverse_attributes.iter().any(|name| name == "cloudNoFlow"));
    lab.at("SYNC01", |server| server.set_staging(true));
    let settings: GlobalSettings = lab.ask("SYNC01", &Operation::GetGlobalSettings);
    let staging = settings
        .parameters
        .iter()
        .find(|it| it.name == "Microsoft.Synchronize.StagingMode")
        .expect("the flag");
    assert_eq!(staging.value, "True");
}

#[test]
fn the_threshold_wants_a_person_from_2_6_84_on() {
    let threshold = |version: &str| {
        let mut lab = Lab::empty();
        let mut facts = HostFacts::current("SYNC09");
        facts.version = Some(version.to_owned());
        lab.estate.add_server(Box::new(SyncServer::from_configuration(&small_export(), facts)));
        let features: Features = lab.ask("SYNC09", &Operation::GetFeatures);
        features.export_deletion_threshold
    };
    assert_eq!(threshold("2.5.79.0"), Some(500));
    assert_eq!(threshold("2.6.79.0"), Some(500));
    assert_eq!(threshold("2.6.84.0"), None);
    assert_eq!(threshold("2.6.92.0"), None);
}

#[test]
fn automatic_upgrade_is_suspended_by_the_system_only() {
    let mut lab = Lab::empty();
    let set = |state| Operation::SetAutoUpgrade { state };
    let _: () = lab.ask("SYNC01", &set(AutoUpgradeState::Disabled));
    assert_eq!(lab.refused("SYNC01", &set(AutoUpgradeState::Suspended)).code, HostErrorCode::BadRequest);
    let state: AutoUpgrade = lab.ask("SYNC01", &Operation::GetAutoUpgrade);
    assert_eq!(state.state, AutoUpgradeState::Disabled);
}

#[test]
fn connector_space_objects_come_in_pages() {
    let mut lab = Lab::populated();
    let all = lab.objects("SYNC01", AD);
    assert_eq!(all.len(), 4, "three people and a group");
    let mut paged = Vec::new();
    let mut next = Some(0);
    while let Some(start_index) = next {
        let page: CsObjectPage = lab.ask(
            "SYNC01",
            &Operation::GetCsObjects {
                connector: AD,
                start_index,
                max_result_count: 3,
                attributes: vec!["member".to_owned(), "noSuchAttribute".to_owned()],
                metaverse_attributes: vec!["sourceAnchor".to_owned()],
            },
        );
        paged.extend(page.objects);
        next = page.next_index;
    }
    let ids = |objects: &[CsObject]| objects.iter().map(|object| object.object_id).collect::<Vec<_>>();
    assert_eq!(ids(&paged), ids(&all));
    let group = paged.iter().find(|object| object.object_type == "group").expect("the group");
    assert_eq!(group.attributes[0].values.len(), 3);
    assert!(group.attributes[0].values.contains(&format!("CN=anna,{PILOT}")), "references are names");
    assert_eq!(group.attributes[1].values, Vec::<String>::new());
    assert_eq!(group.metaverse_attributes[0].values, [anchor_of(lab.guid(&format!("CN=all,{SALES}")))]);
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    assert!(paged.iter().all(|object| object.object_id != anna), "an identifier of the engine's own");

    let statistics: ConnectorStatistics =
        lab.ask("SYNC01", &Operation::GetConnectorStatistics { connector: ENTRA });
    assert_eq!((statistics.total_connectors, statistics.export_adds), (4, 0));
    let nowhere = Operation::GetConnectorStatistics { connector: Uuid::nil() };
    assert_eq!(lab.refused("SYNC01", &nowhere).code, HostErrorCode::NotFound);
}

#[test]
fn names_in_the_entra_connector_are_anchors_in_hexadecimal() {
    let mut lab = Lab::populated();
    let anna = anchor_of(lab.guid(&format!("CN=anna,{PILOT}")));
    let objects = lab.objects("SYNC01", ENTRA);
    let name = objects
        .iter()
        .find(|object| object.attributes[0].values == [anna.clone()])
        .map(|object| object.distinguished_name.clone())
        .expect("anna");
    let digits = name.strip_prefix("CN={").and_then(|rest| rest.strip_suffix('}')).expect("braces");
    let bytes = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
    let decoded: Vec<u8> = bytes.map(|pair| u8::from_str_radix(pair, 16).expect("a byte")).collect();
    assert_eq!(String::from_utf8(decoded).expect("text"), anna);
}

#[test]
fn the_configuration_can_be_exported_and_loaded_again() {
    let mut lab = Lab::populated();
    lab.add_no_flow_rules("SYNC01", PILOT);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("export").to_string_lossy().into_owned();
    let export = Operation::ExportServerConfiguration { path: path.clone() };
    let _: () = lab.ask("SYNC01", &export);
    assert_eq!(
        lab.refused("SYNC01", &export).code,
        HostErrorCode::BadRequest,
        "the folder is not empty any more"
    );
    let read = ServerConfiguration::read(std::path::Path::new(&path)).expect("it reads");
    let rules: Vec<Rule> = lab.ask("SYNC01", &Operation::GetRules);
    assert_eq!(read.rules, rules);
    let again = SyncServer::from_configuration(&read, HostFacts::current("SYNC02"));
    lab.estate.add_server(Box::new(again));
    assert_eq!(lab.ask::<Vec<Rule>>("SYNC02", &Operation::GetRules), rules);
}

#[test]
fn the_directory_is_searched_by_pages_and_names() {
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(anna, "manager", sara);
    let page: DirectoryPage = lab.ask("SYNC01", &Operation::SearchDirectory(search(PILOT)));
    assert_eq!(page.entries.len(), 2);
    let entry = page.entries.iter().find(|entry| entry.object_guid == anna).expect("anna");
    let values = |name: &str| {
        entry
            .attributes
            .iter()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.values.clone())
    };
    assert_eq!(values("mS-DS-ConsistencyGuid"), Some(vec![anchor_of(anna)]));
    assert_eq!(values("userAccountControl"), Some(vec!["512".to_owned()]));
    assert_eq!(values("manager"), Some(vec![format!("CN=sara,{SALES}")]));

    let mut small = search(HEADQUARTERS);
    small.page_size = 3;
    let first: DirectoryPage = lab.ask("SYNC01", &Operation::SearchDirectory(small.clone()));
    small.cookie = first.cookie.clone();
    let second: DirectoryPage = lab.ask("SYNC01", &Operation::SearchDirectory(small.clone()));
    assert_eq!((first.entries.len(), second.entries.len(), second.cookie), (3, 1, None));
    small.cookie = Some("x".to_owned());
    assert_eq!(lab.refused("SYNC01", &Operation::SearchDirectory(small)).code, HostErrorCode::BadRequest);
    assert_eq!(
        lab.refused("SYNC01", &Operation::SearchDirectory(search("OU=Nowhere,DC=corp,DC=example,DC=com")))
            .code,
        HostErrorCode::NotFound
    );
    assert_eq!(
        lab.refused("SYNC01", &Operation::SearchDirectory(search("nonsense"))).code,
        HostErrorCode::BadRequest
    );
}

#[test]
fn a_probe_object_is_made_changed_and_removed() {
    let mut lab = Lab::populated();
    let name = format!("CN=probe,{PILOT}");
    let attribute = |name: &str, values: &[&str]| Attribute {
        name: name.to_owned(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let create = Operation::CreateDirectoryObject {
        distinguished_name: name.clone(),
        object_class: "user".to_owned(),
        attributes: vec![
            attribute("userPrincipalName", &["probe@corp.example.com"]),
            attribute("userAccountControl", &["514"]),
            attribute("manager", &[&format!("CN=sara,{SALES}")]),
        ],
    };
    let entry: DirectoryEntry = lab.ask("SYNC01", &create);
    assert_eq!(lab.refused("SYNC01", &create).code, HostErrorCode::Conflict);
    let probe = lab.estate.world.directory.get(entry.object_guid).expect("the probe");
    assert_eq!(probe.attributes.integer("userAccountControl"), Some(514));
    assert_eq!(
        probe.attributes.first("manager"),
        Some(&Value::Reference(lab.guid(&format!("CN=sara,{SALES}"))))
    );

    let modify =
        |attributes| Operation::ModifyDirectoryObject { distinguished_name: name.clone(), attributes };
    let _: () = lab.ask("SYNC01", &modify(vec![attribute("manager", &[]), attribute("info", &["x"])]));
    let probe = lab.estate.world.directory.get(entry.object_guid).expect("the probe");
    assert!(!probe.attributes.has("manager") && probe.attributes.text("info") == Some("x"));
    let bad = modify(vec![attribute("userAccountControl", &["many"])]);
    assert_eq!(lab.refused("SYNC01", &bad).code, HostErrorCode::BadRequest);

    let delete = Operation::DeleteDirectoryObject { distinguished_name: name.clone() };
    let _: () = lab.ask("SYNC01", &delete);
    assert_eq!(lab.refused("SYNC01", &delete).code, HostErrorCode::NotFound);
    let mut deleted = search(ROOT);
    deleted.deleted = true;
    let page: DirectoryPage = lab.ask("SYNC01", &Operation::SearchDirectory(deleted));
    assert_eq!(page.entries.len(), 1);
    assert!(page.entries[0].deleted);
    assert_eq!(page.entries[0].distinguished_name, name);
}

#[test]
fn the_judge_can_ask_what_the_rules_give() {
    use crate::value::AttributeName;
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(anna, "department", " Shoes ");
    lab.modify(anna, "manager", sara);
    let server = lab.estate.server("SYNC01").expect("the server");
    let expected = |attribute: &str| server.expected(anna, &AttributeName::new(attribute), &lab.estate.world);
    // From the directory as it is now, whatever was imported.
    assert_eq!(expected("department"), Some(vec![Value::text("Shoes")]));
    assert_eq!(expected("accountEnabled"), Some(vec![Value::Boolean(true)]));
    assert_eq!(expected("jobTitle"), Some(Vec::new()), "flows, and the directory has none");
    assert_eq!(expected("noSuchAttribute"), None);
    let manager = lab.cloud(sara).expect("sara").id;
    assert_eq!(expected("manager"), Some(vec![Value::Reference(manager)]));
}
