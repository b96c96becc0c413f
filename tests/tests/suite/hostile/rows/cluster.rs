//! The cluster around: events, workloads, nodes, definitions, policies. Data.

use serde_json::{Value, json};

use super::super::row::{MARK, Outcome, Row};
use super::EVIL;
use crate::agent_lifecycle::cluster::own;

const AGENTS: Outcome = Outcome::Policy("hybrid-identity-agents");
const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";

fn lease(change: &Value) -> Value {
    let mut metadata = json!({"name": EVIL});
    metadata.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": {"holderIdentity": "evil01"}})
}

/// Notes of many field managers, which would be kept with the object.
fn managers(operation: &str) -> Value {
    let one = |index: usize| {
        json!({"manager": format!("evil-mark-{index}"), "operation": operation, "apiVersion": "coordination.k8s.io/v1",
            "time": "2099-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:holderIdentity": {}}}})
    };
    json!({"managedFields": (0..40).map(one).collect::<Vec<_>>()})
}

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    let crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let own_lease = own("coordination.k8s.io/v1", &format!("leases/{EVIL}"));
    let regarding = json!({"kind": "Migration", "apiVersion": "hybrididentity.dev/v1alpha1", "name": "contoso-scope-pilot-1", "namespace": "identity"});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": MARK}, "spec": {
        "serviceAccountName": "victim01", "containers": [{"name": "evil", "image": "evil"}]}});
    let named = |kind: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": MARK}});
    let labelled = json!({"metadata": {"labels": {"by": MARK}}});
    vec![
        Row::create(
            "makes an event",
            own("v1", "events"),
            json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": MARK},
            "involvedObject": regarding, "reason": "Completed", "type": "Normal"}),
        ),
        Row::create(
            "makes an event of the newer kind",
            own("events.k8s.io/v1", "events"),
            json!({"apiVersion": "events.k8s.io/v1",
            "kind": "Event", "metadata": {"name": MARK}, "regarding": regarding, "reason": "Completed", "type": "Normal",
            "eventTime": "2026-11-21T12:00:00.000000Z", "reportingController": "operator", "reportingInstance": "operator", "action": "Advance"}),
        ),
        Row::read("lists events", own("v1", "events")),
        Row::delete("deletes all events", own("events.k8s.io/v1", "events")),
        Row::create("starts a pod as another agent", own("v1", "pods"), pod),
        Row::read("lists pods", own("v1", "pods")),
        Row::create(
            "runs something in the operator's pod",
            "/api/v1/namespaces/hybrid-identity/pods/operator/exec?command=id".to_owned(),
            json!({}),
        )
        .uncontrolled(),
        Row::read(
            "reads the operator's log",
            "/api/v1/namespaces/hybrid-identity/pods/operator/log".to_owned(),
        )
        .uncontrolled(),
        Row::create(
            "adds a container to the operator's pod",
            "/api/v1/namespaces/hybrid-identity/pods/operator/ephemeralcontainers".to_owned(),
            json!({}),
        )
        .uncontrolled(),
        Row::patch(
            "scales the operator away",
            "/apis/apps/v1/namespaces/hybrid-identity/deployments/hybrid-identity-operator/scale".to_owned(),
            json!({"spec": {"replicas": 0}}),
        )
        .uncontrolled(),
        Row::create("makes a deployment", own("apps/v1", "deployments"), json!({})),
        Row::create("makes a job", own("batch/v1", "jobs"), json!({})),
        Row::create("makes a config map", own("v1", "configmaps"), named("ConfigMap")),
        Row::read("lists config maps", own("v1", "configmaps")),
        Row::read("reads the root certificates", own("v1", "configmaps/kube-root-ca.crt")).uncontrolled(),
        Row::create("makes a service", own("v1", "services"), json!({})),
        Row::create("makes endpoints", own("discovery.k8s.io/v1", "endpointslices"), json!({})),
        Row::create("opens the network", own("networking.k8s.io/v1", "networkpolicies"), json!({})),
        Row::read("lists nodes", "/api/v1/nodes".to_owned()),
        Row::read("reaches through a node", "/api/v1/nodes/any/proxy/pods".to_owned()).uncontrolled(),
        Row::read("lists volumes", "/api/v1/persistentvolumes".to_owned()),
        Row::read("lists namespaces", "/api/v1/namespaces".to_owned()),
        Row::read("reads its namespace", "/api/v1/namespaces/identity".to_owned()),
        Row::create("makes a namespace", "/api/v1/namespaces".to_owned(), named("Namespace")),
        Row::patch("labels its namespace", "/api/v1/namespaces/identity".to_owned(), labelled.clone()),
        Row::delete("deletes its namespace", "/api/v1/namespaces/identity".to_owned()),
        Row::read("lists definitions", crd.to_owned()),
        Row::patch(
            "lifts the bounds of a kind",
            format!("{crd}/syncagents.hybrididentity.dev"),
            labelled.clone(),
        ),
        Row::delete("deletes a kind", format!("{crd}/migrations.hybrididentity.dev")),
        Row::read("reads the policies", format!("{ADMISSION}/validatingadmissionpolicies")),
        Row::patch(
            "changes a policy",
            format!("{ADMISSION}/validatingadmissionpolicies/hybrid-identity-decisions"),
            json!({"spec": {"failurePolicy": "Ignore"}}),
        ),
        Row::delete(
            "deletes a policy",
            format!("{ADMISSION}/validatingadmissionpolicies/hybrid-identity-agents"),
        ),
        Row::delete(
            "unbinds a policy",
            format!("{ADMISSION}/validatingadmissionpolicybindings/hybrid-identity-decisions"),
        ),
        Row::create(
            "has a webhook see every Secret",
            format!("{ADMISSION}/mutatingwebhookconfigurations"),
            json!({}),
        ),
        Row::create(
            "takes an API group over",
            "/apis/apiregistration.k8s.io/v1/apiservices".to_owned(),
            json!({}),
        ),
        Row::read("reads the API server's metrics", "/metrics".to_owned()),
        Row::read("looks into the API server", "/debug/pprof/heap".to_owned()).uncontrolled(),
        Row::put("labels its own Lease", own_lease.clone(), lease(&json!({"labels": {"by": MARK}})))
            .ends(AGENTS),
        Row::put("annotates its own Lease", own_lease.clone(), lease(&json!({"annotations": {"by": MARK}})))
            .ends(AGENTS),
        Row::put(
            "holds its own Lease by a finalizer",
            own_lease.clone(),
            lease(&json!({"finalizers": ["example.com/evil-mark"]})),
        )
        .ends(AGENTS),
        Row::put(
            "gives its own Lease an owner",
            own_lease.clone(),
            lease(&json!({"ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": MARK, "uid": MARK}]})),
        )
        .ends(AGENTS),
        Row::put("swells its Lease with those who apply", own_lease.clone(), lease(&managers("Apply")))
            .ends(AGENTS),
        Row::put("swells its Lease with those who update", own_lease.clone(), lease(&managers("Update")))
            .ends(AGENTS),
        Row::put("frees its own Lease of its owner", own_lease, lease(&json!({"ownerReferences": []})))
            .ends(AGENTS),
    ]
}
