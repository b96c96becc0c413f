//! Faults are switches: what is broken just now. Pure data; the parts that suffer from a fault read it here.
//!
//! The list with an example of each and its effect: `docs/estate-faults.md`. Nothing here is left to chance: a fault strikes
//! always, every n-th time or a number of times, so that a run can be repeated.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use adsync::protocol::HostErrorCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Everything that can be broken.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Faults {
    /// Writes to the tenant that fail, by anchor, with the error text: they stay pending and are retried.
    pub failing_exports: BTreeMap<String, String>,
    /// What the Graph endpoint does wrong.
    pub graph: GraphFaults,
    /// What each sync server's host does wrong, by server name.
    pub hosts: BTreeMap<String, HostFaults>,
}

/// Faults of the Graph endpoint.
///
/// Those named `…Every` strike every n-th request (0 = none; 1 = a storm), of several due at once the first in the order of
/// the fields. Requests that `onlyMethods` and `onlyPaths` leave out are neither struck nor counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GraphFaults {
    /// When all faults of Graph end by themselves; absent = when they are switched off.
    pub until: Option<Timestamp>,
    /// Methods struck by the faults that strike every n-th request, such as `PUT`; empty = all.
    pub only_methods: Vec<String>,
    /// Parts of paths struck by those faults, such as `/synchronization/`; empty = all.
    pub only_paths: Vec<String>,
    /// Every n-th request is answered 429; 0 = none.
    pub throttle_every: u32,
    /// `Retry-After` of those answers in seconds; absent = the header is left out.
    pub retry_after_seconds: Option<u32>,
    /// Every n-th request is answered by an error of the service (503 closes its connection); 0 = none.
    pub unavailable_every: u32,
    /// Which error that is.
    pub unavailable_as: ServerError,
    /// Every n-th request is carried out and its answer lost by a gateway (504); 0 = none.
    pub lost_answer_every: u32,
    /// Every n-th request never arrives: its connection breaks and nothing is carried out; 0 = none.
    pub lost_request_every: u32,
    /// Every n-th request is carried out and its connection breaks before the answer; 0 = none.
    pub cut_every: u32,
    /// Every n-th request arrives and is carried out twice; the second answer counts; 0 = none.
    pub duplicate_request_every: u32,
    /// Every n-th answer with a list names each of its objects twice; 0 = none.
    /// Source: Microsoft, delta query overview (replays).
    pub duplicate_answer_every: u32,
    /// Every credential and every token is refused.
    pub credentials_refused: bool,
    /// The credential has expired: tokens in circulation serve to their end, new ones are not given out.
    pub credentials_expired: bool,
    /// Application permissions that the token lacks, such as `AuditLog.Read.All`.
    pub missing_permissions: Vec<String>,
    /// Every answer is held back this long.
    pub latency: SignedDuration,
    /// The service's clock differs from the estate's by this much: `Date`, and every time in answers and filters.
    pub clock_offset: SignedDuration,
    /// Reads may show the state of up to this long ago.
    pub stale_reads: SignedDuration,
    /// Entries of the provisioning log and the audit log show up this much later than they would.
    pub log_lag: SignedDuration,
}

/// Errors of the service itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ServerError {
    /// 500.
    InternalServerError,
    /// 502 by a gateway, with a page for people in place of JSON.
    BadGateway,
    /// 503.
    #[default]
    ServiceUnavailable,
    /// 504.
    GatewayTimeout,
}

/// Faults of one sync server's host. Those that concern operations strike what agents ask for, not people at the console.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct HostFaults {
    /// When all faults of the host end by themselves; absent = when they are switched off.
    pub until: Option<Timestamp>,
    /// Nothing answers.
    pub unreachable: bool,
    /// The host's clock differs from the estate's by this much: what it says of itself, and times in its run history.
    pub clock_offset: SignedDuration,
    /// Every answer of the host comes this much later.
    pub latency: SignedDuration,
    /// The disk is full: no configuration can be exported.
    pub disk_full: bool,
    /// The engine's database is full: runs stop without effect.
    pub database_full: bool,
    /// The service crashes in the next run, which ends without effect; the switch goes off with it.
    pub crash_in_run: bool,
    /// DNS names of AD domains whose domain controllers the host does not reach.
    pub unreachable_domains: Vec<String>,
    /// Operations that go wrong, by their name in the host protocol, such as `startSyncCycle`; `*` = every one.
    pub cmdlets: BTreeMap<String, CmdletFault>,
}

/// One operation of a host that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CmdletFault {
    /// What becomes of it.
    pub how: CmdletFailure,
    /// It is carried out before it goes wrong.
    pub carried_out: bool,
    /// Error code of a failure; absent = `Failed`.
    pub code: Option<HostErrorCode>,
    /// Every n-th call is struck; 0 and 1 = each.
    pub every: u32,
    /// How many calls are struck before all is well again; absent = any number.
    pub times: Option<u32>,
    /// Calls counted so far.
    pub calls: u32,
}

/// What becomes of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CmdletFailure {
    /// It fails.
    #[default]
    Fail,
    /// It never returns.
    Hang,
}

/// No faults of Graph.
static SOUND: LazyLock<GraphFaults> = LazyLock::new(GraphFaults::default);

impl Faults {
    /// Faults of Graph that are on at an instant.
    pub fn graph_at(&self, now: Timestamp) -> &GraphFaults {
        if is_over(self.graph.until, now) { &SOUND } else { &self.graph }
    }

    /// Faults of a host that are on at an instant; none if it has none.
    pub fn host_at(&self, server: &str, now: Timestamp) -> Option<&HostFaults> {
        self.hosts.get(server).filter(|faults| !is_over(faults.until, now))
    }
}

impl HostFaults {
    /// Whether the host reaches no domain controller of a domain, by DNS name.
    pub(crate) fn cuts_off(&self, domain: &str) -> bool {
        self.unreachable_domains.iter().any(|cut| cut.eq_ignore_ascii_case(domain))
    }
}

impl CmdletFault {
    /// Counts a call. True if it is struck.
    pub(crate) fn strikes(&mut self) -> bool {
        self.calls = self.calls.saturating_add(1);
        if !self.calls.is_multiple_of(self.every.max(1)) || self.times == Some(0) {
            return false;
        }
        self.times = self.times.map(|left| left.saturating_sub(1));
        true
    }
}

fn is_over(until: Option<Timestamp>, now: Timestamp) -> bool {
    until.is_some_and(|until| until <= now)
}
