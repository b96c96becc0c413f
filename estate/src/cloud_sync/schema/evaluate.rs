//! The mapping evaluator of the provisioning service: its own, shared with nothing else in the estate.
//!
//! Source of the functions: Microsoft, reference for writing expressions for attribute mappings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Source;
use crate::value::Value;

/// Why a mapping gives no value; the mapping is listed with it and nothing flows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The service does not know the function.
    #[error("expected a known function, found {0}")]
    UnknownFunction(String),
    /// Too many or too few arguments, or one of the wrong kind.
    #[error("expected {expected} as argument of {function}")]
    BadArgument {
        /// The function.
        function: String,
        /// What it takes.
        expected: &'static str,
    },
    /// The expression called `Error`.
    #[error("{0}")]
    Raised(String),
}

/// Names of the functions this evaluator knows.
pub const FUNCTIONS: [&str; 22] = [
    "Append",
    "Coalesce",
    "ConvertToBase64",
    "Error",
    "IIF",
    "IsNull",
    "IsNullOrEmpty",
    "IsPresent",
    "IsString",
    "Item",
    "Join",
    "Left",
    "Mid",
    "Not",
    "RemoveDuplicates",
    "Replace",
    "Right",
    "Switch",
    "ToLower",
    "ToUpper",
    "Trim",
    "Equals",
];

/// Values of a source over the attributes that `input` gives.
///
/// # Errors
/// If the expression raises one, or uses a function or argument that the service does not know.
pub fn evaluate(source: &Source, input: &dyn Fn(&str) -> Vec<Value>) -> Result<Vec<Value>, EvaluationError> {
    match source {
        Source::Attribute(name) => Ok(input(name)),
        Source::Constant(text) => Ok(vec![Value::text(text.clone())]),
        Source::Function { name, arguments } => call(name, arguments, input),
    }
}

type Input<'a> = &'a dyn Fn(&str) -> Vec<Value>;

fn call(name: &str, arguments: &[Source], input: Input<'_>) -> Result<Vec<Value>, EvaluationError> {
    let bad = |expected| EvaluationError::BadArgument { function: name.to_owned(), expected };
    let argument = |at: usize| -> Result<Vec<Value>, EvaluationError> {
        evaluate(arguments.get(at).ok_or_else(|| bad("one more value"))?, input)
    };
    let text = |at: usize| Ok(argument(at)?.first().map(Value::to_string).unwrap_or_default());
    let number = |at: usize| -> Result<usize, EvaluationError> {
        text(at)?.trim().parse().map_err(|_| bad("a number"))
    };
    let each = |f: &dyn Fn(&str) -> String| -> Result<Vec<Value>, EvaluationError> {
        let values = argument(0)?;
        Ok(values
            .iter()
            .map(|value| match value {
                Value::String(text) => Value::text(f(text)),
                other => other.clone(),
            })
            .collect())
    };
    match name.to_ascii_lowercase().as_str() {
        "append" => {
            let suffix = text(1)?;
            each(&|value| format!("{value}{suffix}"))
        }
        "coalesce" => {
            for at in 0..arguments.len() {
                let values = argument(at)?;
                if is_present(&values) {
                    return Ok(values);
                }
            }
            Ok(Vec::new())
        }
        "converttobase64" => Ok(argument(0)?
            .first()
            .map(|value| match value {
                Value::Binary(bytes) => STANDARD.encode(bytes),
                other => STANDARD.encode(other.to_string()),
            })
            .map(Value::String)
            .into_iter()
            .collect()),
        "equals" => Ok(vec![Value::Boolean(text(0)? == text(1)?)]),
        "error" => Err(EvaluationError::Raised(text(0)?)),
        "iif" => {
            let condition = argument(0)?;
            argument(if is_true(&condition) { 1 } else { 2 })
        }
        "isnull" => Ok(vec![Value::Boolean(argument(0)?.is_empty())]),
        "isnullorempty" => Ok(vec![Value::Boolean(!is_present(&argument(0)?))]),
        "ispresent" => Ok(vec![Value::Boolean(is_present(&argument(0)?))]),
        "isstring" => Ok(vec![Value::Boolean(matches!(argument(0)?.first(), Some(Value::String(_))))]),
        "item" => {
            let index = number(1)?;
            // Items are counted from 1.
            Ok(argument(0)?.into_iter().nth(index.saturating_sub(1)).into_iter().collect())
        }
        "join" => {
            let separator = text(0)?;
            let mut parts = Vec::new();
            for at in 1..arguments.len() {
                parts.extend(argument(at)?.iter().map(Value::to_string).filter(|part| !part.is_empty()));
            }
            Ok(one_text(parts.join(&separator)))
        }
        "left" => {
            let length = number(1)?;
            each(&|value| value.chars().take(length).collect())
        }
        "right" => {
            let length = number(1)?;
            each(&|value| value.chars().skip(value.chars().count().saturating_sub(length)).collect())
        }
        "mid" => {
            let (start, length) = (number(1)?, number(2)?);
            each(&|value| value.chars().skip(start.saturating_sub(1)).take(length).collect())
        }
        "not" => Ok(vec![Value::Boolean(!is_true(&argument(0)?))]),
        "removeduplicates" => {
            let mut kept: Vec<Value> = Vec::new();
            for value in argument(0)? {
                let folded = value.to_string().to_lowercase();
                if !kept.iter().any(|held| held.to_string().to_lowercase() == folded) {
                    kept.push(value);
                }
            }
            Ok(kept)
        }
        "replace" if arguments.len() == 3 => {
            let (old, new) = (text(1)?, text(2)?);
            each(&|value| if old.is_empty() { value.to_owned() } else { value.replace(&old, &new) })
        }
        "replace" => Err(bad("a source, an old and a new text")),
        "switch" => {
            let value = text(0)?;
            let mut at = 2;
            while at + 1 < arguments.len() {
                if text(at)? == value {
                    return argument(at + 1);
                }
                at += 2;
            }
            argument(1)
        }
        "tolower" => each(&str::to_lowercase),
        "toupper" => each(&str::to_uppercase),
        "trim" => Ok(each(&|value| value.trim().to_owned())?
            .into_iter()
            .filter(|v| v.as_str() != Some(""))
            .collect()),
        _ => Err(EvaluationError::UnknownFunction(name.to_owned())),
    }
}

