//! Controller of Migration: observe → plan → review → record → carry out. Works on all migrations of a topology at once, because
//! servers, agents and jobs are shared between them.

mod effect;
mod news;
mod status;

use std::time::Duration;

use crds::SyncTopology;
use crds::conditions::{ConditionType, Reason, condition, set};
use crds::migration::DecisionRecord;
use crds::migration_decision::{MigrationDecision, MigrationDecisionSpec};
use kube::ResourceExt;
use planner::plan::{Plan, Standing};

use crate::cluster::Cluster;
use crate::context::Context;
use crate::error::Error;
use crate::installation::{self, Turn};
use crate::observe::{self, Seen};

pub(crate) use status::{asked_for, phase};

/// Reconciles the migrations of one topology; answers when to look again.
///
/// # Errors
/// When the cluster or the cloud does not answer, or a plan breaks an invariant.
pub async fn reconcile<C: Cluster>(
    context: &Context<C>,
    namespace: &str,
    name: &str,
) -> Result<Option<Duration>, Error> {
    let Some(topology) = context.cluster.get::<SyncTopology>(namespace, name).await? else { return Ok(None) };
    match installation::turn(context, &topology).await? {
        Turn::Ours => {}
        // The topology's controller takes it.
        Turn::Free => return Ok(Some(context.settings.poll())),
        Turn::Theirs(_) => return Ok(Some(context.settings.resync())),
    }
    let seen = observe::gather(context, topology).await?;
    let now = context.clock.now();
    let plan = planner::plan(&seen.observed, now);
    let violations = planner::review::review(&seen.observed, &plan, now);
    if !violations.is_empty() {
        let text: Vec<String> = violations.iter().map(ToString::to_string).collect();
        return Err(Error::Unsafe(text.join("; ")));
    }
    bind(context, &seen, &plan).await?;
    // Records first: an outcome that was not recorded is not forgotten, and nothing is done that is not recorded as begun.
    let changed = record(context, &seen, &plan).await?;
    let mut acted = false;
    for migration in &plan.migrations {
        if let Some(effect) = &migration.effect {
            tracing::info!(migration = migration.name, effect = effect::name(effect), "carrying out");
            effect::carry_out(context, &seen, &migration.name, effect).await?;
            acted = true;
        }
    }
    Ok(Some(next_look(context, &plan, changed || acted)))
}

/// Keeps the topology's object as long as something of it has to be finished, and lets it go then.
async fn bind<C: Cluster>(context: &Context<C>, seen: &Seen, plan: &Plan) -> Result<(), Error> {
    let topology = &seen.topology;
    let mut finalizers = topology.finalizers().to_vec();
    let held = finalizers.iter().any(|name| name == FINALIZER);
    let bound = planner::topology::is_bound(&seen.observed, plan);
    if held == bound || (bound && topology.metadata.deletion_timestamp.is_some()) {
        return Ok(());
    }
    if bound {
        finalizers.push(FINALIZER.to_owned());
    } else {
        finalizers.retain(|name| name != FINALIZER);
    }
    context.cluster.set_finalizers(topology, &finalizers).await?;
    Ok(())
}

/// Finalizer of a topology of which something has to be finished.
const FINALIZER: &str = "hybrididentity.dev/in-progress";

/// When to look again: soon while something moves, at the instant a time decides, now and then otherwise.
fn next_look<C: Cluster>(context: &Context<C>, plan: &Plan, moved: bool) -> Duration {
    let now = context.clock.now();
    let working = plan
        .migrations
        .iter()
        .any(|m| matches!(m.standing, Standing::Running { .. }) && waits_for_evidence(m));
    if moved || working {
        return context.settings.poll();
    }
    let at = plan.migrations.iter().filter_map(|m| m.next.as_ref()?.at).filter(|at| *at > now).min();
    let until = at.and_then(|at| Duration::try_from(at.duration_since(now)).ok());
    until.map_or(context.settings.resync(), |until| until.min(context.settings.resync()))
}

