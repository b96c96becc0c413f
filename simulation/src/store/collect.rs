//! What follows a deletion: objects whose owner is gone, and namespaces that are being emptied. Pure.
//!
//! In a cluster the controllers for this lag behind; here they act at once, which is one of the orders that are possible there.

use super::object::{Key, is_deleting, meta, meta_mut};
use super::state::State;
use super::write::Preconditions;

/// The user under which the garbage collector acts.
pub(super) const GARBAGE_COLLECTOR: &str = "system:serviceaccount:kube-system:generic-garbage-collector";

/// The user under which namespaces are emptied.
pub(super) const NAMESPACES: &str = "system:serviceaccount:kube-system:namespace-controller";

impl State {
    /// Whether changes after a version can have left something to collect.
    pub(super) fn may_collect_after(&self, version: u64) -> bool {
        let recent = self.changes.iter().rev().take_while(|change| change.version > version);
        let owners = |object: &Option<serde_json::Value>| {
            object.as_ref().map(|object| object["metadata"]["ownerReferences"].clone())
        };
        recent.into_iter().any(|change| {
            change.after.is_none()
                || is_deleting(&change.last)
                || (change.last["metadata"]["ownerReferences"].is_array()
                    && owners(&change.before) != owners(&change.after))
        })
    }

    /// Goes on until nothing is left to do; gives back who deleted what.
    pub(super) fn collect(&mut self) -> Vec<(&'static str, Key)> {
        let mut done = Vec::new();
        loop {
            let before = self.version;
            for (user, key) in self.doomed() {
                let Some(kind) = self.kinds.find(&key.group, &key.plural) else { continue };
                let deleted = self.delete(&kind, &key.namespace, &key.name, &Preconditions::default());
                if deleted.is_ok() {
                    done.push((user, key));
                }
            }
            self.drop_dangling_references();
            if self.version == before {
                return done;
            }
        }
    }

    /// Objects that are to go and have not been asked to.
    fn doomed(&self) -> Vec<(&'static str, Key)> {
        let mut doomed = Vec::new();
        for (key, object) in &self.objects {
            let namespace = self.namespace(&key.namespace);
            let emptied = namespace.is_some_and(is_deleting);
            if !is_deleting(object) && emptied {
                doomed.push((NAMESPACES, key.clone()));
            } else if !is_deleting(object) && self.is_orphan(key) {
                doomed.push((GARBAGE_COLLECTOR, key.clone()));
            } else if key.plural == "namespaces"
                && is_deleting(object)
                && !self.objects.keys().any(|other| other.namespace == key.name)
            {
                doomed.push((NAMESPACES, key.clone()));
            }
        }
        doomed
    }

    fn namespace(&self, name: &str) -> Option<&serde_json::Value> {
        let key = Key {
            group: String::new(),
            plural: "namespaces".to_owned(),
            namespace: String::new(),
            name: name.to_owned(),
        };
        self.objects.get(&key)
    }

    /// Whether it names owners, and none of them is there any more.
    fn is_orphan(&self, key: &Key) -> bool {
        let owners = self.owners(key);
        !owners.is_empty() && owners.iter().all(|there| !there)
    }

    /// For each owner of an object whether it is there. An owner of a kind that the store does not hold counts as there.
    fn owners(&self, key: &Key) -> Vec<bool> {
        let Some(object) = self.objects.get(key) else { return Vec::new() };
        let references = object["metadata"]["ownerReferences"].as_array();
        let is_there = |reference: &serde_json::Value| {
            let text = |word: &str| reference[word].as_str().unwrap_or_default();
            let Some(kind) = self.kinds.of(text("apiVersion"), text("kind")) else { return true };
            let key = super::write::key(&kind, &key.namespace, text("name"));
            self.objects.get(&key).is_some_and(|owner| meta(owner, "uid") == text("uid"))
        };
        references.into_iter().flatten().map(is_there).collect()
    }

    /// An object with an owner left is kept, without the names of those that are gone.
    fn drop_dangling_references(&mut self) {
        let keys: Vec<Key> = self.objects.keys().cloned().collect();
        for key in keys {
            let owners = self.owners(&key);
            if !(owners.contains(&true) && owners.contains(&false)) {
                continue;
            }
            let Some(mut object) = self.objects.get(&key).cloned() else { continue };
            if let Some(references) = meta_mut(&mut object)
                .and_then(|meta| meta.get_mut("ownerReferences"))
                .and_then(serde_json::Value::as_array_mut)
            {
                let mut there = owners.iter();
                references.retain(|_| there.next().copied().unwrap_or(true));
            }
            self.put(key, object);
        }
    }
}
