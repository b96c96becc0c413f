//! The admin endpoint: the judge's log and verdict, faults and modes, what people do, time. Does IO only through its router.
//!
//! It is for tests, the demo and people who look around; the product never sees it.

mod directory;
mod servers;
mod state;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::faults::Faults;
use crate::graph::ClientRegistration;
use crate::modes::Modes;
use crate::serve::{ClockSource, Shared};

pub use directory::DirectoryAction;
pub use servers::ServerAction;

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
        .route("/directory", post(change_directory))
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
            let faults = merged(&running.estate.world.faults, &change)?;
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
fn merged<T: Serialize + for<'de> Deserialize<'de>>(current: &T, change: &Value) -> Result<T, AdminError> {
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

async fn change_directory(
    State(shared): State<Shared>,
    Json(action): Json<DirectoryAction>,
) -> Result<Json<Value>, AdminError> {
    let guid = shared.with(|running| {
        running.estate.with_world(|world, now| action.carry_out(&mut world.directory, now))
    })?;
    Ok(Json(json!({"objectGuid": guid})))
}

/// What a person does in the portal.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", deny_unknown_fields)]
enum TenantAction {
    /// Deletes the synchronized object with this source anchor.
    Delete { anchor: String },
}

async fn act_on_tenant(
    State(shared): State<Shared>,
    Json(TenantAction::Delete { anchor }): Json<TenantAction>,
) -> Result<StatusCode, AdminError> {
    let deleted =
        shared.with(|running| running.estate.with_world(|world, now| world.delete_by_person(&anchor, now)));
    let missing = || AdminError::NotFound { what: "object of the tenant with the anchor", name: anchor };
    deleted.then_some(StatusCode::NO_CONTENT).ok_or_else(missing)
}

async fn act_on_server(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Json(action): Json<ServerAction>,
) -> Result<Json<Value>, AdminError> {
    shared.with(|running| action.carry_out(&mut running.estate, &name)).map(Json)
}

/// A provisioning agent's service is stopped or started.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AgentAction {
    running: bool,
}

async fn act_on_agent(
    State(shared): State<Shared>,
    Path(machine): Path<String>,
    Json(action): Json<AgentAction>,
) -> Result<StatusCode, AdminError> {
    shared.with(|running| {
        let agent =
            running.estate.cloud.agents().find(|agent| agent.machine_name == machine).map(|agent| agent.id);
        let id = agent
            .ok_or_else(|| AdminError::NotFound { what: "provisioning agent", name: machine.clone() })?;
        running.estate.with_cloud(|cloud, _, now| cloud.set_agent_running(id, action.running, now));
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn act_on_graph(
    State(shared): State<Shared>,
    Path(action): Path<String>,
) -> Result<StatusCode, AdminError> {
    shared.with(|running| match action.as_str() {
        "revokeTokens" => {
            running.graph.revoke_tokens();
            Ok(StatusCode::NO_CONTENT)
        }
        "expireDeltaTokens" => {
            running.graph.expire_delta_tokens();
            Ok(StatusCode::NO_CONTENT)
        }
        _ => Err(AdminError::NotFound { what: "action on Graph", name: action.clone() }),
    })
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
