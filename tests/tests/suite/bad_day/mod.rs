//! The bad day: what takes parts away while an organisation is between two engines. One organisation with two waves on a control
//! plane of its own, one thing after the other; each shows in a condition, is survived, and leaves the judge nothing to say. Starts,
//! halts and kills processes, network IO.

mod another;
mod namespace;
mod restored;
mod world;

use std::time::Duration;

use crds::conditions::ConditionType::{AgentReporting, Degraded, Ready, RolledBack, Stalled};
use crds::migration::StepState;
use crds::{EntraTenant, Migration, SyncAgent, SyncServer, SyncTopology};
use kube::ResourceExt;
use kube::api::DeleteParams;
use serde_json::json;
use tests::demo::{NAME, OPERATOR, agent_program};

use world::{SECOND, World, replica};

/// Scopes of the two waves, by their place among the estate's units.
const FIRST_WAVE: usize = 0;
const SECOND_WAVE: usize = 1;

/// How long the API server is away: longer than requests are tried again at once.
const AWAY: Duration = Duration::from_secs(8);

#[tokio::test]
async fn a_bad_day_is_survived() {
    let mut world = World::start().await;
    world.declare().await;
    an_agent_is_silent_while_the_scheduler_is_off_and_the_leader_dies(&mut world).await;
    the_api_server_is_gone_and_people_suspend_in_the_stop(&mut world).await;
    the_credential_expires_and_graph_throttles(&mut world).await;
    another::an_operator_is_installed(&mut world).await;
    the_suspended_migration_holds_at_a_safe_place(&mut world).await;
    the_job_goes_into_quarantine(&mut world).await;
    the_disk_of_an_agent_is_full_in_the_stop(&mut world).await;
    restored::the_status_of_a_migration_is_gone(&mut world).await;
    the_topology_is_deleted(&mut world).await;
    restored::an_old_snapshot_of_the_store(&mut world).await;
    another::it_has_done_nothing(&world);
    namespace::it_is_deleted_in_the_stop(&mut world).await;
    world.stop().await;
}

/// The agent hangs in the stop, and the operator that leads is killed. The second replica, which has done nothing so far, takes over and
/// says so; once the stop's time is up the agent switches on by itself, and the scope goes home.
async fn an_agent_is_silent_while_the_scheduler_is_off_and_the_leader_dies(world: &mut World) {
    world.until_scheduler(false).await;
    assert_eq!(world.leader().await, Some(replica(0)));
    assert_eq!(world.leads(SECOND), None, "two lead");
    world.control_plane.halt(&agent_program("sync01")).unwrap();
    world.control_plane.kill(OPERATOR).unwrap();
    world.until("the second replica to lead", async |world| world.leads(SECOND)).await;
    assert_eq!(world.leader().await, Some(replica(1)));
    // The killed one comes back and finds another one leading.
    world.control_plane.start_again(OPERATOR).unwrap();
    world.until_condition::<SyncServer>("sync01", AgentReporting, "False", "AgentSilent").await;
    world.until_said(FIRST_WAVE, "sync01").await;
    assert!(!world.scheduler().await, "nobody but the agent could have switched it on");

    world.control_plane.kill(&agent_program("sync01")).unwrap();
    world.let_time_pass("sync01");
    world.control_plane.start_again(&agent_program("sync01")).unwrap();
    world.until_scheduler(true).await;
    world
        .until("the agent to say what it did", async |world| {
            world.api::<SyncAgent>().get("sync01").await.ok()?.status?.resumed
        })
        .await;
    world.until_phase(FIRST_WAVE, "RolledBack").await;
    let home = world.migration(FIRST_WAVE).await.unwrap().name_any();
    world.until_condition::<Migration>(&home, RolledBack, "True", "").await;
    world.until_condition::<SyncTopology>(NAME, Degraded, "True", "").await;
    assert_eq!(world.log(OPERATOR).matches(" leading").count(), 1, "the killed replica leads again");
    assert!(world.scheduler().await);
    assert_eq!(world.units_in_jobs().await, Vec::<String>::new());
    world.nothing_is_wrong("an agent that was silent").await;
}

/// A new attempt loses the API server while the scheduler is off, and is suspended there: the stop is finished all the same.
async fn the_api_server_is_gone_and_people_suspend_in_the_stop(world: &mut World) {
    world.decide(FIRST_WAVE, "Resume", None).await;
    world.until_scheduler(false).await;
    world.control_plane.kill_api_server().unwrap();
    tokio::time::sleep(AWAY).await;
    world.control_plane.start_api_server_again().await.unwrap();
    world.suspend(true).await;
    world.until_scheduler(true).await;
    world.nothing_is_wrong("an API server that was away in the stop").await;
}

