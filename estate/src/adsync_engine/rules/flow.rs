//! Attribute flows: one flow's contribution, and its errors. Pure; does no IO.

use adsync::rule::{AttributeFlow, FlowSource, ValueMerge};
use jiff::Timestamp;

use super::schema::Definition;
use super::subject::Subject;
use crate::adsync_engine::symbol::{Symbol, Symbols};
use crate::expression::{self, Contribution, EvaluationError, Expression, ParseError, Source};
use crate::value::Value;

/// One compiled flow.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    /// Target attribute.
    pub(super) destination: Symbol,
    /// How it meets other values.
    pub(super) merge: ValueMerge,
    /// Flows only when the target object is new.
    pub(super) once: bool,
    /// Where the value comes from.
    pub(super) source: Compiled,
    /// What the target attribute holds, if the schema says.
    definition: Option<Definition>,
}

/// Source of a [`Flow`].
#[derive(Debug, Clone)]
pub(super) enum Compiled {
    /// The value of one attribute.
    Direct(Symbol),
    /// A fixed value.
    Constant(String),
    /// An expression, or why it is none.
    Expression(Box<Result<CompiledExpression, ParseError>>),
}

/// An expression with the symbols of the attributes it names.
#[derive(Debug, Clone)]
pub(super) struct CompiledExpression {
    expression: Expression,
    attributes: Vec<Symbol>,
    imported: Vec<Symbol>,
}

/// What the flows to one attribute come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flowed {
    /// The target keeps what it has.
    Untouched,
    /// The target gets these values; none clears it.
    Values(Vec<Value>),
    /// These values are added to what the target has.
    Merged(Vec<Value>, ValueMerge),
}

/// A flow that had no value because of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowError {
    /// Name of the rule.
    pub rule: String,
    /// Target attribute.
    pub attribute: String,
    /// What went wrong, and what to do.
    pub message: String,
    /// The rule itself raised it with `Error`: the object is not synchronized.
    pub raised: bool,
}

/// One flow's answer.
pub(super) enum Answer {
    /// As the expression language has it.
    Contribution(Contribution),
    /// Values as they are stored.
    Values(Vec<Value>),
}

impl Flow {
    /// Compiles a flow. `definition` is the target attribute's.
    pub(super) fn new(flow: &AttributeFlow, definition: Option<Definition>, symbols: &mut Symbols) -> Self {
        let source = match &flow.source {
            FlowSource::Direct { attribute } => Compiled::Direct(symbols.intern(attribute)),
            FlowSource::Constant { value } => Compiled::Constant(value.clone()),
            FlowSource::Expression { expression, .. } => Compiled::Expression(Box::new(
                Expression::parse(expression).map(|expression| CompiledExpression::new(expression, symbols)),
            )),
        };
        Self {
            destination: symbols.intern(&flow.destination),
            merge: flow.merge,
            once: flow.execute_once,
            source,
            definition,
        }
    }

    /// Whether the target attribute refers to objects.
    pub(super) fn is_reference(&self) -> bool {
        self.definition.is_some_and(Definition::is_reference)
    }

    /// What the flow contributes for an object.
    pub(super) fn contribute(&self, subject: &dyn Subject) -> Result<Answer, (String, bool)> {
        let values = match &self.source {
            Compiled::Direct(attribute) => subject.values(*attribute).to_vec(),
            Compiled::Constant(value) => vec![Value::String(value.clone())],
            Compiled::Expression(compiled) => {
                let compiled = compiled.as_ref().as_ref().map_err(|error| (error.to_string(), false))?;
                match compiled
                    .evaluate(subject)
                    .map_err(|error| (error.to_string(), matches!(error, EvaluationError::Raised { .. })))?
                {
                    Contribution::Values(values) => values.into_iter().filter_map(from_expression).collect(),
                    steering => return Ok(Answer::Contribution(steering)),
                }
            }
        };
        // No directory stores an empty text: a function that returns one has nothing to contribute.
        let values: Vec<Value> = values.into_iter().filter(|value| value.as_str() != Some("")).collect();
        if values.is_empty() {
            return Ok(Answer::Contribution(Contribution::Nothing));
        }
        let Some(definition) = self.definition else { return Ok(Answer::Values(values)) };
        if values.len() > 1 && !definition.is_multi_valued() {
            let message = format!("expected one value, found {}: flow one of them with Item", values.len());
            return Err((message, false));
        }
        Ok(Answer::Values(values.into_iter().map(|value| definition.store(value)).collect()))
    }
}

impl CompiledExpression {
    fn new(expression: Expression, symbols: &mut Symbols) -> Self {
        let attributes = expression.attributes().iter().map(|name| symbols.intern(name)).collect();
        let imported = expression.imported().iter().map(|name| symbols.intern(name)).collect();
        Self { expression, attributes, imported }
    }

    fn evaluate(&self, subject: &dyn Subject) -> Result<Contribution, EvaluationError> {
        self.expression.evaluate(&Input { compiled: self, subject })
    }
}

/// An object as the expression language reads it.
struct Input<'a> {
    compiled: &'a CompiledExpression,
    subject: &'a dyn Subject,
}

impl Source for Input<'_> {
    fn attribute(&self, position: usize) -> expression::Value {
        let values =
            self.compiled.attributes.get(position).map_or(&[][..], |symbol| self.subject.values(*symbol));
        to_expression(values)
    }

    fn imported(&self, position: usize) -> expression::Value {
        let values =
            self.compiled.imported.get(position).map_or(&[][..], |symbol| self.subject.imported(*symbol));
        to_expression(values)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.subject.parameter(name)
    }

    fn now(&self) -> Timestamp {
        self.subject.now()
    }
}

fn to_expression(values: &[Value]) -> expression::Value {
    let convert = |value: &Value| match value {
        Value::String(text) => expression::Value::Text(text.clone()),
        Value::Integer(number) => expression::Value::Number(*number),
        Value::Boolean(flag) => expression::Value::Boolean(*flag),
        Value::Binary(bytes) => expression::Value::Binary(bytes.clone()),
        Value::Reference(id) => expression::Value::Reference(id.to_string()),
    };
    match values {
        [] => expression::Value::Null,
        [single] => convert(single),
        many => expression::Value::Many(many.iter().map(convert).collect()),
    }
}

/// Back from the expression language; dates and `NULL`s are no attribute values.
fn from_expression(value: expression::Value) -> Option<Value> {
    match value {
        expression::Value::Boolean(flag) => Some(Value::Boolean(flag)),
        expression::Value::Number(number) => Some(Value::Integer(number)),
        expression::Value::Text(text) => Some(Value::String(text)),
        expression::Value::Binary(bytes) => Some(Value::Binary(bytes)),
        // A reference that came from an attribute is an identifier; one made with CRef is a name and stays text.
        expression::Value::Reference(name) => {
            Some(name.parse().map_or(Value::String(name), Value::Reference))
        }
        _ => None,
    }
}
