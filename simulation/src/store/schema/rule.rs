//! Validation rules (CEL) of a schema. Pure.

use std::collections::HashMap;

use cel::{Context, Program, Value as CelValue};
use serde_json::Value;

use super::{Cause, SchemaError, functions};

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    source: String,
    program: Program,
    message: String,
    expression: Option<Program>,
    reason: String,
    field: String,
    /// Speaks of the value before: it says nothing on creation.
    pub(super) is_transition: bool,
}

/// Reads one entry of `x-kubernetes-validations`.
///
/// # Errors
/// [`SchemaError::Rule`] when it cannot be evaluated here.
pub(super) fn compile(value: &Value, path: &str) -> Result<Rule, SchemaError> {
    let program = |source: &str| {
        let failed =
            |problem: String| SchemaError::Rule { path: path.to_owned(), rule: source.to_owned(), problem };
        let env = functions::environment().map_err(|error| failed(error.to_string()))?;
        env.compile(source).map_err(|error| failed(error.to_string()))
    };
    let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    if let Some(name) = value.as_object().into_iter().flatten().map(|(name, _)| name).find(|name| {
        !matches!(name.as_str(), "rule" | "message" | "messageExpression" | "reason" | "fieldPath")
    }) {
        return Err(SchemaError::Word { path: path.to_owned(), word: name.clone() });
    }
    let source = word("rule");
    let compiled = program(&source)?;
    let reason = word("reason");
    Ok(Rule {
        is_transition: compiled.references().has_variable("oldSelf"),
        program: compiled,
        message: word("message"),
        expression: value["messageExpression"].as_str().map(program).transpose()?,
        reason: if reason.is_empty() { "FieldValueInvalid".to_owned() } else { reason },
        field: word("fieldPath"),
        source,
    })
}

impl Rule {
    /// What the value breaks, if it breaks the rule.
    pub(super) fn broken(&self, path: &str, value: &Value, old: Option<&Value>) -> Option<Cause> {
        let field = format!("{path}{}", self.field);
        let env = match functions::environment() {
            Ok(env) => env,
            Err(error) => return Some(self.cause(&field, value, &error.to_string())),
        };
        let mut context = Context::with_env(env);
        context.add_variable_from_value("self", to_cel(value));
        if let Some(old) = old {
            context.add_variable_from_value("oldSelf", to_cel(old));
        }
        match self.program.execute(&context) {
            Ok(CelValue::Bool(true)) => None,
            Ok(CelValue::Bool(false)) => Some(self.cause(&field, value, &self.words(&context))),
            Ok(other) => Some(self.cause(&field, value, &format!("expected true or false, found {other:?}"))),
            Err(error) => Some(self.cause(&field, value, &format!("rule evaluation error: {error}"))),
        }
    }

    fn words(&self, context: &Context<'_, '_>) -> String {
        let computed = self.expression.as_ref().and_then(|program| match program.execute(context) {
            Ok(CelValue::String(text)) => Some(text.as_str().to_owned()),
            _ => None,
        });
        match computed {
            Some(text) => text,
            None if self.message.is_empty() => format!("failed rule: {}", self.source),
            None => self.message.clone(),
        }
    }

    /// Source of the forms: k8s.io/apiextensions-apiserver, `fieldErrorForReason`.
    fn cause(&self, field: &str, value: &Value, words: &str) -> Cause {
        let message = match self.reason.as_str() {
            "FieldValueForbidden" => format!("Forbidden: {words}"),
            "FieldValueRequired" => format!("Required value: {words}"),
            "FieldValueDuplicate" => format!("Duplicate value: {value}"),
            _ => format!("Invalid value: {value}: {words}"),
        };
        Cause::new(field, &self.reason, message)
    }
}

/// A value as CEL has it: whole numbers are signed, and a null field is not there.
fn to_cel(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(value) => CelValue::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(number) => CelValue::Int(number),
            None => CelValue::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => CelValue::from(text.as_str()),
        Value::Array(items) => CelValue::from(items.iter().map(to_cel).collect::<Vec<_>>()),
        Value::Object(fields) => {
            let present = fields.iter().filter(|(_, field)| !field.is_null());
            CelValue::from(
                present.map(|(name, field)| (name.clone(), to_cel(field))).collect::<HashMap<_, _>>(),
            )
        }
    }
}
