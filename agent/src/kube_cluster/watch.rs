//! The SyncAgent as last seen, kept up to date by a watch. Does network IO.

use futures::StreamExt as _;
use kube::api::{Api, DynamicObject};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::watch_object;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// `None`: never seen; `Some(None)`: it does not exist.
type Seen = Option<Option<Value>>;

/// A watched object; the watch ends when this is dropped.
#[derive(Debug)]
pub(super) struct Watched {
    latest: watch::Sender<Seen>,
    task: AbortHandle,
}

impl Watched {
    /// Starts to watch.
    pub(super) fn start(api: Api<DynamicObject>, name: &str) -> Self {
        let latest = watch::Sender::new(None);
        let sender = latest.clone();
        let stream = watch_object(api, name).default_backoff();
        let task = tokio::spawn(async move {
            let mut stream = std::pin::pin!(stream);
            while let Some(event) = stream.next().await {
                match event {
                    Ok(object) => see(&sender, object.and_then(|object| serde_json::to_value(object).ok())),
                    Err(error) => tracing::warn!(%error, "the watch was interrupted"),
                }
            }
        });
        Self { latest, task: task.abort_handle() }
    }

    /// What was seen last.
    pub(super) fn seen(&self) -> Seen {
        self.latest.borrow().clone()
    }

    /// Returns when something new is seen after this call.
    pub(super) async fn changed(&self) {
        let mut receiver = self.latest.subscribe();
        // The sender lives in `self`: it cannot be gone.
        let _ = receiver.changed().await;
    }

    /// Takes note of what this process wrote itself, which is no news.
    pub(super) fn wrote(&self, object: Value) {
        self.latest.send_if_modified(|latest| {
            if is_newer(latest, &object) {
                *latest = Some(Some(object));
            }
            false
        });
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn see(sender: &watch::Sender<Seen>, object: Option<Value>) {
    sender.send_if_modified(|latest| {
        if let Some(object) = &object
            && !is_newer(latest, object)
        {
            return false;
        }
        *latest = Some(object);
        true
    });
}

/// A watch repeats what was read before the last own write. Source: Kubernetes, KEP-5504 (resource versions can be compared).
fn is_newer(latest: &Seen, object: &Value) -> bool {
    let Some(Some(latest)) = latest else { return true };
    if latest["metadata"]["uid"] != object["metadata"]["uid"] {
        return true;
    }
    let version = |object: &Value| object["metadata"]["resourceVersion"].as_str()?.parse::<u64>().ok();
    match (version(latest), version(object)) {
        (Some(known), Some(found)) => found > known,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(uid: &str, version: &str) -> Value {
        json!({"metadata": {"uid": uid, "resourceVersion": version}})
    }

    #[test]
    fn what_is_older_than_an_own_write_is_no_news() {
        let latest = Some(Some(object("a", "10")));
        assert!(!is_newer(&latest, &object("a", "9")));
        assert!(!is_newer(&latest, &object("a", "10")));
        assert!(is_newer(&latest, &object("a", "11")));
        assert!(is_newer(&latest, &object("b", "3")), "made anew");
        assert!(is_newer(&Some(None), &object("a", "1")), "it did not exist");
        assert!(is_newer(&latest, &object("a", "opaque")));
    }
}
