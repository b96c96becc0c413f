//! The engine: directory, connector spaces, rules that need a full synchronization, runs, scheduler.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use adsync::ENTRA_CONNECTOR_ID;
use adsync::protocol::*;
use adsync::rule::{Direction, LinkType, Rule};
use jiff::{SignedDuration, Timestamp};
use parity::SourceAnchor;
use uuid::Uuid;

/// The AD connector.
pub(crate) const AD: Uuid = Uuid::from_u128(0xad);

/// A second one, for tests that count connectors.
pub(crate) struct SecondEngine;

impl SecondEngine {
    pub(crate) const AD: Uuid = Uuid::from_u128(0xad2);
}

/// Account of cycles, and of the agent's own runs.
pub(crate) const SERVICE: &str = "NT SERVICE\\ADSync";
pub(crate) const AGENT: &str = "CONTOSO\\agent$";

#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) attributes: BTreeMap<String, Vec<String>>,
    pub(crate) deleted: bool,
}

/// What the Entra connector space holds of an object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) exported: bool,
    pub(crate) no_flow: bool,
    pub(crate) joined_without_flow: bool,
    pub(crate) pending: Option<Modification>,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "switches that tests turn one by one")]
pub(crate) struct Engine {
    pub(crate) now: Timestamp,
    pub(crate) installed: bool,
    pub(crate) service: ServiceState,
    pub(crate) booted_at: Timestamp,
    pub(crate) enabled: bool,
    pub(crate) suspended: bool,
    pub(crate) staging: bool,
    pub(crate) maintenance: bool,
    /// The next cycle is planned once the scheduler is on.
    pub(crate) plans: bool,
    /// What else happens when the scheduler is switched.
    pub(crate) after_switch: Option<fn(&mut Self)>,
    pub(crate) interval: SignedDuration,
    /// The running cycle ends then.
    pub(crate) cycle_until: Option<Timestamp>,
    pub(crate) next_cycle: Timestamp,
    pub(crate) connectors: Vec<Connector>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) runs: Vec<RunResult>,
    pub(crate) directory: BTreeMap<Uuid, Object>,
    pub(crate) included: Vec<String>,
    imported: BTreeSet<Uuid>,
    pub(crate) space: BTreeMap<Uuid, Held>,
    /// What really arrived in the cloud.
    pub(crate) cloud: BTreeSet<Uuid>,
    pub(crate) auto_upgrade: AutoUpgradeState,
    pub(crate) features: Features,
    /// Everything that changed anything, in order.
    pub(crate) log: Vec<String>,
    /// Results of the next runs; `success` when empty.
    pub(crate) results: VecDeque<String>,
    /// Answers that replace the next ones of an operation.
    pub(crate) errors: VecDeque<(&'static str, HostErrorCode)>,
    /// Precedences that somebody takes just before a rule is stored.
    pub(crate) snatched: Vec<u32>,
    pub(crate) exported_files: BTreeMap<String, adsync::configuration::ConfigurationFiles>,
    pub(crate) defective_export: bool,
}

pub(crate) fn connector(identifier: Uuid, name: &str, kind: ConnectorKind, partition: &str) -> Connector {
    Connector {
        identifier,
        name: name.to_owned(),
        kind,
        partitions: vec![Partition {
            identifier,
            distinguished_name: partition.to_owned(),
            selected: true,
            is_domain: kind == ConnectorKind::ActiveDirectory,
            container_inclusion: vec![],
            container_exclusion: vec![],
        }],
        object_inclusion: ["user", "group", "contact"].map(str::to_owned).to_vec(),
        attribute_inclusion: vec![],
        password_hash_sync: (kind == ConnectorKind::ActiveDirectory).then_some(true),
    }
}

