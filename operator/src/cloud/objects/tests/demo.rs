//! Where both engines make the same of the directory, nothing is predicted and nothing differs, before the move and after it.

use std::collections::BTreeSet;

use crds::DistinguishedName;
use estate::directory::{NewObject, ObjectClass};
use estate::modes::{CrossDomainReferences, UnknownMembers};
use estate::population::{EverydayLife, Script};
use estate::scenario::ScenarioKind;
use estate::value::{Attributes, Value};
use jiff::SignedDuration;
use parity::compare::{Class, CompareOptions, Expectation, OrphanSearch};
use parity::{ObjectKey, ParityReport, Prediction, SourceAnchor};

use super::rig::Rig;

/// A user's short domain name is written by the job and shown by Graph for groups only.
/// Source: Microsoft Graph, user resource type.
const NOT_SHOWN: [&str; 1] = ["onPremisesNetBiosName"];

fn nothing_is_predicted(unit: &DistinguishedName, prediction: &Prediction) {
    assert!(prediction.objects > 1, "{unit}");
    let counts = [
        prediction.creations.count,
        prediction.joiners.count,
        prediction.takeovers.count,
        prediction.anchor_mismatches.count,
        prediction.unserved.count,
        prediction.unkeyed.count,
        prediction.scope_unpredictable.count,
    ];
    assert_eq!(counts, [0; 7], "{unit}: {prediction:#?}");
    assert!(prediction.changes.is_empty(), "{unit}: {:#?}", prediction.changes);
    assert!(prediction.nulls.is_empty(), "{unit}: {:#?}", prediction.nulls);
    assert!(prediction.unpredictable.is_empty(), "{unit}: {:#?}", prediction.unpredictable);
    assert_eq!(prediction.not_comparable.keys().collect::<Vec<_>>(), NOT_SHOWN, "{unit}");
}

fn nothing_differs(unit: &DistinguishedName, report: &ParityReport) {
    assert!(report.is_clean(), "{unit}: {:#?}", report.classes);
    assert!(report.attributes > report.objects, "{unit}");
    assert_eq!(report.not_comparable.keys().collect::<Vec<_>>(), NOT_SHOWN, "{unit}");
}

/// Looks at units, with the tenant read once.
async fn nothing_would_change(rig: &Rig, units: &[DistinguishedName]) {
    let mut prepared = Vec::new();
    for unit in units {
        let mappings = rig.mappings(unit).await;
        prepared.push((unit, mappings));
    }
    let cloud = rig.cloud().await;
    for (unit, mappings) in prepared {
        let mut listing = rig.listing(unit, &mappings).await;
        assert!(super::super::take_out_contacts(&mut listing) > 0, "the scenario has contacts");
        let prediction = parity::predict(&listing, &cloud, &BTreeSet::new()).unwrap();
        nothing_is_predicted(unit, &prediction);
        for expectation in [Expectation::ExportedByConnect, Expectation::ProvisionedByCloudSync] {
            let options = CompareOptions { expectation, orphans: OrphanSearch::Off };
            nothing_differs(unit, &parity::compare(&listing, &cloud, &options).unwrap());
        }
    }
}

#[tokio::test]
async fn nothing_would_change_in_the_small_estate() {
    let rig = Rig::small().await;
    let units = rig.units();
    assert_eq!(units.len(), 5);
    nothing_would_change(&rig, &units).await;
    rig.stop().await;
}

/// The first unit at its full size, in a tenant of full size; the others take longer and show nothing else.
#[tokio::test]
async fn nothing_would_change_in_the_demo() {
    let rig = Rig::start(ScenarioKind::Demo).await;
    nothing_would_change(&rig, &rig.units()[..1]).await;
    rig.stop().await;
}

#[tokio::test]
async fn after_the_takeover_nothing_differs_where_unknown_members_are_left() {
    let rig = Rig::small().await;
    rig.hold_connect();
    for unit in rig.units() {
        nothing_is_predicted(&unit, &rig.predict(&unit).await);
        rig.take_over(&unit).await;
        nothing_differs(&unit, &rig.compare(&unit, Expectation::ProvisionedByCloudSync).await);
    }
    rig.stop().await;
}

/// What people do reaches the cloud half an hour later: until then the two sides differ, and no mapping is to blame.
#[tokio::test]
async fn everyday_life_is_undecided_and_no_change() {
    let rig = Rig::small().await;
    let units = rig.units();
    let life = EverydayLife {
        every: SignedDuration::from_mins(10),
        changes: 40,
        units: units.iter().map(|unit| unit.as_str().parse().expect("a name")).collect(),
        suffix: "contoso.com".to_owned(),
    };
    rig.with(|running| running.estate.script = Script::everyday(&life, 7, running.estate.now()));
    let mut prepared = Vec::new();
    for unit in units {
        let mappings = rig.mappings(&unit).await;
        prepared.push((unit, mappings));
    }
    let mut under_way = 0;
    for _ in 0..6 {
        rig.advance(SignedDuration::from_mins(37));
        for (unit, mappings) in &prepared {
            let prediction = rig.predict_with(unit, mappings, &BTreeSet::new()).await;
            assert!(prediction.changes.is_empty() && prediction.nulls.is_empty(), "{unit}: {prediction:#?}");
            assert_eq!(prediction.creations.count, 0, "{unit}");
            under_way += prediction.unpredictable.values().sum::<u64>() + prediction.joiners.count;
        }
    }
    assert!(under_way > 0, "nothing was on its way at any look");
    rig.stop().await;
}

