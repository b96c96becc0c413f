//! A small world in which everything goes as it should, and in which a test can spoil one thing at a time.

use std::collections::BTreeMap;

use crds::conditions::{ConditionType, Reason, condition, set};
use crds::entra_tenant::{CloudSyncJob, Profile, ProvisioningAgent};
use crds::migration::{DecisionRecord, Migration, MigrationStatus};
use crds::migration_decision::Decision;
use crds::sync_agent::command::ProbePhase;
use crds::sync_agent::evidence::*;
use crds::sync_agent::inventory::*;
use crds::sync_agent::{Action, Command, CommandOutcome, Evidence, OutcomeState};
use crds::sync_server::ServerRole;
use crds::sync_topology::{Engine, SyncTopologySpec};
use crds::{ContentDigest, DistinguishedName, Epoch, ObjectName};
use jiff::{SignedDuration, Timestamp};

use crate::observed::*;
use crate::plan::{Effect, Plan, Standing};
use crate::{plan, review};

pub(crate) const START: &str = "2026-11-23T08:00:00Z";
pub(crate) const DOMAIN: &str = "contoso.com";

pub(crate) fn dn(text: &str) -> DistinguishedName {
    DistinguishedName::parse(text).unwrap()
}

pub(crate) fn digest(text: &str) -> ContentDigest {
    ContentDigest::of(text.as_bytes())
}

pub(crate) const TOPOLOGY: &str = r#"
tenantRef: {name: contoso}
timeZone: Europe/Berlin
scopes:
- name: pilot
  organizationalUnits: ["OU=Pilot,DC=contoso,DC=com"]
  engine: CloudSync
  probeOrganizationalUnit: "OU=Probe,OU=Pilot,DC=contoso,DC=com"
- name: sales
  organizationalUnits: ["OU=Sales,DC=contoso,DC=com"]
  engine: CloudSync
  probeOrganizationalUnit: "OU=Probe,OU=Sales,DC=contoso,DC=com"
- name: labs
  organizationalUnits: ["OU=Labs,DC=contoso,DC=com"]
  engine: CloudSync
  probeOrganizationalUnit: "OU=Probe,OU=Labs,DC=contoso,DC=com"
servers:
- {name: sync01, retireBy: "2027-03-31"}
- {name: sync02, retireBy: "2027-03-31"}
strategy:
  waves:
  - {name: canary, scopes: [pilot], soak: 1h, approval: {required: true}}
  - {name: bulk, scopes: [labs, sales], soak: 1h, maxConcurrent: 2}
  observationPeriod: 2h
"#;

/// Changes an outcome before the planner sees it; the name is the action's.
pub(crate) type Spoil = Box<dyn Fn(&str, &mut CommandOutcome)>;

