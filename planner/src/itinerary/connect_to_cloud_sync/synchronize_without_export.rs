//! Full import and full synchronization on every connector of every server, and no export: makes the rules take effect (S1).

use crds::conditions::Reason;
use crds::sync_agent::command::{ConnectorSelection, Profile, ProfileRun, RunProfiles};
use crds::sync_agent::{Action, Evidence};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Leg, Limits, Progress, Sharing, Step, StepName, Undo, View, fact};

/// See the module.
pub(crate) struct SynchronizeWithoutExport(pub(crate) Leg);

/// AD first, so that the synchronization sees today's directory; Entra by delta, because only our rules changed.
const AWAY: [ProfileRun; 4] = [
    ProfileRun { connectors: ConnectorSelection::ActiveDirectory, profile: Profile::FullImport },
    ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::DeltaImport },
    ProfileRun { connectors: ConnectorSelection::ActiveDirectory, profile: Profile::FullSynchronization },
    ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::FullSynchronization },
];

/// Entra first and in full: Cloud Sync may have made and changed objects, and they must be joined before anything is computed.
const HOME: [ProfileRun; 4] = [
    ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::FullImport },
    ProfileRun { connectors: ConnectorSelection::ActiveDirectory, profile: Profile::FullImport },
    ProfileRun { connectors: ConnectorSelection::ActiveDirectory, profile: Profile::FullSynchronization },
    ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::FullSynchronization },
];

impl Step for SynchronizeWithoutExport {
    fn name(&self) -> StepName {
        self.0.name(StepName::SynchronizeWithoutExport, StepName::SynchronizeHome)
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
        synchronize(view, self.name(), self.0)
    }
}

/// Has every server import and synchronize, as the way asks for.
pub(crate) fn synchronize(view: &View, step: StepName, leg: Leg) -> Progress {
    let runs = match leg {
        Leg::Away => AWAY,
        Leg::Home => HOME,
    };
    command::run(
        view,
        step,
        &view.servers(),
        |_| (Action::RunProfiles(RunProfiles { runs: runs.to_vec() }), command::stopped()),
        |_, evidence| match evidence {
            Evidence::Runs(found) => {
                if let Some(judgement) = leg.foreign(found.foreign_runs) {
                    return judgement;
                }
                // The engine reports per-object errors of synchronization as `completed-sync-errors`; the objects concerned are
                // caught by the proof that no-flow is effective.
                if let Some(judgement) = command::unfinished(&found.runs, "completed-sync-errors") {
                    return judgement;
                }
                if found.runs.is_empty() {
                    return Judgement::Again(
                        Reason::WaitingForEvidence,
                        "expected runs, found none".to_owned(),
                    );
                }
                Judgement::Pass(vec![
                    fact("runs", found.runs.len()),
                    fact("rulesDigest", &found.rules_digest),
                ])
            }
            other => command::unexpected(other),
        },
    )
}
