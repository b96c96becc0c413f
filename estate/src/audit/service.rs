//! Who serves what just now, as the engines report it; every transition goes to the log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::{AuditLog, Event};
use crate::engine::{Availability, Link, Service, Writer};

/// The present state of service, by engine and object.
#[derive(Debug, Clone, Default)]
pub struct ServiceBook {
    availability: BTreeMap<(Writer, Service), Availability>,
    links: BTreeMap<(Writer, Service), BTreeMap<Uuid, Link>>,
}

impl ServiceBook {
    /// Notes whether an engine works; logs a transition.
    pub(crate) fn set_availability(
        &mut self,
        log: &mut AuditLog,
        at: Timestamp,
        writer: &Writer,
        service: Service,
        state: Availability,
    ) {
        let key = (writer.clone(), service);
        if self.availability.get(&key) == Some(&state) {
            return;
        }
        self.availability.insert(key, state.clone());
        log.append(at, Event::Availability { writer: writer.clone(), service, state });
    }

    /// Replaces all links of an engine for one service; logs the transitions. Objects that are not named become
    /// [`Link::Unknown`].
    pub(crate) fn set_links(
        &mut self,
        log: &mut AuditLog,
        at: Timestamp,
        writer: &Writer,
        service: Service,
        links: BTreeMap<Uuid, Link>,
    ) {
        let held = self.links.entry((writer.clone(), service)).or_default();
        for (source, before) in held.iter() {
            if *before != Link::Unknown && !links.contains_key(source) {
                let event =
                    Event::Link { writer: writer.clone(), service, source: *source, link: Link::Unknown };
                log.append(at, event);
            }
        }
        for (source, link) in &links {
            if held.get(source).copied().unwrap_or(Link::Unknown) != *link {
                log.append(at, Event::Link { writer: writer.clone(), service, source: *source, link: *link });
            }
        }
        *held = links;
    }

    /// Changes the link of one object; logs a transition.
    pub(crate) fn set_link(
        &mut self,
        log: &mut AuditLog,
        at: Timestamp,
        writer: &Writer,
        service: Service,
        source: Uuid,
        link: Link,
    ) {
        let held = self.links.entry((writer.clone(), service)).or_default();
        if held.get(&source).copied().unwrap_or(Link::Unknown) != link {
            held.insert(source, link);
            log.append(at, Event::Link { writer: writer.clone(), service, source, link });
        }
    }

    /// An engine's link to an object.
    pub fn link(&self, writer: &Writer, service: Service, source: Uuid) -> Link {
        let links = self.links.get(&(writer.clone(), service));
        links.and_then(|links| links.get(&source)).copied().unwrap_or(Link::Unknown)
    }

    /// Engines that would carry a change of the object over.
    pub fn serving(&self, service: Service, source: Uuid) -> Vec<Writer> {
        let served = self
            .links
            .iter()
            .filter(|((_, of), links)| *of == service && links.get(&source).copied() == Some(Link::Served));
        let up = |writer: &Writer| {
            self.availability.get(&(writer.clone(), service)).is_some_and(Availability::is_up)
        };
        served.map(|((writer, _), _)| writer.clone()).filter(|writer| up(writer)).collect()
    }
}
