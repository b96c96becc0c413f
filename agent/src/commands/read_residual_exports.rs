//! `readResidualExports`: what the server still exports besides what the no-flow rules of the given scopes withhold.

use std::collections::BTreeMap;

use crds::sync_agent::Evidence;
use crds::sync_agent::command::NoFlowRules;
use crds::sync_agent::evidence::{ResidualExportsEvidence, SAMPLE, TypeCount};

use super::prove_no_flow::units;
use super::{CommandError, Turn, count};
use crate::world::{Context, World};
use crate::{inventory, pending, rules, space};

/// Kinds of objects listed by name; more are summed up.
const MOST_TYPES: usize = 32;

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &NoFlowRules,
) -> Result<Turn, CommandError> {
    let units = units(arguments);
    let mut by_type: BTreeMap<String, i64> = BTreeMap::new();
    let mut anchors = Vec::new();
    for object in space::read(&mut cx.host()).await? {
        let withheld = object.is_withheld() && object.is_below(&units);
        if object.joined && !withheld {
            *by_type.entry(object.object_type.chars().take(64).collect()).or_default() += 1;
            anchors.push(object.label());
        }
    }
    anchors.sort();
    anchors.truncate(SAMPLE);
    let connectors = cx.host().connectors().await?;
    let stored = cx.host().rules().await?;
    let pending = pending::read(&mut cx.host(), None).await?;
    Ok(Turn::Done(Evidence::ResidualExports(ResidualExportsEvidence {
        exported: counts(by_type, MOST_TYPES),
        anchors,
        writes_to_directory: inventory::names(rules::writes_to_directory(&stored, &connectors), SAMPLE),
        // A staging server never exports what it would leak, so that stays pending there for good.
        pending: count(
            (pending.adds + pending.updates + pending.deletes).saturating_sub(pending.no_flow_references),
        ),
    })))
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
