//! Import from Entra.

use std::collections::{BTreeSet, HashMap, HashSet};

use adsync::configuration::ConnectorConfiguration;
use adsync::protocol::RunCounters;
use jiff::Timestamp;
use uuid::Uuid;

use super::{ImportReach, Seen};
use crate::adsync_engine::anchor_name::name_of;
use crate::adsync_engine::core::Core;
use crate::adsync_engine::symbol::{Symbol, Symbols};
use crate::tenant::{CloudKind, CloudObject, Tenant, canonical_attribute};
use crate::value::Value;

/// Which of the connector's attributes the tenant keeps under which name.
#[derive(Debug, Clone, Default)]
pub(crate) struct EntraNames {
    /// The tenant's name in lower case → the connector's attributes.
    by_kept: HashMap<String, Vec<Symbol>>,
}

impl EntraNames {
    /// The attributes that a connector selects.
    pub(crate) fn new(connector: &ConnectorConfiguration, symbols: &mut Symbols) -> Self {
        let mut by_kept: HashMap<String, Vec<Symbol>> = HashMap::new();
        let schema = connector.attributes.iter().map(|attribute| &attribute.name);
        for name in connector.attribute_inclusion.iter().chain(schema) {
            let symbol = symbols.intern(name);
            let attributes = by_kept.entry(canonical_attribute(name).to_ascii_lowercase()).or_default();
            if !attributes.contains(&symbol) {
                attributes.push(symbol);
            }
        }
        Self { by_kept }
    }

    /// The connector's attributes for one of the tenant's.
    pub(crate) fn attributes(&self, kept: &str) -> &[Symbol] {
        self.by_kept.get(&kept.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }
}

const KINDS: [CloudKind; 4] = [CloudKind::User, CloudKind::Group, CloudKind::Contact, CloudKind::Device];

/// The connector's object type for a kind of tenant object.
pub(crate) fn object_type_of(kind: CloudKind) -> &'static str {
    match kind {
        CloudKind::User => "user",
        CloudKind::Group => "group",
        CloudKind::Contact => "contact",
        CloudKind::Device => "device",
    }
}

impl Core {
    /// Objects that an import would read.
    pub(crate) fn entra_import_scope(reach: ImportReach, watermark: u64, tenant: &Tenant) -> BTreeSet<Uuid> {
        let everything =
            || tenant.iter().filter(|object| is_synced(object)).map(|object| object.id).collect();
        match reach {
            ImportReach::Full => everything(),
            ImportReach::Delta => {
                let mut changed = BTreeSet::new();
                for kind in KINDS {
                    // How old a watermark may be is judged before the run (see `delta_is_possible`).
                    match tenant.delta_since(kind, watermark, Timestamp::MIN) {
                        Ok(delta) => changed.extend(delta.changes.into_iter().map(|change| change.id)),
                        Err(_) => return everything(),
                    }
                }
                changed
            }
        }
    }

    /// Imports from the tenant.
    pub(crate) fn import_entra(
        &mut self,
        connector: Uuid,
        names: &EntraNames,
        reach: ImportReach,
        watermark: &mut u64,
        tenant: &Tenant,
    ) -> RunCounters {
        let mut counters = RunCounters::default();
        let scope = Self::entra_import_scope(reach, *watermark, tenant);
        let mut seen = HashSet::new();
        for id in scope {
            let object = tenant.get(id).filter(|object| is_synced(object));
            match object.and_then(|object| self.seen_in_tenant(names, object, tenant)) {
                Some(object) => {
                    seen.insert(id);
                    self.stage_seen(connector, object, &mut counters);
                }
                None => self.stage_gone(connector, id, &mut counters),
            }
        }
        if reach == ImportReach::Full {
            self.stage_unseen(connector, &seen, &mut counters);
        }
        *watermark = tenant.delta_token();
        counters
    }

    fn seen_in_tenant(&mut self, names: &EntraNames, object: &CloudObject, tenant: &Tenant) -> Option<Seen> {
        let anchor = object.anchor.as_deref()?;
        let known = self.known;
        let object_type = object_type_of(object.kind);
        let mut title = object_type.to_owned();
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let own = [
            (known.source_anchor, vec![Value::text(anchor)]),
            (known.cloud_anchor, vec![Value::String(format!("{title}_{}", object.id))]),
            (known.cloud_mastered, vec![Value::Boolean(object.is_cloud_managed)]),
        ];
        let live = |value: &&Value| {
            value.as_reference().is_none_or(|target| tenant.get(target).is_some_and(CloudObject::is_live))
        };
        let kept = object.attributes.iter().flat_map(|(name, values)| {
            let values: Vec<Value> = values.iter().filter(live).cloned().collect();
            names.attributes(name.as_str()).iter().map(move |attribute| (*attribute, values.clone()))
        });
        Some(Seen {
            key: object.id,
            dn: name_of(anchor),
            object_type: self.symbols.intern(object_type),
            partition: 0,
            record: own.into_iter().chain(kept).collect(),
        })
    }
}

/// Connect reads what a sync engine made or took over.
fn is_synced(object: &CloudObject) -> bool {
    object.is_live() && object.synced && object.anchor.is_some()
}
