//! No-flow rules for the scopes of this wave and of those before are stored on every server, staging servers too (S1); on the way home
//! those of the scopes that go home are taken away. Either is inert until a full synchronization.

use crds::conditions::Reason;
use crds::sync_agent::{Action, Evidence};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Leg, Limits, Progress, Sharing, Step, StepName, Undo, View, fact};

/// See the module.
pub(crate) struct PutNoFlowRules(pub(crate) Leg);

impl Step for PutNoFlowRules {
    fn name(&self) -> StepName {
        self.0.name(StepName::PutNoFlowRules, StepName::RemoveNoFlowRules)
    }

    fn sharing(&self) -> Sharing {
        self.0.sharing()
    }

    fn limits(&self, _: &View) -> Limits {
        self.0.limits()
    }

    fn undo(&self) -> Undo {
        Undo::Action {
            how: "the rules of this wave are removed, followed by a full import from Entra, a full synchronization and a review of the exports",
            leaves: "",
        }
    }

    fn evaluate(&self, view: &View) -> Progress {
        let rules = view.no_flow_scopes();
        command::run(
            view,
            self.name(),
            &view.servers(),
            |_| (Action::PutNoFlowRules(rules.clone()), command::stopped()),
            |_, evidence| match evidence {
                Evidence::Rules(found) => {
                    if let Some(judgement) = self.0.foreign(found.foreign_runs) {
                        return judgement;
                    }
                    let missing: Vec<&str> = rules
                        .scopes
                        .iter()
                        .filter(|scope| !found.scopes.contains(&scope.name))
                        .map(|scope| scope.name.as_str())
                        .collect();
                    if missing.is_empty() && found.scopes.len() == rules.scopes.len() {
                        Judgement::Pass(vec![
                            fact("rules", found.ours),
                            fact("rulesDigest", &found.digest_after),
                            fact("storedAt", found.stored_at),
                        ])
                    } else {
                        Judgement::Fail(
                            Reason::VerificationFailed,
                            format!(
                                "expected rules for {} scopes, found them for {}; missing: {}",
                                rules.scopes.len(),
                                found.scopes.len(),
                                missing.join(", ")
                            ),
                        )
                    }
                }
                other => command::unexpected(other),
            },
        )
    }
}
