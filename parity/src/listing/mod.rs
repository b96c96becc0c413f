//! What the agent reports for a scope: one entry for each object, digests instead of values. Pure.

mod chunk;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::anchor::SourceAnchor;
use crate::cloud::{comparable, is_proven_elsewhere};
use crate::digest::{AttributeDigest, DigestKey, KeyDigest, MembershipDigest};
use crate::key::{ObjectKey, ObjectType, SecurityIdentifier};
use crate::mapping::{Disposition, Predicted, PredictedValue};
use crate::matching::{MANAGER, MEMBERS};

pub use chunk::{ListingError, MAX_CHUNK_BYTES};

/// The objects of one scope as an agent read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeListing {
    /// The scope's name.
    pub scope: String,
    /// The epoch of the command that asked for it.
    pub epoch: u64,
    /// [`DigestKey::id`] of the key that made the digests.
    pub key_id: KeyDigest,
    /// [`crate::MappingSet::digest`] of the mappings that were evaluated.
    pub mapping_digest: String,
    /// The objects.
    pub objects: Vec<ListedObject>,
}

/// One object of a scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent observations, each with its own meaning; any combination occurs"
)]
pub struct ListedObject {
    /// What it is matched by.
    pub key: ObjectKey,
    /// What kind of object it is.
    pub object_type: ObjectType,
    /// The anchor Cloud Sync would compute; `None` where it cannot be computed.
    pub anchor: Option<SourceAnchor>,
    /// The anchor Connect exported for it.
    pub exported_anchor: Option<SourceAnchor>,
    /// Its security identifier: finds a cloud object whose anchor differs.
    pub security_identifier: Option<SecurityIdentifier>,
    /// In Connect's Entra connector space and not filtered.
    pub exported: bool,
    /// No-flow is effective: Connect no longer writes it.
    pub withheld: bool,
    /// Younger than two synchronisation cycles: a joiner that need not be in the cloud yet.
    pub created_recently: bool,
    /// Changed within two synchronisation cycles: the change need not be in the cloud yet.
    #[serde(default)]
    pub changed_recently: bool,
    /// `isCriticalSystemObject`: Cloud Sync leaves it out.
    pub critical: bool,
    /// Whether the account is enabled, where it has such a state.
    pub enabled: Option<bool>,
    /// Digest of its distinguished name: tells a moved object.
    pub distinguished_name: KeyDigest,
    /// Whether the job's mappings and filters would provision it.
    pub disposition: Disposition,
    /// What the mapping would leave in each target attribute; attributes it leaves alone are not here.
    pub attributes: BTreeMap<String, AttributeDigest>,
    /// Target attributes that could not be predicted.
    pub unpredictable: BTreeSet<String>,
    /// Members, for groups: [`DigestKey::members`] of those that are themselves synchronised. `None` where the mapping
    /// leaves them alone, or where they are among [`Self::unpredictable`].
    pub members: Option<MembershipDigest>,
    /// The manager, for users: [`DigestKey::reference`] of its key, or absent. `None` as for members.
    pub manager: Option<AttributeDigest>,
}

impl ListedObject {
    /// Whether the anchor Cloud Sync computes is not the one Connect exported, or cannot be computed. Contacts have
    /// anchors like all other objects.
    pub fn has_anchor_mismatch(&self) -> bool {
        match (&self.anchor, &self.exported_anchor) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(computed), Some(exported)) => computed != exported,
        }
    }

    /// Takes over what the job would write: disposition, attribute digests and what could not be predicted.
    ///
    /// Attributes are renamed to the names that both sides use ([`comparable`]); those that Microsoft Graph does not
    /// show keep the schema's name. The anchor and the password hash are left out: each is proven in its own way. So are
    /// references, unless nobody can say what the job writes: whoever lists sets [`Self::members`] and [`Self::manager`]
    /// where [`Predicted::references`] is [`PredictedValue::References`].
    pub fn set_predicted(&mut self, predicted: &Predicted, key: &DigestKey) {
        self.disposition = predicted.disposition.clone();
        self.attributes.clear();
        self.unpredictable.clear();
        for (target, value) in &predicted.attributes {
            if is_proven_elsewhere(target) {
                if let (PredictedValue::Unpredictable { .. }, Some(name)) = (value, reference(target)) {
                    self.unpredictable.insert(name.to_owned());
                }
                continue;
            }
            let name =
                comparable(self.object_type, target).map_or(target.as_str(), |property| property.target);
            let digest = match value {
                PredictedValue::Values(values) => key.attribute(name, values),
                PredictedValue::Absent => AttributeDigest::Absent,
                PredictedValue::Untouched | PredictedValue::References => continue,
                PredictedValue::Unpredictable { .. } => {
                    self.unpredictable.insert(name.to_owned());
                    continue;
                }
            };
            if self.attributes.insert(name.to_owned(), digest).is_some_and(|other| other != digest) {
                // Two targets of the schema are one property of Graph, and disagree.
                self.unpredictable.insert(name.to_owned());
            }
        }
        self.attributes.retain(|name, _| !self.unpredictable.contains(name));
    }
}

/// The name under which a reference is compared.
fn reference(target: &str) -> Option<&'static str> {
    match target.to_ascii_lowercase().as_str() {
        "manager" => Some(MANAGER),
        "member" | "members" => Some(MEMBERS),
        _ => None,
    }
}

impl ScopeListing {
    /// Encodes the listing as compressed JSON lines in chunks of at most [`MAX_CHUNK_BYTES`].
    ///
    /// # Errors
    /// [`ListingError`] where it cannot be written.
    pub fn encode(&self) -> Result<Vec<Vec<u8>>, ListingError> {
        chunk::encode(self, MAX_CHUNK_BYTES)
    }

    /// Joins and decodes chunks, in any order.
    ///
    /// # Errors
    /// [`ListingError`] says which chunk is missing, damaged, of another version or of another listing.
    pub fn decode<C: AsRef<[u8]>>(chunks: &[C]) -> Result<Self, ListingError> {
        chunk::decode(chunks)
    }
}
