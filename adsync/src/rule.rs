//! Synchronization rules as `Get-ADSyncRule` prints them and as the exported configuration stores them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One synchronization rule of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// `Identifier`: stays the same over the life of the rule.
    pub identifier: Uuid,
    /// `InternalIdentifier`: changes when the engine stores a new version; never part of a comparison by content.
    pub internal_identifier: Uuid,
    /// Counter raised by the engine on every change.
    pub version: u32,
    /// Display name.
    pub name: String,
    /// Free text; empty where the export has an empty element.
    #[serde(default)]
    pub description: String,
    /// Tag of a rule shipped by Microsoft, such as `Microsoft.OuttoAADGroupJoin.006`; empty for custom rules.
    #[serde(default)]
    pub immutable_tag: String,
    /// Whether the rule reads from a directory into the metaverse or writes from it.
    pub direction: Direction,
    /// A disabled rule takes no part in synchronization.
    pub disabled: bool,
    /// Identifier of the connector whose space the rule reads or writes.
    pub connector: Uuid,
    /// Object type on the source side, such as `user` or `person`.
    pub source_object_type: String,
    /// Object type on the target side.
    pub target_object_type: String,
    /// What the rule does with the link between the two sides.
    pub link_type: LinkType,
    /// Lower wins. Custom rules own 0 to 99, shipped ones start at 100.
    pub precedence: u32,
    /// Rule that this one was placed after; all zeros if none.
    #[serde(default)]
    pub precedence_after: Uuid,
    /// Rule that this one was placed before; all zeros if none.
    #[serde(default)]
    pub precedence_before: Uuid,
    /// How long a soft-deleted object is kept, as the export prints it (`00:00:00`).
    #[serde(default)]
    pub soft_delete_expiry_interval: String,
    /// Whether password hashes follow this rule.
    #[serde(default)]
    pub enable_password_sync: bool,
    /// What flows from where to where.
    #[serde(default)]
    pub attribute_flows: Vec<AttributeFlow>,
    /// Join conditions: groups are tried in order, conditions inside a group must all match.
    #[serde(default)]
    pub join_filter: Vec<Vec<JoinCondition>>,
    /// Scope conditions: conditions inside a group AND, groups OR; no group means every object.
    #[serde(default)]
    pub scope_filter: Vec<Vec<ScopeCondition>>,
}

impl Rule {
    /// Shipped by Microsoft (`IsStandardRule`): recognised by its tag.
    pub fn is_standard(&self) -> bool {
        self.immutable_tag.starts_with("Microsoft.")
    }
}

/// Direction of a [`Rule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Direction {
    /// From a connector space into the metaverse.
    Inbound,
    /// From the metaverse into a connector space.
    Outbound,
}

/// Link type of a [`Rule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LinkType {
    /// Joins an existing object and flows attributes.
    Join,
    /// Joins an existing object; nothing flows and nothing is provisioned.
    JoinNoFlow,
    /// Joins, or creates the target object where none matches.
    Provision,
    /// Joins and keeps the join when the conditions stop matching.
    StickyJoin,
}

/// One attribute flow of a [`Rule`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeFlow {
    /// Target attribute.
    pub destination: String,
    /// Where the value comes from.
    pub source: FlowSource,
    /// How it meets values that are there already.
    pub merge: ValueMerge,
    /// Flows once, when the object is created.
    #[serde(default)]
    pub execute_once: bool,
}

/// Source of an [`AttributeFlow`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum FlowSource {
    /// The value of one attribute.
    Direct {
        /// Source attribute.
        attribute: String,
    },
    /// A fixed value.
    Constant {
        /// The value as text.
        value: String,
    },
    /// A text in the engine's expression language.
    Expression {
        /// The expression, as exported.
        expression: String,
        /// The attributes it names, as exported.
        attributes: Vec<String>,
    },
}

/// `ValueMergeType` of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ValueMerge {
    /// Highest precedence decides the whole value.
    Update,
    /// Replaces what is there.
    Replace,
    /// Adds to a multi-valued attribute, comparing without regard to case.
    MergeCaseInsensitive,
    /// Adds to a multi-valued attribute.
    Merge,
}

/// One comparison between a connector space attribute and a metaverse attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinCondition {
    /// Attribute in the connector space.
    pub cs_attribute: String,
    /// Attribute in the metaverse.
    pub mv_attribute: String,
    /// Whether the comparison minds case.
    #[serde(default)]
    pub case_sensitive: bool,
}

/// One comparison between an attribute of the source object and a fixed value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopeCondition {
    /// Attribute of the source object; `dn` is its distinguished name.
    pub attribute: String,
    /// How to compare.
    pub operator: ScopeOperator,
    /// What to compare with; empty for `ISNULL` and `ISNOTNULL`.
    #[serde(default)]
    pub value: String,
}

/// Operators of a [`ScopeCondition`], spelled as the engine spells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are Microsoft's and say it")]
pub enum ScopeOperator {
    Equal,
    NotEqual,
    LessThan,
    #[serde(rename = "LESSTHAN_OR_EQUAL")]
    LessThanOrEqual,
    Contains,
    NotContains,
    StartsWith,
    NotStartsWith,
    EndsWith,
    NotEndsWith,
    GreaterThan,
    #[serde(rename = "GREATERTHAN_OR_EQUAL")]
    GreaterThanOrEqual,
    IsNull,
    IsNotNull,
    IsIn,
    IsNotIn,
    IsBitSet,
    IsBitNotSet,
    IsMemberOf,
    IsNotMemberOf,
}
