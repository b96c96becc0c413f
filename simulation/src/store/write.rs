//! Creating, replacing, changing and deleting as the API server does it. Pure.

use serde_json::{Map, Value, json};

use super::kind::{Content, Habit, Kind};
use super::object::{Key, content, finalizers, is_deleting, is_subdomain, meta, meta_mut};
use super::refusal::Refusal;
use super::schema::{self, Cause};
use super::state::State;

/// What of `metadata` a user decides.
const OWN: &[&str] = &["labels", "annotations", "finalizers", "ownerReferences"];

/// What of `metadata` only the API server decides.
const SERVER: &[&str] = &[
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generateName",
    "managedFields",
];

/// The most bytes of a Secret or a `ConfigMap`. Source: Kubernetes, "Secrets", restrictions.
const LARGEST: usize = 1_048_576;

/// Which part of an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Everything but the status.
    Main,
    /// The status alone.
    Status,
}

/// What must hold of the object for it to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preconditions {
    /// It has this uid.
    pub uid: Option<String>,
    /// It is of this version.
    pub resource_version: Option<String>,
}

impl State {
    /// Creates an object.
    ///
    /// # Errors
    /// 400, 403, 404, 409 and 422.
    pub(super) fn create(
        &mut self,
        kind: &Kind,
        namespace: &str,
        mut object: Value,
    ) -> Result<Value, Refusal> {
        check_type(kind, &object)?;
        self.check_namespace(kind, namespace, &object)?;
        if !meta(&object, "resourceVersion").is_empty() {
            return Err(Refusal::internal("resourceVersion should not be set on objects to be created"));
        }
        if meta(&object, "name").is_empty() && !meta(&object, "generateName").is_empty() {
            let name = format!("{}{}", meta(&object, "generateName"), self.suffix());
            if let Some(meta) = meta_mut(&mut object) {
                meta.insert("name".to_owned(), name.into());
            }
        }
        let name = meta(&object, "name").to_owned();
        let mut object = decode(kind, object)?;
        if matches!(kind.content, Content::Custom(_))
            && let Some(fields) = object.as_object_mut()
        {
            fields.remove("status");
        }
        complete(kind, &mut object);
        let (uid, created) = (self.uid(), self.instant());
        let given = object["metadata"].clone();
        let mut metadata = Map::new();
        for word in ["name", "generateName"].iter().chain(OWN) {
            if let Some(value) = given.get(*word).filter(|value| !is_empty(value)) {
                metadata.insert((*word).to_owned(), value.clone());
            }
        }
        if kind.namespaced {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
        metadata.insert("uid".to_owned(), uid);
        metadata.insert("creationTimestamp".to_owned(), created);
        if kind.habit == Habit::Generation {
            metadata.insert("generation".to_owned(), 1.into());
        }
        object["metadata"] = Value::Object(metadata);
        let mut causes = name_causes(&name);
        causes.extend(causes_of(kind, &object, None));
        if !causes.is_empty() {
            return Err(Refusal::invalid(&kind.qualified(), &name, causes));
        }
        let key = key(kind, namespace, &name);
        if self.objects.contains_key(&key) {
            return Err(Refusal::already_exists(&kind.resource(), &name));
        }
        if object.get("status").is_some() && matches!(kind.content, Content::Custom(_)) {
            self.fresh.insert(key.clone());
        }
        self.note_manager(kind, &mut object);
        Ok(self.put(key, object))
    }

    /// Replaces a part of an object.
    ///
    /// # Errors
    /// 400, 404, 409 and 422.
    pub(super) fn update(
        &mut self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        object: Value,
        part: Part,
    ) -> Result<Value, Refusal> {
        check_type(kind, &object)?;
        let named = meta(&object, "name");
        if named != name {
            let message =
                format!("the name of the object ({named}) does not match the name on the URL ({name})");
            return Err(Refusal::bad_request(message));
        }
        let key = key(kind, namespace, name);
        let Some(old) = self.objects.get(&key).cloned() else {
            if kind.habit == Habit::Upsert && part == Part::Main {
                return self.create(kind, namespace, object);
            }
            return Err(Refusal::not_found(&kind.resource(), name));
        };
        check_version(kind, &old, &object)?;
        let object = decode(kind, object)?;
        let mut next = merged(kind, &old, object, part);
        complete(kind, &mut next);
        let mut causes = finalizer_causes(&old, &next);
        causes.extend(immutable_causes(kind, &old, &next));
        causes.extend(causes_of(kind, &next, Some(&old)));
        if !causes.is_empty() {
            return Err(Refusal::invalid(&kind.qualified(), name, causes));
        }
        if kind.habit == Habit::Generation && content(&old) != content(&next) {
            raise_generation(&mut next);
        }
        if is_deleting(&next) && finalizers(&next).is_empty() {
            return Ok(self.remove(&key, next));
        }
        // What was filled in when the object was read for the first time is stored by the first write, even if that changes nothing.
        if next == old && !self.fresh.remove(&key) {
            return Ok(old);
        }
        self.fresh.remove(&key);
        self.note_manager(kind, &mut next);
        Ok(self.put(key, next))
    }

    /// Notes who wrote a Lease, and when the write was received: whoever judges by that cannot be deceived by a holder's clock.
    fn note_manager(&self, kind: &Kind, object: &mut Value) {
        if kind.name != "Lease" {
            return;
        }
        let note = json!({
            "manager": self.manager,
            "operation": "Update",
            "apiVersion": kind.api_version(),
            "time": self.instant(),
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {}},
        });
        let Some(meta) = meta_mut(object) else { return };
        let notes = meta.entry("managedFields").or_insert_with(|| Value::Array(Vec::new()));
        if let Some(notes) = notes.as_array_mut() {
            notes.retain(|earlier| earlier["manager"] != note["manager"]);
            notes.push(note);
        }
    }

