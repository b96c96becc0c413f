//! A small world in which everything goes as it should, and in which a test can spoil one thing at a time.

mod carry_out;
mod fixtures;
mod journal;
mod obey;
mod people;
mod weather;

pub(crate) use journal::{journal, reason, states};
pub(crate) use weather::Weather;

use crds::conditions::{ConditionType, condition, set};
use crds::entra_tenant::{Profile, ProvisioningAgent};
use crds::migration::{DecisionRecord, Migration, MigrationStatus};
use crds::migration_decision::Decision;
use crds::sync_agent::CommandOutcome;
use crds::sync_topology::SyncTopologySpec;
use crds::{ContentDigest, DistinguishedName, ObjectName};
use jiff::{SignedDuration, Timestamp};

use self::fixtures::server;
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
    /// Why what agents put into their Secrets cannot be kept.
    pub(crate) unkeepable: Option<crate::observed::UnkeptCause>,
    /// Objects that the next comparisons find alive in the cloud and gone in the directory.
    pub(crate) orphans: Vec<String>,
    /// What the cloud shows of the test user instead of what it has.
    pub(crate) shows: Option<&'static str>,
    /// What a prediction says, apart from its listing and its time.
    pub(crate) predicts: PredictionFacts,
    /// What goes wrong on its own.
    pub(crate) weather: Weather,
    uid: u32,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(serde_yaml::from_str(TOPOLOGY).unwrap())
    }

    pub(crate) fn of(spec: SyncTopologySpec) -> Self {
        let units: Vec<&DistinguishedName> =
            spec.scopes.iter().flat_map(|s| &s.organizational_units).collect();
        let domains = DistinguishedName::domains(units.iter().copied());
        let servers = spec
            .servers
            .iter()
            .enumerate()
            .map(|(index, intent)| (intent.name.clone(), server(intent.name.as_str(), index == 0, &units)))
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
                    domains,
                }]),
                pass_through_agents: None,
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
            unkeepable: None,
            orphans: Vec::new(),
            shows: None,
            predicts: PredictionFacts::default(),
            weather: Weather::default(),
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
                unkept: None,
            });
        }
        for migration in &plan.migrations {
            let decisions: Vec<DecisionRecord> =
                migration.consumed.iter().filter_map(|c| c.outcome.clone().ok()).collect();
            let now = self.now;
            let facts = self.migration_mut(&migration.name);
            let status = facts.object.status.get_or_insert_with(MigrationStatus::default);
            status.steps.clone_from(&migration.steps);
            status.way_back.clone_from(&migration.way_back);
            status.limits.clone_from(&migration.limits);
            status.decisions.extend(decisions);
            if !matches!(migration.standing, Standing::Paused { .. }) {
                crds::conditions::clear(&mut status.conditions, ConditionType::Paused);
            }
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

    pub(crate) fn job_of(&mut self, domain: &str) -> &mut JobFacts {
        self.observed.tenant.as_mut().unwrap().jobs.iter_mut().find(|job| job.domain == domain).unwrap()
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
            proven_by: crds::migration_decision::ProvenBy::Requester,
            reason: format!("{by} has looked at it"),
            proven: true,
            created_at: self.now,
            expires_at: None,
        };
        self.observed.decisions.push(decided);
    }
}

fn k8s_time(at: Timestamp) -> k8s_openapi::apimachinery::pkg::apis::meta::v1::Time {
    k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(at)
}
