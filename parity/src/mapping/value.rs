//! What an expression gives while it is evaluated. Pure.

/// Why a value cannot be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unpredictable(pub(super) String);

impl Unpredictable {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

pub(super) type Outcome = Result<Value, Unpredictable>;

/// The value of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// No value: the attribute is absent.
    Null,
    /// A text or a number.
    Text(String),
    /// A condition.
    Bool(bool),
    /// Several texts.
    Many(Vec<String>),
    /// Octet strings.
    Binary(Vec<Vec<u8>>),
    /// The attribute is dropped from the flow.
    Ignored,
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Several texts; one is a plain text, none is no value.
    pub(super) fn many(mut values: Vec<String>) -> Self {
        match values.len() {
            0 => Self::Null,
            1 => values.pop().map_or(Self::Null, Self::Text),
            _ => Self::Many(values),
        }
    }

    /// Absent, or an empty text.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::Text(text) if text.is_empty())
    }

    /// One text, or nothing where there is no value.
    pub(super) fn single(self) -> Result<Option<String>, Unpredictable> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            Self::Bool(value) => Ok(Some(boolean_text(value).to_owned())),
            Self::Many(_) => Err(Unpredictable::new(
                "a function of one text is applied to an attribute with several values",
            )),
            Self::Binary(_) => Err(Unpredictable::new("a function of texts is applied to an octet string")),
            Self::Ignored => Err(Unpredictable::new("IgnoreFlowIfNullOrEmpty is nested in another function")),
        }
    }

    /// Texts, none to many.
    pub(super) fn texts(self) -> Result<Vec<String>, Unpredictable> {
        match self {
            Self::Many(values) => Ok(values),
            other => Ok(other.single()?.into_iter().collect()),
        }
    }

    /// A condition: `True` or `False` in any case.
    pub(super) fn condition(self) -> Result<bool, Unpredictable> {
        match self {
            Self::Bool(value) => Ok(value),
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            _ => Err(Unpredictable::new("a condition is neither True nor False")),
        }
    }
}

pub(super) fn boolean_text(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// A whole number, decimal or as `&H` with hexadecimal digits.
pub(super) fn number(text: &str) -> Result<i64, Unpredictable> {
    let text = text.trim();
    let hexadecimal = text.strip_prefix("&H").or_else(|| text.strip_prefix("&h"));
    let parsed = match hexadecimal {
        Some(digits) => i64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| Unpredictable::new("a number was expected"))
}
