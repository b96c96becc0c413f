//! The whole road of a cloud sync configuration, from an empty tenant to a quarantine.

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::fixture::{Fixture, MANAGER, PILOT, SALES, USERS_PER_UNIT, code, dn};
use crate::graph::GraphResponse;

const TEMPLATE: &str = "/v1.0/applicationTemplates/1a4721b3-e57f-4451-ae87-ef078703ec94/instantiate";

/// A configuration of contoso.com with a provisioning job that has not been started.
struct Configured {
    fixture: Fixture,
    /// `/v1.0/servicePrincipals/{id}/synchronization`
    synchronization: String,
    job: String,
}

impl Configured {
    fn new() -> Self {
        let mut fixture = Fixture::new();
        fixture.estate.with_cloud(|cloud, world, _| cloud.add_agent("agent01", &["contoso.com"], world));
        let made = fixture.post(TEMPLATE, &json!({"displayName": "contoso.com"}));
        assert_eq!(made.status, 201, "{:?}", made.body);
        let id = made.body_json()["servicePrincipal"]["id"].as_str().expect("an id").to_owned();
        fixture.advance(SignedDuration::from_mins(1));
        let synchronization = format!("/v1.0/servicePrincipals/{id}/synchronization");
        let created =
            fixture.post(&format!("{synchronization}/jobs"), &json!({"templateId": "AD2AADProvisioning"}));
        assert_eq!(created.status, 201, "{:?}", created.body);
        let job = created.body_json()["id"].as_str().expect("an id").to_owned();
        Self { fixture, synchronization, job }
    }

    fn job_url(&self, rest: &str) -> String {
        format!("{}/jobs/{}{rest}", self.synchronization, self.job)
    }

    fn post_job(&mut self, action: &str, body: Option<&Value>) -> GraphResponse {
        let url = self.job_url(action);
        self.fixture.send(Method::POST, &url, body)
    }

    fn status(&mut self) -> Value {
        let url = self.job_url("");
        self.fixture.read(&url)["status"].clone()
    }

    fn put_secrets(&mut self, secrets: &Value) -> GraphResponse {
        let url = format!("{}/secrets", self.synchronization);
        self.fixture.send(Method::PUT, &url, Some(&json!({"value": secrets})))
    }

    /// Reads the schema, narrows or widens its scope, and writes it back.
    fn scope(&mut self, containers: &[&str]) {
        let url = self.job_url("/schema");
        let mut schema = self.fixture.read(&url);
        schema["synchronizationRules"][0]["containerFilter"] = json!({"includedContainers": containers});
        assert_eq!(self.fixture.send(Method::PUT, &url, Some(&schema)).status, 204);
    }

    fn start(&mut self) {
        assert_eq!(self.post_job("/start", None).status, 204);
    }

    fn restart(&mut self, scope: &str) {
        assert_eq!(self.post_job("/restart", Some(&json!({"criteria": {"resetScope": scope}}))).status, 204);
    }

    /// Lets cycles run until the last thing they do is nothing.
    fn settle(&mut self) {
        self.fixture.advance(SignedDuration::from_mins(30));
        self.fixture.sign_in(MANAGER);
    }

    fn log(&mut self, filter: &str) -> Vec<Value> {
        self.fixture.advance(SignedDuration::from_mins(5));
        let url =
            format!("/v1.0/auditLogs/provisioning?$filter=jobId eq '{}' and {filter}&$top=999", self.job);
        self.fixture.read(&url)["value"].as_array().expect("a collection").clone()
    }
}

fn count(status: &Value, key: &str) -> u64 {
    let entries = status["synchronizedEntryCountByType"].as_array().expect("a list");
    entries.iter().find(|entry| entry["key"] == key).and_then(|entry| entry["value"].as_u64()).unwrap_or(0)
}

