use futures::FutureExt as _;

use super::*;
use crate::model::{Crash, ModelCluster};

const EVERY: Duration = Duration::from_secs(15);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn cluster(holder: Option<&str>) -> ModelCluster {
    let cluster = ModelCluster::new(Crash::default());
    cluster.state.lock().unwrap().lease = Some(LeaseObject {
        resource_version: "1".to_owned(),
        holder: holder.map(str::to_owned),
        duration_seconds: 60,
        acquired_at: None,
        renewed_at: Some(at(0)),
        transitions: 0,
    });
    cluster
}

fn beat(heartbeat: &mut Heartbeat, cluster: &ModelCluster, second: i64) -> LeaseObject {
    heartbeat.beat(cluster, at(second), EVERY).now_or_never().unwrap().unwrap();
    cluster.state.lock().unwrap().lease.clone().unwrap()
}

#[test]
fn a_free_lease_is_taken_and_renewed() {
    let cluster = cluster(None);
    let mut heartbeat = Heartbeat::new("me".to_owned(), Standing::default());
    let first = beat(&mut heartbeat, &cluster, 100);
    assert_eq!((first.holder.as_deref(), first.acquired_at), (Some("me"), Some(at(100))));
    assert_eq!((first.duration_seconds, first.transitions), (60, 0));
    let second = beat(&mut heartbeat, &cluster, 115);
    assert_eq!((second.acquired_at, second.renewed_at), (Some(at(100)), Some(at(115))));
}

#[test]
fn its_own_lease_is_taken_at_once_after_a_restart() {
    let cluster = cluster(Some("me"));
    let standing = Standing::default();
    let mut heartbeat = Heartbeat::new("me".to_owned(), standing.clone());
    assert_eq!(beat(&mut heartbeat, &cluster, 100).renewed_at, Some(at(100)));
    assert!(!standing.is_contended());
}

#[test]
fn another_holder_is_waited_for_while_it_renews() {
    let cluster = cluster(Some("other"));
    let standing = Standing::default();
    let mut heartbeat = Heartbeat::new("me".to_owned(), standing.clone());
    for second in (0..300).step_by(15) {
        cluster.state.lock().unwrap().lease.as_mut().unwrap().renewed_at = Some(at(1000 + second));
        assert_eq!(beat(&mut heartbeat, &cluster, second).holder.as_deref(), Some("other"), "{second}");
        assert!(standing.is_contended());
    }
    // It has stopped: the Lease is taken when it is older than it says it lasts.
    let taken = (300..400)
        .step_by(15)
        .find(|second| beat(&mut heartbeat, &cluster, *second).holder.as_deref() == Some("me"));
    assert!(taken.is_some_and(|second| second >= 345), "{taken:?}");
    assert!(!standing.is_contended());
    assert_eq!(cluster.state.lock().unwrap().lease.as_ref().unwrap().transitions, 1);
}

#[test]
fn a_cluster_that_is_away_is_an_error_and_not_a_rival() {
    let cluster = cluster(Some("me"));
    let standing = Standing::default();
    let mut heartbeat = Heartbeat::new("me".to_owned(), standing.clone());
    beat(&mut heartbeat, &cluster, 0);
    cluster.state.lock().unwrap().down = true;
    assert!(heartbeat.beat(&cluster, at(15), EVERY).now_or_never().unwrap().is_err());
    cluster.state.lock().unwrap().down = false;
    assert_eq!(beat(&mut heartbeat, &cluster, 900).renewed_at, Some(at(900)));
    assert!(!standing.is_contended());
}

#[test]
fn a_lease_that_went_back_in_time_is_no_rival() {
    let cluster = cluster(Some("me"));
    let standing = Standing::default();
    let mut heartbeat = Heartbeat::new("me".to_owned(), standing.clone());
    beat(&mut heartbeat, &cluster, 100);
    let old = LeaseObject {
        resource_version: "0".to_owned(),
        renewed_at: Some(at(40)),
        ..beat(&mut heartbeat, &cluster, 115)
    };
    cluster.state.lock().unwrap().lease = Some(old);
    assert_eq!(beat(&mut heartbeat, &cluster, 130).renewed_at, Some(at(40)), "it is looked at first");
    assert!(!standing.is_contended());
    assert_eq!(beat(&mut heartbeat, &cluster, 145).renewed_at, Some(at(145)));
    // One that was renewed meanwhile is.
    let newer = LeaseObject {
        resource_version: "99".to_owned(),
        renewed_at: Some(at(150)),
        ..beat(&mut heartbeat, &cluster, 146)
    };
    cluster.state.lock().unwrap().lease = Some(newer);
    beat(&mut heartbeat, &cluster, 160);
    assert!(standing.is_contended());
}
