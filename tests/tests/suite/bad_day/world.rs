//! The organisation that has a bad day: its programs, its objects, and people who do what is asked of them while something is waited
//! for. Starts processes, network IO.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crds::conditions::ConditionType;
use crds::migration::StepState;
use crds::{EntraTenant, Migration, SyncServer, SyncTopology};
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tests::control_plane::{ControlPlane, Error};
use tests::demo::{
    APPROVER, Estate, Limits, NAME, NAMESPACE, OPERATOR, People, Picture, Run, Wanted, agent_program,
    install, join_again, namespaces_and_rights, start_agents, start_estate, start_operator, start_replica,
    tenant_and_servers, topology,
};
use tests::{apply, chart};

/// How long one thing may take. Most take seconds; a machine that is busy with other tests takes its time.
const LIMIT: Duration = Duration::from_mins(4);

/// The pause between two looks: a stop of the scheduler must not be missed.
const PAUSE: Duration = Duration::from_millis(100);

/// Heartbeat of the agents, so that silence is noticed as early as the operator ever does.
const HEARTBEAT_SECONDS: u32 = 3;

/// Field manager of what people apply.
const PEOPLE: &str = "platform-team";

/// The operator of another release.
pub(super) const ANOTHER: &str = "operator-of-another-release";

/// The replica beside `operator`.
pub(super) const SECOND: &str = "operator-1";

/// An organisation with two waves of one scope each.
pub(super) struct World {
    pub(super) control_plane: ControlPlane,
    pub(super) estate: Estate,
    client: Client,
    people: People,
    /// Taken so far: each has a name of its own.
    decisions: usize,
}

impl World {
    /// Everything runs, two replicas of the operator among it, and nothing is declared yet.
    pub(super) async fn start() -> Self {
        let mut control_plane = ControlPlane::start_local().await.unwrap();
        let arguments = ["--scenario=small", "--speed-factor=360"].map(str::to_owned);
        let estate = start_estate(&mut control_plane, &arguments).await.unwrap();
        install(&control_plane, &estate).await.unwrap();
        let client = control_plane.client().await.unwrap();
        for object in tenant_and_servers(&estate.addresses) {
            apply(&client, PEOPLE, &object).await.unwrap();
        }
        start_operator(&mut control_plane).await.unwrap();
        start_agents(&mut control_plane, &estate).await.unwrap();
        let approver = control_plane.client_for(APPROVER, &[]).await.unwrap();
        let people = People::new(approver, estate.clone());
        let mut world = Self { control_plane, estate, client, people, decisions: 0 };
        world.until("the first replica to lead", async |world| world.leads("operator")).await;
        start_replica(&mut world.control_plane, SECOND, &replica(1)).await.unwrap();
        let agents: Api<crds::SyncAgent> = world.api();
        for agent in &world.estate.addresses.servers {
            let pace = Patch::Merge(json!({"spec": {"heartbeatSeconds": HEARTBEAT_SECONDS}}));
            agents.patch(agent, &PatchParams::default(), &pace).await.unwrap();
        }
        world
    }

    pub(super) async fn declare(&self) {
        let limits = Limits { scheduler_stop: 600, unserved: 900, hash_gap: 900 };
        let wanted = Wanted {
            waves: vec![vec![0], vec![1]],
            soak: "15s",
            observation: "8s",
            max_drift: 0,
            max_unknown_references: 1_000_000,
            limits,
        };
        apply(&self.client, PEOPLE, &topology(&self.estate.addresses, &wanted)).await.unwrap();
    }

