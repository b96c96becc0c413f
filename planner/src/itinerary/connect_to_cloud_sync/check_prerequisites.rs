//! The organizational units are synchronised, the schema has what the rules need, precedences are free, the tenant may be changed.
//! Looks only.

use crds::DistinguishedName;
use crds::conditions::Reason;
use crds::entra_tenant::Profile;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};
use crate::observed::ServerFacts;

/// See the module.
pub(crate) struct CheckPrerequisites;

/// Rules that one scope needs at most: one inbound rule for each object type and AD connector, and the shared outbound ones.
const RULES_FOR_ONE_TYPE: i32 = 8;

impl Step for CheckPrerequisites {
    fn name(&self) -> StepName {
        StepName::CheckPrerequisites
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let Some(tenant) = &view.observed.tenant else {
            return Progress::Waiting(Wait::person(
                Reason::TenantNotFound,
                format!(
                    "expected an EntraTenant named {}, found none: create it, or correct `spec.tenantRef`",
                    view.observed.topology.spec.tenant_ref.name
                ),
            ));
        };
        if let Some(why) = &tenant.not_ready {
            return Progress::Waiting(Wait::obstacle(Reason::TenantNotReady, why.clone()));
        }
        if tenant.profile != Profile::Manage {
            return Progress::Waiting(Wait::person(
                Reason::ObserveOnly,
                format!(
                    "EntraTenant {} has `profile: Observe`: set `profile: Manage` to let scopes move",
                    tenant.name
                ),
            ));
        }
        for server in view.servers() {
            let Some(inventory) = &server.inventory else {
                return Progress::Working(format!("waiting for the inventory of {}", server.name));
            };
            let Some(rules) = &inventory.rules else {
                return Progress::Inconclusive(
                    Reason::WaitingForEvidence,
                    format!("expected the rules of {}, found none: its service may be stopped", server.name),
                );
            };
            if !rules.cloud_no_flow_in_schema {
                return Progress::Waiting(Wait::obstacle(
                    Reason::SourceNoLongerWorks,
                    format!(
                        "expected `cloudNoFlow` in the metaverse schema of {}, found none: the build is too old for a phased move; \
                         upgrade Entra Connect first",
                        server.name
                    ),
                ));
            }
            let connectors = i32::try_from(server.directory_connectors().count()).unwrap_or(i32::MAX);
            let needed = connectors.saturating_mul(4).max(RULES_FOR_ONE_TYPE);
            if rules.free_precedences < needed
                && !rules.no_flow_scopes.iter().any(|s| Some(s) == scope_name(view))
            {
                return Progress::Waiting(Wait::person(
                    Reason::NoFreePrecedence,
                    format!(
                        "expected {needed} free precedences from 0 to 99 on {}, found {}: move custom rules closer together in the \
                         Synchronization Rules Editor",
                        server.name, rules.free_precedences
                    ),
                ));
            }
            for unit in view.organizational_units() {
                if !is_synchronized(server, unit) {
                    return Progress::Waiting(Wait::person(
                        Reason::ScopeNotSynchronized,
                        format!(
                            "expected {unit} to lie in the containers that {} synchronises, and it does not: Cloud Sync would create every \
                             object in it. Select the unit in Connect first, or take it out of the topology",
                            server.name
                        ),
                    ));
                }
                // A container below the scope that Connect leaves out would come along with the scope.
                let hidden = server
                    .directory_connectors()
                    .flat_map(|c| &c.partitions)
                    .flat_map(|p| &p.excluded)
                    .find(|container| container.is_at_or_below(unit));
                if let Some(hidden) = hidden {
                    return Progress::Waiting(Wait::person(
                        Reason::SurpriseCreations,
                        format!(
                            "{hidden} lies below {unit} and Connect on {} leaves it out; Cloud Sync takes nested units along and would create \
                             every object in it. Declare the units beside it as the scope instead",
                            server.name
                        ),
                    ));
                }
            }
        }
        Progress::Pass(vec![fact("domains", view.domains().join(" "))])
    }
}

/// Whether the engine reads a unit: of all containers that are selected or left out, the nearest one decides. Connect lists the domain
/// root as left out when single units are selected.
pub(crate) fn is_synchronized(server: &ServerFacts, unit: &DistinguishedName) -> bool {
    let partitions = server.directory_connectors().flat_map(|c| &c.partitions).filter(|p| p.selected);
    let containers = partitions.flat_map(|p| {
        let included = p.included.iter().map(|container| (container, true));
        included.chain(p.excluded.iter().map(|container| (container, false)))
    });
    let nearest =
        containers.filter(|(container, _)| unit.is_at_or_below(container)).max_by_key(|(c, _)| c.depth());
    nearest.is_some_and(|(_, included)| included)
}

fn scope_name<'a>(view: &View<'a>) -> Option<&'a crds::ObjectName> {
    view.migration.object.spec.scope.as_ref().map(|scope| &scope.name)
}
