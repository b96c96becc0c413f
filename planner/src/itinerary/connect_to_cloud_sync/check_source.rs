//! The source engine still works, and each server's agent reports. Looks only.

use crds::conditions::Reason;
use crds::sync_topology::Engine;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};
use crate::lifecycle::{self, Working};
use crate::observed::Reporting;

/// See the module.
pub(crate) struct CheckSource;

impl Step for CheckSource {
    fn name(&self) -> StepName {
        StepName::CheckSource
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let mut facts = Vec::new();
        for intent in &view.observed.topology.spec.servers {
            let Some(server) = view.observed.servers.get(&intent.name) else {
                return Progress::Waiting(Wait::person(
                    Reason::ServerNotFound,
                    format!(
                        "expected a SyncServer named {}, found none: create it, or correct `spec.servers`",
                        intent.name
                    ),
                ));
            };
            match server.reporting {
                Reporting::OnTime => {}
                Reporting::Silent { since } => {
                    return Progress::Waiting(Wait::obstacle(
                        Reason::AgentSilent,
                        format!(
                            "the agent of {} has not reported since {since}: look at its service and its network",
                            server.name
                        ),
                    ));
                }
                Reporting::Never => {
                    return Progress::Waiting(Wait::person(
                        Reason::AgentMissing,
                        format!(
                            "no agent reports for {}: run `kubectl hybrid agent join` for it and set `spec.acceptedAgent` of the \
                             SyncServer",
                            server.name
                        ),
                    ));
                }
            }
            let Some(inventory) = &server.inventory else {
                return Progress::Working(format!("waiting for the first inventory of {}", server.name));
            };
            let Some(engine) = &inventory.engine else {
                return Progress::Waiting(Wait::person(
                    Reason::ServerNotFound,
                    format!(
                        "expected a sync engine on {}, found none: remove the server from `spec.servers`",
                        server.name
                    ),
                ));
            };
            if engine.engine != Engine::EntraConnect {
                return Progress::Waiting(Wait::obstacle(
                    Reason::SourceNoLongerWorks,
                    format!(
                        "expected EntraConnect on {}, found {}: this road starts from Entra Connect only",
                        server.name, engine.engine
                    ),
                ));
            }
            match lifecycle::working(engine.engine, &engine.version, view.now) {
                Working::Works { .. } => {
                    facts.push(fact(&format!("version.{}", server.name), &engine.version));
                }
                Working::Stopped { since, source } => {
                    return Progress::Waiting(Wait::obstacle(
                        Reason::SourceNoLongerWorks,
                        format!(
                            "{} runs {} {}, which the service refuses since {since} ({source}): the directory has drifted since, and going \
                             back to this server is no way back. Install a build from {} on first",
                            server.name,
                            engine.engine,
                            engine.version,
                            lifecycle::MINIMUM_WORKING_CONNECT
                        ),
                    ));
                }
                Working::Unknown => {
                    return Progress::Inconclusive(
                        Reason::UnknownBuild,
                        format!(
                            "expected a version such as 2.6.92.0 on {}, found {:?}",
                            server.name, engine.version
                        ),
                    );
                }
            }
        }
        if view.exporting_servers().is_empty() {
            return Progress::Waiting(Wait::person(
                Reason::ServerNotFound,
                "expected one listed server that exports, found none: list the active server in `spec.servers`",
            ));
        }
        Progress::Pass(facts.into_iter().take(24).collect())
    }
}
