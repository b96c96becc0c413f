//! Operators other than the logical ones. Pure; does no IO.

use std::cmp::Ordering;

use super::error::EvaluationError;
use super::syntax::Operator;
use super::value::Value;

/// Applies an operator; one with several values on one side is applied to each of them.
pub(super) fn apply(operator: Operator, left: Value, right: Value) -> Result<Value, EvaluationError> {
    match (left, right) {
        (Value::Many(lefts), Value::Many(rights)) => match operator {
            Operator::Equal => Ok(Value::Boolean(lefts == rights)),
            Operator::NotEqual => Ok(Value::Boolean(lefts != rights)),
            _ => Err(EvaluationError::wrong_type(
                operator.symbol(),
                "one side with a single value",
                &Value::Many(rights),
            )),
        },
        (Value::Many(lefts), right) => {
            let results = lefts.into_iter().map(|left| single(operator, left, right.clone()));
            Ok(Value::from_values(results.collect::<Result<_, _>>()?))
        }
        (left, Value::Many(rights)) => {
            let results = rights.into_iter().map(|right| single(operator, left.clone(), right));
            Ok(Value::from_values(results.collect::<Result<_, _>>()?))
        }
        (left, right) => single(operator, left, right),
    }
}

/// The minus sign before a value.
pub(super) fn negate(value: &Value) -> Result<Value, EvaluationError> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Number(number) => number.checked_neg().map(Value::Number).ok_or_else(|| {
            EvaluationError::wrong_value("-", "a number that can be negated", number.to_string())
        }),
        other => Err(EvaluationError::wrong_type("-", "a number", other)),
    }
}

fn single(operator: Operator, left: Value, right: Value) -> Result<Value, EvaluationError> {
    for side in [&left, &right] {
        if matches!(side, Value::Ignore | Value::AuthoritativeNull) {
            return Err(EvaluationError::wrong_type(operator.symbol(), "a value", side));
        }
    }
    match operator {
        Operator::Concatenate => concatenate(left, right),
        Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Divide => {
            calculate(operator, &left, &right)
        }
        _ => compare(operator, &left, &right).map(Value::Boolean),
    }
}

/// `&`: texts or binaries; `NULL` adds nothing.
fn concatenate(left: Value, right: Value) -> Result<Value, EvaluationError> {
    match (left, right) {
        (Value::Binary(mut left), Value::Binary(right)) => {
            left.extend(right);
            Ok(Value::Binary(left))
        }
        (Value::Null, Value::Null) => Ok(Value::Null),
        (Value::Null, Value::Binary(bytes)) | (Value::Binary(bytes), Value::Null) => Ok(Value::Binary(bytes)),
        (left, right) => {
            let mut text = String::new();
            for side in [left, right] {
                match side.to_text() {
                    Some(part) => text.push_str(&part),
                    None if side == Value::Null => {}
                    None => {
                        return Err(EvaluationError::wrong_type(
                            "&",
                            "texts, or binaries on both sides",
                            &side,
                        ));
                    }
                }
            }
            Ok(Value::Text(text))
        }
    }
}

fn calculate(operator: Operator, left: &Value, right: &Value) -> Result<Value, EvaluationError> {
    let symbol = operator.symbol();
    match (left, right) {
        (Value::Null, Value::Number(_) | Value::Null) | (Value::Number(_), Value::Null) => Ok(Value::Null),
        (Value::Number(left), Value::Number(right)) => match operator {
            Operator::Add => left.checked_add(*right),
            Operator::Subtract => left.checked_sub(*right),
            Operator::Multiply => left.checked_mul(*right),
            _ => left.checked_div(*right),
        }
        .map(Value::Number)
        .ok_or_else(|| {
            EvaluationError::wrong_value(
                symbol,
                "a result that is a 64-bit number",
                format!("{left} {symbol} {right}"),
            )
        }),
        (Value::Number(_) | Value::Null, other) | (other, _) => {
            Err(EvaluationError::wrong_type(symbol, "numbers", other))
        }
    }
}

/// Compares two values. `NULL` equals only itself and is neither smaller nor greater than anything.
fn compare(operator: Operator, left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    let ordering = match (left, right) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Null, _) | (_, Value::Null) => None,
        _ => Some(order(operator, left, right)?),
    };
    Ok(match operator {
        Operator::Equal => ordering == Some(Ordering::Equal),
        Operator::NotEqual => ordering != Some(Ordering::Equal),
        Operator::Less => ordering == Some(Ordering::Less),
        Operator::LessOrEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => ordering == Some(Ordering::Greater),
        _ => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
    })
}

fn order(operator: Operator, left: &Value, right: &Value) -> Result<Ordering, EvaluationError> {
    Ok(match (left, right) {
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::Number(left), Value::Number(right)) => left.cmp(right),
        (Value::Binary(left), Value::Binary(right)) => left.cmp(right),
        (Value::Instant(left), Value::Instant(right)) => left.cmp(right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        // Names of objects compare without regard to case, whichever side is known to be one.
        (Value::Reference(left), Value::Reference(right) | Value::Text(right))
        | (Value::Text(left), Value::Reference(right)) => left.to_lowercase().cmp(&right.to_lowercase()),
        (Value::Boolean(boolean), Value::Text(_)) => boolean.cmp(&right.as_condition(operator.symbol())?),
        (Value::Text(_), Value::Boolean(boolean)) => left.as_condition(operator.symbol())?.cmp(boolean),
        (Value::Number(number), Value::Text(text)) => number.cmp(&number_in(operator, text)?),
        (Value::Text(text), Value::Number(number)) => number_in(operator, text)?.cmp(number),
        (_, other) => {
            return Err(EvaluationError::wrong_type(operator.symbol(), "two values of one type", other));
        }
    })
}

/// A number kept in a text attribute, which is how a schema without numbers stores it.
fn number_in(operator: Operator, text: &str) -> Result<i64, EvaluationError> {
    text.trim().parse().map_err(|_| EvaluationError::wrong_value(operator.symbol(), "a number", text))
}
