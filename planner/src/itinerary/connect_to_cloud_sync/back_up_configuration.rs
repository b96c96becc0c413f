//! A configuration snapshot of every server that parsed and is kept (S6).

use crds::conditions::Reason;
use crds::sync_agent::command::IntoSecrets;
use crds::sync_agent::{Action, Evidence, Expectation, bulk_secrets};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact, unkept, watch};
use crate::observed::ServerFacts;
use crate::plan::Effect;

/// See the module.
pub(crate) struct BackUpConfiguration;

impl Step for BackUpConfiguration {
    fn name(&self) -> StepName {
        StepName::BackUpConfiguration
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::READ
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        // A snapshot taken for a sibling of the wave serves as well, as long as nothing was changed in between.
        let needed: Vec<&ServerFacts> =
            view.servers().into_iter().filter(|server| !is_backed_up(view, server)).collect();
        if needed.is_empty() {
            return Progress::Pass(vec![fact("servers", view.servers().len())]);
        }
        let taken = command::run(view, self.name(), &needed, take, |_, evidence| {
            match evidence {
                Evidence::Snapshot(found) if found.parsed => Judgement::Pass(vec![fact("digest", &found.digest)]),
                Evidence::Snapshot(_) => Judgement::Fail(
                    Reason::SnapshotUnreadable,
                    "expected an exported configuration that can be read back, and it cannot: export it by hand with \
                     Get-ADSyncServerConfiguration and look at the files"
                        .to_owned(),
                ),
                other => command::unexpected(other),
            }
        });
        let Progress::Pass(_) = taken else {
            return watch::meanwhile(view, Reason::SnapshotUnreadable, taken);
        };
        let repeat = || command::repeat(view, self.name(), &needed, take);
        if let Some(wait) = unkept::waiting(view, &needed, Reason::SnapshotUnreadable, repeat) {
            return wait;
        }
        // All were taken; keep them one after the other.
        for server in needed {
            if let Some(Evidence::Snapshot(found)) =
                server.agent.as_ref().and_then(|a| a.outcome.as_ref()).and_then(|o| o.evidence.as_ref())
            {
                let store =
                    Effect::StoreSnapshot { server: server.name.clone(), digest: found.digest.clone() };
                return watch::meanwhile(view, Reason::SnapshotUnreadable, Progress::Begin(store));
            }
        }
        Progress::Working("waiting for the snapshots to be kept".to_owned())
    }
}

/// The command for a server.
fn take(server: &ServerFacts) -> (Action, Expectation) {
    let agent = server.agent.as_ref().map_or_else(|| server.name.clone(), |agent| agent.name.clone());
    (Action::TakeSnapshot(IntoSecrets { secrets: bulk_secrets(&agent) }), Expectation::default())
}

/// Whether a kept snapshot is from after this step began, or from after anything was last changed by a sibling's attempt.
fn is_backed_up(view: &View, server: &ServerFacts) -> bool {
    let Some(at) = server.snapshot_at else { return false };
    let began = view.record.started_at;
    let created = view.migration.object.metadata.creation_timestamp.as_ref().map(|t| t.0);
    [began, created].into_iter().flatten().min().is_some_and(|since| at >= since)
}
