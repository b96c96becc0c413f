//! An in-process Kubernetes API: the store that planner, operator and agents share in a simulation. No IO: time is told by whoever
//! owns it, and everything that is drawn (uids, generated names) comes from a seed.
//!
//! It behaves as the API server does, which the suite `conformance` of the crate `tests` shows: one list of cases runs against
//! both. It holds the kinds of this project with their schemas, defaults, bounds and rules, and of Kubernetes those that the
//! project uses: Namespace, Secret, `ConfigMap`, `ServiceAccount`, Lease, Event and the two of validating admission policies.
//!
//! A user reaches it in three ways: [`User`] has the verbs on JSON and is the operator's [`operator::cluster::Cluster`];
//! [`AgentUser`] is the agent's [`agent::cluster::Cluster`]; [`User::client`] is a [`kube::Client`] whose requests end here, so that
//! everything written for an API server runs on it unchanged.
//!
//! What it does not do:
//! - rights: whoever asks is allowed to, unless a [`FaultPlan`] says otherwise; admission policies are kept and not evaluated
//! - `managedFields` but for the times of who wrote a Lease, and with them conflicts of server-side apply; dry runs; selectors other than by name, namespace and equal labels
//! - pages of a list: it comes whole, which the API permits
//! - deletion of dependents in the foreground or their release as orphans: they always go in the background, and at once
//! - nothing of our definitions is passed over: a word or a rule that cannot be read keeps the store from being made, and a rule that
//!   cannot be evaluated refuses the object. What is compared in a rule is compared in order, also where the schema calls a list a set
//! - objects of Kubernetes' own kinds are read as their types, and of their many bounds only the largest size of a Secret or `ConfigMap` is
//!   checked

mod agent_user;
mod apply;
mod audit;
mod backup;
mod client;
mod collect;
mod fault;
mod kind;
mod object;
mod refusal;
mod schema;
mod state;
#[cfg(test)]
mod tests;
mod user;
mod write;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

pub use agent_user::AgentUser;
pub use audit::{Audited, Outcome};
pub use backup::{Restore, Snapshot};
pub use fault::{Fault, FaultPlan, Request, Verb};
pub use refusal::Refusal;
pub use schema::{Cause, SchemaError};
pub use user::{Failure, Resource, User};
pub use write::{Part, Preconditions};

use collect::{GARBAGE_COLLECTOR, NAMESPACES};
use kind::{Kind, Kinds};
use state::State;

/// Tells the store the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Is waited for before each request: latency, or a place where another actor gets its turn.
pub type Gate = Arc<dyn Fn(&Request) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The store; a clone is the same store.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    inner: Mutex<Inner>,
    now: Now,
    /// Counts changes, for those who wait.
    news: watch::Sender<u64>,
}

struct Inner {
    state: State,
    faults: Option<Box<dyn FaultPlan>>,
    gate: Option<Gate>,
    audit: Vec<Audited>,
    audits_reads: bool,
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Empty, with the namespace `default`.
    ///
    /// # Errors
    /// [`SchemaError`] when a definition of this project cannot be read or one of its rules cannot be evaluated.
    pub fn new(now: Now, seed: u64) -> Result<Self, SchemaError> {
        let state = State::new(Kinds::all()?, seed);
        let inner = Inner { state, faults: None, gate: None, audit: Vec::new(), audits_reads: false };
        let store = Self(Arc::new(Shared { inner: Mutex::new(inner), now, news: watch::Sender::new(0) }));
        store.make_namespace("default");
        Ok(store)
    }

