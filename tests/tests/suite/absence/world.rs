//! The organisation in which things are missing or wrong: what is done to it, and what the objects say then. Starts processes,
//! network IO.

use std::time::Duration;

use crds::migration::StepState;
use crds::{EntraTenant, Migration, SyncServer, SyncTopology};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tests::control_plane::ControlPlane;
use tests::demo::{
    Estate, NAME, NAMESPACE, install, start_agents, start_estate, start_operator, tenant_and_servers,
};
use tests::{apply, until};

use super::cases::{Case, Declared, On, Said, Trouble};

/// How long it may take until something is said. It takes a few seconds; a silent agent 15, and Graph is asked
/// again for half a minute before it counts as unavailable.
const SAID_LIMIT: Duration = Duration::from_secs(90);

/// Heartbeat of the agents, so that silence is noticed as early as the operator ever does.
const HEARTBEAT_SECONDS: u32 = 3;

/// Steps that look only, or prepare what nothing depends on: a job that stays paused and holds no unit.
const HARMLESS: [&str; 11] = [
    "CheckSource",
    "CheckPrerequisites",
    "InstallProvisioningAgent",
    "BackUpConfiguration",
    "SuspendAutoUpgrade",
    "PrepareJob",
    "ReadScope",
    "PredictChanges",
    "ReviewPendingExports",
    "AwaitApproval",
    "AwaitWindow",
];

/// A second EntraTenant.
const TENANT_COPY: &str = "contoso-copy";

/// A second SyncServer.
const SERVER_COPY: &str = "sync02-copy";

/// Field manager of what people apply.
const PEOPLE: &str = "platform-team";

pub(super) struct World {
    control_plane: ControlPlane,
    estate: Estate,
    client: Client,
    /// Writes in the estate's log at the beginning: Connect's own, from before.
    writes: usize,
    /// State of the sync servers at the beginning.
    servers: Value,
}

impl World {
    pub(super) async fn start() -> Self {
        let mut control_plane = ControlPlane::start_local().await.unwrap();
        let arguments = ["--scenario=small", "--speed-factor=60"].map(str::to_owned);
        let estate = start_estate(&mut control_plane, &arguments).await.unwrap();
        install(&control_plane, &estate).await.unwrap();
        let client = control_plane.client().await.unwrap();
        for object in tenant_and_servers(&estate.addresses) {
            apply(&client, PEOPLE, &object).await.unwrap();
        }
        start_operator(&mut control_plane).await.unwrap();
        let writes = writes(&estate).await;
        let servers = settings(&estate).await;
        Self { control_plane, estate, client, writes, servers }
    }

    pub(super) async fn join_agents(&mut self) {
        start_agents(&mut self.control_plane, &self.estate).await.unwrap();
        for agent in &self.estate.addresses.servers {
            let pace = json!({"spec": {"heartbeatSeconds": HEARTBEAT_SECONDS}});
            let agents: Api<crds::SyncAgent> = self.api();
            agents.patch(agent, &PatchParams::default(), &Patch::Merge(pace)).await.unwrap();
            until(&format!("{agent} to report"), SAID_LIMIT, async || {
                let server = self.api::<SyncServer>().get(agent).await.unwrap();
                let reported = server.status.is_some_and(|status| status.version.is_some());
                Ok(reported.then_some(()))
            })
            .await
            .unwrap();
        }
    }

    /// Makes a case true, waits for what must be said, and makes everything right again. Gives what was not said.
    pub(super) async fn show(&mut self, case: &Case) -> Vec<String> {
        let topology = self.topology(case);
        let before = self.jobs().await;
        self.trouble(case.trouble, true).await;
        apply(&self.client, PEOPLE, &topology).await.unwrap();
        let mut wrong = Vec::new();
        for said in case.said {
            let found = until(case.name, SAID_LIMIT, async || {
                let conditions = self.conditions(case, said.on).await;
                Ok(conditions.iter().any(|condition| fits(condition, said)).then_some(()))
            });
            if found.await.is_err() {
                let conditions = self.conditions(case, said.on).await;
                wrong.push(format!(
                    "{}: expected on {:?} {}={} {} with {:?}, found {conditions:#?}",
                    case.name, said.on, said.kind, said.status, said.reason, said.parts
                ));
            }
        }
        wrong.extend(self.begun(case.name).await);
        wrong.extend(self.made(case, &before).await);
        let topologies: Api<SyncTopology> = self.api();
        topologies.delete(case.name, &DeleteParams::default()).await.unwrap();
        until("the topology to be gone", SAID_LIMIT, async || {
            Ok(topologies.get_opt(case.name).await.unwrap().is_none().then_some(()))
        })
        .await
        .unwrap();
        self.trouble(case.trouble, false).await;
        wrong
    }

