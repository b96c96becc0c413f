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