impl Engine {
    pub(crate) fn new(now: Timestamp) -> Self {
        let mut engine = Self {
            now,
            installed: true,
            service: ServiceState {
                installed: true,
                running: true,
                start_type: ServiceStartType::Automatic,
                last_started_at: Some(now),
            },
            booted_at: now,
            enabled: true,
            suspended: false,
            staging: false,
            maintenance: true,
            plans: true,
            after_switch: None,
            interval: SignedDuration::from_mins(30),
            cycle_until: None,
            next_cycle: now + SignedDuration::from_mins(30),
            connectors: vec![
                connector(AD, "contoso.com", ConnectorKind::ActiveDirectory, "DC=contoso,DC=com"),
                connector(
                    ENTRA_CONNECTOR_ID,
                    "contoso.onmicrosoft.com - AAD",
                    ConnectorKind::Entra,
                    "default",
                ),
            ],
            rules: vec![standard_rule()],
            runs: vec![],
            directory: BTreeMap::new(),
            included: vec!["DC=contoso,DC=com".to_owned()],
            imported: BTreeSet::new(),
            space: BTreeMap::new(),
            cloud: BTreeSet::new(),
            auto_upgrade: AutoUpgradeState::Enabled,
            features: Features::default(),
            log: vec![],
            results: VecDeque::new(),
            errors: VecDeque::new(),
            snatched: vec![],
            exported_files: BTreeMap::new(),
            defective_export: false,
        };
        for (number, name) in [(1, "CN=ada,OU=Sales"), (2, "CN=bob,OU=Sales"), (3, "CN=eve,OU=Else")] {
            engine.add(number, &format!("{name},DC=contoso,DC=com"), "user");
        }
        engine.add(9, "OU=Sales,DC=contoso,DC=com", "organizationalUnit");
        engine.cycle();
        engine.log.clear();
        engine
    }

    pub(crate) fn add(&mut self, number: u128, name: &str, class: &str) -> Uuid {
        let guid = Uuid::from_u128(number);
        let object = Object {
            name: name.to_owned(),
            class: class.to_owned(),
            attributes: BTreeMap::new(),
            deleted: false,
        };
        self.directory.insert(guid, object);
        guid
    }

    pub(crate) fn delete(&mut self, number: u128) {
        self.directory.get_mut(&Uuid::from_u128(number)).unwrap().deleted = true;
    }

    pub(crate) fn anchor(number: u128) -> SourceAnchor {
        SourceAnchor::from_guid_bytes(Uuid::from_u128(number).to_bytes_le())
    }

    /// Time passes: cycles end and begin.
    pub(crate) fn advance(&mut self, to: Timestamp) {
        self.now = to;
        if self.cycle_until.is_some_and(|end| end <= to) {
            self.cycle_until = None;
            self.cycle();
        }
        if self.service.running && self.enabled && self.next_cycle <= to && self.cycle_until.is_none() {
            self.next_cycle = to + self.interval;
            self.cycle();
        }
    }

    fn cycle(&mut self) {
        let ids: Vec<Uuid> = self.connectors.iter().map(|connector| connector.identifier).collect();
        for profile in [RunProfile::DeltaImport, RunProfile::DeltaSynchronization, RunProfile::Export] {
            for id in &ids {
                if profile != RunProfile::Export || !self.staging {
                    self.run(*id, profile, SERVICE);
                }
            }
        }
    }

    /// Runs a profile at once.
    pub(crate) fn run(&mut self, connector: Uuid, profile: RunProfile, user: &str) -> RunResult {
        let result = self.results.pop_front().unwrap_or_else(|| "success".to_owned());
        let mut counters = RunCounters::default();
        if result == "success" {
            match (profile, connector == ENTRA_CONNECTOR_ID) {
                (RunProfile::FullImport | RunProfile::DeltaImport, false) => self.import(),
                (RunProfile::FullSynchronization, false) => self.synchronize(true),
                (RunProfile::DeltaSynchronization, false) => self.synchronize(false),
                (RunProfile::Export, true) => counters = self.export(),
                _ => {}
            }
        }
        let number = self.runs.iter().filter(|run| run.connector == connector).count() as u64 + 1;
        let name = self.connectors.iter().find(|c| c.identifier == connector).unwrap().name.clone();
        let run = RunResult {
            run_history_id: Uuid::from_u128(connector.as_u128() << 32 | u128::from(number)),
            connector,
            connector_name: name,
            profile,
            run_number: number,
            user_name: user.to_owned(),
            is_run_complete: true,
            result,
            start_date: self.now,
            end_date: Some(self.now),
            counters,
        };
        self.runs.push(run.clone());
        run
    }

