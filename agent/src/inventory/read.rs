//! Asks the host for every part of the inventory.

use adsync::no_flow;
use adsync::protocol::{self, HostErrorCode};
use adsync::rule::Rule;
use crds::primitive::{ContentDigest, DistinguishedName, ObjectName};
use crds::sync_agent::command::MOST_NO_FLOW_SCOPES;
use crds::sync_agent::inventory::{
    ConnectorInventory, ConnectorKind, EngineInventory, FeaturesInventory, HostInventory, Inventory,
    PartitionInventory, PendingInventory, RegistryInventory, RulesInventory, RunInventory,
    SchedulerInventory, SqlInventory,
};
use crds::sync_agent::watch::WatchInventory;
use crds::sync_topology;

use super::{names, text};
use crate::commands::{CommandError, small};
use crate::host::{Calls, HostCallError};
use crate::journal::JournalState;
use crate::rules;
use crate::watch::Engine;
use crate::world::{Context, World};

/// Runs in the inventory.
const RUNS: u32 = 24;

/// Most containers of a partition, and most of the other lists whose parts must all be there.
const MOST_CONTAINERS: usize = 64;
const MOST_CONNECTORS: usize = 32;

pub(super) async fn read<W: World>(cx: &mut Context<'_, W>) -> Result<Inventory, CommandError> {
    let information = cx.host().host_information().await?;
    let mut inventory = Inventory {
        epoch: cx.journal.state().highest_epoch,
        host: host(&information),
        engine: None,
        scheduler: None,
        connectors: Vec::new(),
        rules: None,
        features: None,
        last_runs: Vec::new(),
        watch: None,
    };
    let Some(engine) = &information.engine else {
        return Ok(inventory);
    };
    let service = cx.host().service().await?;
    let auto_upgrade = optional(cx.host().auto_upgrade().await)?;
    let settings = optional(cx.host().global_settings().await)?;
    let parameter = |name: &str| {
        let parameters = settings.as_ref().map_or(&[][..], |settings| settings.parameters.as_slice());
        let found = parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name))?;
        (!found.value.is_empty()).then(|| text(&found.value, 64))
    };
    inventory.engine = Some(EngineInventory {
        engine: product(engine.product),
        version: text(&engine.version, 64),
        installation_type: text(&engine.installation_type, 64),
        service_running: service.running,
        service_start_type: format!("{:?}", service.start_type),
        service_last_started_at: service.last_started_at,
        auto_upgrade: auto_upgrade.map(|upgrade| format!("{:?}", upgrade.state)),
        sql: information.sql.as_ref().map(|sql| SqlInventory {
            local_db: sql.local_db,
            version: text(&sql.version, 64),
            size_mib: number(sql.size_mib),
        }),
        anchor_attribute: parameter("Microsoft.SynchronizationOption.AnchorAttribute"),
        user_principal_name_attribute: parameter("Microsoft.SynchronizationOption.UPNAttribute"),
    });
    if !service.running {
        inventory.watch = watch(cx, &[], &[], false).await?;
        return Ok(inventory);
    }
    let features = optional(cx.host().features().await)?;
    inventory.scheduler = optional(cx.host().scheduler().await)?.map(|found| scheduler(&found));
    let connectors = cx.host().connectors().await?;
    inventory.connectors = read_connectors(cx, &connectors, features.as_ref()).await?;
    let stored = cx.host().rules().await?;
    let in_schema = settings.as_ref().is_some_and(|settings| {
        settings.metaverse_attributes.iter().any(|name| name.eq_ignore_ascii_case(no_flow::CLOUD_NO_FLOW))
    });
    let digest = cx.watching.rules.digest(&stored).map_err(CommandError::failed)?;
    inventory.rules = Some(read_rules(&stored, digest, &connectors, in_schema)?);
    inventory.features = features.as_ref().map(feature_switches);
    let history = cx.host().run_results(None, RUNS).await?;
    inventory.last_runs = last_runs(&history, cx.journal.state());
    let ours: Vec<ObjectName> =
        inventory.rules.iter().flat_map(|rules| rules.no_flow_scopes.clone()).collect();
    let rests = cx.journal.state().stop.is_none()
        && inventory.scheduler.as_ref().is_some_and(|scheduler| !scheduler.running)
        && cx.host().connector_run_status().await?.is_empty();
    inventory.watch = watch(cx, &connectors, &ours, rests).await?;
    Ok(inventory)
}

