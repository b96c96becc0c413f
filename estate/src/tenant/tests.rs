use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;
use crate::modes::{HardMatchBlock, Modes, SoftDeletedMatch};
use crate::value::{AttributeName, Attributes, Value};

fn start() -> Timestamp {
    "2026-11-02T06:00:00Z".parse().unwrap()
}

fn tenant() -> Tenant {
    Tenant::new("contoso", &["contoso.com"], 1)
}

fn person(name: &str) -> Attributes {
    Attributes::new()
        .with("userPrincipalName", format!("{name}@contoso.com"))
        .with("proxyAddresses", format!("SMTP:{name}@contoso.com"))
        .with("displayName", name)
}

fn provision(anchor: &str, kind: CloudKind, attributes: Attributes) -> ObjectWrite {
    ObjectWrite {
        anchor: anchor.to_owned(),
        source: None,
        operation: WriteOperation::Provision { kind, attributes },
    }
}

impl Tenant {
    /// A write of an engine where nothing is unsettled.
    fn engine(&mut self, write: &ObjectWrite) -> Result<Receipt, Refusal> {
        self.apply(write, &Modes::default(), start())
    }
}

fn delete(anchor: &str) -> ObjectWrite {
    ObjectWrite { anchor: anchor.to_owned(), source: None, operation: WriteOperation::Delete }
}

fn user(tenant: &mut Tenant, anchor: &str, name: &str) -> Result<Receipt, Refusal> {
    tenant.engine(&provision(anchor, CloudKind::User, person(name)))
}

/// What is there before, what arrives, what becomes of it.
#[test]
fn matching_table() {
    struct Case {
        name: &'static str,
        before: fn(&mut Tenant),
        anchor: &'static str,
        arrives: &'static str,
        expected: Result<Outcome, &'static str>,
    }
    let cloud_only = |t: &mut Tenant| {
        t.create_cloud_only(CloudKind::User, person("ann"), start()).unwrap();
    };
    let cases = [
        Case {
            name: "nothing there",
            before: |_| {},
            anchor: "A",
            arrives: "ann",
            expected: Ok(Outcome::Created),
        },
        Case {
            name: "same anchor",
            before: |t| drop(user(t, "A", "ann").unwrap()),
            anchor: "A",
            arrives: "ann2",
            expected: Ok(Outcome::HardMatched),
        },
        Case {
            name: "same name, no anchor",
            before: cloud_only,
            anchor: "A",
            arrives: "ann",
            expected: Ok(Outcome::SoftMatched),
        },
        Case {
            name: "same address only",
            before: |t| {
                let attributes = person("ann").with("userPrincipalName", "other@contoso.com");
                t.create_cloud_only(CloudKind::User, attributes, start()).unwrap();
            },
            anchor: "A",
            arrives: "ann",
            expected: Ok(Outcome::SoftMatched),
        },
        Case {
            name: "same name, another anchor",
            before: |t| drop(user(t, "B", "ann").unwrap()),
            anchor: "A",
            arrives: "ann",
            expected: Err("AttributeValueMustBeUnique"),
        },
        Case {
            name: "soft-deleted, same anchor",
            before: |t| {
                user(t, "A", "ann").unwrap();
                t.engine(&delete("A")).unwrap();
            },
            anchor: "A",
            arrives: "ann",
            expected: Ok(Outcome::Restored),
        },
        Case {
            name: "soft-deleted, another anchor: its name is free",
            before: |t| {
                user(t, "B", "ann").unwrap();
                t.engine(&delete("B")).unwrap();
            },
            anchor: "A",
            arrives: "ann",
            expected: Ok(Outcome::Created),
        },
        Case {
            name: "administrator is not matched softly",
            before: |t| {
                let id = t.create_cloud_only(CloudKind::User, person("ann"), start()).unwrap();
                t.edit_by_person(id, start(), |object| object.is_administrator = true);
            },
            anchor: "A",
            arrives: "ann",
            expected: Err("AttributeValueMustBeUnique"),
        },
        Case {
            name: "soft match blocked",
            before: |t| {
                t.create_cloud_only(CloudKind::User, person("ann"), start()).unwrap();
                t.settings.features.insert("blockSoftMatchEnabled".to_owned(), true);
            },
            anchor: "A",
            arrives: "ann",
            expected: Err("blockSoftMatchEnabled forbids"),
        },
        Case {
            name: "managed in the cloud",
            before: |t| {
                let id = user(t, "A", "ann").unwrap().id;
                t.edit_by_person(id, start(), |object| object.is_cloud_managed = true);
            },
            anchor: "A",
            arrives: "ann",
            expected: Err("managed in the cloud"),
        },
        Case {
            name: "another kind",
            before: |t| drop(t.engine(&provision("A", CloudKind::Group, Attributes::new())).unwrap()),
            anchor: "A",
            arrives: "ann",
            expected: Err("to be a User"),
        },
    ];
    for case in cases {
        let mut tenant = tenant();
        (case.before)(&mut tenant);
        let before: Vec<Uuid> = tenant.iter().chain(tenant.deleted()).map(|object| object.id).collect();
        match (user(&mut tenant, case.anchor, case.arrives), case.expected) {
            (Ok(receipt), Ok(outcome)) => {
                assert_eq!(receipt.outcome, outcome, "{}", case.name);
                assert_eq!(before.contains(&receipt.id), outcome != Outcome::Created, "{}", case.name);
                assert_eq!(
                    tenant.by_anchor(case.anchor).map(|object| object.id),
                    Some(receipt.id),
                    "{}",
                    case.name
                );
            }
            (Err(refusal), Err(words)) => {
                assert!(refusal.to_string().contains(words), "{}: {refusal}", case.name);
            }
            (found, expected) => panic!("{}: expected {expected:?}, found {found:?}", case.name),
        }
    }
}

