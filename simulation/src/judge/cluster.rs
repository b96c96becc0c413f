//! S7, S8 and S9 from the objects in the store, looked at whenever they change. Pure.

use std::collections::BTreeMap;

use crds::entra_tenant::Claim;
use crds::migration::StepRecord;
use crds::{EntraTenant, Epoch, Migration, SyncAgent, SyncServer};
use jiff::Timestamp;
use kube::ResourceExt;

use super::{Invariant, Judge};
use crate::setting::{Setting, Window};

/// Steps that start something which a window gates.
const GATED: [&str; 2] = ["StopScheduler", "StopEngine"];

/// What was seen before.
#[derive(Debug)]
pub(super) struct Watch {
    windows: Vec<Window>,
    epochs: BTreeMap<String, Epoch>,
    commands: BTreeMap<String, Epoch>,
    claims: BTreeMap<String, Option<Claim>>,
    started: BTreeMap<String, Timestamp>,
}

impl Watch {
    pub(super) fn new(setting: &Setting) -> Self {
        Self {
            windows: setting.declared.windows.clone(),
            epochs: BTreeMap::new(),
            commands: BTreeMap::new(),
            claims: BTreeMap::new(),
            started: BTreeMap::new(),
        }
    }
}

impl Judge {
    /// The store was restored: what was seen there before counts no more.
    pub fn forget_cluster(&mut self) {
        self.cluster.epochs.clear();
        self.cluster.commands.clear();
        self.cluster.claims.clear();
    }

    /// A SyncServer changed.
    pub fn server(&mut self, server: &SyncServer, now: Timestamp) {
        let Some(status) = &server.status else { return };
        let name = server.name_any();
        self.epoch(&format!("server {name}"), status.epoch, now);
        self.claim(&format!("server {name}"), status.claim.as_ref(), now);
    }

    /// An EntraTenant changed.
    pub fn tenant(&mut self, tenant: &EntraTenant, now: Timestamp) {
        for job in tenant.status.iter().flat_map(|status| &status.jobs) {
            self.epoch(&format!("job {}", job.domain), job.epoch, now);
            self.claim(&format!("job {}", job.domain), job.claim.as_ref(), now);
        }
    }

    /// A SyncAgent changed.
    pub fn agent(&mut self, agent: &SyncAgent, now: Timestamp) {
        let Some(command) = &agent.spec.command else { return };
        let before = self.cluster.commands.insert(agent.name_any(), command.epoch);
        if before.is_some_and(|before| command.epoch < before) {
            let what =
                format!("command {} of epoch {} follows one of a higher epoch", command.id, command.epoch);
            self.fail(Invariant::S8, now, what);
        }
    }

    fn epoch(&mut self, of: &str, epoch: Epoch, now: Timestamp) {
        let before = self.cluster.epochs.insert(of.to_owned(), epoch);
        if let Some(before) = before.filter(|before| epoch < *before) {
            self.fail(Invariant::S8, now, format!("the epoch of {of} went from {before} down to {epoch}"));
        }
    }

    fn claim(&mut self, of: &str, claim: Option<&Claim>, now: Timestamp) {
        let before = self.cluster.claims.insert(of.to_owned(), claim.cloned()).flatten();
        if let (Some(before), Some(claim)) = (before, claim)
            && before.holder != claim.holder
        {
            let what = format!(
                "the claim on {of} went from {} to {} without being given back",
                before.holder, claim.holder
            );
            self.fail(Invariant::S7, now, what);
        }
    }

    /// A Migration changed.
    pub fn migration(&mut self, migration: &Migration, now: Timestamp) {
        let steps: &[StepRecord] = migration.status.as_ref().map_or(&[], |status| &status.steps);
        for record in steps.iter().filter(|record| GATED.contains(&record.name.as_str())) {
            let Some(at) = record.started_at else { continue };
            let key = format!("{} {}", migration.name_any(), record.name);
            if self.cluster.started.insert(key, at) == Some(at) {
                continue;
            }
            let windows = &self.cluster.windows;
            if !windows.is_empty() && !windows.iter().any(|window| window.is_open(at)) {
                let what = format!(
                    "{} of {} began at {at}, outside of every window",
                    record.name,
                    migration.name_any()
                );
                self.fail(Invariant::S9, now, what);
            }
        }
    }
}
