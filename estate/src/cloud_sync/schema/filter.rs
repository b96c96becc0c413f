//! Scoping filters of an object mapping: `scope.groups[].clauses[]`.

use serde_json::Value as Json;

use crate::value::Value;

/// Groups of clauses: all clauses of one group must hold, one group is enough; no group lets everything in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopingFilter {
    groups: Vec<Vec<Clause>>,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Source attribute.
    pub attribute: String,
    /// How to compare.
    pub operator: FilterOperator,
    /// With what.
    pub values: Vec<String>,
}

/// Operators. Source: Microsoft, scoping filter page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the service's own")]
pub enum FilterOperator {
    Equals,
    NotEquals,
    IsTrue,
    IsFalse,
    IsNull,
    IsNotNull,
    Includes,
}

impl FilterOperator {
    /// All, with the service's spelling.
    pub const ALL: [(Self, &'static str, u8); 7] = [
        (Self::Equals, "EQUALS", 2),
        (Self::NotEquals, "NOT EQUALS", 2),
        (Self::IsTrue, "IS TRUE", 1),
        (Self::IsFalse, "IS FALSE", 1),
        (Self::IsNull, "IS NULL", 1),
        (Self::IsNotNull, "IS NOT NULL", 1),
        (Self::Includes, "INCLUDES", 2),
    ];

    fn parse(name: &str) -> Option<Self> {
        let name = name.replace('_', " ");
        Self::ALL
            .into_iter()
            .find(|(_, spelling, _)| spelling.eq_ignore_ascii_case(&name))
            .map(|(op, _, _)| op)
    }
}

impl ScopingFilter {
    /// Reads `scope`; null is a filter that lets everything in.
    ///
    /// # Errors
    /// The part that makes no sense.
    pub fn from_json(scope: &Json) -> Result<Self, String> {
        let mut filter = Self::default();
        for group in scope.get("groups").and_then(Json::as_array).into_iter().flatten() {
            let mut clauses = Vec::new();
            for clause in group.get("clauses").and_then(Json::as_array).into_iter().flatten() {
                let text = |key: &str| clause.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
                let operator = text("operatorName");
                let values = clause.pointer("/targetOperand/values").and_then(Json::as_array);
                clauses.push(Clause {
                    attribute: text("sourceOperandName"),
                    operator: FilterOperator::parse(&operator)
                        .ok_or_else(|| format!("expected a known filter operator, found {operator:?}"))?,
                    values: values
                        .into_iter()
                        .flatten()
                        .filter_map(Json::as_str)
                        .map(str::to_owned)
                        .collect(),
                });
            }
            filter.groups.push(clauses);
        }
        Ok(filter)
    }

    /// Whether an object with these values is let in.
    pub fn admits(&self, input: &dyn Fn(&str) -> Vec<Value>) -> bool {
        self.groups.is_empty()
            || self.groups.iter().any(|group| group.iter().all(|clause| clause.holds(input)))
    }
}

impl Clause {
    fn holds(&self, input: &dyn Fn(&str) -> Vec<Value>) -> bool {
        let held: Vec<String> =
            input(&self.attribute).iter().map(|value| value.to_string().to_lowercase()).collect();
        let any = || self.values.iter().any(|value| held.contains(&value.to_lowercase()));
        match self.operator {
            FilterOperator::Equals => any(),
            FilterOperator::NotEquals => !any(),
            FilterOperator::IsTrue => held.iter().any(|value| value == "true"),
            FilterOperator::IsFalse => held.iter().any(|value| value == "false"),
            FilterOperator::IsNull => held.is_empty(),
            FilterOperator::IsNotNull => !held.is_empty(),
            FilterOperator::Includes => {
                self.values.iter().any(|value| held.iter().any(|text| text.contains(&value.to_lowercase())))
            }
        }
    }
}
