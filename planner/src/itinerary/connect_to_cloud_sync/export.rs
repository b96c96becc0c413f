//! The export runs on the servers that export, Entra first; never on a staging server.

use crds::conditions::Reason;
use crds::sync_agent::command::{ConnectorSelection, Profile, ProfileRun, RunProfiles};
use crds::sync_agent::{Action, Evidence, Expectation};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Sharing, Step, StepName, Undo, View, fact};

/// See the module.
pub(crate) struct Export;

const RUNS: [ProfileRun; 2] = [
    ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::Export },
    ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::DeltaImport },
];

impl Step for Export {
    fn name(&self) -> StepName {
        StepName::Export
    }

    fn sharing(&self) -> Sharing {
        Sharing::Servers
    }

    fn limits(&self, view: &View) -> Limits {
        Limits::stopped(view)
    }

    fn undo(&self) -> Undo {
        // What it wrote is what Connect would have written anyway.
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        command::run(
            view,
            self.name(),
            &view.exporting_servers(),
            |_| {
                let expects = Expectation { staging: Some(false), ..command::stopped() };
                (Action::RunProfiles(RunProfiles { runs: RUNS.to_vec() }), expects)
            },
            |_, evidence| match evidence {
                Evidence::Runs(found) => {
                    if let Some(judgement) = command::foreign(found.foreign_runs) {
                        return judgement;
                    }
                    let deleted: i64 = found.runs.iter().map(|run| run.export_deletes).sum();
                    let allowed: i64 = view
                        .fact(StepName::ReadPendingExports, "deletes")
                        .and_then(|n| n.parse().ok())
                        .unwrap_or(0);
                    if deleted > allowed {
                        return Judgement::Fail(
                            Reason::UnexplainedDeletion,
                            format!("expected at most {allowed} deletions, the export made {deleted}"),
                        );
                    }
                    match found
                        .runs
                        .iter()
                        .find(|run| run.result != "success" && run.result != "completed-export-errors")
                    {
                        Some(run) => Judgement::Again(
                            Reason::CommandFailed,
                            format!(
                                "expected {:?} of {} to end with success, found {}",
                                run.profile, run.connector, run.result
                            ),
                        ),
                        None => Judgement::Pass(vec![
                            fact("adds", found.runs.iter().map(|r| r.export_adds).sum::<i64>()),
                            fact("updates", found.runs.iter().map(|r| r.export_updates).sum::<i64>()),
                            fact("deletes", deleted),
                        ]),
                    }
                }
                other => command::unexpected(other),
            },
        )
    }
}
