//! Parity: do the directory and the tenant hold the same objects with the same attributes, and what would change
//! if Cloud Sync took a scope over?
//!
//! Pure: no network, no files, no clock, no randomness. The agent uses it on the directory side ([`mapping`],
//! [`listing`]), the operator on the cloud side ([`cloud`]), and the planner's callers compare the two
//! ([`mod@compare`], [`prediction`]). Attribute values never leave the side that read them: both sides exchange keyed
//! digests only ([`digest`]).

pub mod anchor;
pub mod cloud;
pub mod compare;
pub mod digest;
pub mod finding;
#[cfg(test)]
mod fixture;
pub mod key;
pub mod listing;
pub mod mapping;
mod matching;
pub mod object;
pub mod prediction;

pub use anchor::SourceAnchor;
pub use cloud::{CloudIndex, CloudObject};
pub use compare::{ParityReport, compare};
pub use digest::{AttributeDigest, DigestKey};
pub use key::{Marks, ObjectKey, ObjectType, SecurityIdentifier};
pub use listing::{ListedObject, ScopeListing};
pub use mapping::{DomainMappings, MappingSet, Predicted, PredictedValue};
pub use object::{AttributeValue, DirectoryObject};
pub use prediction::{Prediction, predict};
