//! `probe`: makes, changes or removes a test user below the given organizational unit.
//!
//! It touches an object only if its journal says that it made it and the object itself carries the mark of this journal. So neither a
//! wrong name nor a restored journal can lead it to somebody's account.

use adsync::protocol::{Attribute, DirectoryEntry};
use crds::primitive::{ContentDigest, DistinguishedName};
use crds::sync_agent::Evidence;
use crds::sync_agent::command::{Probe, ProbePhase};
use crds::sync_agent::evidence::ProbeEvidence;
use uuid::Uuid;

use super::{CommandError, Turn};
use crate::directory;
use crate::journal::ProbeRecord;
use crate::world::{Context, World};

/// Attribute that carries the mark. Neither engine synchronizes it by default, and none filters by it.
const MARK: &str = "comment";

pub(super) async fn turn<W: World>(cx: &mut Context<'_, W>, arguments: &Probe) -> Result<Turn, CommandError> {
    let name = format!("CN=hybrid-identity-probe-{},{}", arguments.token, arguments.organizational_unit);
    let found = find(cx, arguments, &name).await?;
    let record = cx.journal.state().probes.iter().find(|record| record.token == arguments.token).cloned();
    match (arguments.phase, found) {
        (ProbePhase::Create, None) => create(cx, arguments, name).await,
        (ProbePhase::Create, Some(entry)) => {
            own(cx, record.as_ref(), &entry, arguments)?;
            created(cx, arguments, &entry)
        }
        (ProbePhase::Change, Some(entry)) => {
            own(cx, record.as_ref(), &entry, arguments)?;
            change(cx, arguments, entry).await
        }
        (ProbePhase::Change, None) => Err(CommandError::failed(format!(
            "expected the test user {name}, found none; create it again with a new token"
        ))),
        (ProbePhase::Remove, Some(entry)) => {
            own(cx, record.as_ref(), &entry, arguments)?;
            cx.host().delete_directory_object(entry.distinguished_name.clone()).await?;
            Ok(evidence(cx, directory::guid_anchor(&entry).as_str(), None))
        }
        (ProbePhase::Remove, None) => match record {
            Some(ProbeRecord { object_guid: Some(guid), .. }) => {
                let anchor = parity::SourceAnchor::from_guid_bytes(guid.to_bytes_le());
                Ok(evidence(cx, anchor.as_str(), None))
            }
            _ => Err(CommandError::failed(format!(
                "expected the test user {name}, found none, and none that this agent ever made; nothing is to be removed"
            ))),
        },
    }
}

async fn find<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &Probe,
    name: &str,
) -> Result<Option<DirectoryEntry>, CommandError> {
    let wanted = DistinguishedName::parse(name).map_err(|error| CommandError::failed(error.to_string()))?;
    let attributes = [MARK.to_owned(), "displayName".to_owned()];
    let base = arguments.organizational_unit.as_str();
    let entries = directory::search(&mut cx.host(), base, &["user"], &attributes, false).await?;
    Ok(entries
        .into_iter()
        .find(|entry| DistinguishedName::parse(&entry.distinguished_name).is_ok_and(|found| found == wanted)))
}

/// The mark of an object that this journal's agent made for this token.
fn mark(journal_id: Uuid, token: &str) -> String {
    format!("hybrid-identity-operator test object {token} of {journal_id}")
}

/// Refuses to touch what this agent did not make.
fn own<W: World>(
    cx: &Context<'_, W>,
    record: Option<&ProbeRecord>,
    entry: &DirectoryEntry,
    arguments: &Probe,
) -> Result<(), CommandError> {
    let expected = mark(cx.journal.state().journal_id, &arguments.token);
    let marked = directory::values(&entry.attributes, MARK).contains(&expected);
    let known = record.is_some_and(|record| record.object_guid.is_none_or(|guid| guid == entry.object_guid));
    if marked && known {
        return Ok(());
    }
    Err(CommandError::failed(format!(
        "expected {} to be a test user that this agent made, found {}; it is left alone: remove it by hand if it is not needed",
        entry.distinguished_name,
        if marked { "no record of it in the journal" } else { "an object without this agent's mark" },
    )))
}

async fn create<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &Probe,
    name: String,
) -> Result<Turn, CommandError> {
    let record =
        ProbeRecord { token: arguments.token.clone(), distinguished_name: name.clone(), object_guid: None };
    cx.journal.record(|state| {
        state.probes.retain(|probe| probe.token != record.token);
        state.probes.push(record);
        let surplus = state.probes.len().saturating_sub(PROBES_KEPT);
        state.probes.drain(..surplus);
    })?;
    let attribute = |name: &str, value: String| Attribute { name: name.to_owned(), values: vec![value] };
    let mut attributes = vec![
        attribute(MARK, mark(cx.journal.state().journal_id, &arguments.token)),
        attribute("displayName", display_name(&arguments.token)),
        attribute("sAMAccountName", account_name(&arguments.token)),
        // A normal account that nobody can sign in to (ACCOUNTDISABLE).
        attribute("userAccountControl", "514".to_owned()),
    ];
    if let Some(domain) = arguments.organizational_unit.domain() {
        let principal = format!("hybrid-identity-probe-{}@{domain}", arguments.token);
        attributes.push(attribute("userPrincipalName", principal));
    }
    let entry = cx.host().create_directory_object(name, "user".to_owned(), attributes).await?;
    created(cx, arguments, &entry)
}

fn created<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &Probe,
    entry: &DirectoryEntry,
) -> Result<Turn, CommandError> {
    cx.journal.record(|state| {
        if let Some(record) = state.probes.iter_mut().find(|record| record.token == arguments.token) {
            record.object_guid = Some(entry.object_guid);
        }
    })?;
    Ok(evidence(cx, directory::guid_anchor(entry).as_str(), Some(display_name(&arguments.token))))
}

async fn change<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &Probe,
    entry: DirectoryEntry,
) -> Result<Turn, CommandError> {
    let anchor = directory::guid_anchor(&entry);
    let changed = format!("{} changed", display_name(&arguments.token));
    if !directory::values(&entry.attributes, "displayName").contains(&changed) {
        let attribute = Attribute { name: "displayName".to_owned(), values: vec![changed.clone()] };
        cx.host().modify_directory_object(entry.distinguished_name, vec![attribute]).await?;
    }
    Ok(evidence(cx, anchor.as_str(), Some(changed)))
}

fn evidence<W: World>(cx: &Context<'_, W>, anchor: &str, display_name: Option<String>) -> Turn {
    Turn::Done(Evidence::Probe(ProbeEvidence { anchor: anchor.to_owned(), display_name, at: cx.now() }))
}

/// Test objects remembered, removed ones too: a repeated removal still knows the anchor.
const PROBES_KEPT: usize = 64;

fn display_name(token: &str) -> String {
    format!("Hybrid Identity Probe {token}")
}

/// At most 20 characters, as `sAMAccountName` allows.
fn account_name(token: &str) -> String {
    format!("hip-{}", ContentDigest::of(token.as_bytes()).short())
}
