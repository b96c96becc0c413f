//! The running service on the models, on tokio's own clock.

use crds::sync_agent::OutcomeState;
use crds::sync_agent::command::{Action, Nothing};

use super::*;
use crate::cluster::LeaseObject;
use crate::heartbeat::Standing;
use crate::model::Rig;

fn companions(rig: &Rig) -> Companions<crate::model::ModelCluster> {
    rig.cluster.state.lock().unwrap().lease = Some(LeaseObject {
        resource_version: "1".to_owned(),
        holder: None,
        duration_seconds: 0,
        acquired_at: None,
        renewed_at: None,
        transitions: 0,
    });
    Companions {
        cluster: Arc::clone(&rig.cluster),
        heartbeat: Heartbeat::new("me".to_owned(), Standing::default()),
        token: None,
    }
}

#[tokio::test(start_paused = true)]
async fn works_beats_and_stops_when_it_is_told() {
    let mut rig = Rig::new();
    let id = rig.give(Action::ReadPendingExports(Nothing {}));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let companions = companions(&rig);
    let (agent, clock) = rig.release();
    let service = tokio::spawn(run(agent, companions, clock, async {
        let _ = stopped.await;
    }));
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(rig.outcome(&id).map(|outcome| outcome.state), Some(OutcomeState::Succeeded));
    let lease = rig.cluster.state.lock().unwrap().lease.clone().unwrap();
    assert_eq!(lease.holder.as_deref(), Some("me"));
    let beats: u64 = lease.resource_version.parse().unwrap();
    assert!((3..=7).contains(&beats), "every 15 seconds: {beats}");
    stop.send(()).unwrap();
    service.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_its_journal_it_ends() {
    let mut rig = Rig::new();
    let companions = companions(&rig);
    rig.give(Action::ReadPendingExports(Nothing {}));
    rig.crash.after(1);
    let (agent, clock) = rig.release();
    let ended = run(agent, companions, clock, std::future::pending()).await;
    assert!(matches!(ended, Err(ServiceError::Journal(_))), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_command_is_begun_when_it_is_given_and_its_end_is_told_at_once() {
    let mut rig = Rig::new();
    let companions = companions(&rig);
    let (agent, clock) = rig.release();
    let service = tokio::spawn(run(agent, companions, clock, std::future::pending()));
    tokio::time::sleep(Duration::from_mins(1)).await;
    // Between two heartbeats, several times over.
    for _ in 0..3 {
        let id = rig.give(Action::ReadPendingExports(Nothing {}));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(rig.outcome(&id).map(|outcome| outcome.state), Some(OutcomeState::Succeeded));
    }
    service.abort();
}

#[tokio::test(start_paused = true)]
async fn without_a_command_it_looks_once_a_heartbeat_and_writes_nothing() {
    let rig_state = |rig: &Rig| {
        let state = rig.cluster.state.lock().unwrap();
        (state.looks, state.writes)
    };
    let mut rig = Rig::new();
    let companions = companions(&rig);
    let (agent, clock) = rig.release();
    let service = tokio::spawn(run(agent, companions, clock, std::future::pending()));
    tokio::time::sleep(Duration::from_mins(1)).await;
    let (looks, writes) = rig_state(&rig);
    tokio::time::sleep(Duration::from_mins(10)).await;
    let (later_looks, later_writes) = rig_state(&rig);
    assert_eq!(later_writes, writes);
    assert!(later_looks - looks <= 41, "{} looks in 40 heartbeats", later_looks - looks);
    service.abort();
}
