use jiff::SignedDuration;

use super::fixture::{Fixture, PLANT, SALES};
use crate::clock::Intervals;
use crate::cloud_sync::{
    CloudError, ExecutionState, JobCode, ProvisioningAction, QuarantineReason, RestartScope, ScheduleState,
};
use crate::engine::{Availability, Service};
use crate::tenant::CloudKind;

#[test]
fn a_new_configuration_takes_time_to_settle() {
    let mut fixture = Fixture::new();
    let id = fixture.estate.with_cloud(|cloud, world, now| {
        cloud.instantiate(super::super::AD_TO_ENTRA_TEMPLATE, "other.com", world, now).unwrap().id
    });
    let create = |fixture: &mut Fixture| {
        let made = |cloud: &mut super::super::Cloud, world: &mut crate::World, now| {
            cloud.create_job(id, "AD2AADProvisioning", world, now).map(|job| job.id.clone())
        };
        fixture.estate.with_cloud(made)
    };
    assert!(matches!(create(&mut fixture), Err(CloudError::NotFound { .. })));
    let lag = Intervals::default().instantiate_lag;
    let to = fixture.estate.now() + lag;
    fixture.estate.advance(to);
    assert_eq!(create(&mut fixture), Err(CloudError::NotSettled));
    fixture.estate.advance(to + lag);
    assert!(create(&mut fixture).is_ok());
    assert!(matches!(create(&mut fixture), Err(CloudError::BadRequest(_))), "one job of each template");
}

#[test]
fn life_from_disabled_to_steady() {
    let mut fixture = Fixture::new();
    fixture.put_units(&[SALES]);
    assert_eq!(fixture.job().schedule, ScheduleState::Disabled);
    assert_eq!(fixture.job().status.code, JobCode::Paused);
    fixture.start();
    assert_eq!(fixture.job().schedule, ScheduleState::Active);
    assert_eq!(fixture.job().status.code, JobCode::NotRun);
    assert_eq!(fixture.job().status.steady_first, None);
    fixture.minutes(2);
    let status = &fixture.job().status;
    assert_eq!(status.code, JobCode::Active);
    assert_eq!(status.steady_first, Some(fixture.estate.now()));
    let counts: Vec<_> = status.entries.iter().map(|(key, count)| (key.as_str(), *count)).collect();
    assert_eq!(counts, [("contact to Contact", 1), ("group to Group", 1), ("user to User", 12)]);
    let execution = status.last_successful_with_exports.clone().unwrap();
    assert_eq!(execution.state, ExecutionState::Succeeded);
    assert_eq!(execution.count_imported, 14);
    fixture.pause();
    assert_eq!(fixture.job().status.code, JobCode::Paused);
    let before = fixture.job().status.steady_last;
    fixture.minutes(10);
    assert_eq!(fixture.job().status.steady_last, before);
    fixture.start();
    fixture.minutes(2);
    assert!(fixture.job().status.steady_last > before);
}

#[test]
fn the_initial_cycle_is_as_long_as_its_objects_and_changes_wait_for_its_end() {
    let mut fixture = Fixture::serving(&[SALES]);
    fixture.estate.world.intervals.job_per_object = SignedDuration::from_mins(1);
    fixture.put_units(&[SALES, PLANT]);
    fixture.restart("");
    fixture.minutes(2);
    let progress = fixture.job().status.progress.unwrap();
    assert_eq!((progress.completed, progress.total), (2, 24));
    let person = fixture.sales[9];
    fixture.change(|directory, now| {
        let title = crate::value::Attributes::new().with("title", "Boss");
        directory.modify(person, title, &[], now).unwrap();
    });
    let gone = fixture.sales[3];
    fixture.change(|directory, now| directory.delete(gone, now).unwrap());
    fixture.minutes(18);
    assert!(fixture.job().status.progress.is_some());
    assert!(fixture.cloud(gone).is_some(), "the leaver waits");
    fixture.minutes(8);
    assert_eq!(fixture.job().status.progress, None);
    assert!(fixture.cloud(gone).is_none());
    assert_eq!(fixture.cloud(person).unwrap().attributes.text("jobTitle"), Some("Boss"));
}

#[test]
fn no_agent_is_a_failure_and_in_the_end_a_quarantine() {
    let mut fixture = Fixture::serving(&[SALES]);
    let agent = fixture.agent;
    fixture.estate.with_cloud(|cloud, _, now| assert!(cloud.set_agent_running(agent, false, now)));
    fixture.minutes(2);
    let status = &fixture.job().status;
    assert_eq!(
        status.last_execution.clone().unwrap().error.unwrap().code,
        "HybridIdentityServiceNoActiveAgents"
    );
    assert_eq!(status.code, JobCode::Active);
    let jobs = fixture.estate.cloud.availability(fixture.estate.now(), &fixture.estate.world);
    assert!(jobs.iter().any(|(_, service, state)| {
        *service == Service::Objects && *state == Availability::Down("no provisioning agent runs".to_owned())
    }));
    fixture.minutes(20);
    assert_eq!(fixture.job().status.code, JobCode::Quarantine);
    let quarantine = fixture.job().status.quarantine.clone().unwrap();
    assert_eq!(quarantine.reason, QuarantineReason::EncounteredQuarantineException);
    fixture.estate.with_cloud(|cloud, _, now| assert!(cloud.set_agent_running(agent, true, now)));
    fixture.minutes(6 * 60 + 1);
    assert_eq!(fixture.job().status.code, JobCode::Active);
}

