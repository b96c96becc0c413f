//! The kinds that the store holds. Pure.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount};
use k8s_openapi::api::events::v1::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::schema::{self, Schema, SchemaError};

/// One kind.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) name: String,
    pub(super) plural: String,
    pub(super) namespaced: bool,
    pub(super) habit: Habit,
    pub(super) content: Content,
}

/// What the API server does with a kind beyond the usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    /// Nothing.
    Usual,
    /// A replacement without `resourceVersion` is taken.
    Unconditional,
    /// A replacement of what does not exist creates it.
    Upsert,
    /// The spec is counted in `metadata.generation`.
    Generation,
}

/// What an object of the kind may hold.
#[derive(Debug)]
pub(super) enum Content {
    /// A kind of this project: schema, rules and the status apart from the rest.
    Custom(Box<Schema>),
    /// A kind of Kubernetes: read as the type and written again, which drops what the type does not know.
    BuiltIn(fn(Value) -> Result<Value, String>),
}

impl Kind {
    /// Resource and group as the API server names them in its messages: `leases.coordination.k8s.io`.
    pub(super) fn resource(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Kind and group as the API server names them when it finds an object invalid: `Lease.coordination.k8s.io`.
    pub(super) fn qualified(&self) -> String {
        if self.group.is_empty() { self.name.clone() } else { format!("{}.{}", self.name, self.group) }
    }

    /// The `apiVersion` of its objects.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// All kinds.
#[derive(Debug)]
pub(super) struct Kinds(BTreeMap<(String, String), Arc<Kind>>);

impl Kinds {
    /// The kinds of this project and those of Kubernetes that it uses; read once for a process.
    ///
    /// # Errors
    /// [`SchemaError`] when a definition of this project is not understood.
    pub(super) fn all() -> Result<Arc<Self>, SchemaError> {
        static ALL: OnceLock<Result<Arc<Kinds>, SchemaError>> = OnceLock::new();
        ALL.get_or_init(|| Self::read().map(Arc::new)).clone()
    }

    fn read() -> Result<Self, SchemaError> {
        let mut kinds = vec![
            built_in::<Namespace>("", "v1", "Namespace", "namespaces", Habit::Unconditional),
            built_in::<Secret>("", "v1", "Secret", "secrets", Habit::Unconditional),
            built_in::<ConfigMap>("", "v1", "ConfigMap", "configmaps", Habit::Unconditional),
            built_in::<ServiceAccount>("", "v1", "ServiceAccount", "serviceaccounts", Habit::Usual),
            built_in::<Lease>("coordination.k8s.io", "v1", "Lease", "leases", Habit::Upsert),
            built_in::<Event>("events.k8s.io", "v1", "Event", "events", Habit::Unconditional),
            built_in::<ValidatingAdmissionPolicy>(
                "admissionregistration.k8s.io",
                "v1",
                "ValidatingAdmissionPolicy",
                "validatingadmissionpolicies",
                Habit::Generation,
            ),
            built_in::<ValidatingAdmissionPolicyBinding>(
                "admissionregistration.k8s.io",
                "v1",
                "ValidatingAdmissionPolicyBinding",
                "validatingadmissionpolicybindings",
                Habit::Generation,
            ),
        ];
        for definition in crds::finish::all() {
            let name = definition.metadata.name.clone().unwrap_or_default();
            let none = || SchemaError::None { name: name.clone() };
            let spec = definition.spec;
            let version = spec.versions.into_iter().next().ok_or_else(none)?;
            let schema = version.schema.and_then(|schema| schema.open_api_v3_schema).ok_or_else(none)?;
            let schema = serde_json::to_value(schema).map_err(|_| none())?;
            kinds.push(Kind {
                group: spec.group,
                version: version.name,
                name: spec.names.kind,
                plural: spec.names.plural,
                namespaced: spec.scope == "Namespaced",
                habit: Habit::Generation,
                content: Content::Custom(Box::new(schema::compile(&schema, "")?)),
            });
        }
        let key = |kind: &Kind| (kind.group.clone(), kind.plural.clone());
        Ok(Self(kinds.into_iter().map(|kind| (key(&kind), Arc::new(kind))).collect()))
    }

    /// By group and resource.
    pub(super) fn find(&self, group: &str, plural: &str) -> Option<Arc<Kind>> {
        self.0.get(&(group.to_owned(), plural.to_owned())).cloned()
    }

    /// By `apiVersion` and `kind` of an object.
    pub(super) fn of(&self, api_version: &str, name: &str) -> Option<Arc<Kind>> {
        self.0.values().find(|kind| kind.name == name && kind.api_version() == api_version).cloned()
    }
}

fn built_in<T: DeserializeOwned + Serialize>(
    group: &str,
    version: &str,
    name: &str,
    plural: &str,
    habit: Habit,
) -> Kind {
    Kind {
        group: group.to_owned(),
        version: version.to_owned(),
        name: name.to_owned(),
        plural: plural.to_owned(),
        // What has a generation here is configuration of the whole cluster.
        namespaced: name != "Namespace" && habit != Habit::Generation,
        habit,
        content: Content::BuiltIn(|object| {
            let typed: T = serde_json::from_value(object).map_err(|error| error.to_string())?;
            serde_json::to_value(typed).map_err(|error| error.to_string())
        }),
    }
}
