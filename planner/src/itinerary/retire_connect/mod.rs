//! `RetireConnect`: stops, observes and removes Entra Connect on one server.
//!
//! The stop is none of the wave's stops: no-flow rules stay, nothing resumes by itself, and a restart goes by full import and review.

mod await_removal_approval;
mod await_scopes;
mod check_residual_exports;
mod check_side_services;
mod claim_server;
mod list_leftovers;
mod observe;
mod patience;
mod remove_connect;
mod residual;
mod side_services;
mod stop_engine;
mod stopped;
mod verify_stopped;
mod way_back;

pub(crate) use way_back::WAY_BACK;

use super::Step;
use super::connect_to_cloud_sync::{AwaitWindow, BackUpConfiguration};

/// Its steps in order.
pub const STEPS: &[&dyn Step] = &[
    &await_scopes::AwaitScopes,
    &check_side_services::CheckSideServices,
    &BackUpConfiguration,
    &AwaitWindow,
    &claim_server::ClaimServer,
    &check_residual_exports::CheckResidualExports,
    &stop_engine::StopEngine,
    &observe::Observe,
    &verify_stopped::VerifyStopped,
    &await_removal_approval::AwaitRemovalApproval,
    &remove_connect::RemoveConnect,
    &list_leftovers::ListLeftovers,
];

/// How long a stopped engine can be started again cheaply: after seven days the delta watermark is lost and a full import is needed.
/// Source: Microsoft, Microsoft Entra Connect Sync: Scheduler.
pub const CHEAP_RESTART: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);

#[cfg(test)]
mod tests;