/// An agent or the cloud works on the current step.
fn waits_for_evidence(migration: &planner::MigrationPlan) -> bool {
    let home = migration.way_back.iter().flat_map(|way_back| &way_back.steps);
    migration.steps.iter().chain(home).any(|record| record.state == crds::migration::StepState::Active)
}

/// Writes what changed of the migrations' status; `true` when anything was written.
async fn record<C: Cluster>(context: &Context<C>, seen: &Seen, plan: &Plan) -> Result<bool, Error> {
    let now = context.clock.now();
    let mut written = false;
    for migration in &plan.migrations {
        let Some(facts) = seen.observed.migration(&migration.name) else { continue };
        let status = status::of(facts, migration, now);
        if facts.object.status.as_ref() != Some(&status) {
            let mut changed = facts.object.clone();
            let news = news::of(facts.object.status.as_ref(), &status, migration);
            changed.status = Some(status);
            context.cluster.replace_status(&changed).await?;
            written = true;
            for news::News { warning, reason, note } in &news {
                context.cluster.event(&facts.object, *warning, reason, "Advance", note).await;
            }
        }
    }
    answer(context, seen, plan, now).await?;
    Ok(written)
}

/// Tells the authors of decisions what became of them.
async fn answer<C: Cluster>(
    context: &Context<C>,
    seen: &Seen,
    plan: &Plan,
    now: jiff::Timestamp,
) -> Result<(), Error> {
    let namespace = &seen.observed.topology.namespace;
    let consumed: Vec<_> = plan
        .migrations
        .iter()
        .flat_map(|migration| migration.consumed.iter().map(move |consumed| (migration, consumed)))
        .collect();
    if consumed.is_empty() {
        return Ok(());
    }
    for mut decision in context.cluster.list::<MigrationDecision>(Some(namespace)).await? {
        let uid = decision.uid();
        let Some((migration, consumed)) =
            consumed.iter().find(|(_, consumed)| Some(consumed.uid.as_str()) == uid.as_deref())
        else {
            continue;
        };
        let facts = seen.observed.decisions.iter().find(|facts| facts.uid == consumed.uid);
        let proven_by = facts.filter(|facts| facts.proven).map(|facts| facts.proven_by);
        let mut status = decision.status.clone().unwrap_or_default();
        status.observed_generation = decision.metadata.generation.unwrap_or_default();
        status.proven_by = proven_by;
        let proof = proven_by.map_or_else(|| "unproven".to_owned(), |by| format!("proven by {by}"));
        let (taken, reason, message) = match &consumed.outcome {
            Ok(_) => (true, Reason::Accepted, format!("taken up into the migration, {proof}")),
            Err((reason, message)) => (false, *reason, message.clone()),
        };
        let what = decided(&decision.spec, &proof, if taken { "" } else { &message });
        set(
            &mut status.conditions,
            condition(ConditionType::Consumed, taken, reason, message, decision.metadata.generation, now),
        );
        if decision.status.as_ref() != Some(&status) {
            decision.status = Some(status);
            context.cluster.replace_status(&decision).await?;
            if let Some(facts) = seen.observed.migration(&migration.name) {
                let (event, action) =
                    if taken { ("DecisionTakenUp", "TakeUp") } else { ("DecisionRefused", "Refuse") };
                context.cluster.event(&facts.object, !taken, event, action, &what).await;
            }
        }
    }
    Ok(())
}

/// What was decided, by whom and why, in words; with why it does not count, where it does not.
fn decided(spec: &MigrationDecisionSpec, proof: &str, refusal: &str) -> String {
    let step = spec.step.as_deref().map_or_else(String::new, |step| format!(" {step}"));
    let why = DecisionRecord::in_words(DecisionRecord::kept_reason(&spec.reason).as_deref());
    let refused = if refusal.is_empty() { String::new() } else { format!("; it does not count: {refusal}") };
    format!("{:?}{step} by {} ({proof}){why}{refused}", spec.decision, spec.decided_by)
}
