//! Which part of a directory a connector reads: partitions, containers, object types, attributes. Pure; does no IO.

use std::collections::BTreeSet;

use adsync::configuration::ConnectorConfiguration;

use crate::directory::{DirectoryObject, ObjectClass};
use crate::dn::DistinguishedName;

/// What a connector selects.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    partitions: Vec<Partition>,
    /// Lower-case names of the attributes selected; none = all.
    attributes: BTreeSet<String>,
}

/// What is selected of one domain.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    /// Position among the connector's partitions.
    pub(super) position: usize,
    /// The domain.
    pub(super) domain: DistinguishedName,
    classes: Vec<String>,
    /// Containers with what they are for; the deepest one above an object decides.
    containers: Vec<(DistinguishedName, bool)>,
}

impl Selection {
    /// What the configuration of a connector selects. Names that are none select nothing.
    pub(super) fn new(connector: &ConnectorConfiguration) -> Self {
        let partitions = connector
            .partitions
            .iter()
            .enumerate()
            .filter(|(_, configured)| configured.partition.selected && configured.partition.is_domain)
            .filter_map(|(position, configured)| {
                let domain: DistinguishedName = configured.partition.distinguished_name.parse().ok()?;
                let parse = |names: &[String], included: bool| {
                    names
                        .iter()
                        .filter_map(|name| name.parse().ok())
                        .map(|name| (name, included))
                        .collect::<Vec<_>>()
                };
                let mut containers = parse(&configured.partition.container_inclusion, true);
                // A partition without any list is selected as a whole.
                if containers.is_empty() {
                    containers.push((domain.clone(), true));
                }
                containers.extend(parse(&configured.partition.container_exclusion, false));
                Some(Partition { position, domain, classes: configured.object_classes.clone(), containers })
            })
            .collect();
        let attributes = connector.attribute_inclusion.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { partitions, attributes }
    }

    /// The domains selected.
    pub(super) fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    /// The partition that an object belongs to, if the connector reads the object.
    ///
    /// Containers are compared by the names that were selected: one that is renamed afterwards is another container.
    /// Source: Microsoft, filtering page (a renamed unit has to be selected again).
    pub(super) fn partition_of(&self, object: &DirectoryObject) -> Option<&Partition> {
        // By domain, not by suffix: the name of a child domain ends in that of its parent.
        let domain = object.dn.domain();
        let partition = self.partitions.iter().find(|partition| partition.domain == domain)?;
        (object.is_alive() && partition.takes(object.class) && partition.includes(&object.dn))
            .then_some(partition)
    }

    /// Whether the connector reads an attribute.
    pub(super) fn has_attribute(&self, name: &str) -> bool {
        self.attributes.is_empty() || self.attributes.contains(&name.to_ascii_lowercase())
    }
}

impl Partition {
    fn takes(&self, class: ObjectClass) -> bool {
        !class.is_container() && self.classes.iter().any(|known| known.eq_ignore_ascii_case(class.as_str()))
    }

    fn includes(&self, name: &DistinguishedName) -> bool {
        let above = self.containers.iter().filter(|(container, _)| name.is_under(container));
        above
            .max_by_key(|(container, included)| (container.depth(), !included))
            .is_some_and(|(_, included)| *included)
    }
}
