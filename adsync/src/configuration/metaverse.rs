//! The metaverse schema, and the attribute definitions it shares with connectors. No IO.

/// Object types and attributes of the metaverse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetaverseSchema {
    /// Attributes, in file order.
    pub attributes: Vec<AttributeDefinition>,
    /// Object types: `person`, `group`, `device`, ...
    pub object_types: Vec<ObjectTypeDefinition>,
}

/// One attribute of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeDefinition {
    /// Name.
    pub name: String,
    /// Kind of value.
    pub syntax: AttributeSyntax,
    /// Whether it holds several values.
    pub multi_valued: bool,
}

/// One object type of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectTypeDefinition {
    /// Name.
    pub name: String,
    /// Names of the attributes it may hold.
    pub attributes: Vec<String>,
}

/// Kind of value of an attribute, as far as synchronization tells values apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeSyntax {
    /// Text, times included.
    String,
    /// Number, large integers included.
    Integer,
    /// `True` or `False`.
    Boolean,
    /// Distinguished name of another object.
    Reference,
    /// Bytes.
    Binary,
}

impl AttributeSyntax {
    /// From the object identifier that DSML schemas name a syntax by (RFC 4517, and `MS-ADTS` for those of Active Directory). What
    /// is unknown is text.
    pub fn from_oid(oid: &str) -> Self {
        match oid {
            "1.3.6.1.4.1.1466.115.121.1.12" => Self::Reference,
            "1.3.6.1.4.1.1466.115.121.1.27" | "1.2.840.113556.1.4.906" => Self::Integer,
            "1.3.6.1.4.1.1466.115.121.1.7" => Self::Boolean,
            // Octet string, and the security descriptor, which travels as bytes too.
            "1.3.6.1.4.1.1466.115.121.1.5" | "1.3.6.1.4.1.1466.115.121.1.40" | "1.2.840.113556.1.4.907" => {
                Self::Binary
            }
            _ => Self::String,
        }
    }

    /// The object identifier that the metaverse schema uses for it.
    pub fn metaverse_oid(self) -> &'static str {
        match self {
            Self::String => "1.3.6.1.4.1.1466.115.121.1.15",
            Self::Integer => "1.3.6.1.4.1.1466.115.121.1.27",
            Self::Boolean => "1.3.6.1.4.1.1466.115.121.1.7",
            Self::Reference => "1.3.6.1.4.1.1466.115.121.1.12",
            Self::Binary => "1.3.6.1.4.1.1466.115.121.1.5",
        }
    }
}

impl MetaverseSchema {
    /// The attribute with this name, without regard to case.
    pub fn attribute(&self, name: &str) -> Option<&AttributeDefinition> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// The object type with this name, without regard to case.
    pub fn object_type(&self, name: &str) -> Option<&ObjectTypeDefinition> {
        self.object_types.iter().find(|object_type| object_type.name.eq_ignore_ascii_case(name))
    }

    /// Adds an attribute, and to every object type that lacks it. Returns whether the schema changed.
    pub fn add_attribute(&mut self, attribute: AttributeDefinition) -> bool {
        let mut changed = false;
        for object_type in &mut self.object_types {
            if !object_type.attributes.iter().any(|name| name.eq_ignore_ascii_case(&attribute.name)) {
                object_type.attributes.push(attribute.name.clone());
                changed = true;
            }
        }
        if self.attribute(&attribute.name).is_none() {
            self.attributes.push(attribute);
            changed = true;
        }
        changed
    }
}
