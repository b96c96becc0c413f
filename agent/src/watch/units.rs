//! Where claimed units are now, by their `objectGUID`. Asks the host.

use std::collections::BTreeMap;

use adsync::protocol::{DirectoryEntry, HostErrorCode};
use crds::primitive::DistinguishedName;
use crds::sync_agent::watch::{MovedUnit, Watch, WatchedUnit};
use uuid::Uuid;

use crate::host::{AdsyncHost, Calls, HostCallError};
use crate::{directory, listing};

/// Classes of what can be claimed.
const CLASSES: [&str; 4] = ["organizationalUnit", "container", "domainDNS", "builtinDomain"];

/// For each scope its units that are no longer where they were claimed.
///
/// # Errors
/// [`HostCallError`]
pub(super) async fn moved<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    watch: &Watch,
    domains: &[String],
) -> Result<Vec<Vec<MovedUnit>>, HostCallError> {
    // Every container of the domains is read only where a unit is not in its place.
    let mut containers: Option<BTreeMap<Uuid, DistinguishedName>> = None;
    let mut scopes = Vec::with_capacity(watch.scopes.len());
    for scope in &watch.scopes {
        let mut moved = Vec::new();
        for unit in &scope.units {
            let there = listing::unit_guid(host, &unit.distinguished_name).await?;
            if there.is_some_and(|guid| is(unit, guid)) {
                continue;
            }
            if containers.is_none() {
                containers = Some(read(host, domains).await?);
            }
            let now = containers.iter().flatten().find(|(guid, _)| is(unit, **guid)).map(|(_, name)| name);
            moved.push(MovedUnit {
                distinguished_name: unit.distinguished_name.clone(),
                object_guid: unit.object_guid.clone(),
                now: now.cloned(),
                replaced: there.is_some(),
            });
        }
        scopes.push(moved);
    }
    Ok(scopes)
}

fn is(unit: &WatchedUnit, guid: Uuid) -> bool {
    Uuid::parse_str(&unit.object_guid).is_ok_and(|claimed| claimed == guid)
}

async fn read<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    domains: &[String],
) -> Result<BTreeMap<Uuid, DistinguishedName>, HostCallError> {
    let mut found = BTreeMap::new();
    for domain in domains {
        let entries = match directory::search(host, domain, &CLASSES, &[], false).await {
            Ok(entries) => entries,
            // A domain that nobody serves here any more holds none of them.
            Err(error) if error.code() == Some(HostErrorCode::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let named = |entry: DirectoryEntry| {
            Some((entry.object_guid, DistinguishedName::parse(&entry.distinguished_name).ok()?))
        };
        found.extend(entries.into_iter().filter_map(named));
    }
    Ok(found)
}
