//! `readPendingExports`: what an export would write now.

use crds::sync_agent::Evidence;
use crds::sync_agent::evidence::PendingExportsEvidence;

use super::{CommandError, Turn, count};
use crate::world::{Context, World};
use crate::{pending, runs};

pub(super) async fn turn<W: World>(cx: &mut Context<'_, W>) -> Result<Turn, CommandError> {
    let pending = pending::read(&mut cx.host(), None).await?;
    let foreign_runs = runs::foreign_since_stop(cx).await?;
    Ok(Turn::Done(Evidence::PendingExports(PendingExportsEvidence {
        adds: count(pending.adds),
        updates: count(pending.updates),
        deletes: count(pending.deletes),
        explained_deletes: count(pending.explained),
        unexplained: pending.unexplained,
        no_flow_values: count(pending.no_flow_values),
        no_flow_references: count(pending.no_flow_references),
        retries: count(pending.retries),
        foreign_runs,
    })))
}
