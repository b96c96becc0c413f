//! The export runs on the servers that export, never on a staging server. Staging servers then read back what was exported: until they
//! have, they hold exports of the same objects pending, and a failover would write them.

use crds::conditions::Reason;
use crds::sync_agent::command::{ConnectorSelection, Profile, ProfileRun, RunProfiles};
use crds::sync_agent::{Action, Evidence, Expectation};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Leg, Limits, Progress, Sharing, Step, StepName, Undo, View, fact};
use crate::observed::ServerFacts;

/// See the module.
pub(crate) struct Export(pub(crate) Leg);

const RUNS: [ProfileRun; 2] =
    [ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::Export }, READ_BACK];

/// What was exported counts as arrived once it has been imported again.
const READ_BACK: ProfileRun =
    ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::DeltaImport };

/// On a staging server nothing pending is ever exported: a synchronization drops what has arrived by the other server.
const CONFIRM: [ProfileRun; 2] =
    [READ_BACK, ProfileRun { connectors: ConnectorSelection::Entra, profile: Profile::DeltaSynchronization }];

/// How the engine reports that an export ended with errors of single objects.
const OBJECT_ERRORS: &str = "completed-export-errors";

impl Step for Export {
    fn name(&self) -> StepName {
        self.0.name(StepName::Export, StepName::ExportHome)
    }

    fn sharing(&self) -> Sharing {
        self.0.sharing()
    }

    fn limits(&self, _: &View) -> Limits {
        self.0.limits()
    }

    fn undo(&self) -> Undo {
        // What it wrote is what Connect would have written anyway.
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let exported = self.export(view);
        let Progress::Pass(mut facts) = exported else { return exported };
        let exporting = view.exporting_servers();
        let is_exporting = |server: &ServerFacts| exporting.iter().any(|other| other.name == server.name);
        let staging: Vec<&ServerFacts> =
            view.servers().into_iter().filter(|server| !is_exporting(server)).collect();
        if staging.is_empty() {
            return Progress::Pass(facts);
        }
        let confirmed = self.confirm(view, &staging);
        let Progress::Pass(found) = confirmed else { return confirmed };
        facts.extend(found);
        Progress::Pass(facts)
    }
}

impl Export {
    fn export(&self, view: &View) -> Progress {
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
                    if let Some(judgement) = self.0.foreign(found.foreign_runs) {
                        return judgement;
                    }
                    let deleted: i64 = found.runs.iter().map(|run| run.export_deletes).sum();
                    let allowed: i64 = view
                        .fact(
                            self.0.name(StepName::ReadPendingExports, StepName::ReviewExportsHome),
                            "deletes",
                        )
                        .and_then(|n| n.parse().ok())
                        .unwrap_or(0);
                    if deleted > allowed {
                        return Judgement::Fail(
                            Reason::UnexplainedDeletion,
                            format!("expected at most {allowed} deletions, the export made {deleted}"),
                        );
                    }
                    command::unfinished(&found.runs, OBJECT_ERRORS).unwrap_or_else(|| {
                        Judgement::Pass(vec![
                            fact("adds", found.runs.iter().map(|r| r.export_adds).sum::<i64>()),
                            fact("updates", found.runs.iter().map(|r| r.export_updates).sum::<i64>()),
                            fact("deletes", deleted),
                        ])
                    })
                }
                other => command::unexpected(other),
            },
        )
    }
}

impl Export {
    /// Staging servers import from Entra what the others have exported.
    fn confirm(&self, view: &View, staging: &[&ServerFacts]) -> Progress {
        command::run(
            view,
            self.name(),
            staging,
            |_| {
                let expects = Expectation { staging: Some(true), ..command::stopped() };
                (Action::RunProfiles(RunProfiles { runs: CONFIRM.to_vec() }), expects)
            },
            |_, evidence| match evidence {
                Evidence::Runs(found) => self
                    .0
                    .foreign(found.foreign_runs)
                    .or_else(|| command::unfinished(&found.runs, OBJECT_ERRORS))
                    .unwrap_or(Judgement::Pass(Vec::new())),
                other => command::unexpected(other),
            },
        )
    }
}
