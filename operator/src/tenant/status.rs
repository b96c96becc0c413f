//! The status of a tenant from what was seen. Pure.

use crds::EntraTenant;
use crds::conditions::{ConditionType, Reason, clear, condition, set};
use crds::entra_tenant::EntraTenantStatus;
use jiff::Timestamp;

use super::observe::Seen;
use crate::cloud::connect::ConnectError;

/// The status of a tenant; claims and epochs of jobs are taken over, they belong to the migrations.
pub(super) fn of(
    tenant: &EntraTenant,
    seen: &Seen,
    claimed_by: Option<&str>,
    now: Timestamp,
) -> EntraTenantStatus {
    let mut status = tenant.status.clone().unwrap_or_default();
    let generation = tenant.metadata.generation;
    status.observed_generation = generation.unwrap_or_default();
    let mut put = |kind, ok, reason, message: String| {
        set(&mut status.conditions, condition(kind, ok, reason, message, generation, now));
    };
    let reachable = reach(seen);
    put(
        ConditionType::Reachable,
        reachable.is_none(),
        reachable.as_ref().map_or(Reason::Accepted, |(r, _)| *r),
        {
            reachable.as_ref().map_or_else(
                || "Microsoft Graph answers, and the credential is accepted".to_owned(),
                |(_, m)| m.clone(),
            )
        },
    );
    let missing: Vec<&str> =
        seen.permissions.iter().filter(|p| !p.granted).map(|p| p.name.as_str()).collect();
    let authorized = missing.is_empty() && reachable.is_none();
    if reachable.is_none() {
        put(
            ConditionType::Authorized,
            authorized,
            if authorized { Reason::Accepted } else { Reason::PermissionMissing },
            if authorized {
                "every call that the profile needs was answered".to_owned()
            } else {
                format!(
                    "expected the application permissions {}, found calls refused: grant them and consent",
                    missing.join(", ")
                )
            },
        );
    }
    let problem = claimed_by
        .map(|other| {
            (
                Reason::ClaimedTwice,
                format!("EntraTenant {other} has the same tenant id and is older: remove one of them"),
            )
        })
        .or(reachable)
        .or_else(|| {
            (!authorized).then(|| {
                (Reason::PermissionMissing, format!("permissions are missing: {}", missing.join(", ")))
            })
        })
        .or_else(|| {
            seen.configurations_error.as_ref().map(|error| {
                (Reason::GraphUnavailable, format!("the Cloud Sync configurations cannot be read: {error}"))
            })
        });
    match &problem {
        None => put(ConditionType::Ready, true, Reason::Accepted, "the tenant can be worked with".to_owned()),
        Some((reason, message)) => put(ConditionType::Ready, false, *reason, message.clone()),
    }
    // What only a person can change is said as Stalled; what comes back by itself is not.
    let stalled = problem.filter(|(reason, _)| {
        matches!(
            reason,
            Reason::ClaimedTwice
                | Reason::CredentialNotFound
                | Reason::CredentialRefused
                | Reason::PermissionMissing
        )
    });
    match stalled {
        Some((reason, message)) => put(ConditionType::Stalled, true, reason, message),
        None => clear(&mut status.conditions, ConditionType::Stalled),
    }
    facts(&mut status, seen);
    status
}

/// Why the tenant cannot be reached; `None` when it can.
fn reach(seen: &Seen) -> Option<(Reason, String)> {
    match (&seen.no_client, &seen.unreachable) {
        (Some(error @ ConnectError::NoSecret { .. }), _) => {
            Some((Reason::CredentialNotFound, error.to_string()))
        }
        (Some(error), _) => Some((Reason::CredentialRefused, error.to_string())),
        (None, Some(error @ graph::Error::Unauthorized(_))) => {
            Some((Reason::CredentialRefused, error.to_string()))
        }
        (None, Some(error)) => Some((Reason::GraphUnavailable, error.to_string())),
        (None, None) => None,
    }
}

/// What was found; what could not be read keeps its last value.
fn facts(status: &mut EntraTenantStatus, seen: &Seen) {
    if seen.no_client.is_some() || seen.unreachable.is_some() {
        return;
    }
    status.display_name.clone_from(&seen.display_name);
    status.synchronization_enabled = seen.synchronization_enabled;
    status.permissions.clone_from(&seen.permissions);
    status.provisioning_agents.clone_from(&seen.agents);
    if let Some(configurations) = &seen.configurations {
        let before = std::mem::take(&mut status.jobs);
        let mut jobs: Vec<_> = configurations
            .iter()
            .filter_map(|configuration| {
                let recorded =
                    before.iter().find(|job| job.domain.eq_ignore_ascii_case(&configuration.domain));
                configuration.record(recorded).ok()
            })
            .collect();
        // A configuration that cannot be seen now keeps its record while somebody holds it: the epoch must not be lost.
        jobs.extend(before.into_iter().filter(|job| {
            (job.claim.is_some() || job.epoch.0 > 0)
                && !configurations.iter().any(|c| c.domain.eq_ignore_ascii_case(&job.domain))
        }));
        jobs.sort_by(|a, b| a.domain.cmp(&b.domain));
        jobs.truncate(64);
        status.jobs = jobs;
    }
}

#[cfg(test)]
mod tests;