/// Looks at the watched scopes. A part that the host's account may not read leaves the inventory without it.
async fn watch<W: World>(
    cx: &mut Context<'_, W>,
    connectors: &[protocol::Connector],
    rules: &[ObjectName],
    rests: bool,
) -> Result<Option<WatchInventory>, CommandError> {
    let began = cx.now();
    let costly = cx.watching.is_due(began);
    let engine = Engine { connectors, rules, rests };
    let found = cx.watching.look(&mut Calls(&mut *cx.host), engine, began, costly).await;
    if costly {
        let ended = cx.now();
        cx.watching.took(began, ended);
    }
    match found {
        Ok(found) => Ok(found),
        // The rest of the inventory is worth having; what was last seen of the scopes stands until they can be read again.
        Err(error) => {
            tracing::warn!(%error, "the watched scopes could not be read");
            Ok(cx.watching.last().cloned())
        }
    }
}

/// What a build or a host without a right does not have is absent, not an error.
fn optional<T>(answer: Result<T, HostCallError>) -> Result<Option<T>, HostCallError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.code() {
            Some(
                HostErrorCode::Unsupported
                | HostErrorCode::InteractiveOnly
                | HostErrorCode::AccessDenied
                | HostErrorCode::ServiceStopped,
            ) => Ok(None),
            _ => Err(error),
        },
    }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn host(found: &protocol::HostInformation) -> HostInventory {
    HostInventory {
        name: text(&found.host_name, 253),
        operating_system: text(&found.operating_system, 128),
        operating_system_build: text(&found.operating_system_build, 64),
        server_core: found.server_core,
        domain_joined: found.domain_joined,
        dot_net_version: text(&found.dot_net_version, 64),
        power_shell_version: text(&found.power_shell_version, 64),
        memory_mib: number(found.memory_mib),
        tls_registry: found
            .tls_registry
            .iter()
            .take(16)
            .map(|value| RegistryInventory {
                path: text(&value.path, 256),
                name: text(&value.name, 64),
                data: value.data.map(i64::from),
            })
            .collect(),
        provisioning_agent_version: found
            .provisioning_agent_version
            .as_ref()
            .map(|version| text(version, 64)),
        booted_at: found.boot_time,
    }
}

fn product(found: protocol::EngineProduct) -> sync_topology::Engine {
    use sync_topology::Engine;
    match found {
        protocol::EngineProduct::DirSync => Engine::DirSync,
        protocol::EngineProduct::AzureADSync => Engine::AzureADSync,
        protocol::EngineProduct::EntraConnect => Engine::EntraConnect,
        protocol::EngineProduct::MicrosoftIdentityManager => Engine::MicrosoftIdentityManager,
    }
}

fn scheduler(found: &protocol::Scheduler) -> SchedulerInventory {
    SchedulerInventory {
        enabled: found.sync_cycle_enabled,
        running: found.sync_cycle_in_progress,
        suspended: found.scheduler_suspended,
        staging: found.staging_mode_enabled,
        interval_seconds: found.currently_effective_sync_cycle_interval.as_secs(),
    }
}

async fn read_connectors<W: World>(
    cx: &mut Context<'_, W>,
    connectors: &[protocol::Connector],
    features: Option<&protocol::Features>,
) -> Result<Vec<ConnectorInventory>, CommandError> {
    bounded("connectors", connectors.len(), MOST_CONNECTORS)?;
    let mut list = Vec::new();
    for connector in connectors {
        let statistics = cx.host().connector_statistics(connector.identifier).await?;
        let hashes = features.and_then(|features| {
            features.password_hash_last_success.iter().find(|cycle| cycle.connector == connector.identifier)
        });
        bounded("partitions of a connector", connector.partitions.len(), MOST_CONNECTORS)?;
        let partitions: Result<Vec<_>, _> = connector.partitions.iter().map(partition).collect();
        list.push(ConnectorInventory {
            id: connector.identifier.to_string(),
            name: text(&connector.name, 255),
            kind: match connector.kind {
                protocol::ConnectorKind::ActiveDirectory => ConnectorKind::ActiveDirectory,
                protocol::ConnectorKind::Entra => ConnectorKind::Entra,
                protocol::ConnectorKind::Other => ConnectorKind::Other,
            },
            password_hash_sync: connector.password_hash_sync,
            password_hash_last_success: hashes.and_then(|cycle| cycle.last_success),
            object_types: names(connector.object_inclusion.iter().map(|name| text(name, 64)).collect(), 32),
            partitions: partitions?,
            objects: number(statistics.total_connectors),
            pending: PendingInventory {
                adds: number(statistics.export_adds),
                updates: number(statistics.export_updates),
                deletes: number(statistics.export_deletes),
            },
        });
    }
    Ok(list)
}