    fn import(&mut self) {
        let included = |name: &str| self.included.iter().any(|unit| ends_with(name, unit));
        self.imported = self
            .directory
            .iter()
            .filter(|(_, object)| {
                !object.deleted && object.class != "organizationalUnit" && included(&object.name)
            })
            .map(|(guid, _)| *guid)
            .collect();
    }

    /// Rules touch known objects in a full synchronization only.
    fn synchronize(&mut self, full: bool) {
        for guid in self.imported.clone() {
            let object = &self.directory[&guid];
            let known = self.space.contains_key(&guid);
            let (name, class) = (object.name.clone(), object.class.clone());
            if known && !full {
                continue;
            }
            let no_flow = self.rules.iter().any(|rule| {
                !rule.disabled
                    && rule.direction == Direction::Inbound
                    && rule.attribute_flows.iter().any(|flow| flow.destination == "cloudNoFlow")
                    && rule.source_object_type == class
                    && rule.scope_filter.iter().flatten().any(|condition| ends_with(&name, &condition.value))
            });
            let withheld = no_flow
                && self.rules.iter().any(|rule| !rule.disabled && rule.link_type == LinkType::JoinNoFlow);
            let held = self.space.entry(guid).or_default();
            (held.name, held.class) = (name, class);
            held.no_flow = no_flow;
            held.joined_without_flow = withheld;
            held.pending = (!held.exported && !withheld).then_some(Modification::Add);
        }
        for (guid, held) in &mut self.space {
            if !self.imported.contains(guid) && held.exported {
                held.pending = (!held.joined_without_flow).then_some(Modification::Delete);
            } else if held.pending == Some(Modification::Delete) {
                held.pending = None;
            }
        }
    }

    fn export(&mut self) -> RunCounters {
        let mut counters = RunCounters::default();
        let mut gone = Vec::new();
        for (guid, held) in &mut self.space {
            match held.pending.take() {
                Some(Modification::Delete) => {
                    counters.export_delete += 1;
                    self.cloud.remove(guid);
                    gone.push(*guid);
                }
                Some(Modification::Add) => {
                    counters.export_add += 1;
                    self.cloud.insert(*guid);
                    held.exported = true;
                }
                Some(Modification::Update) => counters.export_update += 1,
                None => {}
            }
        }
        for guid in gone {
            self.space.remove(&guid);
        }
        counters
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.cycle_until.is_some()
    }
}

/// The engine's ENDSWITH: a text match without regard to case.
pub(crate) fn ends_with(text: &str, end: &str) -> bool {
    text.to_lowercase().ends_with(&end.to_lowercase())
}

pub(crate) fn standard_rule() -> Rule {
    Rule {
        identifier: Uuid::from_u128(0x51),
        internal_identifier: Uuid::nil(),
        version: 1,
        name: "Out to AAD - User Join".to_owned(),
        description: String::new(),
        immutable_tag: "Microsoft.OutToAADUserJoin.001".to_owned(),
        direction: Direction::Outbound,
        disabled: false,
        connector: ENTRA_CONNECTOR_ID,
        source_object_type: "person".to_owned(),
        target_object_type: "user".to_owned(),
        link_type: LinkType::Provision,
        precedence: 100,
        precedence_after: Uuid::nil(),
        precedence_before: Uuid::nil(),
        soft_delete_expiry_interval: "00:00:00".to_owned(),
        enable_password_sync: false,
        attribute_flows: vec![],
        join_filter: vec![],
        scope_filter: vec![],
    }
}
