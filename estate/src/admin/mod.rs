//! The admin endpoint: the judge's log and verdict, faults and modes, what people do, time. Does IO only through its router.
//!
//! It is for tests, the demo and people who look around; the product never sees it.

mod state;

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::cloud_sync::schema::ObjectMapping;
use crate::faults::Faults;
use crate::graph::ClientRegistration;
use crate::modes::Modes;
use crate::people::{
    Act, ActError, AgentAction, DirectoryAction, Done, GraphAction, ServerAction, TenantAction,
};
use crate::serve::{ClockSource, Shared};

/// Why the admin endpoint did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    #[error("{0}")]
    BadRequest(String),
    #[error("there is no {what} named {name}")]
    NotFound { what: &'static str, name: String },
    #[error("{0}")]
    Refused(String),
    #[error("the log cannot be written as JSON")]
    Log(#[from] serde_json::Error),
}

impl From<ActError> for AdminError {
    fn from(error: ActError) -> Self {
        match error {
            ActError::BadRequest(reason) => Self::BadRequest(reason),
            ActError::NotFound { what, name } => Self::NotFound { what, name },
            ActError::Refused(reason) => Self::Refused(reason),
        }
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::Refused(_) => StatusCode::CONFLICT,
            Self::Log(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}

/// The endpoint's routes.
pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/audit", get(audit))
        .route("/verdict", get(verdict))
        .route("/faults", get(read_faults).post(set_faults))
        .route("/modes", get(read_modes).post(set_modes))
        .route("/acts", post(act))
        .route("/directory", get(look_up).post(change_directory))
        .route("/tenant", post(act_on_tenant))
        .route("/servers/{name}", post(act_on_server))
        .route("/agents/{machine}", post(act_on_agent))
        .route("/graph/{action}", post(act_on_graph))
        .route("/clients", post(register_client))
        .route("/state", get(summary))
        .route("/time", get(time).post(advance))
        .with_state(shared)
}

async fn audit(State(shared): State<Shared>) -> Result<Response, AdminError> {
    let lines = shared.with(|running| running.estate.world.audit().to_json_lines(running.estate.now()))?;
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
}

async fn verdict(State(shared): State<Shared>) -> Response {
    Json(shared.with(|running| running.estate.verdict())).into_response()
}

async fn read_faults(State(shared): State<Shared>) -> Json<Faults> {
    Json(shared.with(|running| running.estate.world.faults.clone()))
}

/// Changes the faults named and leaves the others as they are.
async fn set_faults(
    State(shared): State<Shared>,
    Json(change): Json<Value>,
) -> Result<Json<Faults>, AdminError> {
    shared
        .with(|running| {
            let faults: Faults = merged(&running.estate.world.faults, &change)?;
            if let Some(name) = faults.unknown_operations().first() {
                return Err(AdminError::BadRequest(format!("there is no operation named {name}")));
            }
            running.estate.with_world(|world, _| world.faults = faults);
            Ok(running.estate.world.faults.clone())
        })
        .map(Json)
}

async fn read_modes(State(shared): State<Shared>) -> Json<Modes> {
    Json(shared.with(|running| running.estate.world.modes))
}

/// Changes the modes named and leaves the others as they are.
async fn set_modes(
    State(shared): State<Shared>,
    Json(change): Json<Value>,
) -> Result<Json<Modes>, AdminError> {
    shared
        .with(|running| {
            let modes = merged(&running.estate.world.modes, &change)?;
            running.estate.with_world(|world, _| world.modes = modes);
            Ok(modes)
        })
        .map(Json)
}

/// `current` with the members that `change` names replaced, objects merged member by member; unknown members are refused.
pub(crate) fn merged<T: Serialize + for<'de> Deserialize<'de>>(
    current: &T,
    change: &Value,
) -> Result<T, AdminError> {
    let mut value = serde_json::to_value(current)?;
    merge(&mut value, change, "")?;
    serde_json::from_value(value).map_err(|error| AdminError::BadRequest(error.to_string()))
}

fn merge(into: &mut Value, change: &Value, path: &str) -> Result<(), AdminError> {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (name, value) in change {
                let path = format!("{path}/{name}");
                // Below these, names are data: servers and anchors.
                let open = path.starts_with("/hosts/") || path.starts_with("/failingExports/");
                match into.get_mut(name) {
                    Some(_) if value.is_null() && is_entry(&path) => {
                        into.remove(name);
                    }
                    Some(held) => merge(held, value, &path)?,
                    None if open => {
                        into.insert(name.clone(), value.clone());
                    }
                    None => return Err(AdminError::BadRequest(format!("there is no setting {path}"))),
                }
            }
            Ok(())
        }
        (into, change) => {
            *into = change.clone();
            Ok(())
        }
    }
}

