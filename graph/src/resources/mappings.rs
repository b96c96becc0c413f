//! How objects and attributes are mapped by a job's schema, and the tools to edit it. No IO.
//!
//! Source: Microsoft, "objectMapping", "attributeMapping" and "attributeMappingSource resource type".

use super::DirectoryDefinitionId;
use crate::value::{Flags, GraphTime, Open, resource, wire_enum};

resource! {
    /// How objects of one kind become objects of another.
    pub struct ObjectMapping {
        /// Name, such as `Provision Active Directory users`.
        name: String,
        /// Whether it is used.
        enabled: bool,
        /// What it may do. Default: all three.
        flow_types: Flags<ObjectFlow>,
        /// Kind at the source.
        source_object_name: String,
        /// Kind at the target.
        target_object_name: String,
        /// How attributes are computed.
        attribute_mappings: Vec<AttributeMapping>,
    }
}

impl ObjectMapping {
    /// True unless the mapping is switched off.
    pub fn is_enabled(&self) -> bool {
        self.enabled.copied().unwrap_or(true)
    }

    /// The mappings that write this attribute; more than one conflict with each other.
    pub fn writers_of<'a>(&'a self, target_attribute: &'a str) -> impl Iterator<Item = &'a AttributeMapping> {
        self.attribute_mappings.items().iter().filter(move |mapping| {
            mapping
                .target_attribute_name
                .text()
                .is_some_and(|name| name.eq_ignore_ascii_case(target_attribute))
        })
    }
}

wire_enum! {
    /// What a mapping of objects may do.
    pub enum ObjectFlow {
        /// Nothing.
        Nothing = "None",
        /// Create.
        Add = "Add",
        /// Update.
        Update = "Update",
        /// Delete.
        Delete = "Delete",
    }
}

resource! {
    /// How one attribute is computed.
    pub struct AttributeMapping {
        /// The attribute that is written.
        target_attribute_name: String,
        /// Where the value comes from; null together with a default value is a constant.
        source: AttributeMappingSource,
        /// The value when the source has none.
        default_value: String,
        /// When it is written.
        flow_type: Open<AttributeFlowType>,
        /// Whether it is written although nothing changed.
        flow_behavior: Open<AttributeFlowBehavior>,
        /// More than 0: objects are matched by it, in this order.
        matching_priority: i64,
        /// Whether references to objects that are not there are written.
        export_missing_references: bool,
    }
}

impl AttributeMapping {
    /// What the value is made of.
    pub fn origin(&self) -> Origin<'_> {
        let Some(source) = self.source.get() else {
            return Origin::Constant(self.default_value.text());
        };
        match source.r#type.known() {
            Some(SourceType::Attribute) => source.name.text().map_or(Origin::Unknown, Origin::Attribute),
            Some(SourceType::Constant) => Origin::Constant(source.name.text()),
            Some(SourceType::Function) => {
                source.expression.text().map_or(Origin::Unknown, Origin::Expression)
            }
            None => Origin::Unknown,
        }
    }

    /// The source attributes that the value is computed from, in the order of the expression.
    pub fn source_attributes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        if let Some(source) = self.source.get() {
            source.collect_attributes(&mut names);
        }
        names
    }
}

