//! `kubectl hybrid lint`: what the API server cannot say, before anything is applied. Offline.
//!
//! Codes are stable: they may be searched for, and silenced by fixing what they name.

use crds::DistinguishedName;
use crds::sync_topology::Engine;
use planner::topology::overlaps;
use planner::windows::{WindowError, Windows};

use crate::documents::Document;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `HI0101` and so on.
    pub code: &'static str,
    /// Where.
    pub place: String,
    /// Which object.
    pub object: String,
    /// What was expected, what was found, what to do.
    pub message: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Error [{}] ({}) {}\n    at {}", self.code, self.object, self.message, self.place)
    }
}

/// Everything that is wrong, in the order of the documents.
pub fn lint(documents: &[Document]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let Some(topology) = &document.topology else { continue };
        let mut found = |code, message: String| {
            findings.push(Finding {
                code,
                place: document.place.clone(),
                object: format!("SyncTopology {}", document.name),
                message,
            });
        };
        let spec = &topology.spec;
        let own = spec.scopes.iter().map(|scope| (&scope.name, scope.organizational_units.as_slice()));
        // Each pair of topologies is reported once, on the later one.
        let others = documents
            .iter()
            .take(index)
            .filter_map(|other| Some((other, other.topology.as_ref()?)))
            .flat_map(|(other, theirs)| {
                theirs.spec.scopes.iter().map(move |scope| {
                    (
                        format!("{} of topology {}", scope.name, other.name),
                        scope.organizational_units.as_slice(),
                    )
                })
            });
        for overlap in overlaps(own, others) {
            found("HI0101", overlap.to_string());
        }
        let windows = spec.strategy.as_ref().map_or(&[] as &[_], |strategy| strategy.windows.as_slice());
        match Windows::read(spec.time_zone.as_deref(), windows) {
            Ok(_) => {}
            Err(error @ WindowError::UnknownTimeZone { .. }) => found("HI0102", error.to_string()),
            Err(error) => found("HI0103", error.to_string()),
        }
        let moves = spec.scopes.iter().any(|scope| scope.engine == Engine::CloudSync);
        if moves && spec.servers.is_empty() {
            found(
                "HI0104",
                "expected the sync servers that serve the scopes today in `servers`, found none: list every one, staging servers too"
                    .to_owned(),
            );
        }
        for scope in spec.scopes.iter().filter(|scope| scope.engine == Engine::CloudSync) {
            if let Some(unit) = scope.organizational_units.iter().find(|unit| unit.domain().is_none()) {
                found(
                    "HI0105",
                    format!("expected {unit} of scope {} to end in the domain's DC= parts", scope.name),
                );
            }
            if scope.probe_organizational_unit.is_none() {
                found(
                    "HI0201",
                    format!(
                        "scope {} names no `probeOrganizationalUnit`: a person will have to prove by hand that Cloud Sync serves it",
                        scope.name
                    ),
                );
            }
            let inside = |probe: &DistinguishedName| {
                scope.organizational_units.iter().any(|unit| probe.is_at_or_below(unit))
            };
            if let Some(probe) = scope.probe_organizational_unit.as_ref().filter(|probe| !inside(probe)) {
                found(
                    "HI0106",
                    format!(
                        "expected {probe} to lie in a unit of scope {}: a probe elsewhere proves nothing",
                        scope.name
                    ),
                );
            }
        }
    }
    findings
}

impl Finding {
    /// A warning does not fail the run.
    pub fn is_warning(&self) -> bool {
        self.code.starts_with("HI02")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(name: &str, spec: &str) -> Document {
        let text = format!(
            "apiVersion: hybrididentity.dev/v1alpha1\nkind: SyncTopology\nmetadata: {{name: {name}}}\nspec:\n{spec}"
        );
        Document {
            place: format!("{name}.yaml (document 1)"),
            kind: "SyncTopology".to_owned(),
            name: format!("identity/{name}"),
            topology: Some(serde_yaml::from_str(&text).unwrap()),
        }
    }

    const ONE: &str = r#"
  tenantRef: {name: t}
  scopes: [{name: a, organizationalUnits: ["OU=A,DC=x"], engine: CloudSync, probeOrganizationalUnit: "OU=P,OU=A,DC=x"}]
  servers: [{name: s}]
"#;

    fn codes(documents: &[Document]) -> Vec<&'static str> {
        lint(documents).iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_good_topology_has_no_findings() {
        assert_eq!(lint(&[document("one", ONE)]), Vec::new());
    }

    #[test]
    fn each_fault_has_its_code() {
        for (fault, code) in [
            (ONE.replace("OU=A,DC=x\"]", "OU=A,DC=x\", \"OU=B,OU=A,DC=x\"]"), "HI0101"),
            (format!("{ONE}  timeZone: Europe/Berln\n"), "HI0102"),
            (
                format!(
                    "{ONE}  strategy: {{waves: [{{name: w, scopes: [a]}}], windows: [{{schedule: \"0 25 * * *\", duration: 1h}}]}}\n"
                ),
                "HI0103",
            ),
            (ONE.replace("servers: [{name: s}]", "servers: []"), "HI0104"),
            (ONE.replace(", probeOrganizationalUnit: \"OU=P,OU=A,DC=x\"", ""), "HI0201"),
            (ONE.replace("OU=P,OU=A,DC=x", "OU=P,OU=Z,DC=x"), "HI0106"),
        ] {
            assert_eq!(codes(&[document("one", &fault)]), vec![code], "{fault}");
        }
    }

    #[test]
    fn two_topologies_that_overlap_are_told_once() {
        let other =
            ONE.replace("OU=A,DC=x\"]", "OU=B,OU=A,DC=x\"]").replace("OU=P,OU=A,DC=x", "OU=P,OU=B,OU=A,DC=x");
        let findings = lint(&[document("one", ONE), document("two", &other)]);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("identity/one"), "{}", findings[0]);
    }
}
