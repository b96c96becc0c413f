//! What only a simulation asks of its store: faults, backups, the audit list, the same again from a seed. How it answers requests is
//! compared with an API server in the suite `conformance` of the crate `tests`.

use std::sync::{Arc, Mutex};

use crds::SyncServer;
use futures::FutureExt as _;
use futures::executor::block_on;
use jiff::Timestamp;
use operator::cluster::{Cluster, ClusterError};
use serde_json::{Value, json};

use super::*;

fn store() -> Store {
    Store::new(Arc::new(|| Timestamp::UNIX_EPOCH), 7).unwrap()
}

fn server(name: &str) -> Value {
    json!({
        "apiVersion": "hybrididentity.dev/v1alpha1",
        "kind": "SyncServer",
        "metadata": { "name": name, "namespace": "default" },
        "spec": { "hostName": "sync01.contoso.com" },
    })
}

fn typed(name: &str) -> SyncServer {
    serde_json::from_value(server(name)).unwrap()
}

fn servers() -> Resource {
    Resource::of::<SyncServer>()
}

fn only(verb: Verb, fault: Fault) -> Box<dyn FaultPlan> {
    Box::new(move |request: &Request| (request.verb == verb).then_some(fault))
}

/// The user as the operator sees it: the verbs on JSON have the same names.
fn operator(user: &User) -> &impl Cluster {
    user
}

fn names(store: &Store) -> Vec<String> {
    let objects = store.objects();
    objects.iter().filter_map(|object| object["metadata"]["name"].as_str().map(str::to_owned)).collect()
}

#[test]
fn the_same_seed_gives_the_same_store() {
    let run = || {
        let store = store();
        block_on(store.user("a").create(&servers(), "default", server("s"))).unwrap();
        store.objects()
    };
    assert_eq!(run(), run());
    let other = Store::new(Arc::new(|| Timestamp::UNIX_EPOCH), 8).unwrap();
    block_on(other.user("a").create(&servers(), "default", server("s"))).unwrap();
    assert_ne!(run(), other.objects());
}

#[test]
fn a_request_that_fails_changes_nothing() {
    let store = store();
    let user = store.user("a");
    for (fault, is_it) in [
        (Fault::Unavailable, (|error| matches!(error, ClusterError::Unavailable { .. })) as fn(&_) -> bool),
        (Fault::Conflict, |error| matches!(error, ClusterError::Conflict { .. })),
        (Fault::Forbidden, |error| matches!(error, ClusterError::Forbidden { .. })),
    ] {
        store.set_faults(Some(only(Verb::Create, fault)));
        let version = store.version();
        let error = block_on(operator(&user).create::<SyncServer>(&typed("s"))).unwrap_err();
        assert!(is_it(&error), "{fault:?}: {error:?}");
        assert_eq!((store.version(), names(&store)), (version, vec!["default".to_owned()]));
    }
    store.set_faults(None);
    assert_eq!(block_on(operator(&user).create::<SyncServer>(&typed("s"))), Ok(true));
}

#[test]
fn a_lost_answer_leaves_the_write_behind() {
    let store = store();
    let user = store.user("a");
    store.set_faults(Some(only(Verb::Create, Fault::TimeoutAfterWrite)));
    let error = block_on(operator(&user).create::<SyncServer>(&typed("s"))).unwrap_err();
    assert!(matches!(error, ClusterError::Unavailable { .. }));
    store.set_faults(None);
    assert_eq!(block_on(operator(&user).create::<SyncServer>(&typed("s"))), Ok(false), "it is there");
    let outcomes: Vec<_> = store.take_audit().into_iter().map(|audited| audited.outcome).collect();
    assert_eq!(outcomes, [Outcome::DoneUnknown, Outcome::Refused { code: 409, reason: "AlreadyExists" }]);
    assert_eq!(store.audit(), []);
}

#[test]
fn silence_is_for_ever() {
    let store = store();
    let user = store.user("a");
    for (fault, there) in [(Fault::Silence, false), (Fault::SilenceAfterWrite, true)] {
        store.set_faults(Some(only(Verb::Create, fault)));
        assert_eq!(operator(&user).create::<SyncServer>(&typed("s")).now_or_never(), None);
        assert_eq!(names(&store).contains(&"s".to_owned()), there, "{fault:?}");
    }
}

