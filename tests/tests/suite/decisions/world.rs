//! An organisation of which one scope moves, with the real programs under the chart's roles and policies, and what is seen of it.
//! Starts processes, network IO.

use std::time::Duration;

use crds::conditions::{ConditionType, Reason};
use crds::migration::{StepRecord, StepState};
use crds::sync_server::SyncServerStatus;
use crds::{Migration, MigrationDecision, SyncServer};
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::admissionregistration::v1::ValidatingAdmissionPolicyBinding;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta};
use kube::api::{DeleteParams, GetParams, ListParams, PostParams, Request};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tests::control_plane::ControlPlane;
use tests::demo::{
    Estate, NAME, NAMESPACE, install, start_agents, start_estate, start_operator, tenant_and_servers,
};
use tests::{apply, chart, until};

use super::people::{self, Draft};

/// A cycle of Connect takes five seconds.
const SPEED_FACTOR: u32 = 360;

/// How long anything may take on a busy machine. The longest thing is a stopped section: about ten seconds on an idle one.
const LIMIT: Duration = Duration::from_mins(3);

/// A further pause between two looks at what is long: the programs need the machine.
const PAUSE: Duration = Duration::from_millis(150);

/// The scope's unit.
const UNIT: &str = "OU=Pilot,DC=contoso,DC=com";

/// Somebody in it, whose title shows which engine serves the scope.
const MEMBER: &str = "CN=member,OU=Pilot,DC=contoso,DC=com";

/// Name of the policy on decisions and of its binding.
const POLICY: &str = "hybrid-identity-decisions";

/// Field manager of what the platform team applies.
const PLATFORM_TEAM: &str = "platform-team";

pub(super) struct World {
    pub(super) control_plane: ControlPlane,
    pub(super) estate: Estate,
    client: Client,
    /// Names of the rules on each sync server before anything.
    rules: Vec<Vec<String>>,
}

impl World {
    /// Starts everything and declares that the scope moves: two people must approve, nobody may make test objects, and the soak is
    /// longer than the test.
    pub(super) async fn start() -> Self {
        let mut control_plane = ControlPlane::start_local().await.unwrap();
        let arguments = ["--scenario=small".to_owned(), format!("--speed-factor={SPEED_FACTOR}")];
        let estate = start_estate(&mut control_plane, &arguments).await.unwrap();
        let create = json!({
            "action": "create",
            "distinguishedName": MEMBER,
            "class": "user",
            "attributes": {
                "sAMAccountName": ["member"],
                "userPrincipalName": ["member@contoso.com"],
                "mail": ["member@contoso.com"],
                "mailNickname": ["member"],
                "displayName": ["Member"],
                "title": ["Before"],
            },
        });
        estate.post("directory", &create).await.unwrap();
        install(&control_plane, &estate).await.unwrap();
        let client = control_plane.client().await.unwrap();
        for object in people::roles() {
            apply(&client, PLATFORM_TEAM, &object).await.unwrap();
        }
        for object in tenant_and_servers(&estate.addresses) {
            apply(&client, PLATFORM_TEAM, &object).await.unwrap();
        }
        start_operator(&mut control_plane).await.unwrap();
        start_agents(&mut control_plane, &estate).await.unwrap();
        let mut world = Self { control_plane, estate, client, rules: Vec::new() };
        world.rules = world.rules().await;
        assert_eq!(world.writer_of("Before").await, "connect");
        apply(&world.client, PLATFORM_TEAM, &world.topology()).await.unwrap();
        world
    }

    pub(super) async fn stop(self) {
        self.control_plane.stop().await;
    }