fn one_text(text: String) -> Vec<Value> {
    if text.is_empty() { Vec::new() } else { vec![Value::String(text)] }
}

fn is_present(values: &[Value]) -> bool {
    values.iter().any(|value| value.as_str() != Some(""))
}

fn is_true(values: &[Value]) -> bool {
    match values.first() {
        Some(Value::Boolean(flag)) => *flag,
        Some(Value::Integer(number)) => *number != 0,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str) -> Vec<Value> {
        match name {
            "mail" => vec![Value::text(" a@contoso.com ")],
            "sam" => vec![Value::text("Ärger")],
            "many" => vec![Value::text("x"), Value::text("X"), Value::text("y")],
            "disabled" => vec![Value::Boolean(true)],
            "guid" => vec![Value::Binary(vec![0, 1, 2])],
            "two" => vec![Value::text("2")],
            _ => Vec::new(),
        }
    }

    fn run(text: &str) -> Result<Vec<Value>, EvaluationError> {
        evaluate(&Source::parse(text).unwrap(), &input)
    }

    fn texts(text: &str) -> Vec<String> {
        run(text).unwrap().iter().map(Value::to_string).collect()
    }

    #[test]
    fn functions_as_documented() {
        let cases: &[(&str, &[&str])] = &[
            ("Trim([mail])", &["a@contoso.com"]),
            ("Append([sam], \"-x\")", &["Ärger-x"]),
            ("Coalesce([none], [sam], [mail])", &["Ärger"]),
            ("Coalesce([none])", &[]),
            ("IIF(IsPresent([none]), \"yes\", \"no\")", &["no"]),
            ("Not([disabled])", &["False"]),
            ("Join(\"@\", [sam], [none], \"d\")", &["Ärger@d"]),
            ("Left([sam], 2)", &["Är"]),
            ("Right([sam], 2)", &["er"]),
            ("Mid([sam], 2, 3)", &["rge"]),
            ("ToUpper([sam])", &["ÄRGER"]),
            ("ToLower([sam])", &["ärger"]),
            ("RemoveDuplicates([many])", &["x", "y"]),
            ("Item([many], 3)", &["y"]),
            ("Switch([two], \"none\", \"1\", \"one\", \"2\", \"two\")", &["two"]),
            ("Switch([sam], \"none\", \"1\", \"one\")", &["none"]),
            ("ConvertToBase64([guid])", &["AAEC"]),
            ("Replace([sam], \"rg\", \"_\")", &["Ä_er"]),
            ("IsNullOrEmpty([none])", &["True"]),
            ("[many]", &["x", "X", "y"]),
        ];
        for (text, expected) in cases {
            assert_eq!(texts(text), *expected, "{text}");
        }
    }

    #[test]
    fn errors_are_errors_not_values() {
        assert_eq!(run("Frobnicate([sam])"), Err(EvaluationError::UnknownFunction("Frobnicate".to_owned())));
        assert_eq!(run("Error(\"no name\")"), Err(EvaluationError::Raised("no name".to_owned())));
        assert!(matches!(run("Left([sam], \"x\")"), Err(EvaluationError::BadArgument { .. })));
        assert!(matches!(run("Left([sam])"), Err(EvaluationError::BadArgument { .. })));
        assert_eq!(texts("IIF([disabled], \"lazy\", Error(\"not reached\"))"), ["lazy"]);
    }

    #[test]
    fn every_listed_function_is_known() {
        for function in FUNCTIONS {
            let source = Source::Function { name: function.to_owned(), arguments: Vec::new() };
            let unknown = EvaluationError::UnknownFunction(function.to_owned());
            assert_ne!(evaluate(&source, &input), Err(unknown), "{function}");
        }
    }
}
