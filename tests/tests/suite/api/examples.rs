//! Right objects of every kind that hold all that the kind knows: as small as possible, or as large. Pure.

use serde_json::{Value, json};

use super::fill::{Fill, MOST, ONE};
use super::schema::{definition, definitions, spec};

/// A right object, and what is special about it.
#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) kind: String,
    pub(super) about: String,
    pub(super) object: Value,
}

/// Objects of every kind with all fields and one item in each list.
pub(super) fn small() -> Vec<Example> {
    of_every_kind(ONE)
}

/// Objects of every kind with all fields, lists of as many items and texts of as many characters as are allowed.
pub(super) fn large() -> Vec<Example> {
    of_every_kind(MOST)
}

fn of_every_kind(fill: Fill) -> Vec<Example> {
    let mut examples = Vec::new();
    for definition in definitions() {
        let kind = definition["spec"]["names"]["kind"].as_str().unwrap();
        let made = match kind {
            "EntraTenant" => tenants(fill),
            "SyncTopology" => topologies(fill),
            "SyncAgent" => agents(fill),
            "Migration" => migrations(fill),
            "MigrationDecision" => decisions(fill),
            "ConfigurationSnapshot" => snapshots(fill),
            "SyncServer" | "SyncAgentReport" => vec![("all fields".to_owned(), filled(kind, fill))],
            other => panic!("there are no examples of {other}"),
        };
        examples.extend(made.into_iter().enumerate().map(|(number, (about, spec))| Example {
            kind: kind.to_owned(),
            about,
            object: json!({
                "apiVersion": "hybrididentity.dev/v1alpha1",
                "kind": kind,
                "metadata": { "name": format!("example-{number}") },
                "spec": spec,
            }),
        }));
    }
    examples
}

fn filled(kind: &str, fill: Fill) -> Value {
    fill.value(spec(definition(kind)), 0)
}

/// Removes fields that exclude others.
fn without(mut spec: Value, fields: &[&str]) -> Value {
    for field in fields {
        spec.as_object_mut().unwrap().remove(*field);
    }
    spec
}

fn tenants(fill: Fill) -> Vec<(String, Value)> {
    let ways = ["clientSecret", "certificate", "workloadIdentity"];
    let mut tenants = Vec::new();
    for way in ways {
        let mut spec = filled("EntraTenant", fill);
        let others: Vec<_> = ways.into_iter().filter(|other| *other != way).collect();
        spec["credential"] = without(spec["credential"].take(), &others);
        spec["cloud"] = json!("Custom");
        for address in ["login", "graph"] {
            let host = format!("https://{address}.contoso.com/");
            let length = if fill.most { 256 } else { host.len() };
            spec["endpoints"][address] = json!(format!("{host}{}", "a".repeat(length - host.len())));
        }
        tenants.push((format!("sign-in by {way}"), spec));
    }
    let mut known = without(tenants[0].1.clone(), &["endpoints"]);
    known["cloud"] = json!("Global");
    tenants.push(("a known cloud".to_owned(), known));
    tenants
}

/// The largest topologies must fit into the store with the list of owners that the API server adds for each organizational
/// unit, which is about as long as the units themselves: 1.5 MiB for both. So the names in them are not the longest.
const LONGEST_UNIT: usize = 370;

fn topologies(fill: Fill) -> Vec<(String, Value)> {
    let fill = Fill { longest_name: fill.longest_name.min(LONGEST_UNIT), ..fill };
    let mut spec = filled("SyncTopology", fill);
    for scope in spec["scopes"].as_array_mut().unwrap() {
        *scope = without(scope.take(), &["groups"]);
        scope["engine"] = json!("CloudSync");
        let last = scope["organizationalUnits"].as_array().unwrap().last().unwrap().as_str().unwrap();
        scope["probeOrganizationalUnit"] = json!(format!("OU=Probe,{last}"));
    }
    let waves = spec["strategy"]["waves"].as_array().unwrap().len();
    let scopes = spec["scopes"].as_array().unwrap().len();

    let mut kept = without(spec.clone(), &["strategy"]);
    for scope in kept["scopes"].as_array_mut().unwrap() {
        scope["engine"] = json!("EntraConnect");
    }
    kept["servers"][0] = without(kept["servers"][0].take(), &["retireBy"]);

    vec![
        (format!("{scopes} scopes in {waves} waves"), in_waves(&spec, waves)),
        (format!("{scopes} scopes in one wave"), in_waves(&spec, 1)),
        (format!("{scopes} scopes that stay"), kept),
    ]
}

/// The topology with its scopes spread over its first waves.
fn in_waves(spec: &Value, count: usize) -> Value {
    let mut spec = spec.clone();
    let names: Vec<_> =
        spec["scopes"].as_array().unwrap().iter().map(|scope| scope["name"].clone()).collect();
    let waves = spec["strategy"]["waves"].as_array_mut().unwrap();
    waves.truncate(count);
    for (wave, names) in waves.iter_mut().zip(names.chunks(names.len().div_ceil(count))) {
        wave["scopes"] = json!(names);
    }
    spec
}

fn agents(fill: Fill) -> Vec<(String, Value)> {
    let definition = definition("SyncAgent");
    let action = &spec(definition)["properties"]["command"]["properties"]["action"];
    let actions = action["oneOf"].as_array().unwrap();
    (0..actions.len())
        .map(|choice| {
            let name = actions[choice]["required"][0].as_str().unwrap();
            (format!("action {name}"), filled("SyncAgent", Fill { choice, ..fill }))
        })
        .collect()
}

fn migrations(fill: Fill) -> Vec<(String, Value)> {
    let mut scope = without(filled("Migration", fill), &["server"]);
    scope["itinerary"] = json!("ConnectToCloudSync");
    let mut server = without(filled("Migration", fill), &["scope"]);
    server["itinerary"] = json!("RetireConnect");
    vec![("a scope".to_owned(), scope), ("a server".to_owned(), server)]
}

fn decisions(fill: Fill) -> Vec<(String, Value)> {
    let mut skip = filled("MigrationDecision", fill);
    skip["decision"] = json!("SkipStep");
    let mut approve = without(skip.clone(), &["step"]);
    approve["decision"] = json!("Approve");
    vec![("a step left out".to_owned(), skip), ("an approval".to_owned(), approve)]
}

fn snapshots(fill: Fill) -> Vec<(String, Value)> {
    let spec = filled("ConfigurationSnapshot", fill);
    vec![
        ("in Secrets".to_owned(), without(spec.clone(), &["url"])),
        ("in an object store".to_owned(), without(spec, &["secrets"])),
    ]
}
