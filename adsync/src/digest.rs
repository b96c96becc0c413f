//! Digests of rules and configurations: equal content gives an equal digest, wherever and in whatever order it was read. Pure.
//!
//! Text form `sha256:` and 64 hexadecimal digits. What is hashed is JSON with sorted members and no blanks.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::configuration::{ConfigurationFiles, ConnectorConfiguration, ServerConfiguration};
use crate::protocol::NamedValue;
use crate::rule::Rule;

/// Parameters that change by themselves between two exports of an unchanged server.
const VOLATILE: &[&str] = &["Microsoft.Synchronize.NextStartTime", "cookie", "last-dc"];

/// Digest of a set of rules, whatever their order. `internal_identifier` and `version` are left out: the engine raises them on
/// every save, also of unchanged content.
pub fn of_rules(rules: &[Rule]) -> String {
    hash(&rules_as_json(rules))
}

/// Digest of one rule's content, as in [`of_rules`].
pub fn of_rule(rule: &Rule) -> String {
    of_rules(std::slice::from_ref(rule))
}

/// Digest of what a configuration makes the engine do: rules, connector scopes, schema and parameters. Server name, export date and
/// values that change by themselves are left out, so two exports of an unchanged server agree.
pub fn of_configuration(configuration: &ServerConfiguration) -> String {
    let mut connectors: Vec<&ConnectorConfiguration> = configuration.connectors.iter().collect();
    connectors.sort_by_key(|connector| connector.identifier);
    let attributes =
        configuration.metaverse.attributes.iter().map(|attribute| {
            json!([attribute.name, attribute.syntax.metaverse_oid(), attribute.multi_valued])
        });
    let object_types = configuration
        .metaverse
        .object_types
        .iter()
        .map(|object_type| json!([object_type.name, sorted(&object_type.attributes)]));
    hash(&json!({
        "connectors": connectors.into_iter().map(connector_as_json).collect::<Vec<_>>(),
        "metaverseAttributes": sorted_values(attributes.collect()),
        "metaverseObjectTypes": sorted_values(object_types.collect()),
        "parameters": parameters_as_json(&configuration.parameters),
        "rules": rules_as_json(&configuration.rules),
    }))
}

