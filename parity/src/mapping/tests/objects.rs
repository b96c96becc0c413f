//! Whole objects.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::super::{Disposition, MappingSet, Predicted, PredictedValue};
use super::person;
use super::schema::schema;
use crate::key::ObjectType;
use crate::object::DirectoryObject;

fn mapping(target: &str, expression: &str) -> Json {
    // No type: the text alone is read.
    json!({"targetAttributeName": target, "flowType": "Always", "source": {"expression": expression}})
}

fn evaluate(attributes: &Json) -> BTreeMap<String, PredictedValue> {
    let predicted = MappingSet::from_schema(&schema(attributes)).unwrap().evaluate(&person());
    assert_eq!(predicted.disposition, Disposition::Provisioned);
    assert_eq!(predicted.target_type.as_deref(), Some("User"));
    predicted.attributes
}

fn values(values: &[&str]) -> PredictedValue {
    PredictedValue::Values(values.iter().map(|value| (*value).to_owned()).collect())
}

fn reason(value: &PredictedValue) -> &str {
    match value {
        PredictedValue::Unpredictable { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn attributes_are_computed_by_their_kind() {
    let predicted = evaluate(&json!([
        mapping("displayName", "Join(\" \", [givenName], [sn])"),
        mapping("department", "[department]"),
        mapping("city", "Trim(\"  \")"),
        mapping("accountEnabled", "Not([missing])"),
        mapping("onPremisesSecurityIdentifier", "[objectSid]"),
        mapping("immutable", "[objectGUID]"),
        {"targetAttributeName": "userType", "source": null, "defaultValue": "Member"},
        {"targetAttributeName": "nothing", "source": null},
        {"targetAttributeName": "usageLocation", "flowType": "ObjectAddOnly", "source": {"expression": "[state]"}},
        mapping("jobTitle", "IgnoreFlowIfNullOrEmpty([missing])"),
    ]));
    let table = [
        ("displayName", values(&["John Doe"])),
        ("department", PredictedValue::Absent),
        ("city", PredictedValue::Absent),
        ("accountEnabled", values(&["True"])),
        ("onPremisesSecurityIdentifier", values(&["S-1-5-32-544"])),
        ("immutable", values(&["AAAAAAAAAAAAAAAAAAAAAA=="])),
        ("userType", values(&["Member"])),
        ("nothing", PredictedValue::Untouched),
        ("usageLocation", PredictedValue::Untouched),
        ("jobTitle", PredictedValue::Untouched),
    ];
    for (name, expected) in table {
        assert_eq!(predicted.get(name), Some(&expected), "{name}");
    }
}

#[test]
fn what_depends_on_more_than_the_object_is_said() {
    let predicted = evaluate(&json!([
        mapping("manager", "[sn]"),
        mapping("assistant", "[sn]"),
        mapping("notRead", "[notRead]"),
        {"targetAttributeName": "merged", "flowType": "MultiValueAddOnly", "source": {"expression": "[sn]"}},
        {"targetAttributeName": "future", "flowType": "Sometimes", "source": {"expression": "[sn]"}},
        {"targetAttributeName": "defaulted", "source": {"expression": "[missing]"}, "defaultValue": "x"},
        mapping("twice", "[sn]"),
        mapping("Twice", "[mail]"),
    ]));
    let table = [
        ("manager", "reference"),
        ("assistant", "reference"),
        ("notRead", "was not read"),
        ("merged", "value that is there"),
        ("future", "unknown flow type"),
        ("defaulted", "new objects only"),
        ("twice", "several mappings"),
    ];
    for (name, expected) in table {
        assert!(reason(&predicted[name]).contains(expected), "{name}: {:?}", predicted[name]);
    }
    assert_eq!(predicted.len(), table.len());
}

#[test]
fn members_and_managers_are_taken_over_as_they_are_or_unpredictable() {
    let mapped = |target: &str, source: &str| {
        let found = evaluate(&json!([mapping(target, source)]));
        found.into_values().next().unwrap()
    };
    for (target, source) in [("manager", "[Manager]"), ("Member", "[member]"), ("members", "[member]")] {
        assert_eq!(mapped(target, source), PredictedValue::References, "{target}");
    }
    for (target, source) in [
        ("manager", "[secretary]"),
        ("member", "[owner]"),
        ("manager", "Trim([manager])"),
        ("manager", "\"x\""),
    ] {
        assert!(reason(&mapped(target, source)).contains("reference"), "{target} {source}");
    }
    let once = json!([{"targetAttributeName": "manager", "flowType": "ObjectAddOnly", "source": {"expression": "[manager]"}}]);
    assert_eq!(evaluate(&once)["manager"], PredictedValue::Untouched);
}

#[test]
fn attributes_that_the_provisioning_agent_makes_up_come_from_flags() {
    let set = MappingSet::from_schema(&schema(&json!([
        mapping("accountEnabled", "Not([accountDisabled])"),
        mapping("securityEnabled", "[securityEnabled]"),
    ])))
    .unwrap();
    let read: Vec<String> = set.source_attributes().into_iter().collect();
    assert_eq!(read, ["grouptype", "useraccountcontrol"]);
    let found = |control: &str, kind: &str| {
        let mut object = person().with("userAccountControl", control).with("groupType", kind);
        object.complete(["accountDisabled"]);
        let mut attributes = set.evaluate(&object).attributes;
        (attributes.remove("accountEnabled").unwrap(), attributes.remove("securityEnabled").unwrap())
    };
    assert_eq!(found("514", "2"), (values(&["False"]), values(&["False"])));
    assert_eq!(found("512", "-2147483646"), (values(&["True"]), values(&["True"])));
    let unread = set.evaluate(&person());
    assert!(reason(&unread.attributes["accountEnabled"]).contains("was not read"));
    let own = set.evaluate(&person().with("userAccountControl", "514").with("accountDisabled", "FALSE"));
    assert_eq!(own.attributes["accountEnabled"], values(&["True"]), "a value of the directory's own wins");
}

#[test]
fn a_mapping_without_updates_touches_nothing_that_exists() {
    let mut document = schema(&json!([mapping("displayName", "[sn]")]));
    document["synchronizationRules"][0]["objectMappings"][0]["flowTypes"] = json!("Add");
    let predicted = MappingSet::from_schema(&document).unwrap().evaluate(&person());
    assert_eq!(predicted.attributes["displayName"], PredictedValue::Untouched);
}

#[test]
fn the_disposition_follows_mappings_and_filters() {
    let mut document = schema(&json!([mapping("displayName", "[sn]")]));
    let set = MappingSet::from_schema(&document).unwrap();
    let group = DirectoryObject::new(ObjectType::Group, "CN=g,DC=contoso,DC=com");
    let empty =
        |disposition, target_type| Predicted { disposition, target_type, attributes: BTreeMap::new() };
    assert_eq!(set.evaluate(&group), empty(Disposition::NotMapped, None));

    let scope = |operator: &str| {
        json!({"groups": [{"clauses": [
        {"sourceOperandName": "state", "operatorName": operator, "targetOperand": {"values": ["NSW"]}}]}]})
    };
    let place = "/synchronizationRules/0/objectMappings/0/scope";
    *document.pointer_mut(place).unwrap() = scope("EQUALS");
    let set = MappingSet::from_schema(&document).unwrap();
    assert_eq!(set.evaluate(&person()), empty(Disposition::OutOfScope, Some("User".to_owned())));

    *document.pointer_mut(place).unwrap() = scope("RESEMBLES");
    let predicted = MappingSet::from_schema(&document).unwrap().evaluate(&person());
    assert!(matches!(predicted.disposition, Disposition::Unpredictable { .. }));
    assert_eq!(predicted.attributes.len(), 1, "predicted as if it were in scope");
    assert!(predicted.disposition.may_be_provisioned());

    let mappings = document.pointer_mut("/synchronizationRules/0/objectMappings").unwrap();
    mappings[1] = mappings[0].clone();
    let predicted = MappingSet::from_schema(&document).unwrap().evaluate(&person());
    assert!(matches!(predicted.disposition, Disposition::Unpredictable { .. }));
}
