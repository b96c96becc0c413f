//! Functions that decide which of their arguments are evaluated, or how often. Pure; does no IO.

use super::error::EvaluationError;
use super::evaluator::Evaluator;
use super::syntax::Node;
use super::value::Value;

/// `IIF(condition, accepted, rejected)`: only the branch taken is evaluated, so that `Error` can stand in the other.
///
/// A condition computed from an attribute with several values decides for each value by itself.
pub(super) fn iif<'a>(
    evaluator: &mut Evaluator<'a>,
    condition: &'a Node,
    accepted: &'a Node,
    rejected: &'a Node,
) -> Result<Value, EvaluationError> {
    match evaluator.evaluate(condition)? {
        Value::Many(conditions) => {
            let mut results = Vec::with_capacity(conditions.len());
            for (position, condition) in conditions.iter().enumerate() {
                let branch = if condition.as_condition("IIF")? { accepted } else { rejected };
                match evaluator.evaluate(branch)? {
                    Value::Many(values) => results.extend(values.into_iter().nth(position)),
                    single => results.extend(single.into_list()),
                }
            }
            Ok(Value::from_values(results))
        }
        condition if condition.as_condition("IIF")? => evaluator.evaluate(accepted),
        _ => evaluator.evaluate(rejected),
    }
}

/// `Switch(condition, value, ...)`: the value beside the first true condition, `NULL` if none is true.
///
/// The reference says that all conditions are evaluated; values are taken lazily here, so that `Error` can be the last one.
pub(super) fn switch<'a>(evaluator: &mut Evaluator<'a>, pairs: &'a [Node]) -> Result<Value, EvaluationError> {
    for pair in pairs.chunks_exact(2) {
        if let [condition, value] = pair
            && evaluator.evaluate(condition)?.as_condition("Switch")?
        {
            return evaluator.evaluate(value);
        }
    }
    Ok(Value::Null)
}

/// `Select($item, list, expression)`: the expression for each value.
pub(super) fn select<'a>(
    evaluator: &mut Evaluator<'a>,
    item: &'a str,
    list: &'a Node,
    node: &'a Node,
) -> Result<Value, EvaluationError> {
    let mut results = Vec::new();
    for value in evaluator.evaluate(list)?.into_list() {
        results.extend(evaluator.evaluate_with(item, value, node)?.into_list());
    }
    Ok(Value::from_values(results))
}

/// `Where($item, list, condition)`: the values for which the condition holds.
pub(super) fn filter<'a>(
    evaluator: &mut Evaluator<'a>,
    item: &'a str,
    list: &'a Node,
    node: &'a Node,
) -> Result<Value, EvaluationError> {
    let mut results = Vec::new();
    for value in evaluator.evaluate(list)?.into_list() {
        if evaluator.evaluate_with(item, value.clone(), node)?.as_condition("Where")? {
            results.push(value);
        }
    }
    Ok(Value::from_values(results))
}
