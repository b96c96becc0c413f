//! The Microsoft side inside this process: the estate, reached by the product through its own narrow traits. Writes files only where the
//! estate exports a configuration.

mod graph_road;
mod host_road;

use std::sync::{Arc, Mutex, PoisonError};

use estate::serve::Running;

pub use graph_road::{Door, GRAPH_URL, LOGIN_URL};
pub use host_road::{Deed, Deeds, HostRoad};

/// The estate and its Graph; clones are the same one.
#[derive(Debug, Clone)]
pub struct Microsoft(Arc<Mutex<Running>>);

impl Microsoft {
    /// Takes an estate over.
    pub fn new(running: Running) -> Self {
        Self(Arc::new(Mutex::new(running)))
    }

    /// Looks at it, or changes it.
    pub fn with<T>(&self, act: impl FnOnce(&mut Running) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
