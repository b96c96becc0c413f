//! A person who moves the small scenario to cloud sync by hand, with the real engine, rightly or wrongly.

use adsync::ENTRA_CONNECTOR_ID;
use adsync::protocol::{
    Connector, ConnectorKind, Operation, RunProfile, RunResult, SchedulerChange, ServiceStartType,
};
use adsync::rule::{
    AttributeFlow, Direction, FlowSource, JoinCondition, LinkType, Rule, ScopeCondition, ScopeOperator,
    ValueMerge,
};
use jiff::SignedDuration;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::adsync_engine::SyncServer;
use crate::audit::{Class, Verdict};
use crate::cloud_sync::AD_TO_ENTRA_TEMPLATE;
use crate::directory::{DirectoryObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::engine::Answer;
use crate::estate::Estate;
use crate::modes::Modes;
use crate::population::{EverydayLife, Script};
use crate::scenario::{ACTIVE_SERVER, STAGING_SERVER, ScenarioOptions, build_in};
use crate::value::Attributes;

/// Object types of the no-flow rules: directory, metaverse, tenant.
pub(super) const USERS: (&str, &str, &str) = ("user", "person", "user");
pub(super) const GROUPS: (&str, &str, &str) = ("group", "group", "group");
pub(super) const CONTACTS: (&str, &str, &str) = ("contact", "person", "contact");
pub(super) const ALL: &[(&str, &str, &str)] = &[USERS, GROUPS, CONTACTS];

pub(super) const SERVERS: &[&str] = &[ACTIVE_SERVER, STAGING_SERVER];

/// One configuration of cloud sync: an AD domain.
struct Configuration {
    principal: Uuid,
    job: String,
    hashes: String,
    units: Vec<DistinguishedName>,
}

pub(super) struct Driver {
    pub(super) estate: Estate,
    pub(super) units: Vec<DistinguishedName>,
    pub(super) excluded: Vec<DistinguishedName>,
    configurations: Vec<(DistinguishedName, Configuration)>,
    next_precedence: u32,
    /// Whether a job's hash job is started with it.
    pub(super) start_hash_jobs: bool,
}

impl Driver {
    /// The small scenario, with cloud sync configured for each domain and not started.
    pub(super) fn new(seed: u64) -> Self {
        Self::in_modes(seed, Modes::default())
    }

    pub(super) fn in_modes(seed: u64, modes: Modes) -> Self {
        let now = "2026-11-02T06:00:00Z".parse().unwrap();
        let scenario = build_in(&ScenarioOptions::small(seed), modes, now).unwrap();
        let mut driver = Self {
            estate: scenario.estate,
            units: scenario.organizational_units,
            excluded: scenario.excluded_units,
            configurations: Vec::new(),
            next_precedence: 0,
            start_hash_jobs: true,
        };
        let domains = driver.estate.world.directory.domains().to_vec();
        for domain in domains {
            let principal = driver.estate.with_cloud(|cloud, world, now| {
                cloud.instantiate(AD_TO_ENTRA_TEMPLATE, &domain.dns_name, world, now).unwrap().id
            });
            driver.pass(1);
            let mut create = |template: &str| {
                driver.estate.with_cloud(|cloud, world, now| {
                    cloud.create_job(principal, template, world, now).unwrap().id.clone()
                })
            };
            let (job, hashes) = (create("AD2AADProvisioning"), create("AD2AADPasswordHash"));
            let configuration = Configuration { principal, job, hashes, units: Vec::new() };
            driver.configurations.push((domain.dn, configuration));
        }
        driver
    }

    /// People go about their business for a long time.
    pub(super) fn everyday_life(&mut self, seed: u64) {
        let life = EverydayLife {
            every: SignedDuration::from_mins(7),
            changes: 200,
            units: self.units.clone(),
            suffix: "contoso.com".to_owned(),
        };
        self.estate.script = Script::everyday(&life, seed, self.estate.now());
    }

    pub(super) fn pass(&mut self, minutes: i64) {
        let to = self.estate.now() + SignedDuration::from_mins(minutes);
        self.estate.advance(to);
    }

    pub(super) fn ask<T: DeserializeOwned>(&mut self, server: &str, operation: &Operation) -> T {
        match self.estate.handle(server, operation).unwrap() {
            Answer::Now(Ok(value)) => serde_json::from_value(value).unwrap(),
            other => panic!("{operation:?} on {server}: {other:?}"),
        }
    }

    pub(super) fn scheduler(&mut self, enabled: bool) {
        let change = SchedulerChange { sync_cycle_enabled: Some(enabled), ..SchedulerChange::default() };
        let _: () = self.ask(ACTIVE_SERVER, &Operation::SetScheduler(change));
        for server in SERVERS {
            self.rest(server);
        }
    }

    /// Lets time pass until a server does nothing.
    pub(super) fn rest(&mut self, server: &str) {
        for _ in 0..1_000 {
            let busy: Vec<serde_json::Value> = self.ask(server, &Operation::GetConnectorRunStatus);
            if busy.is_empty() {
                return;
            }
            let to = self.estate.now() + SignedDuration::from_secs(5);
            self.estate.advance(to);
        }
        panic!("{server} never came to rest");
    }

    /// Imports and synchronizes what changed in the directory, and exports nothing.
    pub(super) fn delta_without_export(&mut self, server: &str) {
        for connector in self.directories(server) {
            for profile in [RunProfile::DeltaImport, RunProfile::DeltaSynchronization] {
                self.run(server, connector, profile);
            }
        }
    }

    pub(super) fn run(&mut self, server: &str, connector: Uuid, profile: RunProfile) -> RunResult {
        let operation = Operation::InvokeRunProfile { connector, profile };
        let Answer::WhenRunEnds(run) = self.estate.handle(server, &operation).unwrap() else {
            panic!("{operation:?} ended at once");
        };
        for _ in 0..1_000 {
            if let Some(result) = self.estate.server(server).unwrap().run_result(run) {
                return result;
            }
            let to = self.estate.now() + SignedDuration::from_secs(5);
            self.estate.advance(to);
        }
        panic!("the run never ended");
    }

    fn directories(&mut self, server: &str) -> Vec<Uuid> {
        let connectors: Vec<Connector> = self.ask(server, &Operation::GetConnectors);
        connectors.iter().filter(|c| c.kind == ConnectorKind::ActiveDirectory).map(|c| c.identifier).collect()
    }

    /// Import and full synchronization of everything, and an export on the server that is not staging.
    pub(super) fn full_synchronization(&mut self, server: &str) {
        let mut connectors = self.directories(server);
        connectors.push(ENTRA_CONNECTOR_ID);
        for profile in [RunProfile::FullImport, RunProfile::FullSynchronization] {
            for connector in &connectors {
                self.run(server, *connector, profile);
            }
        }
        if server == ACTIVE_SERVER {
            self.run(server, ENTRA_CONNECTOR_ID, RunProfile::Export);
        }
    }

    /// No-flow rules of some object types for some units on some servers; inert until a full synchronization.
    pub(super) fn add_rules(
        &mut self,
        servers: &[&str],
        units: &[DistinguishedName],
        types: &[(&str, &str, &str)],
    ) {
        let base = self.next_precedence;
        for server in servers {
            self.next_precedence = base;
            for connector in self.directories(server) {
                for unit in units {
                    for (source, target, _) in types {
                        let mut rule =
                            self.rule(Direction::Inbound, connector, (source, target), LinkType::Join);
                        rule.attribute_flows = vec![AttributeFlow {
                            destination: "cloudNoFlow".to_owned(),
                            source: FlowSource::Constant { value: "True".to_owned() },
                            merge: ValueMerge::Update,
                            execute_once: false,
                        }];
                        rule.scope_filter =
                            vec![vec![condition("dn", ScopeOperator::EndsWith, &unit.to_string())]];
                        let _: Rule = self.ask(server, &Operation::AddRule { rule: Box::new(rule) });
                    }
                }
            }
            let existing: Vec<Rule> = self.ask(server, &Operation::GetRules);
            for (_, source, target) in types {
                let there = existing.iter().any(|rule| {
                    rule.link_type == LinkType::JoinNoFlow
                        && rule.source_object_type == *source
                        && rule.target_object_type == *target
                });
                if there {
                    continue;
                }
                let mut rule = self.rule(
                    Direction::Outbound,
                    ENTRA_CONNECTOR_ID,
                    (source, target),
                    LinkType::JoinNoFlow,
                );
                rule.scope_filter = vec![vec![condition("cloudNoFlow", ScopeOperator::Equal, "True")]];
                rule.join_filter = vec![vec![JoinCondition {
                    cs_attribute: "sourceAnchor".to_owned(),
                    mv_attribute: "sourceAnchor".to_owned(),
                    case_sensitive: true,
                }]];
                let _: Rule = self.ask(server, &Operation::AddRule { rule: Box::new(rule) });
            }
        }
    }

    fn rule(
        &mut self,
        direction: Direction,
        connector: Uuid,
        types: (&str, &str),
        link_type: LinkType,
    ) -> Rule {
        let precedence = self.next_precedence;
        self.next_precedence += 1;
        Rule {
            identifier: Uuid::from_u128(0xD01 << 64 | u128::from(precedence)),
            internal_identifier: Uuid::nil(),
            version: 0,
            name: format!("no flow {precedence}"),
            description: String::new(),
            immutable_tag: String::new(),
            direction,
            disabled: false,
            connector,
            source_object_type: types.0.to_owned(),
            target_object_type: types.1.to_owned(),
            link_type,
            precedence,
            precedence_after: Uuid::nil(),
            precedence_before: Uuid::nil(),
            soft_delete_expiry_interval: "00:00:00".to_owned(),
            enable_password_sync: false,
            attribute_flows: Vec::new(),
            join_filter: Vec::new(),
            scope_filter: Vec::new(),
        }
    }

    /// Adds units to the jobs of their domains and restarts those.
    pub(super) fn add_to_jobs(&mut self, units: &[DistinguishedName]) {
        self.set_job_units(|held| held.extend(units.iter().cloned()));
    }

    /// Edits the units of each domain's job; a job whose units changed is restarted, and its hash job started.
    pub(super) fn set_job_units(&mut self, edit: impl Fn(&mut Vec<DistinguishedName>)) {
        for at in 0..self.configurations.len() {
            let (domain, configuration) = &mut self.configurations[at];
            let before = configuration.units.clone();
            edit(&mut configuration.units);
            configuration.units.retain(|unit| unit.same_domain(domain));
            if configuration.units == before {
                continue;
            }
            let (principal, job, hashes) =
                (configuration.principal, configuration.job.clone(), configuration.hashes.clone());
            let names: Vec<String> = configuration.units.iter().map(ToString::to_string).collect();
            let mut document = self.estate.cloud.job_by_id(&job).unwrap().document().clone();
            document["synchronizationRules"][0]["containerFilter"]["includedContainers"] = json!(names);
            let with_hashes = before.is_empty() && self.start_hash_jobs;
            self.estate.with_cloud(|cloud, world, now| {
                cloud.put_schema(principal, &job, document, world, now).unwrap();
                cloud.restart_job(principal, &job, "", world, now).unwrap();
                if with_hashes {
                    cloud.start_job(principal, &hashes, world, now).unwrap();
                }
            });
        }
    }

    /// Time for the jobs' cycles to end.
    pub(super) fn take_over(&mut self) {
        self.pass(10);
    }

    /// One wave in the right order, on both servers.
    pub(super) fn wave(&mut self, units: &[DistinguishedName]) {
        self.wave_with(units, SERVERS, ALL, true);
    }

    /// A wave with rules on some servers only, for some types only, or without the full synchronization.
    pub(super) fn wave_with(
        &mut self,
        units: &[DistinguishedName],
        servers: &[&str],
        types: &[(&str, &str, &str)],
        in_full: bool,
    ) {
        self.scheduler(false);
        self.add_rules(servers, units, types);
        if in_full {
            for server in SERVERS {
                self.full_synchronization(server);
            }
        }
        self.scheduler(true);
        self.add_to_jobs(units);
        self.take_over();
    }

    /// Stops and disables the service on both servers.
    pub(super) fn retire(&mut self) {
        self.scheduler(false);
        for server in SERVERS {
            let stop =
                Operation::SetService { running: Some(false), start_type: Some(ServiceStartType::Disabled) };
            let _: () = self.ask(server, &stop);
        }
    }

    /// A person takes a unit out of a server's scope in the wizard.
    pub(super) fn exclude(&mut self, server: &str, unit: &DistinguishedName) {
        let connectors: Vec<Connector> = self.ask(server, &Operation::GetConnectors);
        for connector in connectors {
            for partition in &connector.partitions {
                let named = unit.to_string();
                if partition.container_inclusion.contains(&named) {
                    let rest: Vec<String> = partition
                        .container_inclusion
                        .iter()
                        .filter(|name| **name != named)
                        .cloned()
                        .collect();
                    let excluded = [partition.container_exclusion.clone(), vec![named]].concat();
                    let domain = partition.distinguished_name.clone();
                    self.at(server, |server| {
                        assert!(server.select_containers(connector.identifier, &domain, rest, excluded));
                    });
                }
            }
        }
    }

    /// A person selects a unit again that has another name by now.
    pub(super) fn select_again(&mut self, server: &str, unit: &DistinguishedName, name: &str) {
        let connectors: Vec<Connector> = self.ask(server, &Operation::GetConnectors);
        let (before, after) = (unit.to_string(), unit.parent().unwrap().child("OU", name).to_string());
        for connector in connectors {
            for partition in &connector.partitions {
                if !partition.container_inclusion.contains(&before) {
                    continue;
                }
                let renamed = |held: &String| if *held == before { after.clone() } else { held.clone() };
                let inclusion = partition.container_inclusion.iter().map(renamed).collect();
                let (domain, excluded) =
                    (partition.distinguished_name.clone(), partition.container_exclusion.clone());
                self.at(server, |server| {
                    assert!(server.select_containers(connector.identifier, &domain, inclusion, excluded));
                });
            }
        }
    }

    /// Some of the scenario's units.
    pub(super) fn scopes(&self, range: std::ops::Range<usize>) -> Vec<DistinguishedName> {
        self.units[range].to_vec()
    }

    pub(super) fn modify(&mut self, object: &DirectoryObject, attribute: &str, value: &str) {
        let values = Attributes::new().with(attribute, value);
        self.estate.with_world(|world, now| world.directory.modify(object.guid, values, &[], now).unwrap());
    }

    pub(super) fn count(&self, class: ObjectClass, unit: &DistinguishedName) -> usize {
        self.all(class, unit).len()
    }

    pub(super) fn all(&self, class: ObjectClass, unit: &DistinguishedName) -> Vec<DirectoryObject> {
        self.estate.world.directory.under(unit).filter(|object| object.class == class).cloned().collect()
    }

    /// A group below a unit that somebody is no member of.
    pub(super) fn outsider_group(&self, person: Uuid, unit: usize) -> Uuid {
        let groups = self.all(ObjectClass::Group, &self.units[unit]);
        groups.iter().find(|group| !group.attributes.all("member").contains(&person.into())).unwrap().guid
    }

    /// What a person does at a server.
    pub(super) fn at(&mut self, server: &str, act: impl FnOnce(&mut SyncServer)) {
        self.estate
            .with_server(server, |engine, _, _| act(engine.as_any().downcast_mut::<SyncServer>().unwrap()));
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.estate.verdict()
    }

    /// The first violations of a class, for messages.
    pub(super) fn found(&self, class: Class) -> Vec<String> {
        self.verdict()
            .violations
            .iter()
            .filter(|v| v.class == class)
            .take(3)
            .map(ToString::to_string)
            .collect()
    }

    /// The first object of a class below a unit.
    pub(super) fn first(&self, class: ObjectClass, unit: &DistinguishedName) -> DirectoryObject {
        self.all(class, unit).swap_remove(0)
    }
}

fn condition(attribute: &str, operator: ScopeOperator, value: &str) -> ScopeCondition {
    ScopeCondition { attribute: attribute.to_owned(), operator, value: value.to_owned() }
}
