//! How a provisioned object finds its counterpart, and which values must be unique.

use uuid::Uuid;

use super::{CloudKind, Refusal, Tenant};
use crate::modes::{HardMatchBlock, Modes, SoftDeletedMatch};
use crate::value::{AttributeName, Attributes, Value};

/// What a provision write meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// A live object with the same anchor.
    Hard(Uuid),
    /// A live object without anchor that has the same names.
    Soft(Uuid),
    /// A soft-deleted user with the same anchor.
    Deleted(Uuid),
    /// Nothing.
    None,
}

impl Tenant {
    /// Hard match by anchor, then soft match by user principal name, then by primary address. Source: Microsoft, existing
    /// tenant page.
    pub(super) fn find_match(
        &self,
        anchor: &str,
        kind: CloudKind,
        attributes: &Attributes,
        modes: &Modes,
    ) -> Result<Match, Refusal> {
        let passed_over = modes.soft_deleted_match == SoftDeletedMatch::PassedOver;
        let by_anchor = self.by_anchor.get(anchor).and_then(|id| self.objects.get(id));
        if let Some(object) = by_anchor.filter(|object| object.is_live() || !passed_over) {
            if object.kind != kind {
                return Err(Refusal::WrongKind { id: object.id, expected: kind, found: object.kind });
            }
            if object.is_cloud_managed {
                return Err(Refusal::CloudManaged(object.id));
            }
            let protected =
                !object.synced || (!object.is_live() && modes.hard_match_block == HardMatchBlock::DeletedToo);
            if protected && self.settings.has("blockCloudObjectTakeoverThroughHardMatchEnabled") {
                let feature = "blockCloudObjectTakeoverThroughHardMatchEnabled";
                return Err(Refusal::MatchBlocked { feature, id: object.id });
            }
            return Ok(if object.is_live() { Match::Hard(object.id) } else { Match::Deleted(object.id) });
        }
        let Some(id) = self.soft_candidate(kind, attributes) else { return Ok(Match::None) };
        let Some(object) = self.objects.get(&id) else { return Ok(Match::None) };
        if object.kind != kind || object.anchor.is_some() || object.is_administrator {
            // Taken by another identity: uniqueness decides.
            return Ok(Match::None);
        }
        if object.is_cloud_managed {
            return Err(Refusal::CloudManaged(id));
        }
        if self.settings.has("blockSoftMatchEnabled") {
            return Err(Refusal::MatchBlocked { feature: "blockSoftMatchEnabled", id });
        }
        Ok(Match::Soft(id))
    }

    fn soft_candidate(&self, kind: CloudKind, attributes: &Attributes) -> Option<Uuid> {
        let by_name = attributes
            .text("userPrincipalName")
            .filter(|_| kind == CloudKind::User && self.settings.has("softMatchOnUpnEnabled"))
            .and_then(|name| self.unique.get(&format!("upn:{}", name.to_lowercase())));
        let primary = attributes
            .all("proxyAddresses")
            .iter()
            .filter_map(Value::as_str)
            .find_map(|address| address.strip_prefix("SMTP:"))
            .or_else(|| attributes.text("mail"));
        let by_address =
            || primary.and_then(|address| self.unique.get(&format!("smtp:{}", address.to_lowercase())));
        by_name.or_else(by_address).copied()
    }

    /// Refuses values that another live object holds.
    pub(super) fn check_unique(
        &self,
        id: Uuid,
        values: &[(AttributeName, Vec<Value>)],
    ) -> Result<(), Refusal> {
        for (name, values) in values {
            for key in values.iter().filter_map(|value| unique_key(name.as_str(), value)) {
                match self.unique.get(&key) {
                    Some(holder) if *holder != id => {
                        return Err(Refusal::AttributeValueMustBeUnique {
                            attribute: name.to_string(),
                            value: key.split_once(':').map_or("", |(_, v)| v).to_owned(),
                            holder: *holder,
                        });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    pub(super) fn check_references(&self, values: &[(AttributeName, Vec<Value>)]) -> Result<(), Refusal> {
        for (name, values) in values {
            for target in values.iter().filter_map(Value::as_reference) {
                if !self.objects.contains_key(&target) {
                    return Err(Refusal::UnknownReference { attribute: name.to_string(), target });
                }
            }
        }
        Ok(())
    }

    pub(super) fn release_unique(&mut self, id: Uuid) {
        for key in self.unique_keys(id) {
            if self.unique.get(&key) == Some(&id) {
                self.unique.remove(&key);
            }
        }
    }

    pub(super) fn claim_unique(&mut self, id: Uuid) {
        if !self.objects.get(&id).is_some_and(super::CloudObject::is_live) {
            return;
        }
        for key in self.unique_keys(id) {
            self.unique.insert(key, id);
        }
    }

    fn unique_keys(&self, id: Uuid) -> Vec<String> {
        let attributes = self.objects.get(&id).into_iter().flat_map(|object| object.attributes.iter());
        attributes
            .flat_map(|(name, values)| values.iter().filter_map(|value| unique_key(name.as_str(), value)))
            .collect()
    }
}

/// Key of a value that must be unique in the tenant.
fn unique_key(attribute: &str, value: &Value) -> Option<String> {
    let text = value.as_str()?;
    if attribute.eq_ignore_ascii_case("userPrincipalName") {
        return Some(format!("upn:{}", text.to_lowercase()));
    }
    if attribute.eq_ignore_ascii_case("proxyAddresses") {
        let (scheme, address) = text.split_once(':')?;
        return scheme.eq_ignore_ascii_case("smtp").then(|| format!("smtp:{}", address.to_lowercase()));
    }
    None
}
