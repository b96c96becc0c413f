//! Kinds of values that attributes hold, in the metaverse and in each connector. Pure; does no IO.

use std::collections::{BTreeMap, HashMap};

use adsync::configuration::{AttributeDefinition, AttributeSyntax, ConnectorConfiguration, MetaverseSchema};
use base64::Engine as _;
use uuid::Uuid;

use crate::adsync_engine::symbol::{Symbol, Symbols};
use crate::value::Value;

/// What is known of one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Definition {
    syntax: AttributeSyntax,
    multi_valued: bool,
}

/// Attribute definitions of the metaverse and of each connector.
#[derive(Debug, Clone, Default)]
pub(crate) struct Schema {
    metaverse: HashMap<Symbol, Definition>,
    connectors: BTreeMap<Uuid, HashMap<Symbol, Definition>>,
}

impl Schema {
    /// The schemas of a configuration.
    pub(crate) fn new(
        metaverse: &MetaverseSchema,
        connectors: &[ConnectorConfiguration],
        symbols: &mut Symbols,
    ) -> Self {
        let connectors = connectors
            .iter()
            .map(|connector| (connector.identifier, definitions(&connector.attributes, symbols)))
            .collect();
        Self { metaverse: definitions(&metaverse.attributes, symbols), connectors }
    }

    /// What an attribute of the metaverse holds, if the schema has it.
    pub(crate) fn metaverse(&self, attribute: Symbol) -> Option<Definition> {
        self.metaverse.get(&attribute).copied()
    }

    /// What an attribute of a connector holds, if its schema has it.
    pub(crate) fn connector(&self, connector: Uuid, attribute: Symbol) -> Option<Definition> {
        self.connectors.get(&connector).and_then(|known| known.get(&attribute)).copied()
    }
}

fn definitions(attributes: &[AttributeDefinition], symbols: &mut Symbols) -> HashMap<Symbol, Definition> {
    attributes
        .iter()
        .map(|attribute| {
            let definition = Definition { syntax: attribute.syntax, multi_valued: attribute.multi_valued };
            (symbols.intern(&attribute.name), definition)
        })
        .collect()
}

impl Definition {
    /// Whether it holds several values.
    pub(crate) fn is_multi_valued(self) -> bool {
        self.multi_valued
    }

    /// Whether it refers to other objects.
    pub(crate) fn is_reference(self) -> bool {
        self.syntax == AttributeSyntax::Reference
    }

    /// Whether it is true or false.
    pub(crate) fn is_boolean(self) -> bool {
        self.syntax == AttributeSyntax::Boolean
    }

    /// A text of the host protocol as a value of this attribute: binaries travel as base64.
    pub(crate) fn parse(self, text: &str) -> Option<Value> {
        match self.syntax {
            AttributeSyntax::Boolean if text.eq_ignore_ascii_case("true") => Some(Value::Boolean(true)),
            AttributeSyntax::Boolean if text.eq_ignore_ascii_case("false") => Some(Value::Boolean(false)),
            AttributeSyntax::Boolean => None,
            AttributeSyntax::Integer => text.trim().parse().ok().map(Value::Integer),
            AttributeSyntax::Binary => {
                base64::engine::general_purpose::STANDARD.decode(text).ok().map(Value::Binary)
            }
            AttributeSyntax::String | AttributeSyntax::Reference => Some(Value::text(text)),
        }
    }

    /// A value as this attribute stores it: constants and expressions make texts of what is a number or Boolean here.
    pub(crate) fn store(self, value: Value) -> Value {
        match (self.syntax, value) {
            (AttributeSyntax::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => {
                Value::Boolean(true)
            }
            (AttributeSyntax::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
                Value::Boolean(false)
            }
            (AttributeSyntax::Integer, Value::String(text)) => {
                text.trim().parse().map_or(Value::String(text), Value::Integer)
            }
            (AttributeSyntax::String, value @ (Value::Integer(_) | Value::Boolean(_))) => {
                Value::String(value.to_string())
            }
            (_, value) => value,
        }
    }
}
