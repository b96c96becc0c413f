//! Rotation ends every token, also of somebody who tries to get a new one while it goes on. Network IO.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tests::demo::NAMESPACE;
use tests::until;

use super::cluster::{JSON, LIMIT, ask, own, shared};

/// Whoever holds the old token does what would keep them in: ask for a token without pause. Gives all that they got.
async fn clinging(holder: kube::Client, over: Arc<AtomicBool>) -> Vec<String> {
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 604_800}});
    let mut tokens = Vec::new();
    while !over.load(Ordering::Acquire) {
        let path = own("v1", "serviceaccounts/rotated/token");
        let answer = ask(&holder, "POST", &path, JSON, Some(&request)).await;
        if answer.code < 300 {
            tokens.push(answer.object()["status"]["token"].as_str().unwrap().to_owned());
        }
        // Pauses for the length of an answer, so that the API server is not all theirs.
        tokio::task::yield_now().await;
    }
    tokens
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_agent_goes_on_with_its_new_token_alone() {
    let cluster = shared().await;
    let admin = cluster.admin().await;
    let (old, holder) = cluster.join("rotated").await;
    let path = own("hybrididentity.dev/v1alpha1", "syncagents/rotated");
    assert_eq!(ask(&holder, "GET", &path, JSON, None).await.code, 200);
    let over = Arc::new(AtomicBool::new(false));
    let thief = tokio::spawn(clinging(holder.clone(), over.clone()));

    let new = cli::rotate::rotate(&admin, NAMESPACE, "rotated").await.unwrap();
    assert_ne!(new, old);
    over.store(true, Ordering::Release);
    let stolen = thief.await.unwrap();
    assert!(!stolen.is_empty(), "the test was to ask for tokens from the beginning on");

    // The new one works for all that an agent does.
    let fresh = cluster.holder(&new).await;
    assert_eq!(ask(&fresh, "GET", &path, JSON, None).await.code, 200);
    let renew = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 604_800}});
    let renewed = ask(&fresh, "POST", &own("v1", "serviceaccounts/rotated/token"), JSON, Some(&renew)).await;
    assert!(renewed.code < 300, "{renewed:?}");

    // No other does, not even the last one that was got.
    for (token, what) in stolen.iter().rev().take(5).map(|token| (token, "stolen")).chain([(&old, "old")]) {
        let holder = cluster.holder(token).await;
        until(&format!("the {what} token to be refused"), LIMIT, async || {
            Ok((ask(&holder, "GET", &path, JSON, None).await.code == 401).then_some(()))
        })
        .await
        .unwrap();
    }
    let row = cli::list::list(&admin, Some(NAMESPACE)).await.unwrap();
    let row = row.into_iter().find(|row| row.name == "rotated").unwrap();
    assert!(row.has_account && row.revoked.is_none());
}
