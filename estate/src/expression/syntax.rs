//! The tree that an expression is parsed into. Pure; does no IO.

use super::function::Function;
use super::value::Value;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// A constant.
    Literal(Value),
    /// `[name]`, by position in the expression's list of attributes.
    Attribute(usize),
    /// `ImportedValue("name")`, by position in the expression's list of imported attributes.
    Imported(usize),
    /// `ValueCount("name")`, by position in the expression's list of attributes.
    ValueCount(usize),
    /// `%name%`.
    Parameter(String),
    /// `$name`.
    Variable(String),
    /// A function with its arguments; their number has been checked.
    Call(Function, Vec<Node>),
    /// Two operands.
    Operation(Operator, Box<Node>, Box<Node>),
    /// A minus sign before a value.
    Negation(Box<Node>),
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Concatenate,
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// How tightly an [`Operator`] binds; inside a level evaluation goes from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Logical,
    Comparison,
    Arithmetic,
}

impl Operator {
    /// All operators, those with longer symbols first.
    pub(super) const ALL: [Self; 13] = [
        Self::And,
        Self::Or,
        Self::NotEqual,
        Self::LessOrEqual,
        Self::GreaterOrEqual,
        Self::Equal,
        Self::Less,
        Self::Greater,
        Self::Concatenate,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
    ];

    /// How it is written.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::And => "&&",
            Self::Or => "||",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Concatenate => "&",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }

    /// How tightly it binds.
    pub(super) fn level(self) -> Level {
        match self {
            Self::And | Self::Or => Level::Logical,
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessOrEqual
            | Self::Greater
            | Self::GreaterOrEqual => Level::Comparison,
            Self::Concatenate | Self::Add | Self::Subtract | Self::Multiply | Self::Divide => {
                Level::Arithmetic
            }
        }
    }
}
