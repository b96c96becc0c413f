//! `ConnectToCloudSync`: moves a scope from Entra Connect to Cloud Sync.
//!
//! Order: design decision recorded in `docs/decisions/0001-order-of-the-move.md`; mapping to Microsoft's own lists in
//! `docs/itineraries.md`. Everything that can be done before the scheduler stops is done before.

mod add_to_job;
mod await_approval;
mod await_initial_cycle;
mod await_window;
mod back_up_configuration;
mod check_prerequisites;
mod check_source;
mod claim_job;
mod claim_servers;
mod deletion_guard;
mod export;
mod install_provisioning_agent;
mod predict_changes;
mod prepare_job;
mod probe;
mod prove_no_flow;
mod put_no_flow_rules;
mod read_pending_exports;
mod read_scope;
mod references;
mod release_job;
mod review_pending_exports;
mod soak;
mod start_scheduler;
mod stop_scheduler;
mod suspend_auto_upgrade;
mod synchronize_without_export;
mod verify_parity;

pub(crate) use add_to_job::epoch_fact;
pub(crate) use await_window::AwaitWindow;
pub(crate) use back_up_configuration::BackUpConfiguration;
pub(crate) use check_prerequisites::is_synchronized;
pub(crate) use export::Export;
pub(crate) use prove_no_flow::ProveNoFlow;
pub(crate) use put_no_flow_rules::PutNoFlowRules;
pub(crate) use start_scheduler::{StartScheduler, switch_on};
pub(crate) use stop_scheduler::StopScheduler;
pub use stop_scheduler::resume_after;
pub(crate) use suspend_auto_upgrade::servers_with_auto_upgrade;
pub(crate) use synchronize_without_export::{SynchronizeWithoutExport, synchronize};
pub(crate) use verify_parity::VerifyParity;

use super::{Leg, Step, StepName};
use crds::sync_agent::command::ProbePhase;

/// Its steps in order.
pub const STEPS: &[&dyn Step] = &[
    &check_source::CheckSource,
    &check_prerequisites::CheckPrerequisites,
    &install_provisioning_agent::InstallProvisioningAgent,
    &back_up_configuration::BackUpConfiguration,
    &suspend_auto_upgrade::SuspendAutoUpgrade,
    &prepare_job::PrepareJob,
    &read_scope::ReadScope,
    &predict_changes::PredictChanges,
    &review_pending_exports::ReviewPendingExports,
    &await_approval::AwaitApproval,
    &await_window::AwaitWindow,
    &claim_servers::ClaimServers,
    &stop_scheduler::StopScheduler(Leg::Away),
    &put_no_flow_rules::PutNoFlowRules(Leg::Away),
    &synchronize_without_export::SynchronizeWithoutExport(Leg::Away),
    &read_pending_exports::ReadPendingExports,
    &export::Export(Leg::Away),
    &prove_no_flow::ProveNoFlow(Leg::Away),
    &start_scheduler::StartScheduler(Leg::Away),
    &claim_job::ClaimJob,
    &add_to_job::AddToJob,
    &await_initial_cycle::AwaitInitialCycle,
    &probe::Probe { name: StepName::ProbeCreation, phase: ProbePhase::Create },
    &probe::Probe { name: StepName::ProbeChange, phase: ProbePhase::Change },
    &probe::Probe { name: StepName::ProbeRemoval, phase: ProbePhase::Remove },
    &release_job::ReleaseJob,
    &verify_parity::VerifyParity { name: StepName::VerifyParity },
    &soak::Soak,
    &verify_parity::VerifyParity { name: StepName::VerifyAfterSoak },
];
