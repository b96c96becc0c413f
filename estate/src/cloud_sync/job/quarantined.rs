//! A job goes to quarantine although it did nothing wrong. Pure.

use jiff::Timestamp;

use super::cycle::QUARANTINE_TICKS;
use super::{Job, JobCode, JobError, Quarantine, QuarantineReason, ScheduleState};
use crate::clock::{later, times};
use crate::world::World;

impl Job {
    /// Enters quarantine until the next attempt. False if the job does not run.
    pub(in super::super) fn enter_quarantine(
        &mut self,
        reason: QuarantineReason,
        code: String,
        message: String,
        world: &World,
        now: Timestamp,
    ) -> bool {
        if self.schedule != ScheduleState::Active {
            return false;
        }
        let next_attempt = later(now, times(self.tick_length(world), QUARANTINE_TICKS));
        let error = JobError { code, message, tenant_actionable: true };
        self.status.quarantine = Some(Quarantine { reason, error, began: now, next_attempt });
        self.status.code = JobCode::Quarantine;
        self.next_tick = Some(next_attempt);
        true
    }
}
