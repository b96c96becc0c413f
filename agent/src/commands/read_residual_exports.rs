//! `readResidualExports`: what the server still exports besides what the no-flow rules of the given scopes withhold.
//!
//! Whatever its type, container or connector: what no topology names has no other engine either.

use std::collections::{BTreeMap, BTreeSet};

use adsync::protocol::{Connector, ConnectorKind};
use crds::primitive::DistinguishedName;
use crds::sync_agent::Evidence;
use crds::sync_agent::command::NoFlowRules;
use crds::sync_agent::evidence::{
    ContainerCount, LONGEST_CONTAINER, MOST_CONNECTORS, MOST_CONTAINERS, MOST_WRITERS,
    ResidualExportsEvidence, SAMPLE, TypeCount,
};

use super::prove_no_flow::units;
use super::{CommandError, Turn, count};
use crate::space::EntraObject;
use crate::world::{Context, World};
use crate::{inventory, pending, rules, space};

/// Kinds of objects listed by name; more are summed up.
const MOST_TYPES: usize = 32;

/// Where AD keeps stand-ins for accounts of other forests. Source: Microsoft, Active Directory schema, class `foreignSecurityPrincipal`.
const FOREIGN: &str = "cn=foreignsecurityprincipals,";

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &NoFlowRules,
) -> Result<Turn, CommandError> {
    Ok(Turn::Done(Evidence::ResidualExports(read(cx, arguments).await?)))
}

/// Reads what is exported.
///
/// # Errors
/// [`CommandError`]
pub(super) async fn read<W: World>(
    cx: &mut Context<'_, W>,
    scopes: &NoFlowRules,
) -> Result<ResidualExportsEvidence, CommandError> {
    let units = units(scopes);
    let connectors = cx.host().connectors().await?;
    let (withheld, left): (Vec<EntraObject>, Vec<EntraObject>) = space::read(&mut cx.host())
        .await?
        .into_iter()
        .filter(|object| object.joined)
        .partition(|object| object.is_withheld() && object.is_below(&units));
    let people = if left.iter().any(|object| object.object_type == "user") {
        organization_people(cx, &connectors).await?
    } else {
        BTreeSet::new()
    };
    let mut by_type: BTreeMap<String, i64> = BTreeMap::new();
    let mut by_container: BTreeMap<String, i64> = BTreeMap::new();
    for object in &left {
        *by_type.entry(type_of(object, &people)).or_default() += 1;
        *by_container.entry(container_of(object)).or_default() += 1;
    }
    let mut anchors: Vec<String> = left.iter().map(EntraObject::label).collect();
    anchors.sort();
    anchors.truncate(SAMPLE);
    let stored = cx.host().rules().await?;
    let others = connectors.iter().filter(|connector| connector.kind == ConnectorKind::Other);
    let pending = pending::read(&mut cx.host(), None).await?;
    let staging = cx.host().scheduler().await?.staging_mode_enabled;
    let waits = (pending.adds + pending.updates + pending.deletes).saturating_sub(pending.no_flow_references);
    Ok(ResidualExportsEvidence {
        exported: counts(by_type, MOST_TYPES),
        anchors,
        writes_to_directory: inventory::names(rules::writes_to_directory(&stored, &connectors), MOST_WRITERS),
        // A staging server exports nothing, so what is pending there stays so for good, and is carried off by the server that exports.
        pending: if staging { 0 } else { count(waits) },
        withheld: count(withheld.len()),
        containers: containers(by_container),
        other_connectors: inventory::names(others.map(|other| other.name.clone()).collect(), MOST_CONNECTORS),
    })
}

/// Names in AD of objects of class `inetOrgPerson`, which the Entra connector shows as users: Cloud Sync sends them no password hashes.
/// Source: Microsoft, Cloud sync FAQ.
async fn organization_people<W: World>(
    cx: &mut Context<'_, W>,
    connectors: &[Connector],
) -> Result<BTreeSet<String>, CommandError> {
    let mut names = BTreeSet::new();
    for connector in rules::active_directory(connectors) {
        let mut start = 0;
        loop {
            let page = cx.host().cs_objects(connector.identifier, start, Vec::new()).await?;
            let people = page.objects.iter().filter(|o| o.object_type.eq_ignore_ascii_case("inetOrgPerson"));
            names.extend(people.map(|object| object.distinguished_name.to_lowercase()));
            match page.next_index {
                Some(next) if next > start => start = next,
                _ => break,
            }
        }
    }
    Ok(names)
}

fn type_of(object: &EntraObject, people: &BTreeSet<String>) -> String {
    let names = || object.directory_names.iter().map(|name| name.as_str().to_lowercase());
    if names().any(|name| people.contains(&name)) {
        return "inetOrgPerson".to_owned();
    }
    if names()
        .any(|name| name.split_once(',').is_some_and(|(_, parent)| parent.trim_start().starts_with(FOREIGN)))
    {
        return "foreignSecurityPrincipal".to_owned();
    }
    object.object_type.chars().take(64).collect()
}

/// The container in AD; empty where the object has no place there.
fn container_of(object: &EntraObject) -> String {
    let parent = object.directory_names.first().and_then(DistinguishedName::parent);
    parent.map_or_else(String::new, |name| name.as_str().chars().take(LONGEST_CONTAINER).collect())
}

/// The fullest containers first.
fn containers(by_container: BTreeMap<String, i64>) -> Vec<ContainerCount> {
    let mut containers: Vec<ContainerCount> =
        by_container.into_iter().map(|(container, count)| ContainerCount { container, count }).collect();
    containers.sort_by_key(|entry| std::cmp::Reverse(entry.count));
    containers.truncate(MOST_CONTAINERS);
    containers
}

/// Counts by type, the rarest summed up as `other` where there are too many types.
pub(super) fn counts(by_type: BTreeMap<String, i64>, most: usize) -> Vec<TypeCount> {
    let mut counts: Vec<TypeCount> =
        by_type.into_iter().map(|(object_type, count)| TypeCount { object_type, count }).collect();
    if counts.len() > most {
        counts.sort_by_key(|entry| std::cmp::Reverse(entry.count));
        let rest = counts.split_off(most.saturating_sub(1));
        let sum = rest.iter().map(|entry| entry.count).sum();
        counts.push(TypeCount { object_type: "other".to_owned(), count: sum });
    }
    counts
}
