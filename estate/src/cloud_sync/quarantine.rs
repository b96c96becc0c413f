//! A job put in quarantine from outside, as the service does for reasons of its own. Pure.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Cloud, CloudError, QuarantineReason};
use crate::world::World;

impl Cloud {
    /// Puts a job in quarantine with an error code and a text. Its next attempt is as far away as after a failure of its own,
    /// and lifts the quarantine if nothing is wrong then; `restart` with `QuarantineState` lifts it at once.
    ///
    /// # Errors
    /// If there is no such job, or it does not run: a job that is paused or was never started has no quarantine.
    pub fn quarantine_job(
        &mut self,
        principal: Uuid,
        id: &str,
        reason: QuarantineReason,
        (code, message): (String, String),
        world: &World,
        now: Timestamp,
    ) -> Result<(), CloudError> {
        self.job(principal, id, world, now)?;
        let job = self.principals.get_mut(&principal).and_then(|held| held.jobs.get_mut(id));
        if job.is_some_and(|job| job.enter_quarantine(reason, code, message, world, now)) {
            return Ok(());
        }
        Err(CloudError::BadRequest(
            "expected a job that runs, found one that is paused: start it first".to_owned(),
        ))
    }
}
