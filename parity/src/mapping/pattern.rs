//! Regular expressions as the service (.NET) understands them, as far as both agree. Pure.

use regex::{Captures, Regex, RegexBuilder};

use super::value::Unpredictable;

/// Memory for one compiled expression, in bytes: mappings are written by people, some of them by hostile ones.
const SIZE_LIMIT: usize = 1 << 20;

/// A regular expression whose meaning is the same in .NET and here.
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Compiles an expression. Look-around and back-references are .NET only; character class subtraction and
    /// intersection mean different things in the two.
    pub(super) fn new(text: &str) -> Result<Self, Unpredictable> {
        let differs = ["&&", "--", "~~", "-["].iter().any(|part| text.contains(part));
        if differs {
            return Err(Unpredictable::new(format!(
                "the regular expression {text} uses what only .NET evaluates so"
            )));
        }
        RegexBuilder::new(text).size_limit(SIZE_LIMIT).build().map(Self).map_err(|_| {
            Unpredictable::new(format!("the regular expression {text} uses what only .NET evaluates"))
        })
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Replaces every match by a replacement in which `$1`, `${name}`, `$&` and `$$` stand for groups.
    pub(super) fn replace_all(&self, text: &str, replacement: &str) -> Result<String, Unpredictable> {
        let parts = replacement_parts(replacement)?;
        let expand = |captures: &Captures<'_>| {
            parts.iter().map(|part| part.expand(captures)).collect::<Vec<String>>().concat()
        };
        Ok(self.0.replace_all(text, expand).into_owned())
    }

    /// Replaces what a named group matched, in every match.
    pub(super) fn replace_group(&self, text: &str, group: &str, replacement: &str) -> String {
        let expand = |captures: &Captures<'_>| {
            let whole = captures.get(0).map_or("", |found| found.as_str());
            let Some((whole_at, inner)) = captures.get(0).zip(captures.name(group)) else {
                return whole.to_owned();
            };
            let start = inner.start() - whole_at.start();
            let end = inner.end() - whole_at.start();
            let before = whole.get(..start).unwrap_or_default();
            let after = whole.get(end..).unwrap_or_default();
            format!("{before}{replacement}{after}")
        };
        self.0.replace_all(text, expand).into_owned()
    }

    /// What a named group matched first.
    pub(super) fn extract(&self, text: &str, group: &str) -> Option<String> {
        self.0.captures(text)?.name(group).map(|found| found.as_str().to_owned())
    }
}

enum Part {
    Literal(String),
    Numbered(usize, String),
    Named(String, String),
}

impl Part {
    /// A reference to a group that the expression does not have is literal text in .NET.
    fn expand(&self, captures: &Captures<'_>) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Numbered(number, written) if *number >= captures.len() => written.clone(),
            Self::Numbered(number, _) => {
                captures.get(*number).map_or(String::new(), |found| found.as_str().to_owned())
            }
            Self::Named(name, written) => {
                captures.name(name).map_or_else(|| written.clone(), |found| found.as_str().to_owned())
            }
        }
    }
}

fn replacement_parts(replacement: &str) -> Result<Vec<Part>, Unpredictable> {
    let mut parts = Vec::new();
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        parts.push(Part::Literal(before.to_owned()));
        let after = from.get(1..).unwrap_or_default();
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let consumed = if after.starts_with('$') {
            parts.push(Part::Literal("$".to_owned()));
            1
        } else if after.starts_with('&') {
            parts.push(Part::Numbered(0, String::new()));
            1
        } else if digits > 0 {
            let written = after.get(..digits).unwrap_or_default();
            let number = written.parse().map_err(|_| Unpredictable::new("a group number is too large"))?;
            parts.push(Part::Numbered(number, format!("${written}")));
            digits
        } else if let Some((name, _)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            let written = format!("${{{name}}}");
            match name.parse() {
                Ok(number) => parts.push(Part::Numbered(number, written)),
                Err(_) => parts.push(Part::Named(name.to_owned(), written)),
            }
            name.len() + 2
        } else {
            return Err(Unpredictable::new("a replacement uses a substitution that only .NET evaluates"));
        };
        rest = after.get(consumed..).unwrap_or_default();
    }
    parts.push(Part::Literal(rest.to_owned()));
    Ok(parts)
}
