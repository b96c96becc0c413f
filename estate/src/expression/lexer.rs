//! Splits the text of an expression into tokens. Pure; does no IO.

use super::error::ParseError;
use super::syntax::Operator;

/// A token of the language.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A quoted text, unescaped.
    Text(String),
    /// A number, decimal or hexadecimal.
    Number(i64),
    /// `[name]`.
    Attribute(String),
    /// `%name%`.
    Parameter(String),
    /// `$name`.
    Variable(String),
    /// A bare word: function or constant.
    Word(String),
    /// An operator.
    Operator(Operator),
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `,`.
    Comma,
}

impl Token {
    /// The token for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Text(text) => format!("text \"{text}\""),
            Self::Number(number) => format!("number {number}"),
            Self::Attribute(name) => format!("attribute [{name}]"),
            Self::Parameter(name) => format!("parameter %{name}%"),
            Self::Variable(name) => format!("variable ${name}"),
            Self::Word(word) => format!("'{word}'"),
            Self::Operator(operator) => format!("'{}'", operator.symbol()),
            Self::Open => "'('".to_owned(),
            Self::Close => "')'".to_owned(),
            Self::Comma => "','".to_owned(),
        }
    }
}

/// Splits a text into tokens.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut lexer = Lexer { characters: text.chars().collect(), position: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer {
    characters: Vec<char>,
    position: usize,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.position + ahead).copied()
    }

    fn next(&mut self) -> Result<Option<Token>, ParseError> {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.position += 1;
        }
        let Some(character) = self.peek(0) else { return Ok(None) };
        let token = match character {
            '(' => self.single(Token::Open),
            ')' => self.single(Token::Close),
            ',' => self.single(Token::Comma),
            '"' => self.quoted()?,
            '[' => Token::Attribute(self.enclosed(']', "bracket")?),
            '%' => Token::Parameter(self.enclosed('%', "percent sign")?),
            '$' => {
                self.position += 1;
                Token::Variable(self.word())
            }
            '&' if matches!(self.peek(1), Some('H' | 'h')) => self.hexadecimal()?,
            digit if digit.is_ascii_digit() => self.decimal()?,
            letter if letter.is_alphabetic() || letter == '_' => Token::Word(self.word()),
            _ => self.operator()?,
        };
        Ok(Some(token))
    }

    fn single(&mut self, token: Token) -> Token {
        self.position += 1;
        token
    }

    /// A text in quotes; `\\`, `\"` and `""` stand for one character, any other backslash for itself.
    fn quoted(&mut self) -> Result<Token, ParseError> {
        let start = self.position + 1;
        self.position += 1;
        let mut text = String::new();
        loop {
            match (self.peek(0), self.peek(1)) {
                (None, _) => return Err(ParseError::NotClosed { what: "quote", position: start }),
                (Some('\\'), Some(escaped @ ('\\' | '"'))) | (Some('"'), Some(escaped @ '"')) => {
                    text.push(escaped);
                    self.position += 2;
                }
                (Some('"'), _) => {
                    self.position += 1;
                    return Ok(Token::Text(text));
                }
                (Some(other), _) => {
                    text.push(other);
                    self.position += 1;
                }
            }
        }
    }

    fn enclosed(&mut self, end: char, what: &'static str) -> Result<String, ParseError> {
        let start = self.position + 1;
        self.position += 1;
        let mut name = String::new();
        loop {
            match self.peek(0) {
                None => return Err(ParseError::NotClosed { what, position: start }),
                Some(character) if character == end => {
                    self.position += 1;
                    return Ok(name.trim().to_owned());
                }
                Some(character) => {
                    name.push(character);
                    self.position += 1;
                }
            }
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(character) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
            word.push(character);
            self.position += 1;
        }
        word
    }

    fn decimal(&mut self) -> Result<Token, ParseError> {
        let position = self.position + 1;
        let text = self.word();
        text.parse().map(Token::Number).map_err(|_| ParseError::BadNumber { text, position })
    }

    fn hexadecimal(&mut self) -> Result<Token, ParseError> {
        let position = self.position + 1;
        self.position += 2;
        let text = self.word();
        i64::from_str_radix(&text, 16)
            .map(Token::Number)
            .map_err(|_| ParseError::BadNumber { text, position })
    }

    fn operator(&mut self) -> Result<Token, ParseError> {
        let rest: String = self.characters.iter().skip(self.position).take(2).collect();
        // Longest symbol first, so that `<=` is not read as `<` and `&&` not as `&`.
        let Some(operator) = Operator::ALL.iter().find(|operator| rest.starts_with(operator.symbol())) else {
            let character = rest.chars().next().unwrap_or_default();
            return Err(ParseError::UnexpectedCharacter { character, position: self.position + 1 });
        };
        self.position += operator.symbol().chars().count();
        Ok(Token::Operator(*operator))
    }
}