#[test]
fn a_new_service_principal_takes_a_while_to_appear_and_to_work() {
    let mut fixture = Fixture::new();
    let made = fixture.post(TEMPLATE, &json!({"displayName": "contoso.com"}));
    assert_eq!(made.status, 201);
    let id = made.body_json()["servicePrincipal"]["id"].as_str().expect("an id").to_owned();
    let url = format!("/v1.0/servicePrincipals/{id}");
    let templates = format!("{url}/synchronization/templates");
    assert_eq!(fixture.get(&url).status, 404);
    assert_eq!(fixture.get(&templates).status, 404);
    fixture.advance(SignedDuration::from_secs(20));
    assert_eq!(fixture.get(&url).status, 200);
    let early: Vec<u16> = (0..4).map(|_| fixture.get(&templates).status.as_u16()).collect();
    assert_eq!(early, [409, 403, 409, 403]);
    fixture.advance(SignedDuration::from_secs(20));
    let listed = fixture.read(&templates);
    let ids: Vec<&str> =
        listed["value"].as_array().expect("a list").iter().filter_map(|t| t["id"].as_str()).collect();
    assert_eq!(ids, ["AD2AADProvisioning", "AD2AADPasswordHash"]);

    let found = fixture.read(
        "/v1.0/servicePrincipals?$filter=applicationTemplateId eq '1a4721b3-e57f-4451-ae87-ef078703ec94'",
    );
    assert_eq!(found["value"][0]["id"], id.as_str());
    assert!(
        found["value"][0]["homepage"]
            .as_str()
            .is_some_and(|page| page.contains("metadata=AD2AADProvisioning|"))
    );
    let unknown = TEMPLATE.replace("1a47", "2b58");
    assert_eq!(fixture.post(&unknown, &json!({"displayName": "x"})).status, 404);
    assert_eq!(fixture.post(TEMPLATE, &json!({})).status, 400);
}

