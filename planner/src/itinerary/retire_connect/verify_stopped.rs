//! After the observation: the service is still stopped and Disabled, and every job of the tenant still works.

use crds::conditions::Reason;
use crds::sync_agent::command::Nothing;
use crds::sync_agent::{Action, Evidence, Expectation};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait};

/// See the module.
pub(crate) struct VerifyStopped;

impl Step for VerifyStopped {
    fn name(&self) -> StepName {
        StepName::VerifyStopped
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::READ
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let scopes = view.observed.topology.spec.scopes.iter();
        let served = crds::DistinguishedName::domains(scopes.flat_map(|scope| &scope.organizational_units));
        if let Some(domain) = served.iter().find(|domain| view.observed.job(domain).is_none()) {
            return Progress::Waiting(Wait::system(
                Reason::GraphUnavailable,
                format!(
                    "the configuration of {domain} cannot be read: whether it serves the domain is not known"
                ),
                None,
            ));
        }
        if let Some(job) = view
            .observed
            .tenant
            .iter()
            .flat_map(|t| &t.jobs)
            .find(|job| !job.started || job.quarantine.is_some())
        {
            return Progress::Waiting(Wait::person(
                Reason::VerificationFailed,
                format!(
                    "the job of {} does not work ({}): clear its cause before the old engine is removed",
                    job.domain,
                    job.quarantine.as_deref().unwrap_or("paused")
                ),
            ));
        }
        let read = command::run(
            view,
            self.name(),
            &view.servers(),
            |_| (Action::ReadInventory(Nothing {}), Expectation::default()),
            |_, evidence| match evidence {
                Evidence::Inventory(_) => Judgement::Pass(Vec::new()),
                other => command::unexpected(other),
            },
        );
        let Progress::Pass(facts) = read else { return read };
        for server in view.servers() {
            let engine = server.inventory.as_ref().and_then(|i| i.engine.as_ref());
            if let Some(engine) = engine
                && (engine.service_running || engine.service_start_type != "Disabled")
            {
                return Progress::Waiting(Wait::person(
                    Reason::ForeignChange,
                    format!(
                        "expected the engine of {} to be stopped and Disabled, found running: {}, start type {}: somebody started it. Find out \
                         what it exported, stop it, and set its start type to Disabled",
                        server.name, engine.service_running, engine.service_start_type
                    ),
                ));
            }
        }
        Progress::Pass(facts)
    }
}
