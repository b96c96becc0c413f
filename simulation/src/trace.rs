//! What happened, in order: a digest of every line, and the lines themselves for whoever wants to read them. No IO of its own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::clock::VirtualClock;

/// Takes the lines of a trace.
pub type Sink = Box<dyn FnMut(&str) + Send>;

/// The trace of one run; clones write to the same one.
#[derive(Clone)]
pub struct Trace {
    clock: VirtualClock,
    state: Arc<Mutex<State>>,
}

struct State {
    digest: Sha256,
    lines: u64,
    sink: Option<Sink>,
}

impl Trace {
    /// An empty trace on a clock.
    pub fn new(clock: VirtualClock, sink: Option<Sink>) -> Self {
        Self { clock, state: Arc::new(Mutex::new(State { digest: Sha256::new(), lines: 0, sink })) }
    }

    /// Adds a line: who, and what.
    pub fn tell(&self, who: &str, what: impl fmt::Display) {
        let line = format!("{} {who}: {what}", self.clock.now());
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.digest.update(line.as_bytes());
        state.digest.update(b"\n");
        state.lines += 1;
        if let Some(sink) = &mut state.sink {
            sink(&line);
        }
    }

    /// Number of lines so far.
    pub fn lines(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).lines
    }

    /// Digest of all lines so far, in hexadecimal.
    pub fn digest(&self) -> String {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = state.digest.clone().finalize();
        digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("lines", &self.lines()).finish_non_exhaustive()
    }
}
