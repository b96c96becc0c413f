//! Each class of the judge's verdict has a run in which it is not zero, and a demo that ended so would not be good: the simulated
//! Microsoft side as a process, driven by people who do everything wrong. Starts a process, network IO.

use std::process::Stdio;
use std::time::Duration;

use estate::audit::Class;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::demo::{End, Estate, Limits, Outcome, Verdict, program};
use tests::until;
use tokio::process::{Child, Command};

/// A cycle takes a second, the judge's grace for leavers and members three.
const SPEED_FACTOR: &str = "--speed-factor=1800";

/// How long one thing may take to go wrong.
const LIMIT: Duration = Duration::from_secs(30);

/// Template of the synchronization from AD to Entra in Microsoft's application gallery.
const TEMPLATE: &str = "1a4721b3-e57f-4451-ae87-ef078703ec94";

/// `groupType` of a global security group. Source: Microsoft, [MS-ADTS] 2.2.12.
const GLOBAL_SECURITY_GROUP: i64 = -0x7fff_fffe;

const SALES: &str = "OU=Sales,DC=contoso,DC=com";
const FINANCE: &str = "OU=Finance,DC=emea,DC=contoso,DC=com";

/// An organisation whose people do everything wrong.
struct Mishaps {
    estate: Estate,
    http: reqwest::Client,
    _process: Child,
    _folder: tempfile::TempDir,
}

impl Mishaps {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let addresses = folder.path().join("estate.json");
        let process = Command::new(program("estate").unwrap())
            .args(["serve", "--scenario=small", SPEED_FACTOR, "--addresses-file"])
            .arg(&addresses)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let estate = Estate::of(&addresses).await.unwrap();
        Self { estate, http: reqwest::Client::new(), _process: process, _folder: folder }
    }

    /// What the demo would say if it ended now.
    async fn faults(&self) -> Vec<String> {
        outcome(self.estate.verdict().await.unwrap()).faults()
    }

    /// Waits until a fault begins with this.
    async fn until_told(&self, fault: &str) {
        let told = until(fault, LIMIT, async || {
            Ok(self.faults().await.iter().any(|found| found.starts_with(fault)).then_some(()))
        });
        assert!(told.await.is_ok(), "expected a fault {fault:?}, found {:?}", self.faults().await);
    }

    async fn change(&self, action: Value) {
        self.estate.post("directory", &action).await.unwrap();
    }

    async fn create(&self, class: &str, name: &str, unit: &str) -> String {
        let dn = format!("CN={name},{unit}");
        let mut attributes = json!({"sAMAccountName": [name], "displayName": [name], "title": ["Clerk"]});
        match class {
            "user" => attributes["userPrincipalName"] = json!([format!("{name}@contoso.com")]),
            _ => attributes["groupType"] = json!([GLOBAL_SECURITY_GROUP]),
        }
        let create =
            json!({"action": "create", "distinguishedName": dn, "class": class, "attributes": attributes});
        self.change(create).await;
        dn
    }

    /// What somebody does at the console of a sync server.
    async fn at(&self, server: &str, action: Value) -> Value {
        let answer = self.estate.post(&format!("servers/{server}"), &action).await.unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    async fn operate(&self, operation: &str, arguments: Value) -> Value {
        let mut operation = json!({"operation": operation});
        if !arguments.is_null() {
            operation["arguments"] = arguments;
        }
        self.at("sync01", json!({"action": "operate", "operation": operation})).await
    }

    /// Runs a profile by hand and waits for its end.
    async fn run_profile(&self, connector: &Value, profile: &str) {
        self.operate("invokeRunProfile", json!({"connector": connector, "profile": profile})).await;
        until(profile, LIMIT, async || {
            let running = self.operate("getConnectorRunStatus", Value::Null).await;
            Ok(running.as_array().unwrap().is_empty().then_some(()))
        })
        .await
        .unwrap();
    }

    /// Waits until an engine has written a value.
    async fn until_written(&self, value: &str) {
        until(&format!("somebody to write {value}"), LIMIT, async || {
            let records = self.estate.records().await.unwrap();
            let mut written = records.iter().map(|record| record["event"]["write"]["values"].to_string());
            Ok(written.any(|values| values.contains(&format!("{value:?}"))).then_some(()))
        })
        .await
        .unwrap();
    }

    async fn graph(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let addresses = &self.estate.addresses;
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}%2F.default",
            addresses.client_id, addresses.client_secret, addresses.graph_url
        );
        let url = format!("{}/{}/oauth2/v2.0/token", addresses.login_url, addresses.tenant_id);
        let answer: Value = self.http.post(url).body(form).send().await.unwrap().json().await.unwrap();
        let url = format!("{}/v1.0/{path}", addresses.graph_url);
        let mut request =
            self.http.request(method, url).bearer_auth(answer["access_token"].as_str().unwrap());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Somebody configures Cloud Sync in the portal. Gives the path of the job.
    async fn make_job(&self) -> String {
        let path = format!("applicationTemplates/{TEMPLATE}/instantiate");
        let (_, made) = self.graph(Method::POST, &path, Some(json!({"displayName": "contoso.com"}))).await;
        let principal = made["servicePrincipal"]["id"].as_str().unwrap().to_owned();
        let jobs = format!("servicePrincipals/{principal}/synchronization/jobs");
        // The new principal is not known everywhere at once.
        let job = until("the job to be made", LIMIT, async || {
            let template = json!({"templateId": "AD2AADProvisioning"});
            let (status, made) = self.graph(Method::POST, &jobs, Some(template)).await;
            Ok((status == StatusCode::CREATED).then(|| made["id"].as_str().unwrap().to_owned()))
        });
        format!("{jobs}/{}", job.await.unwrap())
    }

    /// Somebody selects units in the portal and starts the job from the beginning.
    async fn serve(&self, job: &str, units: &[&str]) {
        let (_, mut schema) = self.graph(Method::GET, &format!("{job}/schema"), None).await;
        schema["synchronizationRules"][0]["containerFilter"]["includedContainers"] = json!(units);
        let (put, _) = self.graph(Method::PUT, &format!("{job}/schema"), Some(schema)).await;
        assert_eq!(put, StatusCode::NO_CONTENT);
        let (started, _) = self.graph(Method::POST, &format!("{job}/start"), None).await;
        let restart = json!({"criteria": {"resetScope": "Full"}});
        let (restarted, said) = self.graph(Method::POST, &format!("{job}/restart"), Some(restart)).await;
        assert!(started.is_success() && restarted.is_success(), "{started} {restarted} {said}");
    }
}

