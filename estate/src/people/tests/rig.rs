//! A small estate with cloud sync configured for its first domain, driven without sockets.

use std::collections::{BTreeMap, BTreeSet};

use adsync::protocol::Operation;
use axum::http::{HeaderMap, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{actions, named_by};
use crate::admin::merged;
use crate::cloud_sync::{AD_TO_ENTRA_TEMPLATE, Job, JobTemplate};
use crate::directory::{DirectoryObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::engine::Answer;
use crate::faults::Faults;
use crate::graph::{Exchange, Graph, GraphRequest, GraphResponse};
use crate::people::{Act, ActError, Done};
use crate::scenario::{Scenario, ScenarioOptions, build};
use crate::serve::Running;

pub(super) const DOMAIN: &str = "contoso.com";

pub(super) struct Rig {
    pub(super) running: Running,
    pub(super) units: Vec<DistinguishedName>,
    pub(super) principal: Uuid,
    client: (Uuid, String),
    token: String,
    acts: BTreeMap<String, BTreeSet<String>>,
    faults: BTreeSet<String>,
}

impl Rig {
    pub(super) fn new() -> Self {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("an instant");
        let Scenario { estate, settings, clients, organizational_units, client_id, client_secret, .. } =
            build(&ScenarioOptions::small(1), now).expect("built");
        let mut rig = Self {
            running: Running { estate, graph: Graph::new(settings, clients) },
            units: organizational_units,
            principal: Uuid::nil(),
            client: (client_id, client_secret),
            token: String::new(),
            acts: BTreeMap::new(),
            faults: BTreeSet::new(),
        };
        rig.principal = rig.running.estate.with_cloud(|cloud, world, now| {
            cloud.instantiate(AD_TO_ENTRA_TEMPLATE, DOMAIN, world, now).expect("made").id
        });
        rig.pass(1);
        let principal = rig.principal;
        for template in ["AD2AADProvisioning", "AD2AADPasswordHash"] {
            rig.running.estate.with_cloud(|cloud, world, now| {
                cloud.create_job(principal, template, world, now).expect("made");
            });
        }
        rig.sign_in();
        rig
    }

    /// Does it, and takes note of it. It means the same after a way through JSON.
    pub(super) fn try_act(&mut self, act: &Value) -> Result<Done, ActError> {
        let read: Act = serde_json::from_value(act.clone()).unwrap_or_else(|error| panic!("{act}: {error}"));
        let written = serde_json::to_value(&read).expect("JSON");
        assert_eq!(serde_json::from_value::<Act>(written).expect("an act"), read, "{act}");
        let done = self.running.act(read)?;
        let text = |name: &str| act[name].as_str().expect("text").to_owned();
        self.acts.entry(text("at")).or_default().insert(text("action"));
        Ok(done)
    }

    pub(super) fn act(&mut self, act: &Value) -> Done {
        self.try_act(act).unwrap_or_else(|error| panic!("{act}: {error}"))
    }

    pub(super) fn refused(&mut self, act: &Value) -> String {
        self.try_act(act).expect_err("refused").to_string()
    }

    /// Changes faults as the admin endpoint does, and takes note of it.
    pub(super) fn faults(&mut self, change: &Value) {
        self.faults.extend(named_by(change));
        let faults: Faults = merged(&self.running.estate.world.faults, change).expect("a change of faults");
        self.running.estate.world.faults = faults;
    }

    pub(super) fn no_faults(&mut self) {
        self.running.estate.world.faults = Faults::default();
    }

    /// Every action at a place has been gone through.
    pub(super) fn assert_complete(&self, at: &str) {
        assert_eq!(self.acts.get(at).cloned().unwrap_or_default(), actions(at));
    }

    /// Every fault below a path has been gone through.
    pub(super) fn assert_faults_complete(&self, below: &[&str]) {
        let wanted: BTreeSet<String> = super::faults()
            .into_iter()
            .filter(|fault| below.iter().any(|prefix| fault.starts_with(prefix)))
            .collect();
        assert_eq!(self.faults, wanted);
    }

    pub(super) fn pass(&mut self, minutes: i64) {
        let to = self.running.estate.now() + SignedDuration::from_mins(minutes);
        self.running.estate.advance(to);
    }

    pub(super) fn sign_in(&mut self) {
        let response = self.ask_for_token();
        assert_eq!(response.status, 200, "{:?}", response.body);
        self.token = response.body_json()["access_token"].as_str().expect("a token").to_owned();
    }

    pub(super) fn ask_for_token(&mut self) -> GraphResponse {
        let tenant = self.running.estate.world.tenant.settings.organization.id;
        let (client, secret) = &self.client;
        let body = format!(
            "grant_type=client_credentials&client_id={client}&client_secret={secret}\
             &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
        );
        let request = GraphRequest {
            method: Method::POST,
            path: format!("/{tenant}/oauth2/v2.0/token"),
            query: String::new(),
            headers: HeaderMap::new(),
            body: body.into_bytes(),
        };
        self.running.graph.token(&self.running.estate, &request)
    }

    fn request(&self, method: Method, url: &str, body: Option<&Value>) -> GraphRequest {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut headers = HeaderMap::new();
        let token = HeaderValue::from_str(&format!("Bearer {}", self.token)).expect("a header");
        headers.insert("authorization", token);
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        GraphRequest { method, path: path.to_owned(), query: query.to_owned(), headers, body }
    }

    pub(super) fn exchange(&mut self, method: Method, url: &str, body: Option<&Value>) -> Exchange {
        let request = self.request(method, url, body);
        self.running.graph.exchange(&mut self.running.estate, &request)
    }

    pub(super) fn get(&mut self, url: &str) -> GraphResponse {
        let request = self.request(Method::GET, url, None);
        self.running.graph.handle(&mut self.running.estate, &request)
    }

    pub(super) fn read(&mut self, url: &str) -> Value {
        let response = self.get(url);
        assert_eq!(response.status, 200, "GET {url}: {:?}", response.body);
        response.body_json().clone()
    }

    /// Asks a server as a person at its console would.
    pub(super) fn ask<T: DeserializeOwned>(&mut self, server: &str, operation: &Operation) -> T {
        match self.running.estate.handle(server, operation).expect("a server") {
            Answer::Now(Ok(value)) => serde_json::from_value(value).expect("the type of the operation"),
            other => panic!("{operation:?} on {server}: {other:?}"),
        }
    }

    pub(super) fn job(&self, template: JobTemplate) -> &Job {
        let mut jobs = self.running.estate.cloud.jobs();
        jobs.find(|job| job.template == template).expect("a job")
    }

    /// The first objects of a class below a unit.
    pub(super) fn all(&self, class: ObjectClass, unit: usize) -> Vec<DirectoryObject> {
        let below = self.running.estate.world.directory.under(&self.units[unit]);
        below.filter(|object| object.class == class).cloned().collect()
    }

    /// Anchor of the tenant's user behind a directory object.
    pub(super) fn anchor(&self, source: Uuid) -> String {
        let world = &self.running.estate.world;
        let id = world.counterpart(source).expect("a counterpart");
        world.tenant.get(id).and_then(|object| object.anchor.clone()).expect("an anchor")
    }

    /// A new title in the directory: something that engines carry over.
    pub(super) fn new_title(&mut self, person: &DirectoryObject, title: &str) {
        let dn = person.dn.to_string();
        self.act(&json!({"at": "directory", "action": "modify", "distinguishedName": dn, "attributes": {"title": [title]}}));
    }

    /// Title of the tenant's user behind a directory object.
    pub(super) fn title_in_tenant(&self, source: Uuid) -> Option<String> {
        let world = &self.running.estate.world;
        let user = world.tenant.get(world.counterpart(source)?)?;
        user.attributes.text("jobTitle").map(str::to_owned)
    }
}
