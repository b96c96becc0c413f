//! What a schema document means to the service.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{EvaluationError, ScopingFilter, Source, evaluate};
use crate::directory::{DirectoryObject, ObjectClass, anchor_of};
use crate::dn::DistinguishedName;
use crate::tenant::{CloudKind, canonical_attribute, canonical_values};
use crate::value::{AttributeName, Value};

/// Most organizational units or groups of one configuration. Source: Microsoft, cloud sync prerequisites.
const MAX_SCOPE_ENTRIES: usize = 59;

/// Largest document that is accepted, in bytes. Source: Microsoft, cloud sync prerequisites (4 MB).
const MAX_DOCUMENT: usize = 4 * 1024 * 1024;

/// Why a document is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A part is missing or of the wrong shape.
    #[error("expected {0} in the schema document")]
    Shape(String),
    /// Containers and groups at once.
    #[error("expected containers or groups as scope, found both; leave one of the two lists empty")]
    BothFilters,
    /// Too many entries.
    #[error(
        "expected at most 59 entries in a scope, found {0}; use a container above them or a second configuration"
    )]
    TooManyEntries(usize),
    /// More text than the service keeps.
    #[error("expected a schema document of at most 4 MiB, found {0} bytes; use a second configuration")]
    TooLarge(usize),
    /// The same target twice.
    #[error("expected each target attribute once in {mapping:?}, found {attribute} twice")]
    DuplicateTarget {
        /// The object mapping.
        mapping: String,
        /// The attribute.
        attribute: String,
    },
}

/// `flowType` of an attribute mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlowType {
    /// On creation and on every change.
    Always,
    /// On creation only.
    ObjectAddOnly,
}

/// One attribute mapping.
#[derive(Debug, Clone)]
pub struct AttributeMapping {
    /// Target attribute under the tenant's name.
    pub target: AttributeName,
    /// Source; none = only the default value.
    pub source: Option<Source>,
    /// Value where the source has none.
    pub default: Option<String>,
    /// When it flows.
    pub flow: FlowType,
}

/// Mapping of one class of source objects.
#[derive(Debug, Clone)]
pub struct ObjectMapping {
    /// Name.
    pub name: String,
    /// Class of the source.
    pub class: ObjectClass,
    /// Kind of the target.
    pub kind: CloudKind,
    /// `flowTypes` has `Add`.
    pub adds: bool,
    /// `flowTypes` has `Update`.
    pub updates: bool,
    /// `flowTypes` has `Delete`.
    pub deletes: bool,
    /// Which objects.
    pub filter: ScopingFilter,
    /// Which attributes.
    pub attributes: Vec<AttributeMapping>,
}

/// A document as the service works with it.
#[derive(Debug, Clone, Default)]
pub struct CompiledSchema {
    /// Included containers by name; empty together with `groups` = the whole domain.
    pub containers: Vec<DistinguishedName>,
    /// Included groups by name.
    pub groups: Vec<DistinguishedName>,
    /// Enabled object mappings.
    pub mappings: Vec<ObjectMapping>,
}

/// What a mapping gives for one object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappedObject {
    /// Values that are no references, every mapped attribute once; none = cleared.
    pub values: Vec<(AttributeName, Vec<Value>)>,
    /// References as `objectGUID`s of the directory.
    pub references: Vec<(AttributeName, Vec<uuid::Uuid>)>,
    /// Attributes that flow on creation only.
    pub add_only: BTreeSet<AttributeName>,
    /// Attributes whose mapping failed, with the reason: they do not flow.
    pub errors: Vec<(AttributeName, String)>,
}

impl CompiledSchema {
    /// Reads a document.
    ///
    /// # Errors
    /// If the service would refuse it.
    pub fn from_json(document: &Json) -> Result<Self, SchemaError> {
        let shape = |what: &str| SchemaError::Shape(what.to_owned());
        let rules = document.get("synchronizationRules").and_then(Json::as_array);
        let rules = rules.ok_or_else(|| shape("a list synchronizationRules"))?;
        let Some(rule) = rules.first() else { return Ok(Self::default()) };
        let mut compiled = Self {
            containers: names(rule, "/containerFilter/includedContainers")?,
            groups: names(rule, "/groupFilter/includedGroups")?,
            mappings: Vec::new(),
        };
        if !compiled.containers.is_empty() && !compiled.groups.is_empty() {
            return Err(SchemaError::BothFilters);
        }
        let entries = compiled.containers.len() + compiled.groups.len();
        if entries > MAX_SCOPE_ENTRIES {
            return Err(SchemaError::TooManyEntries(entries));
        }
        let mappings = rule.get("objectMappings").and_then(Json::as_array);
        for mapping in mappings.ok_or_else(|| shape("a list objectMappings in the synchronization rule"))? {
            compiled.mappings.extend(object_mapping(mapping)?);
        }
        Ok(compiled)
    }

    /// Reads a document that somebody sends.
    ///
    /// # Errors
    /// If the service would refuse it.
    pub fn accept(document: &Json) -> Result<Self, SchemaError> {
        let size = document.to_string().len();
        if size > MAX_DOCUMENT {
            return Err(SchemaError::TooLarge(size));
        }
        Self::from_json(document)
    }

    /// The mapping of a class.
    pub fn mapping(&self, class: ObjectClass) -> Option<&ObjectMapping> {
        self.mappings.iter().find(|mapping| mapping.class == class)
    }

    /// Both filters are empty: everything in the domain is meant.
    pub fn is_whole_domain(&self) -> bool {
        self.containers.is_empty() && self.groups.is_empty()
    }
}

