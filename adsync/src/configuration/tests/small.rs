//! The export kept in the repository: it reads, keeps its bytes, and its rules name only what its schemas hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::*;
use crate::ENTRA_CONNECTOR_ID;
use crate::protocol::ConnectorKind;
use crate::rule::{Direction, FlowSource, LinkType};

/// Functions of the engine's expression language that the simulated engine knows as well.
const FUNCTIONS: &[&str] = &[
    "BitAnd",
    "CBool",
    "CRef",
    "CStr",
    "Contains",
    "ConvertToBase64",
    "ConvertToUTF8Hex",
    "DNComponent",
    "DateFromNum",
    "Error",
    "FormatDateTime",
    "IIF",
    "ImportedValue",
    "InStr",
    "IsNullOrEmpty",
    "IsPresent",
    "Item",
    "Left",
    "RemoveDuplicates",
    "StringFromSid",
    "Trim",
    "ValueCount",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../estate/exports/small")
}

fn read() -> ServerConfiguration {
    ServerConfiguration::read(&folder()).expect("our own export reads")
}

#[test]
fn it_is_written_back_byte_by_byte() {
    let files = ConfigurationFiles::load(&folder()).expect("a folder");
    let again = ServerConfiguration::from_files(files.clone()).expect("reads").to_files().expect("writes");
    let names =
        |files: &ConfigurationFiles| files.iter().map(|(path, _)| path.to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&again), names(&files));
    for (path, content) in files.iter() {
        assert_eq!(again.get(path), Some(content), "{path}");
    }
}

#[test]
fn it_shows_what_it_is_meant_to_show() {
    let configuration = read();
    assert_eq!(configuration.build(), Some("2.6.92.0"));
    let [directory, entra] = configuration.connectors.as_slice() else { panic!("two connectors") };
    assert_eq!((directory.kind, entra.kind), (ConnectorKind::ActiveDirectory, ConnectorKind::Entra));
    assert_eq!(directory.password_hash_sync, Some(true));
    let domains: Vec<_> = directory
        .partitions
        .iter()
        .map(|p| (p.partition.distinguished_name.as_str(), p.parameter("Domain.FQDN")))
        .collect();
    assert_eq!(
        domains,
        [
            ("DC=corp,DC=example,DC=com", Some("corp.example.com")),
            ("DC=emea,DC=corp,DC=example,DC=com", Some("emea.corp.example.com")),
        ]
    );
    let features = configuration.features();
    assert!(features.password_hash_sync && !features.device_write_up && !features.exchange_hybrid);
    assert_eq!(
        configuration.parameter("Microsoft.SynchronizationOption.AnchorAttribute"),
        Some("mS-DS-ConsistencyGuid")
    );

    let precedences: Vec<u32> = configuration.rules.iter().map(|rule| rule.precedence).collect();
    assert_eq!(precedences, (100..127).collect::<Vec<_>>(), "shipped rules start at 100");
    assert!(configuration.rules.iter().all(crate::rule::Rule::is_standard));
    let disabled: Vec<_> =
        configuration.rules.iter().filter(|rule| rule.disabled).map(|rule| &rule.name).collect();
    assert_eq!(disabled, ["In from AD - Computer Join", "Out to AAD - Device Join"]);
    // Each object type enters and leaves once.
    let provisions = configuration.rules.iter().filter(|rule| rule.link_type == LinkType::Provision);
    let ways: BTreeSet<_> =
        provisions.map(|rule| (rule.direction, &rule.source_object_type, &rule.target_object_type)).collect();
    assert_eq!(ways.len(), 9);
}

/// Attribute names in square brackets, and in the functions that take a name in quotes.
fn names_in(expression: &str) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = expression
        .split('[')
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .map(|(name, _)| name.to_owned())
        .collect();
    for function in ["ImportedValue(\"", "ValueCount(\""] {
        names.extend(
            expression
                .split(function)
                .skip(1)
                .filter_map(|rest| rest.split_once('"'))
                .map(|(n, _)| n.to_owned()),
        );
    }
    names.remove("dn");
    names
}

fn functions_in(expression: &str) -> BTreeSet<String> {
    // Every second piece is inside quotes.
    let code: String = expression.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
    let pieces: Vec<&str> = code.split('(').collect();
    pieces[..pieces.len() - 1]
        .iter()
        .map(|before| {
            before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn rules_and_schemas_agree() {
    let configuration = read();
    let metaverse = |name: &str| {
        configuration
            .metaverse
            .object_type(name)
            .unwrap_or_else(|| panic!("metaverse type {name}"))
            .attributes
            .clone()
    };
    for rule in &configuration.rules {
        let connector = configuration.connector(rule.connector).expect("the rule's connector");
        let space = |name: &str| {
            let found = connector.object_types.iter().find(|object_type| object_type.name == name);
            found.unwrap_or_else(|| panic!("{}: connector type {name}", rule.name)).attributes.clone()
        };
        let (source, target) = match rule.direction {
            Direction::Inbound => (space(&rule.source_object_type), metaverse(&rule.target_object_type)),
            Direction::Outbound => (metaverse(&rule.source_object_type), space(&rule.target_object_type)),
        };
        let (space, metaverse) =
            if rule.direction == Direction::Inbound { (&source, &target) } else { (&target, &source) };
        let check = |held: &[String], name: &str, what: &str| {
            assert!(
                held.iter().any(|held| held == name),
                "{}: {what} {name} is not in the schema",
                rule.name
            );
        };
        for condition in rule.scope_filter.iter().flatten() {
            check(&source, &condition.attribute, "scope attribute");
        }
        for condition in rule.join_filter.iter().flatten() {
            check(space, &condition.cs_attribute, "join attribute");
            check(metaverse, &condition.mv_attribute, "join attribute");
        }
        for flow in &rule.attribute_flows {
            // The name of an object in the Entra connector is no attribute of its schema.
            if flow.destination != "dn" || rule.connector != ENTRA_CONNECTOR_ID {
                check(&target, &flow.destination, "destination");
            }
            match &flow.source {
                FlowSource::Direct { attribute } => check(&source, attribute, "source"),
                FlowSource::Constant { value } => assert!(!value.is_empty()),
                FlowSource::Expression { expression, attributes } => {
                    let named = names_in(expression);
                    assert_eq!(named, attributes.iter().cloned().collect(), "{}: {expression}", rule.name);
                    for name in &named {
                        check(&source, name, "source");
                    }
                    for function in functions_in(expression) {
                        assert!(FUNCTIONS.contains(&function.as_str()), "{}: {function}", rule.name);
                    }
                }
            }
        }
    }
}

#[test]
fn no_text_of_the_real_export_is_in_it() {
    let Some(contoso) = contoso() else { return };
    let real = ServerConfiguration::read(&contoso).expect("the sample reads");
    let real: BTreeSet<_> = real.rules.iter().map(|rule| rule.identifier).collect();
    assert!(read().rules.iter().all(|rule| !real.contains(&rule.identifier)));
    for entry in fs::read_dir(folder().join("SynchronizationRules")).expect("a folder") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("text");
        assert!(!text.to_ascii_lowercase().contains("contoso"));
    }
}
