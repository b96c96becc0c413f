//! A small estate with a Graph in front, driven without sockets. Every answer goes through the check against the description.

use std::collections::BTreeMap;

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::openapi::Description;
use crate::clock::Intervals;
use crate::cloud_sync::schema::{CompiledSchema, ObjectMapping, default_schema};
use crate::directory::{Directory, NewObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::engine::Writer;
use crate::estate::Estate;
use crate::graph::{
    ClientRegistration, Graph, GraphRequest, GraphResponse, GraphSettings, MANAGE_ROLES, RateLimit,
};
use crate::tenant::{ObjectWrite, Tenant, WriteOperation};
use crate::value::{Attributes, Value as Attribute};
use crate::world::World;

/// Users in each of the two units of the first domain.
pub(crate) const USERS_PER_UNIT: usize = 30;
pub(crate) const PILOT: &str = "OU=Pilot,DC=contoso,DC=com";
pub(crate) const SALES: &str = "OU=Sales,DC=contoso,DC=com";
pub(crate) const SECRET: &str = "a secret";
/// Client with everything the product's Manage profile needs.
pub(crate) const MANAGER: Uuid = Uuid::from_u128(0xA);

pub(crate) fn dn(text: &str) -> DistinguishedName {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) fn start_time() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("an instant")
}

/// The estate and a signed-in client.
pub(crate) struct Fixture {
    pub(crate) estate: Estate,
    pub(crate) graph: Graph,
    tokens: BTreeMap<Uuid, String>,
}

impl Fixture {
    /// Two units with users, two groups (one across both units), one contact, all of it exported by Connect once.
    pub(crate) fn new() -> Self {
        let mut estate = Estate::new(populated_world(), start_time());
        export_everything(&mut estate);
        let settings = GraphSettings {
            base_url: "http://graph.test".to_owned(),
            login_url: "http://login.test".to_owned(),
            log_limit: RateLimit::LOGS,
            seed: 7,
        };
        let manager = ClientRegistration::with_secret(MANAGER, SECRET, MANAGE_ROLES);
        let mut fixture =
            Self { estate, graph: Graph::new(settings, vec![manager]), tokens: BTreeMap::new() };
        fixture.sign_in(MANAGER);
        fixture
    }

    /// Registers another client with these permissions and signs it in.
    pub(crate) fn client(&mut self, number: u128, roles: &[&str]) -> Uuid {
        let id = Uuid::from_u128(number);
        self.graph.register(ClientRegistration::with_secret(id, SECRET, roles.iter().copied()));
        self.sign_in(id);
        id
    }

    pub(crate) fn sign_in(&mut self, client: Uuid) {
        let tenant = self.tenant_id();
        let body = format!(
            "grant_type=client_credentials&client_id={client}&client_secret=a%20secret\
             &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
        );
        let request = GraphRequest {
            method: Method::POST,
            path: format!("/{tenant}/oauth2/v2.0/token"),
            query: String::new(),
            headers: HeaderMap::new(),
            body: body.into_bytes(),
        };
        let response = self.graph.token(&self.estate, &request);
        assert_eq!(response.status, 200, "{:?}", response.body);
        let token = response.body_json()["access_token"].as_str().expect("a token").to_owned();
        self.tokens.insert(client, token);
    }

    pub(crate) fn tenant_id(&self) -> Uuid {
        self.estate.world.tenant.settings.organization.id
    }