fn names(rule: &Json, pointer: &str) -> Result<Vec<DistinguishedName>, SchemaError> {
    let list = rule.pointer(pointer).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    list.iter()
        .map(|entry| {
            let text = entry.as_str().unwrap_or_default();
            text.parse()
                .map_err(|error| SchemaError::Shape(format!("distinguished names at {pointer} ({error})")))
        })
        .collect()
}

fn object_mapping(mapping: &Json) -> Result<Option<ObjectMapping>, SchemaError> {
    let text = |key: &str| mapping.get(key).and_then(Json::as_str).unwrap_or_default();
    let name = text("name").to_owned();
    if mapping.get("enabled").and_then(Json::as_bool) == Some(false) {
        return Ok(None);
    }
    // Mappings of classes that the estate does not have are carried along and do nothing.
    let Some(class) = ObjectClass::parse(text("sourceObjectName")) else { return Ok(None) };
    let kind = match text("targetObjectName").to_ascii_lowercase().as_str() {
        "user" => CloudKind::User,
        "group" => CloudKind::Group,
        "contact" | "orgcontact" => CloudKind::Contact,
        _ => return Ok(None),
    };
    let flows =
        mapping.get("flowTypes").and_then(Json::as_str).unwrap_or("Add,Update,Delete").to_ascii_lowercase();
    let has = |flow: &str| flows.split(',').any(|word| word.trim() == flow);
    let filter =
        ScopingFilter::from_json(mapping.get("scope").unwrap_or(&Json::Null)).map_err(SchemaError::Shape)?;
    let mut attributes = Vec::new();
    let mut seen = BTreeSet::new();
    for attribute in mapping.get("attributeMappings").and_then(Json::as_array).into_iter().flatten() {
        let Some(target) = attribute.get("targetAttributeName").and_then(Json::as_str) else { continue };
        let target = AttributeName::new(canonical_attribute(target));
        if !seen.insert(target.clone()) {
            return Err(SchemaError::DuplicateTarget { mapping: name, attribute: target.to_string() });
        }
        let source = attribute.get("source").filter(|source| !source.is_null());
        let add_only =
            attribute.get("flowType").and_then(Json::as_str).is_some_and(|flow| flow.ends_with("AddOnly"));
        attributes.push(AttributeMapping {
            target,
            source: source.and_then(Source::from_json),
            default: attribute.get("defaultValue").and_then(Json::as_str).map(str::to_owned),
            flow: if add_only { FlowType::ObjectAddOnly } else { FlowType::Always },
        });
    }
    let (adds, updates, deletes) = (has("add"), has("update"), has("delete"));
    Ok(Some(ObjectMapping { name, class, kind, adds, updates, deletes, filter, attributes }))
}

impl ObjectMapping {
    /// What the mapping gives for an object.
    pub fn apply(&self, object: &DirectoryObject) -> MappedObject {
        let mut mapped = MappedObject::default();
        for attribute in &self.attributes {
            // The anchor and the hash are no attributes: see `anchor` and the hash job.
            if attribute.target.is("sourceAnchor") || attribute.target.is("CredentialData") {
                continue;
            }
            match attribute.values(object) {
                Err(error) => mapped.errors.push((attribute.target.clone(), error.to_string())),
                Ok(values) if is_reference(&attribute.target) => {
                    let targets = values.iter().filter_map(Value::as_reference).collect();
                    mapped.references.push((attribute.target.clone(), targets));
                }
                Ok(values) => {
                    let values = canonical_values(attribute.target.as_str(), values);
                    mapped.values.push((attribute.target.clone(), values));
                }
            }
            if attribute.flow == FlowType::ObjectAddOnly {
                mapped.add_only.insert(attribute.target.clone());
            }
        }
        mapped
    }

    /// Whether it maps the password hash, which flows beside the attributes.
    pub fn carries_hashes(&self) -> bool {
        self.attributes.iter().any(|mapping| mapping.target.is("CredentialData"))
    }

    /// Whether the scoping filter lets an object in.
    pub fn admits(&self, object: &DirectoryObject) -> bool {
        self.filter.admits(&|name: &str| agent_values(object, name))
    }

    /// The anchor that the service computes: `mS-DS-ConsistencyGuid`, else `objectGUID`. It is never written back.
    /// Source: Microsoft, cloud sync FAQ.
    pub fn anchor(object: &DirectoryObject) -> String {
        anchor_of(object.consistency_guid().unwrap_or(object.guid))
    }
}

impl AttributeMapping {
    /// The values for an object, before the tenant's forms are applied.
    ///
    /// # Errors
    /// If the expression cannot be evaluated.
    pub fn values(&self, object: &DirectoryObject) -> Result<Vec<Value>, EvaluationError> {
        let input = |name: &str| agent_values(object, name);
        let values = self.source.as_ref().map_or(Ok(Vec::new()), |source| evaluate(source, &input))?;
        if values.is_empty() {
            return Ok(self
                .default
                .iter()
                .filter(|text| !text.is_empty())
                .map(|text| Value::text(text.clone()))
                .collect());
        }
        Ok(values)
    }
}

/// Reference attributes of the tenant.
fn is_reference(target: &AttributeName) -> bool {
    target.is("member") || target.is("manager")
}

/// What the provisioning agent hands over for an attribute: the directory's values and some of its own making.
fn agent_values(object: &DirectoryObject, name: &str) -> Vec<Value> {
    if name.eq_ignore_ascii_case("accountDisabled") {
        return vec![Value::Boolean(object.is_disabled())];
    }
    if name.eq_ignore_ascii_case("securityEnabled") {
        // groupType: the highest bit marks a security group.
        let kind = object.attributes.integer("groupType").unwrap_or(-2_147_483_646);
        return vec![Value::Boolean(kind & 0x8000_0000 != 0)];
    }
    object.values(name)
}
