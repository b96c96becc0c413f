//! Tables: one block of cases for each function, taken from Microsoft's functions reference where it has an example.

mod functions;
mod language;
mod sample;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Contribution, EvaluationError, Expression, Source, Value};

/// An object made of a map, for one expression.
struct MapSource<'a> {
    expression: &'a Expression,
    attributes: &'a BTreeMap<String, Vec<Value>>,
}

impl MapSource<'_> {
    fn find(&self, name: Option<&String>) -> Value {
        let values = name.and_then(|name| self.attributes.get(&name.to_lowercase())).cloned();
        Value::from_values(values.unwrap_or_default())
    }
}

impl Source for MapSource<'_> {
    fn attribute(&self, position: usize) -> Value {
        self.find(self.expression.attributes().get(position))
    }

    fn imported(&self, position: usize) -> Value {
        self.find(self.expression.imported().get(position))
    }

    fn parameter(&self, name: &str) -> Option<String> {
        (name == "Domain.FQDN" || name == "Forest.FQDN").then(|| "contoso.com".to_owned()).or_else(|| {
            matches!(name, "Domain.Netbios" | "Forest.Netbios" | "Connector.ID").then(|| "CONTOSO".to_owned())
        })
    }

    fn now(&self) -> Timestamp {
        "2026-06-01T12:00:00Z".parse().expect("a timestamp")
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn texts(values: &[&str]) -> Vec<Value> {
    values.iter().map(|value| text(value)).collect()
}

/// The object that the tables are evaluated on.
fn object() -> BTreeMap<String, Vec<Value>> {
    [
        ("displayname", texts(&["John Doe"])),
        ("padded", texts(&[" Test "])),
        ("empty", texts(&[""])),
        (
            "proxyaddresses",
            texts(&["smtp:jd@contoso.com", "SMTP:john.doe@contoso.com", "SIP:john@contoso.com"]),
        ),
        ("otherphone", texts(&["1-2", "3-4"])),
        ("member", vec![Value::Reference("CN=A,DC=x".into()), Value::Reference("CN=B,DC=x".into())]),
        ("url", texts(&["https://one"])),
        ("number", vec![Value::Number(512)]),
        ("flag", vec![Value::Boolean(true)]),
        ("dn", texts(&["CN=Joe,OU=Atlanta,OU=GA,OU=US,DC=contoso,DC=com"])),
        ("comma", vec![Value::Reference("CN=Doe\\, Jane\\0ACNF:1,OU=GA,DC=com".into())]),
        ("objectguid", vec![Value::Binary((0..16).collect())]),
        (
            "objectsid",
            vec![Value::Binary([&[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0][..]].concat())],
        ),
        ("bytes", vec![Value::Binary(vec![1, 2, 3, 4])]),
    ]
    .map(|(name, values)| (name.to_owned(), values))
    .into()
}

/// Evaluates on [`object`].
fn contribution(expression: &str) -> Result<Contribution, EvaluationError> {
    let parsed = Expression::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let object = object();
    parsed.evaluate(&MapSource { expression: &parsed, attributes: &object })
}

/// The single value, or `NULL`.
fn value(expression: &str) -> Value {
    match contribution(expression).unwrap_or_else(|error| panic!("{expression}: {error}")) {
        Contribution::Nothing => Value::Null,
        Contribution::Values(values) => Value::from_values(values),
        other => panic!("{expression} contributed {other:?}"),
    }
}

/// Checks a table of expressions and their values.
fn check(table: &[(&str, Value)]) {
    for (expression, expected) in table {
        assert_eq!(value(expression), *expected, "{expression}");
    }
}

/// Checks that each expression fails as a wrong use.
fn check_wrong(table: &[&str]) {
    for expression in table {
        let error = contribution(expression).expect_err(expression);
        assert!(
            matches!(error, EvaluationError::WrongType { .. } | EvaluationError::WrongValue { .. }),
            "{expression}: {error:?}"
        );
    }
}
