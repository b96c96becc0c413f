//! The tenant's objects, read from Graph and digested at once: no values are kept.

use graph::{DeltaFrom, GraphClient, Query, equals};
use jiff::Timestamp;
use parity::{CloudIndex, CloudObject, DigestKey, ObjectType};
use planner::observed::CloudProbe;
use serde::Serialize;

use crate::error::Error;

/// Reads every synchronised user and group.
///
/// # Errors
/// When Graph does not answer, or answers objects that cannot be read.
pub async fn index(client: &GraphClient, key: &DigestKey) -> Result<CloudIndex, Error> {
    let mut objects: Vec<CloudObject> = Vec::new();
    let select = parity::cloud::select(ObjectType::User);
    let (users, _) = client.users().delta(&DeltaFrom::Everything { select }).collect_all().await?;
    absorb(&mut objects, ObjectType::User, users.iter().filter(|user| user.removed.get().is_none()), key)?;
    let select = parity::cloud::select(ObjectType::Group);
    let (groups, _) = client.groups().delta(&DeltaFrom::Everything { select }).collect_all().await?;
    absorb(
        &mut objects,
        ObjectType::Group,
        groups.iter().filter(|group| group.removed.get().is_none()),
        key,
    )?;
    Ok(CloudIndex::new(key, objects))
}

/// Takes objects in; the same object may come more than once, each time with a part of it.
fn absorb<T: Serialize>(
    objects: &mut Vec<CloudObject>,
    object_type: ObjectType,
    found: impl Iterator<Item = T>,
    key: &DigestKey,
) -> Result<(), Error> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Error::Stored(format!("an object of the tenant cannot be read: {error}"))
    };
    let mut by_id = std::collections::HashMap::new();
    for object in found {
        let json = serde_json::to_value(&object).map_err(|error| unreadable(&error))?;
        let id = json.get("id").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        if let Some(known) = by_id.get(&id).and_then(|at: &usize| objects.get_mut(*at)) {
            known.update(&json, key).map_err(|error| unreadable(&error))?;
        } else {
            let mut new =
                CloudObject::from_graph(object_type, &json, key).map_err(|error| unreadable(&error))?;
            new.references_were_selected();
            by_id.insert(id, objects.len());
            objects.push(new);
        }
    }
    Ok(())
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
