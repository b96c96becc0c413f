//! The password hash job: a loop of its own over the users that the provisioning job beside it has taken over.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Job;
use super::cycle::Tick;
use crate::directory::ObjectClass;
use crate::engine::{Link, Service};
use crate::tenant::{ObjectWrite, WriteOperation};

impl Job {
    /// Users that the hash job beside this provisioning job serves: `objectGUID` and anchor. `inetOrgPerson`s are none.
    /// Source: Microsoft, cloud sync prerequisites.
    pub(in super::super) fn hash_users(&self) -> Vec<(Uuid, String)> {
        let users = self
            .work
            .known
            .iter()
            .filter(|(_, known)| known.target.is_some() && known.class == ObjectClass::User);
        users.map(|(source, known)| (*source, known.anchor.clone())).collect()
    }

    /// Sends the hash of every user whose password is newer than what was sent.
    pub(super) fn send_hashes(&mut self, users: &[(Uuid, String)], tick: &mut Tick<'_>) {
        let writer = self.writer();
        let links: BTreeMap<Uuid, Link> = users.iter().map(|(source, _)| (*source, Link::Served)).collect();
        self.work.sent_hashes.retain(|source, _| links.contains_key(source));
        tick.world.report_links(&writer, Service::PasswordHashes, links, tick.now);
        for (source, anchor) in users {
            let password = tick.world.directory.alive(*source).and_then(|object| object.password);
            let sent = self.work.sent_hashes.get(source).copied().unwrap_or(0);
            // A password that must be changed at the next logon is not sent. Source: Microsoft, cloud sync FAQ.
            let Some(password) = password.filter(|p| !p.must_change && p.version > sent) else { continue };
            tick.imported += 1;
            let operation = WriteOperation::PasswordHash { version: password.version };
            let write = ObjectWrite { anchor: anchor.clone(), source: Some(*source), operation };
            match tick.world.write(&writer, &write, tick.now) {
                Ok(_) => {
                    tick.exported += 1;
                    self.work.sent_hashes.insert(*source, password.version);
                }
                Err(_) => tick.escrowed += 1,
            }
        }
    }
}