    fn topology(&self) -> Value {
        let servers: Vec<Value> =
            self.estate.addresses.servers.iter().map(|name| json!({"name": name})).collect();
        json!({
            "apiVersion": "hybrididentity.dev/v1alpha1",
            "kind": "SyncTopology",
            "metadata": {"name": NAME, "namespace": NAMESPACE},
            "spec": {
                "tenantRef": {"name": NAME},
                "scopes": [{"name": "pilot", "organizationalUnits": [UNIT], "engine": "CloudSync"}],
                "servers": servers,
                "strategy": {
                    "waves": [{
                        "name": "canary",
                        "scopes": ["pilot"],
                        "soak": "1h",
                        "approval": {"required": true, "distinctUsers": 2},
                    }],
                    // Groups have members in units that stay on Connect.
                    "verification": {"maxMissing": 0, "maxDrift": 0, "maxUnknownReferences": 1_000_000, "sampleSize": 20},
                    "onFailure": "Pause",
                    // People take their time between the stop and the proof.
                    "limits": {"schedulerStop": "10m", "unserved": "30m", "hashGap": "30m"},
                },
            },
        })
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

    /// The migration of the scope in one of its attempts, once it is so.
    pub(super) async fn until(
        &self,
        attempt: u32,
        what: &str,
        is_so: impl Fn(&Migration) -> bool,
    ) -> Migration {
        let name = format!("{NAME}-scope-pilot-{attempt}");
        let found = until(what, LIMIT, async || {
            tokio::time::sleep(PAUSE).await;
            let found = self.api::<Migration>().get_opt(&name).await.unwrap();
            Ok(found.filter(|migration| is_so(migration)))
        });
        match found.await {
            Ok(migration) => migration,
            Err(error) => {
                let last = self.api::<Migration>().get_opt(&name).await.unwrap();
                panic!("{error}; found {:#?}", last.and_then(|migration| migration.status))
            }
        }
    }

    /// Takes a decision and waits until it is taken up.
    pub(super) async fn accepted(&self, draft: Draft<'_>) -> MigrationDecision {
        let decision = draft.take().await;
        let answer = self.answer(&decision).await;
        assert_eq!((answer.status.as_str(), answer.reason.as_str()), ("True", "Accepted"), "{answer:?}");
        decision
    }

    /// Takes a decision, waits until the operator refuses it for this reason, and gives its words.
    pub(super) async fn refused(&self, draft: Draft<'_>, reason: Reason) -> String {
        let decision = draft.take().await;
        let answer = self.answer(&decision).await;
        assert_eq!(
            (answer.status.as_str(), answer.reason.as_str()),
            ("False", reason.as_str()),
            "{answer:?}"
        );
        answer.message
    }

    /// What the operator says to a decision.
    pub(super) async fn answer(&self, decision: &MigrationDecision) -> Condition {
        let name = decision.name_any();
        until(&format!("an answer to {name}"), LIMIT, async || {
            let found = self.api::<MigrationDecision>().get(&name).await.unwrap();
            let conditions = found.status.map(|status| status.conditions).unwrap_or_default();
            Ok(conditions.into_iter().find(|one| one.type_ == ConditionType::Consumed.as_str()))
        })
        .await
        .unwrap()
    }

    /// What the API server prints of a decision: by whom, proven by what, and whether it was taken up.
    pub(super) async fn row(&self, decision: &MigrationDecision) -> [String; 3] {
        let api = self.api::<MigrationDecision>();
        let mut request =
            Request::new(api.resource_url()).get(&decision.name_any(), &GetParams::default()).unwrap();
        let accept = "application/json;as=Table;v=v1;g=meta.k8s.io".parse().unwrap();
        request.headers_mut().insert("accept", accept);
        let table: Value = self.client.request(request).await.unwrap();
        let columns = table["columnDefinitions"].as_array().unwrap();
        ["By", "Proven By", "Consumed"].map(|name| {
            let at = columns.iter().position(|column| column["name"] == name).unwrap();
            table["rows"][0]["cells"][at].as_str().unwrap_or("<none>").to_owned()
        })
    }

    /// The text of an event of a migration that names somebody.
    pub(super) async fn event(&self, migration: &Migration, reason: &str, naming: &str) -> String {
        let uid = migration.uid();
        until(&format!("an event {reason} that names {naming}"), LIMIT, async || {
            let found = self.api::<Event>().list(&ListParams::default()).await.unwrap();
            let of_migration = found.into_iter().filter(|event| {
                event.reason.as_deref() == Some(reason)
                    && event.regarding.as_ref().is_some_and(|object| object.uid == uid)
            });
            Ok(of_migration.filter_map(|event| event.note).find(|note| note.contains(naming)))
        })
        .await
        .unwrap()
    }

    /// Takes the binding of the policy on decisions away.
    pub(super) async fn take_the_policy_away(&self) -> ValidatingAdmissionPolicyBinding {
        let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(self.client.clone());
        let binding = bindings.get(POLICY).await.unwrap();
        bindings.delete(POLICY, &DeleteParams::default()).await.unwrap();
        binding
    }

    /// Puts it back. Gives the instant.
    pub(super) async fn put_the_policy_back(&self, binding: ValidatingAdmissionPolicyBinding) -> Timestamp {
        let bindings: Api<ValidatingAdmissionPolicyBinding> = Api::all(self.client.clone());
        let ObjectMeta { name, labels, .. } = binding.metadata;
        let metadata = ObjectMeta { name, labels, ..ObjectMeta::default() };
        let again = ValidatingAdmissionPolicyBinding { metadata, ..binding };
        let created = bindings.create(&PostParams::default(), &again).await.unwrap();
        created.metadata.creation_timestamp.unwrap().0
    }

    /// The status of every sync server.
    pub(super) async fn servers(&self) -> Vec<(String, SyncServerStatus)> {
        let found = self.api::<SyncServer>().list(&ListParams::default()).await.unwrap();
        found.into_iter().map(|server| (server.name_any(), server.status.unwrap_or_default())).collect()
    }

    /// Sets the status of every sync server back, as a restored store does.
    pub(super) async fn set_back(&self, servers: &[(String, SyncServerStatus)]) {
        let api = self.api::<SyncServer>();
        for (name, status) in servers {
            until(&format!("{name} to be set back"), LIMIT, async || {
                let mut server = api.get(name).await.unwrap();
                server.status = Some(status.clone());
                // The operator may write in between.
                Ok(api.replace_status(name, &PostParams::default(), &server).await.ok())
            })
            .await
            .unwrap();
        }
    }

    /// Counts and states of the estate.
    pub(super) async fn state(&self) -> Value {
        self.estate.state().await.unwrap()
    }

    /// Whether the scheduler was ever switched off.
    pub(super) async fn was_ever_stopped(&self) -> bool {
        let records = self.estate.records().await.unwrap();
        records.iter().any(|record| record["event"]["scheduler"]["enabled"] == false)
    }

    /// Names of the rules on each sync server, as its own host has them.
    async fn rules(&self) -> Vec<Vec<String>> {
        let mut rules = Vec::new();
        for server in &self.estate.addresses.servers {
            let listing = json!({"action": "operate", "operation": {"operation": "getRules"}});
            let answer = self.estate.post(&format!("servers/{server}"), &listing).await.unwrap();
            let found: Vec<Value> = serde_json::from_str(&answer).unwrap();
            let mut names: Vec<String> = found.iter().map(|rule| rule["name"].to_string()).collect();
            names.sort();
            rules.push(names);
        }
        rules
    }

    /// Whether each sync server has the rules that it had before anything, and no others.
    pub(super) async fn has_its_own_rules(&self) -> bool {
        self.rules().await == self.rules
    }

    /// Somebody in the scope gets another title. Gives the engine that carries it over: `connect` or `cloudSync`.
    pub(super) async fn engine_that_carries(&self, title: &str) -> String {
        let modify =
            json!({"action": "modify", "distinguishedName": MEMBER, "attributes": {"title": [title]}});
        self.estate.post("directory", &modify).await.unwrap();
        self.writer_of(title).await
    }

    async fn writer_of(&self, title: &str) -> String {
        let quoted = format!("{title:?}");
        until(&format!("somebody to write the title {title}"), LIMIT, async || {
            tokio::time::sleep(PAUSE).await;
            let records = self.estate.records().await.unwrap();
            let mut writes = records.iter().map(|record| &record["event"]["write"]);
            let found = writes.find(|write| write["values"].to_string().contains(&quoted));
            Ok(found.and_then(|write| write["writer"]["engine"].as_str().map(str::to_owned)))
        })
        .await
        .unwrap()
    }

    /// User name of the operator.
    pub(super) fn operator() -> String {
        format!("system:serviceaccount:{}:{}", chart::NAMESPACE, chart::RELEASE)
    }
}

/// The record of a step, of the way home or the way out.
pub(super) fn step<'m>(migration: &'m Migration, name: &str) -> Option<&'m StepRecord> {
    let status = migration.status.as_ref()?;
    let home = status.way_back.iter().flat_map(|way_back| &way_back.steps);
    status.steps.iter().chain(home).find(|record| record.name == name)
}

