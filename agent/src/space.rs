//! The Entra connector space: what the engine exports, and what it withholds. Asks the host.

use std::collections::BTreeSet;

use adsync::ENTRA_CONNECTOR_ID;
use adsync::no_flow::{CLOUD_NO_FLOW, NoFlowObject};
use adsync::protocol::CsObject;
use adsync::rule::LinkType;
use crds::primitive::DistinguishedName;
use parity::SourceAnchor;

use crate::host::{AdsyncHost, Calls, HostCallError};
use crate::{directory, pending};

/// One object of the Entra connector space.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// What is ready to be exported.
    pub held: Held,
}

/// What the engine holds ready to be exported for an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Nothing.
    Nothing,
    /// A fresh change with a reference in it, which no-flow rules do not keep back.
    Leak,
    /// Anything else, such as an export that failed and is tried again whatever the rules say.
    Export,
}

impl EntraObject {
    fn read(object: &CsObject, leaks: &BTreeSet<String>) -> Self {
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
            held: match object.pending_export {
                false => Held::Nothing,
                true if leaks.contains(&object.distinguished_name) => Held::Leak,
                true => Held::Export,
            },
        }
    }

    /// Why the engine may still write values of it; none where the flag is set, the link is `JoinNoFlow`, and nothing is left to be
    /// exported but what the engine is known to leak.
    pub fn not_withheld(&self) -> Option<&'static str> {
        match (self.cloud_no_flow, self.join_no_flow, self.held) {
            (true, true, Held::Nothing | Held::Leak) => None,
            (false, ..) => Some("cloudNoFlow is not set"),
            (true, false, _) => Some("its link is not JoinNoFlow"),
            (true, true, Held::Export) => Some("an export is pending"),
        }
    }

    /// The engine no longer writes values of it.
    pub fn is_withheld(&self) -> bool {
        self.not_withheld().is_none()
    }

    /// Whether it lies below one of these units, by its parsed name: a text match would be fooled by escaped commas.
    pub fn is_below(&self, units: &[DistinguishedName]) -> bool {
        self.directory_names.iter().any(|name| units.iter().any(|unit| name.is_at_or_below(unit)))
    }

    /// Whether Cloud Sync can serve objects of its type. Of others, such as devices, Connect stays the only engine.
    pub fn can_move(&self) -> bool {
        NoFlowObject::ALL.iter().any(|object| object.entra_type().eq_ignore_ascii_case(&self.object_type))
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
    let exports = pending::exports(host, ENTRA_CONNECTOR_ID).await?;
    let fresh = exports.into_iter().filter(|export| pending::is_leak(export) && !export.retry);
    let leaks: BTreeSet<String> = fresh.map(|export| export.distinguished_name).collect();
    let mut objects = Vec::new();
    let mut start = 0;
    loop {
        let page = host.cs_objects(ENTRA_CONNECTOR_ID, start, vec![CLOUD_NO_FLOW.to_owned()]).await?;
        objects.extend(page.objects.iter().map(|object| EntraObject::read(object, &leaks)));
        match page.next_index {
            Some(next) if next > start => start = next,
            _ => return Ok(objects),
        }
    }
}
