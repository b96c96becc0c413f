//! The host bridge over TCP.

use adsync::protocol::{
    ConnectorRunStatus, HostErrorCode, HostInformation, Operation, Outcome, Request, Response, RunProfile,
    RunResult, Scheduler, SchedulerChange,
};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::*;

struct Host {
    from: BufReader<OwnedReadHalf>,
    to: OwnedWriteHalf,
    asked: u64,
}

impl Host {
    async fn connect(served: &Served, hello: &str) -> Self {
        let stream = TcpStream::connect(served.handle.addresses().host_bridge).await.expect("connected");
        let (from, mut to) = stream.into_split();
        to.write_all(format!("{hello}\n").as_bytes()).await.expect("sent");
        Self { from: BufReader::new(from), to, asked: 0 }
    }

    async fn send(&mut self, operation: Operation) {
        self.asked += 1;
        let mut line = serde_json::to_vec(&Request { id: self.asked, operation }).expect("JSON");
        line.push(b'\n');
        self.to.write_all(&line).await.expect("sent");
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.from.read_line(&mut line).await.expect("read");
        line
    }

    async fn answer(&mut self) -> Outcome {
        let response: Response = serde_json::from_str(&self.line().await).expect("a response");
        assert_eq!(response.id, self.asked);
        response.outcome
    }