/// The world: what the planner sees, and how it answers.
pub(crate) struct World {
    pub(crate) observed: Observed,
    pub(crate) now: Timestamp,
    /// Effects in the order in which they were carried out.
    pub(crate) done: Vec<(String, Effect)>,
    /// Spoils the evidence of an action before the planner sees it.
    pub(crate) spoil: Spoil,
    /// Objects that the next comparisons find missing.
    pub(crate) missing: i64,
    uid: u32,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(serde_yaml::from_str(TOPOLOGY).unwrap())
    }

    pub(crate) fn of(spec: SyncTopologySpec) -> Self {
        let servers = spec
            .servers
            .iter()
            .enumerate()
            .map(|(index, intent)| (intent.name.clone(), server(intent.name.as_str(), index == 0)))
            .collect();
        let observed = Observed {
            topology: TopologyFacts {
                name: "contoso".into(),
                namespace: "identity".to_owned(),
                generation: 1,
                deleted: false,
                spec,
                status: crds::sync_topology::SyncTopologyStatus::default(),
            },
            tenant: Some(TenantFacts {
                name: "contoso".into(),
                profile: Profile::Manage,
                suspended: false,
                not_ready: None,
                jobs: Vec::new(),
                provisioning_agents: Some(vec![ProvisioningAgent {
                    machine_name: "dc1".to_owned(),
                    active: true,
                    domains: vec![DOMAIN.to_owned()],
                }]),
            }),
            servers,
            migrations: Vec::new(),
            other_scopes: Vec::new(),
            decisions: Vec::new(),
        };
        Self {
            observed,
            now: START.parse().unwrap(),
            done: Vec::new(),
            spoil: Box::new(|_, _| {}),
            missing: 0,
            uid: 0,
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(&self.observed, self.now)
    }

    /// Plans, reviews, carries out, and lets a few seconds pass.
    pub(crate) fn step(&mut self) -> Plan {
        let plan = self.plan();
        assert_eq!(review::review(&self.observed, &plan, self.now), Vec::new());
        self.record(&plan);
        for migration in &plan.migrations {
            if let Some(effect) = &migration.effect {
                self.carry_out(&migration.name, effect);
            }
        }
        self.now += SignedDuration::from_secs(10);
        plan
    }

    /// Steps until the plan says so, at most `most` times; jumps over waits that a time ends.
    pub(crate) fn run_until(&mut self, most: usize, done: impl Fn(&Plan, &Self) -> bool) -> Plan {
        for _ in 0..most {
            let before = self.observed.clone();
            let plan = self.step();
            if done(&plan, self) {
                return plan;
            }
            if before == self.observed
                && let Some(at) = plan
                    .migrations
                    .iter()
                    .filter_map(|m| m.next.as_ref()?.at)
                    .filter(|at| *at > self.now)
                    .min()
            {
                self.now = at;
            }
        }
        let plan = self.plan();
        panic!(
            "not reached after {most} passes: {:#?}",
            plan.migrations.iter().map(|m| (&m.name, &m.standing)).collect::<Vec<_>>()
        );
    }

    fn record(&mut self, plan: &Plan) {
        for new in &plan.create {
            self.uid += 1;
            let mut object = Migration::new(&new.name, new.spec.clone());
            object.metadata.uid = Some(format!("uid-{}", self.uid));
            object.metadata.creation_timestamp = Some(k8s_time(self.now));
            self.observed.migrations.push(MigrationFacts {
                object,
                listing: None,
                prediction: None,
                parity: None,
                probe: None,
            });
        }
        for migration in &plan.migrations {
            let decisions: Vec<DecisionRecord> = migration
                .consumed
                .iter()
                .filter(|c| c.outcome.is_ok())
                .filter_map(|c| self.observed.decisions.iter().find(|d| d.uid == c.uid))
                .map(|d| DecisionRecord {
                    name: d.name.clone(),
                    uid: d.uid.clone(),
                    decision: d.decision,
                    decided_by: d.decided_by.clone(),
                    proven: d.proven,
                    at: self.now,
                })
                .collect();
            let now = self.now;
            let facts = self.migration_mut(&migration.name);
            let status = facts.object.status.get_or_insert_with(MigrationStatus::default);
            status.steps.clone_from(&migration.steps);
            status.decisions.extend(decisions);
            crds::conditions::clear(&mut status.conditions, ConditionType::Paused);
            if let Standing::Paused { reason, message } = &migration.standing {
                set(
                    &mut status.conditions,
                    condition(ConditionType::Paused, true, *reason, message.clone(), None, now),
                );
            }
        }
    }

    pub(crate) fn migration_mut(&mut self, name: &str) -> &mut MigrationFacts {
        self.observed.migrations.iter_mut().find(|m| m.name() == name).unwrap()
    }

    pub(crate) fn server_mut(&mut self, name: &str) -> &mut ServerFacts {
        self.observed.servers.get_mut(&ObjectName::from(name)).unwrap()
    }

    pub(crate) fn job_mut(&mut self) -> &mut JobFacts {
        self.observed.tenant.as_mut().unwrap().jobs.first_mut().unwrap()
    }

    /// A person decides.
    pub(crate) fn decide(&mut self, migration: &str, decision: Decision, by: &str) {
        self.uid += 1;
        let facts = self.observed.migration(migration).unwrap();
        let decided = DecisionFacts {
            name: format!("d{}", self.uid).as_str().into(),
            uid: format!("decision-{}", self.uid),
            migration: migration.to_owned(),
            migration_uid: facts.uid().to_owned(),
            plan_digest: Some(facts.object.spec.plan_digest.clone()),
            decision,
            step: None,
            decided_by: by.to_owned(),
            proven: true,
            created_at: self.now,
            expires_at: None,
        };
        self.observed.decisions.push(decided);
    }

    fn carry_out(&mut self, migration: &str, effect: &Effect) {
        self.done.push((migration.to_owned(), effect.clone()));
        match effect {
            Effect::Commands(commands) => {
                for command in commands {
                    let now = self.now;
                    let epoch = command.epoch;
                    let server = self.server_mut(command.server.as_str());
                    server.epoch = epoch;
                    let evidence = obey(server, &command.action, epoch, now);
                    let mut outcome = CommandOutcome {
                        command_id: command.id.clone(),
                        epoch,
                        state: OutcomeState::Succeeded,
                        message: String::new(),
                        started_at: now,
                        finished_at: Some(now + SignedDuration::from_secs(2)),
                        evidence: Some(evidence),
                    };
                    (self.spoil)(command.action.name(), &mut outcome);
                    let agent = self.server_mut(command.server.as_str()).agent.as_mut().unwrap();
                    agent.command = Some(Command {
                        id: command.id.clone(),
                        epoch,
                        not_after: now + SignedDuration::from_mins(5),
                        expects: command.expects.clone(),
                        action: command.action.clone(),
                    });
                    agent.highest_epoch = epoch;
                    agent.outcome = Some(outcome);
                }
            }
            Effect::ClaimServers { servers, claim } => {
                for name in servers {
                    self.server_mut(name.as_str()).claim = Some(claim.clone());
                }
            }
            Effect::ReleaseServers { servers, .. } => {
                for name in servers {
                    self.server_mut(name.as_str()).claim = None;
                }
            }
            Effect::ClaimJobs { claim, .. } => self.job_mut().recorded.claim = Some(claim.clone()),
            Effect::ReleaseJobs { .. } => self.job_mut().recorded.claim = None,
            Effect::PrepareJob { domain, deletion_threshold } => {
                let job = job(domain, *deletion_threshold);
                self.observed.tenant.as_mut().unwrap().jobs.push(job);
            }
            Effect::TightenDeletionGuard { deletion_threshold, .. } => {
                self.job_mut().deletion_threshold = Some(*deletion_threshold);
            }
            Effect::AddContainers { epoch, wanted, .. } => {
                let now = self.now + SignedDuration::from_secs(60);
                let job = self.job_mut();
                job.containers.clone_from(wanted);
                job.filter_empty = false;
                job.started = true;
                job.active = true;
                job.recorded.epoch = *epoch;
                job.steady_state_at = Some(now);
                job.last_success_at = Some(now);
                job.entries = 100;
                job.password_hash_active = Some(true);
            }
            Effect::StoreSnapshot { server, .. } => {
                let now = self.now;
                self.server_mut(server.as_str()).snapshot_at = Some(now);
            }
            Effect::StoreListing { digest, .. } => {
                let facts = self.migration_mut(migration);
                facts.listing = Some(StoredListing { digest: digest.clone(), objects: 100 });
                facts.prediction = Some(PredictionFacts {
                    listing: Some(digest.clone()),
                    objects: 100,
                    ..Default::default()
                });
            }
            Effect::ReadProbe { anchor } => {
                let name = self
                    .observed
                    .servers
                    .values()
                    .filter_map(|s| s.agent.as_ref()?.outcome.as_ref()?.evidence.as_ref())
                    .find_map(|e| match e {
                        Evidence::Probe(probe) if probe.anchor == *anchor => Some(probe.display_name.clone()),
                        _ => None,
                    })
                    .flatten();
                let at = self.now;
                self.migration_mut(migration).probe =
                    Some(CloudProbe { anchor: anchor.clone(), display_name: name, at });
            }
            Effect::Compare { listing } => {
                let parity = ParityFacts {
                    listing: listing.clone(),
                    at: self.now,
                    job_epoch: self.observed.job(DOMAIN).unwrap().epoch(),
                    compared: 100,
                    missing: self.missing,
                    orphans: 0,
                    drift: 0,
                    membership: 0,
                    anchor: 0,
                    unkeyed: 0,
                    samples: Vec::new(),
                };
                self.migration_mut(migration).parity = Some(parity);
            }
        }
    }
}