#[test]
fn groups_with_the_same_name_but_another_anchor_are_doubled() {
    let mut tenant = tenant();
    let group = Attributes::new().with("displayName", "All");
    tenant.engine(&provision("A", CloudKind::Group, group.clone())).unwrap();
    let second = tenant.engine(&provision("B", CloudKind::Group, group)).unwrap();
    assert_eq!(second.outcome, Outcome::Created);
    assert_eq!(tenant.of_kind(CloudKind::Group).count(), 2);
}

#[test]
fn users_go_softly_groups_for_good_and_memberships_hide() {
    let mut tenant = tenant();
    let ann = user(&mut tenant, "A", "ann").unwrap().id;
    let group =
        tenant.engine(&provision("G", CloudKind::Group, Attributes::new().with("member", ann))).unwrap().id;
    let cloud =
        tenant.create_cloud_only(CloudKind::Group, Attributes::new().with("member", ann), start()).unwrap();
    assert_eq!(tenant.engine(&delete("A")).unwrap().outcome, Outcome::SoftDeleted);
    assert_eq!(tenant.members(group), Vec::<Uuid>::new());
    user(&mut tenant, "A", "ann").unwrap();
    assert_eq!(tenant.members(group), [ann]);
    assert_eq!(tenant.members(cloud), [ann]);
    assert_eq!(tenant.engine(&delete("G")).unwrap().outcome, Outcome::HardDeleted);
    assert!(tenant.get(group).is_none());
    tenant.engine(&delete("A")).unwrap();
    let month = start() + SignedDuration::from_hours(30 * 24);
    assert_eq!(tenant.purge(start() - SignedDuration::from_secs(1), month).len(), 0);
    tenant.edit_by_person(ann, month, |object| object.licences = ["E5".to_owned()].into());
    let purged = tenant.purge(start(), month);
    assert_eq!(purged[0].0.id, ann);
    assert_eq!(purged[0].1, ["licence E5".to_owned(), format!("membership of {cloud}")]);
    assert_eq!(tenant.members(cloud), Vec::<Uuid>::new());
    let again = user(&mut tenant, "A", "ann").unwrap();
    assert_ne!(again.id, ann);
    assert_eq!(tenant.members(cloud), Vec::<Uuid>::new(), "cloud-only memberships are lost");
}

#[test]
fn updates_need_the_anchor_and_report_old_and_new() {
    let mut tenant = tenant();
    let ann = user(&mut tenant, "A", "ann").unwrap().id;
    let update = |anchor: &str, name: &str, change| ObjectWrite {
        anchor: anchor.to_owned(),
        source: None,
        operation: WriteOperation::Update { changes: vec![AttributeChange { name: name.into(), change }] },
    };
    let replace = |text: &str| ValueChange::Replace(vec![Value::text(text)]);
    assert!(matches!(tenant.engine(&update("Z", "displayName", replace("x"))), Err(Refusal::NotFound(_))));
    let receipt = tenant.engine(&update("A", "title", replace("Boss"))).unwrap();
    assert_eq!(receipt.written[0].name, AttributeName::new("jobTitle"));
    assert!(receipt.written[0].changed());
    let again = tenant.engine(&update("A", "jobTitle", replace("Boss"))).unwrap();
    assert!(!again.written[0].changed());
    tenant.engine(&update("A", "accountEnabled", replace("False"))).unwrap();
    assert_eq!(tenant.get(ann).unwrap().attributes.boolean("accountEnabled"), Some(false));
    let bad = update("A", "manager", ValueChange::Replace(vec![Value::Reference(Uuid::from_u128(1))]));
    assert!(matches!(tenant.engine(&bad), Err(Refusal::UnknownReference { .. })));
}

