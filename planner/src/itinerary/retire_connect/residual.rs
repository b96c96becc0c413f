//! What sync servers still export, over all connectors, object types and listed servers (S4). Pure.

use crds::conditions::Reason;
use crds::sync_agent::command::{NoFlowRules, NoFlowScope};
use crds::sync_agent::evidence::{ResidualExportsEvidence, TypeCount};
use crds::sync_agent::{Action, Evidence, Expectation};
use crds::sync_topology::Engine;

use super::patience::patient;
use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Progress, StepName, View, Wait, fact};
use crate::observed::ServerFacts;
use crate::topology;

/// Scopes whose objects were taken over: what is withheld for them is no residue.
pub(super) fn taken_over(view: &View) -> NoFlowRules {
    let scopes = view.observed.topology.spec.scopes.iter();
    let scopes = scopes.filter(|scope| scope.engine == Engine::CloudSync).map(|scope| NoFlowScope {
        name: scope.name.clone(),
        organizational_units: scope.organizational_units.clone(),
    });
    NoFlowRules { scopes: scopes.collect() }
}

/// Listed servers whose engine runs, staging servers too: rules are not replicated, and a staging server exports after one click.
///
/// What is uninstalled, or stopped and Disabled, exports nothing whatever happens to its host.
///
/// # Errors
/// What is waited for where it cannot be told what a server would export.
pub(super) fn readable<'v>(view: &View<'v>) -> Result<Vec<&'v ServerFacts>, Wait> {
    let mut running = Vec::new();
    for intent in &view.observed.topology.spec.servers {
        let Some(server) = view.observed.servers.get(&intent.name) else {
            return Err(Wait::person(
                Reason::ServerNotFound,
                format!(
                    "expected a SyncServer {}, found none: what it exports cannot be told; create it, or take it out of `spec.servers`",
                    intent.name
                ),
            ));
        };
        let Some(inventory) = &server.inventory else {
            return Err(Wait::obstacle(
                Reason::WaitingForEvidence,
                format!("expected a report of {}, found none: what it exports cannot be told", server.name),
            ));
        };
        let Some(engine) = &inventory.engine else { continue };
        let own = is_own(view, server);
        let retiring = topology::server_migration(view.observed, &server.name);
        if !own
            && inventory.epoch < server.epoch
            && retiring.is_some_and(|other| other.is_past(StepName::StopEngine))
        {
            let why = format!("the report of {} is older than the stop of its engine", server.name);
            return Err(Wait::system(Reason::WaitingForEvidence, why, None));
        }
        match (engine.service_running, engine.service_start_type.as_str()) {
            (true, _) => running.push(server),
            (false, "Disabled") if !own => {}
            (false, start_type) => {
                return Err(Wait::person(
                    Reason::ForeignChange,
                    format!(
                        "the service ADSync of {} is stopped with start type {start_type}, so what it would export cannot be read: start it{}",
                        server.name,
                        if own { "" } else { ", or set its start type to Disabled" }
                    ),
                ));
            }
        }
    }
    Ok(running)
}

/// Whether the server is the one that is retired.
pub(super) fn is_own(view: &View, server: &ServerFacts) -> bool {
    view.migration.object.spec.server.as_ref().is_some_and(|subject| subject.name == server.name)
}

/// Has the agents of these servers read what is exported, and judges it.
pub(super) fn read(view: &View, step: StepName, servers: &[&ServerFacts]) -> Progress {
    let scopes = taken_over(view);
    let build = |_: &ServerFacts| (Action::ReadResidualExports(scopes.clone()), Expectation::default());
    let progress = command::run(view, step, servers, build, |_, evidence| match evidence {
        Evidence::ResidualExports(found) => verdict(found),
        other => command::unexpected(other),
    });
    patient(view, servers, progress, || command::repeat(view, step, servers, build))
}

/// What the residue means.
pub(super) fn verdict(found: &ResidualExportsEvidence) -> Judgement {
    let left: Vec<&TypeCount> = found.exported.iter().filter(|entry| entry.count > 0).collect();
    if !left.is_empty() {
        let counts: Vec<String> = left.iter().map(|t| format!("{} {}", t.count, t.object_type)).collect();
        let mut steps: Vec<&str> = left.iter().map(|t| next_step(&t.object_type)).collect();
        steps.dedup();
        return Judgement::Person(
            Reason::ResidualExports,
            format!(
                "the server still exports objects that no scope took over: {}, such as {}{}. {}. Or take them out of Connect's scope \
                 knowingly, before it stops",
                counts.join(", "),
                found.anchors.join(", "),
                places(found),
                steps.join(". ")
            ),
        );
    }
    if !found.other_connectors.is_empty() {
        return Judgement::Person(
            Reason::ResidualExports,
            format!(
                "connectors to something else than Active Directory and Entra are configured: {}. What flows through them ends with the \
                 server: give it another owner, and remove the connectors",
                found.other_connectors.join(", ")
            ),
        );
    }
    if !found.writes_to_directory.is_empty() {
        return Judgement::Person(
            Reason::SideServiceWithoutOwner,
            format!(
                "rules that write to Active Directory are in force: {}. Give what they write another owner, and disable or remove them",
                found.writes_to_directory.join(", ")
            ),
        );
    }
    if found.pending > 0 {
        return Judgement::Again(
            Reason::WaitingForEvidence,
            format!("{} exports are pending: they go with the next cycle", found.pending),
        );
    }
    Judgement::Pass(vec![fact("exported", 0), fact("pending", 0), fact("withheld", found.withheld)])
}

/// Where the objects lie: most of them tell at a glance which unit no topology names.
fn places(found: &ResidualExportsEvidence) -> String {
    let places: Vec<String> = found
        .containers
        .iter()
        .take(8)
        .map(|place| match place.container.as_str() {
            "" => format!("no place in Active Directory ({})", place.count),
            name => format!("{name} ({})", place.count),
        })
        .collect();
    if places.is_empty() { String::new() } else { format!("; they lie in {}", places.join(", ")) }
}

/// Who can own objects of a type next. Sources: Microsoft, What is Microsoft Entra Cloud Sync (comparison table).
fn next_step(object_type: &str) -> &'static str {
    match object_type {
        "user" | "group" | "contact" | "inetOrgPerson" => {
            "Users, groups and contacts: declare a scope with engine CloudSync for where they lie, and let it move"
        }
        "device" | "computer" => {
            "Devices: give hybrid join another owner (Cloud Sync device sync, or Cloud Kerberos trust) and switch device options off in \
             the wizard"
        }
        "foreignSecurityPrincipal" => {
            "Foreign security principals: Cloud Sync does not take them; have the accounts' own domain synchronized by a scope of its own"
        }
        "publicFolder" => {
            "Mail public folders: Cloud Sync does not take them; move them to Exchange Online and switch the option off in the wizard"
        }
        _ => {
            "Objects of another type: Cloud Sync does not take them; find out which connector or rule brings them, and end it"
        }
    }
}
