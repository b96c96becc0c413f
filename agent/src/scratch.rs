//! Where the ADSync host writes an exported configuration to, and where the agent reads it back from.

use std::path::{Path, PathBuf};

use adsync::configuration::ConfigurationFiles;
use uuid::Uuid;

/// A place on the server for one exported configuration at a time.
pub trait Scratch: Send {
    /// Names an empty place, as the host must be told it.
    ///
    /// # Errors
    /// [`ScratchError`]
    fn prepare(&mut self) -> Result<String, ScratchError>;

    /// Reads what the host wrote there.
    ///
    /// # Errors
    /// [`ScratchError`]
    fn read(&mut self, place: &str) -> Result<ConfigurationFiles, ScratchError>;

    /// Removes everything that was ever written.
    ///
    /// # Errors
    /// [`ScratchError`]
    fn clear(&mut self) -> Result<(), ScratchError>;
}

/// Why an exported configuration could not be put down or read.
#[derive(Debug, thiserror::Error)]
#[error("expected to {action} the folder {}, found: {problem}; the ADSync host and the agent must both be able to write there", place.display())]
pub struct ScratchError {
    /// What was tried.
    pub action: &'static str,
    /// Where.
    pub place: PathBuf,
    /// Why not.
    pub problem: String,
}

/// Folders below the state folder. Does disk IO.
#[derive(Debug)]
pub struct ScratchFolder(PathBuf);

impl ScratchFolder {
    /// Below this state folder.
    pub fn below(state_folder: &Path) -> Self {
        Self(state_folder.join("exports"))
    }
}

impl Scratch for ScratchFolder {
    fn prepare(&mut self) -> Result<String, ScratchError> {
        let place = self.0.join(Uuid::new_v4().to_string());
        let fail = |problem: String| ScratchError { action: "make", place: place.clone(), problem };
        std::fs::create_dir_all(&place).map_err(|error| fail(error.to_string()))?;
        match place.to_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(fail("a path that is no Unicode".to_owned())),
        }
    }

    fn read(&mut self, place: &str) -> Result<ConfigurationFiles, ScratchError> {
        let place = PathBuf::from(place);
        ConfigurationFiles::load(&place).map_err(|error| ScratchError {
            action: "read",
            place,
            problem: error.to_string(),
        })
    }

    fn clear(&mut self) -> Result<(), ScratchError> {
        match std::fs::remove_dir_all(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(ScratchError { action: "remove", place: self.0.clone(), problem: error.to_string() })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_empty_and_clearing_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut scratch = ScratchFolder::below(folder.path());
        scratch.clear().unwrap();
        let first = scratch.prepare().unwrap();
        std::fs::write(Path::new(&first).join("a.xml"), "<a/>").unwrap();
        assert_eq!(scratch.read(&first).unwrap().len(), 1);
        let second = scratch.prepare().unwrap();
        assert!(scratch.read(&second).unwrap().is_empty());
        scratch.clear().unwrap();
        assert!(scratch.read(&first).is_err());
    }
}
