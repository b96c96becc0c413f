//! `readInventory`: reads the inventory again and reports it.

use crds::sync_agent::Evidence;
use crds::sync_agent::evidence::InventoryEvidence;

use super::{CommandError, Turn};
use crate::inventory;
use crate::world::{Context, World};

pub(super) async fn turn<W: World>(cx: &mut Context<'_, W>) -> Result<Turn, CommandError> {
    let digest = inventory::report(cx).await?;
    Ok(Turn::Done(Evidence::Inventory(InventoryEvidence { digest })))
}
