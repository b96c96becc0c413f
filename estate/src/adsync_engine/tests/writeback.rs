//! Exports to the directory.

use super::*;
use crate::audit::Direction as WriteDirection;

#[test]
fn the_anchor_is_written_back_for_users_and_not_for_groups() {
    let lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let group = lab.guid(&format!("CN=all,{SALES}"));
    let directory = &lab.estate.world.directory;
    assert_eq!(directory.get(anna).expect("anna").consistency_guid(), Some(anna));
    assert_eq!(directory.get(group).expect("the group").consistency_guid(), None);
    let back: Vec<WriteRecord> = lab
        .writes_since(0)
        .into_iter()
        .filter(|write| write.direction == WriteDirection::ToDirectory)
        .collect();
    assert_eq!(back.len(), 3, "three people");
    assert!(
        back.iter()
            .all(|write| write.writer.is_connect() && write.values[0].attribute.is("mS-DS-ConsistencyGuid"))
    );
}

#[test]
fn it_goes_on_for_objects_that_are_held_back() {
    let mut lab = Lab::populated();
    lab.add_no_flow_rules("SYNC01", PILOT);
    lab.full_synchronization("SYNC01");
    let newcomer = lab.user("newcomer", PILOT);
    let from = lab.write_count();
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.cloud(newcomer).is_none());
    let writes = lab.writes_since(from);
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert_eq!((writes[0].direction, writes[0].source), (WriteDirection::ToDirectory, Some(newcomer)));
    assert_eq!(
        lab.estate.world.directory.get(newcomer).expect("the newcomer").consistency_guid(),
        Some(newcomer)
    );
}

#[test]
fn an_anchor_of_another_directory_object_stays() {
    let mut lab = Lab::empty();
    let migrated = lab.user("migrated", SALES);
    let old = Uuid::from_u128(0x1234);
    lab.modify(migrated, "mS-DS-ConsistencyGuid", Value::Binary(old.to_bytes_le().to_vec()));
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.estate.world.tenant.by_anchor(&anchor_of(old)).is_some());
    assert_eq!(lab.estate.world.directory.get(migrated).expect("the user").consistency_guid(), Some(old));
}

#[test]
fn values_merged_into_the_directory_are_added() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "proxyAddresses", "SMTP:sara@corp.example.com");
    let mut hybrid = rule("Exchange hybrid", 60, Direction::Outbound, AD, ("person", "user"));
    hybrid.attribute_flows = vec![AttributeFlow {
        merge: ValueMerge::MergeCaseInsensitive,
        ..expression("proxyAddresses", "\"x500:/o=\" & [accountName]")
    }];
    hybrid.scope_filter = vec![vec![condition("accountName", ScopeOperator::Equal, "sara")]];
    lab.add_rule("SYNC01", &hybrid);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    let object = lab.estate.world.directory.get(sara).expect("sara");
    assert_eq!(
        object.attributes.all("proxyAddresses"),
        [Value::text("SMTP:sara@corp.example.com"), Value::text("x500:/o=sara")]
    );
    // What arrived comes back with the next import and goes to the cloud.
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud(sara).expect("sara").attributes.all("proxyAddresses").len(), 2);
}
