//! The change log behind Graph's delta queries.

use jiff::Timestamp;
use uuid::Uuid;

use super::{CloudKind, Outcome, Receipt, Tenant};
use crate::value::AttributeName;

/// One entry of the change log.
#[derive(Debug, Clone)]
pub(super) struct Logged {
    at: Timestamp,
    id: Uuid,
    kind: CloudKind,
    change: ChangeKind,
}

/// What changed about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was created or restored: all of it is news.
    Created,
    /// These attributes changed.
    Updated(Vec<AttributeName>),
    /// A single link was removed because its target is gone.
    ReferenceRemoved(AttributeName, Uuid),
    /// Soft-deleted (`@removed` with reason `changed`).
    SoftDeleted,
    /// Gone for good (`@removed` with reason `deleted`).
    HardDeleted,
}

/// One change as a delta query sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeltaChange {
    /// The object.
    pub id: Uuid,
    /// Its kind.
    pub kind: CloudKind,
    /// What happened.
    pub change: ChangeKind,
}

/// Answer to a delta query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The changes since the token, oldest first; the same object may come more than once.
    pub changes: Vec<DeltaChange>,
    /// Token for the next query.
    pub next: u64,
}

/// Why a delta token is not accepted any more (HTTP 410).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// It is older than tokens live, or of another tenant state.
    #[error(
        "expected a token that is younger than 7 days, found an expired or unknown one; start over without a token"
    )]
    Expired,
}

impl Tenant {
    /// Token that stands for "now": the next delta answers what happens from here on.
    pub fn delta_token(&self) -> u64 {
        u64::try_from(self.changes.len()).unwrap_or(u64::MAX)
    }

    /// Changes of one kind of object since `token`.
    ///
    /// # Errors
    /// If the token is unknown, or the first change it missed happened before `oldest` (tokens live 7 days).
    pub fn delta_since(&self, kind: CloudKind, token: u64, oldest: Timestamp) -> Result<Delta, DeltaError> {
        let from = usize::try_from(token).map_err(|_| DeltaError::Expired)?;
        let missed = self.changes.get(from..).ok_or(DeltaError::Expired)?;
        if missed.first().is_some_and(|first| first.at < oldest) {
            return Err(DeltaError::Expired);
        }
        let changes = missed
            .iter()
            .filter(|logged| logged.kind == kind)
            .map(|logged| DeltaChange { id: logged.id, kind: logged.kind, change: logged.change.clone() })
            .collect();
        Ok(Delta { changes, next: self.delta_token() })
    }

    fn log(&mut self, id: Uuid, kind: CloudKind, change: ChangeKind, now: Timestamp) {
        self.changes.push(Logged { at: now, id, kind, change });
    }

    pub(super) fn log_receipt(&mut self, receipt: &Receipt, now: Timestamp) {
        let change = match receipt.outcome {
            Outcome::Created | Outcome::Restored => ChangeKind::Created,
            Outcome::SoftDeleted => ChangeKind::SoftDeleted,
            Outcome::HardDeleted => ChangeKind::HardDeleted,
            Outcome::PasswordSet => return,
            Outcome::HardMatched | Outcome::SoftMatched | Outcome::Updated => {
                let changed: Vec<AttributeName> =
                    receipt.written.iter().filter(|w| w.changed()).map(|w| w.name.clone()).collect();
                if changed.is_empty() {
                    return;
                }
                ChangeKind::Updated(changed)
            }
        };
        self.log(receipt.id, receipt.kind, change, now);
    }

    pub(super) fn log_reference_loss(
        &mut self,
        holder: Uuid,
        name: &AttributeName,
        target: Uuid,
        now: Timestamp,
    ) {
        if let Some(kind) = self.get(holder).map(|object| object.kind) {
            self.log(holder, kind, ChangeKind::ReferenceRemoved(name.clone(), target), now);
        }
    }

    pub(super) fn log_created(&mut self, id: Uuid, now: Timestamp) {
        if let Some(kind) = self.get(id).map(|object| object.kind) {
            self.log(id, kind, ChangeKind::Created, now);
        }
    }

    pub(super) fn log_updated(&mut self, id: Uuid, now: Timestamp) {
        if let Some(object) = self.get(id) {
            let (kind, names) =
                (object.kind, object.attributes.iter().map(|(name, _)| name.clone()).collect());
            self.log(id, kind, ChangeKind::Updated(names), now);
        }
    }
}
