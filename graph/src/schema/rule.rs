//! One rule of a schema, read only. No IO.

use serde_json::{Map, Value};

use super::{
    CONTAINER_FILTER, GROUP_FILTER, INCLUDED_CONTAINERS, INCLUDED_GROUPS, RULES, SchemaError, malformed,
};
use crate::resources::mappings::ObjectMapping;

/// One rule of a schema.
#[derive(Clone, Copy, Debug)]
pub struct SchemaRule<'a> {
    index: usize,
    rule: &'a Map<String, Value>,
}

/// Which objects a rule covers, before the conditions of its mappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobScope<'a> {
    /// Both filters are empty: all objects of the domain.
    WholeDomain,
    /// The objects below these containers, nested ones included.
    Containers(Vec<&'a str>),
    /// The direct members of these groups.
    Groups(Vec<&'a str>),
    /// Both, which Microsoft documents as mutually exclusive.
    Both {
        /// The containers.
        containers: Vec<&'a str>,
        /// The groups.
        groups: Vec<&'a str>,
    },
}

impl<'a> SchemaRule<'a> {
    pub(super) fn new(index: usize, rule: &'a Value) -> Result<Self, SchemaError> {
        let rule = rule.as_object().ok_or_else(|| malformed(format!("{RULES}[{index}]"), "a rule"))?;
        Ok(Self { index, rule })
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// The id, which `provisionOnDemand` asks for.
    pub fn id(&self) -> Option<&'a str> {
        self.text("id")
    }

    /// The name.
    pub fn name(&self) -> Option<&'a str> {
        self.text("name")
    }

    /// The name of the directory that objects come from.
    pub fn source_directory(&self) -> Option<&'a str> {
        self.text("sourceDirectoryName")
    }

    /// The name of the directory that objects go to.
    pub fn target_directory(&self) -> Option<&'a str> {
        self.text("targetDirectoryName")
    }

    /// Which objects the rule covers.
    ///
    /// # Errors
    ///
    /// [`SchemaError::Malformed`]: a filter that cannot be read is never taken for an empty one.
    pub fn scope(&self) -> Result<JobScope<'a>, SchemaError> {
        let containers = self.filter(CONTAINER_FILTER, INCLUDED_CONTAINERS)?;
        let groups = self.filter(GROUP_FILTER, INCLUDED_GROUPS)?;
        Ok(match (containers.is_empty(), groups.is_empty()) {
            (true, true) => JobScope::WholeDomain,
            (false, true) => JobScope::Containers(containers),
            (true, false) => JobScope::Groups(groups),
            (false, false) => JobScope::Both { containers, groups },
        })
    }

    /// How objects and attributes are mapped. A copy: changing it changes nothing.
    ///
    /// # Errors
    ///
    /// [`SchemaError::Malformed`].
    pub fn object_mappings(&self) -> Result<Vec<ObjectMapping>, SchemaError> {
        let path = || format!("{RULES}[{}].objectMappings", self.index);
        let mappings = match self.rule.get("objectMappings") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(mappings)) => mappings,
            Some(_) => return Err(malformed(path(), "a list of object mappings")),
        };
        mappings
            .iter()
            .enumerate()
            .map(|(index, mapping)| {
                serde_json::from_value(mapping.clone())
                    .map_err(|_| malformed(format!("{}[{index}]", path()), "an object mapping"))
            })
            .collect()
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.rule.get(name)?.as_str()
    }

    fn filter(&self, filter: &str, list: &str) -> Result<Vec<&'a str>, SchemaError> {
        let path = || format!("{RULES}[{}].{filter}", self.index);
        let filter = match self.rule.get(filter) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Object(filter)) => filter,
            Some(_) => return Err(malformed(path(), "a filter")),
        };
        let names = match filter.get(list) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(names)) => names,
            Some(_) => return Err(malformed(format!("{}.{list}", path()), "a list of names")),
        };
        let name = |name: &'a Value| {
            name.as_str().ok_or_else(|| malformed(format!("{}.{list}", path()), "a list of names"))
        };
        names.iter().map(name).collect()
    }
}
