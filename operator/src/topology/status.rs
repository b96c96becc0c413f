//! The status of a topology from its plan. Pure.

use crds::conditions::{ConditionType, Reason, clear, condition, set};
use crds::sync_topology::{
    Engine, ScopeProgress, ServerProgress, SyncTopologyStatus, WavePhase, WaveProgress,
};
use jiff::Timestamp;
use planner::Observed;
use planner::plan::{MigrationPlan, Plan, Standing};

/// The status of a topology.
pub(super) fn of(observed: &Observed, plan: &Plan, now: Timestamp) -> SyncTopologyStatus {
    let mut status = observed.topology.status.clone();
    status.observed_generation = observed.topology.generation;
    conditions(&mut status, observed, plan, now);
    let spec = &observed.topology.spec;
    let moving: Vec<_> = spec.scopes.iter().filter(|scope| scope.engine == Engine::CloudSync).collect();
    let moved = moving.iter().filter(|scope| planner::topology::has_moved(observed, &scope.name)).count();
    status.progress = Some(format!("{moved}/{} scopes", moving.len()));
    status.next = plan.next.as_ref().map(|next| next.why.clone());
    status.next_deadline = plan
        .servers
        .iter()
        .filter(|server| !planner::topology::is_retired(observed, &server.name))
        .filter_map(|server| server.retire_by)
        .min()
        .map(|instant| instant.to_string());
    status.waves = waves(observed, plan, now);
    status.servers = plan
        .servers
        .iter()
        .map(|server| ServerProgress {
            name: server.name.clone(),
            retire_by: server.retire_by,
            migration: server.migration.clone(),
            phase: server.migration.as_ref().and_then(|name| phase_of(plan, name.as_str())),
            blockers: server.blockers.iter().map(|text| text.chars().take(512).collect()).collect(),
        })
        .collect();
    status
}

fn phase_of(plan: &Plan, migration: &str) -> Option<String> {
    plan.migrations.iter().find(|m| m.name == migration).map(crate::migration::phase)
}

fn waves(observed: &Observed, plan: &Plan, now: Timestamp) -> Vec<WaveProgress> {
    plan.waves
        .iter()
        .map(|wave| {
            let before = observed.topology.status.waves.iter().find(|w| w.name == wave.name);
            let begun = wave.scopes.iter().any(|scope| scope.migration.is_some());
            WaveProgress {
                name: wave.name.clone(),
                phase: wave.phase,
                plan_digest: Some(wave.plan_digest.clone()),
                frozen_at: before.and_then(|w| w.frozen_at).or_else(|| begun.then_some(now)),
                way_back: Some(wave.way_back.clone()),
                scopes: wave
                    .scopes
                    .iter()
                    .map(|scope| ScopeProgress {
                        name: scope.name.clone(),
                        served_by: scope.served_by,
                        migration: scope.migration.clone(),
                        phase: scope.migration.as_ref().and_then(|name| phase_of(plan, name.as_str())),
                    })
                    .collect(),
            }
        })
        .collect()
}

