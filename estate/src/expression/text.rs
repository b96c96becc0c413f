//! Functions of texts, some of which take binaries too. Pure; does no IO.

use super::error::EvaluationError;
use super::function::{Arguments, Function};
use super::value::Value;

/// Applies one of this module's functions.
pub(super) fn apply(function: Function, arguments: &Arguments) -> Result<Value, EvaluationError> {
    match function {
        Function::Left | Function::Right | Function::Mid => part(function, arguments),
        Function::Len => Ok(match arguments.value(0) {
            Value::Binary(bytes) => number_of(bytes.len()),
            _ => number_of(arguments.text_or_empty(0)?.chars().count()),
        }),
        Function::InStr | Function::InStrRev => find(function, arguments),
        Function::DNComponent | Function::DNComponentRev => component(function, arguments),
        Function::PadLeft | Function::PadRight => pad(function, arguments),
        Function::Word => word(arguments),
        _ => {
            let Some(text) = arguments.text(0)? else { return Ok(Value::Null) };
            Ok(Value::Text(match function {
                Function::Trim => text.trim().to_owned(),
                Function::LTrim => text.trim_start().to_owned(),
                Function::RTrim => text.trim_end().to_owned(),
                Function::LCase => text.to_lowercase(),
                Function::UCase => text.to_uppercase(),
                Function::PCase => proper_case(text),
                Function::Replace => replace(arguments, text)?,
                Function::ReplaceChars => replace_characters(arguments, text)?,
                _ => escape_component(text),
            }))
        }
    }
}

fn number_of(count: usize) -> Value {
    Value::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

/// `Left`, `Right` and `Mid`, on characters of a text or on bytes of a binary.
fn part(function: Function, arguments: &Arguments) -> Result<Value, EvaluationError> {
    let value = arguments.value(0);
    if let Value::Binary(bytes) = value {
        return Ok(Value::Binary(slice(function, arguments, bytes)?));
    }
    let characters: Vec<char> = arguments.text_or_empty(0)?.chars().collect();
    Ok(Value::Text(slice(function, arguments, &characters)?.into_iter().collect()))
}

/// The part asked for; numbers that make no sense return the input, as documented.
fn slice<T: Copy>(function: Function, arguments: &Arguments, items: &[T]) -> Result<Vec<T>, EvaluationError> {
    let all = || items.to_vec();
    let count_at = |position| -> Result<Option<usize>, EvaluationError> {
        // An omitted length of Mid reaches to the end.
        Ok(arguments.number(position)?.map_or(Some(items.len()), |count| usize::try_from(count).ok()))
    };
    match function {
        Function::Left => {
            Ok(count_at(1)?.map_or_else(all, |count| items.iter().take(count).copied().collect()))
        }
        Function::Right => Ok(count_at(1)?.map_or_else(all, |count| {
            items.iter().skip(items.len().saturating_sub(count)).copied().collect()
        })),
        _ => {
            let start = usize::try_from(arguments.needed_number(1)?)
                .ok()
                .filter(|start| (1..=items.len()).contains(start));
            let (Some(start), Some(count)) = (start, count_at(2)?) else { return Ok(all()) };
            Ok(items.iter().skip(start - 1).take(count).copied().collect())
        }
    }
}

/// `InStr` and `InStrRev`: a position counted from 1 in characters, 0 if the text is not found.
fn find(function: Function, arguments: &Arguments) -> Result<Value, EvaluationError> {
    let sensitive = match arguments.text(3)? {
        // The reference names no default; the language's ancestor compares exactly.
        None | Some("vbBinaryCompare") => true,
        Some("vbTextCompare") => false,
        Some(other) => return Err(arguments.wrong_value("vbTextCompare or vbBinaryCompare", other)),
    };
    let fold = |text: &str| -> Vec<char> {
        if sensitive { text.chars().collect() } else { text.chars().flat_map(char::to_lowercase).collect() }
    };
    let text = fold(arguments.text_or_empty(0)?);
    let search = fold(arguments.text_or_empty(1)?);
    if text.is_empty() || search.is_empty() || search.len() > text.len() {
        return Ok(Value::Number(0));
    }
    let mut hits = text.windows(search.len()).enumerate().filter(|(_, window)| *window == search.as_slice());
    let start = arguments.number(2)?.map(|start| usize::try_from(start).unwrap_or(0).saturating_sub(1));
    let hit = if function == Function::InStr {
        hits.find(|(position, _)| *position >= start.unwrap_or(0))
    } else {
        // Searching backwards, the start is the last position looked at.
        hits.rfind(|(position, _)| *position <= start.unwrap_or(usize::MAX))
    };
    Ok(hit.map_or(Value::Number(0), |(position, _)| number_of(position + 1)))
}

/// `DNComponent` and `DNComponentRev`: the value of a component, still escaped.
fn component(function: Function, arguments: &Arguments) -> Result<Value, EvaluationError> {
    let name = match arguments.value(0) {
        Value::Null => return Ok(Value::Null),
        Value::Reference(name) => name,
        other => return Err(arguments.wrong_type("a reference, made with CRef", other)),
    };
    let number = arguments.needed_number(1)?;
    let mut components: Vec<(&str, &str)> =
        components(name).into_iter().filter_map(|component| component.split_once('=')).collect();
    if function == Function::DNComponentRev {
        components.reverse();
        match arguments.text(2)? {
            None => {}
            Some("DC") => components.retain(|(kind, _)| !kind.trim().eq_ignore_ascii_case("dc")),
            Some(other) => return Err(arguments.wrong_value("\"DC\"", other)),
        }
    }
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    Ok(index
        .and_then(|index| components.get(index))
        .map_or(Value::Null, |(_, value)| Value::Text((*value).trim().to_owned())))
}

/// Splits a distinguished name at its unescaped commas.
fn components(name: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (position, character) in name.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                parts.extend(name.get(start..position));
                start = position + 1;
            }
            _ => {}
        }
    }
    parts.extend(name.get(start..));
    parts
}

