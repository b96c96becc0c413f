//! The expression language of synchronization rules: lexer, parser and evaluator. Pure; does no IO.
//!
//! Sources: Microsoft, "Microsoft Entra Connect Sync: Understanding Declarative Provisioning Expressions" and "Functions
//! Reference". What those pages leave open is decided here and written down where it is decided:
//!
//! - The pages give all operators one priority. The shipped rules only work when logical operators bind weaker than
//!   comparisons and comparisons weaker than the rest, so that is what the parser does; inside each of the three groups
//!   evaluation goes from left to right, as documented.
//! - Text is compared with regard to case, as in the language's ancestor; function names are case-sensitive as documented.
//! - Functions of certificates, `Guid` and `RandomNum` are not known here: no simulated outcome may depend on chance.

mod collection;
mod conversion;
mod date;
mod error;
mod evaluator;
mod function;
mod lexer;
mod operator;
mod parser;
mod special;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod value;

use jiff::Timestamp;

pub use error::{EvaluationError, ParseError};
pub use value::Value;

use syntax::Node;

/// A parsed expression, ready to be evaluated many times.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    root: Node,
    attributes: Vec<String>,
    imported: Vec<String>,
}

/// What an expression contributes to the attribute it flows to.
#[derive(Debug, Clone, PartialEq)]
pub enum Contribution {
    /// `NULL`: nothing; a rule of lower precedence may contribute. If none does, the target's value is removed.
    Nothing,
    /// `IgnoreThisFlow`: as if the flow had never been there; an existing value of the target stays.
    Ignore,
    /// `AuthoritativeNull`: nothing, and no rule of lower precedence may contribute either.
    AuthoritativeNull,
    /// One or more values.
    Values(Vec<Value>),
}

/// Where an expression finds its inputs.
///
/// Attributes are asked for by position in [`Expression::attributes`], so that a caller resolves their names once.
pub trait Source {
    /// The attribute `[name]`; [`Value::Null`] where the object does not have it.
    fn attribute(&self, position: usize) -> Value;
    /// `ImportedValue("name")`, by position in [`Expression::imported`]: the value that an import has confirmed.
    fn imported(&self, position: usize) -> Value;
    /// The parameter `%name%`; absent if there is none of that name.
    fn parameter(&self, name: &str) -> Option<String>;
    /// The engine's clock, for `Now`.
    fn now(&self) -> Timestamp;
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// The text is not an expression, names an unknown function, or uses one with a wrong number of arguments.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parser::parse(text)
    }

    /// Names of the attributes read as `[name]` or counted by `ValueCount`, each once, in order of appearance.
    pub fn attributes(&self) -> &[String] {
        &self.attributes
    }

    /// Names of the attributes read with `ImportedValue`, each once, in order of appearance.
    pub fn imported(&self) -> &[String] {
        &self.imported
    }

    /// Evaluates the expression on one object.
    ///
    /// # Errors
    /// A function was used on a value that it does not take, a parameter is unknown, or the expression raised an error of
    /// its own with `Error`.
    pub fn evaluate(&self, source: &dyn Source) -> Result<Contribution, EvaluationError> {
        let value = evaluator::Evaluator::new(source).evaluate(&self.root)?;
        Ok(match value {
            Value::Null => Contribution::Nothing,
            Value::Ignore => Contribution::Ignore,
            Value::AuthoritativeNull => Contribution::AuthoritativeNull,
            Value::Many(values) if values.is_empty() => Contribution::Nothing,
            Value::Many(values) => Contribution::Values(values),
            single => Contribution::Values(vec![single]),
        })
    }
}
