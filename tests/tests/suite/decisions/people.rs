//! Who decides, with which rights, and how a decision is taken. Network IO.

use std::sync::atomic::{AtomicU32, Ordering};

use crds::migration_decision::{Decision, MigrationDecisionSpec, MigrationRef, ProvenBy, decision_name};
use crds::{ContentDigest, Migration, MigrationDecision};
use jiff::Timestamp;
use kube::api::{DeleteParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tests::control_plane::ControlPlane;
use tests::demo::{APPROVER, NAMESPACE};
use tests::{apply, chart};

const BERTA: &str = "berta@contoso.com";
const CARL: &str = "carl@contoso.com";
const ERIK: &str = "erik@contoso.com";

/// Decides in Git, and never talks to the cluster.
pub(super) const DORA: &str = "dora@contoso.com";

/// The GitOps controller's namespace, and its service account.
const GITOPS: [&str; 2] = ["gitops", "kustomize-controller"];

/// Group of roles.
const RBAC: &str = "rbac.authorization.k8s.io";

/// Everybody who decides.
pub(super) struct People {
    /// An approver, bound to the chart's role.
    pub(super) anna: Person,
    /// Another one.
    pub(super) berta: Person,
    /// May approve the first attempt, and nothing else.
    pub(super) carl: Person,
    /// Clears away what is over, by the chart's role for administrators.
    pub(super) erik: Person,
    /// Applies what is in Git.
    pub(super) gitops: Person,
}

impl People {
    pub(super) async fn of(control_plane: &ControlPlane) -> Self {
        let user = async |name: &str| {
            let client = control_plane.client_for(name, &[]).await.unwrap();
            Person { name: name.to_owned(), client }
        };
        let [namespace, account] = GITOPS;
        let gitops = Person {
            name: format!("system:serviceaccount:{namespace}:{account}"),
            client: control_plane.client_for_service_account(namespace, account).await.unwrap(),
        };
        Self {
            anna: user(APPROVER).await,
            berta: user(BERTA).await,
            carl: user(CARL).await,
            erik: user(ERIK).await,
            gitops,
        }
    }
}

/// The roles beside those of the chart, and all bindings but the first approver's, which every installation here has.
pub(super) fn roles() -> Vec<Value> {
    let [namespace, account] = GITOPS;
    let role = |name: &str, rules: Value| {
        let metadata = json!({"name": name, "namespace": NAMESPACE});
        json!({"apiVersion": format!("{RBAC}/v1"), "kind": "Role", "metadata": metadata, "rules": rules})
    };
    let bound = |name: &str, kind: &str, role: &str, subject: Value| {
        json!({
            "apiVersion": format!("{RBAC}/v1"),
            "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role},
            "subjects": [subject],
        })
    };
    let user = |name: &str| json!({"apiGroup": RBAC, "kind": "User", "name": name});
    let of_chart = |name: &str| format!("{}-{name}", chart::RELEASE);
    let group = ["hybrididentity.dev"];
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": namespace}}),
        bound("berta", "ClusterRole", &of_chart("approver"), user(BERTA)),
        bound("erik", "ClusterRole", &of_chart("admin"), user(ERIK)),
        role(
            "approves-the-first-attempt",
            json!([
                {"apiGroups": group, "resources": ["migrationdecisions"], "verbs": ["create"]},
                {
                    "apiGroups": group,
                    "resources": ["migrations"],
                    "verbs": ["approve"],
                    "resourceNames": ["contoso-scope-pilot-1"],
                },
            ]),
        ),
        bound("carl", "Role", "approves-the-first-attempt", user(CARL)),
        role(
            "decides-for-others",
            json!([
                {"apiGroups": group, "resources": ["migrationdecisions"], "verbs": ["get", "create", "patch"]},
                {"apiGroups": group, "resources": ["migrations"], "verbs": ["decideforothers", "approve"]},
            ]),
        ),
        bound(
            "gitops",
            "Role",
            "decides-for-others",
            json!({"kind": "ServiceAccount", "name": account, "namespace": namespace}),
        ),
    ]
}

