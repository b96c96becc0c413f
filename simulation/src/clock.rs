//! The virtual clock: it stands still while anything can still be done at the present instant, and then jumps. No IO.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

/// The clock; clones are the same one.
#[derive(Debug, Clone)]
pub struct VirtualClock(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    timers: BTreeMap<(Timestamp, u64), Waker>,
    serial: u64,
}

impl VirtualClock {
    /// A clock that stands at an instant.
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(State { now, timers: BTreeMap::new(), serial: 0 })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.state().now
    }

    /// When somebody who sleeps wants to be woken next.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.state().timers.keys().next().map(|(at, _)| *at)
    }

    /// Moves on to an instant and wakes whoever sleeps until then. Never goes back.
    pub fn advance(&self, to: Timestamp) {
        let mut state = self.state();
        state.now = state.now.max(to);
        let bound = (state.now, u64::MAX);
        let later = state.timers.split_off(&bound);
        let due = std::mem::replace(&mut state.timers, later);
        drop(state);
        due.into_values().for_each(Waker::wake);
    }

    /// Ready after a length of virtual time.
    pub fn pass(&self, length: Duration) -> Sleep {
        let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
        self.until(self.now().saturating_add(length).unwrap_or(Timestamp::MAX))
    }

    /// Ready at an instant.
    pub fn until(&self, at: Timestamp) -> Sleep {
        Sleep { clock: self.clone(), at, key: None }
    }
}

/// Waits for an instant of the virtual clock.
#[derive(Debug)]
pub struct Sleep {
    clock: VirtualClock,
    at: Timestamp,
    key: Option<(Timestamp, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let mut state = this.clock.state();
        if let Some(key) = this.key.take() {
            state.timers.remove(&key);
        }
        if state.now >= this.at {
            return Poll::Ready(());
        }
        state.serial += 1;
        let key = (this.at, state.serial);
        state.timers.insert(key, context.waker().clone());
        drop(state);
        this.key = Some(key);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.clock.state().timers.remove(&key);
        }
    }
}

impl graph::Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'_, ()> {
        Box::pin(self.pass(length))
    }
}

/// The clock of a sync server's host, which may be wrong.
#[derive(Debug, Clone)]
pub struct HostClock {
    clock: VirtualClock,
    offset: Arc<Mutex<SignedDuration>>,
}

impl HostClock {
    /// A host's clock that is right.
    pub fn new(clock: VirtualClock) -> Self {
        Self { clock, offset: Arc::default() }
    }

    /// Sets it wrong by a length, or right again by zero.
    pub fn set_offset(&self, offset: SignedDuration) {
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner) = offset;
    }
}

impl agent::clock::Clock for HostClock {
    fn now(&self) -> Timestamp {
        let offset = *self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        self.clock.now().saturating_add(offset).unwrap_or(Timestamp::MAX)
    }
}
