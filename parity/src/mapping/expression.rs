//! The text form of expressions: `Append([givenName], "x")`. Pure.
//!
//! The service sends each expression as a tree and as text. The tree is read where it can be; the text settles which
//! optional arguments were left out, and how a comparison was written.

use super::model::Source;

/// How deep functions may be nested; the service's own editor stops long before.
const MAX_DEPTH: usize = 64;

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at character {position} of the expression; correct the mapping")]
pub struct ExpressionError {
    /// What was expected.
    pub expected: &'static str,
    /// Where, counted from 0.
    pub position: usize,
}

impl Source {
    /// Reads the text form: attributes in square brackets, constants in double quotes (a backslash escapes), functions
    /// with arguments in parentheses of which any may be left out, and the comparison operators.
    ///
    /// Words without quotes (`vbTextCompare`, `&HF`, `8`) are constants. `And` and `Or` are refused: the service does
    /// not support them (Microsoft, "Reference for writing expressions", section IIF).
    ///
    /// # Errors
    /// [`ExpressionError`] says what was expected and where.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let mut parser = Parser { text: text.chars().collect(), position: 0, depth: 0 };
        let source = parser.comparison()?;
        parser.skip_blanks();
        if parser.peek().is_some() {
            return Err(parser.wrong("the end"));
        }
        Ok(source)
    }
}

struct Parser {
    text: Vec<char>,
    position: usize,
    depth: usize,
}

impl Parser {
    fn comparison(&mut self) -> Result<Source, ExpressionError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong("fewer nested functions"));
        }
        let left = self.joined()?;
        self.skip_blanks();
        let source = match self.operator() {
            None => left,
            Some(name) => {
                Source::Function { name: name.to_owned(), arguments: vec![Some(left), Some(self.joined()?)] }
            }
        };
        self.depth -= 1;
        Ok(source)
    }

    fn joined(&mut self) -> Result<Source, ExpressionError> {
        let mut left = self.operand()?;
        loop {
            self.skip_blanks();
            if self.peek() != Some('&') {
                return Ok(left);
            }
            self.position += 1;
            let right = self.operand()?;
            left = Source::Function { name: "&".to_owned(), arguments: vec![Some(left), Some(right)] };
        }
    }

    fn operator(&mut self) -> Option<&'static str> {
        const OPERATORS: [&str; 6] = ["<>", "<=", ">=", "=", "<", ">"];
        let rest = self.text.get(self.position..)?;
        let name = OPERATORS
            .into_iter()
            .find(|name| name.chars().enumerate().all(|(at, c)| rest.get(at) == Some(&c)))?;
        self.position += name.len();
        Some(name)
    }

    fn operand(&mut self) -> Result<Source, ExpressionError> {
        self.skip_blanks();
        match self.peek() {
            Some('[') => self.attribute(),
            Some('"') => self.quoted().map(Source::Constant),
            Some(_) => self.word(),
            None => Err(self.wrong("an attribute, a constant or a function")),
        }
    }

    fn attribute(&mut self) -> Result<Source, ExpressionError> {
        self.position += 1;
        let name = self.take_while(|c| c != ']');
        if self.peek() != Some(']') || name.trim().is_empty() {
            return Err(self.wrong("an attribute's name and a closing bracket"));
        }
        self.position += 1;
        Ok(Source::Attribute(name.trim().to_owned()))
    }

    fn quoted(&mut self) -> Result<String, ExpressionError> {
        self.position += 1;
        let mut text = String::new();
        loop {
            let c = self.peek().ok_or_else(|| self.wrong("a closing quotation mark"))?;
            self.position += 1;
            match c {
                '"' => return Ok(text),
                '\\' => {
                    let escaped = self.peek().ok_or_else(|| self.wrong("an escaped character"))?;
                    self.position += 1;
                    text.push(escaped);
                }
                other => text.push(other),
            }
        }
    }

    fn word(&mut self) -> Result<Source, ExpressionError> {
        // `&HF` is a number, so an ampersand may begin a word although it joins texts elsewhere.
        let mut name = String::new();
        if self.peek() == Some('&') {
            name.push('&');
            self.position += 1;
        }
        name.push_str(&self.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')));
        if name.is_empty() || name == "&" {
            return Err(self.wrong("an attribute, a constant or a function"));
        }
        self.skip_blanks();
        if self.peek() != Some('(') {
            return Ok(Source::Constant(name));
        }
        self.position += 1;
        Ok(Source::Function { name, arguments: self.arguments()? })
    }

    fn arguments(&mut self) -> Result<Vec<Option<Source>>, ExpressionError> {
        let mut arguments = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(')') {
            self.position += 1;
            return Ok(arguments);
        }
        loop {
            self.skip_blanks();
            let argument = match self.peek() {
                Some(',' | ')') => None,
                _ => Some(self.comparison()?),
            };
            arguments.push(argument);
            self.skip_blanks();
            match self.peek() {
                Some(',') => self.position += 1,
                Some(')') => {
                    self.position += 1;
                    return Ok(arguments);
                }
                _ => return Err(self.wrong("a comma or a closing parenthesis")),
            }
        }
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> String {
        let taken: String = self.text.iter().skip(self.position).copied().take_while(|c| keep(*c)).collect();
        self.position += taken.chars().count();
        taken
    }

    fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.position).copied()
    }

    fn wrong(&self, expected: &'static str) -> ExpressionError {
        ExpressionError { expected, position: self.position }
    }
}
