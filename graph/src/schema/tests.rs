//! The schema is written back as it was read, and changed in one place only.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Area, JobScope, MAX_CONTAINERS, MAX_SCHEMA_BYTES, SchemaDocument, SchemaError, WhichRule, compare,
    same_name,
};
use crate::resources::RuleId;
use crate::resources::mappings::Origin;

const ONLY: WhichRule = WhichRule::Only;

fn document(value: Value) -> SchemaDocument {
    serde_json::from_value(value).unwrap()
}

fn scoped(containers: &[&str], groups: &[&str]) -> SchemaDocument {
    document(json!({
        "id": "schema-1",
        "version": "v1",
        "directories": [{ "id": "ad", "name": "Active Directory", "version": "d1", "objects": [{ "name": "user" }] }],
        "synchronizationRules": [{
            "id": "rule-1",
            "name": "AD2AADProvisioning",
            "sourceDirectoryName": "Active Directory",
            "targetDirectoryName": "Azure Active Directory",
            "containerFilter": { "includedContainers": containers, "dreamt": [null, 1.5] },
            "groupFilter": { "includedGroups": groups },
            "objectMappings": [{
                "name": "Provision Active Directory users",
                "sourceObjectName": "user",
                "targetObjectName": "User",
                "attributeMappings": [
                    { "targetAttributeName": "Mail", "source": { "type": "Attribute", "name": "mail", "expression": "[mail]" } },
                    { "targetAttributeName": "Dept", "source": null, "defaultValue": "none" }
                ]
            }]
        }],
        "dreamt": { "of": [1, null, {}] }
    }))
}

