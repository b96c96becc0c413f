//! Waiting for something to become true, with a limit and a sentence that says what was waited for. Sleeps only
//! between looks.

use std::time::{Duration, Instant};

use crate::control_plane::{Error, Result};

/// The pause between two looks: short beside what an API server needs for an answer.
const PAUSE: Duration = Duration::from_millis(50);

/// Calls `look` until it gives a value, and hands that back. `what` ends the sentence "waited 10 s for ...".
///
/// # Errors
/// What `look` returns as an error at once; [`Error::Waited`] where there is no value within `limit`.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(value) = look().await? {
            return Ok(value);
        }
        if start.elapsed() >= limit {
            return Err(Error::Waited { what: what.to_owned(), limit });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
