//! What stays behind is listed, and the server is given back. Source: Microsoft, Uninstall Microsoft Entra Connect.

use crate::itinerary::shared::is_ours;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact};
use crate::plan::Effect;

/// See the module.
pub(crate) struct ListLeftovers;

impl Step for ListLeftovers {
    fn name(&self) -> StepName {
        StepName::ListLeftovers
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let held: Vec<_> = view
            .servers()
            .into_iter()
            .filter(|s| s.claim.as_ref().is_some_and(|c| is_ours(view, c)))
            .collect();
        if let Some(claim) = held.first().and_then(|server| server.claim.as_ref()) {
            return Progress::Begin(Effect::ReleaseServers {
                servers: held.iter().map(|server| server.name.clone()).collect(),
                holder: claim.holder.clone(),
            });
        }
        Progress::Pass(vec![
            fact(
                "tenantDeletionGuard",
                "stays on in the tenant and may stop bulk deletions later; switch it off knowingly",
            ),
            fact("directoryAccount", "MSOL_* account of the AD DS connector, if no other server uses it"),
            fact(
                "seamlessSignOn",
                "computer account AZUREADSSOACC: keep it while seamless single sign-on is used",
            ),
            fact("folders", "%ProgramData%\\AADConnect and the LocalDB files on the server"),
            fact("cloudAccount", "Sync_* account or application, if the wizard did not remove it"),
        ])
    }
}
