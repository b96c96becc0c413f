//! The journal as a file in the state folder. Does disk IO.
//!
//! Written to a new file that is flushed, then renamed over the old one, so that a reader finds the old or the new state and nothing
//! else. A lock file keeps a second process out.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::journal::{FORMAT, JournalError, JournalState, JournalStore};

/// Name of the journal in the state folder.
pub const FILE_NAME: &str = "journal.json";

/// Name of the lock file beside it.
pub const LOCK_NAME: &str = "journal.lock";

/// The journal in a folder; holds the folder's lock while it lives.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    /// Held, not read: the operating system releases the lock with the file.
    _lock: File,
}

impl JournalFile {
    /// Opens the folder, making it where missing, and locks it.
    ///
    /// # Errors
    /// [`JournalError::InUse`] when another process holds it, [`JournalError::Io`] when it cannot be made.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let lock_path = folder.join(LOCK_NAME);
        let place = || lock_path.display().to_string();
        let io = |source| JournalError::Io { action: "lock", place: place(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: folder.join(FILE_NAME), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(JournalError::InUse { place: place() }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    fn corrupt(&self, problem: impl std::fmt::Display) -> JournalError {
        JournalError::Corrupt { place: self.path.display().to_string(), problem: problem.to_string() }
    }
}

impl JournalStore for JournalFile {
    fn load(&mut self) -> Result<Option<JournalState>, JournalError> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                let place = self.path.display().to_string();
                return Err(JournalError::Io { action: "read", place, source });
            }
        };
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| {
            self.corrupt(format_args!("{} bytes that are no JSON ({error})", bytes.len()))
        })?;
        // The format is looked at first: another release's journal should be told apart from a damaged one.
        match value.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => {
                return Err(self.corrupt(format_args!(
                    "format {format}, this release reads format {FORMAT}: run the release that wrote it"
                )));
            }
            None => return Err(self.corrupt("JSON without `format`")),
        }
        serde_json::from_value(value).map(Some).map_err(|error| self.corrupt(error))
    }

    fn store(&mut self, state: &JournalState) -> Result<(), JournalError> {
        write_atomically(&self.path, &serde_json::to_vec(state).map_err(|error| self.corrupt(error))?)
            .map_err(|source| JournalError::Io {
                action: "write",
                place: self.path.display().to_string(),
                source,
            })
    }
}

/// Replaces a file as a whole: readable by its owner only, durable when this returns.
///
/// # Errors
/// When the disk refuses; the file is then as before.
pub fn write_atomically(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
    name.push(".new");
    let fresh = path.with_file_name(name);
    let mut file = private_file(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&fresh, path)?;
    flush_folder(path.parent().unwrap_or(Path::new(".")))
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    // A file left by a crash keeps the mode it had.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

/// On Windows the state folder's access list, set at installation, keeps others out.
#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(true).open(path)
}

#[cfg(unix)]
fn flush_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// NTFS journals the rename itself; a folder cannot be flushed there.
#[cfg(not(unix))]
fn flush_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;
    use crds::primitive::Epoch;

    /// A child that another test is just starting holds the lock too, from its fork to its exec.
    fn reopen(folder: &Path) -> JournalFile {
        for _ in 0..1000 {
            match JournalFile::open(folder) {
                Err(JournalError::InUse { .. }) => std::thread::sleep(std::time::Duration::from_millis(10)),
                opened => return opened.unwrap(),
            }
        }
        panic!("the lock is never released");
    }

    #[test]
    fn what_was_recorded_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let id = {
            let mut journal = Journal::open(JournalFile::open(folder.path()).unwrap()).unwrap();
            journal.saw_epoch(Epoch(42)).unwrap();
            journal.state().journal_id
        };
        let journal = Journal::open(reopen(folder.path())).unwrap();
        assert_eq!((journal.state().journal_id, journal.state().highest_epoch), (id, Epoch(42)));
    }

    #[test]
    fn a_second_process_is_kept_out() {
        let folder = tempfile::tempdir().unwrap();
        let held = JournalFile::open(folder.path()).unwrap();
        assert!(matches!(JournalFile::open(folder.path()), Err(JournalError::InUse { .. })));
        drop(held);
        reopen(folder.path());
    }

    #[test]
    fn what_is_no_journal_is_refused_and_left_alone() {
        let good = serde_json::to_value(JournalState::new(uuid::Uuid::nil())).unwrap();
        let mut newer = good.clone();
        newer["format"] = 2.into();
        let mut strange = good.clone();
        strange["surprise"] = true.into();
        for (content, problem) in [
            (String::new(), "0 bytes that are no JSON"),
            ("{\"format\":1".to_owned(), "no JSON"),
            ("{}".to_owned(), "without `format`"),
            (newer.to_string(), "format 2, this release reads format 1"),
            (strange.to_string(), "unknown field `surprise`"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(FILE_NAME);
            std::fs::write(&path, &content).unwrap();
            let error = Journal::open(JournalFile::open(folder.path()).unwrap()).unwrap_err().to_string();
            assert!(error.contains(problem), "{content}: {error}");
            assert!(error.contains("does nothing until"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content, "it must not be replaced");
        }
    }

    #[test]
    fn a_write_that_was_cut_off_leaves_the_old_state() {
        let folder = tempfile::tempdir().unwrap();
        {
            let mut journal = Journal::open(JournalFile::open(folder.path()).unwrap()).unwrap();
            journal.saw_epoch(Epoch(5)).unwrap();
        }
        // A crash between writing the new file and renaming it.
        std::fs::write(folder.path().join("journal.json.new"), b"{\"form").unwrap();
        let mut journal = Journal::open(reopen(folder.path())).unwrap();
        assert_eq!(journal.state().highest_epoch, Epoch(5));
        journal.saw_epoch(Epoch(6)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Journal::open(JournalFile::open(folder.path()).unwrap()).unwrap();
        let mode = std::fs::metadata(folder.path().join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
