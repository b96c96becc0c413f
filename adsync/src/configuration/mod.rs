//! The configuration folder that `Get-ADSyncServerConfiguration -Path` writes: read into types, and written back.
//!
//! ```text
//! <folder>/Connectors/Connector_{<identifier>}.xml                      one for each connector
//! <folder>/GlobalSettings/MV.xml                                        metaverse schema and global parameters
//! <folder>/SynchronizationRules/SynchronizationRule_{<identifier>}.xml  one for each rule
//! ```
//!
//! Beside them `MigrateSettings.ps1` puts `MigratedPolicy.json` and `PersistedState.xml`. Rules are written from their typed
//! form. Everything else keeps the bytes it came with, and only what was changed in the typed view is edited in place: a connector
//! file holds thousands of lines that nobody here has an opinion about.
//!
//! Only [`ConfigurationFiles::load`], [`ConfigurationFiles::store`] and the two functions built on them touch the disk.

mod assemble;
mod connector;
mod connector_file;
mod connector_schema;
mod edit;
mod error;
mod features;
mod files;
mod metaverse;
mod metaverse_file;
mod policy;
mod rule_file;
mod rule_writer;
mod text;
mod xml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

pub use connector::{ConnectorConfiguration, PartitionConfiguration};
pub use error::{Problem, ReadError, WriteError};
pub use files::ConfigurationFiles;
pub use metaverse::{AttributeDefinition, AttributeSyntax, MetaverseSchema, ObjectTypeDefinition};

use crate::protocol::NamedValue;
use crate::rule::Rule;

/// Parameter of `MV.xml` that holds the product's build number (Contoso sample export, `MV.xml`).
pub const BUILD_PARAMETER: &str = "Microsoft.Synchronize.ServerConfigurationVersion";

/// A sync server's exported configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerConfiguration {
    /// Name of the server that was exported, as `MV.xml` states it; empty where it does not.
    pub server: String,
    /// When it was exported, as `MV.xml` prints it (server local time, no zone); empty where it does not.
    pub export_date: String,
    /// The connectors, in the order of their file names.
    pub connectors: Vec<ConnectorConfiguration>,
    /// The rules, by precedence, then identifier.
    pub rules: Vec<Rule>,
    /// The metaverse schema.
    pub metaverse: MetaverseSchema,
    /// Global parameters of `MV.xml`, in file order. Values of encrypted parameters are empty.
    pub parameters: Vec<NamedValue>,
    /// Build number in `MigratedPolicy.json`, where that file is present.
    pub policy_version: Option<String>,
    /// Every file but the rules', as read.
    originals: Originals,
}

/// The bytes that are written back, and the typed view they had when read: the difference is what must be edited.
#[derive(Debug, Clone, Default, PartialEq)]
struct Originals {
    /// Every file but the rules'.
    files: ConfigurationFiles,
    /// Path of `MV.xml`, in its spelling.
    metaverse_path: String,
    /// Parameters as read.
    parameters: Vec<NamedValue>,
    /// Schema as read.
    metaverse: MetaverseSchema,
    /// Connectors as read, by the path of their file.
    connectors: BTreeMap<String, ConnectorConfiguration>,
}

impl ServerConfiguration {
    /// Reads an exported configuration folder.
    ///
    /// # Errors
    /// [`ReadError`] when the folder is missing, unreadable or not an export, or with every defect of every file in it.
    pub fn read(dir: &Path) -> Result<Self, ReadError> {
        Self::from_files(ConfigurationFiles::load(dir)?)
    }

    /// Reads an export that is already in memory.
    ///
    /// # Errors
    /// [`ReadError::NotAnExport`] or [`ReadError::Invalid`] with every defect of every file.
    pub fn from_files(files: ConfigurationFiles) -> Result<Self, ReadError> {
        assemble::assemble(files)
    }

    /// The export as files: rules from their typed form, everything else as it came with the changes edited in.
    ///
    /// # Errors
    /// [`WriteError`] when a connector or the metaverse was changed in a way this format cannot be edited into.
    pub fn to_files(&self) -> Result<ConfigurationFiles, WriteError> {
        assemble::disassemble(self)
    }

    /// Writes the export into a folder, which is created if missing and must otherwise be empty.
    ///
    /// # Errors
    /// [`WriteError`] as [`Self::to_files`], or when the folder is not empty or cannot be written.
    pub fn write(&self, dir: &Path) -> Result<(), WriteError> {
        self.to_files()?.store(dir)
    }

    /// Value of a global parameter; `None` where it is missing or empty. Names are compared without regard to case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name.eq_ignore_ascii_case(name))
            .map(|parameter| parameter.value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Sets a global parameter, adding it where it is missing.
    pub fn set_parameter(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match self.parameters.iter_mut().find(|parameter| parameter.name.eq_ignore_ascii_case(name)) {
            Some(parameter) => parameter.value = value,
            None => self.parameters.push(NamedValue { name: name.to_owned(), value }),
        }
    }

    /// Build number of the product that wrote the export: of `MigratedPolicy.json` where present (`azureADConnectVersion`, written
    /// by the installed product), else of `MV.xml`.
    pub fn build(&self) -> Option<&str> {
        self.policy_version.as_deref().or_else(|| self.parameter(BUILD_PARAMETER))
    }

    /// The connector with this identifier.
    pub fn connector(&self, identifier: uuid::Uuid) -> Option<&ConnectorConfiguration> {
        self.connectors.iter().find(|connector| connector.identifier == identifier)
    }
}
