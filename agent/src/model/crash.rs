//! A process that is killed at a chosen point: after the n-th thing that leaves a trace outside it.

use std::sync::{Arc, Mutex};

/// Shared by everything that can be the point.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crash(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    at: Option<usize>,
    passed: usize,
    crashed: bool,
}

impl Crash {
    /// Kills the process after so many more points.
    pub(crate) fn after(&self, points: usize) {
        *self.0.lock().unwrap() = State { at: Some(points), passed: 0, crashed: false };
    }

    /// Never again.
    pub(crate) fn disarm(&self) {
        *self.0.lock().unwrap() = State::default();
    }

    pub(crate) fn has_crashed(&self) -> bool {
        self.0.lock().unwrap().crashed
    }

    /// A point; true when the process is dead from here on.
    pub(crate) fn point(&self) -> bool {
        let mut state = self.0.lock().unwrap();
        state.passed += 1;
        state.crashed |= state.at == Some(state.passed);
        state.crashed
    }
}
