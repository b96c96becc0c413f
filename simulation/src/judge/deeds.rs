//! S4, S6, S7 and S12 from what agents do to their servers. Pure.

use adsync::protocol::Operation;
use agent::host::operation_name;
use agent::journal::JournalState;
use crds::sync_server::SyncServerStatus;
use estate::engine::{Link, Service, Writer};
use estate::serve::Running;
use jiff::Timestamp;

use super::{Invariant, Judge};
use crate::microsoft::Deed;

/// What stood in store and journal when an agent did something.
#[derive(Debug, Clone, Copy)]
pub struct Background<'a> {
    /// A snapshot of that server was taken, could be read back, and is recorded.
    pub has_snapshot: bool,
    /// Status of the server.
    pub server: Option<&'a SyncServerStatus>,
    /// The agent's journal.
    pub journal: Option<&'a JournalState>,
    /// The cluster was restored, and nobody has readopted what runs.
    pub restored: bool,
}

impl Judge {
    /// Judges something that an agent did.
    pub fn deed(&mut self, deed: &Deed, background: Background<'_>, running: &Running, now: Timestamp) {
        if !deed.done {
            return;
        }
        let name = operation_name(&deed.operation);
        let resuming =
            background.journal.and_then(|j| j.stop.as_ref()).is_some_and(|stop| stop.resuming.is_some());
        if !background.has_snapshot {
            self.fail(Invariant::S6, now, format!("{name} on {} before a snapshot that parsed", deed.server));
        }
        let changes_rules =
            matches!(deed.operation, Operation::AddRule { .. } | Operation::RemoveRule { .. });
        if changes_rules && deed.scheduler_enabled {
            self.fail(Invariant::S7, now, format!("{name} on {} while the scheduler is on", deed.server));
        }
        let stops = matches!(&deed.operation, Operation::SetScheduler(change) if change.sync_cycle_enabled == Some(false));
        let runs = matches!(deed.operation, Operation::InvokeRunProfile { .. });
        if (stops || changes_rules || runs) && !resuming {
            if background.server.is_none_or(|status| status.claim.is_none()) {
                self.fail(Invariant::S7, now, format!("{name} on {}, which nobody has claimed", deed.server));
            }
            if background.restored {
                self.fail(
                    Invariant::S12,
                    now,
                    format!("{name} on {} after a restore that nobody readopted", deed.server),
                );
            }
        }
        if let Operation::SetService { running: Some(false), .. } = &deed.operation {
            self.stopped(deed, running, now);
        }
    }

    /// S4: what a stopped server served is served by somebody else.
    fn stopped(&mut self, deed: &Deed, running: &Running, now: Timestamp) {
        // What a server in staging mode knows was never its to serve.
        if running.estate.server(&deed.server).is_none_or(|server| server.state().staging) {
            return;
        }
        let world = &running.estate.world;
        let writer = Writer::connect(deed.server.clone());
        let left: Vec<&str> = world
            .directory
            .iter()
            .filter(|object| world.service().link(&writer, Service::Objects, object.guid) == Link::Served)
            .filter(|object| {
                !running.estate.cloud.jobs().any(|job| {
                    let job = Writer::cloud_sync(job.id.clone());
                    world.service().link(&job, Service::Objects, object.guid) == Link::Served
                })
            })
            .map(|object| object.dn.name())
            .collect();
        if let Some(first) = left.first() {
            let what = format!(
                "{} stopped while it alone serves {} objects, {first} among them",
                deed.server,
                left.len()
            );
            self.fail(Invariant::S4, now, what);
        }
    }
}
