//! Reading synchronisation schemas.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::super::model::{FlowType, Source};
use super::super::{MappingError, MappingSet};

/// A schema of the documented shape with the given attribute mappings for users.
pub(super) fn schema(attributes: &Json) -> Json {
    json!({
        "directories": [
            {"name": "Active Directory", "objects": []},
            {"name": "Azure Active Directory", "objects": [
                {"name": "User", "attributes": [
                    {"name": "assistant", "type": "Reference"}, {"name": "displayName", "type": "String"}]}]},
        ],
        "synchronizationRules": [{
            "sourceDirectoryName": "Active Directory", "targetDirectoryName": "Azure Active Directory",
            "objectMappings": [{
                "name": "Provision Active Directory users", "enabled": true, "flowTypes": "Add,Update,Delete",
                "sourceObjectName": "user", "targetObjectName": "User", "scope": null,
                "attributeMappings": attributes,
            }, {
                "name": "off", "enabled": false, "sourceObjectName": "group", "targetObjectName": "Group",
                "attributeMappings": [],
            }],
        }],
    })
}

fn first_source(attribute: &Json) -> Option<Source> {
    let set = MappingSet::from_schema(&schema(&json!([attribute]))).unwrap();
    set.objects.into_iter().next()?.attributes.into_iter().next()?.source
}

fn attribute_node(name: &str) -> Json {
    json!({"expression": format!("[{name}]"), "name": name, "type": "Attribute", "parameters": []})
}

fn constant_node(value: &str) -> Json {
    json!({"expression": format!("\"{value}\""), "name": value, "type": "Constant", "parameters": []})
}

#[test]
fn a_schema_is_read() {
    let set = MappingSet::from_schema(&schema(&json!([
        {"targetAttributeName": "displayName", "flowType": "Always", "source": attribute_node("displayName")},
        {"targetAttributeName": "assistant", "flowType": "ObjectAddOnly", "source": attribute_node("Assistant")},
        {"targetAttributeName": "userType", "source": null, "defaultValue": "Member"},
        {"targetAttributeName": "x", "flowType": "Sometimes", "source": {}},
    ])))
    .unwrap();
    assert_eq!(set.objects.len(), 1, "the disabled mapping is left out");
    let user = &set.objects[0];
    assert!(user.updates);
    assert_eq!((user.source.as_str(), user.target.as_str()), ("user", "User"));
    let references: Vec<bool> = user.attributes.iter().map(|attribute| attribute.reference).collect();
    assert_eq!(references, [false, true, false, false]);
    assert_eq!(user.attributes[1].flow_type, FlowType::ObjectAddOnly);
    assert_eq!(user.attributes[2].default_value.as_deref(), Some("Member"));
    assert_eq!(user.attributes[3].flow_type, FlowType::Unknown("Sometimes".to_owned()));
    assert!(matches!(user.attributes[3].source, Some(Source::Unreadable(_))));
    assert_eq!(set.source_attributes().into_iter().collect::<Vec<_>>(), ["assistant", "displayname"]);
}

#[test]
fn flow_types_are_a_list_in_any_writing() {
    for (flows, expected) in
        [("Add, Update, Delete", true), ("Add,update", true), ("Add, Delete", false), ("None", false)]
    {
        let mut document = schema(&json!([]));
        document["synchronizationRules"][0]["objectMappings"][0]["flowTypes"] = json!(flows);
        assert_eq!(MappingSet::from_schema(&document).unwrap().objects[0].updates, expected, "{flows}");
    }
}

#[test]
fn the_text_places_arguments_that_the_tree_leaves_out() {
    let source = first_source(&json!({
        "targetAttributeName": "preferredLanguage",
        "source": {
            "expression": "Replace([preferredLanguage], \"-\", , , \"_\", , )", "name": "Replace", "type": "Function",
            "parameters": [
                {"key": "source", "value": attribute_node("preferredLanguage")},
                {"key": "Find", "value": constant_node("-")},
                {"key": "Replacement", "value": constant_node("_")},
            ],
        },
    }));
    let Some(Source::Function { arguments, .. }) = source else { panic!("{source:?}") };
    let given: Vec<bool> = arguments.iter().map(Option::is_some).collect();
    assert_eq!(given, [true, true, false, false, true, false, false]);
}

