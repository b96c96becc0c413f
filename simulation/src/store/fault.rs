//! How the store fails. Pure.

use jiff::Timestamp;

use super::write::Part;

/// What is asked of the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Reads one object.
    Get,
    /// Reads all objects of a kind.
    List,
    /// Waits for changes.
    Watch,
    /// Creates an object.
    Create,
    /// Replaces an object, or its status.
    Update,
    /// Changes an object, or its status.
    Patch,
    /// Deletes an object.
    Delete,
}

impl Verb {
    /// Whether it changes something.
    pub fn is_write(self) -> bool {
        !matches!(self, Self::Get | Self::List | Self::Watch)
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// When, by the store's clock.
    pub at: Timestamp,
    /// Who asks.
    pub user: String,
    /// What is asked.
    pub verb: Verb,
    /// Kind of the object.
    pub kind: String,
    /// Its namespace; empty for all of them, or for an object of the whole cluster.
    pub namespace: String,
    /// Its name; empty for a list.
    pub name: String,
    /// Which part of it.
    pub part: Part,
}

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done; the answer says to come back (503).
    Unavailable,
    /// Nothing is done; somebody else seems to have written in between (409).
    Conflict,
    /// Nothing is done; the user may not (403).
    Forbidden,
    /// It is done, and the answer is lost (504).
    TimeoutAfterWrite,
    /// Nothing is done, and no answer ever comes: who asks is stuck, or is killed there.
    Silence,
    /// It is done, and no answer ever comes.
    SilenceAfterWrite,
    /// A read is answered from this many changes ago, as far back as they are remembered. A write is carried out as asked.
    Stale(usize),
}

/// Decides for each request whether and how it fails.
pub trait FaultPlan: Send {
    /// The fault of this request, if it has one.
    fn fault(&mut self, request: &Request) -> Option<Fault>;
}

impl<F: FnMut(&Request) -> Option<Fault> + Send> FaultPlan for F {
    fn fault(&mut self, request: &Request) -> Option<Fault> {
        self(request)
    }
}
