//! What people do to single objects beyond deleting them: gone for good, and back again. Pure.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Refusal, Tenant};
use crate::value::AttributeName;

/// An object that is gone for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HardDeleted {
    /// Its object id.
    pub(crate) id: Uuid,
    /// It was live, not soft-deleted before.
    pub(crate) was_live: bool,
    /// Licences and cloud-only memberships that went with it.
    pub(crate) lost: Vec<String>,
}

impl Tenant {
    /// A person deletes an object for good, live or soft-deleted, by its anchor. None if there is none.
    pub(crate) fn hard_delete_by_person(&mut self, anchor: &str, now: Timestamp) -> Option<HardDeleted> {
        let live = self.delete_by_person(anchor, now);
        // What is not a user is gone with that already.
        if let Some((id, lost)) = &live
            && self.get(*id).is_none()
        {
            return Some(HardDeleted { id: *id, was_live: true, lost: lost.clone() });
        }
        let id = self.soft_deleted(anchor)?;
        let (_, lost) = self.destroy(id, now)?;
        Some(HardDeleted { id, was_live: live.is_some(), lost })
    }

    /// A person restores a soft-deleted user, by its anchor. Gives its id; none if there is none.
    ///
    /// # Errors
    /// If a value that must be unique has been taken meanwhile.
    pub(crate) fn restore_by_person(
        &mut self,
        anchor: &str,
        now: Timestamp,
    ) -> Result<Option<Uuid>, Refusal> {
        let Some(id) = self.soft_deleted(anchor) else { return Ok(None) };
        let values: Vec<_> = self
            .get(id)
            .into_iter()
            .flat_map(|object| object.attributes.iter())
            .map(|(name, values)| (AttributeName::new(name.as_str()), values.to_vec()))
            .collect();
        self.check_unique(id, &values)?;
        if let Some(object) = self.objects.get_mut(&id) {
            object.deleted_at = None;
        }
        self.claim_unique(id);
        self.log_created(id, now);
        Ok(Some(id))
    }

    fn soft_deleted(&self, anchor: &str) -> Option<Uuid> {
        self.deleted().find(|object| object.anchor.as_deref() == Some(anchor)).map(|object| object.id)
    }
}
