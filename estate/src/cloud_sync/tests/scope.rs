use serde_json::json;

use super::fixture::{Fixture, LAB, PLANT, SALES, dn};
use crate::cloud_sync::JobCode;
use crate::engine::{Link, Service, Writer};
use crate::modes::{LateDeletes, OutOfScopeSwitch, TenantGuard, UnreadableUnit};
use crate::tenant::{CloudKind, DeletionPrevention};

#[test]
fn both_filters_empty_is_the_whole_domain() {
    let mut fixture = Fixture::new();
    fixture.start();
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::User), 22);
    let mut fixture = Fixture::serving(&[LAB]);
    assert_eq!(fixture.live(CloudKind::User), 2);
    fixture.put_units(&[]);
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::User), 22, "an emptied list provisions everybody");
}

#[test]
fn nested_units_come_along() {
    let fixture = Fixture::serving(&[SALES]);
    assert_eq!(fixture.live(CloudKind::User), 12);
    assert_eq!(fixture.live(CloudKind::Contact), 1);
}

#[test]
fn a_scope_change_waits_for_the_restart_or_a_long_time() {
    let mut fixture = Fixture::serving(&[SALES]);
    fixture.put_units(&[SALES, PLANT]);
    fixture.minutes(60);
    assert_eq!(fixture.live(CloudKind::User), 12);
    fixture.minutes(24 * 60);
    assert_eq!(fixture.live(CloudKind::User), 22);
}

#[test]
fn leaving_the_scope_deletes_users_softly_and_groups_for_good() {
    let mut fixture = Fixture::serving(&[SALES, PLANT]);
    let group = fixture.cloud(fixture.group).unwrap().id;
    fixture.put_units(&[PLANT]);
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::User), 10);
    assert_eq!(fixture.estate.world.tenant.deleted().count(), 12);
    assert!(fixture.estate.world.tenant.get(group).is_none());
    fixture.put_units(&[SALES, PLANT]);
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.estate.world.tenant.deleted().count(), 0, "hard match restores the users");
    assert_ne!(fixture.cloud(fixture.group).unwrap().id, group, "the group is another one");
}

#[test]
fn moving_out_of_scope_deletes_and_back_in_restores_with_the_same_id() {
    let mut fixture = Fixture::serving(&[SALES]);
    let person = fixture.sales[4];
    let id = fixture.cloud(person).unwrap().id;
    fixture.change(|directory, now| directory.rename(person, dn(PLANT).child("CN", "sales4"), now).unwrap());
    fixture.minutes(2);
    assert!(fixture.cloud(person).is_none());
    fixture.change(|directory, now| directory.rename(person, dn(SALES).child("CN", "sales4"), now).unwrap());
    fixture.minutes(2);
    assert_eq!(fixture.cloud(person).unwrap().id, id);
}

#[test]
fn after_thirty_days_the_same_person_is_somebody_new() {
    let mut fixture = Fixture::serving(&[SALES]);
    let person = fixture.sales[4];
    let id = fixture.cloud(person).unwrap().id;
    fixture.change(|directory, now| directory.rename(person, dn(PLANT).child("CN", "sales4"), now).unwrap());
    fixture.minutes(31 * 24 * 60);
    assert!(fixture.estate.world.tenant.get(id).is_none());
    fixture.change(|directory, now| directory.rename(person, dn(SALES).child("CN", "sales4"), now).unwrap());
    fixture.minutes(2);
    assert_ne!(fixture.cloud(person).unwrap().id, id);
}

#[test]
fn the_switch_against_deletions_in_all_its_modes() {
    let narrow = |switch, late: LateDeletes| {
        let mut fixture = Fixture::serving(&[SALES, PLANT]);
        fixture.estate.world.modes.out_of_scope_switch = switch;
        fixture.estate.world.modes.late_deletes = late;
        fixture.put_secret("SkipOutOfScopeDeletions", "True");
        fixture.put_units(&[SALES]);
        fixture.restart("");
        fixture.minutes(2);
        let kept = fixture.live(CloudKind::User);
        fixture.put_secret("SkipOutOfScopeDeletions", "False");
        fixture.restart("");
        fixture.minutes(2);
        (kept, fixture.live(CloudKind::User))
    };
    assert_eq!(narrow(OutOfScopeSwitch::Honoured, LateDeletes::Never), (22, 22));
    assert_eq!(narrow(OutOfScopeSwitch::Honoured, LateDeletes::AtNextRestart), (22, 12));
    assert_eq!(narrow(OutOfScopeSwitch::Ignored, LateDeletes::Never), (12, 12));
}

