use serde_json::{Value as Json, json};

use super::*;
use crate::directory::{Directory, DirectoryObject, NewObject, ObjectClass};
use crate::tenant::CloudKind;
use crate::value::{AttributeName, Attributes, Value};

fn document() -> Json {
    default_schema("job", "contoso.com", "CONTOSO")
}

fn object(class: ObjectClass, attributes: Attributes) -> DirectoryObject {
    let now = "2026-11-02T06:00:00Z".parse().unwrap();
    let mut directory = Directory::new(&["contoso.com"], 1, now);
    let dn = "CN=Ann,CN=Users,DC=contoso,DC=com".parse().unwrap();
    let id = directory.create(NewObject { dn, class, attributes }, now).unwrap();
    directory.get(id).unwrap().clone()
}

fn values(mapped: &MappedObject, name: &str) -> Vec<Value> {
    let found = mapped.values.iter().find(|(attribute, _)| attribute.is(name));
    found.map(|(_, values)| values.clone()).unwrap_or_default()
}

#[test]
fn the_default_document_is_complete_and_means_the_whole_domain() {
    let document = document();
    let compiled = CompiledSchema::from_json(&document).unwrap();
    assert!(compiled.is_whole_domain());
    let classes: Vec<_> = compiled.mappings.iter().map(|mapping| (mapping.class, mapping.kind)).collect();
    assert_eq!(
        classes,
        [
            (ObjectClass::User, CloudKind::User),
            (ObjectClass::InetOrgPerson, CloudKind::User),
            (ObjectClass::Group, CloudKind::Group),
            (ObjectClass::Contact, CloudKind::Contact),
        ]
    );
    for mapping in &compiled.mappings {
        for attribute in &mapping.attributes {
            let source = attribute.source.as_ref();
            let broken =
                source.is_some_and(|source| matches!(source, Source::Constant(text) if text.contains('(')));
            assert!(source.is_some() && !broken, "{} of {} does not parse", attribute.target, mapping.name);
        }
    }
    assert_eq!(compiled.mapping(ObjectClass::User).unwrap().attributes.len(), 1 + 30 + 15);
}

#[test]
fn default_mappings_of_a_user() {
    let compiled = CompiledSchema::from_json(&document()).unwrap();
    let mapping = compiled.mapping(ObjectClass::User).unwrap();
    let boss = uuid::Uuid::from_u128(5);
    let ann = Attributes::new()
        .with("userAccountControl", 514_i64)
        .with("sAMAccountName", "ann")
        .with("mail", " ann@contoso.com ")
        .with("extensionAttribute3", "x");
    let mut ann = object(ObjectClass::User, ann);
    ann.attributes.put("manager", boss);
    let mapped = mapping.apply(&ann);
    assert_eq!(mapped.errors, []);
    assert_eq!(values(&mapped, "accountEnabled"), [Value::Boolean(false)]);
    assert_eq!(
        values(&mapped, "userPrincipalName"),
        [Value::text("ann@contoso.com")],
        "made of logon name and domain"
    );
    assert_eq!(values(&mapped, "displayName"), [Value::text("Ann")]);
    assert_eq!(values(&mapped, "mail"), [Value::text("ann@contoso.com")]);
    assert_eq!(values(&mapped, "extensionAttribute3"), [Value::text("x")]);
    assert_eq!(values(&mapped, "department"), []);
    assert!(mapped.values.iter().any(|(name, _)| name.is("department")), "cleared, not left alone");
    assert_eq!(mapped.references, [(AttributeName::new("manager"), vec![boss])]);
}

#[test]
fn the_anchor_is_the_consistency_guid_where_there_is_one() {
    let plain = object(ObjectClass::Group, Attributes::new());
    assert_eq!(ObjectMapping::anchor(&plain), crate::directory::anchor_of(plain.guid));
    let other = uuid::Uuid::from_u128(0xABCD);
    let filled = Attributes::new().with("mS-DS-ConsistencyGuid", Value::Binary(other.to_bytes_le().to_vec()));
    assert_eq!(
        ObjectMapping::anchor(&object(ObjectClass::Group, filled)),
        crate::directory::anchor_of(other)
    );
    let stray = Attributes::new().with("mS-DS-ConsistencyGuid", Value::Binary(vec![1, 2, 3]));
    let stray = object(ObjectClass::Group, stray);
    assert_eq!(ObjectMapping::anchor(&stray), crate::directory::anchor_of(stray.guid));
}

