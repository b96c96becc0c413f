//! Deeds in the portal on a cloud sync configuration.

use serde_json::{Value, json};

use super::rig::{DOMAIN, Rig};
use crate::cloud_sync::{JobCode, JobTemplate, QuarantineReason, ScheduleState};
use crate::directory::ObjectClass;
use crate::people::Done;

fn on_job(action: &str, more: Value) -> Value {
    let mut act = json!({"at": "job", "domain": DOMAIN, "action": action});
    if let Value::Object(members) = more {
        for (name, value) in members {
            act[name.as_str()] = value;
        }
    }
    act
}

fn containers(rig: &Rig) -> Value {
    let document = rig.job(JobTemplate::Provisioning).document();
    document["synchronizationRules"][0]["containerFilter"]["includedContainers"].clone()
}

fn schedule(rig: &Rig, template: JobTemplate) -> ScheduleState {
    rig.job(template).schedule
}

#[test]
fn every_deed_on_a_job_shows_and_is_a_persons_in_the_audit_log() {
    let mut rig = Rig::new();
    let (pilot, sales) = (rig.units[0].to_string(), rig.units[1].to_string());
    rig.act(&on_job("addContainer", json!({"container": pilot})));
    rig.act(&on_job("addContainer", json!({"container": sales})));
    assert_eq!(containers(&rig), json!([pilot, sales]));
    assert!(rig.refused(&on_job("addContainer", json!({"container": pilot}))).contains("already"));
    rig.act(&on_job("removeContainer", json!({"container": sales})));
    assert_eq!(containers(&rig), json!([pilot]));
    assert!(rig.refused(&on_job("removeContainer", json!({"container": sales}))).contains("no container"));

    rig.act(&on_job("start", json!({})));
    rig.act(&on_job("start", json!({"passwordHash": true})));
    rig.pass(30);
    let people = rig.all(ObjectClass::User, 0).len();
    assert!(rig.job(JobTemplate::Provisioning).taken_over().count() >= people, "the pilot is served");
    let tick = rig.job(JobTemplate::Provisioning).status.last_execution.clone();
    assert_eq!(rig.job(JobTemplate::Provisioning).status.code, JobCode::Active);

    let cause = json!({"cause": "tooManyDeletes", "code": "TooManyDeletes", "message": "by hand"});
    rig.act(&on_job("quarantine", cause.clone()));
    rig.pass(30);
    let status = rig.job(JobTemplate::Provisioning).status.clone();
    assert_eq!((status.code, status.last_execution), (JobCode::Quarantine, tick), "it rests");
    let quarantine = status.quarantine.expect("in quarantine");
    assert_eq!(
        (quarantine.reason, quarantine.error.message.as_str()),
        (QuarantineReason::TooManyDeletes, "by hand")
    );
    rig.sign_in();
    let url = format!("/v1.0/servicePrincipals/{}/synchronization/jobs", rig.principal);
    assert!(rig.read(&url).to_string().contains("TooManyDeletes"));
    rig.act(&on_job("clearQuarantine", json!({})));
    rig.pass(5);
    assert_eq!(rig.job(JobTemplate::Provisioning).status.code, JobCode::Active);

    rig.act(&on_job("pause", json!({"passwordHash": true})));
    assert_eq!(schedule(&rig, JobTemplate::PasswordHash), ScheduleState::Paused);
    rig.act(&on_job("pause", json!({})));
    assert_eq!(schedule(&rig, JobTemplate::Provisioning), ScheduleState::Paused);
    assert!(rig.refused(&on_job("quarantine", cause)).contains("start it first"));
    rig.act(&on_job("restart", json!({"resetScope": "Watermark"})));
    assert_eq!(schedule(&rig, JobTemplate::Provisioning), ScheduleState::Active);
    assert!(rig.refused(&on_job("restart", json!({"resetScope": "Everything"}))).contains("Everything"));

    let outsider = rig.all(ObjectClass::User, 1)[0].clone();
    let writes = rig.running.estate.world.audit().writes().count();
    let done = rig.act(&on_job("provisionOnDemand", json!({"object": outsider.dn.to_string()})));
    assert!(matches!(done, Done::CloudObject { .. }), "{done:?}");
    assert!(rig.running.estate.world.audit().writes().count() > writes, "a real write, outside of the scope");
    let nobody = format!("CN=Nobody,{pilot}");
    assert!(rig.refused(&on_job("provisionOnDemand", json!({"object": nobody}))).contains("not found"));

    rig.act(&on_job("setDeleteThreshold", json!({"threshold": 7})));
    rig.act(&on_job("setSkipOutOfScopeDeletions", json!({"on": true})));
    let estate = &rig.running.estate;
    let principal = estate.cloud.principal(rig.principal, &estate.world, estate.now()).expect("there");
    assert_eq!((principal.delete_threshold(), principal.skips_out_of_scope_deletions()), (Some(7), true));
    rig.act(&on_job("setDeleteThreshold", json!({"threshold": null})));
    let estate = &rig.running.estate;
    let principal = estate.cloud.principal(rig.principal, &estate.world, estate.now()).expect("there");
    assert_eq!((principal.delete_threshold(), principal.skips_out_of_scope_deletions()), (None, true));

    rig.act(&on_job("emptyScope", json!({})));
    assert_eq!(containers(&rig), json!([]));
    let served = rig.job(JobTemplate::Provisioning).taken_over().count();
    rig.act(&on_job("restart", json!({})));
    rig.pass(60);
    assert!(rig.job(JobTemplate::Provisioning).taken_over().count() > served, "the whole domain");

    rig.act(&on_job("deleteJob", json!({"passwordHash": true})));
    assert_eq!(rig.running.estate.cloud.jobs().count(), 1);
    rig.sign_in();
    let audits =
        rig.read("/v1.0/auditLogs/directoryAudits?$filter=loggedByService eq 'Account Provisioning'");
    let audits = audits["value"].as_array().expect("a list");
    let by_admin = |audit: &&Value| {
        audit["initiatedBy"]["user"]["userPrincipalName"]
            .as_str()
            .is_some_and(|name| name.starts_with("admin@"))
    };
    assert_eq!(audits.iter().filter(by_admin).count(), audits.len());
    for words in
        ["Update attribute mappings or scope", "Disable/pause", "Enable/start", "Delete provisioning"]
    {
        let told =
            |audit: &Value| audit["activityDisplayName"].as_str().is_some_and(|name| name.contains(words));
        assert!(audits.iter().any(told), "{words}");
    }
    rig.act(&on_job("deleteConfiguration", json!({})));
    assert_eq!(rig.running.estate.cloud.jobs().count(), 0);
    assert!(rig.refused(&on_job("start", json!({}))).contains(DOMAIN));
    rig.assert_complete("job");
}
