//! What an export would write now, and whether its deletions are explained. Asks the host.
//!
//! A deletion is explained when its source lies among the deleted objects of the directory, read by the agent itself. An object that
//! merely left the engine's scope has no tombstone, so its deletion stays unexplained.

use std::collections::{BTreeMap, BTreeSet};

use adsync::ENTRA_CONNECTOR_ID;
use adsync::protocol::{Connector, Modification, PendingExport};
use crds::sync_agent::evidence::SAMPLE;
use parity::SourceAnchor;
use uuid::Uuid;

use crate::commands::CommandError;
use crate::directory::{self, CLASSES, CONSISTENCY_GUID};
use crate::host::{AdsyncHost, Calls, HostCallError};
use crate::space::LONGEST_LABEL;

/// Pending exports, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// Objects that would be made.
    pub adds: usize,
    /// Objects that would be changed.
    pub updates: usize,
    /// Objects that would be removed.
    pub deletes: usize,
    /// Removals whose source is gone from the directory.
    pub explained: usize,
    /// Some of the others.
    pub unexplained: Vec<String>,
    /// Additions and changes of withheld objects in attributes that are no references.
    pub no_flow_values: usize,
    /// Changes of withheld objects in references only.
    pub no_flow_references: usize,
    /// Failed before, retried.
    pub retries: usize,
}

impl Pending {
    /// Removals without explanation.
    pub fn unexplained_count(&self) -> usize {
        self.deletes.saturating_sub(self.explained)
    }

    fn count(&mut self, export: &PendingExport) {
        match export.modification {
            Modification::Add => self.adds += 1,
            Modification::Update => self.updates += 1,
            Modification::Delete => self.deletes += 1,
        }
        if export.retry {
            self.retries += 1;
        }
        if export.cloud_no_flow && export.modification != Modification::Delete {
            let references_only = export.modification == Modification::Update
                && export.attributes.iter().all(|attribute| attribute.reference);
            if references_only {
                self.no_flow_references += 1;
            } else {
                self.no_flow_values += 1;
            }
        }
    }
}

/// Reads the pending exports of every connector, or of one.
///
/// # Errors
/// [`CommandError::Host`]
pub async fn read<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    only: Option<Uuid>,
) -> Result<Pending, CommandError> {
    let connectors = host.connectors().await?;
    let mut pending = Pending::default();
    let mut to_explain = Vec::new();
    for connector in connectors.iter().filter(|connector| only.is_none_or(|id| id == connector.identifier)) {
        for export in exports(host, connector.identifier).await? {
            pending.count(&export);
            if export.modification == Modification::Delete {
                to_explain.push((connector.identifier, export.distinguished_name));
            }
        }
    }
    explain(host, &connectors, to_explain, &mut pending).await?;
    Ok(pending)
}

async fn exports<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    connector: Uuid,
) -> Result<Vec<PendingExport>, HostCallError> {
    let mut all = Vec::new();
    let mut start = 0;
    loop {
        let page = host.pending_exports(connector, start).await?;
        all.extend(page.exports);
        match page.next_index {
            Some(next) if next > start => start = next,
            _ => return Ok(all),
        }
    }
}

async fn explain<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    connectors: &[Connector],
    deletes: Vec<(Uuid, String)>,
    pending: &mut Pending,
) -> Result<(), CommandError> {
    if deletes.is_empty() {
        return Ok(());
    }
    let gone = Gone::read(host, connectors, &deletes).await?;
    for (connector, name) in deletes {
        // What would be removed from AD has its source elsewhere: nothing here can explain it.
        let anchor = (connector == ENTRA_CONNECTOR_ID)
            .then(|| SourceAnchor::from_connector_space_dn(&name).ok())
            .flatten();
        if anchor.as_ref().is_some_and(|anchor| gone.explains(anchor)) {
            pending.explained += 1;
        } else if pending.unexplained.len() < SAMPLE {
            let label = anchor.map_or(name, |anchor| anchor.to_string());
            pending.unexplained.push(label.chars().take(LONGEST_LABEL).collect());
        }
    }
    pending.unexplained.sort();
    Ok(())
}

/// Anchors of deleted directory objects.
#[derive(Debug, Default)]
struct Gone(BTreeSet<SourceAnchor>);

impl Gone {
    async fn read<H: AdsyncHost>(
        host: &mut Calls<'_, H>,
        connectors: &[Connector],
        deletes: &[(Uuid, String)],
    ) -> Result<Self, HostCallError> {
        let wanted: BTreeSet<SourceAnchor> =
            deletes.iter().filter_map(|(_, name)| SourceAnchor::from_connector_space_dn(name).ok()).collect();
        let attributes = [CONSISTENCY_GUID.to_owned()];
        let domains = directory::domains(connectors);
        // Anchor → it follows from the tombstone's own objectGUID.
        let mut found: BTreeMap<SourceAnchor, bool> = BTreeMap::new();
        for domain in &domains {
            for entry in directory::search(host, domain, &[], &attributes, true).await? {
                if !entry.deleted {
                    continue;
                }
                found.insert(directory::guid_anchor(&entry), true);
                if let Some(anchor) = directory::consistency_anchor(&entry) {
                    found.entry(anchor).or_insert(false);
                }
            }
        }
        found.retain(|anchor, _| wanted.contains(anchor));
        // A copied ConsistencyGuid (an object moved between forests) can live on in another object: that one is not gone.
        if found.values().any(|own| !own) {
            for domain in &domains {
                for entry in directory::search(host, domain, &CLASSES, &attributes, false).await? {
                    if let Some(anchor) = directory::consistency_anchor(&entry) {
                        found.remove(&anchor);
                    }
                }
            }
        }
        Ok(Self(found.into_keys().collect()))
    }

    fn explains(&self, anchor: &SourceAnchor) -> bool {
        self.0.contains(anchor)
    }
}