fn k8s_time(at: Timestamp) -> k8s_openapi::apimachinery::pkg::apis::meta::v1::Time {
    k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(at)
}

fn job(domain: &str, threshold: i64) -> JobFacts {
    JobFacts {
        domain: domain.to_owned(),
        recorded: CloudSyncJob {
            domain: domain.to_owned(),
            service_principal_id: "sp".to_owned(),
            job_id: Some("job".to_owned()),
            password_hash_job_id: Some("hash".to_owned()),
            code: "NotRun".to_owned(),
            quarantine: None,
            schema_version: None,
            containers: Vec::new(),
            epoch: Epoch(0),
            claim: None,
        },
        active: false,
        started: false,
        quarantine: None,
        filter_empty: true,
        containers: Vec::new(),
        schema_version: None,
        steady_state_at: None,
        last_success_at: None,
        entries: 0,
        deletion_threshold: Some(threshold),
        mappings_digest: digest("mappings"),
        password_hash_active: Some(false),
    }
}

fn server(name: &str, active: bool) -> ServerFacts {
    ServerFacts {
        name: name.into(),
        agent: Some(AgentFacts {
            name: name.into(),
            command: None,
            outcome: None,
            highest_epoch: Epoch(0),
            resume_by: None,
            resumed: None,
        }),
        reporting: Reporting::OnTime,
        epoch: Epoch(0),
        claim: None,
        inventory: Some(inventory(name, !active)),
        role: Some(if active { ServerRole::Active } else { ServerRole::Staging }),
        snapshot_at: None,
        recorded_auto_upgrade: None,
    }
}

