//! No-flow is *effective* on every object of the scopes, on every server (S1): the full synchronization began after the rules were
//! stored, each object reads back withheld, none has a pending export, and nobody else is withheld by a text match. On the way home the
//! same proof says the opposite of the scopes that went: nobody but those that stay away is withheld.

use crds::conditions::Reason;
use crds::sync_agent::{Action, Evidence, Expectation};
use jiff::Timestamp;

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Leg, Limits, Progress, Sharing, Step, StepName, Undo, View, fact, fact_name};

/// See the module.
pub(crate) struct ProveNoFlow(pub(crate) Leg);

impl Step for ProveNoFlow {
    fn name(&self) -> StepName {
        self.0.name(StepName::ProveNoFlow, StepName::ProveFlow)
    }

    fn sharing(&self) -> Sharing {
        self.0.sharing()
    }

    fn limits(&self, _: &View) -> Limits {
        self.0.limits()
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let scopes = view.no_flow_scopes();
        let rules = self.0.name(StepName::PutNoFlowRules, StepName::RemoveNoFlowRules);
        command::run(
            view,
            self.name(),
            &view.servers(),
            |_| {
                let expects = match self.0 {
                    Leg::Away => command::stopped(),
                    // The scheduler is on again: nothing is held up by a look.
                    Leg::Home => Expectation::default(),
                };
                (Action::ProveNoFlow(scopes.clone()), expects)
            },
            |server, evidence| {
                let Evidence::NoFlow(found) = evidence else { return command::unexpected(evidence) };
                if let Some(judgement) = self.0.foreign(found.foreign_runs) {
                    return judgement;
                }
                let stored = rules_fact(view, rules, server.name.as_str(), "storedAt")
                    .and_then(|t| t.parse::<Timestamp>().ok());
                let Some(stored) = stored else {
                    return Judgement::Again(
                        Reason::WaitingForEvidence,
                        "it is not known when the rules were stored".to_owned(),
                    );
                };
                match found.full_synchronization_started_at {
                    Some(began) if began >= stored => {}
                    _ => {
                        return Judgement::Fail(
                            Reason::VerificationFailed,
                            format!(
                                "expected a full synchronization of every AD connector that began after {stored}, found none"
                            ),
                        );
                    }
                }
                // On the way home the servers are given back by now: another scope may be changing rules of its own, and what is asked
                // is only whether anybody is withheld.
                let digest = rules_fact(view, rules, server.name.as_str(), "rulesDigest");
                if self.0 == Leg::Away && digest != Some(found.rules_digest.as_str()) {
                    return Judgement::Fail(
                        Reason::ForeignChange,
                        "the rules are not those that were stored: somebody changed them in between"
                            .to_owned(),
                    );
                }
                if found.effective != found.in_scope {
                    return Judgement::Fail(
                        Reason::VerificationFailed,
                        format!(
                            "expected no-flow on {} objects, found it on {}; not on: {}",
                            found.in_scope,
                            found.effective,
                            found.not_effective.join(", ")
                        ),
                    );
                }
                if found.outside > 0 {
                    return Judgement::Fail(
                        Reason::VerificationFailed,
                        format!(
                            "{} objects outside the scopes are withheld too, because the engine compares names as text: {}. Rename the unit whose \
                             name ends like a scope's",
                            found.outside,
                            found.outside_anchors.join(", ")
                        ),
                    );
                }
                Judgement::Pass(vec![
                    fact("objects", found.in_scope),
                    fact("leaking", found.leaking),
                    fact("anchors", &found.anchors_digest),
                ])
            },
        )
    }
}

/// A fact of the rules step, which is prefixed with the server's name when there are several.
fn rules_fact<'a>(view: &View<'a>, step: StepName, server: &str, name: &str) -> Option<&'a str> {
    view.fact(step, name).or_else(|| view.fact(step, &fact_name(server, name)))
}
