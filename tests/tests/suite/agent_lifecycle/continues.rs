//! A real agent goes on after it was rotated, once it has its new token. Starts processes, network IO.

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::Api;
use tests::demo::{NAMESPACE, start_agents, start_estate};
use tests::until;

use super::cluster::{Cluster, LIMIT};

async fn last_beat(leases: &Api<Lease>, agent: &str) -> Option<Timestamp> {
    let lease = leases.get_opt(agent).await.unwrap()?;
    Some(lease.spec?.renew_time?.0)
}

#[tokio::test]
async fn an_agent_goes_on_without_a_restart_once_it_has_its_new_token() {
    let mut cluster = Cluster::start().await;
    let arguments = ["--scenario=small", "--speed-factor=60"].map(str::to_owned);
    let estate = start_estate(&mut cluster.control_plane, &arguments).await.unwrap();
    start_agents(&mut cluster.control_plane, &estate).await.unwrap();
    let admin = cluster.admin().await;
    let leases: Api<Lease> = Api::namespaced(admin.clone(), NAMESPACE);
    let agent = estate.addresses.servers[0].as_str();
    until("the agent to beat", LIMIT, async || Ok(last_beat(&leases, agent).await)).await.unwrap();
    let id = cluster.control_plane.process_of(&format!("agent-{agent}")).unwrap();

    let token = cli::rotate::rotate(&admin, NAMESPACE, agent).await.unwrap();
    let rotated_at = Timestamp::now();
    let state = cluster.control_plane.folder().join(format!("agent-{agent}")).join("token");
    std::fs::write(state, &token).unwrap();
    until("the agent to beat with its new token", LIMIT, async || {
        Ok(last_beat(&leases, agent).await.filter(|at| *at > rotated_at))
    })
    .await
    .unwrap();
    assert_eq!(cluster.control_plane.process_of(&format!("agent-{agent}")), Some(id), "it was not restarted");
    cluster.control_plane.stop().await;
}
