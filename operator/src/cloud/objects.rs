//! The tenant's objects, read from Graph and digested at once: no values are kept.

use std::collections::{BTreeMap, BTreeSet};

use crds::DistinguishedName;
use graph::{DeltaFrom, GraphClient, Query, equals};
use jiff::Timestamp;
use parity::cloud::select_with_references;
use parity::{CloudIndex, CloudObject, DigestKey, ObjectKey, ObjectType, ScopeListing};
use planner::observed::CloudProbe;
use serde::Serialize;

use crate::error::Error;

/// Reads every user and group with members and managers: everything that a reference between them can point to, synchronised or not.
///
/// # Errors
/// When Graph does not answer, or answers objects that cannot be read.
pub async fn index(client: &GraphClient, key: &DigestKey) -> Result<CloudIndex, Error> {
    index_below(client, key, &[]).await.map(|(index, _)| index)
}

/// The same, with the keys of synchronised users whose name in the directory, as it was last exported, lies in these units: who was
/// exported and deleted again between two listings is in none of them. Graph shows no such name of groups.
///
/// # Errors
/// As [`index`].
pub async fn index_below(
    client: &GraphClient,
    key: &DigestKey,
    units: &[DistinguishedName],
) -> Result<(CloudIndex, BTreeSet<ObjectKey>), Error> {
    let everything = |object_type| DeltaFrom::Everything { select: select_with_references(object_type) };
    let mut found = Objects { units: units.to_vec(), ..Objects::default() };
    let (users, _) = client.users().delta(&everything(ObjectType::User)).collect_all().await?;
    for user in &users {
        found.take_in(ObjectType::User, user, key)?;
    }
    // Users first: a member that is made between the two reads is unknown then, and not taken for no member at all.
    let (groups, _) = client.groups().delta(&everything(ObjectType::Group)).collect_all().await?;
    for group in &groups {
        found.take_in(ObjectType::Group, group, key)?;
    }
    let below = found.below();
    Ok((CloudIndex::new(key, found.by_id.into_values()), below))
}

/// A round of changes as it is read: the same object may come more than once, each time with a part of it, or with word that it is gone.
#[derive(Default)]
struct Objects {
    by_id: BTreeMap<String, CloudObject>,
    units: Vec<DistinguishedName>,
    in_units: BTreeSet<String>,
}

impl Objects {
    /// Keys of the synchronised users in the units.
    fn below(&self) -> BTreeSet<ObjectKey> {
        let users = self.in_units.iter().filter_map(|id| self.by_id.get(id));
        users.filter(|user| user.synchronised == Some(true)).map(|user| user.key.clone()).collect()
    }

    /// Notes whether an object lies in the units. A part of an object that does not name its place changes nothing.
    fn place(&mut self, id: &str, json: &serde_json::Value) {
        let Some(name) = json.get("onPremisesDistinguishedName") else { return };
        let name = name.as_str().and_then(|name| DistinguishedName::parse(name).ok());
        if name.is_some_and(|name| self.units.iter().any(|unit| name.is_at_or_below(unit))) {
            self.in_units.insert(id.to_owned());
        } else {
            self.in_units.remove(id);
        }
    }

    fn take_in<T: Serialize>(
        &mut self,
        object_type: ObjectType,
        found: &T,
        key: &DigestKey,
    ) -> Result<(), Error> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Error::Stored(format!("an object of the tenant cannot be read: {error}"))
        };
        let json = serde_json::to_value(found).map_err(|error| unreadable(&error))?;
        let id = json.get("id").and_then(serde_json::Value::as_str).unwrap_or_default();
        self.place(id, &json);
        if json.get("@removed").is_some_and(|removed| !removed.is_null()) {
            self.by_id.remove(id);
        } else if let Some(known) = self.by_id.get_mut(id) {
            known.update(&json, key).map_err(|error| unreadable(&error))?;
        } else {
            let mut new =
                CloudObject::from_graph(object_type, &json, key).map_err(|error| unreadable(&error))?;
            new.references_were_selected();
            self.by_id.insert(id.to_owned(), new);
        }
        Ok(())
    }
}

/// Takes the contacts out of a listing that Connect exports under the anchor Cloud Sync computes, and says how many: the index holds none,
/// and Graph shows no key of theirs. The others stay, because for what Connect does not export no look at the cloud is needed: the job
/// would create it.
pub fn take_out_contacts(listing: &mut ScopeListing) -> usize {
    let before = listing.objects.len();
    listing.objects.retain(|object| {
        object.object_type != ObjectType::Contact || !object.exported || object.has_anchor_mismatch()
    });
    before - listing.objects.len()
}

/// Looks for a test user by its anchor.
///
/// # Errors
/// When Graph does not answer.
pub async fn probe(client: &GraphClient, anchor: &str, now: Timestamp) -> Result<CloudProbe, Error> {
    let query = Query::all().select(&["id", "displayName"]).filter(equals("onPremisesImmutableId", anchor));
    let users = client.users().list(&query).collect_all().await?;
    let display_name = users.first().map(|user| user.display_name.text().unwrap_or_default().to_owned());
    Ok(CloudProbe { anchor: anchor.to_owned(), display_name, at: now })
}

#[cfg(test)]
mod tests;
