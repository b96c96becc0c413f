//! What the server exports, minus what was proven taken over, is empty: over all object types and connectors (S4).

use crds::conditions::Reason;
use crds::sync_agent::command::{NoFlowRules, NoFlowScope};
use crds::sync_agent::{Action, Evidence, Expectation};
use crds::sync_topology::Engine;

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact};

/// See the module.
pub(crate) struct CheckResidualExports;

impl Step for CheckResidualExports {
    fn name(&self) -> StepName {
        StepName::CheckResidualExports
    }

    fn limits(&self, _: &View) -> Limits {
        // Objects that still have to move are a person's work; this step looks until they have.
        Limits { active: jiff::SignedDuration::from_hours(24 * 365), waiting: None }
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let scopes: Vec<NoFlowScope> = view
            .observed
            .topology
            .spec
            .scopes
            .iter()
            .filter(|scope| scope.engine == Engine::CloudSync)
            .map(|scope| NoFlowScope {
                name: scope.name.clone(),
                organizational_units: scope.organizational_units.clone(),
            })
            .collect();
        command::run(
            view,
            self.name(),
            &view.servers(),
            |_| (Action::ReadResidualExports(NoFlowRules { scopes: scopes.clone() }), Expectation::default()),
            |_, evidence| match evidence {
                Evidence::ResidualExports(found) => {
                    let left: Vec<String> = found
                        .exported
                        .iter()
                        .filter(|t| t.count > 0)
                        .map(|t| format!("{} {}", t.count, t.object_type))
                        .collect();
                    if !left.is_empty() {
                        return Judgement::Person(
                            Reason::ResidualExports,
                            format!(
                                "the server still exports objects that no scope took over: {}, such as {}. Give them an engine in the topology, or \
                                 take them out of Connect's scope knowingly, before it stops",
                                left.join(", "),
                                found.anchors.join(", ")
                            ),
                        );
                    }
                    if !found.writes_to_directory.is_empty() {
                        return Judgement::Person(
                            Reason::SideServiceWithoutOwner,
                            format!(
                                "rules that write to Active Directory are in force: {}",
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
                    Judgement::Pass(vec![fact("exported", 0), fact("pending", 0)])
                }
                other => command::unexpected(other),
            },
        )
    }
}
