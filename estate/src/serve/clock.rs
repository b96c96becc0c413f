//! The wall clock that drives a served estate. Does IO: reads the clock, sleeps.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::{ServeError, Shared, until};

/// Longest pause between two looks at the clock, so that requests see a time that is never far off.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What moves the estate's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockSource {
    /// The wall clock.
    Wall,
    /// Only [`Shared::advance`] and the admin endpoint: tests.
    Manual,
}

/// Keeps the estate at the wall clock until it is to stop.
pub(super) async fn run(shared: Shared, stopped: watch::Receiver<bool>) -> Result<(), ServeError> {
    let stop = until(stopped);
    tokio::pin!(stop);
    loop {
        shared.advance_to(Timestamp::now());
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = tokio::time::sleep(LONGEST_PAUSE) => {}
        }
    }
}
