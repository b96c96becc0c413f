//! What the API's own rules cannot say: overlapping scopes, unknown zones, missing references. Each with the way out. Pure.

use crds::conditions::Reason;
use crds::entra_tenant::Profile;
use crds::sync_topology::Engine;
use crds::{DistinguishedName, ObjectName};

use crate::itinerary;
use crate::observed::{Observed, Reporting, ServerFacts};
use crate::plan::Blocker;
use crate::windows::WindowError;

/// Two scopes that claim the same organizational unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopesOverlap {
    /// Scope of this topology.
    pub scope: ObjectName,
    /// Its unit.
    pub unit: DistinguishedName,
    /// The other scope, with its topology unless it is this one.
    pub other: String,
    /// Its unit.
    pub other_unit: DistinguishedName,
}

impl std::fmt::Display for ScopesOverlap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "expected every organizational unit in one scope, found {} of scope {} and {} of scope {} at or below one another: take one \
             of them out",
            self.unit, self.scope, self.other_unit, self.other
        )
    }
}

/// Overlaps among a topology's scopes, and with those of others.
pub fn overlaps<'a>(
    scopes: impl IntoIterator<Item = (&'a ObjectName, &'a [DistinguishedName])>,
    others: impl IntoIterator<Item = (String, &'a [DistinguishedName])>,
) -> Vec<ScopesOverlap> {
    let mut units: Vec<(&DistinguishedName, &ObjectName)> =
        scopes.into_iter().flat_map(|(name, units)| units.iter().map(move |unit| (unit, name))).collect();
    // From the root on, so that whatever lies below a unit follows it directly.
    units.sort();
    let mut found = Vec::new();
    for (index, (unit, scope)) in units.iter().enumerate() {
        for (other_unit, other) in
            units.iter().skip(index + 1).take_while(|(next, _)| next.is_at_or_below(unit))
        {
            found.push(ScopesOverlap {
                scope: (*scope).clone(),
                unit: (*unit).clone(),
                other: other.to_string(),
                other_unit: (*other_unit).clone(),
            });
        }
    }
    for (other, theirs) in others {
        for their_unit in theirs {
            for (unit, scope) in units.iter().filter(|(unit, _)| unit.overlaps(their_unit)) {
                found.push(ScopesOverlap {
                    scope: (*scope).clone(),
                    unit: (*unit).clone(),
                    other: other.clone(),
                    other_unit: their_unit.clone(),
                });
            }
        }
    }
    found
}

/// Everything that keeps the topology from starting, with the way out.
pub fn blockers(observed: &Observed) -> Vec<Blocker> {
    let spec = &observed.topology.spec;
    let mut found = Vec::new();
    let mut person = |reason, message: String| found.push(Blocker { reason, message, needs_person: true });
    for overlap in overlaps(
        spec.scopes.iter().map(|scope| (&scope.name, scope.organizational_units.as_slice())),
        observed.other_scopes.iter().map(|scope| {
            (format!("{} of topology {}", scope.scope, scope.topology), scope.organizational_units.as_slice())
        }),
    ) {
        person(Reason::ScopesOverlap, overlap.to_string());
    }
    match &observed.tenant {
        None => person(
            Reason::TenantNotFound,
            format!(
                "expected an EntraTenant named {}, found none: create it, or correct `spec.tenantRef`",
                spec.tenant_ref.name
            ),
        ),
        Some(tenant) => {
            if let Some(why) = &tenant.not_ready {
                person(Reason::TenantNotReady, why.clone());
            } else if tenant.profile != Profile::Manage
                && spec.scopes.iter().any(|s| s.engine == Engine::CloudSync)
            {
                person(
                    Reason::ObserveOnly,
                    format!(
                        "EntraTenant {} has `profile: Observe`: set `profile: Manage` to let scopes move",
                        tenant.name
                    ),
                );
            }
        }
    }
    let moves = spec.scopes.iter().any(|scope| scope.engine == Engine::CloudSync);
    if moves && spec.servers.is_empty() {
        person(
            Reason::ServerNotFound,
            "expected the sync servers that serve the scopes today in `spec.servers`, found none: list every one, staging servers too"
                .to_owned(),
        );
    }
    for intent in &spec.servers {
        match observed.servers.get(&intent.name) {
            None => person(
                Reason::ServerNotFound,
                format!(
                    "expected a SyncServer named {}, found none: create it, or correct `spec.servers`",
                    intent.name
                ),
            ),
            Some(ServerFacts { host_problem: Some((reason, message)), .. }) => {
                person(*reason, message.clone());
            }
            Some(server) if server.agent.is_none() || server.reporting == Reporting::Never => person(
                Reason::AgentMissing,
                format!(
                    "no agent reports for {}: run `kubectl hybrid agent join` for it and set `spec.acceptedAgent` of the SyncServer",
                    intent.name
                ),
            ),
            Some(_) => {}
        }
    }
    for migration in &observed.migrations {
        if !itinerary::is_known(migration) && !observed.is_superseded(migration) {
            person(Reason::UnknownItinerary, itinerary::unknown(migration));
        }
    }
    found.extend(crate::moved::blockers(observed));
    found
}