fn containers(document: &SchemaDocument) -> Vec<String> {
    match document.rule(&ONLY).unwrap().scope().unwrap() {
        JobScope::Containers(names) => names.into_iter().map(str::to_owned).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_schema_is_read_by_views() {
    let schema = scoped(&["OU=A,DC=x"], &[]);
    assert_eq!(schema.version(), Some("v1"));
    let rule = schema.rule(&WhichRule::Id(RuleId::new("rule-1"))).unwrap();
    assert_eq!(rule.name(), Some("AD2AADProvisioning"));
    assert_eq!(rule.source_directory(), Some("Active Directory"));
    assert_eq!(rule.target_directory(), Some("Azure Active Directory"));
    let mappings = rule.object_mappings().unwrap();
    let attributes = mappings[0].attribute_mappings.items();
    assert_eq!(attributes[0].origin(), Origin::Attribute("mail"));
    assert_eq!(attributes[1].origin(), Origin::Constant(Some("none")));
}

#[test]
fn the_scope_is_what_the_two_filters_say() {
    let table = [
        (scoped(&[], &[]), JobScope::WholeDomain),
        (scoped(&["OU=A,DC=x"], &[]), JobScope::Containers(vec!["OU=A,DC=x"])),
        (scoped(&[], &["CN=G,DC=x"]), JobScope::Groups(vec!["CN=G,DC=x"])),
        (
            scoped(&["OU=A,DC=x"], &["CN=G,DC=x"]),
            JobScope::Both { containers: vec!["OU=A,DC=x"], groups: vec!["CN=G,DC=x"] },
        ),
        (document(json!({ "synchronizationRules": [{}] })), JobScope::WholeDomain),
        (document(json!({ "synchronizationRules": [{ "containerFilter": null }] })), JobScope::WholeDomain),
    ];
    for (schema, expected) in &table {
        assert_eq!(schema.rule(&ONLY).unwrap().scope().as_ref(), Ok(expected));
    }
}

#[test]
fn a_filter_that_cannot_be_read_is_not_an_empty_one() {
    for filter in [
        json!([]),
        json!("OU=A"),
        json!({ "includedContainers": "OU=A" }),
        json!({ "includedContainers": [1] }),
    ] {
        let mut schema = document(json!({ "synchronizationRules": [{ "containerFilter": filter }] }));
        assert!(matches!(schema.rule(&ONLY).unwrap().scope(), Err(SchemaError::Malformed { .. })));
        assert!(matches!(schema.add_container(&ONLY, "OU=B,DC=x"), Err(SchemaError::Malformed { .. })));
    }
    assert!(document(json!({ "synchronizationRules": {} })).rules().is_err());
    assert!(document(json!({ "synchronizationRules": [1] })).rules().is_err());
}

#[test]
fn containers_are_added_and_removed_by_name_not_by_spelling() {
    let mut schema = scoped(&["OU=A,DC=x"], &[]);
    assert_eq!(schema.add_container(&ONLY, "OU=B,DC=x"), Ok(true));
    assert_eq!(schema.add_container(&ONLY, "ou=b, dc=X"), Ok(false));
    assert_eq!(containers(&schema), ["OU=A,DC=x", "OU=B,DC=x"]);
    assert_eq!(schema.remove_container(&ONLY, "OU=C,DC=x"), Ok(false));
    assert_eq!(schema.remove_container(&ONLY, "ou=a,dc=x"), Ok(true));
    assert_eq!(containers(&schema), ["OU=B,DC=x"]);
}

#[test]
fn the_whole_domain_is_never_reached_by_accident() {
    let mut last = scoped(&["OU=A,DC=x"], &[]);
    let before = last.clone();
    assert_eq!(last.remove_container(&ONLY, "OU=A,DC=x"), Err(SchemaError::WouldCoverWholeDomain));
    assert_eq!(last.set_containers(&ONLY, &[]), Err(SchemaError::WouldCoverWholeDomain));
    assert_eq!(last, before, "a refused change changes nothing");

    let mut whole = scoped(&[], &[]);
    assert_eq!(whole.add_container(&ONLY, "OU=A,DC=x"), Err(SchemaError::CoversWholeDomain));
    whole.set_containers(&ONLY, &["OU=A,DC=x".to_owned(), "OU=a,DC=X".to_owned()]).unwrap();
    assert_eq!(containers(&whole), ["OU=A,DC=x"]);
}

#[test]
fn a_scope_by_groups_is_not_mixed() {
    for mut schema in [scoped(&[], &["CN=G,DC=x"]), scoped(&["OU=A,DC=x"], &["CN=G,DC=x"])] {
        assert_eq!(schema.add_container(&ONLY, "OU=B,DC=x"), Err(SchemaError::ScopedByGroups));
        assert_eq!(schema.set_containers(&ONLY, &["OU=B,DC=x".to_owned()]), Err(SchemaError::ScopedByGroups));
    }
}

#[test]
fn limits_hold_for_the_result() {
    let names: Vec<String> = (0..MAX_CONTAINERS).map(|n| format!("OU={n},DC=x")).collect();
    let mut schema = scoped(&[], &[]);
    schema.set_containers(&ONLY, &names).unwrap();
    let found = MAX_CONTAINERS + 1;
    assert_eq!(schema.add_container(&ONLY, "OU=more,DC=x"), Err(SchemaError::TooManyContainers { found }));

    let mut large = document(json!({
        "padding": "x".repeat(MAX_SCHEMA_BYTES),
        "synchronizationRules": [{ "containerFilter": { "includedContainers": ["OU=A,DC=x"] } }]
    }));
    assert!(matches!(large.add_container(&ONLY, "OU=B,DC=x"), Err(SchemaError::TooLarge { .. })));
}

#[test]
fn what_is_no_name_is_refused() {
    for name in ["", "Sales", "OU=", "=x", "OU=A,,DC=x", "OU=A,DC"] {
        let refused = scoped(&["OU=A,DC=x"], &[]).add_container(&ONLY, name);
        assert!(matches!(refused, Err(SchemaError::NotAName { .. })), "{name:?}");
    }
}

#[test]
fn names_compare_by_parts() {
    let table = [
        ("OU=A,DC=x", "ou=a, dc=X", true),
        ("OU=Ü,DC=x", "OU=ü,DC=x", true),
        ("OU=A\\, B,DC=x", "OU=a\\, b,DC=x", true),
        ("OU=A\\, B,DC=x", "OU=A\\,B,DC=x", false),
        ("OU=A,DC=x", "OU=A,DC=x,DC=y", false),
        ("OU=A,DC=x", "CN=A,DC=x", false),
    ];
    for (a, b, expected) in table {
        assert_eq!(same_name(a, b), expected, "{a} {b}");
    }
}

#[test]
fn a_rule_must_be_named_when_there_are_several() {
    let schema = document(json!({ "synchronizationRules": [{ "id": "a" }, { "id": "b" }] }));
    assert!(matches!(schema.rule(&ONLY), Err(SchemaError::NoSuchRule { found: 2, .. })));
    assert_eq!(schema.rule(&WhichRule::Id(RuleId::new("b"))).unwrap().id(), Some("b"));
    assert!(matches!(
        schema.rule(&WhichRule::Id(RuleId::new("c"))),
        Err(SchemaError::NoSuchRule { found: 0, .. })
    ));
}

#[test]
fn differences_are_told_by_area_and_identity() {
    let before = scoped(&["OU=A,DC=x", "OU=B,DC=x"], &[]);
    let mut value = serde_json::to_value(&before).unwrap();
    value["version"] = json!("v2");
    value["directories"][0]["version"] = json!("d2");
    value["directories"][0]["objects"][0]["name"] = json!("person");
    let rule = &mut value["synchronizationRules"][0];
    rule["containerFilter"]["includedContainers"] = json!(["OU=B,DC=x", "OU=C,DC=x"]);
    rule["objectMappings"][0]["attributeMappings"][0]["source"]["name"] = json!("otherMail");
    rule["objectMappings"][0]["attributeMappings"].as_array_mut().unwrap().reverse();
    rule["name"] = json!("Renamed");
    let after = document(value);

    let rule = "synchronizationRules[rule-1]";
    let found: Vec<(Area, String)> =
        compare(&before, &after).into_iter().map(|difference| (difference.area, difference.path)).collect();
    let expected = [
        (Area::Directories, "directories[ad].objects[user]".to_owned()),
        (Area::Directories, "directories[ad].objects[person]".to_owned()),
        (Area::Version, "directories[ad].version".to_owned()),
        (Area::Scope, format!("{rule}.containerFilter.includedContainers[OU=A,DC=x]")),
        (Area::Scope, format!("{rule}.containerFilter.includedContainers[OU=C,DC=x]")),
        (Area::Other, format!("{rule}.name")),
        (
            Area::Mappings,
            format!(
                "{rule}.objectMappings[Provision Active Directory users].attributeMappings[Mail].source.name"
            ),
        ),
        (Area::Version, "version".to_owned()),
    ];
    assert_eq!(found, expected);
    assert!(compare(&before, &before).is_empty());
}

#[test]
fn null_and_nothing_and_another_order_are_no_difference() {
    let before = document(json!({ "a": null, "l": [{ "id": "1" }, { "id": "2" }], "n": [1, 2] }));
    let after = document(json!({ "b": null, "l": [{ "id": "2" }, { "id": "1", "x": null }], "n": [1, 2] }));
    assert_eq!(compare(&before, &after), []);
    let swapped = document(json!({ "l": [{ "id": "1" }, { "id": "2" }], "n": [2, 1] }));
    assert_eq!(compare(&before, &swapped).len(), 2, "items without an identity are compared by place");
}

/// Any JSON, four levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zA-Z0-9 =,]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

fn any_schema() -> impl Strategy<Value = SchemaDocument> {
    let names = prop::collection::btree_set(0_u8..20, 1..6);
    let extra = || prop::collection::btree_map("[A-Z][a-z]{1,5}", any_json(), 0..4);
    (names, extra(), extra(), extra(), any_json()).prop_map(|(names, top, rule, filter, mappings)| {
        let containers: Vec<String> = names.iter().map(|n| format!("OU={n},DC=x")).collect();
        let mut filter = json!(filter);
        filter["includedContainers"] = json!(containers);
        let mut rule = json!(rule);
        rule["containerFilter"] = filter;
        rule["objectMappings"] = mappings;
        let mut top = json!(top);
        top["synchronizationRules"] = json!([rule]);
        document(top)
    })
}

#[derive(Clone, Debug)]
enum Edit {
    Add(u8),
    Remove(u8),
    Set(Vec<u8>),
}

fn any_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (0_u8..20).prop_map(Edit::Add),
        (0_u8..20).prop_map(Edit::Remove),
        prop::collection::vec(0_u8..20, 1..6).prop_map(Edit::Set),
    ]
}

