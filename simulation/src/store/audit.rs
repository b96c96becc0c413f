//! What was asked of the store, and how it ended. Pure.

use super::fault::{Fault, Request};

/// One request and its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// The request.
    pub request: Request,
    /// How it ended.
    pub outcome: Outcome,
    /// The fault that it met.
    pub fault: Option<Fault>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was done, and who asked does not know.
    DoneUnknown,
    /// It was refused.
    Refused {
        /// HTTP status code.
        code: u16,
        /// The API server's word for it.
        reason: &'static str,
    },
    /// It was not done, and no answer was given.
    Silence,
}

impl Outcome {
    /// Whether something was changed, or read.
    pub fn was_done(&self) -> bool {
        matches!(self, Self::Done | Self::DoneUnknown)
    }
}
