//! The definitions in the chart are those in crds/yaml. Reads files and runs Helm.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::helm;

/// The definitions in crds/yaml by name.
fn generated() -> BTreeMap<String, Value> {
    let entries = std::fs::read_dir(tests::repository().join("crds/yaml")).unwrap();
    let texts = entries.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    by_name(texts.map(|text| serde_yaml::from_str(&text).unwrap()))
}

fn by_name(definitions: impl Iterator<Item = Value>) -> BTreeMap<String, Value> {
    definitions.map(|value| (value["metadata"]["name"].as_str().unwrap().to_owned(), value)).collect()
}

fn rendered(further: &[&str]) -> BTreeMap<String, Value> {
    let objects = helm::template(further).unwrap();
    by_name(helm::of_kind(&objects, "CustomResourceDefinition").into_iter().cloned())
}

#[test]
fn the_charts_definitions_are_the_generated_ones_and_are_kept_on_uninstall() {
    let mut rendered = rendered(&[]);
    for (name, definition) in &mut rendered {
        let metadata = definition["metadata"].as_object_mut().unwrap();
        let annotations = metadata.remove("annotations");
        assert_eq!(annotations, Some(json!({ "helm.sh/resource-policy": "keep" })), "{name}");
    }
    assert!(rendered == generated(), "the chart's definitions differ from crds/yaml: run `make generate`");
}

#[test]
fn the_definitions_can_be_left_out_and_can_go_with_the_release() {
    assert!(rendered(&["--set", "crds.enabled=false"]).is_empty());
    assert!(rendered(&["--set", "crds.keep=false"]) == generated());
}

#[test]
fn every_definition_fits_into_the_annotation_of_a_client_side_apply() {
    for (name, definition) in rendered(&[]) {
        let size = definition.to_string().len();
        assert!(size < 262_144, "{name} has {size} bytes");
    }
}
