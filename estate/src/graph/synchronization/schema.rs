//! `/synchronization/jobs/{id}/schema`: the document, and what can be asked about expressions. No IO.
//!
//! The document is kept whole: what this service does not know survives a PUT and a GET.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Graph, act, job};
use crate::cloud_sync::schema::{FUNCTIONS, FilterOperator, Source, evaluate};
use crate::estate::Estate;
use crate::graph::audit_logs::Activity;
use crate::graph::call::Call;
use crate::graph::dispatch::unknown;
use crate::graph::error::GraphError;
use crate::graph::message::GraphResponse;
use crate::value::Value as Attribute;

/// Serves `/jobs/{id}/schema` and what lies below.
pub(super) fn dispatch(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
    id: &str,
    rest: &[&str],
) -> Result<GraphResponse, GraphError> {
    let document = job(graph, estate, principal, id)?.document().clone();
    let fragment = format!("servicePrincipals('{principal}')/synchronization/jobs('{id}')/schema");
    match (&call.request.method, rest) {
        (&Method::GET, []) => {
            let mut shown = document;
            if let Some(properties) = shown.as_object_mut() {
                properties
                    .insert("@odata.context".to_owned(), json!(call.context(&format!("{fragment}/$entity"))));
            }
            Ok(GraphResponse::ok(shown))
        }
        (&Method::PUT, []) => replace(graph, estate, call, principal, id, &document),
        (&Method::GET, ["functions"]) => {
            Ok(collection(call, "functions", FUNCTIONS.iter().map(|name| function(name)).collect()))
        }
        (&Method::GET, ["filterOperators"]) => {
            Ok(collection(call, "filterOperators", FilterOperator::ALL.iter().map(operator).collect()))
        }
        (&Method::POST, ["parseExpression"]) => parse_expression(call),
        (&Method::GET, ["directories"]) => Ok(collection(call, "directories", directories(&document))),
        (&Method::GET, ["directories", "$count"]) => {
            Ok(GraphResponse::text(directories(&document).len().to_string()))
        }
        (&Method::GET, ["directories", directory]) => {
            find_directory(&document, directory).map(GraphResponse::ok)
        }
        // What the agent finds is what the document was generated from: the estate's directories have one schema.
        (&Method::POST, ["directories", directory, "discover"]) => {
            let mut found = find_directory(&document, directory)?;
            if let Some(properties) = found.as_object_mut() {
                let now = estate.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                properties.insert("discoveryDateTime".to_owned(), json!(now));
            }
            Ok(GraphResponse::ok(found))
        }
        (_, []) => Err(GraphError::MethodNotAllowed),
        _ => Err(unknown(rest)),
    }
}

fn replace(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
    id: &str,
    held: &Value,
) -> Result<GraphResponse, GraphError> {
    let mut document = call.body()?;
    // Annotations of an answer that a client sends back are not part of the document.
    document.retain(|name, _| !name.starts_with('@'));
    for required in ["directories", "synchronizationRules"] {
        if !document.get(required).is_some_and(Value::is_array) {
            return Err(GraphError::BadRequest(format!(
                "Property '{required}' of the schema is missing or no list."
            )));
        }
    }
    if let Some(held_id) = held.get("id") {
        document.insert("id".to_owned(), held_id.clone());
    }
    let document = Value::Object(document);
    act(graph, estate, |cloud, world, now| cloud.put_schema(principal, id, document, world, now))?;
    graph.audits.note(estate, call, Activity::UpdateMappings, principal, id);
    Ok(GraphResponse::no_content())
}

fn collection(call: &Call<'_>, name: &str, value: Vec<Value>) -> GraphResponse {
    GraphResponse::ok(Value::Object(call.collection_body(name, value)))
}

/// Parameters of the functions, as far as the published answer shows the pattern: a source first.
fn function(name: &str) -> Value {
    json!({
        "name": name,
        "parameters": [{"allowMultipleOccurrences": true, "name": "source", "required": true, "type": "String"}],
    })
}

fn operator(operator: &(FilterOperator, &str, u8)) -> Value {
    let (_, name, arity) = operator;
    json!({
        "name": name,
        "arity": if *arity == 1 { "Unary" } else { "Binary" },
        "multivaluedComparisonType": "All",
        "supportedAttributeTypes": ["String", "Integer"],
    })
}

fn directories(document: &Value) -> Vec<Value> {
    document.get("directories").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn find_directory(document: &Value, id: &str) -> Result<Value, GraphError> {
    directories(document)
        .into_iter()
        .find(|directory| directory.get("id").and_then(Value::as_str) == Some(id))
        .ok_or_else(|| GraphError::NotFound(id.to_owned()))
}

/// `POST …/schema/parseExpression`: the tree of an expression, and its value for an object given in the request.
fn parse_expression(call: &Call<'_>) -> Result<GraphResponse, GraphError> {
    let body = call.body()?;
    let expression = body.get("expression").and_then(Value::as_str);
    let expression =
        expression.ok_or_else(|| GraphError::BadRequest("Property 'expression' is missing.".to_owned()))?;
    let failed = |code: &str, message: String| json!({"code": code, "message": message});
    let source = match Source::parse(expression) {
        Ok(source) => source,
        Err(error) => {
            return Ok(GraphResponse::ok(json!({
                "error": failed("ExpressionParsingError", error.to_string()),
                "evaluationResult": [],
                "evaluationSucceeded": false,
                "parsedExpression": null,
                "parsingSucceeded": false,
            })));
        }
    };
    let given =
        body.get("testInputObject").and_then(|object| object.get("properties")).and_then(Value::as_array);
    let input = |name: &str| {
        let property = given.into_iter().flatten().find(|property| {
            property.get("key").and_then(Value::as_str).is_some_and(|key| key.eq_ignore_ascii_case(name))
        });
        match property.and_then(|property| property.get("value")) {
            Some(Value::String(text)) => vec![Attribute::text(text.clone())],
            Some(Value::Array(values)) => {
                values.iter().filter_map(Value::as_str).map(Attribute::text).collect()
            }
            _ => Vec::new(),
        }
    };
    let (result, error) = match (given, evaluate(&source, &input)) {
        (None, _) => (None, Value::Null),
        (Some(_), Ok(values)) => {
            (Some(values.iter().map(ToString::to_string).collect::<Vec<_>>()), Value::Null)
        }
        (Some(_), Err(error)) => (None, failed("ExpressionEvaluationError", error.to_string())),
    };
    Ok(GraphResponse::ok(json!({
        "error": error,
        "evaluationSucceeded": result.is_some(),
        "evaluationResult": result.unwrap_or_default(),
        "parsedExpression": source.to_json(),
        "parsingSucceeded": true,
    })))
}
