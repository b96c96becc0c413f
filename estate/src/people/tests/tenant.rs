//! Deeds in the portal on the tenant, on provisioning agents and on tokens.

use serde_json::{Value, json};

use super::rig::Rig;
use crate::audit::Event;
use crate::directory::ObjectClass;
use crate::modes::CrossDomainReferences;
use crate::password_writeback::WritebackEngine;
use crate::tenant::DeletionPrevention;

fn on_tenant(action: &str, anchor: &str, more: Value) -> Value {
    let mut act = json!({"at": "tenant", "action": action, "anchor": anchor});
    if let Value::Object(members) = more {
        for (name, value) in members {
            act[name.as_str()] = value;
        }
    }
    act
}

#[test]
fn every_deed_on_the_tenant_shows() {
    let mut rig = Rig::new();
    let people = rig.all(ObjectClass::User, 0);
    let (sara, tom) = (rig.anchor(people[0].guid), rig.anchor(people[1].guid));
    let object = |rig: &Rig, anchor: &str| rig.running.estate.world.tenant.by_anchor(anchor).cloned();

    rig.act(&on_tenant("edit", &sara, json!({"attributes": {"jobTitle": ["Cloud"], "department": []}})));
    let edited = object(&rig, &sara).expect("there");
    assert_eq!(
        (edited.attributes.text("jobTitle"), edited.attributes.has("department")),
        (Some("Cloud"), false)
    );
    let unique = on_tenant("edit", &sara, json!({"attributes": {"userPrincipalName": ["x@contoso.com"]}}));
    assert!(rig.refused(&unique).contains("userPrincipalName"));
    rig.act(&on_tenant("assignLicence", &sara, json!({"licence": "E5"})));
    assert!(object(&rig, &sara).expect("there").licences.contains("E5"));
    rig.act(&on_tenant("setCloudManaged", &sara, json!({"on": true})));
    assert!(object(&rig, &sara).expect("there").is_cloud_managed);
    rig.act(&on_tenant("setCloudManaged", &sara, json!({"on": false})));

    rig.act(&on_tenant("delete", &sara, json!({})));
    assert_eq!(object(&rig, &sara), None);
    let url = format!("/v1.0/users/{}", edited.id);
    assert_eq!(rig.get(&url).status, 404);
    rig.act(&on_tenant("restore", &sara, json!({})));
    assert_eq!(object(&rig, &sara).map(|object| object.id), Some(edited.id));
    assert!(rig.refused(&on_tenant("restore", &sara, json!({}))).contains("soft-deleted"));
    rig.act(&on_tenant("hardDelete", &sara, json!({})));
    assert!(rig.running.estate.world.tenant.get(edited.id).is_none(), "not even in the recycle bin");
    let records = rig.running.estate.world.audit().records();
    let lost = records.iter().rev().find_map(|record| match &record.event {
        Event::Purged { id, lost } if *id == edited.id => Some(lost.clone()),
        _ => None,
    });
    assert_eq!(lost, Some(vec!["licence E5".to_owned()]));
    rig.act(&on_tenant("delete", &tom, json!({})));
    rig.act(&on_tenant("hardDelete", &tom, json!({})));
    assert_eq!(rig.running.estate.world.tenant.deleted().count(), 0, "out of the recycle bin too");

    let made = json!({"at": "tenant", "action": "createCloudOnly", "kind": "user", "attributes": {"displayName": ["Guest"]}});
    rig.act(&made);
    assert_eq!(
        rig.read("/v1.0/users?$filter=displayName eq 'Guest'")["value"].as_array().map(Vec::len),
        Some(1)
    );
    let block =
        json!({"at": "tenant", "action": "setFeature", "feature": "blockSoftMatchEnabled", "on": true});
    rig.act(&block);
    assert!(rig.running.estate.world.tenant.settings.has("blockSoftMatchEnabled"));
    let nonsense = json!({"at": "tenant", "action": "setFeature", "feature": "nonsense", "on": true});
    assert!(rig.refused(&nonsense).contains("feature"));
    let guard = json!({"synchronizationPreventionType": "enabledForCount", "alertThreshold": 5});
    rig.act(&json!({"at": "tenant", "action": "setDeletionPrevention", "guard": guard}));
    let held = rig.running.estate.world.tenant.settings.deletion_prevention;
    assert_eq!(held, DeletionPrevention::EnabledForCount(5));

    let anna = &people[2];
    rig.act(&json!({"at": "tenant", "action": "setPasswordWriteback", "on": true}));
    assert_eq!(rig.running.estate.world.password_writeback.holder(), Some(WritebackEngine::CloudSync));
    let anchor = rig.anchor(anna.guid);
    rig.act(&on_tenant("resetPassword", &anchor, json!({})));
    let resets = rig.running.estate.world.audit().records().iter();
    let resets = resets.filter(|record| matches!(record.event, Event::PasswordReset { .. })).count();
    assert_eq!(resets, 1, "the log has it, whether it arrived or not");
    rig.act(&json!({"at": "tenant", "action": "setPasswordWriteback", "on": false}));
    assert_eq!(rig.running.estate.world.password_writeback.holder(), None);
    assert!(rig.refused(&on_tenant("delete", "nobody", json!({}))).contains("nobody"));
    rig.assert_complete("tenant");
}

