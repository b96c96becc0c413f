//! Somebody deletes the namespace: objects, rights and agents' accounts are gone at once, whatever was under way.

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;
use tests::demo::{NAMESPACE, agent_program};

use super::world::World;
use super::{FIRST_WAVE, SECOND_WAVE};

/// In the stop of the second wave. Nobody is left who could tell the agents anything: the one whose scheduler is off switches it on by
/// itself. People then declare everything again from Git and let the agents join; what these remember keeps it from going on until a
/// person has readopted it, and then every proof, and every approval, is asked for anew.
pub(super) async fn it_is_deleted_in_the_stop(world: &mut World) {
    world.until_stopped_by(SECOND_WAVE).await;
    // The stop would be over before the last object is gone.
    world.control_plane.halt(&agent_program("sync01")).unwrap();
    let namespaces: Api<Namespace> = Api::all(world.client().clone());
    namespaces.delete(NAMESPACE, &DeleteParams::default()).await.unwrap();
    world
        .until("the namespace to be gone", async |_| {
            namespaces.get_opt(NAMESPACE).await.ok()?.is_none().then_some(())
        })
        .await;
    world.control_plane.kill(&agent_program("sync01")).unwrap();
    world.let_time_pass("sync01");
    world.control_plane.start_again(&agent_program("sync01")).unwrap();
    world.until_scheduler(true).await;
    world.nothing_is_wrong("a namespace that was deleted in the stop").await;

    world.declare_everything_again().await;
    world.until_said(FIRST_WAVE, "StateRestored").await;
    assert!(world.scheduler().await);
    world.readopt(FIRST_WAVE).await;
    // The old approval is gone with everything else: people are asked as for a new plan, on what was read just now.
    world.until_said(FIRST_WAVE, "needs the approval of 1 people, 0 gave it").await;
    assert!(world.scheduler().await, "something began without a person");
    world.nothing_is_wrong("a namespace that was declared again").await;
}
