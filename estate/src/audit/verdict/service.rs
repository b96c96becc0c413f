//! Time without service, replayed from what the engines reported; scheduler stops; retirement.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::super::{Event, Record};
use super::objects::Tenant;
use super::{Longest, name_of};
use crate::directory::DirectoryChange;
use crate::engine::{Link, ServerState, Service, Writer};

/// Who serves what, replayed.
#[derive(Debug, Default)]
struct Replay {
    up: BTreeSet<Writer>,
    /// Directory object → engines whose link is `Served`.
    links: BTreeMap<Uuid, BTreeSet<Writer>>,
    /// Objects that were served once and exist: since when unserved, if they are.
    accountable: BTreeMap<Uuid, Option<Timestamp>>,
    /// Objects that the directory has no more.
    gone: BTreeSet<Uuid>,
    longest: Longest,
}

impl Replay {
    fn served(&self, source: Uuid) -> bool {
        self.links.get(&source).is_some_and(|writers| writers.iter().any(|writer| self.up.contains(writer)))
    }

    fn refresh(&mut self, source: Uuid, at: Timestamp, tenant: &Tenant) {
        if self.gone.contains(&source) {
            return;
        }
        let served = self.served(source);
        match self.accountable.get(&source).copied() {
            None if served => {
                self.accountable.insert(source, None);
            }
            Some(None) if !served => {
                self.accountable.insert(source, Some(at));
            }
            Some(Some(since)) if served => {
                self.longest.offer(since, at, || Some(name_of(tenant, source)));
                self.accountable.insert(source, None);
            }
            _ => {}
        }
    }

    fn release(&mut self, source: Uuid, at: Timestamp, tenant: &Tenant) {
        if let Some(Some(since)) = self.accountable.remove(&source) {
            self.longest.offer(since, at, || Some(name_of(tenant, source)));
        }
    }
}

/// Longest time in which an object that had been served was served by nobody, while it existed in the directory.
pub(super) fn longest_gap(
    records: &[Record],
    service: Service,
    until: Timestamp,
    tenant: &Tenant,
) -> Longest {
    let mut replay = Replay::default();
    for record in records {
        match &record.event {
            Event::Availability { writer, service: of, state } if *of == service => {
                let changed =
                    if state.is_up() { replay.up.insert(writer.clone()) } else { replay.up.remove(writer) };
                if changed {
                    let affected: Vec<Uuid> = replay
                        .links
                        .iter()
                        .filter(|(_, writers)| writers.contains(writer))
                        .map(|(source, _)| *source)
                        .collect();
                    for source in affected {
                        replay.refresh(source, record.at, tenant);
                    }
                }
            }
            Event::Link { writer, service: of, source, link } if *of == service => {
                let writers = replay.links.entry(*source).or_default();
                if *link == Link::Served {
                    writers.insert(writer.clone());
                } else {
                    writers.remove(writer);
                }
                replay.refresh(*source, record.at, tenant);
            }
            Event::Directory(DirectoryChange::Deleted { source, .. }) => {
                replay.release(*source, record.at, tenant);
                replay.gone.insert(*source);
            }
            Event::Directory(DirectoryChange::Created { source, .. }) => {
                replay.gone.remove(source);
                replay.refresh(*source, record.at, tenant);
            }
            _ => {}
        }
    }
    let open: Vec<Uuid> = replay.accountable.keys().copied().collect();
    for source in open {
        replay.release(source, until, tenant);
    }
    replay.longest
}

/// Longest stop of the scheduler that began while some object was served through a sync server that was in service:
/// installed, running, not staging.
pub(super) fn scheduler_stops(records: &[Record], until: Timestamp) -> Longest {
    let mut depending: BTreeSet<(Writer, Uuid)> = BTreeSet::new();
    let mut servers: BTreeMap<&str, ServerState> = BTreeMap::new();
    let mut stopped: Option<Timestamp> = None;
    let mut longest = Longest::default();
    for record in records {
        match &record.event {
            Event::Link { writer, service: Service::Objects, source, link } if writer.is_connect() => {
                if *link == Link::Served {
                    depending.insert((writer.clone(), *source));
                } else {
                    depending.remove(&(writer.clone(), *source));
                }
            }
            Event::Server { server, state } => {
                servers.insert(server, *state);
            }
            Event::Scheduler { enabled: false } => {
                let in_service = |writer: &Writer| {
                    let Writer::Connect { server } = writer else { return false };
                    let state = servers.get(server.as_str());
                    state.is_some_and(|state| state.installed && state.running && !state.staging)
                };
                stopped = depending.iter().any(|(writer, _)| in_service(writer)).then_some(record.at);
            }
            Event::Scheduler { enabled: true } => {
                if let Some(since) = stopped.take() {
                    longest.offer(since, record.at, || None);
                }
            }
            _ => {}
        }
    }
    if let Some(since) = stopped {
        longest.offer(since, until, || None);
    }
    longest
}

/// Whether there was a sync server, and every one is uninstalled, or stopped and disabled.
pub(super) fn connect_retired(records: &[Record]) -> bool {
    let mut servers: BTreeMap<&str, ServerState> = BTreeMap::new();
    for record in records {
        if let Event::Server { server, state } = &record.event {
            servers.insert(server, *state);
        }
    }
    let retired = |state: &ServerState| !state.installed || (!state.running && state.start_disabled);
    !servers.is_empty() && servers.values().all(retired)
}
