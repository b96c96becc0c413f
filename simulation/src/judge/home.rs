//! S5: a way home ends where the way out began. By content, read from the estate: rules, automatic upgrade, how the service starts, the
//! units of the jobs. What a way leaves behind is named beforehand and no part of it. Reads the estate.

use std::collections::{BTreeMap, BTreeSet};

use adsync::no_flow;
use adsync::protocol::Operation;
use adsync::rule::Rule;
use crds::Migration;
use crds::conditions::{ConditionType, is_true};
use estate::cloud_sync::{JobTemplate, ScheduleState};
use estate::engine::Answer;
use estate::serve::Running;
use jiff::Timestamp;
use kube::ResourceExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Invariant, Judge};

/// A server as it was before anything was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Before {
    rules: String,
    auto_upgrade: Value,
    start_type: Value,
}

/// How everything was when the run began.
#[derive(Debug, Default)]
pub(super) struct Start {
    servers: BTreeMap<String, Before>,
    /// Servers on which people changed rules or switches themselves.
    touched: BTreeSet<String>,
    /// Migrations that were looked at once they were home.
    seen: BTreeSet<String>,
}

impl Judge {
    /// Remembers how everything is before the product has done anything.
    pub fn begins(&mut self, running: &mut Running) {
        let names: Vec<String> = running.estate.server_names().map(str::to_owned).collect();
        for name in names {
            if let Some(before) = look(running, &name) {
                self.start.servers.insert(name, before);
            }
        }
    }

    /// People change rules or switches of a server themselves: what is there is theirs from here on.
    pub fn touches(&mut self, server: &str) {
        self.start.touched.insert(server.to_owned());
    }

    /// Migrations changed: where one has come home, what it had done must be gone.
    pub fn homes(&mut self, migrations: &[Migration], running: &mut Running, now: Timestamp) {
        let newly: Vec<&Migration> = migrations
            .iter()
            .filter(|migration| is_home(migration) && !self.start.seen.contains(&migration.name_any()))
            .collect();
        if newly.is_empty() {
            return;
        }
        for migration in newly {
            self.start.seen.insert(migration.name_any());
            let again = migrations.iter().any(|other| is_later(other, migration));
            if !again {
                self.scope_home(migration, running, now);
            }
        }
        if migrations.iter().all(|migration| is_home(migration) || !has_begun(migration)) {
            self.all_home(running, now);
        }
    }

    fn scope_home(&mut self, migration: &Migration, running: &mut Running, now: Timestamp) {
        let Some(scope) = &migration.spec.scope else { return };
        let name = migration.name_any();
        let servers: Vec<String> = self.start.servers.keys().cloned().collect();
        for server in servers {
            let rules: Vec<Rule> = ask(running, &server, &Operation::GetRules).unwrap_or_default();
            let left = rules.iter().find(|rule| no_flow::scope_name(rule) == Some(scope.name.as_str()));
            if let Some(rule) = left {
                self.fail(
                    Invariant::S5,
                    now,
                    format!("{name} is home, and {} is left on {server}", rule.name),
                );
            }
        }
        let units: Vec<&str> =
            scope.organizational_units.iter().map(crds::DistinguishedName::as_str).collect();
        let holding = running.estate.cloud.jobs().find(|job| {
            let running = job.template == JobTemplate::Provisioning && job.schedule == ScheduleState::Active;
            running && containers(job.document()).iter().any(|held| units.contains(&held.as_str()))
        });
        if let Some(job) = holding {
            let what = format!("{name} is home, and job {} runs with a unit of it", job.id);
            self.fail(Invariant::S5, now, what);
        }
    }

    fn all_home(&mut self, running: &mut Running, now: Timestamp) {
        for (server, before) in self.start.servers.clone() {
            if self.start.touched.contains(&server) {
                continue;
            }
            // What does not answer just now says nothing.
            let Some(found) = look(running, &server) else { continue };
            for (what, was, is) in [
                ("rules", &Value::from(before.rules.as_str()), &Value::from(found.rules.as_str())),
                ("automatic upgrade", &before.auto_upgrade, &found.auto_upgrade),
                ("start type of the service", &before.start_type, &found.start_type),
            ] {
                if was != is {
                    let what =
                        format!("everything is home, and the {what} of {server} was {was} and is {is}");
                    self.fail(Invariant::S5, now, what);
                }
            }
        }
    }
}

fn look(running: &mut Running, server: &str) -> Option<Before> {
    let rules: Vec<Rule> = ask(running, server, &Operation::GetRules)?;
    let auto_upgrade: Value = ask(running, server, &Operation::GetAutoUpgrade)?;
    let service: Value = ask(running, server, &Operation::GetService)?;
    Some(Before {
        rules: adsync::digest::of_rules(&rules),
        auto_upgrade: auto_upgrade["state"].clone(),
        start_type: service["startType"].clone(),
    })
}

fn ask<T: DeserializeOwned>(running: &mut Running, server: &str, operation: &Operation) -> Option<T> {
    match running.estate.handle(server, operation)? {
        Answer::Now(Ok(value)) => serde_json::from_value(value).ok(),
        _ => None,
    }
}

fn containers(document: &Value) -> Vec<String> {
    let rules = document["synchronizationRules"].as_array();
    let filters = rules.into_iter().flatten().flat_map(|rule| {
        let held = rule["containerFilter"]["includedContainers"].as_array();
        held.cloned().unwrap_or_default()
    });
    filters.filter_map(|container| container.as_str().map(str::to_owned)).collect()
}

fn is_home(migration: &Migration) -> bool {
    migration.status.as_ref().is_some_and(|status| is_true(&status.conditions, ConditionType::RolledBack))
}

/// Another attempt at the same scope.
fn is_later(other: &Migration, migration: &Migration) -> bool {
    let scope = |migration: &Migration| migration.spec.scope.as_ref().map(|scope| scope.name.clone());
    scope(other) == scope(migration) && other.spec.attempt > migration.spec.attempt
}

/// It has changed something, or may have.
fn has_begun(migration: &Migration) -> bool {
    let steps = migration.status.iter().flat_map(|status| &status.steps);
    steps.into_iter().any(|step| {
        matches!(step.name.as_str(), "SuspendAutoUpgrade" | "ClaimServers" | "StopEngine")
            && step.started_at.is_some()
    })
}
