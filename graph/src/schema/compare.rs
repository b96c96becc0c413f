//! What differs between two schemas. No IO.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::SchemaDocument;

/// Properties that identify the items of a list, in the order in which they are tried.
const KEYS: [&str; 4] = ["id", "name", "targetAttributeName", "key"];

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where, such as `synchronizationRules[sync].containerFilter.includedContainers[OU=A,DC=x]`.
    pub path: String,
    /// What it concerns.
    pub area: Area,
    /// The value before; none when it was added.
    pub before: Option<Value>,
    /// The value after; none when it was removed.
    pub after: Option<Value>,
}

/// What a difference concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// A version or time that the service itself changes with every write.
    Version,
    /// The container or group filter.
    Scope,
    /// How objects and attributes are mapped.
    Mappings,
    /// The definition of a directory.
    Directories,
    /// Something else.
    Other,
}

/// All differences, in the order of the first document.
///
/// Items of lists are paired by what identifies them, so that a changed order is no difference; so is null instead of
/// nothing. After a write, whatever is left beyond [`Area::Version`] between what was written and what is read back was
/// changed by somebody else, or refused by the service.
pub fn compare(before: &SchemaDocument, after: &SchemaDocument) -> Vec<Difference> {
    let mut differences = Vec::new();
    objects(&mut Path::default(), before.as_json(), after.as_json(), &mut differences);
    differences
}

#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn with(&mut self, step: String, visit: impl FnOnce(&mut Self)) {
        self.0.push(step);
        visit(self);
        self.0.pop();
    }

    fn text(&self) -> String {
        self.0.concat().trim_start_matches('.').to_owned()
    }

    fn area(&self) -> Area {
        let has = |step: &str| self.0.iter().any(|found| found == step);
        let last = self.0.last().map_or("", String::as_str);
        if (last == ".version" || last == ".discoveryDateTime") && !has(".objectMappings") {
            Area::Version
        } else if has(".containerFilter") || has(".groupFilter") {
            Area::Scope
        } else if has(".objectMappings") {
            Area::Mappings
        } else if has(".directories") {
            Area::Directories
        } else {
            Area::Other
        }
    }

    fn difference(&self, before: Option<&Value>, after: Option<&Value>) -> Difference {
        Difference { path: self.text(), area: self.area(), before: before.cloned(), after: after.cloned() }
    }
}

fn objects(path: &mut Path, a: &Map<String, Value>, b: &Map<String, Value>, found: &mut Vec<Difference>) {
    let added = b.keys().filter(|key| !a.contains_key(*key));
    for key in a.keys().chain(added) {
        path.with(format!(".{key}"), |path| values(path, a.get(key), b.get(key), found));
    }
}

fn values(path: &mut Path, a: Option<&Value>, b: Option<&Value>, found: &mut Vec<Difference>) {
    match (a.filter(|value| !value.is_null()), b.filter(|value| !value.is_null())) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => objects(path, a, b, found),
        (Some(Value::Array(a)), Some(Value::Array(b))) => lists(path, a, b, found),
        (a, b) if a == b => {}
        (a, b) => found.push(path.difference(a, b)),
    }
}

fn lists(path: &mut Path, a: &[Value], b: &[Value], found: &mut Vec<Difference>) {
    let (a, b) = match (identified(a), identified(b)) {
        (Some(a), Some(b)) => (a, b),
        _ => (numbered(a), numbered(b)),
    };
    let later: BTreeMap<&str, &Value> = b.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    let earlier: BTreeMap<&str, &Value> = a.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    let added = b.iter().filter(|(key, _)| !earlier.contains_key(key.as_str()));
    for (key, _) in a.iter().chain(added) {
        let pair = (earlier.get(key.as_str()).copied(), later.get(key.as_str()).copied());
        path.with(format!("[{key}]"), |path| values(path, pair.0, pair.1, found));
    }
}

/// The items by what identifies them, when that is unique: texts by themselves, objects by the first key they all have.
fn identified(items: &[Value]) -> Option<Vec<(String, &Value)>> {
    let texts: Option<Vec<(String, &Value)>> =
        items.iter().map(|item| Some((item.as_str()?.to_owned(), item))).collect();
    let candidates = texts.into_iter().chain(KEYS.iter().filter_map(|key| {
        items.iter().map(|item| Some((item.get(key)?.as_str()?.to_owned(), item))).collect::<Option<Vec<_>>>()
    }));
    candidates.into_iter().find(|keyed| {
        let unique: std::collections::BTreeSet<&str> = keyed.iter().map(|(key, _)| key.as_str()).collect();
        unique.len() == keyed.len()
    })
}

fn numbered(items: &[Value]) -> Vec<(String, &Value)> {
    items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
}
