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
    /// Additions and changes of withheld objects towards Entra without any reference among them: nothing of the engine's explains them.
    pub no_flow_values: usize,
    /// Changes of withheld objects towards Entra with a reference among them: the engine is known to export these, with whatever else is
    /// pending on the object. Source: Microsoft, Migrate to Cloud Sync for an existing synced AD forest.
    pub no_flow_references: usize,
    /// Failed before, retried.
    pub retries: usize,
}

impl Pending {
    /// Removals without explanation.
    pub fn unexplained_count(&self) -> usize {
        self.deletes.saturating_sub(self.explained)
    }

    fn count(&mut self, export: &PendingExport, connector: Uuid) {
        match export.modification {
            Modification::Add => self.adds += 1,
            Modification::Update => self.updates += 1,
            Modification::Delete => self.deletes += 1,
        }
        if export.retry {
            self.retries += 1;
        }
        // What goes to AD, such as mS-DS-ConsistencyGuid, is not what no-flow rules withhold.
        let withheld = export.cloud_no_flow && connector == ENTRA_CONNECTOR_ID;
        if withheld && export.modification != Modification::Delete {
            if is_leak(export) {
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
            pending.count(&export, connector.identifier);
            if export.modification == Modification::Delete {
                to_explain.push((connector.identifier, export.distinguished_name));
            }
        }
    }
    explain(host, &connectors, to_explain, &mut pending).await?;
    Ok(pending)
}

/// Whether a pending export is one that no-flow rules do not keep back: a change with a reference in it, whatever else goes with it.
/// Source: Microsoft, Migrate to Cloud Sync for an existing synced AD forest.
pub(crate) fn is_leak(export: &PendingExport) -> bool {
    let reference = export.attributes.iter().any(|attribute| attribute.reference);
    export.cloud_no_flow && export.modification == Modification::Update && reference
}

/// Every pending export of a connector.
///
/// # Errors
/// [`HostCallError`]
pub(crate) async fn exports<H: AdsyncHost>(
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

#[cfg(test)]
mod tests {
    use adsync::protocol::ChangedAttribute;

    use super::*;

    fn change(names: &[(&str, bool)], cloud_no_flow: bool, modification: Modification) -> PendingExport {
        let attributes = names
            .iter()
            .map(|(name, reference)| ChangedAttribute { name: (*name).to_owned(), reference: *reference });
        PendingExport {
            distinguished_name: "CN={00}".to_owned(),
            object_type: "user".to_owned(),
            modification,
            attributes: attributes.collect(),
            cloud_no_flow,
            retry: false,
        }
    }

    fn counted(export: &PendingExport, connector: Uuid) -> (usize, usize) {
        let mut pending = Pending::default();
        pending.count(export, connector);
        (pending.no_flow_values, pending.no_flow_references)
    }

    #[test]
    fn what_a_withheld_object_would_export_is_a_leak_with_a_reference_and_a_fault_without() {
        let update = Modification::Update;
        let table = [
            (change(&[("title", false)], true, update), (1, 0)),
            (change(&[("manager", true)], true, update), (0, 1)),
            (change(&[("title", false), ("manager", true)], true, update), (0, 1)),
            (change(&[("manager", true)], true, Modification::Add), (1, 0)),
            (change(&[], true, Modification::Delete), (0, 0)),
            (change(&[("title", false)], false, update), (0, 0)),
        ];
        for (export, expected) in table {
            assert_eq!(counted(&export, ENTRA_CONNECTOR_ID), expected, "{export:?}");
            assert_eq!(counted(&export, Uuid::nil()), (0, 0), "what goes to AD is no leak: {export:?}");
        }
    }
}
