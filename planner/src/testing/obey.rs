//! What an agent of the small world answers when all goes well.

use crds::Epoch;
use crds::sync_agent::command::{ProbePhase, SetService};
use crds::sync_agent::evidence::*;
use crds::sync_agent::{Action, Evidence};
use jiff::Timestamp;

use super::{DOMAIN, digest};
use crate::observed::ServerFacts;

/// What an agent of this world answers.
pub(super) fn obey(server: &mut ServerFacts, action: &Action, epoch: Epoch, now: Timestamp) -> Evidence {
    let rules = |scopes: usize| digest(&format!("rules with {scopes} scopes"));
    match action {
        Action::ReadInventory(_) => Evidence::Inventory(InventoryEvidence { digest: digest("inventory") }),
        Action::TakeSnapshot(_) => Evidence::Snapshot(SnapshotEvidence {
            digest: digest(server.name.as_str()),
            size_bytes: 100_000,
            secrets_used: 1,
            parsed: true,
            rules: 62,
            connectors: 2,
        }),
        Action::SetAutoUpgrade(switch) => {
            let state = if switch.enabled { "Enabled" } else { "Disabled" }.to_owned();
            let engine = server.inventory.as_mut().unwrap().engine.as_mut().unwrap();
            let before = engine.auto_upgrade.replace(state.clone()).unwrap();
            Evidence::AutoUpgrade(AutoUpgradeEvidence { before, after: state })
        }
        Action::ReadScope(read) => Evidence::Scope(ScopeEvidence {
            digest: digest(&format!("{:?} {epoch}", read.organizational_units)),
            secrets_used: 1,
            objects: vec![
                TypeCount { object_type: "user".to_owned(), count: 90 },
                TypeCount { object_type: "group".to_owned(), count: 10 },
            ],
            organizational_units: read
                .organizational_units
                .iter()
                .map(|unit| ResolvedUnit {
                    distinguished_name: unit.clone(),
                    object_guid: Some(digest(unit.as_str()).short().to_owned()),
                })
                .collect(),
            mappings_digest: digest("mappings"),
        }),
        Action::StopScheduler(stop) => {
            server.agent.as_mut().unwrap().resume_by = Some(stop.resume_by);
            Evidence::Scheduler(SchedulerEvidence {
                enabled: false,
                running: false,
                suspended: false,
                idle_since: Some(now),
            })
        }
        Action::StartScheduler(_) => {
            server.agent.as_mut().unwrap().resume_by = None;
            Evidence::Scheduler(SchedulerEvidence {
                enabled: true,
                running: true,
                suspended: false,
                idle_since: None,
            })
        }
        Action::PutNoFlowRules(wanted) => Evidence::Rules(RulesEvidence {
            digest_before: digest("rules"),
            digest_after: rules(wanted.scopes.len()),
            ours: 8,
            scopes: wanted.scopes.iter().map(|s| s.name.clone()).collect(),
            stored_at: now,
            foreign_runs: 0,
        }),
        Action::RunProfiles(runs) => Evidence::Runs(RunsEvidence {
            runs: runs
                .runs
                .iter()
                .map(|run| RunRecord {
                    connectors: run.connectors,
                    connector: DOMAIN.to_owned(),
                    profile: run.profile,
                    result: "success".to_owned(),
                    started_at: now,
                    ended_at: now,
                    export_adds: 0,
                    export_updates: 0,
                    export_deletes: 0,
                })
                .collect(),
            foreign_runs: 0,
            rules_digest: digest("rules"),
        }),
        Action::ReadPendingExports(_) => Evidence::PendingExports(PendingExportsEvidence {
            adds: 0,
            updates: 1,
            deletes: 1,
            explained_deletes: 1,
            unexplained: Vec::new(),
            no_flow_values: 0,
            no_flow_references: 0,
            retries: 0,
            foreign_runs: 0,
        }),
        Action::ProveNoFlow(wanted) => Evidence::NoFlow(NoFlowEvidence {
            in_scope: 100,
            effective: 100,
            leaking: 0,
            not_effective: Vec::new(),
            outside: 0,
            outside_anchors: Vec::new(),
            anchors_digest: digest("anchors"),
            full_synchronization_started_at: Some(now),
            foreign_runs: 0,
            rules_digest: rules(wanted.scopes.len()),
        }),
        Action::Probe(probe) => Evidence::Probe(ProbeEvidence {
            anchor: format!("anchor-{}", probe.token),
            display_name: match probe.phase {
                ProbePhase::Create => Some("made".to_owned()),
                ProbePhase::Change => Some("changed".to_owned()),
                ProbePhase::Remove => None,
            },
            at: now,
        }),
        Action::ReadResidualExports(_) => Evidence::ResidualExports(nothing_left()),
        Action::SetService(set) => set_service(server, set, now),
    }
}

/// Nothing is exported any more.
fn nothing_left() -> ResidualExportsEvidence {
    ResidualExportsEvidence {
        exported: vec![TypeCount { object_type: "user".to_owned(), count: 0 }],
        anchors: Vec::new(),
        writes_to_directory: Vec::new(),
        pending: 0,
        withheld: 100,
        containers: Vec::new(),
        other_connectors: Vec::new(),
    }
}

fn set_service(server: &mut ServerFacts, set: &SetService, now: Timestamp) -> Evidence {
    let start_type = match set.start_type {
        Some(start_type) => format!("{start_type:?}"),
        None => if set.automatic { "Automatic" } else { "Disabled" }.to_owned(),
    };
    let residual = set.only_if_nothing_left.is_some().then(nothing_left);
    let inventory = server.inventory.as_mut().unwrap();
    let engine = inventory.engine.as_mut().unwrap();
    if set.running && !engine.service_running {
        engine.service_last_started_at = Some(now);
    }
    engine.service_running = set.running;
    let before = std::mem::replace(&mut engine.service_start_type, start_type.clone());
    if set.hold_scheduler || residual.is_some() {
        inventory.scheduler.as_mut().unwrap().enabled = false;
    }
    Evidence::Service(ServiceEvidence {
        installed: true,
        running: set.running,
        start_type,
        start_type_before: Some(before),
        last_started_at: engine.service_last_started_at,
        scheduler_enabled: set.running.then_some(!set.hold_scheduler),
        foreign_runs: 0,
        residual,
    })
}
