//! The engine's database: connector spaces, metaverse, and the rules in force. Pure; does no IO.

use std::collections::{BTreeMap, HashMap};

use adsync::configuration::{ConnectorConfiguration, MetaverseSchema};
use adsync::protocol::ConnectorKind;
use jiff::Timestamp;
use uuid::Uuid;

use super::metaverse::Metaverse;
use super::record::Record;
use super::rules::{RuleSet, RuleStore, Schema, Subject};
use super::space::{Space, SpaceObject};
use super::symbol::{Symbol, Symbols, WellKnown};
use crate::clock::Identifiers;
use crate::modes::Modes;
use crate::value::Value;

/// Everything one sync server keeps in its database.
#[derive(Debug, Clone)]
pub(super) struct Core {
    pub(super) symbols: Symbols,
    pub(super) known: WellKnown,
    pub(super) schema: Schema,
    pub(super) spaces: BTreeMap<Uuid, Space>,
    pub(super) metaverse: Metaverse,
    pub(super) store: RuleStore,
    /// The rules in force, compiled.
    pub(super) rules: RuleSet,
    pub(super) parameters: Parameters,
    pub(super) identifiers: Identifiers,
}

/// What a synchronization takes from outside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    pub(super) now: Timestamp,
    pub(super) modes: Modes,
}

impl Core {
    /// An empty database under a configuration's rules, all of them in force.
    pub(super) fn new(
        connectors: &[ConnectorConfiguration],
        metaverse: &MetaverseSchema,
        store: RuleStore,
        identifiers: Identifiers,
    ) -> Self {
        let mut symbols = Symbols::default();
        let known = WellKnown::new(&mut symbols);
        let schema = Schema::new(metaverse, connectors, &mut symbols);
        let spaces =
            connectors.iter().map(|connector| (connector.identifier, Space::new(connector.kind))).collect();
        let mut core = Self {
            symbols,
            known,
            schema,
            spaces,
            metaverse: Metaverse::default(),
            store,
            rules: RuleSet::default(),
            parameters: Parameters::new(connectors),
            identifiers,
        };
        core.compile();
        core
    }

    /// Compiles the rules in force and prepares the indexes that their joins need.
    pub(super) fn compile(&mut self) {
        self.rules = RuleSet::new(self.store.in_force(), &self.schema, &mut self.symbols);
        let pairs =
            |rule: &super::rules::CompiledRule| rule.join.iter().flatten().cloned().collect::<Vec<_>>();
        self.metaverse.watch(self.rules.rules().iter().flat_map(pairs).map(|pair| pair.metaverse));
        for (connector, space) in &mut self.spaces {
            let own = self.rules.rules().iter().filter(|rule| rule.connector == *connector);
            space.watch(own.flat_map(pairs).map(|pair| pair.space));
        }
    }

    /// A connector space object as rules see it.
    pub(super) fn space_subject<'a>(
        &'a self,
        connector: Uuid,
        object: &'a SpaceObject,
        now: Timestamp,
    ) -> SpaceSubject<'a> {
        SpaceSubject {
            object,
            space: self.spaces.get(&connector),
            member: self.known.member,
            parameters: self.parameters.of(connector, Some(object.partition)),
            now,
        }
    }

    /// Attributes of a metaverse object as outbound rules of a connector see them.
    pub(super) fn metaverse_subject<'a>(
        &'a self,
        connector: Uuid,
        attributes: &'a Record,
        now: Timestamp,
    ) -> MetaverseSubject<'a> {
        MetaverseSubject { attributes, parameters: self.parameters.of(connector, None), now }
    }

    /// The Entra connector, if the server has one.
    pub(super) fn entra(&self) -> Option<Uuid> {
        self.spaces
            .iter()
            .find(|(_, space)| space.kind == ConnectorKind::Entra)
            .map(|(connector, _)| *connector)
    }

    /// The AD connectors.
    pub(super) fn directories(&self) -> Vec<Uuid> {
        let directories =
            self.spaces.iter().filter(|(_, space)| space.kind == ConnectorKind::ActiveDirectory);
        directories.map(|(connector, _)| *connector).collect()
    }
}

