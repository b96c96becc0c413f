//! The bad manifests below `tests/manifests/refused`: one folder for each kind, one file for each mistake. Reads files.
//!
//! A file begins with comments that say how the API server refuses it:
//! - `# expect:` a part of the message
//! - `# field:` the path that the message names
//! - `# rule:` the text of the CEL rule that refuses it, or `# bound:` a path of the schema and the word there that does
//!
//! Everything else in it is right. Where the mistake is a change, the file holds two documents: the first is accepted,
//! the second, which begins with `# then:`, is refused as its update.

use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use serde_json::Value;

use super::schema::Bound;

/// What refuses a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Refuser {
    Rule(String),
    Bound(Bound),
}

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// Folder and file, such as `synctopology/scope-in-two-waves`.
    pub(crate) name: String,
    pub(super) kind: String,
    pub(crate) expect: String,
    pub(crate) field: String,
    pub(super) refuser: Refuser,
    pub(crate) object: Value,
    /// The update that is refused, instead of the object.
    pub(crate) then: Option<Value>,
}

impl Manifest {
    /// The object that is refused.
    pub(super) fn refused(&self) -> &Value {
        self.then.as_ref().unwrap_or(&self.object)
    }
}

/// Every file, by name.
pub(crate) fn all() -> Vec<Manifest> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/refused");
    let mut manifests = Vec::new();
    for folder in entries(&root) {
        for path in entries(&folder) {
            let manifest = read(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
            let kind = folder.file_name().unwrap().to_string_lossy();
            assert_eq!(kind, manifest.kind.to_lowercase(), "{} is in another kind's folder", path.display());
            manifests.push(manifest);
        }
    }
    manifests
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Result<Manifest, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let comment = |word: &str| {
        let prefix = format!("# {word}:");
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::trim);
        match (lines.next(), lines.next()) {
            (Some(_), Some(_)) => Err(format!("there are two comments `{prefix}`, expected one")),
            (line, _) => Ok(line.map(str::to_owned)),
        }
    };
    let needed = |word: &str| comment(word)?.ok_or_else(|| format!("there is no comment `# {word}:`"));
    let refuser = match (comment("rule")?, comment("bound")?) {
        (Some(rule), None) => Refuser::Rule(rule),
        (None, Some(bound)) => match bound.split_once(' ') {
            Some((path, keyword)) => {
                Refuser::Bound(Bound { path: path.to_owned(), keyword: keyword.to_owned() })
            }
            None => return Err(format!("expected a path and a word after `# bound:`, found {bound}")),
        },
        _ => return Err("expected either `# rule:` or `# bound:`".to_owned()),
    };
    let documents = serde_yaml::Deserializer::from_str(&text)
        .map(Value::deserialize)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    let (object, then) = match (<[Value; 1]>::try_from(documents), comment("then")?) {
        (Ok([object]), None) => (object, None),
        (Err(documents), Some(_)) => match <[Value; 2]>::try_from(documents) {
            Ok([object, then]) => (object, Some(then)),
            Err(documents) => return Err(format!("expected two documents, found {}", documents.len())),
        },
        (Ok(_), Some(_)) => return Err("expected a second document after `# then:`".to_owned()),
        (Err(_), None) => return Err("the second document must begin with `# then:`".to_owned()),
    };
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(Manifest {
        name: format!("{folder}/{stem}"),
        kind: object["kind"].as_str().ok_or("the object has no kind")?.to_owned(),
        expect: needed("expect")?,
        field: needed("field")?,
        refuser,
        object,
        then,
    })
}
