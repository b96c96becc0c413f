//! The mappings of several jobs: there is one job for each AD domain, and what it makes of an object names the domain. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::MappingSet;

/// What an object of a domain without a job is mapped by: nothing.
static NOTHING: MappingSet = MappingSet { objects: Vec::new() };

/// The mappings of the jobs of AD domains, by the domain's DNS name in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DomainMappings(BTreeMap<String, MappingSet>);

impl DomainMappings {
    /// Those of these domains.
    pub fn new(jobs: impl IntoIterator<Item = (String, MappingSet)>) -> Self {
        Self(jobs.into_iter().map(|(domain, mappings)| (domain.to_lowercase(), mappings)).collect())
    }

    /// Each domain with its mappings, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MappingSet)> {
        self.0.iter().map(|(domain, mappings)| (domain.as_str(), mappings))
    }

    /// The mappings of a domain's job; empty where there is none.
    pub fn of(&self, domain: &str) -> &MappingSet {
        self.0.get(&domain.to_lowercase()).unwrap_or(&NOTHING)
    }

    /// See [`MappingSet::source_attributes`]: those of every job.
    pub fn source_attributes(&self) -> BTreeSet<String> {
        self.0.values().flat_map(MappingSet::source_attributes).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(domain: &str) -> MappingSet {
        let schema = serde_json::json!({"synchronizationRules": [{"objectMappings": [{
            "enabled": true, "sourceObjectName": "user", "targetObjectName": "User",
            "attributeMappings": [{
                "targetAttributeName": "onPremisesDomainName", "flowType": "Always", "matchingPriority": 0,
                "source": {"expression": format!("\"{domain}\""), "name": domain, "type": "Constant"},
            }],
        }]}]});
        MappingSet::from_schema(&schema).unwrap()
    }

    #[test]
    fn each_domain_has_its_own_and_one_without_a_job_has_none() {
        let pair = |domain: &str| (domain.to_owned(), of(domain));
        let mappings = DomainMappings::new([pair("Contoso.com"), pair("emea.contoso.com")]);
        assert_eq!(mappings.of("contoso.COM"), &of("Contoso.com"));
        assert_eq!(mappings.of("emea.contoso.com"), &of("emea.contoso.com"));
        assert_ne!(of("Contoso.com"), of("emea.contoso.com"));
        assert_eq!(mappings.of("fabrikam.com"), &MappingSet::default());
        let json = serde_json::to_string(&mappings).unwrap();
        assert_eq!(serde_json::from_str::<DomainMappings>(&json).unwrap(), mappings);
    }
}
