//! `/synchronization/secrets`: read, and replaced as a whole. No IO.

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Graph, act, settled};
use crate::estate::Estate;
use crate::graph::audit_logs::Activity;
use crate::graph::call::Call;
use crate::graph::dispatch::unknown;
use crate::graph::error::GraphError;
use crate::graph::message::GraphResponse;

/// Members of `synchronizationSecret`. Source: Microsoft Graph v1.0 metadata, 2026-08.
const KEYS: [&str; 45] = [
    "None",
    "UserName",
    "Password",
    "SecretToken",
    "AppKey",
    "BaseAddress",
    "ClientIdentifier",
    "ClientSecret",
    "SingleSignOnType",
    "Sandbox",
    "Url",
    "Domain",
    "ConsumerKey",
    "ConsumerSecret",
    "TokenKey",
    "TokenExpiration",
    "Oauth2AccessToken",
    "Oauth2AccessTokenCreationTime",
    "Oauth2RefreshToken",
    "SyncAll",
    "InstanceName",
    "Oauth2ClientId",
    "Oauth2ClientSecret",
    "CompanyId",
    "UpdateKeyOnSoftDelete",
    "SynchronizationSchedule",
    "SystemOfRecord",
    "SandboxName",
    "EnforceDomain",
    "SyncNotificationSettings",
    "SkipOutOfScopeDeletions",
    "Oauth2AuthorizationCode",
    "Oauth2RedirectUri",
    "ApplicationTemplateIdentifier",
    "Oauth2TokenExchangeUri",
    "Oauth2AuthorizationUri",
    "AuthenticationType",
    "Server",
    "PerformInboundEntitlementGrants",
    "HardDeletesEnabled",
    "SyncAgentCompatibilityKey",
    "SyncAgentADContainer",
    "ValidateDomain",
    "TestReferences",
    "ConnectionString",
];

/// Serves `/synchronization/secrets`.
pub(super) fn dispatch(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
    principal: Uuid,
    rest: &[&str],
) -> Result<GraphResponse, GraphError> {
    match (&call.request.method, rest) {
        (&Method::GET, []) => {
            let held = settled(graph, estate, principal)?;
            let secrets = held
                .visible_secrets()
                .into_iter()
                .map(|(key, value)| json!({"key": key, "value": value}))
                .collect();
            let fragment = format!("servicePrincipals('{principal}')/synchronization/secrets");
            Ok(GraphResponse::ok(Value::Object(call.collection_body(&fragment, secrets))))
        }
        (&Method::GET, ["$count"]) => {
            let count = settled(graph, estate, principal)?.visible_secrets().len();
            Ok(GraphResponse::text(count.to_string()))
        }
        (&Method::PUT, []) => {
            let secrets = read(call)?;
            act(graph, estate, |cloud, world, now| cloud.put_secrets(principal, secrets, world, now))?;
            graph.audits.note(estate, call, Activity::UpdateSecrets, principal, "");
            Ok(GraphResponse::no_content())
        }
        (_, []) => Err(GraphError::MethodNotAllowed),
        _ => Err(unknown(rest)),
    }
}

fn read(call: &Call<'_>) -> Result<Vec<(String, String)>, GraphError> {
    let malformed =
        |detail: String| GraphError::BadRequest(format!("Invalid synchronization secrets: {detail}."));
    let body = call.body()?;
    let list = body.get("value").and_then(Value::as_array);
    let list = list.ok_or_else(|| malformed("expected a list named value".to_owned()))?;
    let mut secrets: Vec<(String, String)> = Vec::new();
    for entry in list {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let (Some(key), Some(value)) = (text("key"), text("value")) else {
            return Err(malformed("every entry needs a key and a value, both text".to_owned()));
        };
        let known = KEYS.iter().find(|known| known.eq_ignore_ascii_case(key));
        let known =
            known.ok_or_else(|| malformed(format!("'{key}' is not a member of synchronizationSecret")))?;
        if secrets.iter().any(|(given, _)| given == known) {
            return Err(malformed(format!("'{key}' is given twice")));
        }
        secrets.push(((*known).to_owned(), value.to_owned()));
    }
    Ok(secrets)
}
