//! Steps that one migration carries out for others: who conducts, and what the others take over.
//!
//! The first migration of a claim conducts. Each writes the conductor's name into its own record when it finds itself in the claim,
//! so that it still knows once the claim is given back.

use crds::ObjectName;
use crds::conditions::Reason;
use crds::entra_tenant::Claim;
use crds::migration::StepRecord;

use super::{Progress, Sharing, StepName, View, Wait, fact};
use crate::observed::ServerFacts;
use crate::plan::Effect;

/// Name of the fact that says who conducts.
pub(crate) const CONDUCTOR: &str = "conductor";

/// Whether a claim is this migration's.
pub(crate) fn is_ours(view: &View, claim: &Claim) -> bool {
    claim.names(&view.observed.topology.name, view.migration.name())
}

/// A claim for these migrations as this one's wave takes it; `None` without a scope.
pub(crate) fn claim_for(view: &View, migrations: Vec<ObjectName>) -> Option<Claim> {
    Some(Claim {
        topology: view.observed.topology.name.clone(),
        holder: view.migration.object.spec.scope.as_ref()?.wave.clone(),
        migrations,
        since: view.now,
        resume_by: None,
    })
}

/// What a step says that finds a migration of scopes without one.
pub(crate) fn without_scope() -> Progress {
    Progress::Inconclusive(Reason::NoSuchMigration, "expected a scope in the migration".to_owned())
}

/// How the claims on all servers stand for this migration: passed once all are its own, waiting while one is another's, `None` while they
/// can be taken.
pub(crate) fn servers_claimed(view: &View) -> Option<Progress> {
    let servers = view.servers();
    let claims: Vec<&Claim> = servers.iter().filter_map(|s| s.claim.as_ref()).collect();
    if claims.len() == servers.len()
        && let Some(claim) = claims.first()
        && claims.iter().all(|claim| is_ours(view, claim))
    {
        let conductor = claim.migrations.first().map_or("", ObjectName::as_str);
        return Some(Progress::Pass(vec![
            fact(CONDUCTOR, conductor),
            fact("migrations", claim.migrations.len()),
        ]));
    }
    let other = claims.into_iter().find(|claim| !is_ours(view, claim))?;
    Some(Progress::Waiting(Wait::system(
        Reason::WaitingForClaim,
        format!("{} of topology {} holds the servers", other.holder, other.topology),
        None,
    )))
}

/// Takes every server for these migrations.
pub(crate) fn claim_servers(view: &View, migrations: Vec<ObjectName>) -> Progress {
    let Some(claim) = claim_for(view, migrations) else { return without_scope() };
    let servers = view.servers().into_iter().map(|server| server.name.clone()).collect();
    Progress::Begin(Effect::ClaimServers { servers, claim })
}

/// The servers that this migration holds.
pub(crate) fn held_servers<'a>(view: &View<'a>) -> Vec<&'a ServerFacts> {
    let ours = |server: &&ServerFacts| server.claim.as_ref().is_some_and(|claim| is_ours(view, claim));
    view.servers().into_iter().filter(ours).collect()
}

/// Gives servers back that are held; `None` when none is.
pub(crate) fn release(held: &[&ServerFacts]) -> Option<Effect> {
    let holder = held.first()?.claim.as_ref()?.holder.clone();
    Some(Effect::ReleaseServers { servers: held.iter().map(|server| server.name.clone()).collect(), holder })
}

/// Who conducts the shared steps of this kind; `None` while nobody does.
pub(crate) fn conductor<'a>(view: &View<'a>, sharing: Sharing) -> Option<&'a str> {
    match sharing {
        Sharing::Own => None,
        Sharing::Servers => view.fact(StepName::ClaimServers, CONDUCTOR),
        Sharing::ServersHome => view.fact(StepName::ClaimServersHome, CONDUCTOR),
        Sharing::Jobs => view.fact(StepName::ClaimJob, CONDUCTOR),
    }
}

/// The record that this migration takes over instead of acting itself, if another conducts: `Some(None)` while the conductor has
/// none. Records in `passed` are of this pass and newer than the observed ones.
pub(crate) fn conductor_record<'r>(
    view: &View<'r>,
    sharing: Sharing,
    step: StepName,
    passed: &'r [(String, Vec<StepRecord>)],
) -> Option<(&'r str, Option<&'r StepRecord>)> {
    let conductor = conductor(view, sharing)?;
    if conductor == view.migration.name() {
        return None;
    }
    let fresh = passed.iter().find(|(name, _)| name == conductor).map(|(_, records)| records.as_slice());
    let observed = || view.observed.migration(conductor).and_then(|m| m.record_of(step));
    let record = match fresh {
        Some(records) => records.iter().find(|record| record.name == step.as_str()),
        None => observed(),
    };
    Some((conductor, record))
}
