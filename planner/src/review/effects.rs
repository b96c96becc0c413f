//! What a plan must never do next. Pure.

use crds::migration::StepState;
use crds::sync_agent::Action;
use crds::sync_agent::command::{Profile, RunProfiles};
use crds::sync_server::ServerRole;
use jiff::SignedDuration;

use super::{Case, Invariant, Violation, home};
use crate::itinerary::StepName as S;
use crate::plan::{AgentCommand, Effect};
use crate::topology;

/// Longest and shortest `resumeBy` after a stop.
const RESUME: (SignedDuration, SignedDuration) =
    (SignedDuration::from_mins(10), SignedDuration::from_hours(24));

/// Looks at the effect of one migration.
pub(super) fn review(case: &Case, found: &mut Vec<Violation>) {
    let Some(effect) = &case.plan.effect else { return };
    if case.observed.topology.deleted && !case.goes_home() && starts(effect) {
        found.push(case.violation(Invariant::S9, "the topology is being deleted, and new work would start"));
    }
    forgotten(case, effect, found);
    match effect {
        Effect::Commands(commands) => commands.iter().for_each(|command| command_rules(case, command, found)),
        Effect::ClaimServers { servers, claim } => {
            for server in servers.iter().filter_map(|name| case.server(name)) {
                if server.claim.as_ref().is_some_and(|held| !held.is_same(claim)) {
                    found.push(case.violation(Invariant::S7, format!("{} is claimed already", server.name)));
                }
            }
            if !case.goes_home() {
                window(case, found);
            }
        }
        Effect::ClaimJobs { domains, claim } => {
            let taken =
                |job: &&crate::observed::JobFacts| job.claim().is_some_and(|held| !held.is_same(claim));
            for job in domains.iter().filter_map(|d| case.observed.job(d)).filter(taken) {
                found.push(
                    case.violation(Invariant::S7, format!("the job of {} is claimed already", job.domain)),
                );
            }
        }
        Effect::AddContainers { domain, epoch, expected, wanted } => {
            if wanted.is_empty() {
                found.push(
                    case.violation(Invariant::S11, "the filter would be empty, which means the whole domain"),
                );
            }
            if let Some(lost) = expected.iter().find(|container| !wanted.contains(container)) {
                found.push(case.violation(
                    Invariant::S3,
                    format!("{lost} would leave the filter, which deletes what is in it"),
                ));
            }
            match case.observed.job(domain) {
                Some(job) if *epoch <= job.epoch() => {
                    found
                        .push(case.violation(Invariant::S8, format!("the epoch of {domain} would not rise")));
                }
                Some(job)
                    if job
                        .claim()
                        .is_none_or(|c| !c.migrations.iter().any(|m| m.as_str() == case.plan.name)) =>
                {
                    found.push(case.violation(
                        Invariant::S7,
                        format!("the job of {domain} is not claimed by this migration"),
                    ));
                }
                Some(_) => {}
                None => {
                    found.push(case.violation(Invariant::S10, format!("the job of {domain} was not read")));
                }
            }
            for (step, invariant) in [
                (S::ProveNoFlow, Invariant::S1),
                (S::PredictChanges, Invariant::S11),
                (S::StartScheduler, Invariant::S7),
            ] {
                if !case.done(step) {
                    found.push(case.violation(
                        invariant,
                        format!("the scope would be added before {} is Done", step.as_str()),
                    ));
                }
            }
            members_withheld(case, wanted, found);
        }
        Effect::PrepareJob { deletion_threshold, .. }
        | Effect::TightenDeletionGuard { deletion_threshold, .. } => {
            if !(1..=500).contains(deletion_threshold) {
                found.push(case.violation(
                    Invariant::S3,
                    format!("a deletion threshold of {deletion_threshold} loosens the guard"),
                ));
            }
        }
        Effect::PauseJob { domain, epoch } | Effect::DeleteJob { domain, epoch } => {
            home::job(case, domain, *epoch, matches!(effect, Effect::DeleteJob { .. }), found);
        }
        Effect::Readopt { servers } => readoption(case, servers, found),
        Effect::ReleaseServers { .. }
        | Effect::ReleaseJobs { .. }
        | Effect::StoreSnapshot { .. }
        | Effect::StoreListing { .. }
        | Effect::ReadProbe { .. }
        | Effect::Predict { .. }
        | Effect::Compare { .. } => {}
    }
}