/// Lets somebody do anything of what people do.
async fn act(State(shared): State<Shared>, Json(act): Json<Act>) -> Result<Json<Done>, AdminError> {
    Ok(Json(shared.with(|running| running.act(act))?))
}

/// Whether a path names an entry of a map, not a setting: null takes it away.
fn is_entry(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    matches!(parts.as_slice(), ["hosts" | "failingExports", _] | ["hosts", _, "cmdlets", _])
}

/// Which object of the directory is looked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LookUp {
    anchor: String,
}

/// The distinguished name of the living object with an anchor, as a person finds it in the directory's console; null for none.
async fn look_up(State(shared): State<Shared>, Query(wanted): Query<LookUp>) -> Json<Option<String>> {
    Json(shared.with(|running| {
        let mut objects = running.estate.world.directory.iter();
        objects
            .find(|object| ObjectMapping::anchor(object) == wanted.anchor)
            .map(|object| object.dn.to_string())
    }))
}

async fn change_directory(
    State(shared): State<Shared>,
    Json(action): Json<DirectoryAction>,
) -> Result<Json<Done>, AdminError> {
    act(State(shared), Json(Act::Directory(action))).await
}

async fn act_on_tenant(
    State(shared): State<Shared>,
    Json(action): Json<TenantAction>,
) -> Result<StatusCode, AdminError> {
    act(State(shared), Json(Act::Tenant(action))).await.map(|_| StatusCode::NO_CONTENT)
}

async fn act_on_server(
    State(shared): State<Shared>,
    Path(server): Path<String>,
    Json(action): Json<ServerAction>,
) -> Result<Json<Done>, AdminError> {
    act(State(shared), Json(Act::Server { server, action })).await
}

/// A provisioning agent's service is stopped or started.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AgentChange {
    running: bool,
}

async fn act_on_agent(
    State(shared): State<Shared>,
    Path(machine): Path<String>,
    Json(change): Json<AgentChange>,
) -> Result<StatusCode, AdminError> {
    let action = if change.running { AgentAction::Start } else { AgentAction::Stop };
    act(State(shared), Json(Act::Agent { machine, action })).await.map(|_| StatusCode::NO_CONTENT)
}

async fn act_on_graph(
    State(shared): State<Shared>,
    Path(name): Path<String>,
) -> Result<StatusCode, AdminError> {
    let action: GraphAction = serde_json::from_value(json!({"action": &name}))
        .map_err(|_| AdminError::NotFound { what: "action on Graph", name })?;
    act(State(shared), Json(Act::Graph(action))).await.map(|_| StatusCode::NO_CONTENT)
}

/// An application registration: another product, a person's script, or the product with other permissions.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewClient {
    client_id: Uuid,
    client_secret: String,
    roles: Vec<String>,
}

async fn register_client(State(shared): State<Shared>, Json(client): Json<NewClient>) -> StatusCode {
    let roles = client.roles.iter().map(String::as_str);
    let registration = ClientRegistration::with_secret(client.client_id, &client.client_secret, roles);
    shared.with(|running| running.graph.register(registration));
    StatusCode::NO_CONTENT
}

async fn summary(State(shared): State<Shared>) -> Json<Value> {
    Json(shared.with(|running| state::summary(&running.estate)))
}

async fn time(State(shared): State<Shared>) -> Json<Map<String, Value>> {
    Json(time_of(&shared))
}

fn time_of(shared: &Shared) -> Map<String, Value> {
    let (now, next_due) = shared.with(|running| (running.estate.now(), running.estate.next_due()));
    let mut body = Map::new();
    body.insert("now".to_owned(), json!(now));
    body.insert("nextDue".to_owned(), json!(next_due));
    body
}

/// How far to go: by a duration or to an instant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum Advance {
    By(SignedDuration),
    To(Timestamp),
}

async fn advance(
    State(shared): State<Shared>,
    Json(advance): Json<Advance>,
) -> Result<Json<Map<String, Value>>, AdminError> {
    if shared.clock() == ClockSource::Wall {
        return Err(AdminError::Refused("the wall clock drives this estate".to_owned()));
    }
    match advance {
        Advance::By(duration) => shared.advance(duration),
        Advance::To(instant) => shared.advance_to(instant),
    }
    Ok(Json(time_of(&shared)))
}