#[test]
fn renaming_frees_the_old_name() {
    let mut tenant = tenant();
    user(&mut tenant, "A", "ann").unwrap();
    user(&mut tenant, "A", "anna").unwrap();
    assert_eq!(user(&mut tenant, "B", "ann").unwrap().outcome, Outcome::Created);
}

#[test]
fn the_change_log_tells_what_happened_since() {
    let mut tenant = tenant();
    let token = tenant.delta_token();
    let ann = user(&mut tenant, "A", "ann").unwrap().id;
    user(&mut tenant, "A", "ann").unwrap();
    tenant.engine(&delete("A")).unwrap();
    let delta = tenant.delta_since(CloudKind::User, token, start()).unwrap();
    let kinds: Vec<_> = delta.changes.iter().map(|change| (change.id, change.change.clone())).collect();
    assert_eq!(
        kinds,
        [(ann, ChangeKind::Created), (ann, ChangeKind::SoftDeleted)],
        "an equal write is no change"
    );
    assert_eq!(tenant.delta_since(CloudKind::User, delta.next, start()).unwrap().changes, []);
    let late = start() + SignedDuration::from_secs(1);
    assert_eq!(tenant.delta_since(CloudKind::User, token, late), Err(DeltaError::Expired));
    assert_eq!(tenant.delta_since(CloudKind::User, 99, start()), Err(DeltaError::Expired));
    assert_eq!(tenant.delta_since(CloudKind::Group, token, start()).unwrap().changes, []);
}

/// Somebody is deleted and provisioned again, under a mode and with hard matches blocked or not.
fn deleted_and_back(modes: &Modes, blocked: bool) -> (Tenant, Uuid, Result<Receipt, Refusal>) {
    let mut tenant = tenant();
    let ann = user(&mut tenant, "A", "ann").unwrap().id;
    tenant.create_cloud_only(CloudKind::Group, Attributes::new().with("member", ann), start()).unwrap();
    tenant.edit_by_person(ann, start(), |object| object.licences = ["E5".to_owned()].into());
    tenant.apply(&delete("A"), modes, start()).unwrap();
    tenant.settings.features.insert("blockCloudObjectTakeoverThroughHardMatchEnabled".to_owned(), blocked);
    let write = provision("A", CloudKind::User, person("ann"));
    let result = tenant.apply(&write, modes, start());
    (tenant, ann, result)
}

#[test]
fn a_deleted_user_is_restored_or_made_anew_without_licences_by_mode() {
    for mode in [SoftDeletedMatch::Restores, SoftDeletedMatch::PassedOver] {
        let modes = Modes { soft_deleted_match: mode, ..Modes::default() };
        let (mut tenant, ann, result) = deleted_and_back(&modes, false);
        let again = result.unwrap();
        let restored = mode == SoftDeletedMatch::Restores;
        assert_eq!(again.id == ann, restored, "{mode:?}");
        assert_eq!(again.outcome, if restored { Outcome::Restored } else { Outcome::Created }, "{mode:?}");
        assert_eq!(tenant.get(again.id).unwrap().licences.is_empty(), !restored, "{mode:?}");
        let group = tenant.of_kind(CloudKind::Group).next().unwrap().id;
        assert_eq!(tenant.members(group).is_empty(), !restored, "{mode:?}: memberships of cloud-only groups");
        assert_eq!(tenant.deleted().count(), usize::from(!restored), "{mode:?}");
        // The old one's purge leaves the new one alone.
        tenant.purge(start(), start());
        assert_eq!(tenant.by_anchor("A").map(|object| object.id), Some(again.id), "{mode:?}");
    }
}

#[test]
fn blocked_hard_matches_bite_after_a_deletion_by_mode_and_never_before() {
    for (mode, blocked, refused) in [
        (HardMatchBlock::CloudOnly, true, false),
        (HardMatchBlock::DeletedToo, true, true),
        (HardMatchBlock::DeletedToo, false, false),
    ] {
        let modes = Modes { hard_match_block: mode, ..Modes::default() };
        let (tenant, ann, result) = deleted_and_back(&modes, blocked);
        assert_eq!(result.is_err(), refused, "{mode:?}, blocked: {blocked}");
        assert_eq!(tenant.get(ann).unwrap().is_live(), !refused, "{mode:?}, blocked: {blocked}");
    }
    // Who is synchronized goes on being written.
    let mut tenant = tenant();
    let modes = Modes { hard_match_block: HardMatchBlock::DeletedToo, ..Modes::default() };
    user(&mut tenant, "A", "ann").unwrap();
    for feature in ["blockCloudObjectTakeoverThroughHardMatchEnabled", "blockSoftMatchEnabled"] {
        tenant.settings.features.insert(feature.to_owned(), true);
    }
    let write = provision("A", CloudKind::User, person("anna"));
    assert_eq!(tenant.apply(&write, &modes, start()).unwrap().outcome, Outcome::HardMatched);
}