/// Nothing of the cloud is changed while an agent remembers more than the cluster does (S12).
fn forgotten(case: &Case, effect: &Effect, found: &mut Vec<Violation>) {
    let changes = matches!(
        effect,
        Effect::PrepareJob { .. }
            | Effect::TightenDeletionGuard { .. }
            | Effect::AddContainers { .. }
            | Effect::PauseJob { .. }
            | Effect::DeleteJob { .. }
    );
    let ahead = case.observed.servers_of(case.facts).into_iter().find(|server| server.is_behind());
    if let Some(server) = ahead.filter(|_| changes) {
        found.push(case.violation(
            Invariant::S12,
            format!(
                "the agent of {} remembers more than the cluster, and the cloud would be changed",
                server.name
            ),
        ));
    }
}

/// Nothing is taken over that nobody readopted as it is now, and no evidence from before may count after (S12, S8).
fn readoption(case: &Case, servers: &[(crds::ObjectName, crds::Epoch)], found: &mut Vec<Violation>) {
    if !crate::decisions::standing(case.observed, case.facts, case.now).is_readopted() {
        found.push(case.violation(Invariant::S12, "servers would be taken over that nobody readopted"));
    }
    for (name, epoch) in servers {
        let seen = case.server(name).and_then(|s| Some(s.agent.as_ref()?.highest_epoch.max(s.epoch)));
        if seen.is_none_or(|seen| *epoch <= seen) {
            found.push(
                case.violation(
                    Invariant::S8,
                    format!("the epoch of {name} would not rise above what was seen"),
                ),
            );
        }
    }
    // On the way home the records of the way out prove nothing any more, and the way begins anew.
    let steps = case.plan.way_back.as_ref().map_or(&case.plan.steps, |way_back| &way_back.steps);
    if steps.iter().any(|record| record.state != StepState::Pending) {
        found.push(case.violation(Invariant::S12, "proofs from before a restoration would be kept"));
    }
}

/// Every unit that the filter would gain belongs to a migration whose no-flow is proven (S1).
fn members_withheld(case: &Case, wanted: &[crds::DistinguishedName], found: &mut Vec<Violation>) {
    let gained = |unit: &&crds::DistinguishedName| {
        let held =
            |domain: String| case.observed.job(&domain).is_some_and(|job| job.containers.contains(unit));
        !unit.domain().is_some_and(held)
    };
    for unit in wanted.iter().filter(gained) {
        let owned = case
            .observed
            .migrations
            .iter()
            .any(|m| m.way_back().is_none() && m.organizational_units().contains(unit));
        if !owned {
            found.push(case.violation(Invariant::S1, format!("{unit} would be added for nobody that moves")));
        }
    }
    // A migration that goes home, or went, vouches for nothing.
    for migration in case.observed.migrations.iter().filter(|m| m.way_back().is_none()) {
        let Some(scope) = &migration.object.spec.scope else { continue };
        let gains = scope.organizational_units.iter().any(|unit| {
            wanted.contains(unit)
                && unit
                    .domain()
                    .and_then(|d| case.observed.job(&d))
                    .is_some_and(|job| !job.containers.contains(unit))
        });
        let proven = migration.object.status.as_ref().is_some_and(|s| {
            s.steps.iter().any(|r| r.name == S::ProveNoFlow.as_str() && r.state == StepState::Done)
        }) || (migration.name() == case.plan.name && case.done(S::ProveNoFlow));
        if gains && !proven {
            found.push(case.violation(
                Invariant::S1,
                format!("scope {} would be added although no-flow is not proven for it", scope.name),
            ));
        }
    }
}

/// Whether an effect begins something that did not run.
fn starts(effect: &Effect) -> bool {
    match effect {
        Effect::ClaimServers { .. } => true,
        Effect::Commands(commands) => commands.iter().any(|c| matches!(c.action, Action::StopScheduler(_))),
        _ => false,
    }
}

fn window(case: &Case, found: &mut Vec<Violation>) {
    let spec = &case.observed.topology.spec;
    let windows = spec.strategy.as_ref().map_or(&[] as &[_], |s| s.windows.as_slice());
    let open = crate::windows::Windows::read(spec.time_zone.as_deref(), windows)
        .is_ok_and(|w| w.state(case.now).is_open());
    let began = case.record(S::AwaitWindow).is_some_and(|r| r.state == StepState::Done);
    let late_retirement = began && case.facts.object.spec.server.is_some();
    if !open && !late_retirement {
        found.push(case.violation(Invariant::S9, "work would start while no window is open"));
    }
}