    /// Sends a request as a client and checks the answer against the description.
    pub(crate) fn send_as(
        &mut self,
        client: Uuid,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> GraphResponse {
        let (request, response) = self.send_unchecked(client, method, url, headers, body);
        if let Some(description) = Description::load() {
            description.check(&request, &response);
        }
        response
    }

    /// For answers that deviate from the description on purpose.
    pub(crate) fn send_unchecked(
        &mut self,
        client: Uuid,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (GraphRequest, GraphResponse) {
        let url = url.strip_prefix("http://graph.test").unwrap_or(url);
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header name");
            all.insert(name, HeaderValue::from_str(value).expect("a header value"));
        }
        if let Some(token) = self.tokens.get(&client) {
            all.insert(
                "authorization",
                HeaderValue::from_str(&format!("Bearer {token}")).expect("a header value"),
            );
        }
        let request = GraphRequest {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: all,
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        let response = self.graph.handle(&mut self.estate, &request);
        (request, response)
    }

    pub(crate) fn send(&mut self, method: Method, url: &str, body: Option<&Value>) -> GraphResponse {
        self.send_as(MANAGER, method, url, &[], body)
    }

    pub(crate) fn get(&mut self, url: &str) -> GraphResponse {
        self.send(Method::GET, url, None)
    }

    pub(crate) fn get_with(&mut self, url: &str, headers: &[(&str, &str)]) -> GraphResponse {
        self.send_as(MANAGER, Method::GET, url, headers, None)
    }

    pub(crate) fn post(&mut self, url: &str, body: &Value) -> GraphResponse {
        self.send(Method::POST, url, Some(body))
    }

    /// 200 and its body.
    pub(crate) fn read(&mut self, url: &str) -> Value {
        let response = self.get(url);
        assert_eq!(response.status, 200, "GET {url}: {:?}", response.body);
        response.body_json().clone()
    }

    /// All pages of a collection, or of a delta round with the link that ends it.
    pub(crate) fn pages(&mut self, url: &str, headers: &[(&str, &str)]) -> (Vec<Value>, Option<String>) {
        let mut items = Vec::new();
        let mut next = url.to_owned();
        loop {
            let response = self.get_with(&next, headers);
            assert_eq!(response.status, 200, "GET {next}: {:?}", response.body);
            let body = response.body_json();
            items.extend(body["value"].as_array().expect("a collection").iter().cloned());
            match body.get("@odata.nextLink").and_then(Value::as_str) {
                Some(link) => next = link.to_owned(),
                None => {
                    return (items, body.get("@odata.deltaLink").and_then(Value::as_str).map(str::to_owned));
                }
            }
        }
    }

    pub(crate) fn advance(&mut self, by: SignedDuration) {
        let to = self.estate.now() + by;
        self.estate.advance(to);
    }
}

/// Code of an error answer.
pub(crate) fn code(response: &GraphResponse) -> &str {
    response.body_json()["error"]["code"].as_str().unwrap_or_default()
}

fn populated_world() -> World {
    let now = start_time();
    let mut directory = Directory::new(&["contoso.com", "emea.contoso.com"], 7, now);
    let mut create = |dn: DistinguishedName, class, attributes| {
        directory.create(NewObject { dn, class, attributes }, now).expect("the directory takes it")
    };
    let mut users = Vec::new();
    for unit in [PILOT, SALES] {
        create(dn(unit), ObjectClass::OrganizationalUnit, Attributes::new());
        let mut manager = None;
        for number in 0..USERS_PER_UNIT {
            let name = format!("{}{number:02}", if unit == PILOT { "pilot" } else { "sales" });
            let mut attributes = Attributes::new()
                .with("sAMAccountName", name.as_str())
                .with("userPrincipalName", format!("{name}@contoso.com"))
                .with("displayName", format!("{name} Müller"))
                .with("mail", format!("{name}@contoso.com"))
                .with("proxyAddresses", format!("SMTP:{name}@contoso.com"))
                .with("userAccountControl", 512);
            if let Some(manager) = manager {
                attributes.put("manager", Attribute::Reference(manager));
            }
            let user = create(dn(unit).child("CN", &name), ObjectClass::User, attributes);
            manager.get_or_insert(user);
            users.push(user);
        }
    }
    let group = |members: &[Uuid]| {
        let mut attributes = Attributes::new().with("groupType", -2_147_483_646);
        attributes.set("member", members.iter().copied().map(Attribute::Reference).collect());
        attributes
    };
    create(dn(PILOT).child("CN", "Everybody"), ObjectClass::Group, group(&users));
    create(dn(SALES).child("CN", "Sales team"), ObjectClass::Group, group(&users[USERS_PER_UNIT..]));
    let contact = Attributes::new().with("displayName", "Partner").with("mail", "partner@fabrikam.com");
    create(dn(SALES).child("CN", "Partner"), ObjectClass::Contact, contact);

    let tenant = Tenant::new("contoso", &["contoso.com"], 7);
    World::new(directory, tenant, Intervals::default(), 7)
}

/// What an initial cycle of Connect leaves in the tenant: every object with the values of cloud sync's default mappings.
fn export_everything(estate: &mut Estate) {
    let schema = CompiledSchema::from_json(&default_schema("x", "contoso.com", "CONTOSO"))
        .expect("the default is valid");
    let writer = Writer::connect("sync01");
    estate.with_world(|world, now| {
        let sources: Vec<_> = world
            .directory
            .iter()
            .filter(|object| !object.is_critical())
            .filter_map(|object| Some((object.clone(), schema.mapping(object.class)?)))
            .collect();
        for (object, mapping) in &sources {
            let attributes = mapping.apply(object).values.into_iter().collect();
            let operation = WriteOperation::Provision { kind: mapping.kind, attributes };
            let write =
                ObjectWrite { anchor: ObjectMapping::anchor(object), source: Some(object.guid), operation };
            world.write(&writer, &write, now).expect("the tenant takes it");
        }
        for (object, mapping) in &sources {
            let mut references = Attributes::new();
            for (name, targets) in mapping.apply(object).references {
                let ids = targets.iter().filter_map(|target| {
                    let target = world.directory.get(*target)?;
                    world
                        .tenant
                        .by_anchor(&ObjectMapping::anchor(target))
                        .map(|object| Attribute::Reference(object.id))
                });
                references.set(name, ids.collect());
            }
            let operation = WriteOperation::Provision { kind: mapping.kind, attributes: references };
            let write =
                ObjectWrite { anchor: ObjectMapping::anchor(object), source: Some(object.guid), operation };
            world.write(&writer, &write, now).expect("the tenant takes it");
        }
        world.tenant.settings.organization.sync_enabled = Some(true);
        world.tenant.settings.organization.last_sync_at = Some(now);
    });
}