#[test]
fn a_stale_read_shows_what_was() {
    let store = store();
    let user = store.user("a");
    block_on(operator(&user).create::<SyncServer>(&typed("one"))).unwrap();
    block_on(operator(&user).create::<SyncServer>(&typed("two"))).unwrap();
    store.set_faults(Some(Box::new(|_: &Request| Some(Fault::Stale(1)))));
    let seen: Vec<SyncServer> = block_on(operator(&user).list(None)).unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(block_on(operator(&user).get::<SyncServer>("default", "two")), Ok(None));
    // A write is of the present.
    assert_eq!(block_on(operator(&user).create::<SyncServer>(&typed("two"))), Ok(false));
}

#[test]
fn an_agent_is_told_through_faults_what_it_would_be_told_by_a_server() {
    use agent::cluster::{Cluster as _, ClusterError};
    let store = store();
    let agent = store.user("a").agent(agent::kube_cluster::Names::of("default", "a", "a"));
    assert!(matches!(block_on(agent.lease()), Err(ClusterError::Missing { .. })));
    for (fault, is_transient) in
        [(Fault::Unavailable, true), (Fault::Conflict, true), (Fault::Forbidden, false)]
    {
        store.set_faults(Some(only(Verb::Get, fault)));
        assert_eq!(block_on(agent.lease()).unwrap_err().is_transient(), is_transient, "{fault:?}");
    }
}

#[test]
fn a_backup_brings_back_objects_and_versions() {
    let store = store();
    let user = store.user("a");
    block_on(operator(&user).create::<SyncServer>(&typed("kept"))).unwrap();
    let mut known: SyncServer = block_on(operator(&user).get("default", "kept")).unwrap().unwrap();
    known.status.get_or_insert_default().observed_generation = 5;
    block_on(user.replace_status(&known)).unwrap();
    let (backup, before) = (store.snapshot(), store.objects());
    let version = store.version();
    block_on(operator(&user).create::<SyncServer>(&typed("later"))).unwrap();

    store.restore(&backup, Restore::Everything);
    assert_eq!((store.objects(), store.version()), (before.clone(), version));
    // Versions are given a second time, so a watch from the lost future must not go on.
    let gone = block_on(user.since(&servers(), "default", version + 1)).unwrap_err();
    assert_eq!(gone.code, 410);

    store.restore(&backup, Restore::WithoutStatus);
    let found: SyncServer = block_on(operator(&user).get("default", "kept")).unwrap().unwrap();
    assert_eq!(found.metadata.uid, known.metadata.uid);
    assert_eq!(found.status.unwrap_or_default().observed_generation, -1);

    store.restore(&backup, Restore::Recreated);
    let found: SyncServer = block_on(operator(&user).get("default", "kept")).unwrap().unwrap();
    assert_ne!(found.metadata.uid, known.metadata.uid);
    assert_eq!(
        (found.metadata.generation, found.status.unwrap_or_default().observed_generation),
        (Some(1), -1)
    );
}

#[test]
fn the_audit_list_tells_who_wrote_what() {
    let store = store();
    let user = store.user("berta");
    block_on(operator(&user).create::<SyncServer>(&typed("s"))).unwrap();
    block_on(operator(&user).get::<SyncServer>("default", "s")).unwrap();
    let audit = store.take_audit();
    let [audited] = audit.as_slice() else { panic!("{audit:?}") };
    let request = &audited.request;
    assert_eq!((request.user.as_str(), request.verb, request.part), ("berta", Verb::Create, Part::Main));
    assert_eq!(
        (request.kind.as_str(), request.namespace.as_str(), request.name.as_str()),
        ("SyncServer", "default", "s")
    );
    assert_eq!(audited.outcome, Outcome::Done);
    store.set_audits_reads(true);
    block_on(operator(&user).get::<SyncServer>("default", "s")).unwrap();
    assert_eq!(store.take_audit().len(), 1);
    // What the store does by itself has a name too.
    let preconditions = Preconditions::default();
    let namespaces = Resource { group: String::new(), plural: "namespaces".to_owned() };
    block_on(user.delete(&namespaces, "", "default", &preconditions)).unwrap();
    let users: Vec<_> = store.take_audit().into_iter().map(|audited| audited.request.user).collect();
    assert_eq!(users, ["berta", CONTROLLERS[1], CONTROLLERS[1]]);
    assert_eq!(store.objects(), Vec::<Value>::new());
}

