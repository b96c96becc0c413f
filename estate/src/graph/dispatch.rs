//! Which handler serves which path. Pure.

use axum::http::Method;

use super::call::Call;
use super::delta::Tracked;
use super::directory_objects::{self, ObjectType, answer_delta};
use super::error::GraphError;
use super::message::{GraphResponse, Version};
use super::{
    Graph, agents, applications, audit_logs, on_premises_synchronization, organization, synchronization,
};
use crate::estate::Estate;

/// Serves a call that has passed authentication, permission and limits.
pub(super) fn dispatch(
    graph: &mut Graph,
    estate: &mut Estate,
    call: &Call<'_>,
) -> Result<GraphResponse, GraphError> {
    let path = call.path();
    match path.as_slice() {
        ["organization", rest @ ..] => organization(estate, call, rest),
        ["directory", "onPremisesSynchronization", rest @ ..] => on_premises(estate, call, rest),
        ["users", rest @ ..] => directory(graph, estate, call, ObjectType::User, rest),
        ["groups", rest @ ..] => directory(graph, estate, call, ObjectType::Group, rest),
        ["contacts", rest @ ..] => directory(graph, estate, call, ObjectType::Contact, rest),
        ["servicePrincipals", principal, "synchronization", rest @ ..] => {
            synchronization::dispatch(graph, estate, call, principal, rest)
        }
        ["applicationTemplates" | "applications" | "servicePrincipals", ..] => {
            applications::dispatch(graph, estate, call, &path)
        }
        ["auditLogs", rest @ ..] => audit_logs::dispatch(graph, estate, call, rest),
        ["onPremisesPublishingProfiles", rest @ ..] if call.version == Version::Beta => {
            agents::dispatch(estate, call, rest)
        }
        _ => Err(unknown(&path)),
    }
}

/// 404 for a path that names nothing.
pub(super) fn unknown(path: &[&str]) -> GraphError {
    GraphError::UnknownSegment(path.last().copied().unwrap_or_default().to_owned())
}

fn organization(estate: &mut Estate, call: &Call<'_>, rest: &[&str]) -> Result<GraphResponse, GraphError> {
    match (&call.request.method, rest) {
        (&Method::GET, []) => Ok(organization::list(call, estate)),
        (&Method::GET, [id]) => organization::get(call, estate, id),
        (&Method::PATCH, [id]) => organization::update(call, estate, id),
        (_, [] | [_]) => Err(GraphError::MethodNotAllowed),
        _ => Err(unknown(rest)),
    }
}

fn on_premises(estate: &mut Estate, call: &Call<'_>, rest: &[&str]) -> Result<GraphResponse, GraphError> {
    match (&call.request.method, rest) {
        (&Method::GET, []) => on_premises_synchronization::read(call, estate, None),
        (&Method::GET, [id]) => on_premises_synchronization::read(call, estate, Some(id)),
        (&Method::PATCH, [id]) => on_premises_synchronization::update(call, estate, id),
        // The description shows POST and DELETE; the reference says that neither is supported.
        (_, [] | [_]) => Err(GraphError::MethodNotAllowed),
        _ => Err(unknown(rest)),
    }
}

fn directory(
    graph: &mut Graph,
    estate: &Estate,
    call: &Call<'_>,
    of: ObjectType,
    rest: &[&str],
) -> Result<GraphResponse, GraphError> {
    if !call.reads() {
        return Err(GraphError::MethodNotAllowed);
    }
    let lag = estate.world.faults.graph_at(estate.now()).stale_reads;
    let tenant = graph.stale.tenant(&estate.world.tenant, lag, estate.now());
    let tracked = match of {
        ObjectType::User => Some(Tracked::Users),
        ObjectType::Group => Some(Tracked::Groups),
        ObjectType::Contact => None,
    };
    match (rest, tracked) {
        ([], _) => directory_objects::list(call, tenant, of),
        (["$count"], _) => directory_objects::count(call, tenant, of),
        (["delta"], Some(tracked)) => answer_delta(
            call,
            tenant,
            &mut graph.deltas,
            tracked,
            estate.world.modes.delta_reset,
            estate.now(),
        ),
        ([id], _) => directory_objects::get(call, tenant, of, id),
        ([id, "members"], Some(Tracked::Groups)) => directory_objects::members(call, tenant, id, false),
        ([id, "members", "$count"], Some(Tracked::Groups)) => {
            directory_objects::members(call, tenant, id, true)
        }
        _ => Err(unknown(rest)),
    }
}