fn command_rules(case: &Case, command: &AgentCommand, found: &mut Vec<Violation>) {
    let Some(server) = case.server(&command.server) else {
        found.push(case.violation(Invariant::S10, format!("{} is not known", command.server)));
        return;
    };
    let wanted = if command.action.mutates() { server.epoch.next() } else { server.epoch };
    if command.epoch != wanted {
        found.push(case.violation(
            Invariant::S8,
            format!(
                "expected epoch {wanted} for {} on {}, found {}",
                command.action.name(),
                server.name,
                command.epoch
            ),
        ));
    }
    if server.is_behind() {
        found.push(case.violation(
            Invariant::S12,
            format!("{} remembers more than the cluster, and would be commanded", server.name),
        ));
    }
    if command.begin_within.length() <= SignedDuration::ZERO {
        found.push(
            case.violation(Invariant::S8, format!("{} may be begun at no time", command.action.name())),
        );
    }
    let claimed = server.claim.as_ref().is_some_and(|c| {
        c.topology == case.observed.topology.name && c.migrations.iter().any(|m| m.as_str() == case.plan.name)
    });
    let disturbs = matches!(
        command.action,
        Action::StopScheduler(_)
            | Action::PutNoFlowRules(_)
            | Action::RunProfiles(_)
            | Action::SetService(_)
            | Action::StartScheduler(_)
    );
    if disturbs && !claimed {
        found.push(case.violation(
            Invariant::S7,
            format!("{} on {} without the claim", command.action.name(), server.name),
        ));
    }
    if disturbs && server.snapshot_at.is_none() {
        found.push(case.violation(
            Invariant::S6,
            format!("{} on {} before a snapshot was kept", command.action.name(), server.name),
        ));
    }
    match &command.action {
        Action::StopScheduler(stop) => {
            let after = stop.resume_by.duration_since(
                case.record(case.on_leg(S::StopScheduler, S::StopSchedulerHome))
                    .and_then(|r| r.started_at)
                    .unwrap_or(case.now),
            );
            if after < RESUME.0 || after > RESUME.1 {
                found.push(case.violation(
                    Invariant::S7,
                    format!("resumeBy {} is not within 10 minutes to 24 hours", stop.resume_by),
                ));
            }
            for step in [S::ReviewPendingExports, S::AwaitWindow, S::PredictChanges] {
                if !case.goes_home() && !case.done(step) {
                    found.push(case.violation(
                        Invariant::S7,
                        format!("the scheduler would stop before {} is Done", step.as_str()),
                    ));
                }
            }
        }
        Action::PutNoFlowRules(_) if !case.done(case.on_leg(S::StopScheduler, S::StopSchedulerHome)) => {
            found.push(case.violation(Invariant::S7, "rules would change while the scheduler runs"));
        }
        Action::RunProfiles(runs) => runs_rules(case, server.role, runs, found),
        Action::SetService(set) if !set.running => {
            if set.only_if_nothing_left.is_none() {
                found.push(case.violation(
                    Invariant::S4,
                    format!("{} would be stopped without a last look at what it exports", server.name),
                ));
            }
            retirement(case, found);
        }
        _ => {}
    }
}

fn runs_rules(case: &Case, role: Option<ServerRole>, runs: &RunProfiles, found: &mut Vec<Violation>) {
    if !runs.runs.iter().any(|run| run.profile == Profile::Export) {
        return;
    }
    if role != Some(ServerRole::Active) {
        found.push(case.violation(Invariant::S1, "an export would run on a server that does not export"));
    }
    if !case.done(case.on_leg(S::ReadPendingExports, S::ReviewExportsHome)) {
        found.push(case.violation(Invariant::S3, "an export would run before the pending exports were read"));
    }
}

fn retirement(case: &Case, found: &mut Vec<Violation>) {
    for step in [S::CheckResidualExports, S::CheckSideServices] {
        if !case.done(step) {
            found.push(
                case.violation(
                    Invariant::S4,
                    format!("the engine would stop before {} is Done", step.as_str()),
                ),
            );
        }
    }
    for scope in &case.observed.topology.spec.scopes {
        if !topology::has_moved(case.observed, &scope.name) {
            found.push(case.violation(
                Invariant::S4,
                format!("the engine would stop although scope {} has not moved", scope.name),
            ));
        }
    }
}
