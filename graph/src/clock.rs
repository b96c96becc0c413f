//! Time as the client sees it. The trait does no IO; [`SystemClock`] reads the clock of the machine.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

/// Time and waiting. Retries and token renewal ask here and nowhere else, so that tests and a simulation in one
/// process run on a virtual clock.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Resolves after `length` on this clock.
    fn sleep(&self, length: Duration) -> BoxFuture<'_, ()>;
}

impl<T: Clock + ?Sized> Clock for std::sync::Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'_, ()> {
        (**self).sleep(length)
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(length))
    }
}
