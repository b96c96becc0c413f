//! Behaviours that no source settles, each way.

use super::fixture::{Fixture, LAB, PLANT, SALES, dn};
use crate::cloud_sync::{ProvisioningAction, Subject, schema::RULE_ID};
use crate::engine::{Link, Service, Writer};
use crate::modes::{
    HashCarrier, LogActions, Modes, OnDemandOutside, RenamedUnit, ScopeChange, SoftDeletedMatch,
    WatermarkLife,
};
use crate::tenant::{CloudKind, ObjectWrite, WriteOperation};
use crate::value::Attributes;

#[test]
fn a_renamed_unit_is_followed_or_lost_at_the_next_restart() {
    for (mode, people) in [(RenamedUnit::Followed, 22), (RenamedUnit::LostAtRestart, 10)] {
        let mut fixture = Fixture::serving(&[SALES, PLANT]);
        fixture.estate.world.modes.renamed_unit = mode;
        fixture.change(|directory, now| {
            let unit = directory.by_dn(&dn(SALES)).unwrap().guid;
            directory.rename(unit, dn("OU=Vertrieb,DC=contoso,DC=com"), now).unwrap();
        });
        fixture.minutes(60);
        assert_eq!(fixture.live(CloudKind::User), 22, "{mode:?}: without a restart nothing is noticed");
        fixture.restart("");
        fixture.minutes(2);
        assert_eq!(fixture.live(CloudKind::User), people, "{mode:?}");
        let deleted = fixture.estate.verdict().unexplained_deletions;
        assert_eq!(deleted == 0, mode == RenamedUnit::Followed, "{mode:?}: {deleted}");
    }
}

#[test]
fn a_scope_change_is_noticed_at_once_or_at_a_restart() {
    for (mode, people) in [(ScopeChange::AtRestart, 12), (ScopeChange::AtNextCycle, 22)] {
        let mut fixture = Fixture::serving(&[SALES]);
        fixture.estate.world.modes.scope_change = mode;
        fixture.put_units(&[SALES, PLANT]);
        fixture.minutes(6);
        assert_eq!(fixture.live(CloudKind::User), people, "{mode:?}");
    }
    // A pause holds it back all the same.
    let mut fixture = Fixture::serving(&[SALES]);
    fixture.estate.world.modes.scope_change = ScopeChange::AtNextCycle;
    fixture.pause();
    fixture.put_units(&[]);
    fixture.minutes(60);
    assert_eq!(fixture.live(CloudKind::User), 12);
}

#[test]
fn a_paused_job_loses_its_watermark_after_a_while() {
    for (mode, days, full) in [
        (WatermarkLife::Week, 6, false),
        (WatermarkLife::Week, 7, true),
        (WatermarkLife::Day, 1, true),
        (WatermarkLife::Endless, 60, false),
    ] {
        let mut fixture = Fixture::serving(&[SALES]);
        fixture.estate.world.modes.watermark_life = mode;
        fixture.pause();
        let leaver = fixture.sales[9];
        fixture.change(|directory, now| directory.delete(leaver, now).unwrap());
        fixture.minutes(days * 24 * 60);
        assert!(fixture.cloud(leaver).is_some(), "{mode:?}: nobody is looking");
        fixture.start();
        fixture.minutes(2);
        let imported = fixture.job().status.last_execution.clone().unwrap().count_imported;
        assert_eq!(imported, if full { 13 } else { 0 }, "{mode:?} after {days} days");
        assert!(fixture.cloud(leaver).is_none(), "{mode:?}: what the job knew is compared either way");
    }
}

fn on_demand(fixture: &mut Fixture, name: &str) {
    let (principal, job) = (fixture.principal, fixture.job.clone());
    let subject =
        Subject { rule: RULE_ID.to_string(), object: dn(PLANT).child("CN", name), members: Vec::new() };
    let result = fixture.estate.with_cloud(|cloud, world, now| {
        cloud.provision_on_demand(principal, &job, &subject, world, now).unwrap()
    });
    assert!(result.target.is_some());
}

#[test]
fn what_was_provisioned_outside_the_scope_stays_or_goes_at_the_next_evaluation() {
    for (mode, stays) in [(OnDemandOutside::Forgotten, true), (OnDemandOutside::Kept, false)] {
        let mut fixture = Fixture::serving(&[SALES]);
        fixture.estate.world.modes.on_demand_outside = mode;
        on_demand(&mut fixture, "plant3");
        assert!(fixture.cloud(fixture.plant[3]).is_some());
        fixture.restart("");
        fixture.minutes(2);
        assert_eq!(fixture.cloud(fixture.plant[3]).is_some(), stays, "{mode:?}");
    }
}