/// Somebody who joined after the last listing, was exported, and left again before the job's first import: no listing ever names them.
#[tokio::test]
async fn who_was_exported_and_left_between_two_listings_is_found_by_the_name_in_the_cloud() {
    let rig = Rig::small().await;
    let units = rig.units();
    let (unit, other) = (&units[1], &units[2]);
    let before = rig.users_below(unit).await;
    assert!(!before.is_empty());
    let joiner = rig.with(|running| {
        running.estate.with_world(|world, now| {
            let base: estate::dn::DistinguishedName = unit.as_str().parse().expect("a name");
            let attributes = Attributes::new()
                .with("sAMAccountName", "short.stay")
                .with("userPrincipalName", "short.stay@contoso.com")
                .with("userAccountControl", 512);
            let new =
                NewObject { dn: base.child("CN", "Stay\\, Short"), class: ObjectClass::User, attributes };
            world.directory.create(new, now).expect("created")
        })
    });
    rig.advance(SignedDuration::from_mins(75));
    rig.hold_connect();
    rig.with(|running| {
        running.estate.with_world(|world, now| world.directory.delete(joiner, now).expect("deleted"));
    });
    let found: Vec<_> = rig.users_below(unit).await.difference(&before).cloned().collect();
    assert_eq!(found, [ObjectKey::Anchor(SourceAnchor::from_guid_bytes(joiner.to_bytes_le()))]);
    assert!(rig.users_below(other).await.is_disjoint(&before));
    rig.stop().await;
}

/// Connect, which stands still, knows neither of them; what the job itself provisions belongs to the cloud all the same.
#[tokio::test]
async fn joiners_and_leavers_after_the_takeover_are_no_difference() {
    let rig = Rig::small().await;
    rig.hold_connect();
    let unit = rig.units().remove(1);
    rig.take_over(&unit).await;
    let group = rig.directory_object(&unit, ObjectClass::Group, 0);
    let leaver = group.attributes.all("member").iter().filter_map(Value::as_reference).find(|id| {
        rig.with(|running| {
            let base = unit.as_str().parse().expect("a name");
            let directory = &running.estate.world.directory;
            directory.alive(*id).is_some_and(|member| member.class.is_person() && member.dn.is_under(&base))
        })
    });
    rig.with(|running| {
        running.estate.with_world(|world, now| {
            let base: estate::dn::DistinguishedName = unit.as_str().parse().expect("a name");
            let attributes = Attributes::new()
                .with("sAMAccountName", "new.joiner")
                .with("userPrincipalName", "new.joiner@contoso.com")
                .with("userAccountControl", 512);
            let new = NewObject { dn: base.child("CN", "New Joiner"), class: ObjectClass::User, attributes };
            let joiner = world.directory.create(new, now).expect("created");
            world.directory.add_member(group.guid, joiner, now).expect("added");
            world.directory.delete(leaver.expect("a member of the unit"), now).expect("deleted");
        });
    });
    let report = rig.compare(&unit, Expectation::ProvisionedByCloudSync).await;
    assert_eq!(report.count(Class::Membership), 1, "{report:#?}");
    rig.advance(SignedDuration::from_mins(10));
    nothing_differs(&unit, &rig.compare(&unit, Expectation::ProvisionedByCloudSync).await);
    rig.stop().await;
}

fn outside(prediction: &Prediction, name: &str) -> BTreeSet<ObjectKey> {
    let both = [&prediction.outside_references, &prediction.cross_domain_references];
    both.into_iter().filter_map(|found| found.get(name)).flat_map(|found| found.sample.clone()).collect()
}

fn found(report: &ParityReport, class: Class) -> BTreeSet<ObjectKey> {
    report.classes.get(&class).map(|found| found.sample.clone()).unwrap_or_default()
}

/// The other behaviour: a job that drops what it does not know. What it would drop is told beforehand, and found afterwards.
#[tokio::test]
async fn references_that_a_job_would_drop_are_told_before_and_found_after() {
    let rig = Rig::small().await;
    rig.with(|running| {
        running.estate.world.modes.unknown_members = UnknownMembers::Dropped;
        running.estate.world.modes.cross_domain_references = CrossDomainReferences::Unknown;
    });
    rig.hold_connect();
    let mut served = BTreeSet::new();
    let (mut groups, mut managers) = (0, 0);
    // Both units are of one domain and so of one job; the second is looked at with what the job holds by then. Managers of the first
    // report to somebody in the second.
    for unit in rig.units()[..2].iter().rev() {
        let mappings = rig.mappings(unit).await;
        let prediction = rig.predict_with(unit, &mappings, &served).await;
        nothing_is_predicted(unit, &prediction);
        rig.take_over(unit).await;
        let report = rig.compare(unit, Expectation::ProvisionedByCloudSync).await;
        assert_eq!(found(&report, Class::Membership), outside(&prediction, "members"), "{unit}");
        assert_eq!(found(&report, Class::Attribute), outside(&prediction, "manager"), "{unit}");
        groups += outside(&prediction, "members").len();
        managers += outside(&prediction, "manager").len();
        served.extend(rig.listing(unit, &mappings).await.objects.into_iter().map(|object| object.key));
    }
    assert!(groups > 0 && managers > 0, "groups and managers reach across units");
    rig.stop().await;
}
