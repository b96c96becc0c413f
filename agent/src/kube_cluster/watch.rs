//! The SyncAgent as last seen, kept up to date by a watch. Does network IO.

use std::sync::{Arc, Mutex, PoisonError};

use futures::{Stream, StreamExt as _};
use kube::api::{Api, DynamicObject};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{self, watch_object};
use serde_json::Value;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

/// `None`: never seen; `Some(None)`: it does not exist.
type Seen = Option<Option<Value>>;

/// A watched object; the watch ends when this is dropped.
#[derive(Debug)]
pub(super) struct Watched {
    latest: Latest,
    anew: Arc<Notify>,
    task: AbortHandle,
}

/// The object as it is known, and whether its reader has looked at it since it changed.
#[derive(Debug)]
struct Latest {
    sender: watch::Sender<Seen>,
    /// Remembers what was looked at: what changes while the agent works is not slept over.
    reader: Mutex<watch::Receiver<Seen>>,
}

impl Watched {
    /// Starts to watch.
    pub(super) fn start(api: Api<DynamicObject>, name: &str) -> Self {
        let name = name.to_owned();
        Self::follow(move || watch_object(api.clone(), &name).default_backoff())
    }

    /// Follows what is heard from a watch, and from another one each time it is to begin anew.
    fn follow<S>(listen: impl Fn() -> S + Send + 'static) -> Self
    where
        S: Stream<Item = watcher::Result<Option<DynamicObject>>> + Send,
    {
        let (latest, anew) = (Latest::new(), Arc::new(Notify::new()));
        let (sender, asked) = (latest.sender.clone(), Arc::clone(&anew));
        let task = tokio::spawn(async move {
            loop {
                let heard = listen().for_each(|event| {
                    match event {
                        Ok(object) => {
                            see(&sender, object.and_then(|object| serde_json::to_value(object).ok()));
                        }
                        Err(error) => tracing::warn!(%error, "the watch was interrupted"),
                    }
                    std::future::ready(())
                });
                tokio::select! {
                    () = heard => return,
                    () = asked.notified() => sender.send_replace(None),
                };
            }
        });
        Self { latest, anew, task: task.abort_handle() }
    }

    /// Forgets what was seen, and watches from the beginning: the API server's store is not the one that it was.
    pub(super) fn begin_anew(&self) {
        self.anew.notify_one();
    }

    /// What was seen last; [`Self::changed`] is about what comes after it.
    pub(super) fn look(&self) -> Seen {
        self.latest.look()
    }

    /// Returns when something new has been seen since the last look, also if that was before this call.
    pub(super) async fn changed(&self) {
        self.latest.changed().await;
    }

    /// Takes note of what this process wrote itself.
    pub(super) fn wrote(&self, object: Value) {
        self.latest.wrote(object);
    }
}

impl Latest {
    fn new() -> Self {
        let (sender, reader) = watch::channel(None);
        Self { sender, reader: Mutex::new(reader) }
    }

    fn look(&self) -> Seen {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.borrow_and_update().clone()
    }

    async fn changed(&self) {
        // A clone has looked at what the original has looked at.
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // The sender lives in `self`: it cannot be gone.
        let _ = reader.changed().await;
    }

    /// An own write is no news, unless what it came back with holds a spec that was not seen yet: the watch will not tell of that
    /// one again, it is older.
    fn wrote(&self, object: Value) {
        self.sender.send_if_modified(|latest| {
            if !is_newer(latest, &object) {
                return false;
            }
            let known = latest.as_ref().and_then(Option::as_ref);
            let news = known.is_none_or(|known| {
                known["metadata"]["generation"] != object["metadata"]["generation"]
                    || known["metadata"]["uid"] != object["metadata"]["uid"]
            });
            *latest = Some(Some(object));
            news
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
    use futures::FutureExt as _;
    use serde_json::json;

    fn object(uid: &str, version: &str) -> Value {
        with_generation(uid, version, 1)
    }

    fn with_generation(uid: &str, version: &str, generation: i64) -> Value {
        json!({"metadata": {"uid": uid, "resourceVersion": version, "generation": generation}})
    }

    fn has_news(latest: &Latest) -> bool {
        latest.changed().now_or_never().is_some()
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

    #[test]
    fn what_is_seen_while_the_agent_works_is_not_slept_over() {
        let latest = Latest::new();
        see(&latest.sender, Some(object("a", "1")));
        assert_eq!(latest.look(), Some(Some(object("a", "1"))));
        assert!(!has_news(&latest), "it was looked at");
        // The agent works, and does not wait, when the next command arrives.
        see(&latest.sender, Some(object("a", "2")));
        assert!(has_news(&latest));
        assert!(has_news(&latest), "until it is looked at");
        latest.look();
        assert!(!has_news(&latest));
    }

    #[test]
    fn an_own_write_is_no_news_unless_a_new_command_came_back_with_it() {
        let latest = Latest::new();
        see(&latest.sender, Some(object("a", "1")));
        latest.look();
        latest.wrote(object("a", "2"));
        assert!(!has_news(&latest));
        assert_eq!(latest.look(), Some(Some(object("a", "2"))));
        // The operator wrote the spec (3) just before this status (4): the watch's 3 is older than what is known.
        latest.wrote(with_generation("a", "4", 2));
        see(&latest.sender, Some(with_generation("a", "3", 2)));
        assert!(has_news(&latest));
        assert_eq!(latest.look(), Some(Some(with_generation("a", "4", 2))));
    }

    #[tokio::test]
    async fn a_watch_that_begins_anew_hears_what_is_older_than_what_was_known() {
        let heard = Arc::new(Mutex::new(vec![4_u64, 10]));
        let watched = Watched::follow(move || {
            let version = heard.lock().unwrap().pop().unwrap().to_string();
            let object = serde_json::from_value(object("a", &version)).unwrap();
            futures::stream::iter([Ok(Some(object))]).chain(futures::stream::pending())
        });
        let until = async |version: &str| {
            while watched.look().flatten().is_none_or(|seen| seen["metadata"]["resourceVersion"] != version) {
                watched.changed().await;
            }
        };
        until("10").await;
        watched.begin_anew();
        until("4").await;
    }
}