/// Somebody forgot to renew the secret while the scope is between two engines, and then the tenant is throttled for longer than
/// requests are tried again.
async fn the_credential_expires_and_graph_throttles(world: &mut World) {
    let unit = world.estate.addresses.organizational_units[FIRST_WAVE].clone();
    world
        .until("the scope to be in the job", async |world| {
            world.units_in_jobs().await.contains(&unit).then_some(())
        })
        .await;
    world.graph(json!({"credentialsExpired": true})).await;
    world.act(json!({"at": "graph", "action": "revokeTokens"})).await;
    world.until_condition::<EntraTenant>(NAME, Stalled, "True", "CredentialRefused").await;
    world.until_condition::<SyncTopology>(NAME, Ready, "False", "TenantNotReady").await;
    world.graph(json!({"credentialsExpired": false, "throttleEvery": 1, "retryAfterSeconds": 1})).await;
    world.until_condition::<EntraTenant>(NAME, Ready, "False", "GraphUnavailable").await;
    world.graph(json!({"throttleEvery": 0})).await;
    world.until_condition::<EntraTenant>(NAME, Ready, "True", "").await;
    world.nothing_is_wrong("a credential that had expired").await;
}

/// The scope is not left between two engines: it holds only once it is served.
async fn the_suspended_migration_holds_at_a_safe_place(world: &mut World) {
    let held = world.until_phase(FIRST_WAVE, "Suspended").await;
    assert_eq!(held.spec.attempt, 2);
    let steps = held.status.unwrap().steps;
    assert!(
        steps.iter().any(|step| step.name == "ProbeRemoval" && step.state == StepState::Done),
        "{steps:?}"
    );
    assert!(world.scheduler().await, "it is held with the scheduler off");
    world.nothing_is_wrong("a suspension in the stop").await;
    world.suspend(false).await;
}

/// The service puts the job in quarantine while the scope is watched: it waits and says so, until somebody has cleared the cause.
async fn the_job_goes_into_quarantine(world: &mut World) {
    world.until_phase(FIRST_WAVE, "Soak").await;
    world
        .act(json!({
            "at": "job", "domain": "contoso.com", "action": "quarantine", "cause": "encounteredQuarantineException",
            "code": "HybridIdentityServiceNoActiveAgents", "message": "no agent answers",
        }))
        .await;
    world.until_said(FIRST_WAVE, "is in quarantine").await;
    world.act(json!({"at": "job", "domain": "contoso.com", "action": "clearQuarantine"})).await;
    // From here the store is restored later.
    let backup = world.backup();
    world.control_plane.back_up_store(&backup).await.unwrap();
    world.until_phase(FIRST_WAVE, "Completed").await;
    world.nothing_is_wrong("a quarantine").await;
}

/// An agent's disk is full while the scheduler is off. Nothing that is not written down is done: the agent ends, and each time that
/// it is started it ends again without a sign of life. It is missed, and goes on once there is room.
async fn the_disk_of_an_agent_is_full_in_the_stop(world: &mut World) {
    world.until_stopped_by(SECOND_WAVE).await;
    world.fill_disk("sync01", true);
    let agent = agent_program("sync01");
    world
        .until("the agent to end", async |world| {
            world.log(&agent).contains("expected to write the journal").then_some(())
        })
        .await;
    let rules = world.rules("sync01").await;
    world.until_condition::<SyncServer>("sync01", AgentReporting, "False", "AgentSilent").await;
    assert_eq!(world.rules("sync01").await, rules, "an agent without a journal did something");
    assert!(!world.scheduler().await);
    world.nothing_is_wrong("a disk that was full in the stop").await;
    world.fill_disk("sync01", false);
}

/// Somebody prunes the topology while the second wave is in the stop: it goes home first, what is proven stays, then the object goes.
async fn the_topology_is_deleted(world: &mut World) {
    world.until_stopped_by(SECOND_WAVE).await;
    world.api::<SyncTopology>().delete(NAME, &DeleteParams::default()).await.unwrap();
    world
        .until("the topology to be gone", async |world| {
            world.api::<SyncTopology>().get_opt(NAME).await.ok()?.is_none().then_some(())
        })
        .await;
    assert!(world.scheduler().await, "it went with the scheduler off");
    let unit = |at: usize| world.estate.addresses.organizational_units[at].clone();
    assert_eq!(world.units_in_jobs().await, [unit(FIRST_WAVE)]);
    let last = world.migration(SECOND_WAVE).await.unwrap().status.unwrap();
    assert_eq!(last.phase.as_deref(), Some("RolledBack"), "{last:?}");
    let proven = world.migration(FIRST_WAVE).await.unwrap().status.unwrap();
    assert_eq!(proven.phase.as_deref(), Some("Completed"), "{proven:?}");
    world.nothing_is_wrong("a topology deleted in mid-run").await;
}
