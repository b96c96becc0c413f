//! Changing single elements of an XML text and leaving every other byte alone. No IO.

use std::ops::Range;

use roxmltree::Node;

use super::error::WriteError;

/// A character that XML 1.0 cannot carry, not even escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnwritableCharacter {
    pub(super) element: &'static str,
    pub(super) character: u32,
}

impl UnwritableCharacter {
    pub(super) fn in_element(self, element: &'static str) -> Self {
        Self { element, ..self }
    }

    pub(super) fn in_file(self, file: &str) -> WriteError {
        WriteError::Unwritable {
            file: file.to_owned(),
            element: self.element.to_owned(),
            character: self.character,
        }
    }
}

/// Escapes text content. A carriage return is escaped too, or a reader would turn it into a line feed.
pub(super) fn escape(text: &str) -> Result<String, UnwritableCharacter> {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push('"'),
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(character),
            '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {
                return Err(UnwritableCharacter { element: "text", character: u32::from(character) });
            }
            _ => out.push(character),
        }
    }
    Ok(out)
}

/// Escapes the value of an attribute in double quotes.
pub(super) fn escape_attribute(text: &str) -> Result<String, UnwritableCharacter> {
    Ok(escape(text)?.replace('"', "&quot;").replace('\n', "&#xA;").replace('\t', "&#x9;"))
}

/// A set of changes to one text.
#[derive(Debug)]
pub(super) struct Edits<'s> {
    source: &'s str,
    changes: Vec<(Range<usize>, String)>,
}

impl<'s> Edits<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, changes: Vec::new() }
    }

    /// Replaces what stands between the tags of an element by this XML.
    pub(super) fn set_inner(&mut self, node: Node<'_, '_>, inner: &str) {
        let Some(tags) = Tags::of(self.source, node) else { return };
        let replacement = if tags.empty { tags.wrap(inner) } else { inner.to_owned() };
        self.changes.push((if tags.empty { tags.slash } else { tags.inner }, replacement));
    }

    /// Adds this XML as last content of an element. Once for each element: an empty one is opened by it.
    pub(super) fn append(&mut self, node: Node<'_, '_>, xml: &str) {
        let Some(tags) = Tags::of(self.source, node) else { return };
        let addition = if tags.empty { tags.wrap(xml) } else { xml.to_owned() };
        self.changes.push((if tags.empty { tags.slash } else { tags.inner.end..tags.inner.end }, addition));
    }

    /// The namespace prefix of an element as the text spells it, with its colon; empty where it has none.
    pub(super) fn prefix_of(&self, node: Node<'_, '_>) -> &'s str {
        let name = Tags::of(self.source, node).map_or("", |tags| tags.name);
        name.find(':').and_then(|colon| name.get(..=colon)).unwrap_or("")
    }

    /// The changed text.
    pub(super) fn apply(mut self) -> String {
        self.changes.sort_by_key(|(range, _)| range.start);
        let mut out = String::with_capacity(self.source.len());
        let mut position = 0;
        for (range, replacement) in self.changes {
            out.push_str(self.source.get(position..range.start).unwrap_or_default());
            out.push_str(&replacement);
            position = range.end;
        }
        out.push_str(self.source.get(position..).unwrap_or_default());
        out
    }
}

/// Where the tags of an element stand.
struct Tags<'s> {
    name: &'s str,
    /// `<a />`: there is no inside.
    empty: bool,
    /// Between the tags.
    inner: Range<usize>,
    /// From the slash of an empty element (blanks before it included) to its end.
    slash: Range<usize>,
}

impl<'s> Tags<'s> {
    fn of(source: &'s str, node: Node<'_, '_>) -> Option<Self> {
        let range = node.range();
        let text = source.get(range.clone())?;
        let name_end = text.find(|c: char| c.is_whitespace() || c == '/' || c == '>')?;
        let name = text.get(1..name_end)?;
        let start_end = start_tag_end(text)?;
        let start_tag = text.get(..start_end)?;
        if let Some(open) = start_tag.strip_suffix("/>") {
            let slash = range.start + open.trim_end().len()..range.end;
            return Some(Self { name, empty: true, inner: range.end..range.end, slash });
        }
        let end_tag = text.rfind("</")?;
        let inner = range.start + start_end..range.start + end_tag;
        Some(Self { name, empty: false, inner, slash: range.end..range.end })
    }

    fn wrap(&self, inner: &str) -> String {
        let name = self.name;
        format!(">{inner}</{name}>")
    }
}

/// Position after the `>` of the start tag; one inside a quoted attribute value does not count.
fn start_tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (index, character) in text.char_indices() {
        match (quote, character) {
            (None, '>') => return Some(index + 1),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    None
}
