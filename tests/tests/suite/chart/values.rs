//! The values and their schema. Runs Helm.

use serde_json::Value;

use super::helm;

fn default_values() -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(helm::chart().join("values.yaml")).unwrap()).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(helm::chart().join("values.schema.json")).unwrap()).unwrap()
}

#[test]
fn every_default_value_is_in_the_schema_and_the_other_way_round() {
    compare("", &default_values(), &schema());
}

/// Compares the levels that are ours: where the schema closes an object and lists what may be in it.
fn compare(path: &str, values: &Value, schema: &Value) {
    let Some(properties) = schema["properties"].as_object() else { return };
    assert_eq!(schema["additionalProperties"], false, "the schema leaves {path}. open");
    let values = values.as_object().unwrap();
    for (name, value) in values {
        let property = properties.get(name);
        let property =
            property.unwrap_or_else(|| panic!("{path}.{name} is in values.yaml and not in the schema"));
        compare(&format!("{path}.{name}"), value, property);
    }
    // Helm's own, and what Kubernetes has beside what we set.
    let elsewhere = ["global", "claims"];
    for name in properties.keys().filter(|name| !elsewhere.contains(&name.as_str())) {
        assert!(values.contains_key(name), "{path}.{name} is in the schema and not in values.yaml");
    }
}

#[test]
fn a_wrong_value_is_refused_and_named() {
    let wrong = [
        ("replicas=9", "/replicas"),
        ("replicas=two", "/replicas"),
        ("replicaCount=2", "replicaCount"),
        ("crds.enable=false", "enable"),
        ("image.tag=latest", "/image/tag"),
        ("image.digest=abc", "/image/digest"),
        ("settings.leaseSeconds=1", "/settings/leaseSeconds"),
        ("settings.snapshotStore=ftp://host/x", "/settings/snapshotStore"),
        ("settings.logFormat=xml", "/settings/logFormat"),
        ("watchNamespaces={one,one}", "/watchNamespaces"),
        ("watchNamespaces={Big}", "/watchNamespaces/0"),
        ("admissionPolicies.operators={anna}", "/admissionPolicies/operators/0"),
    ];
    for (value, named) in wrong {
        for outcome in
            [helm::lint(&["--set", value]), helm::template(&["--set", value]).map(|_| String::new())]
        {
            let refusal = outcome.expect_err(value);
            assert!(refusal.contains(named), "{value}: {refusal}");
        }
    }
}

#[test]
fn values_that_contradict_each_other_are_refused_with_the_way_out() {
    let refusal =
        helm::template(&["--set", "serviceMonitor.enabled=true,service.enabled=false"]).unwrap_err();
    assert!(refusal.contains("serviceMonitor.enabled needs service.enabled"), "{refusal}");
    let refusal = helm::template(&["--set", "serviceAccount.create=false"]).unwrap_err();
    assert!(refusal.contains("serviceAccount.name must be set"), "{refusal}");
}
