//! The Entra connector space: what the engine exports, and what it withholds. Asks the host.

use adsync::ENTRA_CONNECTOR_ID;
use adsync::no_flow::CLOUD_NO_FLOW;
use adsync::protocol::CsObject;
use adsync::rule::LinkType;
use crds::primitive::DistinguishedName;
use parity::SourceAnchor;

use crate::directory;
use crate::host::{AdsyncHost, Calls, HostCallError};

/// One object of the Entra connector space.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent observations, any combination occurs")]
pub struct EntraObject {
    /// Distinguished name in the connector space.
    pub distinguished_name: String,
    /// Its anchor; absent where the name holds none.
    pub anchor: Option<SourceAnchor>,
    /// `user`, `group`, ...
    pub object_type: String,
    /// Its names in AD, as far as they can be read.
    pub directory_names: Vec<DistinguishedName>,
    /// Joined to the metaverse: the engine exports it, unless withheld.
    pub joined: bool,
    /// `cloudNoFlow` is set in the metaverse.
    pub cloud_no_flow: bool,
    /// A rule of link type `JoinNoFlow` holds the link.
    pub join_no_flow: bool,
    /// An export is pending.
    pub pending_export: bool,
}

impl EntraObject {
    fn read(object: &CsObject) -> Self {
        let flags = directory::values(&object.metaverse_attributes, CLOUD_NO_FLOW);
        Self {
            distinguished_name: object.distinguished_name.clone(),
            anchor: SourceAnchor::from_connector_space_dn(&object.distinguished_name).ok(),
            object_type: object.object_type.clone(),
            directory_names: object
                .directory_names
                .iter()
                .filter_map(|name| DistinguishedName::parse(name).ok())
                .collect(),
            joined: object.is_connector,
            cloud_no_flow: flags.iter().any(|value| value.eq_ignore_ascii_case("true")),
            join_no_flow: object.lineage.iter().any(|line| line.operation == LinkType::JoinNoFlow),
            pending_export: object.pending_export,
        }
    }

    /// The engine no longer writes values of it: the flag is set, the link is `JoinNoFlow`, and nothing is left to be exported.
    pub fn is_withheld(&self) -> bool {
        self.cloud_no_flow && self.join_no_flow && !self.pending_export
    }

    /// Whether it lies below one of these units, by its parsed name: a text match would be fooled by escaped commas.
    pub fn is_below(&self, units: &[DistinguishedName]) -> bool {
        self.directory_names.iter().any(|name| units.iter().any(|unit| name.is_at_or_below(unit)))
    }

    /// The anchor, or the connector space name where it holds none.
    pub fn label(&self) -> String {
        self.anchor.as_ref().map_or_else(
            || self.distinguished_name.chars().take(LONGEST_LABEL).collect(),
            |anchor| anchor.as_str().chars().take(LONGEST_LABEL).collect(),
        )
    }
}

/// Longest anchor in evidence.
pub const LONGEST_LABEL: usize = 128;

/// Reads the whole Entra connector space.
///
/// # Errors
/// [`HostCallError`]
pub async fn read<H: AdsyncHost>(host: &mut Calls<'_, H>) -> Result<Vec<EntraObject>, HostCallError> {
    let mut objects = Vec::new();
    let mut start = 0;
    loop {
        let page = host.cs_objects(ENTRA_CONNECTOR_ID, start, vec![CLOUD_NO_FLOW.to_owned()]).await?;
        objects.extend(page.objects.iter().map(EntraObject::read));
        match page.next_index {
            Some(next) if next > start => start = next,
            _ => return Ok(objects),
        }
    }
}
