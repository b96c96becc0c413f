//! Stale reads: while the fault is on, directory objects are read from a replica that lags, and any other read that was
//! answered a short while ago gets the same answer again, whatever has been written in between. No IO.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::call::Call;
use super::message::GraphResponse;
use crate::tenant::Tenant;

/// Answers kept at most; a replica does not remember more.
const MOST_KEPT: usize = 256;

/// Answers of the recent past.
#[derive(Debug, Clone, Default)]
pub(crate) struct StaleReads {
    kept: BTreeMap<String, (Timestamp, GraphResponse)>,
    replica: Option<(Timestamp, Box<Tenant>)>,
}

impl StaleReads {
    /// The tenant as reads see it: itself, or while the fault is on a copy that is renewed when it is older than `lag`.
    pub(crate) fn tenant<'t>(
        &'t mut self,
        tenant: &'t Tenant,
        lag: SignedDuration,
        now: Timestamp,
    ) -> &'t Tenant {
        if lag.is_zero() {
            self.replica = None;
            return tenant;
        }
        let fresh = self.replica.take().filter(|(at, _)| at.duration_until(now) < lag);
        let (_, replica) = self.replica.insert(fresh.unwrap_or_else(|| (now, Box::new(tenant.clone()))));
        replica
    }

    /// The earlier answer to the same read, if it is younger than `lag`.
    pub(crate) fn recall(
        &self,
        call: &Call<'_>,
        lag: SignedDuration,
        now: Timestamp,
    ) -> Option<GraphResponse> {
        if lag.is_zero() {
            return None;
        }
        let (at, response) = self.kept.get(&key(call))?;
        (at.duration_until(now) < lag).then(|| response.clone())
    }

    /// Keeps an answer. Once the fault is off, nothing is kept.
    pub(crate) fn remember(
        &mut self,
        call: &Call<'_>,
        response: &GraphResponse,
        lag: SignedDuration,
        now: Timestamp,
    ) {
        if lag.is_zero() {
            self.kept.clear();
            return;
        }
        self.kept.retain(|_, (at, _)| at.duration_until(now) < lag);
        if self.kept.len() < MOST_KEPT {
            self.kept.insert(key(call), (now, response.clone()));
        }
    }
}

/// Two clients see different things: permissions differ.
fn key(call: &Call<'_>) -> String {
    format!("{} {}?{}", call.caller.client_id, call.request.path, call.request.query)
}
