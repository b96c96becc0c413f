//! Ready-made estates: the demo, a small one for tests, and one around a real exported configuration. Does IO only to read an
//! export from a folder.
//!
//! Each comes with an active and a staging sync server that have run long enough for the tenant to be what Connect makes of
//! the directory, and with provisioning agents for every domain; cloud sync is not configured.

mod bundled;
mod configuration;
mod devices;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::str::FromStr;

use adsync::configuration::{ReadError, ServerConfiguration};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::adsync_engine::{HostFacts, SyncServer};
use crate::clock::{Identifiers, Intervals, times};
use crate::directory::DirectoryError;
use crate::dn::DistinguishedName;
use crate::estate::Estate;
use crate::graph::{ClientRegistration, GraphSettings, MANAGE_ROLES, RateLimit};
use crate::modes::{Modes, ReferenceLeak};
use crate::population::{EverydayLife, Organisation, Script, Size};
use crate::tenant::Tenant;
use crate::world::World;
use configuration::Layout;

/// The build that sync servers report where the export's own is too old to work.
/// Source: Microsoft, Entra Connect Sync version history (2.6.92.0).
pub const CURRENT_BUILD: &str = "2.6.92.0";

/// Name of the sync server that exports.
pub const ACTIVE_SERVER: &str = "sync01";
/// Name of the sync server in staging mode.
pub const STAGING_SERVER: &str = "sync02";

/// Half cycles that the sync servers have had before the estate is handed over: an initial one and its confirmation with
/// room to spare, so that nothing is pending any more; an odd number, so that no cycle runs just then.
const HALF_CYCLES_BEFORE: usize = 13;

/// Everyday changes that a scenario with people comes with.
const EVERYDAY_CHANGES: usize = 240;

/// One person in so many of the demo is in the small scenario.
const SMALL_DIVISOR: usize = 20;

/// Units below an included unit of a foreign export: they are the scopes that can be moved one by one.
const UNITS_OF_AN_EXPORT: [&str; 3] = ["Pilot", "Staff", "Teams"];

/// How many of each in a foreign export's units.
const SIZE_OF_AN_EXPORT: Size = Size { users: 360, groups: 30, contacts: 15, computers: 12 };

/// Which estate to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScenarioKind {
    /// 1,200 people in five units of two domains, 80 groups across them, 40 contacts, 20 computers, and an excluded unit
    /// with service accounts; people's everyday life goes on; Connect leaks as much as any source says.
    Demo,
    /// The demo with one person in twenty, and nobody does anything.
    Small,
    /// Rules, connectors, inclusion lists and features from an exported configuration; people from the seed.
    Export(PathBuf),
}

impl ScenarioKind {
    /// The modes that it comes with where nobody asks for others.
    pub fn modes(&self) -> Modes {
        match self {
            Self::Small => Modes::default(),
            _ => Modes { reference_leak: ReferenceLeak::All, ..Modes::default() },
        }
    }
}

impl FromStr for ScenarioKind {
    type Err = ScenarioError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "demo" => Ok(Self::Demo),
            "small" => Ok(Self::Small),
            _ => match text.strip_prefix("export=").filter(|folder| !folder.is_empty()) {
                Some(folder) => Ok(Self::Export(folder.into())),
                None => Err(ScenarioError::UnknownKind(text.to_owned())),
            },
        }
    }
}

/// What to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioOptions {
    /// Which estate.
    pub kind: ScenarioKind,
    /// Seed of everything that is made up.
    pub seed: u64,
    /// Divisor of every interval.
    pub speed_factor: u32,
    /// Report the build that a foreign export came from, although it no longer works.
    pub keep_build: bool,
    /// Connect synchronizes devices, and every computer has registered itself.
    pub device_sync: bool,
}

impl ScenarioOptions {
    /// The small estate at full speed.
    pub fn small(seed: u64) -> Self {
        Self { kind: ScenarioKind::Small, seed, speed_factor: 1, keep_build: false, device_sync: false }
    }
}

