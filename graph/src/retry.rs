//! When a request is sent again, and after how long. Decisions only, no IO.
//!
//! Source for the classes: Microsoft, "Microsoft Graph error responses", "Microsoft Graph throttling guidance".

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::transport::{Connection, Fault};

/// How patient the client is with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Requests for one call, the first included.
    pub max_tries: u32,
    /// First wait when the service does not say how long.
    pub base_delay: Duration,
    /// Longest wait when the service does not say how long.
    pub max_delay: Duration,
    /// All waits of one call together. A call gives up at once when the service asks for more than is left, so
    /// that the caller can do something else meanwhile.
    pub max_wait: Duration,
    /// All waits for something new to become usable together.
    pub settling_wait: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_tries: 5,
            base_delay: Duration::from_secs(2),
            max_delay: Duration::from_mins(1),
            max_wait: Duration::from_mins(3),
            settling_wait: Duration::from_mins(2),
        }
    }
}

impl RetryPolicy {
    /// One request and no more.
    pub(crate) fn once(self) -> Self {
        Self { max_tries: 1, ..self }
    }
}

/// Whether a call may be repeated although nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It reads, or doing it twice is doing it once.
    Harmless,
    /// Only when the service refused it, or never got it: a repeat could create a second object or run over
    /// somebody else's change.
    OnlyIfRefused,
}

/// Whether the thing that a call is about may be too new to be usable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Age {
    /// It has been there for a while.
    #[default]
    Settled,
    /// It was just made: 403, 404 and 409 may pass.
    New,
}

/// What came of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Status { status: u16, retry_after: Option<Duration> },
    Unreachable,
    Broken,
    Invalid,
}

impl From<&Fault> for Outcome {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Unreachable(_) => Self::Unreachable,
            Fault::Broken(_) => Self::Broken,
            Fault::Invalid(_) => Self::Invalid,
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Again { after: Duration, connection: Connection },
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// It was not carried out.
    Refused,
    /// It may have been carried out.
    Uncertain,
    /// It was not carried out because something is too new.
    Settling,
    Final,
}

/// The tries of one call.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    made: u32,
    waited: Duration,
    settling: Duration,
}

impl Tries {
    /// The number of the try that comes next, from 1.
    pub(crate) fn begin(&mut self) -> u32 {
        self.made = self.made.saturating_add(1);
        self.made
    }

    /// Decides after a request that did not succeed. `random` spreads the waits of many clients.
    pub(crate) fn after(
        &mut self,
        policy: &RetryPolicy,
        repeat: Repeat,
        age: Age,
        outcome: Outcome,
        random: u64,
    ) -> Step {
        let class = class_of(outcome, age);
        let delay = self.delay(policy, outcome, random);
        let allowed = match class {
            Class::Final => false,
            Class::Refused => self.has_budget(policy, delay),
            Class::Uncertain => repeat == Repeat::Harmless && self.has_budget(policy, delay),
            Class::Settling => self.settling.saturating_add(delay) <= policy.settling_wait,
        };
        if !allowed {
            return Step::Stop;
        }
        match class {
            Class::Settling => self.settling = self.settling.saturating_add(delay),
            Class::Refused | Class::Uncertain | Class::Final => {
                self.waited = self.waited.saturating_add(delay);
            }
        }
        Step::Again { after: delay, connection: connection_after(outcome) }
    }

    fn has_budget(&self, policy: &RetryPolicy, delay: Duration) -> bool {
        self.made < policy.max_tries && self.waited.saturating_add(delay) <= policy.max_wait
    }

    /// What the service asks for and a little more; else exponential, half of it by chance.
    fn delay(&self, policy: &RetryPolicy, outcome: Outcome, random: u64) -> Duration {
        if let Outcome::Status { retry_after: Some(asked), .. } = outcome {
            return asked.saturating_add(share(random, (asked / 10).max(policy.base_delay / 4)));
        }
        let doublings = self.made.saturating_sub(1).min(16);
        let full = policy.base_delay.saturating_mul(1 << doublings).min(policy.max_delay);
        (full / 2).saturating_add(share(random, full / 2))
    }
}

fn class_of(outcome: Outcome, age: Age) -> Class {
    match outcome {
        Outcome::Status { status: 429, .. } | Outcome::Unreachable => Class::Refused,
        Outcome::Status { status: 408 | 500 | 502 | 503 | 504, .. } | Outcome::Broken => Class::Uncertain,
        Outcome::Status { status: 403 | 404 | 409, .. } if age == Age::New => Class::Settling,
        Outcome::Status { .. } | Outcome::Invalid => Class::Final,
    }
}

fn connection_after(outcome: Outcome) -> Connection {
    match outcome {
        Outcome::Status { status: 503, .. } | Outcome::Unreachable | Outcome::Broken | Outcome::Invalid => {
            Connection::New
        }
        Outcome::Status { .. } => Connection::Any,
    }
}

/// A part of `whole` by chance, from nothing to all of it.
fn share(random: u64, whole: Duration) -> Duration {
    let nanos = whole.as_nanos().saturating_mul(u128::from(random >> 32)) >> 32;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Reads `Retry-After`: seconds, or a date. A date in the past is no wait at all.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests;
