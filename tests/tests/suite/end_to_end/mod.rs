//! A small organisation taken off Entra Connect from the declaration to the uninstalled servers, by the real programs on a
//! control plane of their own. The checks look at what it left. Starts processes, network IO.

mod moved;
mod quiet;
mod rights;

use std::time::Duration;

use crds::{ConfigurationSnapshot, Migration, SyncTopology};
use k8s_openapi::NamespaceResourceScope;
use kube::api::ListParams;
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tests::chart;
use tests::control_plane::{AuditEvents, ControlPlane};
use tests::demo::{Demo, NAME, NAMESPACE, Options, Outcome, Scenario, Show};

/// Divisor of the Microsoft side's intervals: a cycle takes five seconds, the whole road about a minute.
const SPEED_FACTOR: u32 = 360;

/// How long nothing may be written once everything is as declared.
const QUIET: Duration = Duration::from_mins(1);

/// What the run left.
struct Left {
    outcome: Outcome,
    topology: SyncTopology,
    migrations: Vec<Migration>,
    snapshots: Vec<ConfigurationSnapshot>,
    /// Names of the agents, which are those of their accounts.
    agents: Vec<String>,
    /// Every request from the beginning to the end of the quiet time; a watch from its first answer on.
    all: AuditEvents,
    /// Answered requests of the quiet time.
    quiet: AuditEvents,
}

impl Left {
    /// The operator's user name.
    fn operator() -> String {
        account(chart::NAMESPACE, chart::RELEASE)
    }

    /// The user names of operator and agents.
    fn programs(&self) -> Vec<String> {
        let agents = self.agents.iter().map(|agent| account(NAMESPACE, agent));
        std::iter::once(Self::operator()).chain(agents).collect()
    }
}

fn account(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

/// One test: the checks are made of the same run, and tests that wait for it would keep others from running meanwhile.
#[tokio::test]
async fn a_small_organisation_leaves_connect() {
    let left = run().await;
    moved::connect_is_retired_and_the_judge_finds_nothing(&left);
    moved::the_topology_says_that_everything_declared_is_so(&left);
    moved::every_step_of_every_migration_is_proven_and_dated(&left);
    moved::the_approval_of_the_first_wave_is_kept_with_the_person(&left);
    moved::a_snapshot_of_every_server_was_read_back(&left);
    quiet::nothing_is_written_when_nothing_changes(&left);
    rights::no_request_was_refused(&left);
    rights::every_right_of_the_operator_was_used(&left);
    rights::every_right_of_an_agent_was_used(&left);
}

async fn run() -> Left {
    let options = Options { speed_factor: SPEED_FACTOR, ..Options::new(Scenario::Small) };
    // The audit log is needed, so `KUBECONFIG` does not count here.
    let control_plane = ControlPlane::start_local().await.unwrap();
    let mut demo = Demo::start_on(control_plane, options, &Show::nothing()).await.unwrap();
    let outcome = demo.run(&mut Show::nothing()).await.unwrap();
    let client = demo.control_plane().client().await.unwrap();
    let topologies: Api<SyncTopology> = Api::namespaced(client.clone(), NAMESPACE);
    let topology = topologies.get(NAME).await.unwrap();
    let (migrations, snapshots) = (all(&client).await, all(&client).await);
    let log = demo.control_plane().audit().unwrap();
    let mark = log.mark().unwrap();
    tokio::time::sleep(QUIET).await;
    let left = Left {
        outcome,
        topology,
        migrations,
        snapshots,
        agents: demo.estate().addresses.servers.clone(),
        all: log.all().unwrap(),
        quiet: log.since(mark).unwrap().completed(),
    };
    demo.stop().await.unwrap();
    left
}

async fn all<K>(client: &Client) -> Vec<K>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + DeserializeOwned
        + std::fmt::Debug,
{
    Api::<K>::namespaced(client.clone(), NAMESPACE).list(&ListParams::default()).await.unwrap().items
}
