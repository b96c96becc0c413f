//! The real export of build 1.1.130.0: 62 rules, an AD connector, the Entra connector.

use std::fs;

use super::*;
use crate::protocol::ConnectorKind;
use crate::rule::FlowSource;

fn read() -> Option<ServerConfiguration> {
    Some(ServerConfiguration::read(&contoso()?).expect("the sample reads"))
}

#[test]
fn every_rule_is_written_as_it_was_exported() {
    let Some(dir) = contoso() else { return };
    let configuration = ServerConfiguration::read(&dir).expect("the sample reads");
    assert_eq!(configuration.rules.len(), 62);
    let files = configuration.to_files().expect("nothing was changed");
    for entry in fs::read_dir(dir.join("SynchronizationRules")).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("SynchronizationRules/{}", entry.file_name().to_string_lossy());
        let original = fs::read_to_string(entry.path()).expect("text");
        let written = files.get(&path).unwrap_or_else(|| panic!("{path} was not written"));
        assert_eq!(std::str::from_utf8(written).expect("text"), original, "{path}");
    }
}

#[test]
fn writing_and_reading_again_changes_nothing() {
    let Some(configuration) = read() else { return };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let target = scratch.path().join("export");
    configuration.write(&target).expect("an empty folder takes it");
    assert_eq!(ServerConfiguration::read(&target).expect("what we wrote"), configuration);
}

#[test]
fn files_that_are_not_rules_keep_their_bytes() {
    let Some(dir) = contoso() else { return };
    let files = ServerConfiguration::read(&dir).expect("the sample reads").to_files().expect("unchanged");
    for path in [
        "GlobalSettings/MV.xml",
        "Connectors/Connector_{ae4db4cc-b16b-4eb2-acf5-837ca84e4d7d}.xml",
        "Connectors/Connector_{b891884f-051e-4a83-95af-2544101c9083}.xml",
        "LICENSE.txt",
    ] {
        assert_eq!(files.get(path), fs::read(dir.join(path)).ok().as_deref(), "{path}");
    }
}