pub(crate) fn inventory(name: &str, staging: bool) -> Inventory {
    Inventory {
        epoch: Epoch(0),
        host: HostInventory {
            name: name.to_owned(),
            operating_system: "Windows Server 2022 Standard".to_owned(),
            operating_system_build: "10.0.20348".to_owned(),
            server_core: false,
            domain_joined: true,
            dot_net_version: "4.8".to_owned(),
            power_shell_version: "5.1".to_owned(),
            memory_mib: 8192,
            tls_registry: Vec::new(),
            provisioning_agent_version: None,
        },
        engine: Some(EngineInventory {
            engine: Engine::EntraConnect,
            version: "2.6.92.0".to_owned(),
            installation_type: "Express".to_owned(),
            service_running: true,
            service_start_type: "Automatic".to_owned(),
            auto_upgrade: Some("Disabled".to_owned()),
            sql: None,
            anchor_attribute: Some("mS-DS-ConsistencyGuid".to_owned()),
            user_principal_name_attribute: Some("userPrincipalName".to_owned()),
        }),
        scheduler: Some(SchedulerInventory {
            enabled: true,
            running: false,
            suspended: false,
            staging,
            interval_seconds: 1800,
        }),
        connectors: vec![ConnectorInventory {
            id: "ad".to_owned(),
            name: DOMAIN.to_owned(),
            kind: ConnectorKind::ActiveDirectory,
            password_hash_sync: Some(true),
            password_hash_last_success: None,
            object_types: vec!["user".to_owned(), "group".to_owned()],
            partitions: vec![PartitionInventory {
                distinguished_name: "DC=contoso,DC=com".to_owned(),
                selected: true,
                included: ["Pilot", "Sales", "Labs"]
                    .map(|ou| dn(&format!("OU={ou},DC=contoso,DC=com")))
                    .to_vec(),
                excluded: Vec::new(),
            }],
            objects: 300,
            pending: PendingInventory::default(),
        }],
        rules: Some(RulesInventory {
            total: 62,
            digest: digest("rules"),
            custom: Vec::new(),
            writes_to_directory: Vec::new(),
            no_flow_scopes: Vec::new(),
            free_precedences: 100,
            cloud_no_flow_in_schema: true,
        }),
        features: Some(FeaturesInventory { password_hash_sync: true, ..Default::default() }),
        last_runs: Vec::new(),
    }
}