#[test]
fn spared_objects_are_served_by_nobody_and_leavers_still_go() {
    let mut fixture = Fixture::serving(&[SALES, PLANT]);
    fixture.put_secret("SkipOutOfScopeDeletions", "True");
    fixture.put_units(&[SALES]);
    fixture.restart("");
    fixture.minutes(2);
    let writer = Writer::cloud_sync(fixture.job.clone());
    let link = fixture.estate.world.service().link(&writer, Service::Objects, fixture.plant[0]);
    assert_eq!(link, Link::Filtered);
    let leaver = fixture.plant[0];
    fixture.change(|directory, now| directory.delete(leaver, now).unwrap());
    fixture.minutes(2);
    assert!(fixture.estate.world.tenant.by_source(leaver).is_none());
}

#[test]
fn a_renamed_unit_is_not_noticed() {
    let mut fixture = Fixture::serving(&[SALES]);
    fixture.change(|directory, now| {
        let unit = directory.by_dn(&dn(SALES)).unwrap().guid;
        directory.rename(unit, dn("OU=Vertrieb,DC=contoso,DC=com"), now).unwrap();
    });
    fixture.minutes(4);
    assert_eq!(fixture.live(CloudKind::User), 12);
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::User), 12);
    assert_eq!(fixture.job().status.code, JobCode::Active);
}

#[test]
fn an_unreadable_unit_looks_empty() {
    let close = |mode| {
        let mut fixture = Fixture::serving(&[SALES, PLANT]);
        fixture.estate.world.modes.unreadable_unit = mode;
        fixture.change(|directory, _| {
            let unit = directory.by_dn(&dn(PLANT)).unwrap().guid;
            directory.set_readable(unit, false);
        });
        fixture.restart("");
        fixture.minutes(2);
        fixture.live(CloudKind::User)
    };
    assert_eq!(close(UnreadableUnit::Ignored), 22);
    assert_eq!(close(UnreadableUnit::SeenAsDeleted), 12);
}

#[test]
fn active_and_succeeded_with_nothing_at_all() {
    let mut fixture = Fixture::new();
    fixture.change(|directory, _| {
        let unit = directory.by_dn(&dn(PLANT)).unwrap().guid;
        directory.set_readable(unit, false);
    });
    fixture.put_units(&[PLANT, "OU=Misspelt,DC=contoso,DC=com"]);
    fixture.start();
    fixture.minutes(4);
    let status = &fixture.job().status;
    assert_eq!(status.code, JobCode::Active);
    assert_eq!(status.last_execution.clone().unwrap().state, crate::cloud_sync::ExecutionState::Succeeded);
    assert!(status.entries.is_empty());
    assert!(status.steady_first.is_some());
}

#[test]
fn groups_as_scope_take_first_level_members_only() {
    let mut fixture = Fixture::new();
    fixture.put(|rule| {
        rule["groupFilter"]["includedGroups"] = json!([dn(SALES).child("CN", "Everybody").to_string()]);
    });
    fixture.start();
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::User), 3);
    assert_eq!(fixture.live(CloudKind::Group), 0);
}

#[test]
fn attribute_filters_and_missing_delete_flow() {
    let mut fixture = Fixture::serving(&[SALES]);
    fixture.put(|rule| {
        rule["objectMappings"][0]["scope"] = json!({"groups": [{"clauses": [
            {"operatorName": "NOT EQUALS", "sourceOperandName": "sAMAccountName", "targetOperand": {"values": ["sales1"]}}]}]});
    });
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::User), 11);
    fixture.put(|rule| rule["objectMappings"][0]["flowTypes"] = json!("Add, Update"));
    fixture.put_units(&[LAB]);
    fixture.restart("");
    fixture.minutes(2);
    assert_eq!(fixture.live(CloudKind::User), 11, "without Delete nobody is deleted");
}

#[test]
fn the_tenant_guard_can_reach_cloud_sync() {
    let leave = |guard| {
        let mut fixture = Fixture::serving(&[SALES, PLANT]);
        fixture.estate.world.modes.tenant_guard = guard;
        fixture.estate.world.tenant.settings.deletion_prevention = DeletionPrevention::EnabledForCount(5);
        fixture.put_units(&[SALES]);
        fixture.restart("");
        fixture.minutes(2);
        fixture.live(CloudKind::User)
    };
    assert_eq!(leave(TenantGuard::ConnectOnly), 12);
    assert_eq!(leave(TenantGuard::BothEngines), 22);
}
