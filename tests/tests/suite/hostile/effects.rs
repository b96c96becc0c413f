//! What a hostile agent may write moves no migration, shown with the operator at work on one that waits for this agent. Starts
//! processes, network IO.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crds::migration::StepState;
use crds::{Migration, SyncServer};
use jiff::{SignedDuration, Timestamp};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tests::demo::{
    Estate, Limits, NAMESPACE, Wanted, install, start_agents, start_estate, start_operator,
    tenant_and_servers, topology,
};
use tests::{ControlPlane, apply, until};

use super::lies::{Known, LIES, Lie};
use super::rows::KINDS;
use crate::agent_lifecycle::cluster::{JSON, LIMIT, MERGE, OPERATOR, ask, own};

/// The agent that turned hostile: the one on the server that exports.
const EVIL: &str = "sync01";

/// An agent that stayed honest.
const HONEST: &str = "sync02";

struct World {
    control_plane: ControlPlane,
    estate: Estate,
    admin: Client,
    evil: Client,
    /// By how many seconds its heartbeats lie.
    skew: Arc<AtomicI64>,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lie_of_an_agent_moves_a_migration() {
    let world = World::start().await;
    let beating = world.beat();
    let before = world.past().await;
    let mut wrong = Vec::new();
    for lie in LIES {
        world.tell(lie).await;
        wrong.extend(world.came_of(lie.what, &before).await);
        if lie.chunk.is_some() {
            wrong.extend(world.bytes_that_lie_are_told(lie.what).await);
        }
    }
    wrong.extend(world.nothing_is_given_while_it_has_seen_too_much().await);
    wrong.extend(world.clocks_that_lie(&before).await);
    wrong.extend(world.a_report_about_another_host(&before).await);

    // The same channel carries the truth: with the honest agent back the migration goes on.
    beating.abort();
    world.signal("-CONT").await;
    until("the migration to go on", LIMIT, async || {
        Ok((world.past().await.len() > before.len()).then_some(()))
    })
    .await
    .unwrap();
    let verdict = world.estate.verdict().await.unwrap();
    assert!(verdict.violations.is_empty(), "{:?}", verdict.violations);
    world.control_plane.stop().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl World {
    /// An organisation whose migration waits for a command of the agent that turned hostile: the process is held, and whoever has
    /// its credentials speaks in its place.
    async fn start() -> Self {
        let mut control_plane = ControlPlane::start_local().await.unwrap();
        let arguments = ["--scenario=small", "--speed-factor=60"].map(str::to_owned);
        let estate = start_estate(&mut control_plane, &arguments).await.unwrap();
        install(&control_plane, &estate).await.unwrap();
        let admin = control_plane.client().await.unwrap();
        for object in tenant_and_servers(&estate.addresses) {
            apply(&admin, "platform-team", &object).await.unwrap();
        }
        start_operator(&mut control_plane).await.unwrap();
        start_agents(&mut control_plane, &estate).await.unwrap();
        let evil = control_plane.client_for_service_account(NAMESPACE, EVIL).await.unwrap();
        let world = Self { control_plane, estate, admin, evil, skew: Arc::default() };
        for agent in [EVIL, HONEST] {
            // Short heartbeats: who is back is believed after four of them.
            let path = own(KINDS, &format!("syncagents/{agent}"));
            ask(&world.admin, "PATCH", &path, MERGE, Some(&json!({"spec": {"heartbeatSeconds": 2}})))
                .await
                .object();
            until(&format!("{agent} to report"), LIMIT, async || {
                let server = world.servers().get(agent).await.unwrap();
                Ok(server.status.and_then(|status| status.version))
            })
            .await
            .unwrap();
        }
        world.signal("-STOP").await;
        let beating = world.beat();
        let limits = Limits { scheduler_stop: 60, unserved: 120, hash_gap: 120 };
        let wanted = Wanted {
            waves: vec![vec![0]],
            soak: "3s",
            observation: "8s",
            max_drift: 0,
            max_unknown_references: 0,
            limits,
        };
        apply(&world.admin, "platform-team", &topology(&world.estate.addresses, &wanted)).await.unwrap();
        until("a command for the held agent", LIMIT, async || {
            let object = world.own_agent().await;
            Ok((!object["spec"]["command"].is_null()).then_some(()))
        })
        .await
        .unwrap();
        beating.abort();
        world
    }

    /// Heartbeats in the held agent's name.
    fn beat(&self) -> tokio::task::JoinHandle<()> {
        let (evil, skew) = (self.evil.clone(), self.skew.clone());
        tokio::spawn(async move {
            let path = own("coordination.k8s.io/v1", &format!("leases/{EVIL}"));
            loop {
                let mut lease = ask(&evil, "GET", &path, JSON, None).await.object();
                let at = Timestamp::now() + SignedDuration::from_secs(skew.load(Ordering::Acquire));
                lease["spec"]["renewTime"] = json!(format!("{at:.6}"));
                lease["spec"]["holderIdentity"] = json!("somebody-else");
                // A conflict is made good by the next one.
                ask(&evil, "PUT", &path, JSON, Some(&lease)).await;
                tokio::time::sleep(Duration::from_millis(700)).await;
            }
        })
    }

    fn servers(&self) -> Api<SyncServer> {
        Api::namespaced(self.admin.clone(), NAMESPACE)
    }

    async fn own_agent(&self) -> Value {
        ask(&self.evil, "GET", &own(KINDS, &format!("syncagents/{EVIL}")), JSON, None).await.object()
    }

    /// Tells a lie about the command that is given now.
    async fn tell(&self, lie: &Lie) {
        let other =
            ask(&self.admin, "GET", &own(KINDS, &format!("syncagents/{HONEST}")), JSON, None).await.object();
        let known = Known {
            command: self.own_agent().await["spec"]["command"].clone(),
            other: other["status"]["outcome"].clone(),
        };
        if let Some(bytes) = lie.chunk {
            let body = json!({"data": {"chunk": STANDARD.encode(bytes)}});
            ask(&self.evil, "PATCH", &own("v1", &format!("secrets/{EVIL}-bulk-0")), MERGE, Some(&body))
                .await
                .object();
        }
        self.say(lie.what, &(lie.status)(&known)).await;
    }

    /// Writes its own status. What the API server refuses has no effect either.
    async fn say(&self, what: &str, status: &Value) {
        let path = own(KINDS, &format!("syncagents/{EVIL}/status"));
        // Nothing of the lie before is left.
        if status.get("outcome").is_some_and(Value::is_object) {
            ask(&self.evil, "PATCH", &path, MERGE, Some(&json!({"status": {"outcome": null}})))
                .await
                .object();
        }
        let answer = ask(&self.evil, "PATCH", &path, MERGE, Some(&json!({ "status": status }))).await;
        assert!(matches!(answer.code, 200 | 403 | 422), "{what}: {answer:?}");
    }

    /// Waits until the operator has looked, and tells what came of it.
    async fn came_of(&self, what: &str, before: &BTreeSet<String>) -> Option<String> {
        self.until_looked_at(what).await;
        let past = self.past().await;
        let moved: Vec<&String> = past.difference(before).collect();
        (!moved.is_empty()).then(|| format!("{what}: {moved:?}"))
    }

    /// Waits until the operator has looked twice at everything that a plan is made of, each time after something that it watches
    /// was touched: it looks once for the topology and once for the migrations then.
    async fn until_looked_at(&self, what: &str) {
        let log = self.control_plane.audit().unwrap();
        let looks =
            || log.all().unwrap().completed().by(OPERATOR).on("migrationdecisions").verb("list").len();
        for time in ["first", "second"] {
            let before = looks();
            let touch = json!({"metadata": {"annotations": {"looked-at": format!("{what}, {time} time")}}});
            ask(&self.admin, "PATCH", &own(KINDS, "synctopologies/contoso"), MERGE, Some(&touch))
                .await
                .object();
            until(&format!("the operator to look at: {what}"), LIMIT, async || {
                Ok((looks() >= before + 2).then_some(()))
            })
            .await
            .unwrap();
        }
    }

    /// Steps of all migrations that are past.
    async fn past(&self) -> BTreeSet<String> {
        let migrations: Api<Migration> = Api::namespaced(self.admin.clone(), NAMESPACE);
        let found = migrations.list(&ListParams::default()).await.unwrap();
        let mut past = BTreeSet::new();
        for migration in found {
            let name = migration.name_any();
            let steps = migration.status.map(|status| status.steps).unwrap_or_default();
            let done =
                steps.into_iter().filter(|step| matches!(step.state, StepState::Done | StepState::Skipped));
            past.extend(done.map(|step| format!("{name}/{}", step.name)));
        }
        past
    }

    /// The reason of what the migration waits for.
    async fn reasons(&self) -> Vec<String> {
        let migrations: Api<Migration> = Api::namespaced(self.admin.clone(), NAMESPACE);
        let found = migrations.list(&ListParams::default()).await.unwrap();
        let conditions =
            found.into_iter().filter_map(|migration| migration.status).flat_map(|status| status.conditions);
        conditions.map(|condition| condition.reason).collect()
    }

    /// Bytes that are not what was said about them hold the migration, and it says what a person has to do.
    async fn bytes_that_lie_are_told(&self, what: &str) -> Option<String> {
        let told = until("bytes that lie to be told", LIMIT, async || {
            let reason = crds::conditions::Reason::SnapshotUnreadable.as_str();
            Ok(self.reasons().await.iter().any(|found| found == reason).then_some(()))
        });
        told.await.is_err().then(|| format!("{what}: no condition says so"))
    }

    /// The last lie was an epoch far above: a person is asked, and no command is given until one has readopted.
    async fn nothing_is_given_while_it_has_seen_too_much(&self) -> Option<String> {
        let reason = crds::conditions::Reason::StateRestored.as_str();
        let told = until("the forged epoch to be told", LIMIT, async || {
            Ok(self.reasons().await.iter().any(|found| found == reason).then_some(()))
        });
        if told.await.is_err() {
            return Some(format!("an epoch far above: expected {reason}, found {:?}", self.reasons().await));
        }
        let given = self.own_agent().await["spec"]["command"]["id"].clone();
        self.until_looked_at("an epoch far above").await;
        let now = self.own_agent().await["spec"]["command"]["id"].clone();
        (given != now).then(|| format!("an epoch far above: a command was given all the same: {now}"))
    }

    /// Heartbeats of another time: said as a condition, never believed.
    async fn clocks_that_lie(&self, before: &BTreeSet<String>) -> Vec<String> {
        let mut wrong = Vec::new();
        for (what, skew) in
            [("beats in the next century", 2_300_000_000), ("beats in the last century", -1_000_000_000)]
        {
            self.skew.store(skew, Ordering::Release);
            let told = until(what, LIMIT, async || {
                let conditions =
                    self.servers().get(EVIL).await.unwrap().status.unwrap_or_default().conditions;
                let skewed = crds::conditions::ConditionType::ClockSkewed;
                Ok(crds::conditions::is_true(&conditions, skewed).then_some(()))
            });
            if told.await.is_err() {
                wrong.push(format!("{what}: no condition says so"));
            }
            wrong.extend(self.came_of(what, before).await);
        }
        self.skew.store(0, Ordering::Release);
        wrong
    }

    /// Its report is about another host, with nothing on it that would be in the way.
    async fn a_report_about_another_host(&self, before: &BTreeSet<String>) -> Option<String> {
        let report = own(KINDS, &format!("syncagentreports/{EVIL}-inventory"));
        let held = ask(&self.evil, "GET", &report, JSON, None).await.object();
        let mut inventory = held["status"]["inventory"].clone();
        inventory["host"]["name"] = json!("SYNC99");
        inventory["scheduler"]["staging"] = json!(false);
        inventory["epoch"] = json!(1_000_000);
        let body = json!({"status": {"inventory": inventory}});
        ask(&self.evil, "PATCH", &format!("{report}/status"), MERGE, Some(&body)).await.object();
        self.came_of("a report about another host", before).await
    }

    /// Holds the real agent's process, or lets it go on.
    async fn signal(&self, signal: &str) {
        let id = self.control_plane.process_of(&format!("agent-{EVIL}")).unwrap();
        let sent = tokio::process::Command::new("kill").args([signal, &id.to_string()]).status().await;
        assert!(sent.unwrap().success());
    }
}
