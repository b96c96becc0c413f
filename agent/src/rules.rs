//! The rules as the agent needs them: digest, which write to AD, and which connectors there are. Pure.

use adsync::protocol::{Connector, ConnectorKind};
use adsync::rule::{Direction, LinkType, Rule};
use crds::primitive::ContentDigest;

use crate::directory::CONSISTENCY_GUID;

/// Digest of the content of all rules.
///
/// # Errors
/// The text that was found instead of a digest.
pub fn digest(rules: &[Rule]) -> Result<ContentDigest, String> {
    let text = adsync::digest::of_rules(rules);
    ContentDigest::try_from(text).map_err(|error| error.to_string())
}

/// The rules that were read last, with their digest: computed anew only when one of them differs. Every inventory asks for it.
#[derive(Debug, Default)]
pub struct Known(Option<(Vec<Rule>, ContentDigest)>);

impl Known {
    /// As [`digest`].
    ///
    /// # Errors
    /// The text that was found instead of a digest.
    pub fn digest(&mut self, rules: &[Rule]) -> Result<ContentDigest, String> {
        if let Some((known, digest)) = &self.0
            && known == rules
        {
            return Ok(digest.clone());
        }
        let found = digest(rules)?;
        self.0 = Some((rules.to_vec(), found.clone()));
        Ok(found)
    }
}

/// Rules that write to AD and are in force, by name, sorted.
///
/// Writing the source anchor into `mS-DS-ConsistencyGuid` does not count: every installation does, and what it wrote stays good
/// without it.
pub fn writes_to_directory(rules: &[Rule], connectors: &[Connector]) -> Vec<String> {
    let directory = |rule: &Rule| active_directory(connectors).any(|c| c.identifier == rule.connector);
    let mut names: Vec<String> = rules
        .iter()
        .filter(|rule| {
            !rule.disabled
                && rule.direction == Direction::Outbound
                && rule.link_type != LinkType::JoinNoFlow
                && (writes_values(rule) || rule.link_type == LinkType::Provision)
                && directory(rule)
        })
        .map(|rule| rule.name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn writes_values(rule: &Rule) -> bool {
    rule.attribute_flows.iter().any(|flow| !flow.destination.eq_ignore_ascii_case(CONSISTENCY_GUID))
}

/// The AD connectors.
pub fn active_directory(connectors: &[Connector]) -> impl Iterator<Item = &Connector> {
    connectors.iter().filter(|connector| connector.kind == ConnectorKind::ActiveDirectory)
}

/// The Entra connector.
pub fn entra(connectors: &[Connector]) -> Option<&Connector> {
    connectors.iter().find(|connector| connector.kind == ConnectorKind::Entra)
}

#[cfg(test)]
mod tests {
    use adsync::no_flow::{self, NoFlowObject, NoFlowScope};

    use super::*;

    #[test]
    fn a_known_digest_is_that_of_the_rules_as_they_are() {
        let units = ["OU=A,DC=example,DC=com".to_owned()];
        let scope = NoFlowScope { name: "a", organizational_units: &units };
        let mut rules = no_flow::rules(&scope, &[uuid::Uuid::from_u128(1)], NoFlowObject::ALL, &[])
            .expect("room for all");
        let mut known = Known::default();
        for _ in 0..2 {
            assert_eq!(known.digest(&rules), digest(&rules));
        }
        rules[0].precedence += 1;
        assert_eq!(known.digest(&rules), digest(&rules));
        rules.pop();
        assert_eq!(known.digest(&rules), digest(&rules));
    }
}
