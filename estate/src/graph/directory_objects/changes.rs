//! `GET /users/delta` and `GET /groups/delta`. No IO.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::render::{ObjectType, odata_type};
use super::{DIRECTORY_PAGES, check_property};
use crate::graph::call::Call;
use crate::graph::delta::{Deltas, Link, Query, Snapshot, Tracked, TrackedObject};
use crate::graph::error::GraphError;
use crate::graph::message::GraphResponse;
use crate::modes::DeltaReset;
use crate::tenant::{CloudObject, Tenant};

/// Most ids in the `$filter` of a first request. Source: Microsoft, "Get incremental changes for users".
const MOST_IDS: usize = 50;

/// Objects on a page where the client does not say.
const DEFAULT_SIZE: usize = 100;

/// Answers a delta query of either kind.
pub(crate) fn answer_delta(
    call: &Call<'_>,
    tenant: &Tenant,
    deltas: &mut Deltas,
    tracked: Tracked,
    reset: DeltaReset,
    now: Timestamp,
) -> Result<GraphResponse, GraphError> {
    let of = object_type(tracked);
    let restart = restart_link(call, deltas);
    let size = page_size(call);
    let (items, link) = match (&call.query.skip_token, &call.query.delta_token) {
        (Some(token), _) => {
            deltas.query(token, now, reset, &restart)?;
            deltas.next(token, now)
        }
        (None, Some(token)) if token == "latest" => {
            let query = first_query(call, of, tracked)?;
            let state = snapshot(tenant, &query);
            Some((Vec::new(), deltas.latest(query, state, now)))
        }
        (None, Some(token)) if !token.is_empty() => {
            let query = deltas.query(token, now, reset, &restart)?;
            let state = snapshot(tenant, query);
            deltas.since(token, state, call.prefers("return=minimal"), size, now)
        }
        _ => {
            let query = first_query(call, of, tracked)?;
            let state = snapshot(tenant, &query);
            Some(deltas.first(query, state, size, now))
        }
    }
    .ok_or(GraphError::StaleToken {
        code: "syncStateNotFound",
        message: "The token is of the other kind.".to_owned(),
    })?;

    let mut body = call.collection_body(of.collection(), items);
    let (name, link) = match link {
        Link::Next(token) => ("@odata.nextLink", call.link(&[("$skiptoken".to_owned(), token)])),
        Link::Delta(token) => ("@odata.deltaLink", call.link(&[("$deltatoken".to_owned(), token)])),
    };
    body.insert(name.to_owned(), json!(link));
    Ok(GraphResponse::ok(Value::Object(body)))
}

/// Where to start over: the first request again, with an empty token.
fn restart_link(call: &Call<'_>, deltas: &Deltas) -> String {
    let token = call.query.skip_token.as_deref().or(call.query.delta_token.as_deref());
    let select = token.and_then(|token| deltas.select_of(token));
    let mut options: Vec<(String, String)> =
        select.iter().map(|names| ("$select".to_owned(), names.join(","))).collect();
    options.push(("$deltatoken".to_owned(), String::new()));
    call.link(&options)
}

fn object_type(tracked: Tracked) -> ObjectType {
    match tracked {
        Tracked::Users => ObjectType::User,
        Tracked::Groups => ObjectType::Group,
    }
}

fn page_size(call: &Call<'_>) -> usize {
    call.preference("odata.maxpagesize")
        .and_then(|size| size.parse::<u32>().ok())
        .filter(|size| (1..=DIRECTORY_PAGES.largest_size).contains(size))
        .map_or(DEFAULT_SIZE, |size| size as usize)
}

/// What a request without token asks to track.
fn first_query(call: &Call<'_>, of: ObjectType, tracked: Tracked) -> Result<Query, GraphError> {
    let query = &call.query;
    for (given, option) in [
        (!query.expand.is_empty(), "$expand"),
        (!query.order_by.is_empty(), "$orderby"),
        (query.top.is_some(), "$top"),
        (query.search.is_some(), "$search"),
    ] {
        if given {
            return Err(GraphError::BadRequest(format!("{option} is not supported with delta queries.")));
        }
    }
    let ids = match &query.filter {
        None => None,
        Some(filter) => {
            let ids = filter.alternatives_of("id").filter(|ids| ids.len() <= MOST_IDS).ok_or_else(|| {
                GraphError::BadRequest(format!(
                    "$filter of a delta query supports only 'id eq' joined by 'or', at most {MOST_IDS} of them."
                ))
            })?;
            Some(ids.into_iter().map(str::to_owned).collect())
        }
    };
    let select = match &query.select {
        None => of.default_properties().into_iter().map(str::to_owned).collect(),
        Some(select) => {
            let relation = relation(tracked);
            for name in select.iter().filter(|name| *name != relation) {
                check_property(of, name)?;
            }
            select.clone()
        }
    };
    Ok(Query { tracked, select, ids })
}

/// The relation that can be tracked by naming it in `$select`.
fn relation(tracked: Tracked) -> &'static str {
    match tracked {
        Tracked::Users => "manager",
        Tracked::Groups => "members",
    }
}

/// The collection as the query sees it now: live objects, and users in the recycle bin as removed.
fn snapshot(tenant: &Tenant, query: &Query) -> Snapshot {
    let of = object_type(query.tracked);
    let wanted = |object: &CloudObject| {
        object.kind == of.kind() && query.ids.as_ref().is_none_or(|ids| ids.contains(&object.id.to_string()))
    };
    let with_relation = query.select.iter().any(|name| name == relation(query.tracked));
    let alive = tenant.iter().filter(|object| wanted(object)).map(|object| {
        let mut properties = of.render_only(object, &query.select);
        let members = if with_relation {
            related(tenant, object, query.tracked, &mut properties)
        } else {
            BTreeMap::new()
        };
        (object.id.to_string(), TrackedObject::Alive { properties, members })
    });
    let deleted = tenant
        .deleted()
        .filter(|object| wanted(object))
        .map(|object| (object.id.to_string(), TrackedObject::SoftDeleted));
    alive.chain(deleted).collect()
}

/// Members of a group for `members@delta`; a manager goes among the properties as `manager@delta`.
fn related(
    tenant: &Tenant,
    object: &CloudObject,
    tracked: Tracked,
    properties: &mut Map<String, Value>,
) -> BTreeMap<String, &'static str> {
    let typed = |id| tenant.get(id).map(|target: &CloudObject| (id.to_string(), odata_type(target.kind)));
    match tracked {
        Tracked::Groups => tenant.members(object.id).into_iter().filter_map(typed).collect(),
        Tracked::Users => {
            let managers: Vec<Value> = tenant
                .live_references(object.id, "manager")
                .into_iter()
                .filter_map(typed)
                .map(|(id, kind)| json!({"@odata.type": kind, "id": id}))
                .collect();
            properties.insert("manager@delta".to_owned(), json!(managers));
            BTreeMap::new()
        }
    }
}