    /// What has happened in the Microsoft products since the beginning, and must not have.
    pub(super) async fn what_has_started(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let written = writes(&self.estate).await - self.writes;
        if written > 0 {
            wrong.push(format!("engines wrote {written} times"));
        }
        let servers = settings(&self.estate).await;
        if servers != self.servers {
            wrong.push(format!("sync servers changed: {servers:#} instead of {:#}", self.servers));
        }
        wrong
    }

    /// Every job as it stands.
    async fn jobs(&self) -> Vec<Value> {
        self.estate.state().await.unwrap()["jobs"].as_array().unwrap().clone()
    }

    /// Jobs that must not be there by now: none is made for a declaration that is wrong. For a right one, of this case or one before, its
    /// job may have been prepared before the trouble showed, and stays paused and without units.
    async fn made(&self, case: &Case, before: &[Value]) -> Option<String> {
        let prepared = |job: &Value| {
            let holds_units = job["includedContainers"].as_array().is_some_and(|units| !units.is_empty());
            let may_be_there =
                case.declared == Declared::Right || before.iter().any(|known| known["id"] == job["id"]);
            may_be_there && job["code"] == "Paused" && !holds_units
        };
        let mut jobs = self.jobs().await;
        jobs.retain(|job| !prepared(job));
        (!jobs.is_empty()).then(|| format!("{}: jobs were made or run: {jobs:?}", case.name))
    }

    pub(super) async fn stop(self) {
        self.control_plane.stop().await;
    }

    fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    fn topology(&self, case: &Case) -> Value {
        let pilot = &self.estate.addresses.organizational_units[0];
        let excluded = &self.estate.addresses.excluded_units[0];
        let unit = match case.declared {
            Declared::MissingUnit => format!("OU=Nowhere,{pilot}"),
            Declared::ExcludedUnit => excluded.clone(),
            Declared::AboveExcludedUnit => excluded.split_once(',').unwrap().1.to_owned(),
            _ => pilot.clone(),
        };
        let tenant = match case.declared {
            Declared::UnknownTenant => "fabrikam",
            Declared::CopyOfTenant => TENANT_COPY,
            _ => NAME,
        };
        let mut servers = self.estate.addresses.servers.clone();
        match case.declared {
            Declared::UnknownServer => servers.push("sync99".to_owned()),
            Declared::CopyOfServer => servers.push(SERVER_COPY.to_owned()),
            _ => {}
        }
        let servers: Vec<Value> = servers.iter().map(|name| json!({"name": name})).collect();
        json!({
            "apiVersion": "hybrididentity.dev/v1alpha1",
            "kind": "SyncTopology",
            "metadata": {"name": case.name, "namespace": NAMESPACE},
            "spec": {
                "tenantRef": {"name": tenant},
                "scopes": [{"name": "pilot", "organizationalUnits": [unit], "engine": "CloudSync"}],
                "servers": servers,
                // Where nothing was wrong after all, it would wait here.
                "strategy": {"waves": [{"name": "all", "scopes": ["pilot"], "approval": {"required": true}}], "onFailure": "Pause"},
            },
        })
    }

    async fn trouble(&self, trouble: Trouble, on: bool) {
        let faults = async |graph: Value| {
            self.estate.post("faults", &json!({ "graph": graph })).await.unwrap();
        };
        match trouble {
            Trouble::Nothing => {}
            Trouble::NoSecret if on => {
                self.api::<Secret>().delete("contoso-graph", &DeleteParams::default()).await.unwrap();
            }
            Trouble::WrongSecret if on => self.put_secret("not the secret").await,
            Trouble::NoSecret | Trouble::WrongSecret => {
                self.put_secret(&self.estate.addresses.client_secret).await;
            }
            Trouble::CredentialsRefused => faults(json!({"credentialsRefused": on})).await,
            Trouble::PermissionTaken => {
                // Either of them lets people be read.
                let missing: &[&str] = if on { &["User.Read.All", "Directory.Read.All"] } else { &[] };
                faults(json!({"missingPermissions": missing})).await;
            }
            Trouble::Unavailable => faults(json!({"unavailableEvery": i32::from(on)})).await,
            Trouble::CopiedTenant => {
                let mut copy = tenant_and_servers(&self.estate.addresses).swap_remove(0);
                copy["metadata"]["name"] = json!(TENANT_COPY);
                self.put::<EntraTenant>(&copy, on).await;
            }
            Trouble::CopiedServer => self.put::<SyncServer>(&server(SERVER_COPY, "SYNC02"), on).await,
            Trouble::OtherHost => {
                // The host of a server cannot be changed: somebody makes it anew.
                self.put::<SyncServer>(&server("sync02", ""), false).await;
                let host = if on { "sync09.contoso.com" } else { "sync02.contoso.com" };
                self.put::<SyncServer>(&server("sync02", host), true).await;
            }
            Trouble::AgentHangs => {
                let id = self.control_plane.process_of("agent-sync02").unwrap();
                let signal = if on { "-STOP" } else { "-CONT" };
                let sent =
                    tokio::process::Command::new("kill").args([signal, &id.to_string()]).status().await;
                assert!(sent.unwrap().success());
            }
        }
        if !on && trouble != Trouble::Nothing {
            self.until_well().await;
        }
    }

