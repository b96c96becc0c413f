//! The control plane that all tests of one binary share. Starting one takes seconds; tests keep apart by namespace.

use tokio::sync::OnceCell;

use super::ControlPlane;
use super::error::{Error, Result};

/// Kept for the whole life of the process. Statics are never dropped: the control plane stops because the process
/// ends, see [`super::processes`].
static SHARED: OnceCell<Result<ControlPlane>> = OnceCell::const_new();

/// The control plane of this process, started by whoever asks first.
///
/// # Errors
/// Where it could not be started. It is not tried again: every test says so at once.
pub async fn shared() -> Result<&'static ControlPlane> {
    SHARED.get_or_init(ControlPlane::start).await.as_ref().map_err(Error::Shared)
}