fn without_containers(document: &SchemaDocument) -> Value {
    let mut value = serde_json::to_value(document).unwrap();
    let filter = value["synchronizationRules"][0]["containerFilter"].as_object_mut().unwrap();
    filter.remove("includedContainers").expect("the list is there");
    value
}

proptest! {
    #[test]
    fn any_object_is_written_back_as_it_was_read(value in prop::collection::btree_map("[a-z]{1,6}", any_json(), 0..5)) {
        let value = json!(value);
        prop_assert_eq!(serde_json::to_value(document(value.clone())).unwrap(), value);
    }

    #[test]
    fn editing_the_containers_changes_nothing_else(before in any_schema(), edits in prop::collection::vec(any_edit(), 1..8)) {
        let mut after = before.clone();
        let name = |n: &u8| format!("OU={n},DC=x");
        for edit in &edits {
            // A refused edit (the last container) leaves the document as it was.
            let _ = match edit {
                Edit::Add(n) => after.add_container(&ONLY, &name(n)).map(drop),
                Edit::Remove(n) => after.remove_container(&ONLY, &name(n)).map(drop),
                Edit::Set(list) => after.set_containers(&ONLY, &list.iter().map(name).collect::<Vec<_>>()),
            };
        }
        prop_assert_eq!(without_containers(&after), without_containers(&before));
        for difference in compare(&before, &after) {
            prop_assert_eq!(difference.area, Area::Scope, "{:?}", difference);
        }
        prop_assert!(matches!(after.rule(&ONLY).unwrap().scope(), Ok(JobScope::Containers(_))), "never the whole domain");
    }
}
