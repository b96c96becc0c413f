//! Lost members: removed although the directory has them, or missing at the end.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::super::{Direction, Event, Record};
use super::objects::Tenant;
use super::{Class, Violation, name_of};
use crate::directory::DirectoryChange;
use crate::value::Value;

pub(super) fn judge(records: &[Record], until: Timestamp, grace: SignedDuration) -> Vec<Violation> {
    let mut directory: BTreeMap<(Uuid, Uuid), Timestamp> = BTreeMap::new();
    let mut cloud: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
    let mut tenant = Tenant::default();
    // Pair of directory objects → when and how it was lost.
    let mut lost: BTreeMap<(Uuid, Uuid), (Timestamp, String)> = BTreeMap::new();
    for record in records {
        match &record.event {
            Event::Directory(DirectoryChange::MemberAdded { at, group, member }) => {
                directory.insert((*group, *member), *at);
            }
            Event::Directory(DirectoryChange::MemberRemoved { group, member, .. }) => {
                directory.remove(&(*group, *member));
            }
            Event::Write(write) if write.direction == Direction::ToEntra => {
                let members = write.values.iter().find(|value| value.attribute.is("member"));
                if let (Some(value), Some(group)) = (members, write.source) {
                    let new: BTreeSet<Uuid> = value.new.iter().filter_map(Value::as_reference).collect();
                    let old = value.old.iter().filter_map(Value::as_reference);
                    for removed in old.filter(|id| !new.contains(id)) {
                        let Some(member) = tenant.source(removed) else { continue };
                        let both = tenant.alive_since(removed).is_some() && write.source_exists;
                        if both && directory.contains_key(&(group, member)) {
                            let how = format!("removed by {}", write.writer);
                            lost.entry((group, member)).or_insert((record.at, how));
                        }
                    }
                    cloud.insert(write.object, new);
                }
            }
            _ => {}
        }
        tenant.apply(record);
    }
    let objects = tenant.by_source();
    let settled = |since: Timestamp| until.duration_since(since) > grace;
    for ((group, member), since) in &directory {
        let (Some(group_id), Some(member_id)) = (objects.get(group), objects.get(member)) else { continue };
        let alive = [*group_id, *member_id].into_iter().all(|id| tenant.alive_since(id).is_some_and(settled));
        let missing = !cloud.get(group_id).is_some_and(|members| members.contains(member_id));
        if alive && missing && settled(*since) {
            lost.entry((*group, *member)).or_insert((*since, "missing in the cloud group".to_owned()));
        }
    }
    lost.into_iter()
        .map(|((group, member), (at, how))| Violation {
            at,
            class: Class::MemberLost,
            object: name_of(&tenant, group),
            detail: format!("member {} {how} although the directory has it", name_of(&tenant, member)),
        })
        .collect()
}
