//! What the agent and a sync server say to each other, and the configuration a sync server exports.
//!
//! Types only: this crate holds no opinion about what is safe, current or supported. It is shared by the agent (which speaks
//! the protocol to `adsync-host.ps1`), by the simulated estate (which answers it) and by whoever reads an exported
//! configuration. Does no IO besides reading and writing configuration folders in [`configuration`].

pub mod archive;
pub mod configuration;
pub mod digest;
pub mod no_flow;
pub mod protocol;
pub mod rule;

/// The identifier every installation gives its Entra connector
/// (`Get-ADSyncConnector`, Microsoft Entra Connect documentation).
pub const ENTRA_CONNECTOR_ID: uuid::Uuid = uuid::uuid!("b891884f-051e-4a83-95af-2544101c9083");
