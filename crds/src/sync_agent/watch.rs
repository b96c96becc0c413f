//! What an agent looks at again with every inventory: claimed organizational units by their `objectGUID`, what is withheld below
//! them, and who has left them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::command::{MOST_NO_FLOW_SCOPES, MOST_UNITS};
use crate::primitive::{DistinguishedName, ObjectName};

/// Most objects that are named one by one for a scope.
pub const MOST_NAMED: usize = 8;

/// Scopes to be looked at again with every inventory. Written by the operator.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Watch {
    /// The scopes whose units were read once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_NO_FLOW_SCOPES))]
    pub scopes: Vec<WatchedScope>,
}

impl Watch {
    /// Nothing is watched.
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }
}

/// A scope that is looked at again.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchedScope {
    /// The topology.
    pub topology: ObjectName,
    /// Name of the scope.
    pub name: ObjectName,
    /// Its units.
    #[schemars(length(min = 1, max = MOST_UNITS))]
    pub units: Vec<WatchedUnit>,
    /// No-flow was proven effective: every object below the units must be withheld, and no other.
    #[serde(default)]
    pub withheld: bool,
    /// The units are in a Cloud Sync job: who leaves them is deleted in the cloud.
    #[serde(default)]
    pub provisioned: bool,
}

/// A claimed unit.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WatchedUnit {
    /// Its name when it was claimed.
    pub distinguished_name: DistinguishedName,
    /// Its `objectGUID` then.
    #[schemars(length(max = 36))]
    pub object_guid: String,
}

/// What was found of the watched scopes.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WatchInventory {
    /// The scopes, as the operator asked for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_NO_FLOW_SCOPES))]
    pub scopes: Vec<ScopeInventory>,
    /// Objects with `cloudNoFlow` below none of the withheld scopes, seen at two looks: Connect serves them no more, and nobody else does.
    pub withheld_outside: i64,
    /// Anchors of some of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_NAMED), inner(length(max = 128)))]
    pub withheld_outside_anchors: Vec<String>,
}

/// A watched scope as it is now.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeInventory {
    /// The topology.
    pub topology: ObjectName,
    /// Name of the scope.
    pub name: ObjectName,
    /// Its units that are no longer where they were claimed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_UNITS))]
    pub moved_units: Vec<MovedUnit>,
    /// Objects below the units, wherever those are now, that Connect does not withhold though it should, seen at two looks: two
    /// engines write them.
    #[serde(default)]
    pub not_withheld: i64,
    /// Anchors of some of them, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_NAMED), inner(length(max = 192)))]
    pub not_withheld_anchors: Vec<String>,
    /// Objects that left the units of a provisioned scope and live on elsewhere in the directory.
    #[serde(default)]
    pub moved: i64,
    /// Some of them, those that Connect has not seen first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MOST_NAMED))]
    pub moved_objects: Vec<MovedObject>,
}

/// A claimed unit that is no longer where it was.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MovedUnit {
    /// Its name when it was claimed.
    pub distinguished_name: DistinguishedName,
    /// Its `objectGUID`.
    #[schemars(length(max = 36))]
    pub object_guid: String,
    /// Its name now; absent when it is gone, or cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<DistinguishedName>,
    /// Another unit has taken its name.
    #[serde(default)]
    pub replaced: bool,
}

/// An object that left the units of a provisioned scope.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MovedObject {
    /// Its anchor.
    #[schemars(length(max = 128))]
    pub anchor: String,
    /// Type, as the directory spells it.
    #[schemars(length(max = 64))]
    pub object_type: String,
    /// The container it lies in now.
    pub container: DistinguishedName,
    /// Connect has read it at its new place, and serves it where the place is in Connect's scope.
    pub seen_by_connect: bool,
}
