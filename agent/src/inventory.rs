//! The inventory: everything the agent knows about its host and the engine, reported when it differs. Asks the host.

mod read;

use std::time::Duration;

use crds::primitive::ContentDigest;
use crds::sync_agent::inventory::Inventory;
use crds::sync_agent_report::{MAX_BYTES, SyncAgentReportStatus};
use jiff::{SignedDuration, Timestamp};

use crate::cluster::Cluster as _;
use crate::commands::CommandError;
use crate::world::{Context, World};

/// Room that a report's other fields and metadata take.
const ENVELOPE_BYTES: usize = 4 * 1024;

/// Reads the inventory and writes it into the SyncAgentReport where it differs from what is there; gives the digest of what the
/// report holds.
///
/// # Errors
/// [`CommandError`]
pub async fn report<W: World>(cx: &mut Context<'_, W>) -> Result<ContentDigest, CommandError> {
    // First what can be had for nothing: the engine is not bothered for a report that cannot be written.
    let report = cx.cluster.report().await?;
    cx.watching.remember(report.status.as_ref().and_then(|status| status.inventory.as_ref()?.watch.as_ref()));
    let mut inventory = read::read(cx).await?;
    fit(&mut inventory)?;
    let now = cx.now();
    if let Some(status) = &report.status
        && status.observed_generation == report.generation
        && let (Some(reported), Some(digest)) = (&status.inventory, &status.digest)
        && !differs(reported, &inventory, cx.settings.volatile_age)
    {
        return Ok(digest.clone());
    }
    let digest =
        ContentDigest::of_json(&inventory).map_err(|error| CommandError::failed(error.to_string()))?;
    cx.cluster
        .put_report_status(&SyncAgentReportStatus {
            observed_generation: report.generation,
            changed_at: Some(now),
            digest: Some(digest.clone()),
            inventory: Some(inventory),
        })
        .await?;
    Ok(digest)
}

/// Whether an inventory is to be reported: something differs, or what changes all the time has grown too old.
///
/// Password hashes are synchronized every two minutes: that alone is no news, unless it is old news.
fn differs(reported: &Inventory, found: &Inventory, volatile_age: Duration) -> bool {
    let mut settled = found.clone();
    for connector in &mut settled.connectors {
        let before = reported.connectors.iter().find(|earlier| earlier.id == connector.id);
        let before = before.and_then(|earlier| earlier.password_hash_last_success);
        if is_recent(before, connector.password_hash_last_success, volatile_age) {
            connector.password_hash_last_success = before;
        }
    }
    // What is computed from the clock follows its corrections; a restart takes longer.
    if let (Some(before), Some(now)) = (reported.host.booted_at, found.host.booted_at)
        && now.duration_since(before).abs() < BOOT_TOLERANCE
    {
        settled.host.booted_at = Some(before);
    }
    settled != *reported
}

/// Computed boot times of one boot differ by less.
const BOOT_TOLERANCE: SignedDuration = SignedDuration::from_mins(1);

fn is_recent(reported: Option<Timestamp>, found: Option<Timestamp>, volatile_age: Duration) -> bool {
    let (Some(reported), Some(found)) = (reported, found) else { return false };
    let age = SignedDuration::try_from(volatile_age).unwrap_or(SignedDuration::MAX);
    found >= reported && found.duration_since(reported) < age
}

/// Makes an inventory fit into a report. Lists of names and runs give way, with a count of what was left out; lists of containers
/// never do: half of them would say that the rest is not synchronized.
fn fit(inventory: &mut Inventory) -> Result<(), CommandError> {
    let room = MAX_BYTES - ENVELOPE_BYTES;
    for kept in [64, 32, 16, 8, 4] {
        if size(inventory)? <= room {
            return Ok(());
        }
        inventory.last_runs.truncate(kept);
        if let Some(rules) = &mut inventory.rules {
            rules.custom = names(std::mem::take(&mut rules.custom), kept);
            rules.writes_to_directory = names(std::mem::take(&mut rules.writes_to_directory), kept);
        }
        for scope in inventory.watch.iter_mut().flat_map(|watch| &mut watch.scopes) {
            scope.not_withheld_anchors.truncate(kept / 4);
            scope.moved_objects.truncate(kept / 4);
        }
        for connector in &mut inventory.connectors {
            connector.object_types = names(std::mem::take(&mut connector.object_types), kept);
        }
    }
    let found = size(inventory)?;
    if found <= room {
        return Ok(());
    }
    Err(CommandError::failed(format!(
        "expected an inventory of at most {room} bytes, found {found} with every list of names cut short: connectors with their \
         containers take too much room; include whole branches instead of many single containers"
    )))
}

fn size(inventory: &Inventory) -> Result<usize, CommandError> {
    serde_json::to_vec(inventory)
        .map(|bytes| bytes.len())
        .map_err(|error| CommandError::failed(error.to_string()))
}

/// At most so many names; the last then says how many were left out.
pub fn names(mut names: Vec<String>, most: usize) -> Vec<String> {
    for name in &mut names {
        *name = text(name, 256);
    }
    if names.len() <= most {
        return names;
    }
    let earlier = names.last().and_then(|last| left_out(last)).unwrap_or(0);
    let before = names.len() - usize::from(earlier > 0);
    names.truncate(most.saturating_sub(1));
    names.push(format!("and {} more", before - names.len() + earlier));
    names
}

/// How many names an earlier cut left out.
fn left_out(name: &str) -> Option<usize> {
    name.strip_prefix("and ")?.strip_suffix(" more")?.parse().ok()
}

/// The beginning of a text.
fn text(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests;
