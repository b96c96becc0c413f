//! `putNoFlowRules`: makes the no-flow rules of ours exactly those for the given scopes.

use adsync::no_flow;
use crds::sync_agent::Evidence;
use crds::sync_agent::command::NoFlowRules;
use crds::sync_agent::evidence::RulesEvidence;

use super::{CommandError, Turn, small};
use crate::journal::Progress;
use crate::world::{Context, World};
use crate::{rule_change, rules, runs};

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &NoFlowRules,
) -> Result<Turn, CommandError> {
    let connectors = cx.host().connectors().await?;
    let found = cx.host().rules().await?;
    let digest_before = if let Progress::Rules { digest_before } = cx.journal.state().progress() {
        digest_before
    } else {
        let digest_before = rules::digest(&found).map_err(CommandError::failed)?;
        cx.journal.progress(Progress::Rules { digest_before: digest_before.clone() })?;
        digest_before
    };
    let wanted = rule_change::wanted(&connectors, &found, &arguments.scopes)?;
    cx.journal.record(|state| {
        if let Some(stop) = &mut state.stop
            && stop.rules_before.is_none()
        {
            stop.rules_before = Some(found.iter().filter(|rule| no_flow::is_ours(rule)).cloned().collect());
        }
    })?;
    rule_change::apply(cx, &wanted).await?;

    let stored = cx.host().rules().await?;
    let evidence = RulesEvidence {
        digest_before,
        digest_after: rules::digest(&stored).map_err(CommandError::failed)?,
        ours: small(stored.iter().filter(|rule| no_flow::is_ours(rule)).count()),
        scopes: rule_change::complete_scopes(&connectors, &stored, &arguments.scopes),
        stored_at: cx.now(),
        foreign_runs: runs::foreign_since_stop(cx).await?,
    };
    let difference = rule_change::difference(&stored, &wanted);
    if difference.is_empty() {
        return Ok(Turn::Done(Evidence::Rules(evidence)));
    }
    Err(CommandError::failed_with(
        format!(
            "expected exactly the wanted rules after they were stored, found a difference in: {}; somebody else may be editing rules",
            difference.join(", ")
        ),
        Evidence::Rules(evidence),
    ))
}