fn partition(found: &protocol::Partition) -> Result<PartitionInventory, CommandError> {
    let containers = |names: &[String]| -> Result<Vec<DistinguishedName>, CommandError> {
        bounded("containers of a partition", names.len(), MOST_CONTAINERS)?;
        let parse = |name: &String| DistinguishedName::parse(name);
        names
            .iter()
            .map(parse)
            .collect::<Result<_, _>>()
            .map_err(|error| CommandError::failed(error.to_string()))
    };
    Ok(PartitionInventory {
        distinguished_name: text(&found.distinguished_name, 512),
        selected: found.selected,
        included: containers(&found.container_inclusion)?,
        excluded: containers(&found.container_exclusion)?,
    })
}

/// A list that cannot be cut short is not reported at all when it is too long: half of it would be a lie.
fn bounded(what: &str, found: usize, most: usize) -> Result<(), CommandError> {
    if found <= most {
        return Ok(());
    }
    Err(CommandError::failed(format!(
        "expected at most {most} {what}, found {found}: more cannot be reported"
    )))
}

fn read_rules(
    stored: &[Rule],
    digest: ContentDigest,
    connectors: &[protocol::Connector],
    cloud_no_flow_in_schema: bool,
) -> Result<RulesInventory, CommandError> {
    let mut custom: Vec<String> = stored
        .iter()
        .filter(|rule| !rule.is_standard() && !no_flow::is_ours(rule))
        .map(|rule| rule.name.clone())
        .collect();
    custom.sort();
    let mut scopes: Vec<ObjectName> =
        stored.iter().filter_map(no_flow::scope_name).map(ObjectName::from).collect();
    scopes.sort();
    scopes.dedup();
    bounded("scopes with rules", scopes.len(), MOST_NO_FLOW_SCOPES)?;
    Ok(RulesInventory {
        total: small(stored.len()),
        digest,
        custom: names(custom, 64),
        writes_to_directory: names(rules::writes_to_directory(stored, connectors), 64),
        no_flow_scopes: scopes,
        free_precedences: small(no_flow::free_precedences(stored).len()),
        cloud_no_flow_in_schema,
    })
}

fn feature_switches(found: &protocol::Features) -> FeaturesInventory {
    FeaturesInventory {
        password_hash_sync: found.password_hash_sync,
        password_writeback: found.password_writeback,
        user_writeback: found.user_writeback,
        device_writeback: found.device_writeback,
        device_write_up: found.device_write_up,
        group_writeback: found.group_writeback,
        exchange_hybrid: found.exchange_hybrid,
        directory_extensions: found.directory_extensions,
        group_filtering: found.group_filtering,
        sign_on_method: text(&found.sign_on_method, 64),
        desktop_sso: found.desktop_sso,
        export_deletion_threshold: found.export_deletion_threshold.map(i64::from),
    }
}

fn last_runs(history: &[protocol::RunResult], journal: &JournalState) -> Vec<RunInventory> {
    history
        .iter()
        .take(usize::try_from(RUNS).unwrap_or(usize::MAX))
        .map(|run| RunInventory {
            connector: text(&run.connector_name, 255),
            profile: profile_name(run.profile),
            result: text(&run.result, 128),
            started_at: run.start_date,
            ended_at: run.end_date,
            ours: journal.is_own_run(run.run_history_id),
        })
        .collect()
}

/// The profile's name as the engine spells it.
fn profile_name(profile: protocol::RunProfile) -> String {
    match serde_json::to_value(profile) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{profile:?}"),
    }
}