fn pad(function: Function, arguments: &Arguments) -> Result<Value, EvaluationError> {
    let text = arguments.text_or_empty(0)?;
    let padding = arguments.text_or_empty(2)?;
    if padding.chars().count() != 1 {
        return Err(arguments.wrong_value("a padding of one character", padding));
    }
    if *arguments.value(0) == Value::Null {
        return Ok(Value::Text(String::new()));
    }
    let length = arguments.needed_number(1)?;
    // Attributes are bounded; a length beyond that is a slip, not a wish for memory.
    let length = usize::try_from(length)
        .ok()
        .filter(|length| *length <= 65_536)
        .ok_or_else(|| arguments.wrong_value("a length from 0 to 65536", length.to_string()))?;
    let missing = padding.repeat(length.saturating_sub(text.chars().count()));
    Ok(Value::Text(if function == Function::PadLeft { missing + text } else { text.to_owned() + &missing }))
}

/// `Word(text, number, delimiters)`: each delimiter character separates; runs of them count once.
fn word(arguments: &Arguments) -> Result<Value, EvaluationError> {
    let text = arguments.text_or_empty(0)?;
    let delimiters = arguments.text_or_empty(2)?;
    let index = usize::try_from(arguments.needed_number(1)?).ok().and_then(|number| number.checked_sub(1));
    let mut words = text.split(|character| delimiters.contains(character)).filter(|word| !word.is_empty());
    Ok(Value::Text(index.and_then(|index| words.nth(index)).unwrap_or("").to_owned()))
}

fn proper_case(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut start = true;
    for character in text.chars() {
        if start {
            result.extend(character.to_uppercase());
        } else {
            result.extend(character.to_lowercase());
        }
        start = character == ' ';
    }
    result
}

fn replace(arguments: &Arguments, text: &str) -> Result<String, EvaluationError> {
    let monikers = |text: &str| text.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t");
    let old = monikers(arguments.text_or_empty(1)?);
    if old.is_empty() {
        return Err(arguments.wrong_value("a text to search for", ""));
    }
    Ok(text.replace(&old, &monikers(arguments.text_or_empty(2)?)))
}

/// `ReplaceChars(text, "a:b,c:")`: each single character on the left becomes the text on the right.
fn replace_characters(arguments: &Arguments, text: &str) -> Result<String, EvaluationError> {
    let pattern: String = arguments.text_or_empty(1)?.chars().filter(|c| !c.is_whitespace()).collect();
    let mut pairs = Vec::new();
    for pair in pattern.split(',') {
        let mut sides = pair.splitn(2, ':');
        let source = sides.next().unwrap_or("");
        let mut characters = source.chars();
        let (Some(source), None) = (characters.next(), characters.next()) else {
            return Err(arguments.wrong_value("pairs of one character and its replacement", pair));
        };
        let Some(target) = sides.next() else {
            return Err(arguments.wrong_value("a colon after the character to replace", pair));
        };
        pairs.push((source, target));
    }
    Ok(text.chars().fold(String::with_capacity(text.len()), |mut result, character| {
        match pairs.iter().find(|(source, _)| *source == character) {
            Some((_, target)) => result.push_str(target),
            None => result.push(character),
        }
        result
    }))
}

/// Escapes one component as RFC 4514, section 2.4, asks.
fn escape_component(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut result = String::with_capacity(text.len());
    for (position, character) in text.chars().enumerate() {
        let edge_space = character == ' ' && (position == 0 || position == last);
        if matches!(character, ',' | '+' | '"' | '\\' | '<' | '>' | ';')
            || edge_space
            || character == '#' && position == 0
        {
            result.push('\\');
        }
        result.push(character);
    }
    result
}