#[test]
fn an_unknown_function_is_an_error_of_that_mapping_and_no_value() {
    let mut document = document();
    let mapping =
        &mut document["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"][3]["source"];
    *mapping = Source::Function { name: "Frobnicate".to_owned(), arguments: Vec::new() }.to_json();
    let compiled = CompiledSchema::from_json(&document).unwrap();
    let mapped =
        compiled.mapping(ObjectClass::User).unwrap().apply(&object(ObjectClass::User, Attributes::new()));
    assert_eq!(mapped.errors.len(), 1);
    assert!(mapped.errors[0].1.contains("Frobnicate"), "{:?}", mapped.errors);
    assert!(!mapped.values.iter().any(|(name, _)| *name == mapped.errors[0].0));
}

type Edit<'a> = &'a dyn Fn(&mut Json);

#[test]
fn documents_that_the_service_refuses() {
    let edit = |act: &dyn Fn(&mut Json)| {
        let mut document = document();
        act(&mut document["synchronizationRules"][0]);
        CompiledSchema::from_json(&document).map(|_| ()).unwrap_err().to_string()
    };
    let ou = |n: usize| json!(format!("OU=u{n},DC=contoso,DC=com"));
    let cases: [(Edit<'_>, &str); 6] = [
        (&|rule| rule["containerFilter"]["includedContainers"] = json!(["Sales"]), "distinguished names"),
        (&|rule| rule["containerFilter"]["includedContainers"] = (0..60).map(ou).collect(), "at most 59"),
        (
            &|rule| {
                rule["containerFilter"]["includedContainers"] = json!([ou(1)]);
                rule["groupFilter"]["includedGroups"] = json!(["CN=g,DC=contoso,DC=com"]);
            },
            "found both",
        ),
        (&|rule| rule["objectMappings"] = json!(null), "objectMappings"),
        (
            &|rule| {
                let mappings = rule["objectMappings"][0]["attributeMappings"].as_array_mut().unwrap();
                mappings.push(mappings[1].clone());
            },
            "twice",
        ),
        (
            &|rule| {
                rule["objectMappings"][0]["scope"] = json!({"groups": [{"clauses": [{"operatorName": "ALMOST", "sourceOperandName": "mail"}]}]});
            },
            "filter operator",
        ),
    ];
    for (act, words) in cases {
        let message = edit(act);
        assert!(message.contains(words), "{message}");
    }
    assert!(CompiledSchema::from_json(&json!({})).is_err());
}

#[test]
fn scoping_filters() {
    let filter = |groups: Json| ScopingFilter::from_json(&json!({"groups": groups})).unwrap();
    let clause = |operator: &str, name: &str, values: Json| json!({"operatorName": operator, "sourceOperandName": name, "targetOperand": {"values": values}});
    let input = |name: &str| match name {
        "department" => vec![Value::text("Sales")],
        "disabled" => vec![Value::Boolean(true)],
        _ => vec![],
    };
    let cases = [
        (json!([]), true),
        (json!([{"clauses": [clause("EQUALS", "department", json!(["sales"]))]}]), true),
        (json!([{"clauses": [clause("NOT EQUALS", "department", json!(["sales"]))]}]), false),
        (json!([{"clauses": [clause("IS NULL", "mail", json!([]))]}]), true),
        (json!([{"clauses": [clause("IS NOT NULL", "mail", json!([]))]}]), false),
        (json!([{"clauses": [clause("IS TRUE", "disabled", json!([]))]}]), true),
        (json!([{"clauses": [clause("IS FALSE", "disabled", json!([]))]}]), false),
        (json!([{"clauses": [clause("INCLUDES", "department", json!(["ale"]))]}]), true),
        (
            json!([{"clauses": [clause("IS TRUE", "disabled", json!([])), clause("IS NOT NULL", "mail", json!([]))]},
                   {"clauses": [clause("EQUALS", "department", json!(["Sales"]))]}]),
            true,
        ),
    ];
    for (groups, expected) in cases {
        assert_eq!(filter(groups.clone()).admits(&input), expected, "{groups}");
    }
}
