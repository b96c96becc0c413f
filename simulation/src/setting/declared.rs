//! What the platform team declares: tenant, servers, and a topology with scopes, waves, windows and limits. Pure.

use estate::dn::DistinguishedName;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::organisation::Drawn;
use super::{NAME, NAMESPACE};
use crate::random::Random;

/// The version of this project's kinds.
const VERSION: &str = "hybrididentity.dev/v1alpha1";

/// One scope.
#[derive(Debug, Clone)]
pub struct ScopeSetting {
    /// Its name.
    pub name: String,
    /// Its units.
    pub units: Vec<DistinguishedName>,
    /// Where the agent may make test objects.
    pub probe: Option<DistinguishedName>,
}

/// One wave.
#[derive(Debug, Clone)]
pub struct WaveSetting {
    /// Its name.
    pub name: String,
    /// Names of its scopes.
    pub scopes: Vec<String>,
    /// How long it is watched.
    pub soak_seconds: u32,
    /// How many people must agree; none for a wave that nobody is asked about.
    pub approvers: usize,
    /// How many scopes move at once.
    pub concurrent: usize,
    /// How many scopes may fail.
    pub budget: usize,
}

/// A daily window, in UTC.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Hour of the opening.
    pub hour: u32,
    /// How long it stays open.
    pub hours: u32,
}

impl Window {
    /// Whether it is open at an instant.
    pub fn is_open(self, at: Timestamp) -> bool {
        let second = at.as_second().rem_euclid(86_400);
        let opens = i64::from(self.hour) * 3_600;
        (second - opens).rem_euclid(86_400) < i64::from(self.hours) * 3_600
    }
}

/// What is declared.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Scopes.
    pub scopes: Vec<ScopeSetting>,
    /// Waves in order.
    pub waves: Vec<WaveSetting>,
    /// When work may start; always, if empty.
    pub windows: Vec<Window>,
    /// Servers that are to be retired.
    pub retired: Vec<String>,
    /// All servers.
    pub servers: Vec<String>,
    /// `onFailure: RollBack` instead of `Pause`.
    pub rolls_back: bool,
    /// How many objects may differ.
    pub max_drift: u32,
    /// How many groups and users may lose members or managers that the job would not know.
    pub max_unknown_references: u32,
    /// Longest stop of the scheduler, in seconds.
    pub scheduler_stop_seconds: u32,
    /// Longest time unserved, in seconds.
    pub unserved_seconds: u32,
    /// Longest time without password hashes, in seconds.
    pub hash_gap_seconds: u32,
    /// How long the stopped engine stays installed, in seconds.
    pub observation_seconds: u32,
}

impl Declared {
    /// How long a run may take: three times what it takes by itself, and what people take.
    pub(super) fn patience(&self) -> SignedDuration {
        let soaks: u32 = self.waves.iter().map(|wave| wave.soak_seconds).sum();
        let days = 2 + 3 * i64::try_from(self.waves.len()).unwrap_or(1);
        let waits = SignedDuration::from_secs(i64::from(soaks) + i64::from(self.observation_seconds));
        waits + SignedDuration::from_hours(24 * days)
    }

    /// The tenant and its servers.
    pub fn estate(&self, tenant_id: &str, client_id: &str) -> Vec<Value> {
        let tenant = json!({
            "apiVersion": VERSION,
            "kind": "EntraTenant",
            "metadata": meta(NAME),
            "spec": {
                "tenantId": tenant_id,
                "cloud": "Custom",
                "endpoints": {"login": crate::microsoft::LOGIN_URL, "graph": crate::microsoft::GRAPH_URL},
                "profile": "Manage",
                "credential": {
                    "clientId": client_id,
                    "clientSecret": {"name": "example-graph", "key": "client-secret"},
                },
            },
        });
        let servers = self.servers.iter().map(|server| {
            json!({
                "apiVersion": VERSION,
                "kind": "SyncServer",
                "metadata": meta(server),
                "spec": {
                    "hostName": format!("{server}.corp.example.com"),
                    "owner": "identity-team@example.com",
                    "acceptedAgent": {"name": server},
                },
            })
        });
        std::iter::once(tenant).chain(servers).collect()
    }