/// What an agent of this world answers.
fn obey(server: &mut ServerFacts, action: &Action, epoch: Epoch, now: Timestamp) -> Evidence {
    let rules = |scopes: usize| digest(&format!("rules with {scopes} scopes"));
    match action {
        Action::ReadInventory(_) => Evidence::Inventory(InventoryEvidence { digest: digest("inventory") }),
        Action::TakeSnapshot(_) => Evidence::Snapshot(SnapshotEvidence {
            digest: digest(server.name.as_str()),
            size_bytes: 100_000,
            secrets_used: 1,
            parsed: true,
            rules: 62,
            connectors: 2,
        }),
        Action::SetAutoUpgrade(switch) => {
            let state = if switch.enabled { "Enabled" } else { "Disabled" }.to_owned();
            let engine = server.inventory.as_mut().unwrap().engine.as_mut().unwrap();
            let before = engine.auto_upgrade.replace(state.clone()).unwrap();
            Evidence::AutoUpgrade(AutoUpgradeEvidence { before, after: state })
        }
        Action::ReadScope(read) => Evidence::Scope(ScopeEvidence {
            digest: digest(&format!("{:?} {epoch}", read.organizational_units)),
            secrets_used: 1,
            objects: vec![
                TypeCount { object_type: "user".to_owned(), count: 90 },
                TypeCount { object_type: "group".to_owned(), count: 10 },
            ],
            organizational_units: read
                .organizational_units
                .iter()
                .map(|unit| ResolvedUnit {
                    distinguished_name: unit.clone(),
                    object_guid: Some(digest(unit.as_str()).short().to_owned()),
                })
                .collect(),
            mappings_digest: digest("mappings"),
        }),
        Action::StopScheduler(stop) => {
            server.agent.as_mut().unwrap().resume_by = Some(stop.resume_by);
            Evidence::Scheduler(SchedulerEvidence {
                enabled: false,
                running: false,
                suspended: false,
                idle_since: Some(now),
                cycle_succeeded_at: None,
            })
        }
        Action::StartScheduler(_) => {
            server.agent.as_mut().unwrap().resume_by = None;
            Evidence::Scheduler(SchedulerEvidence {
                enabled: true,
                running: true,
                suspended: false,
                idle_since: None,
                cycle_succeeded_at: None,
            })
        }
        Action::PutNoFlowRules(wanted) => Evidence::Rules(RulesEvidence {
            digest_before: digest("rules"),
            digest_after: rules(wanted.scopes.len()),
            ours: 8,
            scopes: wanted.scopes.iter().map(|s| s.name.clone()).collect(),
            stored_at: now,
            foreign_runs: 0,
        }),
        Action::RunProfiles(runs) => Evidence::Runs(RunsEvidence {
            runs: runs
                .runs
                .iter()
                .map(|run| RunRecord {
                    connectors: run.connectors,
                    connector: DOMAIN.to_owned(),
                    profile: run.profile,
                    result: "success".to_owned(),
                    started_at: now,
                    ended_at: now,
                    export_adds: 0,
                    export_updates: 0,
                    export_deletes: 0,
                })
                .collect(),
            foreign_runs: 0,
            rules_digest: digest("rules"),
        }),
        Action::ReadPendingExports(_) => Evidence::PendingExports(PendingExportsEvidence {
            adds: 0,
            updates: 1,
            deletes: 1,
            explained_deletes: 1,
            unexplained: Vec::new(),
            no_flow_values: 0,
            no_flow_references: 0,
            retries: 0,
            foreign_runs: 0,
        }),
        Action::ProveNoFlow(wanted) => Evidence::NoFlow(NoFlowEvidence {
            in_scope: 100,
            effective: 100,
            not_effective: Vec::new(),
            outside: 0,
            outside_anchors: Vec::new(),
            anchors_digest: digest("anchors"),
            full_synchronization_started_at: Some(now),
            foreign_runs: 0,
            rules_digest: rules(wanted.scopes.len()),
        }),
        Action::Probe(probe) => Evidence::Probe(ProbeEvidence {
            anchor: format!("anchor-{}", probe.token),
            display_name: match probe.phase {
                ProbePhase::Create => Some("made".to_owned()),
                ProbePhase::Change => Some("changed".to_owned()),
                ProbePhase::Remove => None,
            },
            at: now,
        }),
        Action::ReadResidualExports(_) => Evidence::ResidualExports(ResidualExportsEvidence {
            exported: vec![TypeCount { object_type: "user".to_owned(), count: 0 }],
            anchors: Vec::new(),
            writes_to_directory: Vec::new(),
            pending: 0,
        }),
        Action::SetService(set) => {
            let start_type = if set.automatic { "Automatic" } else { "Disabled" }.to_owned();
            let engine = server.inventory.as_mut().unwrap().engine.as_mut().unwrap();
            engine.service_running = set.running;
            engine.service_start_type.clone_from(&start_type);
            Evidence::Service(ServiceEvidence { installed: true, running: set.running, start_type })
        }
    }
}