/// What the value of an attribute is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// One source attribute, as it is.
    Attribute(&'a str),
    /// Always the same value, if any.
    Constant(Option<&'a str>),
    /// An expression.
    Expression(&'a str),
    /// Not said, or in a way that this crate does not know.
    Unknown,
}

resource! {
    /// A parsed expression.
    pub struct AttributeMappingSource {
        /// The expression as text.
        expression: String,
        /// Name of the attribute or function, or the constant.
        name: String,
        /// What it is.
        r#type: Open<SourceType>,
        /// Arguments of a function.
        parameters: Vec<SourceParameter>,
    }
}

impl AttributeMappingSource {
    fn collect_attributes<'a>(&'a self, names: &mut Vec<&'a str>) {
        if self.r#type.is(SourceType::Attribute)
            && let Some(name) = self.name.text()
            && !names.contains(&name)
        {
            names.push(name);
        }
        for parameter in self.parameters.items() {
            if let Some(value) = parameter.value.get() {
                value.collect_attributes(names);
            }
        }
    }
}

resource! {
    /// An argument of a function.
    pub struct SourceParameter {
        /// Name of the parameter.
        key: String,
        /// The argument.
        value: AttributeMappingSource,
    }
}

wire_enum! {
    /// What an expression is.
    pub enum SourceType {
        /// A source attribute.
        Attribute = "Attribute",
        /// A constant.
        Constant = "Constant",
        /// A function of other expressions.
        Function = "Function",
    }
}

wire_enum! {
    /// When an attribute is written.
    pub enum AttributeFlowType {
        /// Always.
        Always = "Always",
        /// When the object is created.
        ObjectAddOnly = "ObjectAddOnly",
        /// When a value is added to several.
        MultiValueAddOnly = "MultiValueAddOnly",
        /// When a value is added.
        ValueAddOnly = "ValueAddOnly",
        /// When the attribute is added.
        AttributeAddOnly = "AttributeAddOnly",
    }
}

wire_enum! {
    /// Whether an attribute is written although nothing changed.
    pub enum AttributeFlowBehavior {
        /// Only when it changed.
        FlowWhenChanged = "FlowWhenChanged",
        /// In any case.
        FlowAlways = "FlowAlways",
    }
}

resource! {
    /// A directory in a schema, as `discover` answers it. The definitions of its objects stay in `extra`.
    pub struct DirectoryDefinition {
        /// Id.
        id: DirectoryDefinitionId,
        /// Name, such as `Active Directory`.
        name: String,
        /// What can be found out about it.
        discoverabilities: Flags<Discoverability>,
        /// When that was done last.
        discovery_date_time: GraphTime,
        /// Changes with every change of the definition.
        version: String,
        /// Cannot be changed.
        read_only: bool,
    }
}

wire_enum! {
    /// What can be found out about a directory.
    pub enum Discoverability {
        /// Nothing.
        Nothing = "None",
        /// Names of attributes.
        AttributeNames = "AttributeNames",
        /// Types of attributes.
        AttributeDataTypes = "AttributeDataTypes",
        /// Which attributes are read only.
        AttributeReadOnly = "AttributeReadOnly",
        /// Which attributes are references.
        ReferenceAttributes = "ReferenceAttributes",
    }
}

resource! {
    /// A function that expressions may use.
    pub struct AttributeMappingFunction {
        /// Name. The answers carry it although the documented type does not.
        name: String,
        /// Its parameters.
        parameters: Vec<FunctionParameter>,
    }
}

resource! {
    /// A parameter of a function.
    pub struct FunctionParameter {
        /// Name.
        name: String,
        /// Whether it must be given.
        required: bool,
        /// Whether it may be given more than once.
        allow_multiple_occurrences: bool,
        /// Type; spelled `String` or `string`.
        r#type: Open<AttributeType>,
    }
}

wire_enum! {
    /// Types of attributes.
    pub enum AttributeType {
        /// Text.
        String = "String",
        /// Whole number.
        Integer = "Integer",
        /// Another object.
        Reference = "Reference",
        /// Bytes.
        Binary = "Binary",
        /// True or false.
        Boolean = "Boolean",
        /// Point in time.
        DateTime = "DateTime",
    }
}

resource! {
    /// An operator that scoping filters may use.
    pub struct FilterOperator {
        /// Name. The answers carry it although the documented type does not.
        name: String,
        /// `Unary` or `Binary`.
        arity: String,
        /// How several values are compared: `All` or `Any`.
        multivalued_comparison_type: String,
        /// Types it applies to.
        supported_attribute_types: Vec<Open<AttributeType>>,
    }
}

resource! {
    /// An expression, parsed and tried by the service.
    pub struct ParseExpressionResponse {
        /// What went wrong.
        error: ExpressionError,
        /// The values, when it was tried; one may be null.
        evaluation_result: Vec<Option<String>>,
        /// Whether trying it succeeded.
        evaluation_succeeded: bool,
        /// The parsed form, as it stands in a schema.
        parsed_expression: AttributeMappingSource,
        /// Whether it could be parsed.
        parsing_succeeded: bool,
    }
}

resource! {
    /// What is wrong with an expression.
    pub struct ExpressionError {
        /// Code.
        code: String,
        /// For people.
        message: String,
    }
}