fn outcome(verdict: Verdict) -> Outcome {
    Outcome {
        end: End::BlockedAsPredicted(Vec::new()),
        verdict,
        limits: Limits { scheduler_stop: 1, unserved: 1, hash_gap: 1 },
        took: Duration::ZERO,
        steps: 0,
        everyday_changes: 0,
        operator_writes: None,
        agent_writes: None,
        refused: Some(0),
        chaos: None,
    }
}

#[tokio::test]
async fn everything_that_people_do_wrong_is_told() {
    let mishaps = Mishaps::start().await;
    assert_eq!(mishaps.faults().await, Vec::<String>::new(), "nobody has done anything yet");
    let zoe = mishaps.create("user", "zoe", SALES).await;
    let yan = mishaps.create("user", "yan", FINANCE).await;
    let xia = mishaps.create("user", "xia", FINANCE).await;
    let team = mishaps.create("group", "team", FINANCE).await;
    for name in ["zoe", "yan", "xia", "team"] {
        mishaps.until_written(name).await;
    }
    assert_eq!(mishaps.faults().await, Vec::<String>::new(), "joiners are no fault");

    // Somebody switches the scheduler off and forgets it.
    mishaps.operate("setScheduler", json!({"syncCycleEnabled": false})).await;
    mishaps.until_told("limit schedulerStop of 1 s exceeded").await;

    // Cloud Sync without any rule in Connect; then an export by hand of what Connect had prepared before.
    let title =
        |title: &str| json!({"action": "modify", "distinguishedName": zoe, "attributes": {"title": [title]}});
    let connectors = mishaps.operate("getConnectors", Value::Null).await;
    let connector = |kind: &str| {
        let found = connectors.as_array().unwrap().iter().find(|connector| connector["kind"] == kind);
        found.unwrap_or_else(|| panic!("{connectors:#}"))["identifier"].clone()
    };
    let (directory, entra) = (connector("ActiveDirectory"), connector("Entra"));
    mishaps.change(title("Captain")).await;
    for profile in ["Delta Import", "Delta Synchronization"] {
        mishaps.run_profile(&directory, profile).await;
    }
    let job = mishaps.make_job().await;
    mishaps.change(title("Major")).await;
    mishaps.serve(&job, &[SALES]).await;
    mishaps.until_written("Major").await;
    mishaps.run_profile(&entra, "Export").await;
    mishaps.until_told("foreign values: ").await;

    // The service accounts, which Connect has always left out.
    let hidden = mishaps.estate.addresses.excluded_units[0].clone();
    mishaps.serve(&job, &[SALES, &hidden]).await;
    mishaps.until_told("surprise accounts: ").await;

    // A unit is taken out of Connect's scope.
    let select = json!({
        "action": "selectContainers",
        "connector": directory,
        "partition": "DC=contoso,DC=com",
        "inclusion": ["OU=Pilot,DC=contoso,DC=com", SALES],
        "exclusion": ["DC=contoso,DC=com"],
    });
    mishaps.at("sync01", select).await;
    mishaps.operate("startSyncCycle", json!({"policyType": "Initial"})).await;
    mishaps.until_told("unexplained deletions: ").await;

    // Connect is uninstalled while whole units depend on it.
    for server in &mishaps.estate.addresses.servers {
        mishaps.estate.uninstall(server).await.unwrap();
    }
    mishaps.change(json!({"action": "addMember", "distinguishedName": team, "member": xia})).await;
    mishaps.change(json!({"action": "delete", "distinguishedName": yan})).await;
    mishaps.until_told("limit unserved of 1 s exceeded").await;
    mishaps.until_told("limit hashGap of 1 s exceeded").await;
    mishaps.until_told("orphans: ").await;
    mishaps.until_told("members lost: ").await;

    // The judge names the very objects.
    let verdict = mishaps.estate.verdict().await.unwrap();
    for (class, object) in [
        (Class::ForeignValue, "zoe@contoso.com"),
        (Class::Orphan, "yan@contoso.com"),
        (Class::MemberLost, "team"),
    ] {
        let named = verdict.violations.iter().any(|one| one.class == class && one.object.contains(object));
        assert!(named, "{class} of {object} in {:#?}", verdict.violations);
    }
    let told = outcome(verdict).to_string();
    assert!(told.contains("Not good:") && !told.contains("Good: "), "{told}");
}