    /// Waits for something while people do what is asked of them. Gives what it was.
    pub(super) async fn until<T>(
        &mut self,
        what: &str,
        mut look: impl AsyncFnMut(&mut Self) -> Option<T>,
    ) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look(self).await {
                return found;
            }
            self.keep_running();
            match self.control_plane.has_ended() {
                // Started again with the next look.
                Some(Error::Ended { program, .. }) if kept(&program) => {}
                Some(error) => panic!("while waiting for {what}: {error}"),
                None => {}
            }
            // The API server may be away, and the topology not there yet or any more.
            if let Ok(picture) = self.picture().await {
                let _ = self.people.act(&picture).await;
            }
            assert!(start.elapsed() < LIMIT, "waited in vain for {what}:\n{}", self.told().await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits until the scheduler of Connect is off or on.
    pub(super) async fn until_scheduler(&mut self, on: bool) {
        let what = format!("the scheduler to be {}", if on { "on" } else { "off" });
        self.until(&what, async |world| (world.scheduler().await == on).then_some(())).await;
    }

    /// Waits until the migration of a scope has stopped the scheduler and not switched it on again.
    pub(super) async fn until_stopped_by(&mut self, at: usize) {
        self.until(&format!("scope {at} to be in the stop"), async |world| {
            let steps = world.migration(at).await?.status?.steps;
            let done =
                |name: &str| steps.iter().any(|step| step.name == name && step.state == StepState::Done);
            (done("StopScheduler") && !done("ProveNoFlow")).then_some(())
        })
        .await;
        assert!(!self.scheduler().await, "the scheduler is on in the stop of scope {at}");
    }

    /// Whether the scheduler of Connect is on.
    pub(super) async fn scheduler(&self) -> bool {
        self.estate.state().await.unwrap()["schedulerEnabled"] == true
    }

    /// Units in the filters of all jobs.
    pub(super) async fn units_in_jobs(&self) -> Vec<String> {
        let state = self.estate.state().await.unwrap();
        let jobs = state["jobs"].as_array().unwrap().iter();
        let units = jobs.flat_map(|job| job["includedContainers"].as_array().cloned().unwrap_or_default());
        units.filter_map(|unit| unit.as_str().map(str::to_owned)).collect()
    }

    /// What the judge holds against the run so far.
    pub(super) async fn nothing_is_wrong(&self, after: &str) {
        let verdict = self.estate.verdict().await.unwrap();
        assert!(verdict.is_clean(), "after {after}: {verdict}\n{:#?}", verdict.violations);
    }

    /// A fault of Graph, or its end.
    pub(super) async fn graph(&self, fault: Value) {
        self.estate.post("faults", &json!({ "graph": fault })).await.unwrap();
    }

    /// Somebody does something behind everybody's back.
    pub(super) async fn act(&self, act: Value) {
        self.estate.post("acts", &act).await.unwrap();
    }

    /// The durable state of an agent whose program does not run is changed so that its stop has run out of time: what it finds when
    /// it was away for that long.
    pub(super) fn let_time_pass(&self, server: &str) {
        let path = self.control_plane.folder().join(agent_program(server)).join("journal.json");
        let mut journal: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let stop = journal["stop"].as_object_mut().unwrap();
        let now = Timestamp::now().to_string();
        let before = stop.insert("resumeBy".to_owned(), json!(now));
        assert!(before.is_some(), "the journal keeps resumeBy elsewhere now: {journal}");
        std::fs::write(&path, serde_json::to_vec(&journal).unwrap()).unwrap();
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    pub(super) async fn suspend(&self, suspend: bool) {
        let patch = Patch::Merge(json!({"spec": {"suspend": suspend}}));
        self.api::<SyncTopology>().patch(NAME, &PatchParams::default(), &patch).await.unwrap();
    }

    /// The last migration of the scope at a place among the estate's units.
    pub(super) async fn migration(&self, at: usize) -> Option<Migration> {
        let unit = &self.estate.addresses.organizational_units[at];
        let all = self.api::<Migration>().list(&ListParams::default()).await.ok()?;
        let of_unit = all.into_iter().filter(|found| {
            let scope = found.spec.scope.as_ref();
            scope.is_some_and(|scope| scope.organizational_units.iter().any(|of| of.as_str() == unit))
        });
        of_unit.max_by_key(|found| found.spec.attempt)
    }

    /// Waits until the migration of a scope says a phase.
    pub(super) async fn until_phase(&mut self, at: usize, phase: &str) -> Migration {
        self.until(&format!("scope {at} to be {phase}"), async |world| {
            let found = world.migration(at).await?;
            let said = found.status.as_ref().and_then(|status| status.phase.clone());
            (said.as_deref() == Some(phase)).then_some(found)
        })
        .await
    }

    /// Waits until a migration of a scope says something in its condition Ready: its reason, or part of its message.
    pub(super) async fn until_said(&mut self, at: usize, part: &str) -> Condition {
        self.until(&format!("scope {at} to say {part:?}"), async |world| {
            let conditions = world.migration(at).await?.status?.conditions;
            let says = |found: &Condition| found.reason == part || found.message.contains(part);
            conditions.into_iter().find(|found| found.type_ == "Ready" && says(found))
        })
        .await
    }

    /// Waits for a condition of an object.
    pub(super) async fn until_condition<K>(
        &mut self,
        name: &str,
        kind: ConditionType,
        status: &str,
        reason: &str,
    ) where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug
            + Conditions,
    {
        self.until(&format!("{name} to say {kind}={status} {reason}"), async |world| {
            let conditions = world.api::<K>().get(name).await.ok()?.conditions();
            let fits = |found: &Condition| {
                found.type_ == kind.as_str()
                    && found.status == status
                    && (reason.is_empty() || found.reason == reason)
            };
            conditions.iter().any(fits).then_some(())
        })
        .await;
    }

    /// Takes a decision on the last migration of a scope.
    pub(super) async fn decide(&mut self, at: usize, decision: &str, digest: Option<&str>) {
        let migration = self.migration(at).await.unwrap();
        self.decisions += 1;
        let name = format!("{}-{}-{}", migration.name_any(), decision.to_lowercase(), self.decisions);
        let run = Run::of(&migration);
        let digest = digest.unwrap_or(&run.plan_digest).to_owned();
        assert!(self.people.decide(&name, &run, decision, &digest).await.unwrap());
    }

    /// Waits until a migration says that the cluster's state was restored, and readopts it with the digest that it asks for: again
    /// where agents have told more since, because a decision is good for what was known when it was taken.
    pub(super) async fn readopt(&mut self, at: usize) {
        let said = self.until_said(at, "StateRestored").await.message;
        assert!(said.contains("Readopt"), "{said}");
        let mut digest = asked_for(&said);
        self.decide(at, "Readopt", Some(&digest)).await;
        self.until(&format!("scope {at} to be readopted"), async |world| {
            let conditions = world.migration(at).await?.status?.conditions;
            let ready = conditions.into_iter().find(|found| found.type_ == "Ready")?;
            if ready.reason != "StateRestored" && !ready.message.starts_with("StateRestored") {
                return Some(());
            }
            let asked = asked_for(&ready.message);
            if asked != digest {
                digest = asked;
                world.decide(at, "Readopt", Some(&digest)).await;
            }
            None
        })
        .await;
    }

    /// Starts programs again that have ended by themselves, as a Deployment and a service do.
    fn keep_running(&mut self) {
        let agents = self.estate.addresses.servers.iter().map(|server| agent_program(server));
        for program in [OPERATOR, SECOND, ANOTHER].map(str::to_owned).into_iter().chain(agents) {
            if self.control_plane.end_of(&program).is_some() {
                self.control_plane.start_again(&program).unwrap();
            }
        }
    }

    /// The disk that an agent keeps its journal on is full, or has room again: nothing can be written in the journal's place.
    pub(super) fn fill_disk(&self, server: &str, full: bool) {
        let fresh = self.control_plane.folder().join(agent_program(server)).join("journal.json.new");
        if full {
            // Where the agent is just writing there is a file for a moment.
            while std::fs::create_dir(&fresh).is_err() {
                std::thread::yield_now();
            }
        } else {
            std::fs::remove_dir(&fresh).unwrap();
        }
    }

    /// Rules of a sync server, as its own host has them.
    pub(super) async fn rules(&self, server: &str) -> String {
        let listing = json!({"action": "operate", "operation": {"operation": "getRules"}});
        self.estate.post(&format!("servers/{server}"), &listing).await.unwrap()
    }

    /// People put everything back that the namespace held, as it is in Git, and let the agents join.
    pub(super) async fn declare_everything_again(&mut self) {
        let addresses = &self.estate.addresses;
        let rights = namespaces_and_rights(addresses, chart::NAMESPACE, chart::RELEASE);
        for object in rights.iter().chain(&tenant_and_servers(addresses)) {
            apply(&self.client, PEOPLE, object).await.unwrap();
        }
        join_again(&self.control_plane, &self.estate).await.unwrap();
        for server in self.estate.addresses.servers.clone() {
            self.control_plane.kill(&agent_program(&server)).unwrap();
            self.control_plane.start_again(&agent_program(&server)).unwrap();
        }
        self.declare().await;
    }

    /// Where the store is copied to.
    pub(super) fn backup(&self) -> PathBuf {
        self.control_plane.folder().join("backup")
    }

    /// Who holds the operator's Lease.
    pub(super) async fn leader(&self) -> Option<String> {
        let leases: Api<Lease> = Api::namespaced(self.client.clone(), chart::NAMESPACE);
        leases.get(chart::RELEASE).await.ok()?.spec?.holder_identity
    }

    /// Whether a replica has said in its log that it leads.
    pub(super) fn leads(&self, program: &str) -> Option<()> {
        self.log(program).contains(" leading").then_some(())
    }

    pub(super) fn log(&self, program: &str) -> String {
        let path = self.control_plane.folder().join(format!("{program}.log"));
        std::fs::read_to_string(path).unwrap_or_default()
    }

    pub(super) async fn stop(self) {
        self.control_plane.stop().await;
    }

    async fn picture(&self) -> kube::Result<Picture> {
        let topology = self.api::<SyncTopology>().get(NAME).await?;
        let migrations = self.api::<Migration>().list(&ListParams::default()).await?;
        Ok(Picture::of(&topology, &migrations.items))
    }

    /// How everything stands, for whoever reads why a test failed.
    async fn told(&self) -> String {
        let mut told = Vec::new();
        if let Ok(all) = self.api::<Migration>().list(&ListParams::default()).await {
            for migration in all {
                let status = migration.status.clone().unwrap_or_default();
                let ready = status.conditions.iter().find(|found| found.type_ == "Ready");
                let ready = ready.map(|found| format!("{} {}", found.reason, found.message));
                told.push(format!(
                    "{} {:?} {:?}: {}",
                    migration.name_any(),
                    status.phase,
                    status.progress,
                    ready.unwrap_or_default()
                ));
            }
        }
        let ends = ["operator", SECOND, ANOTHER, "agent-sync01", "agent-sync02"].map(|program| {
            let log = self.log(program);
            let lines: Vec<&str> = log.lines().rev().take(15).collect();
            format!("--- {program}\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
        });
        told.extend(ends);
        told.push(format!("{:#}", self.estate.state().await.unwrap_or_default()));
        told.join("\n")
    }
}

/// The digest that a condition asks for.
fn asked_for(said: &str) -> String {
    let mut words = said.split(|c: char| !c.is_ascii_alphanumeric() && c != ':');
    words.find(|word| word.starts_with("sha256:")).unwrap().trim_end_matches(':').to_owned()
}

/// Whether a program is started again when it has ended by itself.
fn kept(program: &str) -> bool {
    program.starts_with(OPERATOR) || program.starts_with("agent-")
}

/// Name of a replica's pod.
pub(super) fn replica(number: usize) -> String {
    format!("{}-{number}", chart::RELEASE)
}

/// What has conditions.
pub(super) trait Conditions {
    fn conditions(self) -> Vec<Condition>;
}

macro_rules! conditions {
    ($($kind:ty),+) => {
        $(impl Conditions for $kind {
            fn conditions(self) -> Vec<Condition> {
                self.status.map(|status| status.conditions).unwrap_or_default()
            }
        })+
    };
}

conditions!(EntraTenant, Migration, SyncServer, SyncTopology);