fn conditions(status: &mut SyncTopologyStatus, observed: &Observed, plan: &Plan, now: Timestamp) {
    let generation = Some(observed.topology.generation);
    let stopped: Option<&MigrationPlan> =
        plan.migrations.iter().find(|m| matches!(m.standing, Standing::Paused { .. }));
    let approval = plan.migrations.iter().find(|m| matches!(m.standing, Standing::AwaitingApproval { .. }));
    let obstacle = plan
        .migrations
        .iter()
        .find(|m| matches!(m.standing, Standing::Blocked { .. } | Standing::AwaitingPerson { .. }));
    let mut put = |kind, ok, reason, message: String| {
        set(&mut status.conditions, condition(kind, ok, reason, message, generation, now));
    };
    let failed_wave = plan.waves.iter().find(|wave| wave.phase == WavePhase::Failed);
    let degraded = degraded(observed, plan);
    let problem: Option<(Reason, String)> = plan
        .blockers
        .first()
        .map(|blocker| {
            let all: Vec<&str> = plan.blockers.iter().map(|b| b.message.as_str()).collect();
            (blocker.reason, all.join(". "))
        })
        .or_else(|| {
            failed_wave.map(|wave| {
                let why = stopped.map_or_else(String::new, text);
                (
                    Reason::FailureBudgetExhausted,
                    format!("wave {} has used up its failure budget: {why}", wave.name),
                )
            })
        })
        .or_else(|| stopped.map(|m| (Reason::PausedByDecision, format!("{}: {}", m.name, text(m)))))
        .or_else(|| obstacle.map(|m| (hindrance(m), format!("{}: {}", m.name, text(m)))))
        .or_else(|| degraded.clone());
    let (ready, reason, message) = match (&problem, plan.completed, observed.topology.spec.suspend) {
        (Some((reason, message)), ..) => (false, *reason, message.clone()),
        (None, true, _) => (true, Reason::AsDeclared, "everything declared is so".to_owned()),
        (None, false, true) => (true, Reason::Suspended, "suspended: nothing is started".to_owned()),
        (None, false, false) => (true, Reason::Accepted, "accepted and on course".to_owned()),
    };
    put(ConditionType::Ready, ready, reason, message.clone());
    put(
        ConditionType::Completed,
        plan.completed,
        if plan.completed { Reason::Completed } else { Reason::InProgress },
        if plan.completed {
            "every scope moved, and every server due is retired"
        } else {
            "not everything declared is so yet"
        }
        .to_owned(),
    );
    let phase = match (&problem, plan.completed) {
        (Some((reason, _)), _) => reason.as_str(),
        (None, true) => "Completed",
        (None, false) if approval.is_some() => "AwaitingApproval",
        (None, false) if plan.migrations.is_empty() => "Pending",
        (None, false) => "Moving",
    };
    let phase = phase.to_owned();
    if let Some((reason, message)) = problem {
        put(ConditionType::Stalled, true, reason, message.clone());
        put(ConditionType::Blocked, true, reason, message);
    } else {
        clear(&mut status.conditions, ConditionType::Stalled);
        clear(&mut status.conditions, ConditionType::Blocked);
    }
    match degraded {
        Some((reason, message)) => {
            set(
                &mut status.conditions,
                condition(ConditionType::Degraded, true, reason, message, generation, now),
            );
        }
        None => clear(&mut status.conditions, ConditionType::Degraded),
    }
    match approval {
        Some(m) => set(
            &mut status.conditions,
            condition(
                ConditionType::AwaitingApproval,
                true,
                Reason::ApprovalRequired,
                format!("{}: {}", m.name, text(m)),
                generation,
                now,
            ),
        ),
        None => clear(&mut status.conditions, ConditionType::AwaitingApproval),
    }
    status.phase = Some(phase);
}

/// What goes home or went although Git still asks for it: rolling back is not editing Git behind anybody's back.
fn degraded(observed: &Observed, plan: &Plan) -> Option<(Reason, String)> {
    let asked_for = |m: &&MigrationPlan| {
        let facts = observed.migration(&m.name);
        let scope = facts.and_then(|facts| facts.object.spec.scope.as_ref());
        let declared = &observed.topology.spec.scopes;
        let newest = facts.is_some_and(|facts| !observed.is_superseded(facts));
        newest
            && scope.is_none_or(|scope| {
                declared.iter().any(|s| s.name == scope.name && s.engine == Engine::CloudSync)
            })
    };
    let back: Vec<&MigrationPlan> =
        plan.migrations.iter().filter(|m| m.way_back.is_some()).filter(asked_for).collect();
    let first = back.first()?;
    let done = back.iter().all(|m| matches!(m.standing, Standing::RolledBack { .. }));
    let reason = if done { Reason::RolledBack } else { Reason::RollingBack };
    let lines: Vec<String> = back
        .iter()
        .map(|m| {
            let why = m.way_back.as_ref().map_or("", |way_back| way_back.message.as_str());
            format!("{}: {why}", m.name)
        })
        .collect();
    let next = format!(
        "Once the cause is gone, a MigrationDecision Resume on {} begins a new attempt; or declare what is wanted instead",
        first.name
    );
    Some((reason, format!("{}. {next}", lines.join(". "))))
}

/// Why a migration cannot go on.
fn hindrance(migration: &MigrationPlan) -> Reason {
    match &migration.standing {
        Standing::Blocked { reason, .. } => *reason,
        _ => crate::migration::asked_for(migration),
    }
}

fn text(migration: &MigrationPlan) -> String {
    match &migration.standing {
        Standing::Paused { message, .. }
        | Standing::Blocked { message, .. }
        | Standing::AwaitingPerson { message }
        | Standing::AwaitingApproval { message } => message.clone(),
        Standing::Running { step } => step.clone(),
        Standing::Completed => "completed".to_owned(),
        Standing::RolledBack { message } => format!("it went home: {message}"),
    }
}
