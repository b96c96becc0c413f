//! Manifests from files: every document of ours, with the file and position it came from. Reads files.

use std::path::{Path, PathBuf};

use crds::SyncTopology;
use serde::Deserialize;

/// A document of one of our kinds.
#[derive(Debug, Clone)]
pub struct Document {
    /// File, and the number of the document in it from 1.
    pub place: String,
    /// Kind.
    pub kind: String,
    /// Namespace and name.
    pub name: String,
    /// The topology, if it is one and can be read.
    pub topology: Option<SyncTopology>,
}

/// Why a file or document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The file cannot be read.
    #[error("{path}: expected a file or folder with YAML manifests: {source}")]
    Unreadable {
        /// File.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The document is no manifest.
    #[error("{place}: expected a Kubernetes manifest: {problem}")]
    Malformed {
        /// Where.
        place: String,
        /// Why.
        problem: String,
    },
}

/// Reads files, and the `.yaml` and `.yml` files of folders. Documents of other groups are passed over.
///
/// # Errors
/// All problems of all files; `Ok` only when there is none.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Document>, Vec<DocumentError>> {
    let (mut documents, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        match files(path) {
            Ok(files) => {
                for file in files {
                    match std::fs::read_to_string(&file) {
                        Ok(text) => parse(&file, &text, &mut documents, &mut errors),
                        Err(source) => errors.push(DocumentError::Unreadable { path: file, source }),
                    }
                }
            }
            Err(source) => errors.push(DocumentError::Unreadable { path: path.clone(), source }),
        }
    }
    if errors.is_empty() { Ok(documents) } else { Err(errors) }
}

fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?.path();
        if entry.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(entry);
        }
    }
    files.sort();
    Ok(files)
}

fn parse(file: &Path, text: &str, documents: &mut Vec<Document>, errors: &mut Vec<DocumentError>) {
    for (index, document) in serde_yaml::Deserializer::from_str(text).enumerate() {
        let place = format!("{} (document {})", file.display(), index + 1);
        let malformed = |problem: String| DocumentError::Malformed { place: place.clone(), problem };
        let value = match serde_json::Value::deserialize(document) {
            Ok(serde_json::Value::Null) => continue,
            Ok(value) => value,
            Err(error) => {
                errors.push(malformed(error.to_string()));
                continue;
            }
        };
        let field = |path: &str| {
            value.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        };
        let (version, kind) = (field("/apiVersion"), field("/kind"));
        if version.is_empty() || kind.is_empty() {
            errors.push(malformed("it has no `apiVersion` or no `kind`".to_owned()));
            continue;
        }
        if !version.starts_with(&format!("{}/", crds::GROUP)) {
            continue;
        }
        let name = format!("{}/{}", field("/metadata/namespace"), field("/metadata/name"));
        let topology = if kind == "SyncTopology" {
            match serde_json::from_value::<SyncTopology>(value) {
                Ok(topology) => Some(topology),
                Err(error) => {
                    errors.push(malformed(error.to_string()));
                    continue;
                }
            }
        } else {
            None
        };
        documents.push(Document { place, kind, name, topology });
    }
}