#[test]
fn flows_are_told_apart() {
    let Some(configuration) = read() else { return };
    let flows = || configuration.rules.iter().flat_map(|rule| &rule.attribute_flows);
    let count = |select: fn(&FlowSource) -> bool| flows().filter(|flow| select(&flow.source)).count();
    // Counted in the files with a text search.
    assert_eq!(flows().count(), 1200);
    assert_eq!(count(|source| matches!(source, FlowSource::Direct { .. })), 802);
    assert_eq!(count(|source| matches!(source, FlowSource::Expression { .. })), 391);
    assert_eq!(flows().filter(|flow| flow.execute_once).count(), 2);
    let constants: Vec<&str> = flows()
        .filter_map(|flow| match &flow.source {
            FlowSource::Constant { value } => Some(value.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(constants.len(), 7);
    assert!(
        constants.iter().all(|value| ["True", "False", "Computer", "ServerAd", "Contact"].contains(value))
    );
}

#[test]
fn expressions_are_unescaped() {
    let Some(configuration) = read() else { return };
    let rule =
        configuration.rules.iter().find(|rule| rule.name == "Out to AAD - Group Join").expect("the rule");
    let dn = rule.attribute_flows.iter().find(|flow| flow.destination == "dn").expect("the flow");
    let FlowSource::Expression { expression, attributes } = &dn.source else { panic!("an expression") };
    assert_eq!(expression, r#""CN={" & ConvertToUTF8Hex([sourceAnchor]) & "}""#);
    assert_eq!(attributes, &["sourceAnchor"]);
    assert_eq!(rule.scope_filter.len(), 4);
    assert_eq!(rule.scope_filter[0].len(), 5);
}

#[test]
fn rules_come_by_precedence() {
    let Some(configuration) = read() else { return };
    let precedences: Vec<u32> = configuration.rules.iter().map(|rule| rule.precedence).collect();
    assert_eq!(precedences, (100..162).collect::<Vec<_>>());
    assert!(configuration.rules.iter().all(crate::rule::Rule::is_standard));
}

#[test]
fn connectors_show_what_is_in_scope() {
    let Some(configuration) = read() else { return };
    let [directory, entra] = configuration.connectors.as_slice() else { panic!("two connectors") };
    assert_eq!(directory.kind, ConnectorKind::ActiveDirectory);
    assert_eq!(directory.name, "contoso.com");
    assert_eq!(directory.password_hash_sync, Some(false));
    assert_eq!(directory.forest_name.as_deref(), Some("contoso.com"));
    assert_eq!(directory.parameter("forest.netbios"), Some("CONTOSO"));
    assert_eq!(directory.attribute_inclusion.len(), 132);
    let [partition] = directory.partitions.as_slice() else { panic!("one domain") };
    assert_eq!(partition.partition.distinguished_name, "DC=contoso,DC=com");
    assert!(partition.partition.selected && partition.partition.is_domain);
    assert_eq!(partition.partition.container_inclusion, ["OU=CORP,DC=contoso,DC=com"]);
    assert_eq!(partition.partition.container_exclusion, ["DC=contoso,DC=com"]);
    assert_eq!(partition.parameter("Domain.Netbios"), Some("CONTOSO"));
    assert_eq!(directory.object_inclusion().len(), 10);

    assert_eq!(entra.kind, ConnectorKind::Entra);
    assert_eq!(entra.identifier, crate::ENTRA_CONNECTOR_ID);
    assert_eq!(entra.password_hash_sync, None);
    assert_eq!(entra.password_writeback, Some(false));
    // The file has one empty inclusion: it names no container.
    assert_eq!(entra.partitions[0].partition.container_inclusion, Vec::<String>::new());
    assert_eq!(entra.to_connector().object_inclusion, ["contact", "device", "group", "user"]);
}

#[test]
fn object_types_hold_inherited_and_auxiliary_attributes() {
    let Some(configuration) = read() else { return };
    let directory = &configuration.connectors[0];
    let held = |name: &str, attribute: &str| {
        let object_type = directory.object_types.iter().find(|t| t.name == name).expect("an object type");
        object_type.attributes.iter().any(|held| held == attribute)
    };
    // From the class, from its superiors, from auxiliary classes.
    assert!(held("user", "userPrincipalName"));
    assert!(held("user", "givenName"));
    assert!(held("user", "objectSid"));
    assert!(held("user", "cn"));
    assert!(held("group", "member"));
    assert!(!held("user", "member"));
    assert!(!held("contact", "userPrincipalName"));
    let member = directory.attributes.iter().find(|attribute| attribute.name == "member").expect("selected");
    assert_eq!((member.syntax, member.multi_valued), (AttributeSyntax::Reference, true));
    let guid =
        directory.attributes.iter().find(|attribute| attribute.name == "objectGUID").expect("selected");
    assert_eq!((guid.syntax, guid.multi_valued), (AttributeSyntax::Binary, false));
}

#[test]
fn settings_and_schema_are_read() {
    let Some(configuration) = read() else { return };
    assert_eq!(configuration.server, "CONTOSO-SYNC01");
    assert_eq!(configuration.build(), Some("1.1.130.0"));
    assert_eq!(
        configuration.parameter("Microsoft.SynchronizationOption.AnchorAttribute"),
        Some("objectGUID")
    );
    assert_eq!(configuration.parameter("Microsoft.UserWriteBack.Forest"), None);
    assert!(configuration.metaverse.attribute("cloudNoFlow").is_none(), "this build has none");
    let filtered = configuration.metaverse.attribute("CLOUDFILTERED").expect("in the schema");
    assert_eq!((filtered.syntax, filtered.multi_valued), (AttributeSyntax::Boolean, false));
    assert_eq!(configuration.metaverse.object_types.len(), 3);
    assert_eq!(configuration.metaverse.attributes.len(), 219);
    let features = configuration.features();
    assert!(features.device_write_up && features.exchange_hybrid);
    assert!(!features.password_hash_sync && !features.group_writeback && !features.device_writeback);
    assert_eq!(features.export_deletion_threshold, Some(500));
}
