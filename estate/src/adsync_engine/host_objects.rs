//! Connector space objects and pending exports, as the host protocol shows them.

use adsync::protocol::{
    Attribute, ChangedAttribute, ConnectorStatistics, CsObject, CsObjectPage, Modification, PendingExport,
    PendingExportPage,
};
use uuid::Uuid;

use super::host::Reply;
use super::rules::Definition;
use super::server::SyncServer;
use super::space::{Space, SpaceObject, Staged};
use super::symbol::Symbol;
use crate::value::Value;

/// Most objects of one page, whatever is asked for (the protocol lets the host return fewer).
const LARGEST_PAGE: usize = 500;

impl SyncServer {
    /// `Get-ADSyncConnectorStatistics`.
    pub(super) fn statistics(&self, connector: Uuid) -> Reply<ConnectorStatistics> {
        self.expect_connector(connector)?;
        let mut statistics = ConnectorStatistics::default();
        for object in self.core.spaces.get(&connector).into_iter().flat_map(Space::iter) {
            match object.pending.as_ref().map(|pending| pending.modification) {
                Some(Modification::Add) => statistics.export_adds += 1,
                Some(Modification::Update) => statistics.export_updates += 1,
                Some(Modification::Delete) => statistics.export_deletes += 1,
                None => {}
            }
            match object.staged {
                Staged::Add => statistics.import_adds += 1,
                Staged::Update => statistics.import_updates += 1,
                Staged::Delete => statistics.import_deletes += 1,
                Staged::Nothing => statistics.import_no_change += 1,
            }
            statistics.total_connectors += u64::from(object.metaverse.is_some());
        }
        Ok(statistics)
    }

    /// `Get-ADSyncCSObject` by pages.
    pub(super) fn cs_objects(
        &self,
        connector: Uuid,
        start: u32,
        count: u32,
        attributes: &[String],
        metaverse_attributes: &[String],
    ) -> Reply<CsObjectPage> {
        self.expect_connector(connector)?;
        let Some(space) = self.core.spaces.get(&connector) else {
            return Ok(CsObjectPage { objects: Vec::new(), next_index: None });
        };
        let own = self.wanted(attributes);
        let metaverse = self.wanted(metaverse_attributes);
        let (objects, next_index) =
            page(space.iter(), start, count, |object| self.cs_object(space, object, &own, &metaverse));
        Ok(CsObjectPage { objects, next_index })
    }

    /// `csexport /f:x` by pages.
    pub(super) fn pending_exports(
        &self,
        connector: Uuid,
        start: u32,
        count: u32,
    ) -> Reply<PendingExportPage> {
        self.expect_connector(connector)?;
        let Some(space) = self.core.spaces.get(&connector) else {
            return Ok(PendingExportPage { exports: Vec::new(), next_index: None });
        };
        let pending = space.iter().filter(|object| object.pending.is_some());
        let (exports, next_index) =
            page(pending, start, count, |object| self.pending_export(connector, object));
        Ok(PendingExportPage { exports: exports.into_iter().flatten().collect(), next_index })
    }

    fn wanted<'n>(&self, names: &'n [String]) -> Vec<(&'n str, Option<Symbol>)> {
        names.iter().map(|name| (name.as_str(), self.core.symbols.find(name))).collect()
    }

    fn cs_object(
        &self,
        space: &Space,
        object: &SpaceObject,
        own: &[(&str, Option<Symbol>)],
        wanted_of_metaverse: &[(&str, Option<Symbol>)],
    ) -> CsObject {
        let metaverse = object.metaverse.and_then(|id| self.core.metaverse.get(id));
        let directory_names = metaverse.map(|metaverse| {
            let joined = self.core.joined(metaverse).into_iter();
            joined
                .filter(|(connector, _)| Some(*connector) != self.core.entra())
                .map(|(_, object)| object.dn.clone())
                .collect()
        });
        let attributes = own.iter().map(|(name, symbol)| {
            let values = symbol.map_or(&[][..], |symbol| object.imported.all(symbol));
            self.attribute(name, *symbol, values.iter().map(|value| text_in_space(space, value)))
        });
        let metaverse_attributes = wanted_of_metaverse.iter().map(|(name, symbol)| {
            let values = metaverse
                .zip(*symbol)
                .map_or(&[][..], |(metaverse, symbol)| metaverse.attributes.all(symbol));
            self.attribute(name, *symbol, values.iter().map(ToString::to_string))
        });
        let lineage = object.inbound.iter().chain(&object.outbound);
        CsObject {
            object_id: object.id,
            distinguished_name: object.dn.clone(),
            object_type: self.core.symbols.name(object.object_type).to_owned(),
            is_connector: object.metaverse.is_some(),
            connected_mv_object_id: object.metaverse,
            directory_names: directory_names.unwrap_or_default(),
            lineage: lineage.flat_map(|rules| rules.iter().cloned()).collect(),
            pending_export: object.pending.is_some(),
            has_export_error: object.has_export_error(),
            has_sync_error: !object.errors.is_empty(),
            attributes: attributes.collect(),
            metaverse_attributes: metaverse_attributes.collect(),
        }
    }

    fn attribute(
        &self,
        asked: &str,
        symbol: Option<Symbol>,
        values: impl Iterator<Item = String>,
    ) -> Attribute {
        let name = symbol.map_or(asked, |symbol| self.core.symbols.name(symbol)).to_owned();
        Attribute { name, values: values.collect() }
    }

    fn pending_export(&self, connector: Uuid, object: &SpaceObject) -> Option<PendingExport> {
        let pending = object.pending.as_ref()?;
        let metaverse = object.metaverse.and_then(|id| self.core.metaverse.get(id));
        let attributes = pending.changes.iter().map(|(attribute, values)| {
            let defined =
                self.core.schema.connector(connector, attribute).is_some_and(Definition::is_reference);
            let held = object.imported.all(attribute);
            ChangedAttribute {
                name: self.core.symbols.name(attribute).to_owned(),
                reference: defined || values.iter().chain(held).any(Value::is_reference),
            }
        });
        Some(PendingExport {
            distinguished_name: object.dn.clone(),
            object_type: self.core.symbols.name(object.object_type).to_owned(),
            modification: pending.modification,
            attributes: attributes.collect(),
            cloud_no_flow: metaverse
                .is_some_and(|metaverse| metaverse.attributes.is_true(self.core.known.cloud_no_flow)),
            retry: pending.failures > 0,
        })
    }
}

/// References print as the distinguished names they lead to.
fn text_in_space(space: &Space, value: &Value) -> String {
    let target = value.as_reference().and_then(|reference| space.by_reference(reference));
    target.map_or_else(|| value.to_string(), |target| target.dn.clone())
}

/// One page, and where the next one starts.
fn page<I, T>(
    items: impl Iterator<Item = I>,
    start: u32,
    count: u32,
    show: impl Fn(I) -> T,
) -> (Vec<T>, Option<u32>) {
    let size = usize::try_from(count).unwrap_or(usize::MAX).min(LARGEST_PAGE);
    let mut rest = items.skip(usize::try_from(start).unwrap_or(usize::MAX)).peekable();
    let mut shown = Vec::new();
    while shown.len() < size
        && let Some(item) = rest.next()
    {
        shown.push(show(item));
    }
    let next = rest.peek().and_then(|_| start.checked_add(u32::try_from(shown.len()).ok()?));
    (shown, next)
}
