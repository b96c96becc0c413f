//! Reading the directory through the host, and the anchors of what is found there. Asks the host.

use adsync::protocol::{Attribute, Connector, DirectoryEntry, DirectorySearch};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parity::SourceAnchor;

use crate::host::{AdsyncHost, Calls, HostCallError, PAGE};
use crate::rules;

/// The attribute that carries a source anchor of its own.
pub const CONSISTENCY_GUID: &str = "mS-DS-ConsistencyGuid";

/// Object classes that are synchronized.
pub const CLASSES: [&str; 4] = ["user", "inetOrgPerson", "group", "contact"];

/// Reads every page of a search.
///
/// # Errors
/// [`HostCallError`]
pub async fn search<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    base: &str,
    classes: &[&str],
    attributes: &[String],
    deleted: bool,
) -> Result<Vec<DirectoryEntry>, HostCallError> {
    let mut search = DirectorySearch {
        base: base.to_owned(),
        object_classes: classes.iter().map(|class| (*class).to_owned()).collect(),
        attributes: attributes.to_vec(),
        deleted,
        page_size: PAGE,
        cookie: None,
    };
    let mut entries = Vec::new();
    loop {
        let page = host.search_directory(search.clone()).await?;
        entries.extend(page.entries);
        match page.cookie {
            // A cookie that does not move would be read for ever.
            Some(cookie) if search.cookie.as_ref() != Some(&cookie) => search.cookie = Some(cookie),
            _ => return Ok(entries),
        }
    }
}

/// The domains that the AD connectors read.
pub fn domains(connectors: &[Connector]) -> Vec<String> {
    let mut names: Vec<String> = rules::active_directory(connectors)
        .flat_map(|connector| &connector.partitions)
        .filter(|partition| partition.is_domain && partition.selected)
        .map(|partition| partition.distinguished_name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Values of an attribute of an entry.
pub fn values<'a>(attributes: &'a [Attribute], name: &str) -> &'a [String] {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
        .map_or(&[], |attribute| attribute.values.as_slice())
}

/// The anchor that follows from `objectGUID` alone.
pub fn guid_anchor(entry: &DirectoryEntry) -> SourceAnchor {
    SourceAnchor::from_guid_bytes(entry.object_guid.to_bytes_le())
}

/// The anchor in [`CONSISTENCY_GUID`], where there is one of the right length.
pub fn consistency_anchor(entry: &DirectoryEntry) -> Option<SourceAnchor> {
    let bytes = STANDARD.decode(values(&entry.attributes, CONSISTENCY_GUID).first()?).ok()?;
    SourceAnchor::computed_by_cloud_sync(&[], Some(&bytes)).ok()
}