/// Where a step stands.
pub(super) fn state(migration: &Migration, name: &str) -> StepState {
    step(migration, name).map_or(StepState::Pending, |record| record.state)
}

/// A condition that is true.
pub(super) fn told(migration: &Migration, kind: ConditionType) -> Option<&Condition> {
    let conditions = &migration.status.as_ref()?.conditions;
    conditions.iter().find(|one| one.type_ == kind.as_str() && one.status == "True")
}

/// Whether a condition is true for this reason.
pub(super) fn is_told(migration: &Migration, kind: ConditionType, reason: Reason) -> bool {
    told(migration, kind).is_some_and(|condition| condition.reason == reason.as_str())
}

/// Whether somebody denied its plan.
pub(super) fn is_denied(migration: &Migration) -> bool {
    is_told(migration, ConditionType::Paused, Reason::Denied)
}

/// Whether it went home to the end.
pub(super) fn is_home(migration: &Migration) -> bool {
    is_told(migration, ConditionType::RolledBack, Reason::RolledBack)
}

/// What the migration asks for; empty where it asks for no approval.
pub(super) fn asked(migration: &Migration) -> &str {
    told(migration, ConditionType::AwaitingApproval).map_or("", |condition| condition.message.as_str())
}

/// Whether it asks for approval, and this many people gave theirs.
pub(super) fn asks_with(migration: &Migration, given: usize) -> bool {
    asked(migration).contains(&format!("needs the approval of 2 people, {given} gave it"))
}