    /// The topology.
    pub fn topology(&self) -> Value {
        let scopes = self.scopes.iter().map(|scope| {
            let units: Vec<String> = scope.units.iter().map(ToString::to_string).collect();
            let mut declared =
                json!({"name": scope.name, "organizationalUnits": units, "engine": "CloudSync"});
            if let Some(probe) = &scope.probe {
                declared["probeOrganizationalUnit"] = json!(probe.to_string());
            }
            declared
        });
        let waves = self.waves.iter().map(|wave| {
            let mut declared = json!({
                "name": wave.name,
                "scopes": wave.scopes,
                "soak": format!("{}s", wave.soak_seconds),
                "maxConcurrent": wave.concurrent,
                "failureBudget": wave.budget,
            });
            if wave.approvers > 0 {
                declared["approval"] = json!({"required": true, "distinctUsers": wave.approvers});
            }
            declared
        });
        let servers = self.servers.iter().map(|name| {
            if self.retired.contains(name) {
                json!({"name": name, "retireBy": "2027-12-31"})
            } else {
                json!({"name": name})
            }
        });
        let windows = self.windows.iter().map(|window| {
            json!({"schedule": format!("0 {} * * *", window.hour), "duration": format!("{}h", window.hours)})
        });
        json!({
            "apiVersion": VERSION,
            "kind": "SyncTopology",
            "metadata": meta(NAME),
            "spec": {
                "tenantRef": {"name": NAME},
                "timeZone": "UTC",
                "scopes": scopes.collect::<Vec<_>>(),
                "servers": servers.collect::<Vec<_>>(),
                "strategy": {
                    "waves": waves.collect::<Vec<_>>(),
                    "windows": windows.collect::<Vec<_>>(),
                    "verification": {"maxMissing": 0, "maxDrift": self.max_drift, "maxUnknownReferences": self.max_unknown_references, "sampleSize": 20},
                    "onFailure": if self.rolls_back { "RollBack" } else { "Pause" },
                    "limits": {
                        "schedulerStop": format!("{}s", self.scheduler_stop_seconds),
                        "unserved": format!("{}s", self.unserved_seconds),
                        "hashGap": format!("{}s", self.hash_gap_seconds),
                    },
                    "observationPeriod": format!("{}m", self.observation_seconds / MINUTE),
                },
            },
        })
    }
}

fn meta(name: &str) -> Value {
    json!({"name": name, "namespace": NAMESPACE})
}

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// Draws what is declared for an organisation.
pub(super) fn draw(drawn: &Drawn, servers: &[String], random: &mut Random) -> Declared {
    let probes = random.chance(85);
    let mut scopes: Vec<ScopeSetting> = Vec::new();
    for unit in &drawn.units {
        match scopes.last_mut().filter(|_| random.chance(20)) {
            Some(scope) => scope.units.push(unit.clone()),
            None => scopes.push(ScopeSetting {
                name: format!("scope{}", scopes.len() + 1),
                units: vec![unit.clone()],
                probe: probes.then(|| drawn.probe_unit(unit)),
            }),
        }
    }
    let waves = waves(&scopes, random);
    let windows = random.chance(20).then(|| Window {
        hour: u32::try_from(random.below(24)).unwrap_or(0),
        hours: u32::try_from(random.between(4, 12)).unwrap_or(4),
    });
    let retires = random.chance(85);
    Declared {
        scopes,
        waves,
        windows: windows.into_iter().collect(),
        retired: if retires { servers.to_vec() } else { Vec::new() },
        servers: servers.to_vec(),
        rolls_back: random.chance(50),
        max_unknown_references: if random.chance(10) { 0 } else { 1000 },
        max_drift: random.one_of(0, &[0, 0, 1000]),
        scheduler_stop_seconds: random.one_of(2 * HOUR, &[30 * MINUTE, 6 * HOUR]),
        unserved_seconds: random.one_of(6 * HOUR, &[2 * HOUR, DAY]),
        hash_gap_seconds: random.one_of(6 * HOUR, &[2 * HOUR, DAY]),
        observation_seconds: random
            .one_of(6 * HOUR, &[6 * HOUR, 6 * HOUR, 6 * HOUR, 12 * HOUR, 12 * HOUR, DAY, DAY, 3 * DAY])
            .max(if random.chance(4) { 14 * DAY } else { 0 }),
    }
}

fn waves(scopes: &[ScopeSetting], random: &mut Random) -> Vec<WaveSetting> {
    let mut waves: Vec<WaveSetting> = Vec::new();
    for scope in scopes {
        let count = waves.len();
        let joins = count == 3 || random.chance(50);
        match waves.last_mut().filter(|_| joins) {
            Some(wave) => wave.scopes.push(scope.name.clone()),
            None => waves.push(WaveSetting {
                name: format!("wave{}", count + 1),
                scopes: vec![scope.name.clone()],
                soak_seconds: if random.chance(10) {
                    DAY
                } else {
                    random.one_of(30 * MINUTE, &[30 * MINUTE, HOUR, HOUR, 6 * HOUR])
                },
                approvers: random.one_of(0, &[1, 1, 2]),
                concurrent: random.between(1, 3),
                budget: random.one_of(0, &[0, 1]),
            }),
        }
    }
    waves
}
