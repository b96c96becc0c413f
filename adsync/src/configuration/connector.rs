//! Typed view of a connector file. No IO.

use uuid::Uuid;

use super::metaverse::{AttributeDefinition, ObjectTypeDefinition};
use crate::protocol::{Connector, ConnectorKind, NamedValue, Partition};

/// What a connector file says, as far as anyone here needs it. The rest of the file is kept as bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectorConfiguration {
    /// Identifier.
    pub identifier: Uuid,
    /// Display name: the forest's name, or `tenant.onmicrosoft.com - AAD`.
    pub name: String,
    /// Type.
    pub kind: ConnectorKind,
    /// Partitions: the domains of an AD connector.
    pub partitions: Vec<PartitionConfiguration>,
    /// Attributes selected.
    pub attribute_inclusion: Vec<String>,
    /// Whether password hash synchronization is on for this connector; absent where the file does not say (Entra connector).
    pub password_hash_sync: Option<bool>,
    /// Whether password writeback is on; absent where the file does not say (AD connectors).
    pub password_writeback: Option<bool>,
    /// Name of the forest of an AD connector.
    pub forest_name: Option<String>,
    /// Connector-wide parameters, such as `Forest.FQDN`. Values of encrypted parameters are empty.
    pub parameters: Vec<NamedValue>,
    /// The selected attributes that the connector's schema knows.
    pub attributes: Vec<AttributeDefinition>,
    /// The selected object types with the selected attributes that each may hold.
    pub object_types: Vec<ObjectTypeDefinition>,
}

/// One partition of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionConfiguration {
    /// What the host protocol says of it as well.
    pub partition: Partition,
    /// Object types selected in this partition.
    pub object_classes: Vec<String>,
    /// Parameters of the partition, such as `Domain.FQDN` and `Domain.Netbios`.
    pub parameters: Vec<NamedValue>,
}

impl ConnectorConfiguration {
    /// Object types selected in any partition, each once.
    pub fn object_inclusion(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for class in self.partitions.iter().flat_map(|partition| &partition.object_classes) {
            if !all.contains(class) {
                all.push(class.clone());
            }
        }
        all
    }

    /// The connector as `Get-ADSyncConnector` would answer it.
    pub fn to_connector(&self) -> Connector {
        Connector {
            identifier: self.identifier,
            name: self.name.clone(),
            kind: self.kind,
            partitions: self.partitions.iter().map(|partition| partition.partition.clone()).collect(),
            object_inclusion: self.object_inclusion(),
            attribute_inclusion: self.attribute_inclusion.clone(),
            password_hash_sync: self.password_hash_sync,
        }
    }

    /// Value of a connector-wide parameter; `None` where it is missing or empty. Names are compared without regard to case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find_parameter(&self.parameters, name)
    }
}

impl PartitionConfiguration {
    /// Value of a parameter of this partition; `None` where it is missing or empty.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find_parameter(&self.parameters, name)
    }
}

fn find_parameter<'a>(parameters: &'a [NamedValue], name: &str) -> Option<&'a str> {
    parameters
        .iter()
        .find(|parameter| parameter.name.eq_ignore_ascii_case(name))
        .map(|parameter| parameter.value.as_str())
        .filter(|value| !value.is_empty())
}