#[test]
fn the_agent_list_lags_behind() {
    let mut fixture = Fixture::new();
    let agent = fixture.agent;
    fixture.estate.with_cloud(|cloud, _, now| cloud.set_agent_running(agent, false, now));
    let status = |fixture: &Fixture| {
        let found = fixture.estate.cloud.agents().next().unwrap();
        found.status(fixture.estate.now(), &fixture.estate.world.intervals)
    };
    assert_eq!(status(&fixture), Some(crate::cloud_sync::AgentStatus::Active));
    fixture.minutes(61);
    assert_eq!(status(&fixture), Some(crate::cloud_sync::AgentStatus::Inactive));
    fixture.minutes(10 * 24 * 60);
    assert_eq!(status(&fixture), None);
}

#[test]
fn paused_too_long_means_a_full_cycle() {
    let mut fixture = Fixture::serving(&[SALES]);
    fixture.pause();
    fixture.minutes(60);
    fixture.start();
    fixture.minutes(2);
    assert_eq!(fixture.job().status.last_execution.clone().unwrap().count_imported, 0);
    fixture.pause();
    fixture.minutes(7 * 24 * 60);
    fixture.start();
    fixture.minutes(2);
    assert_eq!(fixture.job().status.last_execution.clone().unwrap().count_imported, 14);
}

#[test]
fn threshold_trips_at_its_value_and_force_deletes_carries_them_out() {
    let mut fixture = Fixture::serving(&[SALES, PLANT]);
    fixture.threshold(3);
    let leavers: Vec<_> = fixture.plant.iter().take(2).copied().collect();
    fixture.change(|directory, now| leavers.iter().for_each(|id| directory.delete(*id, now).unwrap()));
    fixture.minutes(2);
    assert_eq!(fixture.job().status.code, JobCode::Active, "two of three pass");
    assert_eq!(fixture.live(CloudKind::User), 20);
    let leavers: Vec<_> = fixture.sales.iter().take(3).copied().collect();
    let mut exact = Fixture::serving(&[SALES]);
    exact.threshold(3);
    exact.change(|directory, now| leavers.iter().for_each(|id| directory.delete(*id, now).unwrap()));
    exact.minutes(2);
    assert_eq!(exact.job().status.code, JobCode::Quarantine, "three of three do not");
    assert_eq!(exact.live(CloudKind::User), 12);
    fixture.put_units(&[SALES]);
    fixture.restart("");
    fixture.minutes(2);
    let status = fixture.job().status.clone();
    assert_eq!(status.code, JobCode::Quarantine);
    assert_eq!(status.quarantine.unwrap().reason, QuarantineReason::TooManyDeletes);
    assert_eq!(fixture.logged(ProvisioningAction::StagedDelete), 8);
    assert_eq!(fixture.live(CloudKind::User), 20, "nothing is deleted");
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.job().status.code, JobCode::Quarantine, "an ordinary restart does not approve");
    fixture.restart("ForceDeletes");
    fixture.minutes(2);
    assert_eq!(fixture.job().status.code, JobCode::Active);
    assert_eq!(fixture.live(CloudKind::User), 12);
    assert_eq!(fixture.estate.world.tenant.deleted().count(), 10, "users go softly");
}

#[test]
fn a_repaired_scope_and_a_restart_lift_the_quarantine() {
    let mut fixture = Fixture::serving(&[SALES, PLANT]);
    fixture.threshold(3);
    fixture.put_units(&[SALES]);
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.job().status.code, JobCode::Quarantine);
    fixture.put_units(&[SALES, PLANT]);
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.job().status.code, JobCode::Active);
    assert_eq!(fixture.live(CloudKind::User), 22);
}

#[test]
fn restart_scopes() {
    assert_eq!(RestartScope::parse(""), Ok(RestartScope::PORTAL));
    assert_eq!(RestartScope::parse("QuarantineState, Watermark,Escrows"), Ok(RestartScope::PORTAL));
    let full = RestartScope::parse("Full").unwrap();
    assert!(full.connector_data_store && full.watermark && !full.force_deletes);
    assert!(RestartScope::parse("Full,ForceDeletes").unwrap().force_deletes);
    assert_eq!(RestartScope::parse("Everything"), Err("Everything".to_owned()));
}

#[test]
fn secrets_read_back_hidden_and_are_replaced_whole() {
    let mut fixture = Fixture::new();
    fixture.put_secret("Password", "hunter2");
    fixture.put_secret("Domain", "{\"domain\":\"contoso.com\"}");
    let held = fixture
        .estate
        .with_cloud(|cloud, world, now| cloud.principals(world, now).next().unwrap().visible_secrets());
    assert_eq!(held[1], ("Password".to_owned(), "*".to_owned()));
    assert_eq!(held.len(), 2);
    let principal = fixture.principal;
    fixture.estate.with_cloud(|cloud, world, now| {
        cloud.put_secrets(principal, vec![("Domain".to_owned(), String::new())], world, now).unwrap();
    });
    let held = fixture
        .estate
        .with_cloud(|cloud, world, now| cloud.principals(world, now).next().unwrap().visible_secrets());
    assert_eq!(held, []);
}
