//! With device synchronization on, Connect serves computers that Cloud Sync never will: the scopes move all the same, and
//! retirement ends blocked, as the plan said before the first wave. Starts processes, network IO.

use crds::SyncTopology;
use crds::sync_topology::Engine;
use kube::Api;
use tests::control_plane::ControlPlane;
use tests::demo::{Demo, End, NAME, NAMESPACE, Options, Scenario, Show};

#[tokio::test]
async fn retirement_is_blocked_as_predicted() {
    let options = Options { device_sync: true, ..Options::new(Scenario::Small) };
    let control_plane = ControlPlane::start_local().await.unwrap();
    let mut demo = Demo::start_on(control_plane, options, &Show::nothing()).await.unwrap();
    let outcome = demo.run(&mut Show::nothing()).await.unwrap();
    let client = demo.control_plane().client().await.unwrap();
    let topology = Api::<SyncTopology>::namespaced(client, NAMESPACE).get(NAME).await.unwrap();
    let state = demo.estate().state().await.unwrap();
    demo.stop().await.unwrap();

    let End::BlockedAsPredicted(rows) = &outcome.end else { panic!("{outcome}") };
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].starts_with("Device objects (hybrid join): "), "{rows:?}");
    assert!(outcome.faults().is_empty(), "{outcome}");
    assert!(outcome.to_string().contains("no, as predicted: Device objects"), "{outcome}");
    assert!(!outcome.verdict.connect_retired);
    // Blocked is what the demo calls good; whoever reads the topology sees what is left.
    let status = topology.status.unwrap();
    assert_eq!(status.progress.as_deref(), Some("5/5 scopes"));
    let moved = status.waves.iter().flat_map(|wave| &wave.scopes);
    assert!(moved.into_iter().all(|scope| scope.served_by == Some(Engine::CloudSync)), "{:?}", status.waves);
    for server in &status.servers {
        assert!(server.blockers.iter().any(|row| row.contains("device write-up is on")), "{server:?}");
    }
    // The computers are where they were: Connect still exports them.
    assert_eq!(state["tenant"]["device"], state["directory"]["computer"], "{state:#}");
    assert_eq!(state["schedulerEnabled"], true);
}
