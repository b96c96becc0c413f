//! State that is older than what was done: a status that is gone, and a store put back to a backup.

use crds::conditions::ConditionType::{Blocked, Ready};
use crds::{Migration, SyncTopology};
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::json;
use tests::demo::NAME;

use super::world::World;
use super::{FIRST_WAVE, SECOND_WAVE};

/// Objects were restored without their status while the scheduler is off: nothing goes on until a person has readopted it.
pub(super) async fn the_status_of_a_migration_is_gone(world: &mut World) {
    world.until_stopped_by(SECOND_WAVE).await;
    let name = world.migration(SECOND_WAVE).await.unwrap().name_any();
    let emptied = Patch::Merge(json!({"status": null}));
    world.api::<Migration>().patch_status(&name, &PatchParams::default(), &emptied).await.unwrap();
    world.readopt(SECOND_WAVE).await;
    let name = world.migration(SECOND_WAVE).await.unwrap().name_any();
    world.until_condition::<Migration>(&name, Ready, "True", "").await;
    world.nothing_is_wrong("a restore without status").await;
}

/// The store is put back to when the first scope was watched: the topology is there again, and nobody but the agents knows what was
/// done since. Whoever leads notices, although its watches would hear nothing for long. Nothing goes on and nothing begins until a
/// person has readopted it; then every proof is asked for anew, to the end.
pub(super) async fn an_old_snapshot_of_the_store(world: &mut World) {
    let backup = world.backup();
    world.control_plane.restore_store(&backup).await.unwrap();
    assert!(world.migration(SECOND_WAVE).await.is_none(), "the backup was to be older");
    let units = world.units_in_jobs().await;
    world.until_said(FIRST_WAVE, "StateRestored").await;
    world.until_condition::<SyncTopology>(NAME, Blocked, "True", "StateRestored").await;
    assert!(world.migration(SECOND_WAVE).await.is_none(), "the second wave began without a person");
    assert!(world.scheduler().await);
    assert_eq!(world.units_in_jobs().await, units);
    world.nothing_is_wrong("a restored store").await;
    world.readopt(FIRST_WAVE).await;
    world.until_phase(FIRST_WAVE, "Completed").await;
    world.nothing_is_wrong("a restored store that was readopted").await;
}
