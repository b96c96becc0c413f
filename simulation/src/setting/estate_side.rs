//! The Microsoft side of a setting: an estate that has been running for a while. Reads the small export of the estate's folder.

use std::path::Path;
use std::sync::OnceLock;

use adsync::configuration::{ReadError, ServerConfiguration};
use adsync::protocol::ConnectorKind;
use estate::Estate;
use estate::adsync_engine::{HostFacts, SyncServer};
use estate::clock::{Identifiers, Intervals};
use estate::directory::DirectoryError;
use estate::dn::{DistinguishedName, DnError};
use estate::graph::{ClientRegistration, Graph, GraphSettings, MANAGE_ROLES, RateLimit};
use estate::population::{EverydayLife, Script};
use estate::scenario::CURRENT_BUILD;
use estate::serve::Running;
use estate::tenant::Tenant;
use estate::world::World;
use jiff::SignedDuration;
use uuid::Uuid;

use super::Setting;
use super::organisation::SUFFIX;
use crate::microsoft::{GRAPH_URL, LOGIN_URL};

/// Where the small export is: shipped with the estate.
const EXPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../estate/exports/small");

/// Half cycles before the run: an initial one and its confirmation with room to spare, and no cycle runs just then.
const HALF_CYCLES_BEFORE: i32 = 13;

/// Secret of the product's application.
const SECRET: &str = "the simulation's";

/// Why a setting's Microsoft side cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The export.
    #[error("the estate's small export cannot be read: {0}")]
    Export(#[from] ReadError),
    /// The organisation.
    #[error("the organisation does not fit the directory: {0}")]
    Directory(#[from] DirectoryError),
    /// A name.
    #[error("a unit has no proper name: {0}")]
    Name(#[from] DnError),
    /// The export is gone or differs.
    #[error("{0}")]
    Other(String),
}

/// A Microsoft side, and how to sign in there.
#[derive(Debug)]
pub struct Built {
    /// The estate and its Graph.
    pub running: Running,
    /// The tenant.
    pub tenant_id: Uuid,
    /// Client id of the product's application.
    pub client_id: Uuid,
    /// Its secret.
    pub client_secret: String,
}

/// The export, parsed once for all runs of this process.
fn export() -> Result<ServerConfiguration, BuildError> {
    static PARSED: OnceLock<ServerConfiguration> = OnceLock::new();
    if let Some(parsed) = PARSED.get() {
        return Ok(parsed.clone());
    }
    let read = ServerConfiguration::read(Path::new(EXPORT))?;
    Ok(PARSED.get_or_init(|| read).clone())
}

/// Builds the Microsoft side as it is when the run begins.
///
/// # Errors
/// [`BuildError`]: a defect of the setting.
pub fn build(setting: &Setting) -> Result<Built, BuildError> {
    let mut configuration = export()?;
    select(&mut configuration, setting)?;
    let intervals = Intervals::default();
    let history = intervals.cycle / 2 * HALF_CYCLES_BEFORE;
    let before = setting.start - history;
    let directory = setting.drawn.organisation.build(setting.seed, before)?;
    let tenant = Tenant::new("example", &[SUFFIX], setting.seed);
    let mut world = World::new(directory, tenant, intervals, setting.seed);
    world.modes = setting.modes;
    let mut estate = Estate::new(world, before);
    let domains: Vec<&str> = setting.drawn.organisation.domains.iter().map(String::as_str).collect();
    estate.with_cloud(|cloud, world, _| {
        for server in setting.servers.iter().take(2) {
            cloud.add_agent(server, &domains, world);
        }
    });
    for (at, name) in setting.servers.iter().enumerate() {
        let facts = HostFacts { version: Some(CURRENT_BUILD.to_owned()), ..HostFacts::current(name) };
        let mut server = SyncServer::from_configuration(&configuration, facts);
        server.set_staging(at > 0);
        estate.add_server(Box::new(server));
    }
    estate.advance(setting.start);
    if let Some(every) = setting.everyday {
        let life = EverydayLife {
            every,
            changes: changes(setting, every),
            units: setting.drawn.units.clone(),
            suffix: SUFFIX.to_owned(),
        };
        estate.script = Script::everyday(&life, setting.seed, setting.start);
    }
    let client_id = Identifiers::new(setting.seed ^ 0x434C_4945).next_id();
    let clients = vec![ClientRegistration::with_secret(client_id, SECRET, MANAGE_ROLES)];
    let settings = GraphSettings {
        base_url: GRAPH_URL.to_owned(),
        login_url: LOGIN_URL.to_owned(),
        log_limit: RateLimit::LOGS,
        seed: setting.seed,
    };
    let tenant_id = estate.world.tenant.settings.organization.id;
    let running = Running { estate, graph: Graph::new(settings, clients) };
    Ok(Built { running, tenant_id, client_id, client_secret: SECRET.to_owned() })
}

fn changes(setting: &Setting, every: SignedDuration) -> usize {
    let whole = setting.until.duration_since(setting.start).as_secs() / every.as_secs().max(1);
    usize::try_from(whole).unwrap_or(0)
}

/// Selects the units that Connect synchronizes, in each domain.
fn select(configuration: &mut ServerConfiguration, setting: &Setting) -> Result<(), BuildError> {
    let mut domains = 0;
    for connector in &mut configuration.connectors {
        if connector.kind != ConnectorKind::ActiveDirectory {
            continue;
        }
        for partition in &mut connector.partitions {
            if !partition.partition.is_domain || !partition.partition.selected {
                continue;
            }
            domains += 1;
            let head: DistinguishedName = partition.partition.distinguished_name.parse()?;
            let inside = |units: &[DistinguishedName]| {
                let here = units.iter().filter(|unit| unit.same_domain(&head));
                here.map(ToString::to_string).collect::<Vec<_>>()
            };
            partition.partition.container_inclusion = inside(&setting.drawn.units);
            partition.partition.container_exclusion = vec![head.to_string()];
            partition.partition.container_exclusion.extend(inside(&setting.drawn.excluded));
        }
    }
    if domains == 0 {
        return Err(BuildError::Other(
            "expected a selected domain in the small export, found none".to_owned(),
        ));
    }
    Ok(())
}
