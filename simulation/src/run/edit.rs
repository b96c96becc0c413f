//! Carrying out changes of what is declared, and what people do to whoever is there. No IO.

use crds::sync_topology::SyncTopologySpec;
use estate::directory::ObjectClass;
use estate::dn::DistinguishedName;
use estate::modes::ScopeChange;
use estate::people::{Act, DirectoryAction, Given, JobAction};
use estate::serve::Running;
use jiff::{SignedDuration, Timestamp};

use super::Run;
use crate::setting::{Deed, Edit};

impl Run {
    /// Somebody changes the topology.
    pub(super) fn edit(&mut self, edit: &Edit) {
        let first = self.setting.declared.topology();
        let outcome = match serde_json::from_value::<SyncTopologySpec>(first["spec"].clone()) {
            Ok(first) => self.cluster.edit(|spec| edit.make(spec, &first)),
            Err(error) => error.to_string(),
        };
        self.trace.tell("git", format_args!("{edit:?}: {outcome}"));
    }

    /// Somebody does something to one of whoever is there.
    pub(super) fn deed(&mut self, deed: Deed, now: Timestamp) {
        let job = |unit: &DistinguishedName, action| Act::Job { domain: unit.dns_domain(), action };
        let act = match deed {
            Deed::MoveUser { from, to, nth } => {
                let Some(user) = self.microsoft.with(|running| user(running, &from, nth)) else { return };
                let moved = to.child(user.kind(), user.name());
                let concerned = self.microsoft.with(|running| labels(running, &user));
                self.judge.blames.concerns(now, concerned);
                Act::Directory(DirectoryAction::Move { distinguished_name: user, to: moved })
            }
            Deed::RenameUser { unit, nth } => {
                let Some(user) = self.microsoft.with(|running| user(running, &unit, nth)) else { return };
                let name = format!("renamed{nth}@{}", crate::setting::SUFFIX);
                let attributes = [("userPrincipalName".to_owned(), vec![Given::Text(name)])].into();
                Act::Directory(DirectoryAction::Modify { distinguished_name: user, attributes })
            }
            Deed::RenameUnit { from, to } => {
                let concerned = self.microsoft.with(|running| labels(running, &from));
                self.judge.blames.concerns(now, concerned);
                Act::Directory(DirectoryAction::Move { distinguished_name: from, to })
            }
            Deed::AddToFilter { unit } => {
                self.filter_edited(&unit, now);
                job(&unit, JobAction::AddContainer { container: unit.clone() })
            }
            Deed::TakeOutOfFilter { unit } => {
                self.filter_edited(&unit, now);
                job(&unit, JobAction::RemoveContainer { container: unit.clone() })
            }
        };
        let done = self.microsoft.with(|running| running.act(act));
        self.trace.tell("people", format_args!("{done:?}"));
    }
}

impl Run {
    /// Somebody edited the filter of a job: it comes into force by itself in the end, in one mode at once. Until then only by a restart, which
    /// must not be the product's.
    fn filter_edited(&mut self, unit: &DistinguishedName, now: Timestamp) {
        let (by_itself, concerned) = self.microsoft.with(|running| {
            let world = &running.estate.world;
            let after = match world.modes.scope_change {
                ScopeChange::AtNextCycle => SignedDuration::ZERO,
                ScopeChange::AtRestart => world.intervals.scope_drift,
            };
            (now + after, labels(running, unit))
        });
        self.judge.blames.concerns(by_itself, concerned);
        self.edited.push(unit.clone());
    }

    /// People start a job again: what they edited before comes into force by that.
    pub(super) fn edits_in_force(&mut self, now: Timestamp) {
        for unit in std::mem::take(&mut self.edited) {
            let concerned = self.microsoft.with(|running| labels(running, &unit));
            self.judge.blames.concerns(now, concerned);
        }
    }
}

/// One of the users below a unit, counted around.
fn user(running: &Running, unit: &DistinguishedName, nth: usize) -> Option<DistinguishedName> {
    let below =
        || running.estate.world.directory.under(unit).filter(|object| object.class == ObjectClass::User);
    let count = below().count();
    below().nth(nth.checked_rem(count)?).map(|object| object.dn.clone())
}

/// What the cloud knows objects at and below a name by.
fn labels(running: &Running, name: &DistinguishedName) -> Vec<String> {
    let sources: Vec<uuid::Uuid> =
        running.estate.world.directory.under(name).map(|object| object.guid).collect();
    let mut labels: Vec<String> = running
        .estate
        .world
        .audit()
        .writes()
        .filter(|(_, write)| write.source.is_some_and(|source| sources.contains(&source)))
        .map(|(_, write)| write.label.clone())
        .collect();
    labels.sort();
    labels.dedup();
    labels
}