/// An object of a connector space as a rule sees it.
pub(super) struct SpaceSubject<'a> {
    object: &'a SpaceObject,
    space: Option<&'a Space>,
    member: Symbol,
    parameters: Option<&'a HashMap<String, String>>,
    now: Timestamp,
}

impl Subject for SpaceSubject<'_> {
    fn values(&self, attribute: Symbol) -> &[Value] {
        self.object.current(attribute)
    }

    fn imported(&self, attribute: Symbol) -> &[Value] {
        self.object.imported.all(attribute)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.parameters.and_then(|known| known.get(&name.to_ascii_lowercase())).cloned()
    }

    fn is_member_of(&self, group: &str) -> bool {
        let own = Value::Reference(self.object.reference());
        self.space
            .and_then(|space| space.by_dn(group))
            .is_some_and(|group| group.current(self.member).contains(&own))
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// An object of the metaverse as an outbound rule sees it.
pub(super) struct MetaverseSubject<'a> {
    attributes: &'a Record,
    parameters: Option<&'a HashMap<String, String>>,
    now: Timestamp,
}

impl Subject for MetaverseSubject<'_> {
    fn values(&self, attribute: Symbol) -> &[Value] {
        self.attributes.all(attribute)
    }

    fn imported(&self, attribute: Symbol) -> &[Value] {
        self.attributes.all(attribute)
    }

    fn parameter(&self, name: &str) -> Option<String> {
        self.parameters.and_then(|known| known.get(&name.to_ascii_lowercase())).cloned()
    }

    /// Membership is a matter of connector spaces; outbound rules cannot ask for it.
    fn is_member_of(&self, _group: &str) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// Parameters of connectors and their partitions, by lower-case name.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters {
    connectors: BTreeMap<Uuid, HashMap<String, String>>,
    partitions: BTreeMap<(Uuid, usize), HashMap<String, String>>,
}

impl Parameters {
    fn new(connectors: &[ConnectorConfiguration]) -> Self {
        let mut parameters = Self::default();
        for connector in connectors {
            let mut own = HashMap::new();
            own.insert("connector.id".to_owned(), format!("{{{}}}", connector.identifier));
            if let Some(forest) = &connector.forest_name {
                own.extend(naming("forest", forest));
            }
            own.extend(named(&connector.parameters));
            for (position, partition) in connector.partitions.iter().enumerate() {
                let mut domain = own.clone();
                let name = partition.partition.distinguished_name.parse::<crate::dn::DistinguishedName>();
                if let Ok(name) = name {
                    domain.extend(naming("domain", &name.dns_domain()));
                }
                domain.extend(named(&partition.parameters));
                parameters.partitions.insert((connector.identifier, position), domain);
            }
            parameters.connectors.insert(connector.identifier, own);
        }
        parameters
    }

    fn of(&self, connector: Uuid, partition: Option<usize>) -> Option<&HashMap<String, String>> {
        partition
            .and_then(|partition| self.partitions.get(&(connector, partition)))
            .or_else(|| self.connectors.get(&connector))
    }
}

fn named(parameters: &[adsync::protocol::NamedValue]) -> impl Iterator<Item = (String, String)> + '_ {
    let filled = parameters.iter().filter(|parameter| !parameter.value.is_empty());
    filled.map(|parameter| (parameter.name.to_ascii_lowercase(), parameter.value.clone()))
}

/// The three parameters that name a domain or forest (Microsoft, declarative provisioning expressions, "Parameters").
fn naming(kind: &str, dns: &str) -> [(String, String); 3] {
    let netbios = dns.split('.').next().unwrap_or_default().to_uppercase();
    let ldap = crate::dn::DistinguishedName::of_domain(dns).to_string();
    [
        (format!("{kind}.fqdn"), dns.to_owned()),
        (format!("{kind}.netbios"), netbios),
        (format!("{kind}.ldap"), ldap),
    ]
}
