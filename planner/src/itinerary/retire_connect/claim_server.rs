//! The server is taken for its retirement.

use crds::conditions::Reason;
use crds::entra_tenant::Claim;

use crate::itinerary::shared::is_ours;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait};
use crate::plan::Effect;

/// See the module.
pub(crate) struct ClaimServer;

impl Step for ClaimServer {
    fn name(&self) -> StepName {
        StepName::ClaimServers
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Release
    }

    fn evaluate(&self, view: &View) -> Progress {
        let Some(server) = view.servers().first().copied() else {
            return Progress::Waiting(Wait::person(
                Reason::ServerNotFound,
                "expected the server of this migration, found none",
            ));
        };
        match &server.claim {
            Some(claim) if is_ours(view, claim) => Progress::Pass(Vec::new()),
            Some(claim) => Progress::Waiting(Wait::system(
                Reason::WaitingForClaim,
                format!("{} of topology {} holds the server", claim.holder, claim.topology),
                None,
            )),
            None => {
                let name: crds::ObjectName = view.migration.name().into();
                Progress::Begin(Effect::ClaimServers {
                    servers: vec![server.name.clone()],
                    claim: Claim {
                        topology: view.observed.topology.name.clone(),
                        holder: server.name.clone(),
                        migrations: vec![name],
                        since: view.now,
                        resume_by: None,
                    },
                })
            }
        }
    }
}
