//! The way home: how a migration is taken back from wherever it is, without a moment with two engines and with the shortest with none.
//!
//! Order, as for the way out: everything that can wait for somebody is done while the scheduler is on; then stop → job paused → rules
//! off → full import from Entra, full synchronization → exports read → export → scheduler on → proof. Rules before the pause would
//! mean two writers; a pause long before the rules none. Reasons and sources: `docs/rollback.md`.

mod cause;
mod claim_job;
mod claim_servers;
mod delete_job;
mod describe;
mod pause_job;
mod release_job;
mod restore_auto_upgrade;
mod review_exports;

use crds::conditions::Reason;
use crds::migration::{Way, WayBack};

pub(crate) use cause::homeward;
pub(crate) use describe::{describe, leaves};

use super::connect_to_cloud_sync::{
    Export, ProveNoFlow, PutNoFlowRules, StartScheduler, StopScheduler, SynchronizeWithoutExport,
    VerifyParity,
};
use super::{Leg, Step, StepName, View, Wait};

/// The steps of a way in order; they begin wherever the way out ended.
pub fn steps(way: Way) -> &'static [&'static dyn Step] {
    match way {
        Way::Release => RELEASE,
        Way::RemoveRules => REMOVE_RULES,
        Way::PauseJob => PAUSE_JOB,
        Way::RestartEngine => super::retire_connect::WAY_BACK,
    }
}

const RELEASE: &[&dyn Step] = &[&restore_auto_upgrade::RestoreAutoUpgrade];

const REMOVE_RULES: &[&dyn Step] = &[
    &claim_servers::ClaimServersHome,
    &StopScheduler(Leg::Home),
    &PutNoFlowRules(Leg::Home),
    &SynchronizeWithoutExport(Leg::Home),
    &review_exports::ReviewExportsHome,
    &Export(Leg::Home),
    &StartScheduler(Leg::Home),
    &ProveNoFlow(Leg::Home),
    &release_job::ReleaseJobHome,
    &restore_auto_upgrade::RestoreAutoUpgrade,
];

const PAUSE_JOB: &[&dyn Step] = &[
    &claim_job::ClaimJobHome,
    &claim_servers::ClaimServersHome,
    &StopScheduler(Leg::Home),
    &pause_job::PauseJob,
    &PutNoFlowRules(Leg::Home),
    &SynchronizeWithoutExport(Leg::Home),
    &review_exports::ReviewExportsHome,
    &Export(Leg::Home),
    &StartScheduler(Leg::Home),
    &ProveNoFlow(Leg::Home),
    // As long as the job is there it says what the objects were made from.
    &VerifyParity { name: StepName::VerifyHome },
    &delete_job::DeleteJob,
    &release_job::ReleaseJobHome,
    &restore_auto_upgrade::RestoreAutoUpgrade,
];

/// The way home as it is recorded: what several do together is read from there, so that every one of them sees the same.
///
/// # Errors
/// It was decided in this very pass.
fn recorded<'a>(view: &View<'a>) -> Result<&'a WayBack, Wait> {
    view.migration
        .way_back()
        .ok_or_else(|| Wait::system(Reason::RollingBack, "the way home is recorded first", None))
}