/// Somebody with rights of their own.
pub(super) struct Person {
    pub(super) name: String,
    client: Client,
}

impl Person {
    /// A decision in their own name on the plan as it is frozen.
    pub(super) fn on(&self, migration: &Migration, decision: Decision) -> Draft<'_> {
        static TAKEN: AtomicU32 = AtomicU32::new(0);
        let name = migration.name_any();
        let number = TAKEN.fetch_add(1, Ordering::Relaxed).to_string();
        let uid = migration.uid().unwrap();
        let spec = MigrationDecisionSpec {
            migration_ref: MigrationRef { name: name.clone(), uid },
            plan_digest: Some(migration.spec.plan_digest.clone()),
            decision,
            step: None,
            decided_by: self.name.clone(),
            proven_by: ProvenBy::Requester,
            reason: format!("{} has looked at it", self.name),
            expires_at: None,
        };
        let mut object =
            MigrationDecision::new(&decision_name(&name.as_str().into(), decision, &number), spec);
        object.metadata.namespace = Some(NAMESPACE.to_owned());
        Draft { person: self, object }
    }

    /// Leaves a step out.
    pub(super) fn skips(&self, migration: &Migration, step: &str) -> Draft<'_> {
        let mut draft = self.on(migration, Decision::SkipStep);
        draft.object.spec.step = Some(step.to_owned());
        draft
    }

    /// Deletes a decision.
    pub(super) async fn deletes(&self, decision: &MigrationDecision) {
        let api: Api<MigrationDecision> = Api::namespaced(self.client.clone(), NAMESPACE);
        api.delete(&decision.name_any(), &DeleteParams::default()).await.unwrap();
    }
}

/// A decision that is not taken yet.
pub(super) struct Draft<'p> {
    person: &'p Person,
    object: MigrationDecision,
}

impl Draft<'_> {
    /// For the plan with this digest.
    pub(super) fn for_plan(mut self, digest: ContentDigest) -> Self {
        self.object.spec.plan_digest = Some(digest);
        self
    }

    /// Void after this instant.
    pub(super) fn until(mut self, end: Timestamp) -> Self {
        self.object.spec.expires_at = Some(end);
        self
    }

    /// As it stands in Git.
    pub(super) fn in_git(mut self) -> Self {
        self.object.spec.proven_by = ProvenBy::Git;
        self
    }

    /// As if somebody else had taken it.
    pub(super) fn in_the_name_of(mut self, name: &str) -> Self {
        name.clone_into(&mut self.object.spec.decided_by);
        self
    }

    /// Creates it.
    pub(super) async fn take(self) -> MigrationDecision {
        self.create().await.unwrap()
    }

    /// Creates it, which the API server must refuse. Gives its words.
    pub(super) async fn turned_away(self) -> String {
        match self.create().await {
            Err(kube::Error::Api(status)) if status.code == 403 => status.message.clone(),
            other => panic!("expected the admission policy to refuse it, found {other:?}"),
        }
    }

    async fn create(&self) -> kube::Result<MigrationDecision> {
        let api: Api<MigrationDecision> = Api::namespaced(self.person.client.clone(), NAMESPACE);
        api.create(&PostParams::default(), &self.object).await
    }

    /// Applies it as a GitOps controller does what it found in Git.
    pub(super) async fn apply(self) -> MigrationDecision {
        let object = serde_json::to_value(&self.object).unwrap();
        let applied = apply(&self.person.client, "kustomize-controller", &object).await.unwrap();
        serde_json::from_value(serde_json::to_value(applied).unwrap()).unwrap()
    }
}

/// The digest that a text names.
pub(super) fn digest_in(text: &str) -> ContentDigest {
    let at = text.find("sha256:").unwrap_or_else(|| panic!("expected a digest, found {text}"));
    let digest: String = text[at..].chars().take("sha256:".len() + 64).collect();
    ContentDigest::try_from(digest).unwrap()
}
