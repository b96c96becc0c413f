//! Notices that the API server's store was put back to an earlier state (etcd restored from a backup). Network IO.
//!
//! Watches that go on from before then stand in the restored store's future: the API server tells them nothing until it has come as
//! far again. An operator that is blind so must not be the reason why a restored migration is not held; and what a migration would do
//! next in the cloud, it would do for a past that is over. So every live list is compared with those before it, nothing is decided on
//! one that went back, and the operator ends: its next start begins with what is there, and agents have told what they remember by then.

use std::time::Duration;

use crds::SyncTopology;

use crate::cluster::KubeCluster;

/// How often the store is asked how far it has come, where nobody lists anything: the cost is one short list.
pub const EVERY: Duration = Duration::from_secs(10);

/// How long a leader that noticed keeps the others from leading: longer than the heartbeat of an agent, with which it notices too.
pub const QUIET: Duration = Duration::from_secs(20);

/// Longest wait for one answer.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Resolves once the store has been put back. An API server that does not answer is asked again.
pub async fn noticed(cluster: &KubeCluster, every: Duration) {
    let ask = async {
        loop {
            let asked = tokio::time::timeout(LONGEST_WAIT, cluster.look_at_store::<SyncTopology>()).await;
            if let Ok(Err(error)) = asked {
                tracing::debug!(%error, "how far the store has come is not known");
            }
            tokio::time::sleep(every).await;
        }
    };
    tokio::select! {
        () = cluster.put_back() => {}
        () = ask => {}
    }
    tracing::error!(
        "the API server's store was put back to an earlier state: what was seen before is of another time"
    );
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::Router;
    use axum::extract::State;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse as _, Response};
    use crds::Migration;
    use serde_json::json;

    use super::*;
    use crate::cluster::Cluster as _;

    /// What the API server says each time; none is a failure.
    const SAYS: [Option<&str>; 6] = [Some("40"), Some("41"), None, Some("41"), Some("300"), Some("9")];

    async fn answer(State(asked): State<Arc<AtomicUsize>>) -> Response {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        match SAYS.get(number).copied().flatten() {
            None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Some(version) => axum::Json(json!({
                "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList",
                "metadata": { "resourceVersion": version }, "items": [],
            }))
            .into_response(),
        }
    }

    #[tokio::test]
    async fn a_store_that_goes_back_is_noticed_and_one_that_fails_is_not() {
        let asked = Arc::new(AtomicUsize::new(0));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&asked));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = kube::Client::try_from(kube::Config::new(url.parse().unwrap())).unwrap();
        let cluster = KubeCluster::new(client, "test", Vec::new());
        noticed(&cluster, Duration::from_millis(1)).await;
        let so_far = asked.load(Ordering::SeqCst);
        assert_eq!(so_far, SAYS.len());
        // Nothing is decided on what is listed then.
        asked.store(SAYS.len() - 1, Ordering::SeqCst);
        let listed = cluster.list::<SyncTopology>(None).await.unwrap_err();
        assert!(
            listed.to_string().contains("expected the API server's store at resource version 300"),
            "{listed}"
        );
        asked.store(0, Ordering::SeqCst);
        cluster.list::<Migration>(None).await.unwrap();
    }
}
