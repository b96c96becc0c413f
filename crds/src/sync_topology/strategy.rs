//! The strategy of a topology: waves, windows, verification, limits.

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::primitive::{DurationText, ObjectName};

/// How scopes move.
#[derive(KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Strategy {
    /// Groups of scopes that move together, in this order.
    #[schemars(length(min = 1, max = 50))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub waves: Vec<Wave>,

    /// When work may start; always, if empty. What runs may finish outside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub windows: Vec<Window>,

    /// What a scope must show before it counts as moved.
    #[serde(default)]
    pub verification: Verification,

    /// What happens to a migration that fails.
    #[serde(default)]
    pub on_failure: FailurePolicy,

    /// Limits that no step may exceed.
    #[serde(default)]
    pub limits: Limits,

    /// How long a stopped engine stays installed before it is removed.
    #[serde(default)]
    pub observation_period: ObservationPeriod,
}

/// Scopes that move together.
#[derive(KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wave {
    /// Name, unique in the topology.
    pub name: ObjectName,

    /// Names of its scopes.
    #[schemars(length(min = 1, max = 200))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub scopes: Vec<ObjectName>,

    /// How long a scope is watched after its takeover was proven before the wave counts as done.
    #[serde(default = "one_day")]
    #[schemars(default = "one_day")]
    pub soak: DurationText,

    /// How many scopes may be between added to the job and proven.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 200), default = "one")]
    pub max_concurrent: i32,

    /// How many scopes may fail before the wave stops: a count from 0 to 200, or a percentage such as `10%`.
    #[serde(default)]
    pub failure_budget: Budget,

    /// Whether people must agree before the wave starts.
    #[serde(default)]
    pub approval: Approval,
}

fn one_day() -> DurationText {
    DurationText::from_secs(86_400)
}

fn one() -> i32 {
    1
}

/// A count or a percentage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Budget {
    /// That many.
    Count(i32),
    /// `0%` to `100%` of the scopes of the wave, rounded down.
    Percent(String),
}

impl Default for Budget {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl Budget {
    /// How many of `total` may fail; 0 for a value that cannot be read.
    pub fn of(&self, total: usize) -> usize {
        match self {
            Self::Count(count) => usize::try_from(*count).unwrap_or(0).min(total),
            Self::Percent(text) => text
                .strip_suffix('%')
                .and_then(|number| number.parse::<usize>().ok())
                .map_or(0, |percent| total * percent.min(100) / 100),
        }
    }
}

impl JsonSchema for Budget {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Budget".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "maxLength": 4,
            "description": "A count from 0 to 200, or a percentage such as `10%`.",
            "x-kubernetes-validations": [{
                "rule": "type(self) == int ? self >= 0 && self <= 200 : self.matches('^(100|[0-9]{1,2})%$')",
                "message": "`failureBudget` must be a count from 0 to 200, or a percentage from `0%` to `100%`",
                "reason": "FieldValueInvalid"
            }]
        })
    }
}

/// Whether and by how many people a wave must be approved.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.required || self.distinctUsers <= 1").field_path(".distinctUsers").reason(Reason::FieldValueInvalid)
        .message("`distinctUsers` must not be greater than 1 while `required` is false: nobody would be asked"),
)]
pub struct Approval {
    /// Nothing of the wave starts before people agreed.
    #[serde(default)]
    pub required: bool,

    /// How many different people must agree.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 8), default = "one")]
    pub distinct_users: i32,
}

impl Default for Approval {
    fn default() -> Self {
        Self { required: false, distinct_users: one() }
    }
}

/// A time in which work may start.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Window {
    /// Cron expression of the opening, in the topology's `timeZone` (UTC without one): minute, hour, day of month, month, day of
    /// week.
    #[schemars(length(max = 100), regex(pattern = r"^\S+( +\S+){4}$"))]
    pub schedule: String,

    /// How long it stays open.
    pub duration: DurationText,
}

/// What a scope must show before it counts as moved.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// How many objects of the scope may be missing in the cloud.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub max_missing: i32,

    /// How many objects may have an attribute that differs from the directory's through the job's mapping.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub max_drift: i32,

    /// How many groups and users may have members or managers that the job does not know when it first writes them; none where absent.
    /// No source settles whether Cloud Sync leaves such members or takes them out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub max_unknown_references: Option<i32>,

    /// How many objects are compared attribute by attribute.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 500), default = "twenty")]
    pub sample_size: i32,
}

fn twenty() -> i32 {
    20
}

impl Default for Verification {
    fn default() -> Self {
        Self { max_missing: 0, max_drift: 0, max_unknown_references: None, sample_size: twenty() }
    }
}

/// What happens to a migration that fails.
#[derive(JsonSchema, Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FailurePolicy {
    /// Hold at a safe place and call a person.
    Pause,
    /// Bring the scope back to its old engine.
    #[default]
    RollBack,
}

/// Limits that no step may exceed; exceeding one holds the migration or rolls it back.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Longest time a sync server's scheduler may be off.
    #[serde(default = "two_hours")]
    #[schemars(default = "two_hours")]
    pub scheduler_stop: DurationText,

    /// Longest time an object may be without an engine that would export a change of it.
    #[serde(default = "six_hours")]
    #[schemars(default = "six_hours")]
    pub unserved: DurationText,

    /// Longest time without password hash synchronization of a scope.
    #[serde(default = "six_hours")]
    #[schemars(default = "six_hours")]
    pub hash_gap: DurationText,
}

fn two_hours() -> DurationText {
    DurationText::from_secs(7_200)
}

fn six_hours() -> DurationText {
    DurationText::from_secs(21_600)
}

impl Default for Limits {
    fn default() -> Self {
        Self { scheduler_stop: two_hours(), unserved: six_hours(), hash_gap: six_hours() }
    }
}

/// How long a stopped engine stays installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObservationPeriod(pub DurationText);

impl Default for ObservationPeriod {
    fn default() -> Self {
        Self(DurationText::from_secs(14 * 86_400))
    }
}

impl JsonSchema for ObservationPeriod {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ObservationPeriod".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        DurationText::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_rounded_down_and_never_generous() {
        for (budget, total, expected) in [
            (Budget::Count(2), 5, 2),
            (Budget::Count(9), 5, 5),
            (Budget::Count(-1), 5, 0),
            (Budget::Percent("10%".into()), 19, 1),
            (Budget::Percent("100%".into()), 3, 3),
            (Budget::Percent("lots".into()), 3, 0),
        ] {
            assert_eq!(budget.of(total), expected, "{budget:?} of {total}");
        }
    }

    #[test]
    fn defaults_are_the_documented_ones() {
        let strategy: Strategy = serde_json::from_value(serde_json::json!({
            "waves": [{ "name": "w", "scopes": ["a"] }]
        }))
        .unwrap();
        assert_eq!(strategy.limits.scheduler_stop.as_str(), "2h");
        assert_eq!(strategy.limits.unserved.as_str(), "6h");
        assert_eq!(strategy.limits.hash_gap.as_str(), "6h");
        assert_eq!(strategy.observation_period.0.as_str(), "14d");
        assert_eq!(strategy.waves[0].soak.as_str(), "1d");
        assert_eq!(strategy.waves[0].failure_budget, Budget::Count(0));
        assert_eq!(strategy.on_failure, FailurePolicy::RollBack);
    }
}