/// A window that cannot be used, as a blocker.
pub(crate) fn window_blocker(error: &WindowError) -> Blocker {
    let reason = match error {
        WindowError::UnknownTimeZone { .. } => Reason::UnknownTimeZone,
        WindowError::InvalidSchedule { .. } | WindowError::Empty { .. } => Reason::InvalidSchedule,
    };
    Blocker { reason, message: error.to_string(), needs_person: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(list: &[&str]) -> Vec<DistinguishedName> {
        list.iter().map(|text| DistinguishedName::parse(text).unwrap()).collect()
    }

    #[test]
    fn a_parent_and_its_child_overlap_wherever_they_are() {
        let sales: ObjectName = "sales".into();
        let emea: ObjectName = "emea".into();
        let a = units(&["OU=Sales,DC=x,DC=y", "OU=Zebra,DC=x,DC=y"]);
        let b = units(&["OU=EMEA,OU=SALES,DC=x,DC=y"]);
        let found = overlaps([(&sales, a.as_slice()), (&emea, b.as_slice())], []);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].other, "emea");
        let found =
            overlaps([(&sales, a.as_slice())], [("emea of topology ns/other".to_owned(), b.as_slice())]);
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().contains("ns/other"));
    }

    #[test]
    fn siblings_and_namesakes_do_not_overlap() {
        let a: ObjectName = "a".into();
        let b: ObjectName = "b".into();
        let left = units(&["OU=Sales,DC=x,DC=y"]);
        let right = units(&["OU=Sales2,DC=x,DC=y", "OU=Sales,OU=Old,DC=x,DC=y", "OU=Sales,DC=z,DC=y"]);
        assert_eq!(overlaps([(&a, left.as_slice()), (&b, right.as_slice())], []), Vec::new());
    }

    #[test]
    fn a_child_domain_is_another_domain() {
        let parent: ObjectName = "parent".into();
        let child: ObjectName = "child".into();
        let root = units(&["DC=contoso,DC=com"]);
        let emea = units(&["OU=Sales,DC=emea,DC=contoso,DC=com", "DC=emea,DC=contoso,DC=com"]);
        assert_eq!(overlaps([(&parent, root.as_slice()), (&child, emea.get(..1).unwrap())], []), Vec::new());
        assert_eq!(
            overlaps([(&parent, root.as_slice())], [("other".to_owned(), emea.as_slice())]),
            Vec::new()
        );
        // Units of the parent domain are found although those of the child domain are sorted between.
        let own = units(&["OU=Sales,DC=contoso,DC=com"]);
        let found = overlaps(
            [(&parent, root.as_slice()), (&child, own.as_slice())],
            [("other".to_owned(), emea.as_slice())],
        );
        assert_eq!(found.len(), 1, "{found:?}");
        let mixed: Vec<DistinguishedName> = [emea.as_slice(), own.as_slice()].concat();
        assert_eq!(overlaps([(&parent, root.as_slice()), (&child, mixed.as_slice())], []).len(), 2);
    }

    #[test]
    fn one_unit_twice_in_one_scope_is_found_too() {
        let a: ObjectName = "a".into();
        let left = units(&["OU=Sales,DC=x,DC=y", "OU=Inside,OU=Sales,DC=x,DC=y"]);
        assert_eq!(overlaps([(&a, left.as_slice())], []).len(), 1);
    }
}