    async fn ask<T: DeserializeOwned>(&mut self, operation: Operation) -> T {
        self.send(operation).await;
        match self.answer().await {
            Outcome::Result(value) => serde_json::from_value(value).expect("the type of the operation"),
            Outcome::Error(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn operations_are_answered_for_the_server_that_was_selected() {
    let served = Served::start().await;
    let mut active = Host::connect(&served, r#"{"server":"sync01"}"#).await;
    let mut staging = Host::connect(&served, r#"{"server":"sync02"}"#).await;
    let scheduler: Scheduler = active.ask(Operation::GetScheduler).await;
    assert!(scheduler.sync_cycle_enabled && !scheduler.staging_mode_enabled);
    let scheduler: Scheduler = staging.ask(Operation::GetScheduler).await;
    assert!(scheduler.staging_mode_enabled);
    let change = SchedulerChange { sync_cycle_enabled: Some(false), next_sync_cycle_policy_type: None };
    active.ask::<()>(Operation::SetScheduler(change)).await;
    let scheduler: Scheduler = staging.ask(Operation::GetScheduler).await;
    assert!(!scheduler.sync_cycle_enabled, "the switch is shared through the tenant");
    served.stop().await;
}

#[tokio::test]
async fn a_run_profile_is_answered_when_the_run_has_ended() {
    let mut served = Served::start().await;
    let mut host = Host::connect(&served, r#"{"server":"sync01"}"#).await;
    let change = SchedulerChange { sync_cycle_enabled: Some(false), next_sync_cycle_policy_type: None };
    host.ask::<()>(Operation::SetScheduler(change)).await;
    let connectors: Vec<adsync::protocol::Connector> = host.ask(Operation::GetConnectors).await;
    let connector =
        connectors.iter().find(|known| known.kind == adsync::protocol::ConnectorKind::ActiveDirectory);
    let connector = connector.expect("an AD connector").identifier;
    host.send(Operation::InvokeRunProfile { connector, profile: RunProfile::FullImport }).await;
    // A second process sees the run going on.
    let mut other = Host::connect(&served, r#"{"server":"sync01"}"#).await;
    let mut running: Vec<ConnectorRunStatus> = other.ask(Operation::GetConnectorRunStatus).await;
    while running.is_empty() {
        running = other.ask(Operation::GetConnectorRunStatus).await;
    }
    assert_eq!(running[0].connector, connector);
    served.advance(SignedDuration::from_mins(5)).await;
    let outcome = host.answer().await;
    let Outcome::Result(result) = outcome else { panic!("{outcome:?}") };
    let result: RunResult = serde_json::from_value(result).expect("a run result");
    assert!(result.is_run_complete);
    assert_eq!(
        (result.connector, result.profile, result.result.as_str()),
        (connector, RunProfile::FullImport, "success")
    );
    served.stop().await;
}

#[tokio::test]
async fn bad_lines_are_answered_and_bad_greetings_end_the_connection() {
    let served = Served::start().await;
    let mut host = Host::connect(&served, r#"{"server":"sync01"}"#).await;
    host.to.write_all(b"{\"id\":7,\"operation\":\"formatDisk\"}\n").await.expect("sent");
    let response: Response = serde_json::from_str(&host.line().await).expect("a response");
    assert_eq!(response.id, 7);
    assert!(matches!(response.outcome, Outcome::Error(error) if error.code == HostErrorCode::BadRequest));
    host.ask::<HostInformation>(Operation::GetHostInformation).await;
    for hello in [r#"{"server":"nowhere"}"#, "hello", r#"{"server":"sync01","x":1}"#] {
        assert_eq!(Host::connect(&served, hello).await.line().await, "", "{hello}");
    }
    served.stop().await;
}

#[tokio::test]
async fn a_host_can_be_unreachable_and_its_clock_wrong() {
    let mut served = Served::start().await;
    let mut host = Host::connect(&served, r#"{"server":"sync01"}"#).await;
    let faults = json!({"hosts": {"sync01": {"clockOffset": "-PT1H"}}});
    assert_eq!(served.admin(Method::POST, "/faults", Some(&faults)).await.0, 200);
    let information: HostInformation = host.ask(Operation::GetHostInformation).await;
    let now = served.handle.shared().with(|running| running.estate.now());
    assert_eq!(information.local_time, now - SignedDuration::from_hours(1));

    let faults = json!({"hosts": {"sync01": {"unreachable": true, "clockOffset": "PT0S"}}});
    assert_eq!(served.admin(Method::POST, "/faults", Some(&faults)).await.0, 200);
    host.send(Operation::GetHostInformation).await;
    served.advance(SignedDuration::from_secs(1)).await;
    let nothing = tokio::time::timeout(std::time::Duration::from_millis(100), host.line()).await;
    assert!(nothing.is_err(), "an unreachable host is silent");
    let faults = json!({"hosts": {"sync01": {"unreachable": false}}});
    assert_eq!(served.admin(Method::POST, "/faults", Some(&faults)).await.0, 200);
    served.advance(SignedDuration::from_secs(1)).await;
    assert!(matches!(host.answer().await, Outcome::Result(_)));
    served.stop().await;
}

#[tokio::test]
async fn the_host_process_answers_everything_that_was_asked_before_its_input_ended() {
    let served = Served::start().await;
    let connect = served.handle.addresses().host_bridge;
    let lines = "{\"id\":1,\"operation\":\"getScheduler\"}\n{\"id\":2,\"operation\":\"getService\"}\n";
    let output = crate::host_bridge::tests::converse("sync01", connect, lines).await.expect("answered");
    let ids: Vec<u64> =
        output.lines().map(|line| serde_json::from_str::<Response>(line).expect("a response").id).collect();
    assert_eq!(ids, [1, 2]);
    served.stop().await;
    let refused = crate::host_bridge::tests::converse("sync01", connect, lines).await;
    assert!(matches!(refused, Err(crate::host_bridge::BridgeError::Broken(_))), "{refused:?}");
}

#[tokio::test]
async fn a_cmdlet_that_hangs_takes_its_process_along_and_no_other() {
    let served = Served::start().await;
    let faults = json!({"hosts": {"sync01": {"cmdlets": {"getService": {"how": "hang", "times": 1}}}}});
    assert_eq!(served.admin(Method::POST, "/faults", Some(&faults)).await.0, 200);
    let mut hung = Host::connect(&served, r#"{"server":"sync01"}"#).await;
    hung.send(Operation::GetService).await;
    hung.send(Operation::GetScheduler).await;
    // The agent gives the process up: not a word has come from it.
    hung.to.shutdown().await.expect("closed");
    assert_eq!(hung.line().await, "");
    let mut fresh = Host::connect(&served, r#"{"server":"sync01"}"#).await;
    let service: adsync::protocol::ServiceState = fresh.ask(Operation::GetService).await;
    assert!(service.running);
    served.stop().await;
}

#[tokio::test]
async fn a_slow_host_answers_when_its_time_has_come() {
    let mut served = Served::start().await;
    let faults = json!({"hosts": {"sync01": {"latency": "PT5M"}}});
    assert_eq!(served.admin(Method::POST, "/faults", Some(&faults)).await.0, 200);
    let mut host = Host::connect(&served, r#"{"server":"sync01"}"#).await;
    let change = SchedulerChange { sync_cycle_enabled: Some(false), next_sync_cycle_policy_type: None };
    host.send(Operation::SetScheduler(change)).await;
    let shared = served.handle.shared().clone();
    let enabled = || shared.with(|running| running.estate.world.tenant.settings.scheduler.sync_cycle_enabled);
    while enabled() {
        tokio::task::yield_now().await;
    }
    // It is done; the answer is still to come.
    served.advance(SignedDuration::from_mins(5)).await;
    assert!(matches!(host.answer().await, Outcome::Result(_)));
    served.stop().await;
}
