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
        let runs = match self.0 {
            Leg::Away => AWAY,
            Leg::Home => HOME,
        };
        command::run(
            view,
            self.name(),
            &view.servers(),
            |_| (Action::RunProfiles(RunProfiles { runs: runs.to_vec() }), command::stopped()),
            |_, evidence| match evidence {
                Evidence::Runs(found) => {
                    if let Some(judgement) = self.0.foreign(found.foreign_runs) {
                        return judgement;
                    }
                    // The engine reports per-object errors of synchronization as `completed-sync-errors`; the objects concerned are
                    // caught by the proof that no-flow is effective.
                    match found
                        .runs
                        .iter()
                        .find(|run| run.result != "success" && run.result != "completed-sync-errors")
                    {
                        Some(run) => Judgement::Again(
                            Reason::CommandFailed,
                            format!(
                                "expected {:?} of {} to end with success, found {}",
                                run.profile, run.connector, run.result
                            ),
                        ),
                        None if found.runs.is_empty() => Judgement::Again(
                            Reason::WaitingForEvidence,
                            "expected runs, found none".to_owned(),
                        ),
                        None => Judgement::Pass(vec![
                            fact("runs", found.runs.len()),
                            fact("rulesDigest", &found.rules_digest),
                        ]),
                    }
                }
                other => command::unexpected(other),
            },
        )
    }
}
