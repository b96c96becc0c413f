//! How large a SyncAgent can become: computed from the schema, and for what a real estate needs.

use serde_json::{Value, json};

use super::command::{MOST_NO_FLOW_SCOPES, MOST_UNITS, NoFlowRules, NoFlowScope};
use super::*;
use crate::primitive::DistinguishedName;

/// What a SyncAgent is meant to stay below, with all that is in it.
const LIMIT: usize = 16 * 1024;

/// Metadata (managed fields of operator and agent included), the rest of spec and status.
const ENVELOPE: usize = 3 * 1024;

fn schema() -> Value {
    let definitions = crate::finish::all();
    let definition = definitions.iter().find(|d| d.spec.names.kind == "SyncAgent").unwrap();
    serde_json::to_value(&definition.spec.versions[0].schema).unwrap()["openAPIV3Schema"]["properties"]
        .clone()
}

/// Most bytes of JSON that a schema lets a value have, where every character is one byte.
fn most(schema: &Value) -> usize {
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| value.to_string().len()).max().unwrap();
    }
    let bound = |word: &str| {
        usize::try_from(schema[word].as_u64().unwrap_or_else(|| panic!("{word}: {schema}"))).unwrap()
    };
    match schema["type"].as_str().unwrap() {
        "boolean" => 5,
        "integer" => 20,
        "string" if schema["format"] == "date-time" => 32,
        "string" => bound("maxLength") + 2,
        "array" => bound("maxItems") * (most(&schema["items"]) + 1) + 2,
        "object" => {
            let fields: Vec<usize> = schema["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, child)| name.len() + 4 + most(child))
                .collect();
            // Of a closed list of fields there is one.
            2 + if schema.get("oneOf").is_some() {
                fields.into_iter().max().unwrap_or(0)
            } else {
                fields.iter().sum()
            }
        }
        other => panic!("a schema has type {other}"),
    }
}

fn actions() -> Vec<(String, usize)> {
    let schema = schema();
    let action = &schema["spec"]["properties"]["command"]["properties"]["action"]["properties"];
    action.as_object().unwrap().iter().map(|(name, schema)| (name.clone(), most(schema))).collect()
}

/// A rule command of so many scopes with so many units, each name so long.
fn rules(scopes: usize, units: usize, length: usize) -> Action {
    let unit = |scope: usize, unit: usize| {
        let end = format!("{scope:03}{unit},DC=contoso,DC=com");
        DistinguishedName::parse(&format!("OU={}{end}", "x".repeat(length - end.len() - 3))).unwrap()
    };
    let scope = |number| NoFlowScope {
        name: format!("scope-{number:03}").as_str().into(),
        organizational_units: (0..units).map(|n| unit(number, n)).collect(),
    };
    Action::PutNoFlowRules(NoFlowRules { scopes: (0..scopes).map(scope).collect() })
}

fn bytes(action: &Action) -> usize {
    serde_json::to_vec(action).unwrap().len()
}

#[test]
fn every_command_but_those_of_rules_stays_small() {
    for (name, bytes) in actions() {
        // `setService` reads what is exported before it stops the engine, and so names the scopes too.
        if !["putNoFlowRules", "proveNoFlow", "readResidualExports", "setService"].contains(&name.as_str()) {
            assert!(bytes + ENVELOPE <= LIMIT / 2, "{name} can have {bytes} bytes: no room for its outcome");
        }
    }
}

#[test]
fn rules_of_what_an_engine_usually_holds_fit() {
    // Users, groups and contacts of one domain: 3 of 100 precedences for all scopes and 3 for each.
    let scopes = (100 - 3) / 3;
    assert_eq!(scopes, 32);
    // Its evidence: counts, digests, and forty anchors of 24 characters.
    let outcome = 2 * 1024;
    let bytes = bytes(&rules(scopes, 4, 64));
    assert!(bytes + outcome + ENVELOPE <= LIMIT, "{bytes} of the command");
}

/// Decision 4: above the limit, and why. The figures there are these.
#[test]
fn rules_of_all_that_an_engine_can_hold_are_no_more_than_the_decision_says() {
    let long = bytes(&rules(MOST_NO_FLOW_SCOPES, MOST_UNITS, 64));
    assert!((52..=58).contains(&(long / 1024)), "{} KiB", long / 1024);
    for (name, bytes) in actions()
        .iter()
        .filter(|(name, _)| ["NoFlow", "Residual", "Service"].iter().any(|part| name.contains(part)))
    {
        assert!((400..=416).contains(&(bytes / 1024)), "{name}: {} KiB", bytes / 1024);
    }
}

#[test]
fn the_largest_rule_command_can_be_stored() {
    // Names of 512 characters of three bytes each, in spec and in the status of a store that takes 1.5 MiB.
    let action = rules(MOST_NO_FLOW_SCOPES, MOST_UNITS, 512);
    let read: Action = serde_json::from_value(serde_json::to_value(&action).unwrap()).unwrap();
    assert_eq!(read, action);
    assert!(3 * bytes(&action) + 64 * 1024 < 1536 * 1024);
}

#[test]
fn what_is_said_of_a_command_stays_small() {
    let schema = schema();
    let status = &schema["status"]["properties"];
    let evidence = status["outcome"]["properties"]["evidence"]["properties"].as_object().unwrap();
    for (name, schema) in evidence.iter().filter(|(name, _)| *name != "runs") {
        let bytes = most(schema);
        assert!(bytes + ENVELOPE <= LIMIT, "{name} can have {bytes} bytes");
    }
    // Runs repeat the connectors' names, which are as long as people make them.
    let run = json!({"connectors": "ActiveDirectory", "connector": "x".repeat(24), "profile": "FullSynchronization",
        "result": "completed-sync-errors", "startedAt": "2026-10-05T22:05:00Z", "endedAt": "2026-10-05T22:07:41Z",
        "exportAdds": 0, "exportUpdates": 0, "exportDeletes": 0});
    let runs = |number: usize| number * (run.to_string().len() + 1) + ENVELOPE;
    assert!(runs(48) <= LIMIT, "full import and synchronization of 23 domains and Entra");
    let most_runs = evidence["runs"]["properties"]["runs"]["maxItems"].as_u64().unwrap();
    assert!(runs(usize::try_from(most_runs).unwrap()) <= LIMIT + LIMIT / 4, "of 31 domains");
}

#[test]
fn the_digest_of_one_jobs_mappings_is_its_own_and_that_of_several_names_each() {
    let (one, other) = (ContentDigest::of(b"one"), ContentDigest::of(b"other"));
    assert_eq!(mappings_digest([("contoso.com", &one)]), one);
    let both = mappings_digest([("contoso.com", &one), ("emea.contoso.com", &other)]);
    assert_eq!(mappings_digest([("EMEA.contoso.com", &other), ("contoso.com", &one)]), both);
    assert_ne!(mappings_digest([("contoso.com", &other), ("emea.contoso.com", &one)]), both);
    assert_ne!(mappings_digest([]), one);
}
