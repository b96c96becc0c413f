//! Live proof of takeover (S2): a test user below the probe organizational unit is made, changed and removed, and the cloud follows.
//! Three steps of one kind. Where the topology names no probe unit, a person makes the proof and says so with SkipStep.

use crds::ContentDigest;
use crds::conditions::Reason;
use crds::sync_agent::command::{Probe as Arguments, ProbePhase};
use crds::sync_agent::{Action, Evidence, Expectation};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};
use crate::observed::MigrationFacts;
use crate::plan::Effect;

/// See the module.
pub(crate) struct Probe {
    pub(crate) name: StepName,
    pub(crate) phase: ProbePhase,
}

impl Step for Probe {
    fn name(&self) -> StepName {
        self.name
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Action { how: "the test user is removed", leaves: "a soft-deleted test user for 30 days" }
    }

    fn may_be_skipped(&self, migration: &MigrationFacts) -> bool {
        unit(migration).is_none()
    }

    fn evaluate(&self, view: &View) -> Progress {
        let Some(unit) = unit(view.migration) else {
            return Progress::Waiting(Wait::person(
                Reason::HumanActionRequired,
                format!(
                    "the scope names no `probeOrganizationalUnit`: {} in one of its units, see it arrive in Entra, then create a \
                     MigrationDecision SkipStep for step {}",
                    match self.phase {
                        ProbePhase::Create => "create a test user",
                        ProbePhase::Change => "change the display name of the test user",
                        ProbePhase::Remove => "remove the test user",
                    },
                    self.name.as_str()
                ),
            ));
        };
        let Some(server) = view.reading_server() else {
            return Progress::Waiting(Wait::person(
                Reason::ServerNotFound,
                "expected a sync server whose agent can make the test user",
            ));
        };
        let done = command::run(
            view,
            self.name,
            &[server],
            |_| {
                let probe =
                    Arguments { organizational_unit: unit.clone(), token: token(view), phase: self.phase };
                (Action::Probe(probe), Expectation::default())
            },
            |_, evidence| match evidence {
                Evidence::Probe(found) => {
                    let mut facts = vec![fact("anchor", &found.anchor), fact("at", found.at)];
                    facts.extend(found.display_name.iter().map(|name| fact("displayName", name)));
                    Judgement::Pass(facts)
                }
                other => command::unexpected(other),
            },
        );
        let Progress::Pass(facts) = done else { return done };
        let value = |name: &str| facts.iter().find(|f| f.name == name).map(|f| f.value.as_str());
        let Some(anchor) = value("anchor") else {
            return Progress::Inconclusive(
                Reason::WaitingForEvidence,
                "expected the anchor of the test user".to_owned(),
            );
        };
        let since = value("at").and_then(|at| at.parse::<jiff::Timestamp>().ok());
        match view.migration.probe.as_ref().filter(|p| p.anchor == anchor && since.is_some_and(|s| p.at >= s))
        {
            Some(cloud) if cloud.display_name.as_deref() == value("displayName") => Progress::Pass(facts),
            // What the cloud showed is not yet what the directory has: look again.
            _ => Progress::Begin(Effect::ReadProbe { anchor: anchor.to_owned() }),
        }
    }
}

fn unit(migration: &MigrationFacts) -> Option<&crds::DistinguishedName> {
    migration.object.spec.scope.as_ref()?.probe_organizational_unit.as_ref()
}

/// Part of the test object's name: the same for the three steps of one migration, another for each migration.
fn token(view: &View) -> String {
    let digest = ContentDigest::of(
        format!("{}/{}", view.observed.topology.namespace, view.migration.uid()).as_bytes(),
    );
    format!("hip-{}", digest.short())
}