    /// Changes a part of an object by a merge patch (RFC 7386).
    ///
    /// # Errors
    /// As [`State::update`].
    pub(super) fn merge(
        &mut self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        patch: &Value,
        part: Part,
    ) -> Result<Value, Refusal> {
        let mut object = self.get(kind, &key(kind, namespace, name))?;
        json_patch::merge(&mut object, patch);
        self.update(kind, namespace, name, object, part)
    }

    /// Changes a part of an object by a list of operations (RFC 6902).
    ///
    /// # Errors
    /// As [`State::update`], and 422 where an operation does not fit.
    pub(super) fn operate(
        &mut self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        operations: Value,
        part: Part,
    ) -> Result<Value, Refusal> {
        let mut object = self.get(kind, &key(kind, namespace, name))?;
        let operations: json_patch::Patch =
            serde_json::from_value(operations).map_err(|error| Refusal::bad_request(error.to_string()))?;
        json_patch::patch(&mut object, &operations).map_err(|error| {
            let words = format!("the server rejected our request due to an error in our request: {error}");
            Refusal { message: words, ..Refusal::invalid(&kind.qualified(), name, Vec::new()) }
        })?;
        self.update(kind, namespace, name, object, part)
    }

    /// Deletes an object, or asks for it where finalizers hold it. Gives it back as it is then.
    ///
    /// # Errors
    /// 404 and 409.
    pub(super) fn delete(
        &mut self,
        kind: &Kind,
        namespace: &str,
        name: &str,
        preconditions: &Preconditions,
    ) -> Result<Value, Refusal> {
        let key = key(kind, namespace, name);
        let mut object = self.get(kind, &key)?;
        for (wanted, word) in
            [(&preconditions.uid, "uid"), (&preconditions.resource_version, "resourceVersion")]
        {
            if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != meta(&object, word)) {
                let found = meta(&object, word);
                let why = format!(
                    "the {word} in the precondition ({wanted}) does not match the {word} in record ({found}). The object might have been deleted and then recreated"
                );
                return Err(Refusal::conflict(&kind.resource(), name, &why));
            }
        }
        let holds = !finalizers(&object).is_empty() || self.holds_objects(kind, name);
        if !holds {
            return Ok(self.remove(&key, object));
        }
        if is_deleting(&object) {
            return Ok(object);
        }
        let now = self.instant();
        if kind.habit == Habit::Generation {
            raise_generation(&mut object);
        }
        if let Some(meta) = meta_mut(&mut object) {
            meta.insert("deletionTimestamp".to_owned(), now);
            meta.insert("deletionGracePeriodSeconds".to_owned(), 0.into());
        }
        if kind.name == "Namespace" {
            object["status"] = json!({ "phase": "Terminating" });
        }
        Ok(self.put(key, object))
    }

    fn holds_objects(&self, kind: &Kind, name: &str) -> bool {
        kind.name == "Namespace" && self.objects.keys().any(|key| key.namespace == name)
    }

    fn check_namespace(&self, kind: &Kind, namespace: &str, object: &Value) -> Result<(), Refusal> {
        if !kind.namespaced {
            return Ok(());
        }
        let named = meta(object, "namespace");
        if !named.is_empty() && named != namespace {
            let message =
                "the namespace of the provided object does not match the namespace sent on the request";
            return Err(Refusal::bad_request(message));
        }
        let holder = Key {
            group: String::new(),
            plural: "namespaces".to_owned(),
            namespace: String::new(),
            name: namespace.to_owned(),
        };
        match self.objects.get(&holder) {
            None => Err(Refusal::not_found("namespaces", namespace)),
            Some(holder) if is_deleting(holder) => {
                let why = format!(
                    "unable to create new content in namespace {namespace} because it is being terminated"
                );
                Err(Refusal::forbidden(&kind.resource(), meta(object, "name"), &why))
            }
            Some(_) => Ok(()),
        }
    }
}

