//! Reading XML elements by name while collecting every defect, so that a report names all of them at once. No IO.

use std::cell::RefCell;

use roxmltree::{Document, Node, ParsingOptions};
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer as _;
use serde::de::value::Error as ValueError;

use super::error::Problem;

/// More nodes than any real file has (the schema of an AD connector takes about 100,000).
const MAX_NODES: u32 = 5_000_000;

/// Longest piece of a defective value that a problem quotes, in characters.
const MAX_QUOTE: usize = 80;

/// The defects found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Records a defect.
    pub(super) fn add(&self, file: &str, element: &str, expected: &str, found: impl Into<String>) {
        self.0.borrow_mut().push(Problem {
            file: file.to_owned(),
            element: element.to_owned(),
            expected: expected.to_owned(),
            found: found.into(),
        });
    }

    /// Whether any was found in this folder or file.
    pub(super) fn concern(&self, path: &str) -> bool {
        self.0.borrow().iter().any(|problem| problem.file.starts_with(path))
    }

    /// All of them, by file.
    pub(super) fn into_sorted(self) -> Vec<Problem> {
        let mut all = self.0.into_inner();
        all.sort_by(|a, b| a.file.cmp(&b.file));
        all
    }
}

/// Parses a document. Document type declarations are refused: an export has none, and entities could blow up.
pub(super) fn parse<'a>(file: &str, text: &'a str, problems: &Problems) -> Option<Document<'a>> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
        .map_err(|error| problems.add(file, "", "well-formed XML", error.to_string()))
        .ok()
}

/// An element with its place in the file. Names are compared without namespaces.
#[derive(Debug, Clone)]
pub(super) struct Element<'a, 'd> {
    pub(super) node: Node<'a, 'd>,
    path: String,
    file: &'a str,
    problems: &'a Problems,
}

impl<'a, 'd: 'a> Element<'a, 'd> {
    /// The root, which must have this name.
    pub(super) fn root(
        document: &'a Document<'d>,
        name: &str,
        file: &'a str,
        problems: &'a Problems,
    ) -> Option<Self> {
        let node = document.root_element();
        let found = node.tag_name().name();
        if found == name {
            return Some(Self { node, path: name.to_owned(), file, problems });
        }
        problems.add(file, "", &format!("the root element <{name}>"), format!("<{found}>"));
        None
    }

    /// The only child element of this name, if there is one.
    pub(super) fn child(&self, name: &str) -> Option<Self> {
        let mut found = self.nodes(name);
        let node = found.next()?;
        let child = self.at(node, format!("{}/{name}", self.path));
        let more = found.count();
        if more > 0 {
            child.problem("the element once", format!("it {} times", more + 1));
        }
        Some(child)
    }

    /// As [`Self::child`]; its absence is a problem.
    pub(super) fn required(&self, name: &str) -> Option<Self> {
        let child = self.child(name);
        if child.is_none() {
            self.problems.add(self.file, &self.path, &format!("an element <{name}>"), "none");
        }
        child
    }

    /// The element at the end of a path of names, each the only one of its name.
    pub(super) fn descend(&self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self.clone(), |element, name| element.child(name))
    }

    /// Child elements of this name, in order.
    pub(super) fn children(&self, name: &'static str) -> impl Iterator<Item = Self> {
        self.nodes(name)
            .enumerate()
            .map(move |(index, node)| self.at(node, format!("{}/{name}[{}]", self.path, index + 1)))
    }

    /// Whether there is any child element.
    pub(super) fn has_elements(&self) -> bool {
        self.node.children().any(|child| child.is_element())
    }

    /// Text directly in the element, exactly as it stands.
    pub(super) fn text(&self) -> String {
        self.node.children().filter(Node::is_text).filter_map(|child| child.text()).collect()
    }

    /// Text of the child of this name; empty where there is none.
    pub(super) fn text_of(&self, name: &str) -> String {
        self.child(name).map(|child| child.text()).unwrap_or_default()
    }

    /// Text of the child of this name, which must not be blank.
    pub(super) fn required_text(&self, name: &str) -> Option<String> {
        let child = self.required(name)?;
        let text = child.text();
        if text.trim().is_empty() {
            child.problem("a value", "an empty element");
            return None;
        }
        Some(text)
    }

    /// Texts of the children of this name, blank ones left out.
    pub(super) fn texts(&self, name: &'static str) -> Vec<String> {
        self.children(name).map(|child| child.text()).filter(|text| !text.trim().is_empty()).collect()
    }

    /// An attribute by its local name.
    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
    }

    /// The element's text as a value, described by `expected` where it is none.
    pub(super) fn parsed<T: std::str::FromStr>(&self, expected: &str) -> Option<T> {
        let text = self.text();
        let parsed = text.trim().parse().ok();
        if parsed.is_none() {
            self.problem(expected, quote(&text));
        }
        parsed
    }

    /// The element's text as a truth value: `True`, `false`, `1`, ...
    pub(super) fn boolean(&self) -> Option<bool> {
        let text = self.text();
        let value = parse_boolean(&text);
        if value.is_none() {
            self.problem("True or False", quote(&text));
        }
        value
    }

    /// The element's text as one of an enumeration's serialized names.
    pub(super) fn name_of<T: DeserializeOwned>(&self, change_case: fn(&str) -> String) -> Option<T> {
        let text = change_case(self.text().trim());
        let deserializer = text.as_str().into_deserializer();
        T::deserialize(deserializer)
            .map_err(|error: ValueError| {
                let error = error.to_string();
                let expected = error.split_once("expected ").map_or(error.as_str(), |(_, names)| names);
                self.problem(expected, quote(&self.text()));
            })
            .ok()
    }

    /// Records a defect of this element.
    pub(super) fn problem(&self, expected: &str, found: impl Into<String>) {
        self.problems.add(self.file, &self.path, expected, found);
    }

    fn at(&self, node: Node<'a, 'd>, path: String) -> Self {
        Self { node, path, file: self.file, problems: self.problems }
    }

    fn nodes(&self, name: &str) -> impl Iterator<Item = Node<'a, 'd>> {
        self.node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
    }
}

/// `True`, `true` and `1`, or their opposites.
pub(super) fn parse_boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A found value for people: quoted, and cut where it is long.
pub(super) fn quote(text: &str) -> String {
    let mut characters = text.chars();
    let head: String = characters.by_ref().take(MAX_QUOTE).collect();
    if characters.next().is_some() { format!("\"{head}…\"") } else { format!("\"{head}\"") }
}
