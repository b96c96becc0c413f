//! Builds the tree of an expression from its tokens. Pure; does no IO.

use super::Expression;
use super::error::ParseError;
use super::function::Function;
use super::lexer::{Token, tokenize};
use super::syntax::{Level, Node, Operator};
use super::value::Value;

/// Deepest nesting that is followed: the deepest shipped expression needs 8.
const MAX_DEPTH: usize = 64;

/// Parses a whole expression.
pub(super) fn parse(text: &str) -> Result<Expression, ParseError> {
    let mut parser = Parser {
        tokens: tokenize(text)?.into_iter().peekable(),
        depth: 0,
        attributes: Vec::new(),
        imported: Vec::new(),
    };
    let root = parser.level(Level::Logical)?;
    if let Some(token) = parser.tokens.next() {
        return Err(ParseError::Unexpected { expected: "an operator or the end", found: token.describe() });
    }
    Ok(Expression { root, attributes: parser.attributes, imported: parser.imported })
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
    attributes: Vec<String>,
    imported: Vec<String>,
}

impl Parser {
    /// Operands joined by operators of this level, whose operands are made of tighter ones.
    fn level(&mut self, level: Level) -> Result<Node, ParseError> {
        let mut left = self.tighter(level)?;
        while let Some(operator) = self.operator_of(level) {
            let right = self.tighter(level)?;
            left = Node::Operation(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn tighter(&mut self, level: Level) -> Result<Node, ParseError> {
        match level {
            Level::Logical => self.level(Level::Comparison),
            Level::Comparison => self.level(Level::Arithmetic),
            Level::Arithmetic => self.operand(),
        }
    }

    fn operator_of(&mut self, level: Level) -> Option<Operator> {
        let operator = match self.tokens.peek()? {
            Token::Operator(operator) => *operator,
            Token::Word(word) if word.eq_ignore_ascii_case("and") => Operator::And,
            Token::Word(word) if word.eq_ignore_ascii_case("or") => Operator::Or,
            _ => return None,
        };
        if operator.level() != level {
            return None;
        }
        self.tokens.next();
        Some(operator)
    }

    fn operand(&mut self) -> Result<Node, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ParseError::TooDeep { limit: MAX_DEPTH });
        }
        let node = match self.tokens.next() {
            Some(Token::Text(text)) => Node::Literal(Value::Text(text)),
            Some(Token::Number(number)) => Node::Literal(Value::Number(number)),
            Some(Token::Attribute(name)) => Node::Attribute(position_of(&mut self.attributes, name)),
            Some(Token::Parameter(name)) => Node::Parameter(name),
            Some(Token::Variable(name)) => Node::Variable(name),
            Some(Token::Word(word)) => self.word(word)?,
            Some(Token::Operator(Operator::Subtract)) => Node::Negation(Box::new(self.operand()?)),
            Some(Token::Open) => {
                let inner = self.level(Level::Logical)?;
                self.expect(&Token::Close, "')'")?;
                inner
            }
            other => return Err(unexpected("a value", other.as_ref())),
        };
        self.depth -= 1;
        Ok(node)
    }

    fn expect(&mut self, token: &Token, expected: &'static str) -> Result<(), ParseError> {
        match self.tokens.next() {
            Some(found) if found == *token => Ok(()),
            other => Err(unexpected(expected, other.as_ref())),
        }
    }

    fn word(&mut self, word: String) -> Result<Node, ParseError> {
        if self.tokens.peek() == Some(&Token::Open) {
            self.tokens.next();
            let arguments = self.arguments()?;
            return self.call(word, arguments);
        }
        Ok(Node::Literal(match word.as_str() {
            "True" | "TRUE" | "true" => Value::Boolean(true),
            "False" | "FALSE" | "false" => Value::Boolean(false),
            "NULL" | "Null" | "null" => Value::Null,
            "IgnoreThisFlow" => Value::Ignore,
            "AuthoritativeNull" => Value::AuthoritativeNull,
            "CRLF" => Value::Text("\r\n".to_owned()),
            // Enumerations travel as texts to the functions that take them.
            "CaseSensitive" | "CaseInsensitive" | "vbTextCompare" | "vbBinaryCompare" | "Unicode"
            | "ASCII" | "UTF8" => Value::Text(word),
            _ => return Err(ParseError::UnknownWord { word }),
        }))
    }

    fn arguments(&mut self) -> Result<Vec<Node>, ParseError> {
        let mut arguments = Vec::new();
        if self.tokens.peek() == Some(&Token::Close) {
            self.tokens.next();
            return Ok(arguments);
        }
        loop {
            arguments.push(self.level(Level::Logical)?);
            match self.tokens.next() {
                Some(Token::Comma) => {}
                Some(Token::Close) => return Ok(arguments),
                other => return Err(unexpected("',' or ')'", other.as_ref())),
            }
        }
    }

    fn call(&mut self, name: String, arguments: Vec<Node>) -> Result<Node, ParseError> {
        let Some(function) = Function::from_name(&name) else {
            return Err(ParseError::UnknownFunction { name });
        };
        let wrong = |expected: String| ParseError::WrongArguments {
            function: function.name(),
            expected,
            found: arguments.len(),
        };
        if !function.takes(arguments.len()) {
            return Err(wrong(function.arity_text()));
        }
        match function {
            // These two name an attribute in quotes instead of reading it in brackets.
            Function::ImportedValue | Function::ValueCount => match arguments.first() {
                Some(Node::Literal(Value::Text(name))) if function == Function::ImportedValue => {
                    Ok(Node::Imported(position_of(&mut self.imported, name.clone())))
                }
                Some(Node::Literal(Value::Text(name))) => {
                    Ok(Node::ValueCount(position_of(&mut self.attributes, name.clone())))
                }
                _ => Err(wrong("the name of an attribute in quotes".to_owned())),
            },
            Function::Select | Function::Where | Function::With
                if !matches!(arguments.first(), Some(Node::Variable(_))) =>
            {
                Err(wrong("a variable such as $item as its first argument".to_owned()))
            }
            Function::Switch if !arguments.len().is_multiple_of(2) => {
                Err(wrong("pairs of condition and value".to_owned()))
            }
            _ => Ok(Node::Call(function, arguments)),
        }
    }
}

fn position_of(names: &mut Vec<String>, name: String) -> usize {
    if let Some(position) = names.iter().position(|known| known.eq_ignore_ascii_case(&name)) {
        return position;
    }
    names.push(name);
    names.len() - 1
}

fn unexpected(expected: &'static str, found: Option<&Token>) -> ParseError {
    ParseError::Unexpected { expected, found: found.map_or_else(|| "the end".to_owned(), Token::describe) }
}