#[test]
fn a_gate_holds_a_request_until_it_opens() {
    let store = store();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (open, opened) = futures::channel::oneshot::channel::<()>();
    let opened = opened.shared();
    let noted = Arc::clone(&seen);
    store.set_gate(Some(Arc::new(move |request: &Request| {
        noted.lock().unwrap().push(request.verb);
        let opened = opened.clone();
        Box::pin(async move {
            let _closed = opened.await;
        })
    })));
    let user = store.user("a");
    let mut request = Box::pin(operator(&user).get::<SyncServer>("default", "s"));
    assert!((&mut request).now_or_never().is_none());
    open.send(()).unwrap();
    assert_eq!(block_on(request), Ok(None));
    assert_eq!(*seen.lock().unwrap(), [Verb::Get]);
}

#[test]
fn a_definition_that_is_not_understood_is_no_definition() {
    use super::schema::compile;
    for (schema, words) in [
        (json!({ "type": "string", "not": {} }), "`not`"),
        (json!({ "type": "string", "format": "email" }), "format: email"),
        (
            json!({ "x-kubernetes-validations": [{ "rule": "self ==" }] }),
            "expected a rule that can be evaluated",
        ),
        (
            json!({ "x-kubernetes-validations": [{ "rule": "true", "optionalOldSelf": true }] }),
            "`optionalOldSelf`",
        ),
    ] {
        let problem = compile(&schema, "spec").unwrap_err().to_string();
        assert!(problem.contains(words), "{problem}");
    }
}

#[test]
fn a_function_that_is_not_known_breaks_the_rule_instead_of_passing() {
    use super::schema::{check, compile};
    let schema = json!({ "type": "object", "x-kubernetes-validations": [{ "rule": "unheardOf(self)" }] });
    let schema = compile(&schema, "").unwrap();
    let [cause] = check(&schema, &json!({}), None).try_into().unwrap();
    assert!(cause.message.contains("unheardOf"), "{cause:?}");
}

#[test]
fn a_lease_says_when_it_was_written_and_by_whom_whatever_its_holder_claims() {
    let now = Arc::new(Mutex::new(Timestamp::UNIX_EPOCH));
    let clock = Arc::clone(&now);
    let store = Store::new(Arc::new(move || *clock.lock().unwrap()), 7).unwrap();
    let leases = Resource { group: "coordination.k8s.io".to_owned(), plural: "leases".to_owned() };
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": "l", "namespace": "default" },
    });
    let mut written = block_on(store.user("operator").create(&leases, "default", lease)).unwrap();
    *now.lock().unwrap() = "2026-11-23T10:00:00Z".parse().unwrap();
    written["spec"]["renewTime"] = json!("2099-01-01T00:00:00.000000Z");
    written["metadata"]["managedFields"] = json!([{ "manager": "sync01", "time": "2099-01-01T00:00:00Z" }]);
    let agent = store.user("sync01");
    let written = block_on(agent.update(&leases, "default", "l", Part::Main, written)).unwrap();
    let notes = written["metadata"]["managedFields"].as_array().unwrap();
    let notes: Vec<_> = notes.iter().map(|note| (note["manager"].as_str(), note["time"].as_str())).collect();
    assert_eq!(
        notes,
        [(Some("operator"), Some("1970-01-01T00:00:00Z")), (Some("sync01"), Some("2026-11-23T10:00:00Z"))]
    );
    // A write that changes nothing is none.
    let again = block_on(agent.update(&leases, "default", "l", Part::Main, written.clone())).unwrap();
    assert_eq!(again, written);
}
