//! Rounds and tokens by themselves; the HTTP side is in `directory_objects`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::graph::delta::{Deltas, Link, Query, Snapshot, Tracked, TrackedObject};
use crate::graph::error::GraphError;
use crate::modes::DeltaReset;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn query() -> Query {
    Query { tracked: Tracked::Groups, select: vec!["displayName".to_owned()], ids: None }
}

fn alive(name: &str, members: &[String]) -> TrackedObject {
    let mut properties = Map::new();
    properties.insert("displayName".to_owned(), json!(name));
    properties.insert("mail".to_owned(), json!("same"));
    let members: BTreeMap<_, _> = members.iter().map(|id| (id.clone(), "#microsoft.graph.user")).collect();
    TrackedObject::Alive { properties, members }
}

fn people(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("u{number:03}")).collect()
}

fn delta_token(link: &Link) -> String {
    match link {
        Link::Delta(token) => token.clone(),
        Link::Next(_) => panic!("the round has more pages"),
    }
}

/// Applies items the way a client must: in any order of objects, twice if it comes to that.
fn merge(into: &mut BTreeMap<String, (Value, BTreeMap<String, bool>)>, items: &[Value]) {
    for item in items {
        let id = item["id"].as_str().expect("every item has an id").to_owned();
        if item.get("@removed").is_some() {
            into.remove(&id);
            continue;
        }
        let entry = into.entry(id).or_insert((Value::Null, BTreeMap::new()));
        if let Some(name) = item.get("displayName") {
            entry.0 = name.clone();
        }
        for member in item["members@delta"].as_array().into_iter().flatten() {
            let id = member["id"].as_str().expect("a member has an id").to_owned();
            entry.1.insert(id, member.get("@removed").is_none());
        }
    }
}

#[test]
fn pages_of_a_round_replay_and_still_merge_to_the_state() {
    let mut deltas = Deltas::default();
    let mut state = Snapshot::new();
    for group in 0..7 {
        state.insert(format!("g{group}"), alive(&format!("group {group}"), &people(0..60)));
    }
    state.insert("old".to_owned(), TrackedObject::SoftDeleted);
    let (mut items, mut link) = deltas.first(query(), state, 4, NOW);
    let mut merged = BTreeMap::new();
    let mut served = items.len();
    merge(&mut merged, &items);
    let mut removed_seen = items.iter().any(|item| item["@removed"]["reason"] == "changed");
    while let Link::Next(token) = &link {
        let again = deltas.next(token, NOW).expect("known").0;
        (items, link) = deltas.next(token, NOW).expect("known");
        assert_eq!(again, items, "a next link can be asked for again");
        served += items.len();
        removed_seen |= items.iter().any(|item| item["@removed"]["reason"] == "changed");
        merge(&mut merged, &items);
    }
    // 7 groups of 3 items each (60 members in chunks), one removal, and one replay for each page after the first.
    assert!(served > 22, "no replay in {served} items");
    assert!(removed_seen, "the soft-deleted object shows up in the first round");
    assert_eq!(merged.len(), 7);
    assert!(merged.values().all(|(_, members)| members.len() == 60));
}

#[test]
fn later_rounds_hold_the_difference() {
    let mut deltas = Deltas::default();
    let mut state = Snapshot::new();
    state.insert("a".to_owned(), alive("a", &people(0..2)));
    state.insert("b".to_owned(), alive("b", &[]));
    state.insert("c".to_owned(), alive("c", &[]));
    state.insert("d".to_owned(), alive("d", &[]));
    let (_, link) = deltas.first(query(), state.clone(), 100, NOW);
    let token = delta_token(&link);

    let (items, link) = deltas.since(&token, state.clone(), false, 100, NOW).expect("known");
    assert_eq!(items, Vec::<Value>::new());
    let quiet = delta_token(&link);

    state.insert("a".to_owned(), alive("a renamed", &people(1..3)));
    state.insert("b".to_owned(), TrackedObject::SoftDeleted);
    state.remove("c");
    state.insert("e".to_owned(), alive("e", &[]));
    for token in [&token, &quiet] {
        let (items, _) = deltas.since(token, state.clone(), false, 100, NOW).expect("known");
        let by_id = |id: &str| items.iter().find(|item| item["id"] == id).cloned();
        let a = by_id("a").expect("changed");
        assert_eq!((&a["displayName"], &a["mail"]), (&json!("a renamed"), &json!("same")));
        let members = a["members@delta"].as_array().expect("listed");
        assert!(members.iter().any(|member| member["id"] == "u002" && member.get("@removed").is_none()));
        assert!(
            members.iter().any(|member| member["id"] == "u000" && member["@removed"]["reason"] == "deleted")
        );
        assert!(!members.iter().any(|member| member["id"] == "u001"));
        assert_eq!(by_id("b").expect("removed")["@removed"]["reason"], "changed");
        assert_eq!(by_id("c").expect("removed")["@removed"]["reason"], "deleted");
        assert_eq!(by_id("d"), None);
        assert!(by_id("e").is_some());
    }
    let (items, _) = deltas.since(&token, state, true, 100, NOW).expect("known");
    let a = items.iter().find(|item| item["id"] == "a").expect("changed");
    assert_eq!(a.get("mail"), None, "return=minimal shows changed properties only");
}

#[test]
fn tokens_expire_and_forged_ones_are_refused_in_the_way_chosen() {
    let mut deltas = Deltas::default();
    let token = delta_token(&deltas.latest(query(), Snapshot::new(), NOW));
    let ask =
        |deltas: &Deltas, token: &str, now, reset| deltas.query(token, now, reset, "restart").map(|_| ());
    assert_eq!(ask(&deltas, &token, NOW, DeltaReset::Gone), Ok(()));
    let gone = Err(GraphError::Gone { location: "restart".to_owned() });
    let later = NOW + SignedDuration::from_hours(7 * 24);
    assert_eq!(ask(&deltas, &token, later, DeltaReset::Gone), gone);
    assert_eq!(ask(&deltas, "forged", NOW, DeltaReset::Gone), gone);
    for (reset, expected) in
        [(DeltaReset::SyncStateNotFound, "syncStateNotFound"), (DeltaReset::ResyncRequired, "resyncRequired")]
    {
        match ask(&deltas, "forged", NOW, reset) {
            Err(GraphError::StaleToken { code, .. }) => assert_eq!(code, expected),
            other => panic!("{other:?}"),
        }
    }
    deltas.expire_all();
    assert_eq!(ask(&deltas, &token, NOW, DeltaReset::Gone), gone);
    let fresh = delta_token(&deltas.latest(query(), Snapshot::new(), NOW));
    assert_eq!(ask(&deltas, &fresh, NOW, DeltaReset::Gone), Ok(()));
}