/// Where an object of a kind is kept.
pub(super) fn key(kind: &Kind, namespace: &str, name: &str) -> Key {
    Key {
        group: kind.group.clone(),
        plural: kind.plural.clone(),
        namespace: if kind.namespaced { namespace.to_owned() } else { String::new() },
        name: name.to_owned(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

fn check_type(kind: &Kind, object: &Value) -> Result<(), Refusal> {
    if !object["metadata"].is_object() && !object["metadata"].is_null() {
        return Err(Refusal::bad_request("`metadata` must be an object"));
    }
    let (version, name) = (object["apiVersion"].as_str(), object["kind"].as_str());
    if version == Some(kind.api_version().as_str()) && name == Some(kind.name.as_str()) {
        return Ok(());
    }
    let found = format!("{} {}", version.unwrap_or_default(), name.unwrap_or_default());
    Err(Refusal::bad_request(format!(
        "the API version and kind in the data ({found}) do not match the expected ones ({} {})",
        kind.api_version(),
        kind.name
    )))
}

fn check_version(kind: &Kind, old: &Value, object: &Value) -> Result<(), Refusal> {
    let (given, name) = (meta(object, "resourceVersion"), meta(old, "name"));
    let uid = meta(object, "uid");
    if !uid.is_empty() && uid != meta(old, "uid") {
        let why = format!(
            "StorageError: invalid object, Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            meta(old, "uid")
        );
        return Err(Refusal::conflict(&kind.resource(), name, &why));
    }
    if given.is_empty() || given == "0" {
        if kind.habit == Habit::Unconditional {
            return Ok(());
        }
        let cause = Cause {
            field: "metadata.resourceVersion".to_owned(),
            reason: "FieldValueInvalid".to_owned(),
            message: "Invalid value: 0: must be specified for an update".to_owned(),
        };
        return Err(Refusal::invalid(&kind.qualified(), name, vec![cause]));
    }
    if given == meta(old, "resourceVersion") {
        return Ok(());
    }
    let why = "the object has been modified; please apply your changes to the latest version and try again";
    Err(Refusal::conflict(&kind.resource(), name, why))
}

/// Reads what was sent: drops what is unknown, sets what is missing.
fn decode(kind: &Kind, mut object: Value) -> Result<Value, Refusal> {
    match &kind.content {
        Content::Custom(schema) => {
            let names = ["apiVersion", "kind", "metadata"].map(|word| (word, object[word].take()));
            schema::prune(schema, &mut object);
            for (word, value) in names {
                object[word] = value;
            }
            schema::fill(schema, &mut object);
            Ok(object)
        }
        Content::BuiltIn(read) => {
            let words = |problem: String| {
                Refusal::bad_request(format!(
                    "{} in version {:?} cannot be handled as a {}: {problem}",
                    kind.name, kind.version, kind.name
                ))
            };
            read(object).map_err(words)
        }
    }
}

/// What the API server makes of an object once it knows all of it.
fn complete(kind: &Kind, object: &mut Value) {
    match &kind.content {
        Content::Custom(schema) => schema::fill(schema, object),
        Content::BuiltIn(_) => {
            if let Some(texts) = object.as_object_mut().and_then(|fields| fields.remove("stringData")) {
                for (name, text) in texts.as_object().into_iter().flatten() {
                    let bytes =
                        k8s_openapi::ByteString(text.as_str().unwrap_or_default().as_bytes().to_vec());
                    object["data"][name.as_str()] = serde_json::to_value(bytes).unwrap_or_default();
                }
            }
            if kind.name == "Secret" && object["type"].is_null() {
                object["type"] = "Opaque".into();
            }
            if kind.name == "Namespace" && object["status"]["phase"].is_null() {
                object["status"] = json!({ "phase": "Active" });
            }
            if kind.name == "Lease" && object["spec"].is_null() {
                object["spec"] = json!({});
            }
            if let Some(fields) = object.as_object_mut() {
                for word in ["data", "binaryData"] {
                    if fields.get(word).is_some_and(is_empty) {
                        fields.remove(word);
                    }
                }
            }
        }
    }
}

/// The object after the write, before it is looked at.
fn merged(kind: &Kind, old: &Value, new: Value, part: Part) -> Value {
    if part == Part::Status {
        let mut next = old.clone();
        match new.get("status") {
            Some(status) => next["status"] = status.clone(),
            None => drop(next.as_object_mut().and_then(|fields| fields.remove("status"))),
        }
        return next;
    }
    let mut next = new;
    let mut metadata = Map::new();
    for word in SERVER.iter().chain(&["name", "namespace", "resourceVersion"]) {
        if let Some(value) = old["metadata"].get(*word) {
            metadata.insert((*word).to_owned(), value.clone());
        }
    }
    for word in OWN {
        if let Some(value) = next["metadata"].get(*word).filter(|value| !is_empty(value)) {
            metadata.insert((*word).to_owned(), value.clone());
        }
    }
    next["metadata"] = Value::Object(metadata);
    if matches!(kind.content, Content::Custom(_)) || kind.name == "Namespace" {
        match old.get("status") {
            Some(status) => next["status"] = status.clone(),
            None => drop(next.as_object_mut().and_then(|fields| fields.remove("status"))),
        }
    }
    next
}

fn raise_generation(object: &mut Value) {
    let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
    if let Some(meta) = meta_mut(object) {
        meta.insert("generation".to_owned(), generation.saturating_add(1).into());
    }
}

fn causes_of(kind: &Kind, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    if let Content::Custom(schema) = &kind.content {
        return schema::check(schema, object, old);
    }
    let mut causes = Vec::new();
    if matches!(kind.name.as_str(), "Secret" | "ConfigMap") && size(object) > LARGEST {
        causes.push(Cause {
            field: if kind.name == "Secret" { "data" } else { "" }.to_owned(),
            reason: "FieldValueTooLong".to_owned(),
            message: format!("Too long: may not be more than {LARGEST} bytes"),
        });
    }
    causes
}

/// Bytes of all values.
fn size(object: &Value) -> usize {
    let length = |word: &str| -> usize {
        let values = object[word].as_object().into_iter().flatten();
        values.filter_map(|(_, value)| value.as_str()).map(str::len).sum()
    };
    let decoded = |word: &str| -> usize {
        let values = object[word].as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str());
        values.map(|text| text.trim_end_matches('=').len() * 3 / 4).sum()
    };
    let data = if object["kind"] == "Secret" { decoded("data") } else { length("data") };
    data + decoded("binaryData")
}

fn name_causes(name: &str) -> Vec<Cause> {
    let (reason, message) = if name.is_empty() {
        ("FieldValueRequired", "Required value: name or generateName is required".to_owned())
    } else if is_subdomain(name) {
        return Vec::new();
    } else {
        (
            "FieldValueInvalid",
            format!(
                "Invalid value: {name:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
            ),
        )
    };
    vec![Cause { field: "metadata.name".to_owned(), reason: reason.to_owned(), message }]
}

/// Who is being deleted takes no new finalizers.
fn finalizer_causes(old: &Value, next: &Value) -> Vec<Cause> {
    let before = finalizers(old);
    let new: Vec<_> = finalizers(next).into_iter().filter(|name| !before.contains(name)).collect();
    if !is_deleting(old) || new.is_empty() {
        return Vec::new();
    }
    vec![Cause {
        field: "metadata.finalizers".to_owned(),
        reason: "FieldValueForbidden".to_owned(),
        message: format!(
            "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers {new:?}"
        ),
    }]
}

/// A Secret or a `ConfigMap` that was made immutable stays as it is.
fn immutable_causes(kind: &Kind, old: &Value, next: &Value) -> Vec<Cause> {
    if old["immutable"] != Value::Bool(true) || !matches!(kind.name.as_str(), "Secret" | "ConfigMap") {
        return Vec::new();
    }
    let changed =
        ["data", "binaryData", "immutable"].into_iter().filter(|word| old.get(*word) != next.get(*word));
    changed
        .map(|word| Cause {
            field: word.to_owned(),
            reason: "FieldValueForbidden".to_owned(),
            message: "Forbidden: field is immutable when `immutable` is set".to_owned(),
        })
        .collect()
}
