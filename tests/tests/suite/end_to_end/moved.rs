//! The run came to its end, nothing was lost on the way, and the objects in the cluster say so. Pure.

use crds::conditions::{ConditionType, is_true};
use crds::migration::StepState;
use crds::sync_topology::{Engine, WavePhase};
use kube::ResourceExt;
use tests::demo::{APPROVER, End};

use super::Left;

pub(super) fn connect_is_retired_and_the_judge_finds_nothing(left: &Left) {
    assert_eq!(left.outcome.end, End::Retired, "{}", left.outcome);
    assert!(left.outcome.faults().is_empty(), "{}", left.outcome);
    let verdict = &left.outcome.verdict;
    assert!(verdict.objects > 60, "{}", left.outcome);
    assert!(verdict.violations.is_empty(), "{}", left.outcome);
    assert!(verdict.connect_retired, "{}", left.outcome);
}

pub(super) fn the_topology_says_that_everything_declared_is_so(left: &Left) {
    let topology = &left.topology;
    let status = topology.status.as_ref().unwrap();
    assert_eq!(status.observed_generation, topology.metadata.generation.unwrap());
    for kind in [ConditionType::Ready, ConditionType::Completed] {
        assert!(is_true(&status.conditions, kind), "{kind} in {:?}", status.conditions);
    }
    for kind in [ConditionType::Stalled, ConditionType::Reconciling, ConditionType::Blocked] {
        assert!(!status.conditions.iter().any(|condition| condition.type_ == kind.as_str()), "{kind}");
    }
    assert_eq!(status.progress.as_deref(), Some("5/5 scopes"));
    assert_eq!(status.phase.as_deref(), Some("Completed"));
    for wave in &status.waves {
        assert_eq!(wave.phase, WavePhase::Completed, "{}", wave.name);
        assert!(wave.frozen_at.is_some(), "{}", wave.name);
        for scope in &wave.scopes {
            assert_eq!(scope.served_by, Some(Engine::CloudSync), "{}", scope.name);
        }
    }
}

/// What `docs/architecture.md` and `kubectl explain migration.status` promise of a finished migration.
pub(super) fn every_step_of_every_migration_is_proven_and_dated(left: &Left) {
    assert_eq!(left.migrations.len(), 5 + left.agents.len());
    for migration in &left.migrations {
        let name = migration.name_any();
        let status = migration.status.as_ref().unwrap();
        assert!(is_true(&status.conditions, ConditionType::Completed), "{name}: {:?}", status.conditions);
        assert!(!status.steps.is_empty(), "{name}");
        let count = status.steps.len();
        assert_eq!(status.progress, Some(format!("{count}/{count} steps")), "{name}");
        assert_eq!(status.phase.as_deref(), Some("Completed"), "{name}");
        for step in &status.steps {
            // Skipped where there is nothing to do, such as automatic upgrade that is off already: it says so.
            if step.state == StepState::Skipped {
                assert!(!step.message.is_empty(), "{name}: {step:?}");
                continue;
            }
            assert_eq!(step.state, StepState::Done, "{name}: {step:?}");
            assert!(step.started_at.is_some() && step.finished_at.is_some(), "{name}: {step:?}");
            assert!(step.started_at <= step.finished_at, "{name}: {step:?}");
        }
    }
}

/// Who let the first wave go, and that the admission policy vouches for it.
pub(super) fn the_approval_of_the_first_wave_is_kept_with_the_person(left: &Left) {
    let pilot = left
        .migrations
        .iter()
        .find(|migration| migration.spec.scope.as_ref().is_some_and(|scope| scope.name.as_str() == "pilot"));
    let decisions = &pilot.unwrap().status.as_ref().unwrap().decisions;
    assert_eq!(decisions.len(), 1, "{decisions:?}");
    assert_eq!((decisions[0].decided_by.as_str(), decisions[0].proven), (APPROVER, true));
}

/// S6: no change without a snapshot that could be read back.
pub(super) fn a_snapshot_of_every_server_was_read_back(left: &Left) {
    for agent in &left.agents {
        let parsed = left.snapshots.iter().any(|snapshot| {
            let status = snapshot.status.as_ref();
            snapshot.spec.server_ref.name.as_str() == agent
                && status.is_some_and(|status| is_true(&status.conditions, ConditionType::Parsed))
        });
        assert!(parsed, "{agent}: {:?}", left.snapshots);
    }
}
