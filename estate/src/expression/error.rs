//! What can be wrong with an expression, when it is read and when it is evaluated. Pure; does no IO.

use super::value::Value;

/// Why a text is not an expression. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// A character that starts nothing known.
    #[error("unexpected character '{character}' at position {position}: remove it or put the text in quotes")]
    UnexpectedCharacter {
        /// The character.
        character: char,
        /// Where it stands.
        position: usize,
    },
    /// A quote, bracket or percent sign that is never closed.
    #[error("{what} opened at position {position} is not closed: close it")]
    NotClosed {
        /// What was opened.
        what: &'static str,
        /// Where it was opened.
        position: usize,
    },
    /// A number that does not fit 64 bits, or has no digits.
    #[error(
        "not a number at position {position}: found '{text}', expected decimal digits or &H with hexadecimal ones"
    )]
    BadNumber {
        /// The text found.
        text: String,
        /// Where it starts.
        position: usize,
    },
    /// Something stands where something else was expected.
    #[error("expected {expected}, found {found}: see the expression's syntax")]
    Unexpected {
        /// What would have been right.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// A name that is no function of the language.
    #[error("unknown function '{name}': names are case-sensitive, see the functions reference")]
    UnknownFunction {
        /// The name.
        name: String,
    },
    /// A bare word that is no constant of the language.
    #[error(
        "unknown word '{word}': attributes stand in brackets, texts in quotes, parameters in percent signs"
    )]
    UnknownWord {
        /// The word.
        word: String,
    },
    /// A function with too few or too many arguments, or an argument of the wrong form.
    #[error("function '{function}' expects {expected}, found {found} arguments")]
    WrongArguments {
        /// The function.
        function: &'static str,
        /// What it expects.
        expected: String,
        /// How many arguments it was given.
        found: usize,
    },
    /// Brackets nested deeper than the reader follows.
    #[error("nested deeper than {limit} levels: split the expression over several rules")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

/// Why an expression has no value for an object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A function or operator met a value of a type that it does not take.
    #[error("{function} expects {expected}, found {found}: convert the value or test it first")]
    WrongType {
        /// The function or operator.
        function: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        found: &'static str,
    },
    /// A function met a value of the right type that it cannot use.
    #[error("{function} expects {expected}, found '{found}': test the value first")]
    WrongValue {
        /// The function.
        function: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        found: String,
    },
    /// `%name%` is not a parameter here.
    #[error("no parameter '{name}' here: connectors offer Connector.ID and those of Domain and Forest")]
    UnknownParameter {
        /// Name of the parameter.
        name: String,
    },
    /// `$name` stands outside the function that defines it.
    #[error("variable '${name}' has no value here: use it inside the With, Select or Where that names it")]
    UnknownVariable {
        /// Name of the variable.
        name: String,
    },
    /// The expression called `Error`: the object is not synchronized.
    #[error("{message}")]
    Raised {
        /// The expression's own message.
        message: String,
    },
}

impl EvaluationError {
    /// Shorthand for [`EvaluationError::WrongType`].
    pub(super) fn wrong_type(function: &'static str, expected: &'static str, found: &Value) -> Self {
        Self::WrongType { function, expected, found: found.kind() }
    }

    /// Shorthand for [`EvaluationError::WrongValue`].
    pub(super) fn wrong_value(
        function: &'static str,
        expected: &'static str,
        found: impl Into<String>,
    ) -> Self {
        Self::WrongValue { function, expected, found: found.into() }
    }
}
