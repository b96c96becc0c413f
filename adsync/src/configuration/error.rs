//! What can go wrong in reading and writing an exported configuration. No IO.

use std::fmt;
use std::path::PathBuf;

/// Why an exported configuration could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The folder does not exist.
    #[error(
        "no exported configuration at {path}: expected a folder, found nothing; export one with Get-ADSyncServerConfiguration -Path"
    )]
    Missing {
        /// The folder asked for.
        path: PathBuf,
    },
    /// There is something else than a folder.
    #[error(
        "no exported configuration at {path}: expected a folder, found a file; name the folder that holds Connectors, GlobalSettings and SynchronizationRules"
    )]
    NotAFolder {
        /// The path asked for.
        path: PathBuf,
    },
    /// The folder, or something in it, could not be read.
    #[error("cannot read {path}; check the rights of this process")]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// More, or more bytes, than an export can hold.
    #[error(
        "{path} holds {found}, more than an exported configuration can: expected at most {limit}; is it the right folder?"
    )]
    TooLarge {
        /// The folder.
        path: PathBuf,
        /// What was counted.
        found: String,
        /// The bound.
        limit: String,
    },
    /// None of the three subfolders is there.
    #[error(
        "not an exported configuration: expected the folders Connectors, GlobalSettings and SynchronizationRules, found {found}"
    )]
    NotAnExport {
        /// What was found instead.
        found: String,
    },
    /// Files are missing or defective; all of them are listed.
    #[error("the exported configuration is not usable, {}", describe(.0))]
    Invalid(Vec<Problem>),
}

/// One defect of one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path of the file below the exported folder.
    pub file: String,
    /// Path of the element in it; empty where the file as a whole is meant.
    pub element: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, element, expected, found } = self;
        if element.is_empty() {
            write!(f, "{file}: expected {expected}, found {found}")
        } else {
            write!(f, "{file}: {element}: expected {expected}, found {found}")
        }
    }
}

fn describe(problems: &[Problem]) -> String {
    let list = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    match problems.len() {
        1 => format!("1 problem: {list}"),
        count => format!("{count} problems: {list}"),
    }
}

/// Why an exported configuration could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Something was changed in the typed view that cannot be edited into the file it came from.
    #[error(
        "cannot write {file}: {element} was changed, but only {supported} can be; change the file itself"
    )]
    UnsupportedChange {
        /// Path of the file below the exported folder.
        file: String,
        /// What was changed.
        element: String,
        /// What can be.
        supported: &'static str,
    },
    /// The file that a change belongs to is not there, or lacks the element to edit.
    #[error("cannot write {file}: expected {expected} to edit, found none; read the configuration again")]
    NothingToEdit {
        /// Path of the file below the exported folder.
        file: String,
        /// The element.
        expected: String,
    },
    /// A text holds a character that XML cannot carry.
    #[error(
        "cannot write {file}: {element} holds the control character U+{character:04X}, which XML cannot carry"
    )]
    Unwritable {
        /// Path of the file below the exported folder.
        file: String,
        /// The element.
        element: String,
        /// The character.
        character: u32,
    },
    /// The target folder holds something.
    #[error("cannot write an exported configuration into {path}: expected an empty folder, found {found}")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// Name of one thing in it.
        found: String,
    },
    /// A path that would leave the target folder.
    #[error("cannot write {file}: expected a path below the folder, found one that leaves it")]
    Escapes {
        /// The path.
        file: String,
    },
    /// The disk refused.
    #[error("cannot write {path}")]
    Io {
        /// What could not be written.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
