//! The mappings of a Cloud Sync job, and what they would write for a directory object. Pure.
//!
//! The operator reads the job's synchronisation schema and hands the [`MappingSet`] to the agent, which evaluates it
//! on the objects it reads. Source of the document's shape: Microsoft, "synchronizationSchema resource type"; of the
//! functions: Microsoft, "Writing expressions for attribute mappings in Microsoft Entra ID".
//!
//! The rule throughout: what is documented is computed, everything else is said to be unpredictable, with the reason.
//! A guess would let a surprise pass as proven.

mod derived;
mod domains;
mod evaluate;
mod expression;
mod filter;
mod function;
mod model;
mod pattern;
mod schema;
mod value;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

pub use domains::DomainMappings;
pub use expression::ExpressionError;
pub use model::{AttributeMapping, FilterClause, FilterGroup, FlowType, ObjectMapping, Source};
pub use schema::MappingError;

use crate::object::DirectoryObject;

/// The mappings of one job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingSet {
    /// One for each kind of object, in the order of the document; disabled ones are left out.
    pub objects: Vec<ObjectMapping>,
}

/// Whether Cloud Sync would provision an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum Disposition {
    /// It would be created or updated.
    Provisioned,
    /// The mapping's scope filter leaves it out.
    OutOfScope,
    /// No enabled mapping has this kind of object as its source.
    NotMapped,
    /// The scope filter could not be evaluated.
    Unpredictable {
        /// Why.
        reason: String,
    },
}

impl Disposition {
    /// Whether it would, or might, be provisioned.
    pub fn may_be_provisioned(&self) -> bool {
        matches!(self, Self::Provisioned | Self::Unpredictable { .. })
    }
}

/// What a mapping would leave in one target attribute of an object that exists in the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PredictedValue {
    /// These values. Never empty.
    Values(Vec<String>),
    /// No value: what is there would be cleared.
    Absent,
    /// Whatever is there stays: the mapping applies to new objects only, or ignores empty values.
    Untouched,
    /// The objects that the directory's own `manager` or `member` refers to: compared by key, never as text.
    References,
    /// It cannot be said from this object alone.
    Unpredictable {
        /// Why.
        reason: String,
    },
}

/// What the job would write for one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predicted {
    /// Whether it would be provisioned at all; without any chance of that the attributes are empty.
    pub disposition: Disposition,
    /// The target object's type, as the schema names it (`User`, `Group`, ...).
    pub target_type: Option<String>,
    /// By target attribute, as the schema names it.
    pub attributes: BTreeMap<String, PredictedValue>,
}

impl Predicted {
    /// What the job would do with the references of the object: a group's members, a user's manager. `None` where it
    /// maps none.
    pub fn references(&self) -> Option<&PredictedValue> {
        let is_reference = |target: &str| {
            ["manager", "member", "members"].iter().any(|name| name.eq_ignore_ascii_case(target))
        };
        self.attributes.iter().find(|(target, _)| is_reference(target)).map(|(_, value)| value)
    }
}

impl MappingSet {
    /// Reads the mappings of a job's synchronisation schema (`GET .../jobs/{id}/schema`): the object mappings of its
    /// first synchronisation rule that are enabled.
    ///
    /// # Errors
    /// [`MappingError`] where the document has another shape, or more than one rule.
    pub fn from_schema(schema: &serde_json::Value) -> Result<Self, MappingError> {
        schema::read(schema)
    }

    /// What Cloud Sync would write for an object that exists in the cloud.
    ///
    /// Attributes that were not read ([`DirectoryObject::complete`]) make the mappings that need them unpredictable.
    pub fn evaluate(&self, object: &DirectoryObject) -> Predicted {
        evaluate::evaluate(self, object)
    }

    /// The directory attributes that mappings and scope filters read, in lower case: what an agent must fetch.
    ///
    /// Names that are no directory attributes (`PasswordHash`) are among them where a mapping uses them; those that the
    /// provisioning agent makes out of others (`accountDisabled`) are replaced by these.
    pub fn source_attributes(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for mapping in &self.objects {
            for clause in mapping.scope.iter().flat_map(|group| &group.clauses) {
                names.insert(derived::directory_attribute(&clause.attribute).to_ascii_lowercase());
            }
            for source in mapping.attributes.iter().filter_map(|attribute| attribute.source.as_ref()) {
                source.collect_attributes(&mut names);
            }
        }
        names
    }

    /// A digest of the mappings (SHA-256, hexadecimal): a listing is only valid for the mappings it was made with.
    pub fn digest(&self) -> String {
        // Writing strings, lists and enums to memory as JSON cannot fail.
        let text = serde_json::to_vec(&self.objects).unwrap_or_default();
        crate::digest::hex(&Sha256::digest(&text))
    }
}
