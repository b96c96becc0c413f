//! Rules that every schema must keep.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaPropsOrArray;

use super::*;

/// Calls `f` with a path and each schema.
fn walk(path: &str, schema: &JSONSchemaProps, f: &mut impl FnMut(&str, &JSONSchemaProps)) {
    f(path, schema);
    for (name, child) in schema.properties.iter().flatten() {
        walk(&format!("{path}.{name}"), child, f);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(item)) = &schema.items {
        walk(&format!("{path}[]"), item, f);
    }
}

fn each_schema(mut f: impl FnMut(&str, &JSONSchemaProps)) {
    for crd in all() {
        let schema = crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        walk(&crd.spec.names.kind, schema, &mut f);
    }
}

#[test]
fn every_list_and_string_is_bounded() {
    let mut unbounded = Vec::new();
    each_schema(|path, schema| match schema.type_.as_deref() {
        Some("array") if schema.max_items.is_none() => unbounded.push(format!("{path}: no maxItems")),
        Some("string")
            if schema.max_length.is_none()
                && schema.enum_.is_none()
                && schema.format.as_deref() != Some("date-time") =>
        {
            unbounded.push(format!("{path}: no maxLength"));
        }
        Some("object") if schema.additional_properties.is_some() && schema.max_properties.is_none() => {
            unbounded.push(format!("{path}: no maxProperties"));
        }
        _ => {}
    });
    assert!(unbounded.is_empty(), "{unbounded:#?}");
}

#[test]
fn every_field_is_described() {
    let mut bare = Vec::new();
    each_schema(|path, schema| {
        let ours = !path.contains("conditions") && !path.ends_with("[]");
        if ours && path.contains(".spec.") && schema.description.as_deref().is_none_or(str::is_empty) {
            bare.push(path.to_owned());
        }
    });
    assert!(bare.is_empty(), "{bare:#?}");
}

#[test]
fn every_rule_names_a_reason_and_a_message() {
    let mut rules = 0;
    each_schema(|path, schema| {
        for rule in schema.x_kubernetes_validations.iter().flatten() {
            rules += 1;
            assert!(rule.reason.is_some(), "{path}: {} has no reason", rule.rule);
            let message = rule.message.as_deref().or(rule.message_expression.as_deref());
            assert!(message.is_some_and(|m| m.contains("must")), "{path}: {} says no expectation", rule.rule);
        }
    });
    assert!(rules >= 25, "{rules} rules were seen");
}

#[test]
fn no_name_or_value_is_a_yaml_boolean() {
    let boolean = ["n", "y", "yes", "no", "on", "off", "true", "false"];
    each_schema(|path, schema| {
        let last = path.rsplit('.').next().unwrap_or_default().to_lowercase();
        assert!(!boolean.contains(&last.as_str()), "{path}");
        for value in schema.enum_.iter().flatten() {
            if let Some(text) = value.0.as_str() {
                assert!(
                    !boolean.contains(&text.to_lowercase().as_str()) || path.contains("conditions"),
                    "{path}: {text}"
                );
            }
        }
    });
}

#[test]
fn status_starts_unobserved_and_fits_client_side_apply() {
    for crd in all() {
        let schema = crd.spec.versions[0].schema.as_ref().unwrap().open_api_v3_schema.as_ref().unwrap();
        let status = &schema.properties.as_ref().unwrap()["status"];
        assert_eq!(status.default.as_ref().unwrap().0["observedGeneration"], -1, "{}", crd.spec.names.kind);
        let size = serde_json::to_vec(&crd).unwrap().len();
        assert!(size < 262_144, "{}: {size} bytes", crd.spec.names.kind);
        assert!(crd.spec.names.categories.as_ref().unwrap().contains(&"hybrid-identity".to_owned()));
        assert!(!crd.spec.names.short_names.as_ref().unwrap().is_empty());
    }
}
