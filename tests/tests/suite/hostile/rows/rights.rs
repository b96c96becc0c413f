//! What gives rights: roles and bindings, other names, certificates. Data.

use serde_json::json;

use super::super::row::{MARK, Row};
use super::{EVIL, VICTIM};
use crate::agent_lifecycle::cluster::own;

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    let everything = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let to_evil = json!([{"kind": "ServiceAccount", "name": EVIL, "namespace": "identity"}]);
    let bound = |kind: &str, to: &str| {
        json!({"apiVersion": RBAC, "kind": kind, "metadata": {"name": MARK}, "subjects": to_evil,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": to}})
    };
    let csr = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    vec![
        Row::read("reads its own Role", own(RBAC, &format!("roles/{EVIL}"))),
        Row::patch("widens its own Role", own(RBAC, &format!("roles/{EVIL}")), json!({"rules": everything})),
        Row::patch(
            "has its own binding name another Role",
            own(RBAC, &format!("rolebindings/{EVIL}")),
            json!({"subjects": []}),
        ),
        Row::patch(
            "joins another agent's binding",
            own(RBAC, &format!("rolebindings/{VICTIM}")),
            json!({"subjects": to_evil}),
        ),
        Row::delete("deletes another agent's binding", own(RBAC, &format!("rolebindings/{VICTIM}"))),
        Row::create(
            "makes a Role of all rights",
            own(RBAC, "roles"),
            json!({"apiVersion": RBAC, "kind": "Role",
            "metadata": {"name": MARK}, "rules": everything}),
        ),
        Row::create(
            "makes a ClusterRole of all rights",
            format!("/apis/{RBAC}/clusterroles"),
            json!({"apiVersion": RBAC,
            "kind": "ClusterRole", "metadata": {"name": MARK}, "rules": everything}),
        ),
        Row::create(
            "binds itself to the approvers",
            own(RBAC, "rolebindings"),
            bound("RoleBinding", "hybrid-identity-operator-approver"),
        ),
        Row::create(
            "binds itself to the administrators",
            format!("/apis/{RBAC}/clusterrolebindings"),
            bound("ClusterRoleBinding", "cluster-admin"),
        ),
        Row::patch(
            "widens the approvers' role",
            format!("/apis/{RBAC}/clusterroles/hybrid-identity-operator-approver"),
            json!({"rules": everything}),
        ),
        Row::patch(
            "widens the operator's role",
            format!("/apis/{RBAC}/clusterroles/hybrid-identity-operator"),
            json!({"rules": everything}),
        ),
        Row::read("acts as an administrator", own("v1", "secrets/contoso-graph"))
            .acting_as("impersonate-group", "system:masters"),
        Row::read("acts as the operator", own("v1", "secrets/contoso-graph"))
            .acting_as("impersonate-user", "system:serviceaccount:hybrid-identity:hybrid-identity-operator"),
        Row::read("acts as another agent", own("v1", "secrets/victim01-bulk-0"))
            .acting_as("impersonate-user", "system:serviceaccount:identity:victim01"),
        Row::create(
            "asks for a client certificate",
            csr.to_owned(),
            json!({"apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest", "metadata": {"name": MARK}, "spec": {"request": "ZXZpbA==",
            "signerName": "kubernetes.io/kube-apiserver-client", "usages": ["client auth"]}}),
        ),
        Row::read("lists requests for certificates", csr.to_owned()),
        Row::put(
            "approves a request for a certificate",
            format!("{csr}/any/approval"),
            json!({"apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest", "metadata": {"name": "any"}}),
        )
        .uncontrolled(),
        Row::create(
            "asks whose a token is",
            "/apis/authentication.k8s.io/v1/tokenreviews".to_owned(),
            json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": MARK}}),
        ),
        Row::create(
            "asks what others may",
            "/apis/authorization.k8s.io/v1/subjectaccessreviews".to_owned(),
            json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {"user": "anna@contoso.com",
                "resourceAttributes": {"verb": "approve", "resource": "migrations"}}}),
        ),
    ]
}
