//! Tokens and accounts. Data.

use serde_json::{Value, json};

use super::super::row::{MARK, Outcome, Row};
use super::{EVIL, VICTIM};
use crate::agent_lifecycle::cluster::{at, own};

const TOKENS: Outcome = Outcome::Policy("hybrid-identity-agent-tokens");

fn token(spec: &Value) -> Value {
    json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
}

/// The rows.
pub(super) fn rows() -> Vec<Row> {
    let account = |name: &str| own("v1", &format!("serviceaccounts/{name}"));
    let of = |name: &str| format!("{}/token", account(name));
    let hour = token(&json!({"expirationSeconds": 3600}));
    vec![
        Row::create("gets a token of another agent", of(VICTIM), hour.clone()),
        Row::create("gets a token of the namespace's account", of("default"), hour.clone()),
        Row::create(
            "gets a token of the operator",
            at("v1", "hybrid-identity", "serviceaccounts/hybrid-identity-operator/token"),
            hour,
        ),
        Row::create(
            "gets a token for somebody else than the API server",
            of(EVIL),
            token(&json!({"audiences": ["api://AzureADTokenExchange"], "expirationSeconds": 3600})),
        )
        .ends(TOKENS),
        Row::create(
            "gets a token for the API server and somebody else",
            of(EVIL),
            token(
                &json!({"audiences": ["https://kubernetes.default.svc", "vault"], "expirationSeconds": 3600}),
            ),
        )
        .ends(TOKENS),
        Row::create("gets a token for a year", of(EVIL), token(&json!({"expirationSeconds": 31_536_000})))
            .ends(TOKENS),
        Row::create(
            "gets a token for longer than can be told",
            of(EVIL),
            token(&json!({"expirationSeconds": 4_294_967_296_i64})),
        )
        .ends(TOKENS),
        Row::create(
            "gets a token for a minute, to hide it in the log",
            of(EVIL),
            token(&json!({"expirationSeconds": 60})),
        )
        .ends(Outcome::Invalid),
        Row::create(
            "finds out by a token which Secrets there are",
            of(EVIL),
            token(&json!({"expirationSeconds": 3600,
            "boundObjectRef": {"apiVersion": "v1", "kind": "Secret", "name": "contoso-graph"}})),
        )
        .ends(TOKENS),
        Row::create(
            "finds out by a token which pods there are",
            of(EVIL),
            token(&json!({"expirationSeconds": 3600,
            "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "operator"}})),
        )
        .ends(TOKENS),
        Row::read("reads its own account", account(EVIL)),
        Row::read("lists accounts", own("v1", "serviceaccounts")),
        Row::create(
            "makes an account",
            own("v1", "serviceaccounts"),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": MARK}}),
        ),
        Row::patch("changes its own account", account(EVIL), json!({"secrets": [{"name": "contoso-graph"}]})),
        Row::delete("deletes its own account", account(EVIL)),
        Row::delete("deletes another agent's account", account(VICTIM)),
    ]
}
