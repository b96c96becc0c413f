//! What stays behind is listed, and the server is given back. Source: Microsoft, Uninstall Microsoft Entra Connect.

use crds::migration::Fact;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact, shared};

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
        if let Some(release) = shared::release(&shared::held_servers(view)) {
            return Progress::Begin(release);
        }
        Progress::Pass(leftovers(view))
    }
}

/// What the uninstaller leaves, each with what to do about it.
fn leftovers(view: &View) -> Vec<Fact> {
    let mut left = vec![
        fact(
            "tenantDeletionGuard",
            "stays on in the tenant, also for Cloud Sync, and may stop bulk deletions later; \
             Disable-AADCloudSyncToolsDirSyncAccidentalDeletionPrevention switches it off knowingly",
        ),
        fact(
            "directoryAccount",
            "MSOL_* account of the AD DS connector with its rights: delete it, if no other server uses it",
        ),
        fact(
            "folders",
            "%ProgramData%\\AADConnect and the LocalDB files on the server: delete them, they hold personal data",
        ),
        fact("groups", "ADSyncAdmins, ADSyncOperators, ADSyncBrowse and ADSyncPasswordSet: delete them"),
        fact(
            "cloudAccount",
            "Sync_* account or application, if the wizard did not remove it: Remove-ADSyncAADServiceAccount from another server",
        ),
        fact(
            "healthAgent",
            "the Entra Connect Health entry of the server: delete it in the portal, its alerts end",
        ),
        fact(
            "directorySynchronization",
            "stays on for the tenant: Cloud Sync needs it, and switching it off would make every user a cloud user",
        ),
    ];
    let keeps = |key: &str| {
        view.fact(StepName::CheckSideServices, key).filter(|value| !value.starts_with("off on every"))
    };
    if let Some(who) = keeps("seamlessSignOn") {
        left.push(fact("seamlessSignOn", who));
    } else {
        left.push(fact(
            "seamlessSignOn",
            "computer account AZUREADSSOACC, if there is one: seamless sign-on is off, delete it",
        ));
    }
    left.extend(keeps("passThrough").map(|who| fact("passThrough", who)));
    let others: Vec<&str> = view
        .observed
        .servers
        .values()
        .filter(|server| server.inventory.as_ref().is_none_or(|inventory| inventory.engine.is_some()))
        .map(|server| server.name.as_str())
        .collect();
    if !others.is_empty() {
        left.push(fact("otherServers", format!("still installed: {}", others.join(", "))));
    }
    left
}
