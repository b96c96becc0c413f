//! Server-side apply, as far as this project uses it: always with force, a list is one value. Pure.

use serde_json::{Map, Value};

use super::kind::Kind;
use super::object::meta_mut;
use super::refusal::Refusal;
use super::state::State;
use super::write::{self, Part};

impl State {
    /// Creates the object or sets the fields that are given; removes those that the same manager gave before and gives no more.
    ///
    /// # Errors
    /// As creating and replacing.
    pub(super) fn apply(
        &mut self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        manager: &str,
        mut object: Value,
    ) -> Result<Value, Refusal> {
        if let Some(fields) = meta_mut(&mut object) {
            fields.entry("name").or_insert_with(|| name.into());
        }
        let key = write::key(kind, namespace, name);
        let stored = if self.objects.contains_key(&key) {
            let last = self.applied.get(&(key.clone(), manager.to_owned())).unwrap_or(&Value::Null);
            let patch = change(last, &object);
            self.merge(kind, namespace, name, &patch, Part::Main)?
        } else {
            self.create(kind, namespace, object.clone())?
        };
        self.applied.insert((key, manager.to_owned()), object);
        Ok(stored)
    }
}

/// The merge patch that sets what is given and takes back what is given no more.
fn change(last: &Value, next: &Value) -> Value {
    let (Some(before), Some(after)) = (last.as_object(), next.as_object()) else { return next.clone() };
    let mut patch = Map::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, value) in after {
        patch.insert(name.clone(), change(before.get(name).unwrap_or(&Value::Null), value));
    }
    Value::Object(patch)
}
