//! Provisioning one object at once. No IO.

use serde::{Deserialize, Serialize};

use super::RuleId;
use super::audit::provisioning::{ModifiedProperty, ProvisioningStep};
use crate::value::{Extra, JsonText, Open, resource, wire_enum};

/// Body of `provisionOnDemand`. Source: Microsoft, "synchronizationJob: provisionOnDemand".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProvisionOnDemandRequest {
    /// What to provision, by rule.
    pub parameters: Vec<OnDemandParameters>,
}

impl ProvisionOnDemandRequest {
    /// One object of a rule. `object_id` is its distinguished name when the source is Active Directory.
    pub fn one(rule: RuleId, object_id: &str, object_type: &str) -> Self {
        let subject = OnDemandSubject {
            object_id: object_id.to_owned().into(),
            object_type_name: object_type.to_owned().into(),
            ..OnDemandSubject::default()
        };
        let parameters =
            OnDemandParameters { rule_id: rule.into(), subjects: vec![subject].into(), extra: Extra::new() };
        Self { parameters: vec![parameters] }
    }
}

resource! {
    /// The objects of one rule.
    pub struct OnDemandParameters {
        /// A rule of the job's schema.
        rule_id: RuleId,
        /// The objects.
        subjects: Vec<OnDemandSubject>,
    }
}

resource! {
    /// One object.
    pub struct OnDemandSubject {
        /// Distinguished name, or object id when the source is Entra.
        object_id: String,
        /// `user` and the like for Active Directory.
        object_type_name: String,
        /// References to take along.
        links: OnDemandLinks,
    }
}

resource! {
    /// References to take along.
    pub struct OnDemandLinks {
        /// Members of a group; at most five.
        members: Vec<OnDemandSubject>,
    }
}

resource! {
    /// Answer of `provisionOnDemand`: two texts that are JSON themselves.
    pub struct OnDemandAnswer {
        /// How it ended.
        key: JsonText<OnDemandOutcome>,
        /// What was done.
        value: JsonText<OnDemandReport>,
    }
}

impl OnDemandAnswer {
    /// How it ended, when the answer could be read.
    pub fn outcome(&self) -> Option<&OnDemandOutcome> {
        self.key.content()
    }

    /// What was done, when the answer could be read.
    pub fn report(&self) -> Option<&OnDemandReport> {
        self.value.content()
    }
}

resource! {
    /// How it ended.
    pub struct OnDemandOutcome {
        /// The outcome.
        result: Open<OnDemandResult>,
        /// What went wrong.
        details: OnDemandOutcomeDetails,
    }
}

wire_enum! {
    /// The outcome.
    pub enum OnDemandResult {
        /// Done.
        Success = "Success",
        /// Nothing to do.
        Skipped = "Skipped",
        /// Not done.
        Failure = "Failure",
    }
}

resource! {
    /// What went wrong.
    pub struct OnDemandOutcomeDetails {
        /// Code.
        error_code: String,
        /// For people.
        error_message: String,
    }
}

resource! {
    /// What was done.
    pub struct OnDemandReport {
        /// Name of the action.
        action: String,
        /// The properties that changed.
        modified_properties: Vec<ModifiedProperty>,
        /// The steps. An attribute without a value is an empty text here.
        provisioning_steps: Vec<ProvisioningStep>,
    }
}
