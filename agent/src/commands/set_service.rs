//! `setService`: starts or stops the engine's service and sets whether it starts with the host.
//!
//! A stopped service is the end of a stopped scheduler: from there on nothing is to be switched on by itself.

use adsync::protocol::ServiceStartType;
use crds::sync_agent::Evidence;
use crds::sync_agent::command::SetService;
use crds::sync_agent::evidence::ServiceEvidence;

use super::{CommandError, Turn};
use crate::runs;
use crate::world::{Context, World};

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &SetService,
) -> Result<Turn, CommandError> {
    let found = cx.host().service().await?;
    if !found.installed {
        return Err(CommandError::failed_with(
            "expected the service ADSync, found no such service on this server; is this the right host?",
            evidence(found),
        ));
    }
    let start_type =
        if arguments.automatic { ServiceStartType::Automatic } else { ServiceStartType::Disabled };
    if found.running && !arguments.running {
        let now = cx.now();
        let (_, reading) = runs::reading(&mut cx.host(), now).await?;
        if reading.is_none() {
            return Ok(Turn::wait(cx.settings.poll, "the running cycle to end before the service stops"));
        }
    }
    if found.running != arguments.running || found.start_type != start_type {
        cx.host().set_service(Some(arguments.running), Some(start_type)).await?;
    }
    let after = cx.host().service().await?;
    if after.running != arguments.running || after.start_type != start_type {
        return Err(CommandError::failed_with(
            format!(
                "expected service ADSync with running = {} and start type {start_type:?} after it was set, found running = {} and \
                 {:?}; set it by hand",
                arguments.running, after.running, after.start_type
            ),
            evidence(after),
        ));
    }
    if !after.running {
        cx.journal.record(|state| state.stop = None)?;
    }
    Ok(Turn::Done(evidence(after)))
}

fn evidence(state: adsync::protocol::ServiceState) -> Evidence {
    Evidence::Service(ServiceEvidence {
        installed: state.installed,
        running: state.running,
        start_type: format!("{:?}", state.start_type),
    })
}