#[test]
fn the_log_tells_creations_and_joins_apart_or_does_not() {
    for (mode, creations) in
        [(LogActions::Told, 11), (LogActions::JoinsAsCreate, 12), (LogActions::CreatesAsUpdate, 0)]
    {
        let mut fixture = Fixture::new();
        fixture.estate.world.modes.log_actions = mode;
        let person = fixture.sales[0];
        fixture.estate.with_world(|world, now| {
            let attributes = Attributes::new().with("userPrincipalName", "sales0@contoso.com");
            let operation = WriteOperation::Provision { kind: CloudKind::User, attributes };
            let anchor = crate::directory::anchor_of(person);
            let write = ObjectWrite { anchor, source: Some(person), operation };
            world.write(&Writer::connect("sync01"), &write, now).unwrap();
        });
        fixture.put_units(&[SALES]);
        fixture.start();
        fixture.minutes(2);
        let log = fixture.estate.cloud.provisioning_log(jiff::Timestamp::MAX);
        let told = log
            .filter(|entry| {
                entry.action == ProvisioningAction::Create && entry.target_kind == CloudKind::User
            })
            .count();
        assert_eq!(told, creations, "{mode:?}: one of twelve was there before");
    }
}

fn password(fixture: &Fixture, source: uuid::Uuid) -> Option<u64> {
    fixture.cloud(source).unwrap().password.as_ref().map(|password| password.version)
}

#[test]
fn hashes_travel_with_the_job_that_maps_them() {
    let mut fixture = Fixture::in_modes(Modes { hash_carrier: HashCarrier::UserMapping, ..Modes::default() });
    fixture.put_units(&[SALES]);
    fixture.start();
    fixture.minutes(4);
    let person = fixture.sales[0];
    assert_eq!(password(&fixture, person), Some(1), "without a hash job");
    let link = |fixture: &Fixture, job: &str| {
        fixture.estate.world.service().link(&Writer::cloud_sync(job), Service::PasswordHashes, person)
    };
    assert_eq!(link(&fixture, &fixture.job), Link::Served);

    // The hash job beside it runs idle, and the provisioning job's pause is the hashes' pause.
    fixture.start_hashes();
    fixture.minutes(4);
    assert_eq!(link(&fixture, &fixture.hashes), Link::Unknown);
    fixture.pause();
    fixture.change(|directory, now| directory.set_password(person, false, now).unwrap());
    fixture.minutes(10);
    assert_eq!(password(&fixture, person), Some(1));

    // Who takes the mapping away takes the hashes away; the job of their own has them then.
    fixture.put(|rule| {
        for mapping in rule["objectMappings"].as_array_mut().unwrap() {
            let attributes = mapping["attributeMappings"].as_array_mut().unwrap();
            attributes.retain(|attribute| attribute["targetAttributeName"] != "CredentialData");
        }
    });
    fixture.restart("");
    fixture.minutes(4);
    assert_eq!(password(&fixture, person), Some(2));
    assert_eq!(link(&fixture, &fixture.job), Link::Unknown);
    assert_eq!(link(&fixture, &fixture.hashes), Link::Served);
}

#[test]
fn who_comes_back_from_the_recycle_bin_is_the_same_user_or_a_new_one() {
    for (mode, same) in [(SoftDeletedMatch::Restores, true), (SoftDeletedMatch::PassedOver, false)] {
        let mut fixture = Fixture::serving(&[SALES]);
        fixture.estate.world.modes.soft_deleted_match = mode;
        let person = fixture.sales[7];
        let id = fixture.cloud(person).unwrap().id;
        fixture.change(|directory, now| directory.delete(person, now).unwrap());
        fixture.minutes(2);
        assert!(fixture.cloud(person).is_none());
        fixture.change(|directory, now| directory.restore(person, now).unwrap());
        fixture.minutes(2);
        assert_eq!(fixture.cloud(person).unwrap().id == id, same, "{mode:?}");
    }
}

#[test]
fn back_in_scope_within_thirty_days_is_the_same_user_or_a_new_one() {
    for (mode, same) in [(SoftDeletedMatch::Restores, true), (SoftDeletedMatch::PassedOver, false)] {
        let mut fixture = Fixture::serving(&[LAB, PLANT]);
        fixture.estate.world.modes.soft_deleted_match = mode;
        let person = fixture.plant[0];
        let id = fixture.cloud(person).unwrap().id;
        fixture.put_units(&[LAB]);
        fixture.restart("");
        fixture.minutes(2);
        fixture.put_units(&[LAB, PLANT]);
        fixture.restart("");
        fixture.minutes(2);
        assert_eq!(fixture.cloud(person).unwrap().id == id, same, "{mode:?}");
    }
}