    /// Makes a namespace if there is none of that name. Not a request of anybody: no fault, no audit.
    pub fn make_namespace(&self, name: &str) {
        let object = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name },
        });
        let mut inner = self.inner();
        let Some(kind) = inner.state.kinds.find("", "namespaces") else { return };
        // One that exists is as good.
        drop(inner.state.create(&kind, "", object));
        drop(inner);
        self.tell();
    }

    /// The store as a user sees it.
    pub fn user(&self, name: &str) -> User {
        User::new(self.clone(), name)
    }

    /// Sets how requests fail from now on; `None` for not at all.
    pub fn set_faults(&self, plan: Option<Box<dyn FaultPlan>>) {
        self.inner().faults = plan;
    }

    /// Sets what is waited for before each request.
    pub fn set_gate(&self, gate: Option<Gate>) {
        self.inner().gate = gate;
    }

    /// Whether reads are kept in the audit list too; off at first, since they are many.
    pub fn set_audits_reads(&self, reads: bool) {
        self.inner().audits_reads = reads;
    }

    /// The audit list so far: writes, and whatever failed.
    pub fn audit(&self) -> Vec<Audited> {
        self.inner().audit.clone()
    }

    /// Takes what came to the audit list since it was taken last.
    pub fn take_audit(&self) -> Vec<Audited> {
        std::mem::take(&mut self.inner().audit)
    }

    /// A backup of everything.
    pub fn snapshot(&self) -> Snapshot {
        self.inner().state.snapshot()
    }

    /// Goes back to a backup.
    pub fn restore(&self, snapshot: &Snapshot, how: Restore) {
        let now = (self.0.now)();
        let mut inner = self.inner();
        inner.state.now = now;
        inner.state.restore(snapshot, how);
        drop(inner);
        self.tell();
    }

    /// Forgets the past: whoever resumes a watch from it is sent to list again (410).
    pub fn compact(&self) {
        self.inner().state.compact();
    }

    /// The version that was given last.
    pub fn version(&self) -> u64 {
        self.inner().state.version
    }

    /// Every object that there is, in the order of group, kind, namespace and name: for a judge, who is no user.
    pub fn objects(&self) -> Vec<Value> {
        self.inner().state.objects.values().cloned().collect()
    }

    /// Learns of changes: the value is another after each.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.0.news.subscribe()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.0.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn kind(&self, resource: &Resource) -> Result<Arc<Kind>, Refusal> {
        let unknown =
            || Refusal::not_found("the server could not find the requested resource:", &resource.plural);
        self.inner().state.kinds.find(&resource.group, &resource.plural).ok_or_else(unknown)
    }

    fn gate(&self, request: &Request) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let gate = self.inner().gate.clone();
        gate.map(|gate| gate(request))
    }

    /// Carries a request out, or fails it as planned, and writes down which.
    fn carry_out<T>(
        &self,
        request: Request,
        does: impl FnOnce(&mut State, View) -> Result<T, Refusal>,
    ) -> Result<T, Failure> {
        let mut inner = self.inner();
        let fault = inner.faults.as_mut().and_then(|plan| plan.fault(&request));
        inner.state.now = request.at;
        inner.state.manager.clone_from(&request.user);
        let before = inner.state.version;
        let view = match fault {
            Some(Fault::Stale(changes)) => View::Past(changes),
            _ => View::Present,
        };
        let result = match fault {
            Some(Fault::Unavailable) => {
                Err(Refusal::unavailable("the server is currently unable to handle the request").into())
            }
            Some(Fault::Conflict) => Err(Refusal::conflict(
                &request.kind,
                &request.name,
                "the object has been modified; please apply your changes to the latest version and try again",
            )
            .into()),
            Some(Fault::Forbidden) => {
                let why = format!("User {:?} cannot do this", request.user);
                Err(Refusal::forbidden(&request.kind, &request.name, &why).into())
            }
            Some(Fault::Silence) => Err(Failure::Silence),
            None | Some(Fault::Stale(_) | Fault::TimeoutAfterWrite | Fault::SilenceAfterWrite) => {
                does(&mut inner.state, view).map_err(Failure::Refused)
            }
        };
        let outcome = match (&result, fault) {
            (Ok(_), Some(Fault::TimeoutAfterWrite | Fault::SilenceAfterWrite)) => Outcome::DoneUnknown,
            (Ok(_), _) => Outcome::Done,
            (Err(Failure::Refused(refusal)), _) => {
                Outcome::Refused { code: refusal.code, reason: refusal.reason }
            }
            (Err(Failure::Silence), _) => Outcome::Silence,
        };
        let at = request.at;
        if request.verb.is_write() || inner.audits_reads || !outcome.was_done() || fault.is_some() {
            inner.audit.push(Audited { request, outcome, fault });
        }
        let changed = inner.state.version != before;
        if changed && inner.state.may_collect_after(before) {
            for (user, key) in inner.state.collect() {
                let kind = inner.state.kinds.find(&key.group, &key.plural);
                let request = Request {
                    at,
                    user: user.to_owned(),
                    verb: Verb::Delete,
                    kind: kind.map(|kind| kind.name.clone()).unwrap_or_default(),
                    namespace: key.namespace,
                    name: key.name,
                    part: Part::Main,
                };
                inner.audit.push(Audited { request, outcome: Outcome::Done, fault: None });
            }
        }
        drop(inner);
        if changed {
            self.tell();
        }
        match (result, fault) {
            (Ok(_), Some(Fault::TimeoutAfterWrite)) => Err(Refusal::timeout().into()),
            (Ok(_), Some(Fault::SilenceAfterWrite)) => Err(Failure::Silence),
            (result, _) => result,
        }
    }
}

/// The users under which the store itself acts: garbage collection and the emptying of namespaces.
pub const CONTROLLERS: &[&str] = &[GARBAGE_COLLECTOR, NAMESPACES];

/// What a read sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Present,
    /// What was there this many changes ago.
    Past(usize),
}
