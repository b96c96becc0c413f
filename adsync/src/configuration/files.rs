//! The files of an exported configuration as bytes, and the only IO of this crate: reading them from and writing them to a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::error::{ReadError, WriteError};

/// Most files an export may hold. An engine with a thousand rules is unheard of.
const MAX_FILES: usize = 10_000;
/// Most bytes of all files together. One AD connector with an Exchange schema takes 2 MB.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Levels of folders below the export.
const MAX_DEPTH: usize = 4;

/// Relative path (with `/`) → content of each file of an export.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigurationFiles(BTreeMap<String, Vec<u8>>);

impl ConfigurationFiles {
    /// From paths with either separator.
    pub fn new(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let mut this = Self::default();
        for (path, content) in files {
            this.insert(&path, content);
        }
        this
    }

    /// Adds or replaces a file.
    pub fn insert(&mut self, path: &str, content: Vec<u8>) {
        self.0.insert(path.replace('\\', "/"), content);
    }

    /// Content of a file, by its exact path.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// Paths and contents, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    /// Number of files.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Splits off what `select` wants.
    pub(super) fn partition(self, select: impl Fn(&str) -> bool) -> (Self, Self) {
        let (wanted, rest) = self.0.into_iter().partition(|(path, _)| select(path));
        (Self(wanted), Self(rest))
    }

    /// Reads every file below a folder. Names that begin with a dot are skipped (mounted volumes keep their bookkeeping there).
    ///
    /// # Errors
    /// [`ReadError`] when the folder is missing, unreadable, or holds more than an export can.
    pub fn load(dir: &Path) -> Result<Self, ReadError> {
        match fs::metadata(dir) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(ReadError::NotAFolder { path: dir.to_owned() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ReadError::Missing { path: dir.to_owned() });
            }
            Err(source) => return Err(ReadError::Unreadable { path: dir.to_owned(), source }),
        }
        let mut loader = Loader { root: dir, files: Self::default(), bytes: 0 };
        loader.folder(dir, "", 0)?;
        Ok(loader.files)
    }

    /// Writes every file below a folder, which is created if missing and must otherwise be empty.
    ///
    /// # Errors
    /// [`WriteError`] when the folder is not empty, a path would leave it, or the disk refuses.
    pub fn store(&self, dir: &Path) -> Result<(), WriteError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| WriteError::Io { path, source }
        };
        fs::create_dir_all(dir).map_err(io(dir))?;
        if let Some(entry) = fs::read_dir(dir).map_err(io(dir))?.next() {
            let found = entry.map_err(io(dir))?.file_name().to_string_lossy().into_owned();
            return Err(WriteError::NotEmpty { path: dir.to_owned(), found });
        }
        for (path, content) in self.iter() {
            let relative = Path::new(path);
            if !relative.components().all(|component| matches!(component, Component::Normal(_))) {
                return Err(WriteError::Escapes { file: path.to_owned() });
            }
            let target = dir.join(relative);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(io(parent))?;
            }
            fs::write(&target, content).map_err(io(&target))?;
        }
        Ok(())
    }
}

struct Loader<'a> {
    root: &'a Path,
    files: ConfigurationFiles,
    bytes: u64,
}

impl Loader<'_> {
    fn folder(&mut self, dir: &Path, prefix: &str, depth: usize) -> Result<(), ReadError> {
        let unreadable = |path: PathBuf| move |source| ReadError::Unreadable { path, source };
        for entry in fs::read_dir(dir).map_err(unreadable(dir.to_owned()))? {
            let entry = entry.map_err(unreadable(dir.to_owned()))?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let relative = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            // Follows symbolic links: mounted volumes consist of them. A loop ends at the depth bound.
            let metadata = fs::metadata(&path).map_err(unreadable(path.clone()))?;
            if metadata.is_dir() {
                if depth < MAX_DEPTH {
                    self.folder(&path, &relative, depth + 1)?;
                }
            } else if metadata.is_file() {
                self.file(&path, &relative)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, relative: &str) -> Result<(), ReadError> {
        let too_large =
            |found: String, limit: String| ReadError::TooLarge { path: self.root.to_owned(), found, limit };
        if self.files.len() >= MAX_FILES {
            return Err(too_large(format!("more than {MAX_FILES} files"), format!("{MAX_FILES} files")));
        }
        // Read one byte more than allowed instead of trusting the stated size.
        let allowed = MAX_BYTES - self.bytes;
        let mut content = Vec::new();
        fs::File::open(path)
            .and_then(|file| file.take(allowed + 1).read_to_end(&mut content))
            .map_err(|source| ReadError::Unreadable { path: path.to_owned(), source })?;
        let length = content.len() as u64;
        if length > allowed {
            return Err(too_large(format!("more than {MAX_BYTES} bytes"), format!("{MAX_BYTES} bytes")));
        }
        self.bytes += length;
        self.files.insert(relative, content);
        Ok(())
    }
}
