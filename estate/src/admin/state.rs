//! A summary of the whole estate, for people and for progress displays. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cloud_sync::Job;
use crate::engine::Service;
use crate::estate::Estate;

/// Counts and states; nothing that a person could be recognised by.
pub(super) fn summary(estate: &Estate) -> Value {
    let now = estate.now();
    let mut directory: BTreeMap<&str, usize> = BTreeMap::new();
    for object in estate.world.directory.iter() {
        *directory.entry(object.class.as_str()).or_default() += 1;
    }
    let mut tenant: BTreeMap<String, usize> = BTreeMap::new();
    for object in estate.world.tenant.iter() {
        let kind = serde_json::to_value(object.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
        *tenant.entry(kind.unwrap_or_default()).or_default() += 1;
    }
    let servers: Vec<Value> = estate
        .server_names()
        .filter_map(|name| {
            let server = estate.server(name)?;
            Some(json!({
                "name": name,
                "state": server.state(),
                "objects": server.availability(Service::Objects, now, &estate.world),
                "passwordHashes": server.availability(Service::PasswordHashes, now, &estate.world),
            }))
        })
        .collect();
    let jobs: Vec<Value> = estate.cloud.jobs().map(job).collect();
    let agents: Vec<Value> = estate
        .cloud
        .agents()
        .map(|agent| json!({"machineName": agent.machine_name, "domains": agent.domains, "running": agent.is_running()}))
        .collect();
    json!({
        "now": now,
        "directory": directory,
        "tenant": tenant,
        "deletedUsers": estate.world.tenant.deleted().count(),
        "schedulerEnabled": estate.world.tenant.settings.scheduler.sync_cycle_enabled,
        "servers": servers,
        "jobs": jobs,
        "provisioningAgents": agents,
        "auditRecords": estate.world.audit().records().len(),
        "everydayChangesDone": estate.script.done().len(),
        "everydayChangesLeft": estate.script.remaining(),
    })
}

fn job(job: &Job) -> Value {
    let containers = job.document().pointer("/synchronizationRules/0/containerFilter/includedContainers");
    json!({
        "id": job.id,
        "template": job.template.as_str(),
        "schedule": format!("{:?}", job.schedule),
        "code": format!("{:?}", job.status.code),
        "entries": job.status.entries,
        "takenOver": job.taken_over().count(),
        "includedContainers": containers,
    })
}