    /// Makes an object, or removes it.
    async fn put<K>(&self, object: &Value, there: bool)
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        if there {
            apply(&self.client, PEOPLE, object).await.unwrap();
        } else {
            let name = object["metadata"]["name"].as_str().unwrap();
            self.api::<K>().delete(name, &DeleteParams::default()).await.unwrap();
        }
    }

    async fn put_secret(&self, value: &str) {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "contoso-graph", "namespace": NAMESPACE},
            "stringData": {"client-secret": value},
        });
        apply(&self.client, PEOPLE, &secret).await.unwrap();
    }

    /// Waits until tenant and servers are ready, as they were before the trouble.
    async fn until_well(&self) {
        until("tenant and servers to be ready again", SAID_LIMIT, async || {
            let mut all = vec![self.api::<EntraTenant>().get(NAME).await.unwrap().status.unwrap().conditions];
            for server in self.api::<SyncServer>().list(&ListParams::default()).await.unwrap() {
                all.push(server.status.unwrap().conditions);
            }
            let ready = |list: &Vec<Condition>| {
                crds::conditions::is_true(list, crds::conditions::ConditionType::Ready)
            };
            Ok(all.iter().all(ready).then_some(()))
        })
        .await
        .unwrap();
    }

    async fn conditions(&self, case: &Case, on: On) -> Vec<Condition> {
        match on {
            On::Topology => {
                let found = self.api::<SyncTopology>().get(case.name).await.unwrap();
                found.status.map(|status| status.conditions).unwrap_or_default()
            }
            On::Tenant | On::CopyOfTenant => {
                let name = if on == On::Tenant { NAME } else { TENANT_COPY };
                let found = self.api::<EntraTenant>().get(name).await.unwrap();
                found.status.map(|status| status.conditions).unwrap_or_default()
            }
            On::Server(name) => {
                let found = self.api::<SyncServer>().get(name).await.unwrap();
                found.status.map(|status| status.conditions).unwrap_or_default()
            }
            On::Migration => {
                let of_case = self.migrations(case.name).await;
                of_case
                    .into_iter()
                    .filter_map(|found| found.status)
                    .flat_map(|found| found.conditions)
                    .collect()
            }
        }
    }

    async fn migrations(&self, topology: &str) -> Vec<Migration> {
        let all = self.api::<Migration>().list(&ListParams::default()).await.unwrap();
        all.into_iter().filter(|found| found.spec.topology_ref.name.as_str() == topology).collect()
    }

    /// Steps that have begun and are not harmless.
    async fn begun(&self, topology: &str) -> Vec<String> {
        let mut begun = Vec::new();
        for migration in self.migrations(topology).await {
            let name = migration.name_any();
            for step in migration.status.map(|status| status.steps).unwrap_or_default() {
                if step.state != StepState::Pending && !HARMLESS.contains(&step.name.as_str()) {
                    begun.push(format!("{name} has begun {step:?}"));
                }
            }
        }
        begun
    }
}

/// A SyncServer that accepts the agent of its name.
fn server(name: &str, host: &str) -> Value {
    json!({
        "apiVersion": "hybrididentity.dev/v1alpha1",
        "kind": "SyncServer",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"hostName": host, "acceptedAgent": {"name": name}},
    })
}

fn fits(condition: &Condition, said: &Said) -> bool {
    condition.type_ == said.kind.as_str()
        && condition.status == said.status
        && condition.reason == said.reason.as_str()
        && said.parts.iter().all(|part| condition.message.contains(part))
}

/// Writes of engines in the estate's log.
async fn writes(estate: &Estate) -> usize {
    let records = estate.records().await.unwrap();
    records.iter().filter(|record| !record["event"]["write"].is_null()).count()
}

/// What could be changed on the sync servers: their state, and the scheduler that they share.
async fn settings(estate: &Estate) -> Value {
    let state = estate.state().await.unwrap();
    let servers: Vec<Value> = state["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|server| json!({"name": server["name"], "state": server["state"], "objects": server["objects"]}))
        .collect();
    json!({"schedulerEnabled": state["schedulerEnabled"], "servers": servers})
}
