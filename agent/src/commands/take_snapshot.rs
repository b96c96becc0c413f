//! `takeSnapshot`: exports the configuration, proves that it can be read back, and stores it in the named Secrets.

use adsync::archive;
use adsync::configuration::{ConfigurationFiles, ServerConfiguration};
use crds::primitive::ContentDigest;
use crds::sync_agent::Evidence;
use crds::sync_agent::command::IntoSecrets;
use crds::sync_agent::evidence::SnapshotEvidence;

use super::{CommandError, Turn, count, small};
use crate::chunks;
use crate::journal::SnapshotRecord;
use crate::scratch::Scratch as _;
use crate::world::{Context, World};

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &IntoSecrets,
) -> Result<Turn, CommandError> {
    // Whatever a killed process left behind goes first.
    cx.scratch.clear()?;
    let place = cx.scratch.prepare()?;
    let exported = cx.host().export_configuration(place.clone()).await;
    let files = exported.map_err(CommandError::from).and_then(|()| Ok(cx.scratch.read(&place)?));
    cx.scratch.clear()?;
    let files = files?;

    let archive = archive::pack(&files).map_err(|error| CommandError::failed(error.to_string()))?;
    let digest =
        ContentDigest::try_from(archive.digest).map_err(|error| CommandError::failed(error.to_string()))?;
    let used = chunks::write(cx.cluster, &arguments.secrets, chunks::split(&archive.bytes)).await?;
    let mut evidence = SnapshotEvidence {
        digest: digest.clone(),
        size_bytes: count(archive.bytes.len()),
        secrets_used: small(used),
        parsed: false,
        rules: 0,
        connectors: 0,
    };
    let stored = chunks::read(cx.cluster, &arguments.secrets, used).await?.concat();
    match read_back(&files, &digest, &stored) {
        Ok(configuration) => {
            evidence.parsed = true;
            evidence.rules = small(configuration.rules.len());
            evidence.connectors = small(configuration.connectors.len());
            let taken_at = cx.now();
            cx.journal.record(|state| state.snapshot = Some(SnapshotRecord { digest, taken_at }))?;
            Ok(Turn::Done(Evidence::Snapshot(evidence)))
        }
        Err(problem) => {
            // The evidence says so; the reason is for whoever reads the log of this server.
            tracing::error!(problem, "the snapshot cannot be read back");
            Ok(Turn::Done(Evidence::Snapshot(evidence)))
        }
    }
}

/// Reads what the Secrets hold, not what was put into them.
fn read_back(
    files: &ConfigurationFiles,
    digest: &ContentDigest,
    stored: &[u8],
) -> Result<ServerConfiguration, String> {
    let (stored_digest, stored_files) = archive::unpack(stored).map_err(|error| error.to_string())?;
    if stored_digest != digest.as_str() || stored_files != *files {
        return Err(format!("an archive with digest {stored_digest} in the Secrets instead of {digest}"));
    }
    let configuration = ServerConfiguration::from_files(stored_files).map_err(|error| error.to_string())?;
    if configuration.rules.is_empty() || configuration.connectors.is_empty() {
        return Err(format!(
            "{} rules and {} connectors, at least one of each belongs to every server",
            configuration.rules.len(),
            configuration.connectors.len()
        ));
    }
    Ok(configuration)
}
