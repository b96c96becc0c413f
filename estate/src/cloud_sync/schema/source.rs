//! Mapping sources: the parsed expression trees of a schema document, and the parser of their text form.

use serde_json::{Value as Json, json};

/// Source of an attribute mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Value of an attribute of the source object.
    Attribute(String),
    /// A fixed text.
    Constant(String),
    /// A function of further sources.
    Function {
        /// Its name.
        name: String,
        /// Its arguments in order.
        arguments: Vec<Source>,
    },
}

/// Text or tree that is not a mapping source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at position {position} of the expression {text:?}")]
pub struct SourceError {
    expected: &'static str,
    position: usize,
    text: String,
}

/// Parameter names that the service gives the arguments of a function; others are numbered.
fn parameter_names(function: &str) -> &'static [&'static str] {
    match function.to_ascii_lowercase().as_str() {
        "mid" => &["source", "start", "length"],
        "left" | "right" => &["source", "length"],
        "append" => &["source", "suffix"],
        "join" => &["separator"],
        "iif" => &["condition", "valueIfTrue", "valueIfFalse"],
        "switch" => &["source", "defaultValue"],
        "item" => &["attribute", "index"],
        "error" => &["message"],
        "trim" | "not" | "tolower" | "toupper" | "ispresent" | "isnull" | "isnullorempty" | "isstring"
        | "removeduplicates" | "converttobase64" => &["source"],
        _ => &[],
    }
}

impl Source {
    /// Reads the text form, such as `IIF(IsPresent([mail]), [mail], "none")`.
    ///
    /// # Errors
    /// Where the text stops making sense.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let source = parser.source()?;
        parser.blanks();
        if parser.at < text.len() {
            return Err(parser.error("the end"));
        }
        Ok(source)
    }

    /// Reads the tree form of a schema document. Only types, names and order of parameters count.
    pub fn from_json(tree: &Json) -> Option<Self> {
        let name = tree.get("name").and_then(Json::as_str)?;
        let kind = tree.get("type").and_then(Json::as_str)?;
        if kind.eq_ignore_ascii_case("Attribute") {
            Some(Self::Attribute(name.to_owned()))
        } else if kind.eq_ignore_ascii_case("Constant") {
            Some(Self::Constant(name.to_owned()))
        } else if kind.eq_ignore_ascii_case("Function") {
            let parameters = tree.get("parameters").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
            let arguments = parameters
                .iter()
                .map(|parameter| Self::from_json(parameter.get("value")?))
                .collect::<Option<_>>()?;
            Some(Self::Function { name: name.to_owned(), arguments })
        } else {
            None
        }
    }

    /// The tree form.
    pub fn to_json(&self) -> Json {
        let (name, kind, parameters) = match self {
            Self::Attribute(name) => (name, "Attribute", Vec::new()),
            Self::Constant(text) => (text, "Constant", Vec::new()),
            Self::Function { name, arguments } => {
                let names = parameter_names(name);
                let key =
                    |at: usize| names.get(at).map_or_else(|| format!("p{at}"), |name| (*name).to_owned());
                let parameters = arguments.iter().enumerate();
                let parameters =
                    parameters.map(|(at, argument)| json!({"key": key(at), "value": argument.to_json()}));
                (name, "Function", parameters.collect())
            }
        };
        json!({"expression": self.to_string(), "name": name, "type": kind, "parameters": parameters})
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Attribute(name) => write!(f, "[{name}]"),
            Self::Constant(text) => write!(f, "\"{}\"", text.replace('"', "\"\"")),
            Self::Function { name, arguments } => {
                write!(f, "{name}(")?;
                for (at, argument) in arguments.iter().enumerate() {
                    if at > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{argument}")?;
                }
                f.write_str(")")
            }
        }
    }
}

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 40;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, expected: &'static str) -> SourceError {
        SourceError { expected, position: self.at, text: self.text.to_owned() }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn word(&mut self) -> String {
        let word: String =
            self.rest().chars().take_while(|c| c.is_alphanumeric() || "_-.".contains(*c)).collect();
        self.at += word.len();
        word
    }

    fn source(&mut self) -> Result<Source, SourceError> {
        self.blanks();
        if self.depth >= MAX_DEPTH {
            return Err(self.error("less nesting"));
        }
        if self.take('[') {
            let name: String = self.rest().chars().take_while(|c| *c != ']').collect();
            self.at += name.len();
            return if self.take(']') && !name.is_empty() {
                Ok(Source::Attribute(name))
            } else {
                Err(self.error("an attribute name and \"]\""))
            };
        }
        if self.take('"') {
            return self.constant();
        }
        let word = self.word();
        if word.is_empty() {
            return Err(self.error("an attribute, a text or a function"));
        }
        self.blanks();
        if !self.take('(') {
            let plain = word.parse::<f64>().is_ok()
                || ["true", "false"].contains(&word.to_ascii_lowercase().as_str());
            return if plain {
                Ok(Source::Constant(word))
            } else {
                Err(self.error("\"(\" after a function's name"))
            };
        }
        self.depth += 1;
        let mut arguments = Vec::new();
        self.blanks();
        if !self.take(')') {
            loop {
                if self.rest().starts_with(',') || self.rest().starts_with(')') {
                    // An argument left out, as in Join(" ", , [a]): an empty text.
                    arguments.push(Source::Constant(String::new()));
                } else {
                    arguments.push(self.source()?);
                }
                self.blanks();
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.error("\",\" or \")\""));
                }
                self.blanks();
            }
        }
        self.depth -= 1;
        Ok(Source::Function { name: word, arguments })
    }

    fn constant(&mut self) -> Result<Source, SourceError> {
        let mut text = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                return Err(self.error("a closing quotation mark"));
            };
            self.at += c.len_utf8();
            if c != '"' {
                text.push(c);
            } else if self.take('"') {
                text.push('"');
            } else {
                return Ok(Source::Constant(text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_tree_say_the_same() {
        let text = "IIF(IsPresent([mail]), Join(\"@\", [sAMAccountName], \"say \"\"hi\"\"\"), Left([x], 8))";
        let source = Source::parse(text).unwrap();
        assert_eq!(Source::parse(&source.to_string()).unwrap(), source);
        assert_eq!(Source::from_json(&source.to_json()).unwrap(), source);
    }

    #[test]
    fn the_tree_has_the_documented_shape() {
        let tree = Source::parse("Trim([extensionAttribute3])").unwrap().to_json();
        assert_eq!(
            tree,
            json!({"expression": "Trim([extensionAttribute3])", "name": "Trim", "type": "Function", "parameters": [
                {"key": "source", "value": {"expression": "[extensionAttribute3]", "name": "extensionAttribute3",
                    "type": "Attribute", "parameters": []}}]})
        );
    }

    #[test]
    fn nonsense_is_refused_with_its_place() {
        for (text, position) in
            [("", 0), ("Trim([a]", 8), ("[a", 2), ("\"a", 2), ("Trim [a]", 5), ("[a] [b]", 4)]
        {
            let error = Source::parse(text).expect_err(text);
            assert_eq!(error.position, position, "{text}: {error}");
        }
        assert!(Source::parse(&"Trim(".repeat(100)).is_err());
    }
}