#[test]
fn tags_and_notes_of_a_service_principal_can_be_written() {
    let mut configured = Configured::new();
    let url = configured.synchronization.replace("/synchronization", "");
    let tagged = json!({"tags": ["cluster-1"], "notes": "owned"});
    assert_eq!(configured.fixture.send(Method::PATCH, &url, Some(&tagged)).status, 204);
    let read = configured.fixture.read(&url);
    assert!(read["tags"].as_array().is_some_and(|tags| tags.contains(&json!("cluster-1"))));
    assert_eq!(read["notes"], "owned");
    let found =
        configured.fixture.read("/v1.0/servicePrincipals?$filter=tags/any(t:t eq 'cluster-1')&$select=id");
    assert_eq!(found["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(configured.fixture.send(Method::PATCH, &url, Some(&json!({"appId": "x"}))).status, 400);
}

#[test]
fn what_a_client_made_it_may_run_without_the_tenant_wide_permission() {
    let mut fixture = Fixture::new();
    let owner = fixture.client(4, &["Application.ReadWrite.OwnedBy"]);
    let other = fixture.client(5, &["Application.ReadWrite.OwnedBy"]);
    let name = json!({"displayName": "contoso.com"});
    let made = fixture.send_as(owner, Method::POST, TEMPLATE, &[], Some(&name));
    let id = made.body_json()["servicePrincipal"]["id"].as_str().expect("an id").to_owned();
    fixture.advance(SignedDuration::from_mins(1));
    let jobs = format!("/v1.0/servicePrincipals/{id}/synchronization/jobs");
    assert_eq!(fixture.send_as(owner, Method::GET, &jobs, &[], None).status, 200);
    assert_eq!(fixture.send_as(other, Method::GET, &jobs, &[], None).status, 403);
    let application = made.body_json()["application"]["id"].as_str().expect("an id").to_owned();
    let application = format!("/v1.0/applications/{application}");
    assert_eq!(fixture.send_as(other, Method::DELETE, &application, &[], None).status, 403);
    assert_eq!(fixture.send_as(owner, Method::DELETE, &application, &[], None).status, 204);
    assert_eq!(fixture.get(&jobs).status, 404, "deleting the application takes the service principal along");
}

#[test]
fn a_new_job_shows_the_oddities_of_the_real_one() {
    let mut configured = Configured::new();
    let jobs = format!("{}/jobs", configured.synchronization);
    let hash = configured.fixture.post(&jobs, &json!({"templateId": "AD2AADPasswordHash"}));
    assert_eq!(hash.body_json()["schedule"]["interval"], "P10675199DT2H48M5.4775807S");
    let listed = configured.fixture.read(&jobs);
    assert_eq!(listed["value"].as_array().map(Vec::len), Some(2));
    let url = configured.job_url("");
    let job = configured.fixture.read(&url);
    assert_eq!(job["templateId"], "AD2AADProvisioning");
    assert_eq!(job["schedule"]["state"], "Disabled");
    assert_eq!(job["status"]["code"], "Paused");
    assert_eq!(job["status"]["steadyStateFirstAchievedTime"], "0001-01-01T00:00:00Z");
    assert_eq!(job["status"]["lastExecution"], Value::Null);
    let settings = job["synchronizationJobSettings"].as_array().expect("a list");
    assert!(settings.contains(&json!({"name": "DomainFQDN", "value": "contoso.com"})));
    assert!(settings.contains(&json!({"name": "QuarantineTooManyDeletesThreshold", "value": "500"})));
    let unknown = configured.fixture.post(&jobs, &json!({"templateId": "ADDCInPassthrough"}));
    assert_eq!((unknown.status.as_u16(), code(&unknown)), (400, "Request_BadRequest"));
    assert_eq!(configured.fixture.get(&format!("{jobs}/nonsense")).status, 404);
    assert_eq!(configured.fixture.send(Method::DELETE, &url, None).status, 204);
    assert_eq!(configured.fixture.get(&url).status, 404);
}

#[test]
fn creating_a_job_answers_another_template_than_was_asked_for() {
    let mut fixture = Fixture::new();
    let made = fixture.post(TEMPLATE, &json!({"displayName": "contoso.com"}));
    let id = made.body_json()["servicePrincipal"]["id"].as_str().expect("an id").to_owned();
    fixture.advance(SignedDuration::from_mins(1));
    let jobs = format!("/beta/servicePrincipals/{id}/synchronization/jobs");
    let created = fixture.post(&jobs, &json!({"templateId": "AD2AADProvisioning"}));
    assert_eq!(created.body_json()["templateId"], "ADDCInPassthrough");
    let job = created.body_json()["id"].as_str().expect("an id");
    let tenant = fixture.tenant_id().simple().to_string();
    assert!(job.starts_with(&format!("AD2AADProvisioning.{tenant}.")), "{job}");
}

#[test]
fn secrets_are_replaced_as_a_whole_and_credentials_read_back_as_stars() {
    let mut configured = Configured::new();
    let url = format!("{}/secrets", configured.synchronization);
    let both = json!([
        {"key": "Domain", "value": "{\"domain\":\"contoso.com\"}"},
        {"key": "Password", "value": "hidden"},
    ]);
    assert_eq!(configured.put_secrets(&both).status, 204);
    let read = configured.fixture.read(&url);
    assert_eq!(
        read["value"],
        json!([{"key": "Domain", "value": "{\"domain\":\"contoso.com\"}"}, {"key": "Password", "value": "*"}])
    );
    let notification = json!([{"key": "SyncNotificationSettings",
        "value": "{\"Enabled\":true,\"Recipients\":\"a@contoso.com\",\"DeleteThresholdEnabled\":true,\"DeleteThresholdValue\":5}"}]);
    assert_eq!(configured.put_secrets(&notification).status, 204);
    assert_eq!(
        configured.fixture.read(&url)["value"].as_array().map(Vec::len),
        Some(1),
        "the others are gone"
    );
    let job = configured.job_url("");
    let settings = configured.fixture.read(&job)["synchronizationJobSettings"].clone();
    let threshold = json!({"name": "QuarantineTooManyDeletesThreshold", "value": "5"});
    assert!(settings.as_array().is_some_and(|settings| settings.contains(&threshold)));
    for wrong in [json!([{"key": "CredentialJson", "value": "x"}]), json!([{"key": "Domain"}]), json!("x")] {
        assert_eq!(configured.put_secrets(&wrong).status, 400, "{wrong}");
    }
}

#[test]
fn the_schema_is_replaced_and_unknown_properties_survive() {
    let mut configured = Configured::new();
    let url = configured.job_url("/schema");
    let mut schema = configured.fixture.read(&url);
    assert_eq!(schema["synchronizationRules"][0]["id"], "6c409270-f78a-4bc6-af23-7cf3ab6482fe");
    assert_eq!(schema["synchronizationRules"][0]["containerFilter"], json!({"includedContainers": []}));
    let version = schema["version"].clone();
    schema["synchronizationRules"][0]["containerFilter"] = json!({"includedContainers": [PILOT]});
    schema["synchronizationRules"][0]["metadata"] = json!([{"key": "custom", "value": "kept"}]);
    schema["@odata.custom"] = json!("an annotation of ours is dropped");
    assert_eq!(configured.fixture.send(Method::PUT, &url, Some(&schema)).status, 204);
    let read = configured.fixture.read(&url);
    assert_ne!(read["version"], version, "every write raises the version");
    assert_eq!(read["synchronizationRules"][0]["metadata"][0]["value"], "kept");
    assert_eq!(read.get("@odata.custom"), None);

    let mut both = read.clone();
    both["synchronizationRules"][0]["groupFilter"] =
        json!({"includedGroups": ["CN=Everybody,OU=Pilot,DC=contoso,DC=com"]});
    assert_eq!(configured.fixture.send(Method::PUT, &url, Some(&both)).status, 400, "both filters at once");
    let mut twice = read.clone();
    let mappings = twice["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
        .as_array_mut()
        .expect("a list");
    mappings.push(mappings[1].clone());
    assert_eq!(configured.fixture.send(Method::PUT, &url, Some(&twice)).status, 400, "one target twice");
    let many: Vec<String> = (0..60).map(|number| format!("OU={number},DC=contoso,DC=com")).collect();
    let mut wide = read.clone();
    wide["synchronizationRules"][0]["containerFilter"] = json!({"includedContainers": many});
    assert_eq!(configured.fixture.send(Method::PUT, &url, Some(&wide)).status, 400, "60 entries");
    assert_eq!(configured.fixture.send(Method::PUT, &url, Some(&json!({"directories": []}))).status, 400);
    assert_eq!(configured.fixture.read(&url), read, "a refused write changes nothing");
}

#[test]
fn expressions_functions_and_directories_can_be_asked_for() {
    let mut configured = Configured::new();
    let schema = configured.job_url("/schema");
    let functions = configured.fixture.read(&format!("{schema}/functions"));
    assert!(
        functions["value"]
            .as_array()
            .is_some_and(|list| list.iter().any(|function| function["name"] == "IIF"))
    );
    let operators = configured.fixture.read(&format!("{schema}/filterOperators"));
    assert_eq!(operators["value"][0]["name"], "EQUALS");
    let parsed = configured.fixture.post(
        &format!("{schema}/parseExpression"),
        &json!({"expression": "Left([mailNickname], 3)",
                "testInputObject": {"definition": null, "properties": [{"key": "mailNickname", "value": "adele"}]}}),
    );
    assert_eq!(parsed.body_json()["evaluationResult"], json!(["ade"]));
    assert_eq!(parsed.body_json()["parsedExpression"]["type"], "Function");
    let broken =
        configured.fixture.post(&format!("{schema}/parseExpression"), &json!({"expression": "Left("}));
    assert_eq!(broken.body_json()["parsingSucceeded"], false);
    let directories = configured.fixture.read(&format!("{schema}/directories"));
    let first = directories["value"][0].clone();
    let discovered = configured
        .fixture
        .post(&format!("{schema}/directories/{}/discover", first["id"].as_str().expect("an id")), &json!({}));
    assert_eq!(discovered.body_json()["name"], first["name"]);
    assert!(discovered.body_json()["discoveryDateTime"].is_string());
}

#[test]
fn a_narrowed_scope_takes_over_without_changing_anything() {
    let mut configured = Configured::new();
    let domain = json!([{"key": "Domain", "value": "{\"domain\":\"contoso.com\"}"}]);
    assert_eq!(configured.put_secrets(&domain).status, 204);
    configured.scope(&[PILOT]);
    assert_eq!(
        configured.post_job("/validateCredentials", Some(&json!({"useSavedCredentials": true}))).status,
        204
    );
    let select =
        "$select=id,userPrincipalName,displayName,mail,proxyAddresses,accountEnabled,onPremisesImmutableId";
    let (_, users) = configured.fixture.pages(&format!("/v1.0/users/delta?{select}"), &[]);
    let (_, groups) = configured.fixture.pages("/v1.0/groups/delta?$select=displayName,members", &[]);

    configured.start();
    assert_eq!(configured.status()["code"], "NotRun");
    configured.settle();
    let status = configured.status();
    assert_eq!(status["code"], "Active", "{status:#}");
    assert_eq!(status["lastExecution"]["state"], "Succeeded");
    assert_eq!(count(&status, "user to User"), USERS_PER_UNIT as u64);
    assert_eq!(count(&status, "group to Group"), 1);
    assert_ne!(status["steadyStateFirstAchievedTime"], "0001-01-01T00:00:00Z");

    // Hard matches: the same objects under the same ids, and nobody's values have changed.
    assert_eq!(configured.fixture.pages(&users.expect("a link"), &[]).0, Vec::<Value>::new());
    assert_eq!(configured.fixture.pages(&groups.expect("a link"), &[]).0, Vec::<Value>::new());

    let entries = configured.log("provisioningStatusInfo/status eq 'success'");
    assert_eq!(entries.len(), USERS_PER_UNIT + 1, "positive proof for every object in scope");
    let source =
        |entry: &Value| entry["sourceIdentity"]["details"]["DistinguishedName"].as_str().map(str::to_owned);
    assert!(entries.iter().all(|entry| source(entry).is_some_and(|dn| dn.ends_with(PILOT))));
    let hidden = configured.log("provisioningStatusInfo/status eq 'SUCCESS'");
    assert_eq!(hidden, Vec::<Value>::new(), "the log compares with regard to case");
}

#[test]
fn empty_filters_mean_the_whole_domain() {
    let mut configured = Configured::new();
    configured.start();
    configured.settle();
    let status = configured.status();
    assert_eq!(count(&status, "user to User"), 2 * USERS_PER_UNIT as u64);
    assert_eq!(count(&status, "group to Group"), 2);
    assert_eq!(count(&status, "contact to Contact"), 1);
}

#[test]
fn too_many_deletions_end_in_quarantine_until_somebody_decides() {
    let mut configured = Configured::new();
    let guard = json!([{"key": "SyncNotificationSettings", "value":
        "{\"Enabled\":true,\"Recipients\":\"a@contoso.com\",\"DeleteThresholdEnabled\":true,\"DeleteThresholdValue\":5}"}]);
    assert_eq!(configured.put_secrets(&guard).status, 204);
    configured.scope(&[PILOT, SALES]);
    configured.start();
    configured.settle();
    // Someone narrows the scope: thirty users, a group and a contact would be deleted.
    configured.scope(&[PILOT]);
    configured.restart("");
    configured.settle();
    let status = configured.status();
    assert_eq!(status["code"], "Quarantine", "{status:#}");
    assert_eq!(status["quarantine"]["reason"], "TooManyDeletes");
    let staged = configured.log("provisioningAction eq 'stagedDelete'");
    assert!(staged.len() >= USERS_PER_UNIT, "{}", staged.len());
    let eventual = &[("ConsistencyLevel", "eventual")];
    let users = configured.fixture.get_with("/v1.0/users/$count", eventual);
    assert_eq!(
        users.body,
        crate::graph::Body::Text((2 * USERS_PER_UNIT).to_string()),
        "nobody is deleted yet"
    );

    configured.restart("ForceDeletes");
    configured.settle();
    assert_eq!(configured.status()["quarantine"], Value::Null);
    let users = configured.fixture.get_with("/v1.0/users/$count", eventual);
    assert_eq!(users.body, crate::graph::Body::Text(USERS_PER_UNIT.to_string()));
    let trail = configured
        .fixture
        .read("/v1.0/auditLogs/directoryAudits?$filter=loggedByService eq 'Account Provisioning'");
    let names: Vec<&str> = trail["value"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|e| e["activityDisplayName"].as_str())
        .collect();
    assert_eq!(names[0], "Enable/restart provisioning configuration");
    assert!(names.contains(&"Update attribute mappings or scope"));
}

#[test]
fn a_paused_job_does_nothing_and_unknown_restart_scopes_are_refused() {
    let mut configured = Configured::new();
    configured.scope(&[PILOT]);
    configured.start();
    configured.settle();
    assert_eq!(configured.post_job("/pause", None).status, 204);
    let before = configured.status();
    assert_eq!(before["code"], "Paused");
    configured.settle();
    assert_eq!(configured.status()["lastExecution"], before["lastExecution"]);
    let wrong = json!({"criteria": {"resetScope": "Everything"}});
    assert_eq!(configured.post_job("/restart", Some(&wrong)).status, 400);
    let combined = json!({"criteria": {"resetScope": "Watermark, Escrows, QuarantineState"}});
    assert_eq!(configured.post_job("/restart", Some(&combined)).status, 204);
    assert_eq!(configured.status()["code"], "Active");
}

#[test]
fn on_demand_provisioning_answers_json_inside_of_text() {
    let mut configured = Configured::new();
    configured.scope(&[PILOT]);
    let subject = |name: &str, rule: &str| json!({"parameters": [{"ruleId": rule, "subjects": [{"objectId": name, "objectTypeName": "user"}]}]});
    let rule = "6c409270-f78a-4bc6-af23-7cf3ab6482fe";
    // A user that does not exist in the tenant yet, outside of the scope: written all the same.
    configured.fixture.estate.with_world(|world, now| {
        let new = crate::directory::NewObject {
            dn: dn(SALES).child("CN", "newcomer"),
            class: crate::directory::ObjectClass::User,
            attributes: crate::value::Attributes::new().with("userPrincipalName", "newcomer@contoso.com"),
        };
        world.directory.create(new, now).expect("created");
    });
    let name = format!("CN=newcomer,{SALES}");
    let answered = configured.post_job("/provisionOnDemand", Some(&subject(&name, rule)));
    assert_eq!(answered.status, 200);
    let body = answered.body_json();
    assert!(
        body["@odata.context"].as_str().is_some_and(|context| context.starts_with("https://syncfabric."))
    );
    let parse =
        |part: &Value| serde_json::from_str::<Value>(part.as_str().expect("text")).expect("JSON in text");
    assert_eq!(parse(&body["key"])["result"], "Success");
    assert_eq!(parse(&body["value"])["provisioningSteps"][0]["type"], "Import");
    assert_eq!(configured.fixture.get("/v1.0/users/newcomer@contoso.com").status, 200);

    let missing =
        configured.post_job("/provisionOnDemand", Some(&subject("CN=nobody,DC=contoso,DC=com", rule)));
    assert_eq!(parse(&missing.body_json()["key"])["result"], "Skipped");
    assert_eq!(configured.post_job("/provisionOnDemand", Some(&subject(&name, "x"))).status, 400);
    assert_eq!(configured.post_job("/provisionOnDemand", Some(&json!({}))).status, 400);
    assert_eq!(configured.post_job("/provisionOnDemand", Some(&subject("nonsense", rule))).status, 400);
    assert_eq!(
        configured.post_job("/provisionOnDemand", Some(&subject(&name, rule))).status,
        429,
        "five in ten seconds"
    );
}

#[test]
fn agents_groups_and_domains_are_related() {
    let mut fixture = Fixture::new();
    let agent = fixture.estate.with_cloud(|cloud, world, _| {
        cloud.add_agent("agent02", &["emea.contoso.com"], world);
        cloud.add_agent("agent01", &["contoso.com", "emea.contoso.com"], world)
    });
    fixture.estate.world.modes.app_only_access = crate::modes::AppOnlyAccess::Served;
    let client = fixture.client(6, &["Policy.Read.HybridAuthentication"]);
    let profile = "/beta/onPremisesPublishingProfiles/provisioning";
    let read = |fixture: &mut Fixture, rest: &str| {
        let response = fixture.send_as(client, Method::GET, &format!("{profile}{rest}"), &[], None);
        assert_eq!(response.status, 200, "{rest}: {:?}", response.body);
        response.body_json().clone()
    };
    assert_eq!(read(&mut fixture, "")["id"], "provisioning");
    let agents = read(&mut fixture, "/agents?$expand=agentGroups");
    let one = agents["value"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|one| one["id"] == agent.to_string())
        .expect("listed")
        .clone();
    assert_eq!((&one["status"], &one["machineName"]), (&json!("active"), &json!("agent01")));
    assert_eq!(one["agentGroups"].as_array().map(Vec::len), Some(2));
    let group = one["agentGroups"][0]["id"].as_str().expect("an id").to_owned();
    let groups = read(&mut fixture, "/agentGroups?$expand=agents,publishedResources");
    assert_eq!(groups["value"].as_array().map(Vec::len), Some(2));
    assert_eq!(read(&mut fixture, &format!("/agentGroups/{group}"))["id"], group.as_str());
    assert_eq!(
        read(&mut fixture, &format!("/agentGroups/{group}/publishedResources"))["value"][0]["resourceName"],
        "contoso.com"
    );
    let resources = read(&mut fixture, "/publishedResources?$expand=agentGroups");
    assert_eq!(resources["value"][1]["agentGroups"][0]["displayName"], "Group-emea.contoso.com");

    fixture.estate.world.modes.agent_status = crate::modes::AgentStatusSpelling::Capitalised;
    // The description knows the lower-case spelling only; the pages show this one.
    let url = format!("{profile}/agents/{agent}");
    let (_, shown) = fixture.send_unchecked(client, Method::GET, &url, &[], None);
    assert_eq!(shown.body_json()["status"], "Active");
    fixture.estate.world.modes.agent_status = crate::modes::AgentStatusSpelling::Lower;
    fixture.estate.with_cloud(|cloud, _, now| cloud.set_agent_running(agent, false, now));
    fixture.advance(SignedDuration::from_mins(61));
    fixture.sign_in(client);
    assert_eq!(read(&mut fixture, &format!("/agents/{agent}"))["status"], "inactive");
    fixture.advance(SignedDuration::from_hours(24 * 11));
    fixture.sign_in(client);
    let gone = fixture.send_as(client, Method::GET, &format!("{profile}/agents/{agent}"), &[], None);
    assert_eq!(gone.status, 404, "an agent that is silent drops from the list");
}

#[test]
fn agents_of_pass_through_authentication_are_a_profile_of_their_own() {
    let mut fixture = Fixture::new();
    fixture.estate.world.modes.app_only_access = crate::modes::AppOnlyAccess::Served;
    let agent = |machine_name: &str, active| crate::tenant::PassThroughAgent {
        machine_name: machine_name.to_owned(),
        active,
    };
    fixture.estate.world.tenant.settings.pass_through_agents =
        vec![agent("pta1", true), agent("pta2", false)];
    let client = fixture.client(6, &["Policy.Read.HybridAuthentication"]);
    let url = "/beta/onPremisesPublishingProfiles/authentication/agents";
    let response = fixture.send_as(client, Method::GET, url, &[], None);
    assert_eq!(response.status, 200, "{:?}", response.body);
    let agents = response.body_json()["value"].as_array().expect("a list").clone();
    let seen: Vec<_> = agents.iter().map(|one| (one["machineName"].clone(), one["status"].clone())).collect();
    assert_eq!(seen, [(json!("pta1"), json!("active")), (json!("pta2"), json!("inactive"))]);
}

#[test]
fn without_an_agent_the_job_says_so() {
    let mut configured = Configured::new();
    configured.scope(&[PILOT]);
    let agents: Vec<_> = configured.fixture.estate.cloud.agents().map(|agent| agent.id).collect();
    configured.fixture.estate.with_cloud(|cloud, _, now| {
        for agent in agents {
            cloud.set_agent_running(agent, false, now);
        }
    });
    assert_eq!(
        configured.post_job("/validateCredentials", Some(&json!({"useSavedCredentials": true}))).status,
        400
    );
    configured.start();
    configured.settle();
    let status = configured.status();
    let error = &status["lastExecution"]["error"]["code"];
    assert_eq!(error, "HybridIdentityServiceNoActiveAgents", "{status:#}");
}

#[test]
fn a_stale_read_hides_what_was_just_written() {
    let mut configured = Configured::new();
    configured.fixture.estate.world.faults.graph.stale_reads = SignedDuration::from_mins(1);
    let url = configured.job_url("/schema");
    let before = configured.fixture.read(&url);
    configured.scope(&[PILOT]);
    assert_eq!(configured.fixture.read(&url), before, "the replica has not heard of it");
    configured.fixture.advance(SignedDuration::from_mins(1));
    assert_ne!(configured.fixture.read(&url), before);
}
