//! Worlds that speak against one step each: it never passes.

use crds::sync_topology::Engine;

use super::steps::{SERVER, end, engine, small};
use super::*;
use crate::observed::Reporting;

#[test]
fn a_world_that_speaks_against_a_step_never_lets_it_pass() {
    fn foreign() -> crds::entra_tenant::Claim {
        crds::entra_tenant::Claim {
            topology: "other".into(),
            holder: "wave".into(),
            migrations: vec!["other-scope-1".into()],
            since: START.parse().unwrap(),
            resume_by: None,
        }
    }
    /// Changes a job once there is one.
    fn job(world: &mut World, change: impl Fn(&mut crate::observed::JobFacts)) {
        world.observed.tenant.iter_mut().flat_map(|t| &mut t.jobs).for_each(change);
    }
    fn past(world: &World, step: StepName) -> bool {
        world.observed.migration(PILOT).is_some_and(|m| m.is_past(step))
    }
    fn prediction(world: &mut World, change: impl Fn(&mut crate::observed::PredictionFacts)) {
        let all = world.observed.migrations.iter_mut();
        all.filter_map(|m| m.prediction.as_mut()).for_each(change);
    }
    fn inventory(world: &mut World) -> &mut crds::sync_agent::inventory::Inventory {
        world.server_mut("sync01").inventory.as_mut().unwrap()
    }
    type Press = (&'static str, fn(&mut World));
    let table: [Press; 50] = [
        ("CheckSource", |w| w.server_mut("sync01").reporting = Reporting::Never),
        ("CheckSource", |w| w.server_mut("sync01").reporting = Reporting::Silent { since: w.now }),
        ("CheckSource", |w| w.server_mut("sync01").inventory = None),
        ("CheckSource", |w| inventory(w).engine = None),
        ("CheckSource", |w| engine(w).engine = Engine::DirSync),
        ("CheckSource", |w| engine(w).version = "1.1.130.0".to_owned()),
        ("CheckSource", |w| engine(w).version = "new".to_owned()),
        ("CheckSource", |w| w.server_mut("sync01").role = Some(crds::sync_server::ServerRole::Staging)),
        ("CheckPrerequisites", |w| inventory(w).rules = None),
        ("CheckPrerequisites", |w| inventory(w).rules.as_mut().unwrap().cloud_no_flow_in_schema = false),
        ("CheckPrerequisites", |w| inventory(w).rules.as_mut().unwrap().free_precedences = 2),
        ("CheckPrerequisites", |w| inventory(w).connectors.clear()),
        ("CheckPrerequisites", |w| {
            inventory(w).connectors[0].partitions[0].excluded = vec![dn("OU=Old,OU=Pilot,DC=contoso,DC=com")];
        }),
        ("InstallProvisioningAgent", |w| {
            w.observed.tenant.as_mut().unwrap().provisioning_agents = Some(Vec::new());
        }),
        ("InstallProvisioningAgent", |w| {
            w.observed.tenant.as_mut().unwrap().provisioning_agents.as_mut().unwrap()[0].active = false;
        }),
        ("InstallProvisioningAgent", |w| {
            w.observed.tenant.as_mut().unwrap().provisioning_agents.as_mut().unwrap()[0].domains =
                vec!["other.com".to_owned()];
        }),
        ("BackUpConfiguration", |w| w.server_mut("sync01").snapshot_at = None),
        ("PrepareJob", |w| w.observed.tenant.as_mut().unwrap().jobs.clear()),
        ("PrepareJob", |w| job(w, |j| j.started = true)),
        ("PrepareJob", |w| job(w, |j| j.quarantine = Some("broken".to_owned()))),
        ("PrepareJob", |w| job(w, |j| j.deletion_threshold = None)),
        ("PrepareJob", |w| job(w, |j| j.recorded.job_id = None)),
        ("ReadScope", |w| w.observed.migrations.iter_mut().for_each(|m| m.listing = None)),
        ("PredictChanges", |w| w.observed.migrations.iter_mut().for_each(|m| m.prediction = None)),
        ("PredictChanges", |w| prediction(w, |p| p.listing = Some(digest("older")))),
        ("PredictChanges", |w| prediction(w, |p| p.surprise_creations = 1)),
        ("PredictChanges", |w| prediction(w, |p| p.anchor_mismatches = 1)),
        ("PredictChanges", |w| prediction(w, |p| p.changed_objects = 1)),
        ("AwaitApproval", |w| w.observed.decisions.clear()),
        ("AwaitApproval", |w| w.observed.decisions.iter_mut().for_each(|d| d.proven = false)),
        ("ClaimServers", |w| w.server_mut("sync01").claim = Some(foreign())),
        ("ClaimJob", |w| job(w, |j| j.recorded.claim = Some(foreign()))),
        ("AddToJob", |w| job(w, |j| j.containers.clear())),
        ("AddToJob", |w| job(w, |j| j.recorded.epoch = crds::Epoch(0))),
        ("AddToJob", |w| {
            if past(w, StepName::ClaimJob) {
                job(w, |j| j.quarantine = Some("broken".to_owned()));
            }
        }),
        ("AwaitInitialCycle", |w| job(w, |j| j.steady_state_at = None)),
        ("AwaitInitialCycle", |w| job(w, |j| j.last_success_at = None)),
        ("AwaitInitialCycle", |w| job(w, |j| j.last_success_at = Some(START.parse().unwrap()))),
        ("AwaitInitialCycle", |w| job(w, |j| j.entries = 0)),
        ("AwaitInitialCycle", |w| job(w, |j| j.password_hash_active = Some(false))),
        ("AwaitInitialCycle", |w| {
            let (added, now) = (past(w, StepName::AddToJob), w.now);
            job(w, |j| {
                j.started &= !added;
                j.steady_state_at = added.then_some(now);
            });
        }),
        ("ReleaseJob", |w| {
            if past(w, StepName::ProbeChange) {
                w.observed.tenant.as_mut().unwrap().jobs.clear();
            }
        }),
        ("ProbeCreation", |w| w.shows = Some("somebody else")),
        ("ProbeRemoval", |w| w.shows = past(w, StepName::ProbeChange).then_some("changed")),
        ("VerifyParity", |w| w.missing = 1),
        ("VerifyParity", |w| w.orphans = vec!["anchor:AAAA".to_owned()]),
        ("VerifyAfterSoak", |w| w.missing = i64::from(past(w, StepName::VerifyParity))),
        ("Soak", |w| {
            if past(w, StepName::VerifyParity) {
                job(w, |j| j.quarantine = Some("broken".to_owned()));
            }
        }),
        ("Observe", |w| {
            if w.observed.migration(SERVER).is_some_and(|m| m.is_past(StepName::StopEngine)) {
                engine(w).service_running = true;
            }
        }),
        ("RemoveConnect", |w| {
            if past_retirement(w, StepName::AwaitRemovalApproval) {
                restore_engine(w);
            }
        }),
    ];
    for (row, (step, press)) in table.into_iter().enumerate() {
        let mut world = small();
        let state = end(&mut world, step, press);
        assert!(!matches!(state, StepState::Done | StepState::Skipped), "row {row}: {step}");
    }
}

fn past_retirement(world: &World, step: StepName) -> bool {
    world.observed.migration(SERVER).is_some_and(|m| m.is_past(step))
}

/// Nobody uninstalls it.
fn restore_engine(world: &mut World) {
    let fresh = small().observed.servers.remove(&"sync01".into()).unwrap().inventory;
    world.server_mut("sync01").inventory = fresh;
}

#[test]
fn the_gates_of_a_retirement_hold() {
    type Press = (&'static str, fn(&mut World));
    let table: [Press; 7] = [
        ("AwaitScopes", |w| {
            if w.observed.migration(SERVER).is_some() {
                w.observed.topology.spec.scopes[0].engine = Engine::EntraConnect;
            }
        }),
        ("CheckSideServices", |w| {
            w.server_mut("sync01").inventory.as_mut().unwrap().features.as_mut().unwrap().device_write_up =
                true;
        }),
        ("CheckSideServices", |w| {
            if w.observed.migration(SERVER).is_some() {
                w.server_mut("sync01").inventory.as_mut().unwrap().features = None;
            }
        }),
        ("Observe", |w| {
            if past_retirement(w, StepName::StopEngine) {
                w.job_mut().started = false;
            }
        }),
        ("Observe", |w| {
            if past_retirement(w, StepName::StopEngine) {
                w.observed.tenant.as_mut().unwrap().jobs.clear();
            }
        }),
        ("AwaitRemovalApproval", |w| w.observed.decisions.retain(|d| d.migration == PILOT)),
        ("ListLeftovers", |w| {
            if past_retirement(w, StepName::RemoveConnect) {
                let claim = crds::entra_tenant::Claim {
                    topology: "contoso".into(),
                    holder: "sync01".into(),
                    migrations: vec![SERVER.into()],
                    since: w.now,
                    resume_by: None,
                };
                w.server_mut("sync01").claim = Some(claim);
            }
        }),
    ];
    for (row, (step, press)) in table.into_iter().enumerate() {
        let mut world = small();
        let state = end(&mut world, step, press);
        assert!(!matches!(state, StepState::Done | StepState::Skipped), "row {row}: {step}");
    }
}
