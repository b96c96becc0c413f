//! A control plane with the chart applied, and requests of users who have only what they were given. Talks to the API
//! server.

use std::time::Duration;

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tests::control_plane::Error;
use tests::{ControlPlane, api_of, until};
use tokio::sync::OnceCell;

use super::helm;

const LIMIT: Duration = Duration::from_mins(1);

/// Group of the kinds of this project.
pub(super) const GROUP: &str = "hybrididentity.dev";

/// Namespace of the topologies.
pub(super) const TOPOLOGIES: &str = "identity";

/// User name of the operator that the chart installs.
pub(super) const OPERATOR: &str = "system:serviceaccount:hybrid-identity:hybrid-identity-operator";

/// Whether a write is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Kept,
    /// Everything but storing happens.
    DryRun,
}

/// The control plane with the chart, started by whoever asks first.
pub(super) async fn installed() -> &'static ControlPlane {
    static INSTALLED: OnceCell<ControlPlane> = OnceCell::const_new();
    INSTALLED.get_or_init(install).await
}

async fn install() -> ControlPlane {
    let control_plane = ControlPlane::start_local().await.unwrap();
    let client = control_plane.client().await.unwrap();
    for name in [helm::NAMESPACE, TOPOLOGIES] {
        // Pods that are not as restricted as can be are refused here.
        let labels = json!({ "pod-security.kubernetes.io/enforce": "restricted" });
        let metadata = json!({ "name": name, "labels": labels });
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
        apply(&client, &namespace, Write::Kept).await.unwrap();
    }
    for object in helm::template(&[]).unwrap() {
        apply(&client, &object, Write::Kept).await.unwrap();
    }
    in_force(&control_plane).await;
    control_plane
}

/// Waits until the kinds are served and both policies refuse: the API server takes them up a moment after they are
/// made.
async fn in_force(control_plane: &ControlPlane) {
    grant(control_plane, "maker", &[("create", "migrationdecisions"), ("create", "syncagents")]).await;
    let maker = control_plane.client_for("maker", &[]).await.unwrap();
    let mut agent = agent("probe");
    agent["spec"]["command"] = command("probe", 1);
    let (name, decision) = ("hybrid-identity-decisions", decision("probe", "Pause", "somebody"));
    for (name, object) in [("hybrid-identity-commands", agent), (name, decision)] {
        until(&format!("{name} to be in force"), LIMIT, async || {
            let refusal = create(&maker, &object, Write::DryRun).await.err();
            Ok(refusal.is_some_and(|text| text.contains(name)).then_some(()))
        })
        .await
        .unwrap();
    }
}

/// Gives a user verbs on resources of ours in the namespace of the topologies, and waits until they count.
pub(super) async fn grant(control_plane: &ControlPlane, user: &str, rights: &[(&str, &str)]) {
    let client = control_plane.client().await.unwrap();
    let rules: Vec<Value> = rights
        .iter()
        .map(|(verb, resource)| json!({ "apiGroups": [GROUP], "resources": [resource], "verbs": [verb] }))
        .collect();
    let metadata = json!({ "name": format!("of-{user}"), "namespace": TOPOLOGIES });
    let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": rules });
    apply(&client, &role, Write::Kept).await.unwrap();
    bind(&client, user, "Role", &format!("of-{user}")).await;
    for (verb, resource) in rights {
        until(&format!("{user} to have {verb} on {resource}"), LIMIT, async || {
            Ok(may(&client, user, verb, GROUP, resource, TOPOLOGIES).await.then_some(()))
        })
        .await
        .unwrap();
    }
}

/// Binds a user to a role in the namespace of the topologies.
pub(super) async fn bind(client: &Client, user: &str, kind: &str, role: &str) {
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": { "name": format!("{user}-{role}"), "namespace": TOPOLOGIES },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
    });
    apply(client, &binding, Write::Kept).await.unwrap();
}

/// Waits until a user has a verb on migrations.
pub(super) async fn until_granted(client: &Client, user: &str, verb: &str) {
    until(&format!("{user} to have {verb}"), LIMIT, async || {
        Ok(may(client, user, verb, GROUP, "migrations", TOPOLOGIES).await.then_some(()))
    })
    .await
    .unwrap();
}