/// A list of everything that was done, one line each, for snapshots.
pub(crate) fn journal(world: &World) -> String {
    let mut lines = String::new();
    for (migration, effect) in &world.done {
        let text = match effect {
            Effect::Commands(commands) => {
                let servers: Vec<&str> = commands.iter().map(|c| c.server.as_str()).collect();
                let name = commands.first().map_or("", |c| c.action.name());
                format!("command {name} on {}", servers.join(", "))
            }
            Effect::ClaimServers { servers, claim } => {
                format!(
                    "claim {} servers for {} with {} migrations",
                    servers.len(),
                    claim.holder,
                    claim.migrations.len()
                )
            }
            Effect::ReleaseServers { holder, .. } => format!("release servers of {holder}"),
            Effect::ClaimJobs { domains, claim } => {
                format!(
                    "claim jobs of {} for {} with {} migrations",
                    domains.join(", "),
                    claim.holder,
                    claim.migrations.len()
                )
            }
            Effect::ReleaseJobs { holder, .. } => format!("release jobs of {holder}"),
            Effect::PrepareJob { domain, deletion_threshold } => {
                format!("prepare job of {domain}, deletion threshold {deletion_threshold}")
            }
            Effect::TightenDeletionGuard { domain, deletion_threshold } => {
                format!("tighten {domain} to {deletion_threshold}")
            }
            Effect::AddContainers { domain, epoch, wanted, .. } => {
                let units: Vec<&str> = wanted.iter().map(DistinguishedName::as_str).collect();
                format!("filter of {domain}, epoch {epoch}: {}", units.join(" + "))
            }
            Effect::StoreSnapshot { server, .. } => format!("keep snapshot of {server}"),
            Effect::StoreListing { server, .. } => format!("keep listing read by {server}"),
            Effect::ReadProbe { .. } => "look for the test user".to_owned(),
            Effect::Compare { .. } => "compare with the cloud".to_owned(),
        };
        lines.extend([migration, ": ", &text, "\n"]);
    }
    lines
}

/// States of the steps of one migration, for tables.
pub(crate) fn states(world: &World, migration: &str) -> BTreeMap<String, crds::migration::StepState> {
    let status = world.observed.migration(migration).unwrap().object.status.clone().unwrap_or_default();
    status.steps.into_iter().map(|r| (r.name, r.state)).collect()
}

/// Reason of a standing, for tables.
pub(crate) fn reason(standing: &Standing) -> Option<Reason> {
    match standing {
        Standing::Blocked { reason, .. } | Standing::Paused { reason, .. } => Some(*reason),
        _ => None,
    }
}
