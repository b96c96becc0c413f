//! Mappings: reading a schema, expressions, functions, filters, whole objects.

mod expressions;
mod filters;
mod functions;
mod objects;
mod schema;

use super::evaluate::evaluate_source;
use super::model::Source;
use super::value::{Outcome, Value};
use crate::key::ObjectType;
use crate::object::{AttributeValue, DirectoryObject};

/// A person with the attributes that the tables below use.
fn person() -> DirectoryObject {
    let mut person = DirectoryObject::new(ObjectType::User, "CN=Doe\\, John,OU=Sales,DC=contoso,DC=com")
        .with("givenName", "John")
        .with("sn", "Doe")
        .with("userPrincipalName", "John.Doe@contoso.com")
        .with("mail", "john.doe@contoso.com")
        .with("mailNickname", "john_doe72")
        .with("state", "QLD")
        .with("employeeType", "Intern")
        .with("padded", "  Test ")
        .with("flag", "TRUE")
        .with("number", "514")
        .with("mobile", "+1 (999) 888-7777")
        .with("telephoneNumber", "+91 9998887777")
        .with("street", "545 Tremont Street");
    person.set(
        "proxyAddresses",
        vec![" SMTP:a@contoso.com".into(), "smtp:b@contoso.com".into(), "smtp:b@contoso.com".into()],
    );
    person.set("objectGUID", vec![AttributeValue::Binary(vec![0; 16])]);
    person.set(
        "objectSid",
        vec![AttributeValue::Binary(vec![1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0])],
    );
    person.complete(["missing", "department"]);
    person
}

fn outcome(expression: &str) -> Outcome {
    let source = Source::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    evaluate_source(&source, &person())
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}