/// Whether the authorizer would let a user do something; `resource` may be `resource/subresource` and an empty
/// namespace is the whole cluster.
pub(super) async fn may(
    client: &Client,
    user: &str,
    verb: &str,
    group: &str,
    resource: &str,
    namespace: &str,
) -> bool {
    let (resource, subresource) = match resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
        None => (resource, None),
    };
    let attributes = ResourceAttributes {
        verb: Some(verb.to_owned()),
        group: Some(group.to_owned()),
        resource: Some(resource.to_owned()),
        subresource,
        namespace: Some(namespace.to_owned()),
        ..ResourceAttributes::default()
    };
    let review = SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            user: Some(user.to_owned()),
            resource_attributes: Some(attributes),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    };
    let answer = Api::<SubjectAccessReview>::all(client.clone())
        .create(&PostParams::default(), &review)
        .await
        .map_err(Error::kube("asking for a right"))
        .unwrap();
    answer.status.unwrap().allowed
}

fn answer(outcome: kube::Result<DynamicObject>) -> Result<Value, String> {
    match outcome {
        Ok(object) => Ok(serde_json::to_value(object).unwrap()),
        Err(kube::Error::Api(status)) => Err(status.message.clone()),
        Err(error) => panic!("{}", Error::kube("asking the API server")(error)),
    }
}

/// Server-side apply; a field that the schema does not know is an error.
pub(super) async fn apply(client: &Client, object: &Value, write: Write) -> Result<Value, String> {
    let mut parameters = PatchParams::apply("helm").force().validation_strict();
    parameters.dry_run = write == Write::DryRun;
    let name = object["metadata"]["name"].as_str().unwrap();
    answer(api_of(client, object).patch(name, &parameters, &Patch::Apply(object)).await)
}

pub(super) async fn create(client: &Client, object: &Value, write: Write) -> Result<Value, String> {
    let parameters = PostParams { dry_run: write == Write::DryRun, ..PostParams::default() };
    let typed = serde_json::from_value(object.clone()).unwrap();
    answer(api_of(client, object).create(&parameters, &typed).await)
}

/// Replaces an object that was read before.
pub(super) async fn replace(client: &Client, object: &Value) -> Result<Value, String> {
    let name = object["metadata"]["name"].as_str().unwrap();
    let typed = serde_json::from_value(object.clone()).unwrap();
    answer(api_of(client, object).replace(name, &PostParams::default(), &typed).await)
}

/// Changes parts of an object by a merge patch.
pub(super) async fn patch(client: &Client, object: &Value, change: &Value) -> Result<Value, String> {
    let name = object["metadata"]["name"].as_str().unwrap();
    answer(api_of(client, object).patch(name, &PatchParams::default(), &Patch::Merge(change)).await)
}

/// A topology that stays as it is.
pub(super) fn topology(name: &str) -> Value {
    json!({
        "apiVersion": "hybrididentity.dev/v1alpha1",
        "kind": "SyncTopology",
        "metadata": { "name": name, "namespace": TOPOLOGIES },
        "spec": {
            "tenantRef": { "name": "contoso" },
            "scopes": [{ "name": "all", "organizationalUnits": ["OU=All,DC=contoso,DC=com"], "engine": "EntraConnect" }],
            "servers": [{ "name": "sync01" }],
        },
    })
}

/// A SyncAgent without a command.
pub(super) fn agent(name: &str) -> Value {
    json!({
        "apiVersion": "hybrididentity.dev/v1alpha1",
        "kind": "SyncAgent",
        "metadata": { "name": name, "namespace": TOPOLOGIES },
        "spec": { "serverRef": { "name": name } },
    })
}

/// A command that changes nothing on the server.
pub(super) fn command(id: &str, epoch: i64) -> Value {
    json!({ "id": id, "epoch": epoch, "notAfter": "2027-01-01T00:00:00Z", "action": { "readInventory": {} } })
}

/// A decision on the migration `contoso-scope-pilot-1`.
pub(super) fn decision(name: &str, what: &str, decided_by: &str) -> Value {
    let mut spec = json!({
        "migrationRef": { "name": "contoso-scope-pilot-1", "uid": "0a1b" },
        "planDigest": format!("sha256:{}", "0".repeat(64)),
        "decision": what,
        "decidedBy": decided_by,
        "reason": "the pilot has been looked at",
    });
    if what == "SkipStep" {
        spec["step"] = json!("Soak");
    }
    json!({
        "apiVersion": "hybrididentity.dev/v1alpha1",
        "kind": "MigrationDecision",
        "metadata": { "name": name, "namespace": TOPOLOGIES },
        "spec": spec,
    })
}
