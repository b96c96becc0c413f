//! The wave takes every server, all or none; the claim names the migrations that share the stop (S7).

use crds::ObjectName;
use crds::conditions::Reason;
use crds::entra_tenant::Claim;
use crds::migration::StepState;

use crate::itinerary::shared::{CONDUCTOR, is_ours};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};
use crate::plan::Effect;

/// See the module.
pub(crate) struct ClaimServers;

impl Step for ClaimServers {
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
        let servers = view.servers();
        let claims: Vec<&Claim> = servers.iter().filter_map(|s| s.claim.as_ref()).collect();
        if claims.len() == servers.len()
            && let Some(claim) = claims.first()
            && claims.iter().all(|claim| is_ours(view, claim))
        {
            let conductor = claim.migrations.first().map_or("", ObjectName::as_str);
            return Progress::Pass(vec![
                fact(CONDUCTOR, conductor),
                fact("migrations", claim.migrations.len()),
            ]);
        }
        if let Some(other) = claims.iter().find(|claim| !is_ours(view, claim)) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForClaim,
                format!("{} of topology {} holds the servers", other.holder, other.topology),
                None,
            ));
        }
        if !view.window().is_open() {
            // The window closed while the wave gathered: what has not begun does not begin.
            return Progress::Waiting(Wait::system(
                Reason::WindowClosed,
                "the window closed before the wave began",
                None,
            ));
        }
        if let Some(late) =
            view.wave_migrations().into_iter().find(|m| !m.is_past(StepName::AwaitWindow) && !m.gave_up())
        {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!(
                    "{} of the same wave is not ready yet; all scopes of a wave share one stop",
                    late.name()
                ),
                None,
            ));
        }
        let migrations: Vec<ObjectName> = view
            .wave_migrations()
            .into_iter()
            .filter(|m| !m.gave_up() && m.state_of(StepName::ClaimServers) != Some(StepState::Done))
            .map(|m| m.name().into())
            .collect();
        if let Some(first) = migrations.first().filter(|first| first.as_str() != view.migration.name()) {
            return Progress::Waiting(Wait::system(
                Reason::WaitingForWave,
                format!("{first} takes the servers for the wave"),
                None,
            ));
        }
        let Some(scope) = &view.migration.object.spec.scope else {
            return Progress::Inconclusive(
                Reason::NoSuchMigration,
                "expected a scope in the migration".to_owned(),
            );
        };
        Progress::Begin(Effect::ClaimServers {
            servers: servers.iter().map(|s| s.name.clone()).collect(),
            claim: Claim {
                topology: view.observed.topology.name.clone(),
                holder: scope.wave.clone(),
                migrations,
                since: view.now,
                resume_by: None,
            },
        })
    }
}