/// Why a scenario cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The name is unknown.
    #[error("expected demo, small or export=FOLDER as scenario, found {0:?}")]
    UnknownKind(String),
    /// The exported configuration.
    #[error("the exported configuration cannot be used")]
    Export(#[from] ReadError),
    /// The exported configuration has no selected domain.
    #[error("expected an AD connector with a selected domain in the exported configuration, found none")]
    NoDomain,
    /// The directory refused the organisation.
    #[error("the organisation does not fit the directory")]
    Directory(#[from] DirectoryError),
    /// A made-up name is no distinguished name: a defect of the scenario.
    #[error("a unit of the scenario has no proper name")]
    Name(#[from] crate::dn::DnError),
}

/// An estate ready to be served.
#[derive(Debug)]
pub struct Scenario {
    /// The estate, up to the present.
    pub estate: Estate,
    /// Settings of its Graph; the URLs are filled in by whoever binds the listeners.
    pub settings: GraphSettings,
    /// Client id of the application registered for the product.
    pub client_id: Uuid,
    /// Its secret.
    pub client_secret: String,
    /// All registered applications.
    pub clients: Vec<ClientRegistration>,
    /// Units that are synchronized and can be moved one by one.
    pub organizational_units: Vec<DistinguishedName>,
    /// Units that Connect excludes.
    pub excluded_units: Vec<DistinguishedName>,
    /// Where an agent may make test objects: one below each of these units, in their order.
    pub probe_units: Vec<DistinguishedName>,
    /// What the estate made up about the sync servers, for people to know.
    pub remarks: Vec<String>,
}

/// Builds an estate that has been running for a while at `now`, in the modes that go with the scenario.
///
/// # Errors
/// If an export cannot be read or makes no sense.
pub fn build(options: &ScenarioOptions, now: Timestamp) -> Result<Scenario, ScenarioError> {
    build_in(options, options.kind.modes(), now)
}

/// [`build`] in other modes.
///
/// # Errors
/// If an export cannot be read or makes no sense.
pub fn build_in(options: &ScenarioOptions, modes: Modes, now: Timestamp) -> Result<Scenario, ScenarioError> {
    let mut layout = match &options.kind {
        ScenarioKind::Demo => configuration::demo(Organisation::demo())?,
        ScenarioKind::Small => configuration::demo(Organisation::demo().reduced(SMALL_DIVISOR))?,
        ScenarioKind::Export(folder) => {
            configuration::foreign(ServerConfiguration::read(folder)?, options.keep_build)?
        }
    };
    let intervals = Intervals::shortened(options.speed_factor);
    let history = times(intervals.cycle / 2, HALF_CYCLES_BEFORE);
    let start = now.saturating_sub(history).unwrap_or(Timestamp::MIN);

    let mut directory = layout.organisation.build(options.seed, start)?;
    if options.device_sync {
        devices::switch_on(&mut layout.configuration);
        devices::register_all(&mut directory, start)?;
    }
    let tenant = Tenant::new(&layout.tenant, &[layout.organisation.suffix.as_str()], options.seed);
    let mut world = World::new(directory, tenant, intervals.clone(), options.seed);
    world.modes = modes;
    let mut estate = Estate::new(world, start);
    add_agents(&mut estate, &layout);
    add_servers(&mut estate, &layout);
    estate.advance(now);
    if options.kind != ScenarioKind::Small {
        let life = EverydayLife {
            every: intervals.cycle / 3,
            changes: EVERYDAY_CHANGES,
            units: layout.units.clone(),
            suffix: layout.organisation.suffix.clone(),
        };
        estate.script = Script::everyday(&life, options.seed, now);
    }

    let client_id = Identifiers::new(options.seed ^ 0x434C_4945).next_id();
    let client_secret = secret(options.seed);
    let clients = vec![ClientRegistration::with_secret(client_id, &client_secret, MANAGE_ROLES)];
    let divisor = i32::try_from(options.speed_factor.max(1)).unwrap_or(i32::MAX);
    let settings = GraphSettings {
        base_url: String::new(),
        login_url: String::new(),
        log_limit: RateLimit { window: RateLimit::LOGS.window / divisor, ..RateLimit::LOGS },
        seed: options.seed,
    };
    Ok(Scenario {
        estate,
        settings,
        client_id,
        client_secret,
        clients,
        organizational_units: layout.units,
        excluded_units: layout.excluded,
        probe_units: layout.probe_units,
        remarks: layout.remarks,
    })
}

/// Two provisioning agents, each for every domain, on the sync servers' hosts.
fn add_agents(estate: &mut Estate, layout: &Layout) {
    let domains: Vec<String> = layout.organisation.domains.clone();
    let names: Vec<&str> = domains.iter().map(String::as_str).collect();
    estate.with_cloud(|cloud, world, _| {
        cloud.add_agent(ACTIVE_SERVER, &names, world);
        cloud.add_agent(STAGING_SERVER, &names, world);
    });
}

/// The active server and the one in staging mode, each with the same rules in a database of its own.
fn add_servers(estate: &mut Estate, layout: &Layout) {
    for (name, staging) in [(ACTIVE_SERVER, false), (STAGING_SERVER, true)] {
        let mut facts = HostFacts::current(name);
        facts.version.clone_from(&layout.build);
        let mut server = SyncServer::from_configuration(&layout.configuration, facts);
        server.set_staging(staging);
        estate.add_server(Box::new(server));
    }
}

/// Reproducible from the seed; the estate guards nothing.
fn secret(seed: u64) -> String {
    use base64::Engine as _;
    let digest = Sha256::digest(format!("client secret of estate {seed}"));
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
}
