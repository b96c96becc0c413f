//! Walks the tree of an expression. Pure; does no IO.

use super::Source;
use super::error::EvaluationError;
use super::function::Function;
use super::operator;
use super::special;
use super::syntax::{Node, Operator};
use super::value::Value;

/// Evaluates nodes on one object.
pub(super) struct Evaluator<'a> {
    source: &'a dyn Source,
    variables: Vec<(&'a str, Value)>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator without variables.
    pub(super) fn new(source: &'a dyn Source) -> Self {
        Self { source, variables: Vec::new() }
    }

    /// The value of a node.
    pub(super) fn evaluate(&mut self, node: &'a Node) -> Result<Value, EvaluationError> {
        match node {
            Node::Literal(value) => Ok(value.clone()),
            Node::Attribute(position) => Ok(self.source.attribute(*position)),
            Node::Imported(position) => Ok(self.source.imported(*position)),
            Node::ValueCount(position) => {
                let count = self.source.attribute(*position).into_list().len();
                Ok(Value::Number(i64::try_from(count).unwrap_or(i64::MAX)))
            }
            Node::Parameter(name) => self
                .source
                .parameter(name)
                .map(Value::Text)
                .ok_or_else(|| EvaluationError::UnknownParameter { name: name.clone() }),
            Node::Variable(name) => self
                .variables
                .iter()
                .rev()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
                .ok_or_else(|| EvaluationError::UnknownVariable { name: name.clone() }),
            Node::Negation(inner) => operator::negate(&self.evaluate(inner)?),
            Node::Operation(operator, left, right) => self.operation(*operator, left, right),
            Node::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    /// The value of a node while a variable has a value.
    pub(super) fn evaluate_with(
        &mut self,
        name: &'a str,
        value: Value,
        node: &'a Node,
    ) -> Result<Value, EvaluationError> {
        self.variables.push((name, value));
        let result = self.evaluate(node);
        self.variables.pop();
        result
    }

    fn operation(
        &mut self,
        operator: Operator,
        left: &'a Node,
        right: &'a Node,
    ) -> Result<Value, EvaluationError> {
        let left = self.evaluate(left)?;
        // The right side of a decided condition is not looked at, so that a test can guard what follows it.
        match operator {
            Operator::And if !left.as_condition("&&")? => return Ok(Value::Boolean(false)),
            Operator::Or if left.as_condition("||")? => return Ok(Value::Boolean(true)),
            Operator::And => return Ok(Value::Boolean(self.evaluate(right)?.as_condition("&&")?)),
            Operator::Or => return Ok(Value::Boolean(self.evaluate(right)?.as_condition("||")?)),
            _ => {}
        }
        let right = self.evaluate(right)?;
        operator::apply(operator, left, right)
    }

    fn call(&mut self, function: Function, arguments: &'a [Node]) -> Result<Value, EvaluationError> {
        match (function, arguments) {
            (Function::IIF, [condition, accepted, rejected]) => {
                special::iif(self, condition, accepted, rejected)
            }
            (Function::Switch, pairs) => special::switch(self, pairs),
            (Function::Select, [Node::Variable(item), list, node]) => special::select(self, item, list, node),
            (Function::Where, [Node::Variable(item), list, node]) => special::filter(self, item, list, node),
            (Function::With, [Node::Variable(name), value, node]) => {
                let value = self.evaluate(value)?;
                self.evaluate_with(name, value, node)
            }
            (Function::Now, _) => Ok(Value::Instant(self.source.now())),
            (Function::Error, [message]) => {
                let message = self.evaluate(message)?.to_text().unwrap_or_default();
                Err(EvaluationError::Raised { message })
            }
            (function, arguments) => {
                let values =
                    arguments.iter().map(|node| self.evaluate(node)).collect::<Result<Vec<_>, _>>()?;
                function.apply(values)
            }
        }
    }
}
