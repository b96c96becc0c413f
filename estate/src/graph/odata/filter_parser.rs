//! Reading `$filter`: words, then a recursive descent. Pure.

use jiff::Timestamp;

use super::QueryError;
use super::filter::{Comparison, Filter, Literal, TextFunction};

/// Nesting beyond this is refused: the parser is recursive and its input comes from outside.
const MAX_DEPTH: u32 = 24;

impl Filter {
    /// Reads a `$filter` value.
    ///
    /// # Errors
    /// [`QueryError::Malformed`] with the word at which it stopped.
    pub(crate) fn parse(text: &str) -> Result<Self, QueryError> {
        let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
        let filter = parser.disjunction()?;
        match parser.take() {
            None => Ok(filter),
            Some(token) => Err(syntax(&format!("unexpected {token} after the end of the expression"))),
        }
    }
}

fn syntax(detail: &str) -> QueryError {
    QueryError::Malformed(format!("Invalid filter clause: {detail}."))
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Comma,
    Quoted(String),
    Word(String),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open => f.write_str("'('"),
            Self::Close => f.write_str("')'"),
            Self::Comma => f.write_str("','"),
            Self::Quoted(text) => write!(f, "the text '{text}'"),
            Self::Word(word) => write!(f, "'{word}'"),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' => tokens.push(Token::Comma),
            blank if blank.is_whitespace() => {}
            '\'' => {
                let mut quoted = String::new();
                loop {
                    match characters.next() {
                        // Two quotes in a row are one quote of the text.
                        Some('\'') if characters.peek() == Some(&'\'') => {
                            characters.next();
                            quoted.push('\'');
                        }
                        Some('\'') => break,
                        Some(inside) => quoted.push(inside),
                        None => return Err(syntax(&format!("the text '{quoted} has no closing quote"))),
                    }
                }
                tokens.push(Token::Quoted(quoted));
            }
            first => {
                let mut word = String::from(first);
                while let Some(more) = characters
                    .next_if(|more| !more.is_whitespace() && !matches!(more, '(' | ')' | ',' | '\''))
                {
                    word.push(more);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: u32,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.next).cloned();
        self.next += 1;
        token
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        if found {
            self.next += 1;
        }
        found
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), QueryError> {
        match self.take() {
            Some(token) if token == *wanted => Ok(()),
            Some(token) => Err(syntax(&format!("expected {wanted}, found {token}"))),
            None => Err(syntax(&format!("expected {wanted}, found the end"))),
        }
    }

    fn disjunction(&mut self) -> Result<Filter, QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(syntax(&format!("nested more than {MAX_DEPTH} levels deep")));
        }
        let mut filter = self.conjunction()?;
        while self.take_word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.conjunction()?));
        }
        self.depth -= 1;
        Ok(filter)
    }

    fn conjunction(&mut self) -> Result<Filter, QueryError> {
        let mut filter = self.negation()?;
        while self.take_word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.negation()?));
        }
        Ok(filter)
    }

    fn negation(&mut self) -> Result<Filter, QueryError> {
        if self.take_word("not") {
            return Ok(Filter::Not(Box::new(self.primary()?)));
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Filter, QueryError> {
        match self.take() {
            Some(Token::Open) => {
                let inner = self.disjunction()?;
                self.expect(&Token::Close)?;
                Ok(inner)
            }
            Some(Token::Word(word)) if self.peek() == Some(&Token::Open) => self.call(&word),
            Some(Token::Word(word)) => self.comparison(path(&word)),
            Some(token) => Err(syntax(&format!("expected a property, found {token}"))),
            None => Err(syntax("expected a property, found the end")),
        }
    }

    fn call(&mut self, name: &str) -> Result<Filter, QueryError> {
        self.expect(&Token::Open)?;
        if let Some(collection) = name.strip_suffix("/any") {
            return self.any(path(collection));
        }
        let function = match name.to_ascii_lowercase().as_str() {
            "startswith" => TextFunction::StartsWith,
            "endswith" => TextFunction::EndsWith,
            "contains" => TextFunction::Contains,
            _ => return Err(syntax(&format!("an unknown function with name '{name}' was found"))),
        };
        let Some(Token::Word(property)) = self.take() else {
            return Err(syntax(&format!("expected a property as the first argument of {name}")));
        };
        self.expect(&Token::Comma)?;
        let Some(Token::Quoted(value)) = self.take() else {
            return Err(syntax(&format!("expected a quoted text as the second argument of {name}")));
        };
        self.expect(&Token::Close)?;
        Ok(Filter::Text(function, path(&property), value))
    }

    /// After `collection/any(`: `variable:expression)`.
    fn any(&mut self, collection: Vec<String>) -> Result<Filter, QueryError> {
        let Some(Token::Word(word)) = self.take() else {
            return Err(syntax("expected a variable after any("));
        };
        let Some((variable, rest)) = word.split_once(':') else {
            return Err(syntax(&format!("expected a variable and a colon, found '{word}'")));
        };
        let variable = variable.to_owned();
        if !rest.is_empty() {
            // The expression begins inside this word: give the rest back.
            self.next -= 1;
            let rest = Token::Word(rest.to_owned());
            if let Some(token) = self.tokens.get_mut(self.next) {
                *token = rest;
            }
        }
        let inner = self.disjunction()?;
        self.expect(&Token::Close)?;
        Ok(Filter::Any(collection, variable, Box::new(inner)))
    }

    fn comparison(&mut self, path: Vec<String>) -> Result<Filter, QueryError> {
        let Some(Token::Word(operator)) = self.take() else {
            return Err(syntax(&format!("expected an operator after '{}'", path.join("/"))));
        };
        let comparison = match operator.as_str() {
            "eq" => Comparison::Equal,
            "ne" => Comparison::NotEqual,
            "gt" => Comparison::Greater,
            "ge" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            "le" => Comparison::LessOrEqual,
            "in" => return self.list(path),
            other => return Err(syntax(&format!("'{other}' is not an operator"))),
        };
        Ok(Filter::Compare(path, comparison, self.literal()?))
    }

    fn list(&mut self, path: Vec<String>) -> Result<Filter, QueryError> {
        self.expect(&Token::Open)?;
        let mut values = vec![self.literal()?];
        loop {
            match self.take() {
                Some(Token::Comma) => values.push(self.literal()?),
                Some(Token::Close) => return Ok(Filter::In(path, values)),
                Some(token) => return Err(syntax(&format!("expected ',' or ')', found {token}"))),
                None => return Err(syntax("expected ',' or ')', found the end")),
            }
        }
    }

    fn literal(&mut self) -> Result<Literal, QueryError> {
        match self.take() {
            Some(Token::Quoted(text)) => Ok(Literal::Text(text)),
            Some(Token::Word(word)) => literal(&word),
            Some(token) => Err(syntax(&format!("expected a value, found {token}"))),
            None => Err(syntax("expected a value, found the end")),
        }
    }
}

fn path(word: &str) -> Vec<String> {
    word.split('/').map(str::to_owned).collect()
}

/// A value without quotes: a keyword, a number, an instant or an identifier.
fn literal(word: &str) -> Result<Literal, QueryError> {
    match word {
        "null" => return Ok(Literal::Null),
        "true" => return Ok(Literal::Boolean(true)),
        "false" => return Ok(Literal::Boolean(false)),
        _ => {}
    }
    if word.parse::<Timestamp>().is_ok() || word.parse::<uuid::Uuid>().is_ok() {
        return Ok(Literal::Text(word.to_owned()));
    }
    word.parse()
        .map(Literal::Number)
        .map_err(|_| syntax(&format!("'{word}' is not a value; text needs quotes")))
}