#[test]
fn agents_stop_and_start_and_the_list_is_late() {
    let mut rig = Rig::new();
    rig.act(&json!({"at": "job", "domain": "contoso.com", "action": "start"}));
    for machine in ["sync01", "sync02"] {
        rig.act(&json!({"at": "agent", "machine": machine, "action": "stop"}));
    }
    assert!(rig.running.estate.cloud.agents().all(|agent| !agent.is_running()));
    rig.pass(10);
    let job = rig.job(crate::cloud_sync::JobTemplate::Provisioning);
    let error = job.status.last_execution.as_ref().and_then(|execution| execution.error.clone());
    assert_eq!(error.expect("a failure").code, "HybridIdentityServiceNoActiveAgents");
    rig.act(&json!({"at": "agent", "machine": "sync01", "action": "start"}));
    assert_eq!(rig.running.estate.cloud.agents().filter(|agent| agent.is_running()).count(), 1);
    rig.running.estate.world.modes.cross_domain_references = CrossDomainReferences::Unknown;
    let world = |rig: &Rig| {
        let world = &rig.running.estate.world;
        let versions = &world.agent_versions;
        (versions.on("sync01", &world.modes), versions.resolve_across_domains(&world.modes))
    };
    assert_eq!(world(&rig), (Some("1.1.2334.0"), false));
    rig.act(&json!({"at": "agent", "machine": "sync01", "action": "update"}));
    assert_eq!(world(&rig), (Some("1.1.2505.0"), false), "the other one is old");
    rig.act(&json!({"at": "agent", "machine": "sync02", "action": "update"}));
    assert_eq!(world(&rig), (Some("1.1.2505.0"), true));
    let stranger = json!({"at": "agent", "machine": "nowhere", "action": "stop"});
    assert!(rig.refused(&stranger).contains("nowhere"));
    rig.assert_complete("agent");
}

#[test]
fn tokens_of_both_kinds_become_worthless() {
    let mut rig = Rig::new();
    let round = rig.read("/v1.0/users/delta?$select=id&$deltatoken=latest");
    let link = round["@odata.deltaLink"].as_str().expect("a link").to_owned();
    let link = link.split_once("/v1.0").map(|(_, rest)| format!("/v1.0{rest}")).expect("a path");
    assert_eq!(rig.get(&link).status, 200);
    rig.act(&json!({"at": "graph", "action": "expireDeltaTokens"}));
    assert_eq!(rig.get(&link).status, 410);
    rig.act(&json!({"at": "graph", "action": "revokeTokens"}));
    assert_eq!(rig.get("/v1.0/users").status, 401);
    rig.assert_complete("graph");
}
