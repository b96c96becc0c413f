//! `setAutoUpgrade`: switches automatic upgrade on or off, and reports what it was.
//!
//! `Suspended` is the system's own state: nobody can set it, so it could not be restored. It is left alone. What this agent switched
//! off it remembers until it is told to switch it on again: asked a second time, it still says what it was before the first.

use adsync::protocol::AutoUpgradeState;
use crds::sync_agent::Evidence;
use crds::sync_agent::command::Switch;
use crds::sync_agent::evidence::AutoUpgradeEvidence;

use super::{CommandError, Turn};
use crate::journal::Progress;
use crate::world::{Context, World};

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &Switch,
) -> Result<Turn, CommandError> {
    let found = cx.host().auto_upgrade().await?.state;
    let before = if let Progress::AutoUpgrade { before } = cx.journal.state().progress() {
        before
    } else {
        let ours = cx.journal.state().auto_upgrade_switched_off && !arguments.enabled;
        let before = format!("{:?}", if ours { AutoUpgradeState::Enabled } else { found });
        cx.journal.progress(Progress::AutoUpgrade { before: before.clone() })?;
        before
    };
    if !arguments.enabled && found == AutoUpgradeState::Enabled {
        cx.journal.record(|state| state.auto_upgrade_switched_off = true)?;
    }
    let wanted = if arguments.enabled { AutoUpgradeState::Enabled } else { AutoUpgradeState::Disabled };
    let mut after = found;
    if found != wanted && found != AutoUpgradeState::Suspended {
        cx.host().set_auto_upgrade(wanted).await?;
        after = cx.host().auto_upgrade().await?.state;
    }
    let evidence = Evidence::AutoUpgrade(AutoUpgradeEvidence { before, after: format!("{after:?}") });
    if after == AutoUpgradeState::Enabled && arguments.enabled {
        cx.journal.record(|state| state.auto_upgrade_switched_off = false)?;
    }
    if after == wanted || after == AutoUpgradeState::Suspended {
        return Ok(Turn::Done(evidence));
    }
    Err(CommandError::failed_with(
        format!(
            "expected automatic upgrade to be {wanted:?} after it was set, found {after:?}; set it by hand"
        ),
        evidence,
    ))
}