#[test]
fn a_tree_without_text_is_read_and_a_contradiction_is_not() {
    let tree = json!([{"key": "source", "value": attribute_node("company")}]);
    let alone = first_source(&json!({"targetAttributeName": "x",
        "source": {"name": "Trim", "type": "Function", "parameters": tree}}));
    let expected = Source::Function {
        name: "Trim".to_owned(),
        arguments: vec![Some(Source::Attribute("company".to_owned()))],
    };
    assert_eq!(alone, Some(expected));
    let contradiction = first_source(&json!({"targetAttributeName": "x", "source": {
        "expression": "Trim([extensionAttribute3])", "name": "Trim", "type": "Function", "parameters": tree}}));
    assert!(matches!(contradiction, Some(Source::Unreadable(_))), "{contradiction:?}");
}

#[test]
fn filters_are_read_and_input_filters_narrow_them() {
    let group =
        |attribute: &str| json!({"clauses": [{"sourceOperandName": attribute, "operatorName": "IS NULL"}]});
    let mut document = schema(&json!([]));
    document["synchronizationRules"][0]["objectMappings"][0]["scope"] =
        json!({"groups": [group("a"), group("b")], "inputFilterGroups": [group("c")]});
    let set = MappingSet::from_schema(&document).unwrap();
    let names: Vec<Vec<&str>> = set.objects[0]
        .scope
        .iter()
        .map(|group| group.clauses.iter().map(|clause| clause.attribute.as_str()).collect())
        .collect();
    assert_eq!(names, [["a", "c"], ["b", "c"]]);
    assert_eq!(set.source_attributes().len(), 3);
}

#[test]
fn documents_of_another_shape_are_refused_with_the_place() {
    let shape = |path: &str, expected| Err(MappingError::Shape { path: path.to_owned(), expected });
    assert_eq!(MappingSet::from_schema(&json!({})), shape("synchronizationRules", "a list"));
    assert_eq!(
        MappingSet::from_schema(&json!({"synchronizationRules": [{}, {}]})),
        Err(MappingError::Rules { found: 2 })
    );
    assert_eq!(
        MappingSet::from_schema(&schema(&json!([{"source": null}]))),
        shape("synchronizationRules[0].objectMappings[0].attributeMappings[0].targetAttributeName", "a text")
    );
}

#[test]
fn a_set_survives_json_and_its_digest_tells_changes() {
    let read = |target: &str| {
        MappingSet::from_schema(&schema(
            &json!([{"targetAttributeName": target, "source": attribute_node("a")}]),
        ))
        .unwrap()
    };
    let set = read("displayName");
    let again: MappingSet = serde_json::from_str(&serde_json::to_string(&set).unwrap()).unwrap();
    assert_eq!(set, again);
    assert_eq!(set.digest(), again.digest());
    assert_eq!(set.digest().len(), 64);
    assert_ne!(set.digest(), read("department").digest());
}

/// The published object mapping, read in place: complete trees with functions, constants and a constant mapping.
#[test]
fn the_published_object_mapping_is_read() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/facts/graph/samples/objectmapping-generic.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: ../shared is not here");
        return;
    };
    let mapping: Json = serde_json::from_str(&text).unwrap();
    let document = json!({"synchronizationRules": [{"objectMappings": [mapping]}]});
    let set = MappingSet::from_schema(&document).unwrap();
    let attributes = &set.objects[0].attributes;
    assert_eq!(attributes.len(), 4);
    assert!(attributes.iter().all(|attribute| !matches!(attribute.source, Some(Source::Unreadable(_)))));
    assert_eq!(attributes[2].source, None);
    assert_eq!(attributes[2].default_value.as_deref(), Some("ISO-8859-1"));
}