/// Digest of the bytes and paths of an export: proves that a stored copy is the one that was taken.
pub fn of_files(files: &ConfigurationFiles) -> String {
    let mut hasher = Sha256::new();
    for (path, content) in files.iter() {
        // Lengths first, or two files could be cut at another place and hash alike.
        for part in [path.as_bytes(), content] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    text_of(hasher)
}

fn rules_as_json(rules: &[Rule]) -> Value {
    let mut rules: Vec<&Rule> = rules.iter().collect();
    rules.sort_by_key(|rule| rule.identifier);
    rules
        .into_iter()
        .map(|rule| {
            let mut value = serde_json::to_value(rule).unwrap_or_default();
            if let Value::Object(members) = &mut value {
                members.remove("internalIdentifier");
                members.remove("version");
            }
            value
        })
        .collect()
}

fn connector_as_json(connector: &ConnectorConfiguration) -> Value {
    let partitions = connector.partitions.iter().map(|partition| {
        json!({
            "distinguishedName": partition.partition.distinguished_name,
            "selected": partition.partition.selected,
            "inclusion": sorted(&partition.partition.container_inclusion),
            "exclusion": sorted(&partition.partition.container_exclusion),
            "objectClasses": sorted(&partition.object_classes),
            "parameters": parameters_as_json(&partition.parameters),
        })
    });
    json!({
        "identifier": connector.identifier,
        "name": connector.name,
        "kind": connector.kind,
        "partitions": sorted_values(partitions.collect()),
        "attributes": sorted(&connector.attribute_inclusion),
        "passwordHashSync": connector.password_hash_sync,
        "passwordWriteback": connector.password_writeback,
        "parameters": parameters_as_json(&connector.parameters),
    })
}

fn parameters_as_json(parameters: &[NamedValue]) -> Value {
    let kept = parameters
        .iter()
        .filter(|parameter| !VOLATILE.iter().any(|name| name.eq_ignore_ascii_case(&parameter.name)))
        .map(|parameter| json!([parameter.name, parameter.value]));
    Value::Array(sorted_values(kept.collect()))
}

fn sorted(texts: &[String]) -> Vec<&String> {
    let mut texts: Vec<&String> = texts.iter().collect();
    texts.sort();
    texts
}

fn sorted_values(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_by_cached_key(canonical);
    values
}

fn hash(value: &Value) -> String {
    let mut hasher = Sha256::new();
    hasher.update(canonical(value));
    text_of(hasher)
}

fn text_of(hasher: Sha256) -> String {
    use std::fmt::Write as _;
    hasher.finalize().iter().fold("sha256:".to_owned(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// JSON with sorted members. `serde_json` sorts them as well unless some crate of the build switches its `preserve_order` on, and
/// a digest must not depend on that.
fn canonical(value: &Value) -> Vec<u8> {
    let mut text = Vec::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push(b'{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write_scalar(name, text);
                text.push(b':');
                write_canonical(value, text);
            }
            text.push(b'}');
        }
        Value::Array(values) => {
            text.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write_canonical(value, text);
            }
            text.push(b']');
        }
        scalar => write_scalar(scalar, text),
    }
}

fn write_scalar(value: &impl serde::Serialize, text: &mut Vec<u8>) {
    // Writing to memory cannot fail, and neither can a scalar.
    drop(serde_json::to_writer(text, value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::no_flow::{self, NoFlowObject, NoFlowScope};

    fn rules() -> Vec<Rule> {
        let units = ["OU=A,DC=example,DC=com".to_owned()];
        let scope = NoFlowScope { name: "a", organizational_units: &units };
        no_flow::rules(&scope, &[uuid::Uuid::from_u128(1)], NoFlowObject::ALL, &[]).expect("room for all")
    }

    #[test]
    fn order_and_counters_of_the_engine_do_not_matter() {
        let rules = rules();
        let mut other: Vec<Rule> = rules.iter().rev().cloned().collect();
        for rule in &mut other {
            rule.version += 7;
            rule.internal_identifier = uuid::Uuid::from_u128(99);
        }
        assert_eq!(of_rules(&rules), of_rules(&other));
    }

    #[test]
    fn content_matters() {
        let before = rules();
        let digest = of_rules(&before);
        assert_eq!(digest.len(), "sha256:".len() + 64);
        let changes: [fn(&mut Rule); 5] = [
            |rule| rule.disabled = true,
            |rule| rule.precedence += 1,
            |rule| rule.scope_filter.clear(),
            |rule| rule.name.push('x'),
            |rule| rule.connector = uuid::Uuid::from_u128(2),
        ];
        for change in changes {
            let mut after = before.clone();
            change(&mut after[0]);
            assert_ne!(of_rules(&after), digest);
        }
        assert_ne!(of_rules(&before[1..]), digest, "a missing rule");
        assert_eq!(of_rule(&before[0]), of_rules(&before[..1]));
    }

    #[test]
    fn members_are_sorted_at_every_depth() {
        let mut inner = serde_json::Map::new();
        inner.insert("b".to_owned(), json!(1));
        inner.insert("a".to_owned(), json!(["x\"", null]));
        let value = json!({"z": inner, "y": true, "é\n\"": [1.5, -2, {}, []]});
        assert_eq!(
            String::from_utf8(canonical(&value)).expect("text"),
            r#"{"y":true,"z":{"a":["x\"",null],"b":1},"é\n\"":[1.5,-2,{},[]]}"#
        );
    }

    #[test]
    fn files_are_told_apart_by_path_and_cut() {
        let one = |path: &str, content: &str| ConfigurationFiles::new([(path.to_owned(), content.into())]);
        assert_ne!(of_files(&one("ab", "c")), of_files(&one("a", "bc")));
        assert_eq!(of_files(&one(r"a\b", "c")), of_files(&one("a/b", "c")));
    }
}
