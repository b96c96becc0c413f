//! `/users`, `/groups`, `/contacts`: listing, counting, single objects, members and delta queries. No IO.
//!
//! Source: Microsoft, "List users", "Advanced query capabilities on directory objects", "Paging Microsoft Graph data".

mod changes;
mod render;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::Call;
use super::error::GraphError;
use super::message::GraphResponse;
use super::odata::{Case, PageRules, page, project};
use crate::tenant::{CloudKind, CloudObject, Tenant};

pub(crate) use changes::answer_delta;
pub(crate) use render::{ObjectType, instant, odata_type};

/// Page sizes of users and groups. Source: Microsoft, "List users" (100 by default, at most 999).
pub(crate) const DIRECTORY_PAGES: PageRules =
    PageRules { default_size: 100, largest_size: 999, case: Case::Ignore };

/// Members shown by `$expand`. Source: Microsoft, query parameters (at most 20 on directory objects).
const MOST_EXPANDED: usize = 20;

/// `GET /{collection}`.
pub(crate) fn list(call: &Call<'_>, tenant: &Tenant, of: ObjectType) -> Result<GraphResponse, GraphError> {
    require_consistency_level(call)?;
    let select = selection(call, of)?;
    check_filter(call, of)?;
    let search = call.query.search.as_deref().map(search_term).transpose()?;
    let objects = tenant
        .of_kind(of.kind())
        .map(|object| Value::Object(of.render(object)))
        .filter(|object| search.as_ref().is_none_or(|term| term.matches(object)))
        .collect();
    let page = page(objects, &call.query, DIRECTORY_PAGES)?;
    let value = page
        .objects
        .iter()
        .map(|object| {
            let mut shown = project(object, &select);
            expand(call, tenant, of, object, &mut shown)?;
            Ok(shown)
        })
        .collect::<Result<Vec<Value>, GraphError>>()?;
    let mut body = call.collection_body(of.collection(), value);
    if call.query.count && page.first {
        body.insert("@odata.count".to_owned(), json!(page.matching));
    }
    if let Some(next) = page.next {
        body.insert("@odata.nextLink".to_owned(), json!(call.next_link(&next)));
    }
    Ok(GraphResponse::ok(Value::Object(body)))
}

/// `GET /{collection}/$count`.
pub(crate) fn count(call: &Call<'_>, tenant: &Tenant, of: ObjectType) -> Result<GraphResponse, GraphError> {
    if !call.asks_for_eventual_consistency() {
        return Err(unsupported("$count"));
    }
    check_filter(call, of)?;
    let matching = tenant
        .of_kind(of.kind())
        .filter(|object| {
            call.query
                .filter
                .as_ref()
                .is_none_or(|filter| filter.matches(&Value::Object(of.render(object)), Case::Ignore))
        })
        .count();
    Ok(GraphResponse::text(matching.to_string()))
}

/// `GET /{collection}/{id}`; users also by user principal name.
pub(crate) fn get(
    call: &Call<'_>,
    tenant: &Tenant,
    of: ObjectType,
    key: &str,
) -> Result<GraphResponse, GraphError> {
    let select = selection(call, of)?;
    let object = find(tenant, of, key).ok_or_else(|| GraphError::NotFound(key.to_owned()))?;
    let whole = Value::Object(of.render(object));
    let mut shown = project(&whole, &select);
    expand(call, tenant, of, &whole, &mut shown)?;
    if let Some(properties) = shown.as_object_mut() {
        properties.insert(
            "@odata.context".to_owned(),
            json!(call.context(&format!("{}/$entity", of.collection()))),
        );
    }
    Ok(GraphResponse::ok(shown))
}

/// `GET /groups/{id}/members`, and with `count` its `/$count`.
pub(crate) fn members(
    call: &Call<'_>,
    tenant: &Tenant,
    key: &str,
    count: bool,
) -> Result<GraphResponse, GraphError> {
    let group = find(tenant, ObjectType::Group, key).ok_or_else(|| GraphError::NotFound(key.to_owned()))?;
    let members: Vec<&CloudObject> =
        tenant.members(group.id).into_iter().filter_map(|id| tenant.get(id)).collect();
    if count {
        if !call.asks_for_eventual_consistency() {
            return Err(unsupported("$count"));
        }
        return Ok(GraphResponse::text(members.len().to_string()));
    }
    require_consistency_level(call)?;
    let objects = members.into_iter().map(|member| member_of_list(call, member)).collect();
    let page = page(objects, &call.query, DIRECTORY_PAGES)?;
    let mut body = call.collection_body("directoryObjects", page.objects);
    if call.query.count && page.first {
        body.insert("@odata.count".to_owned(), json!(page.matching));
    }
    if let Some(next) = page.next {
        body.insert("@odata.nextLink".to_owned(), json!(call.next_link(&next)));
    }
    Ok(GraphResponse::ok(Value::Object(body)))
}

fn member_of_list(call: &Call<'_>, member: &CloudObject) -> Value {
    let mut shown = Map::new();
    shown.insert("@odata.type".to_owned(), json!(odata_type(member.kind)));
    let of = match member.kind {
        CloudKind::User => ObjectType::User,
        CloudKind::Group => ObjectType::Group,
        CloudKind::Contact => ObjectType::Contact,
        CloudKind::Device => {
            shown.insert("id".to_owned(), json!(member.id.to_string()));
            return Value::Object(shown);
        }
    };
    // Members are of several types: a property that one of them lacks is left out there, not refused.
    let names = match &call.query.select {
        Some(select) => select.clone(),
        None => of.default_properties().into_iter().map(str::to_owned).collect(),
    };
    shown.extend(of.render_only(member, &names));
    Value::Object(shown)
}

fn find<'t>(tenant: &'t Tenant, of: ObjectType, key: &str) -> Option<&'t CloudObject> {
    let object = match key.parse::<Uuid>() {
        Ok(id) => tenant.get(id),
        Err(_) if of == ObjectType::User => tenant.of_kind(CloudKind::User).find(|user| {
            user.attributes.text("userPrincipalName").is_some_and(|name| name.eq_ignore_ascii_case(key))
        }),
        Err(_) => None,
    };
    object.filter(|object| object.is_live() && object.kind == of.kind())
}

/// The properties to show: those selected, each of which must exist on the type.
fn selection(call: &Call<'_>, of: ObjectType) -> Result<Vec<String>, GraphError> {
    match &call.query.select {
        None => Ok(of.default_properties().into_iter().map(str::to_owned).collect()),
        Some(select) => {
            for name in select {
                check_property(of, name)?;
            }
            Ok(select.clone())
        }
    }
}

pub(super) fn check_property(of: ObjectType, name: &str) -> Result<(), GraphError> {
    if of.has(name) {
        return Ok(());
    }
    if of.is_outside_the_store(name) {
        return Err(GraphError::NotImplemented(format!(
            "Property '{name}' cannot be retrieved in this call."
        )));
    }
    Err(GraphError::BadRequest(format!(
        "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type '{}'.",
        of.type_name()
    )))
}

fn check_filter(call: &Call<'_>, of: ObjectType) -> Result<(), GraphError> {
    let properties = call.query.filter.iter().flat_map(|filter| filter.properties());
    let ordered = call.query.order_by.iter().map(|key| key.property.as_str());
    for name in properties.chain(ordered) {
        check_property(of, name)?;
    }
    Ok(())
}

/// Advanced queries need the header on every page, and `$count=true` unless they search.
fn require_consistency_level(call: &Call<'_>) -> Result<(), GraphError> {
    if !call.query.is_advanced() {
        return Ok(());
    }
    if !call.asks_for_eventual_consistency() {
        return Err(unsupported("This query"));
    }
    if !call.query.count && call.query.search.is_none() {
        return Err(GraphError::UnsupportedQuery(
            "Unsupported or invalid query: this filter or order needs $count=true.".to_owned(),
        ));
    }
    Ok(())
}

fn unsupported(what: &str) -> GraphError {
    GraphError::UnsupportedQuery(format!(
        "{what} is not currently supported without the header 'ConsistencyLevel: eventual'."
    ))
}

/// `$search="property:term"`.
struct SearchTerm {
    property: String,
    term: String,
}

impl SearchTerm {
    /// Whether a word of the property starts with the term.
    fn matches(&self, object: &Value) -> bool {
        let text = object.get(&self.property).and_then(Value::as_str).unwrap_or_default().to_lowercase();
        text.split(|character: char| !character.is_alphanumeric()).any(|word| word.starts_with(&self.term))
    }
}

fn search_term(search: &str) -> Result<SearchTerm, GraphError> {
    let inner = search.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner.and_then(|inner| inner.split_once(':')) {
        Some((property, term)) => Ok(SearchTerm { property: property.to_owned(), term: term.to_lowercase() }),
        None => Err(GraphError::BadRequest(
            "Syntax error: expected $search=\"property:value\" with the double quotes.".to_owned(),
        )),
    }
}

/// `$expand=members` on groups, `$expand=manager` on users.
fn expand(
    call: &Call<'_>,
    tenant: &Tenant,
    of: ObjectType,
    whole: &Value,
    shown: &mut Value,
) -> Result<(), GraphError> {
    for relation in &call.query.expand {
        let id = whole.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
        let reference = |target: Uuid| {
            let kind = tenant.get(target).map_or(CloudKind::User, |object| object.kind);
            json!({"@odata.type": odata_type(kind), "id": target.to_string()})
        };
        let value = match (of, relation.as_str(), id) {
            (ObjectType::Group, "members", Some(id)) => {
                tenant.members(id).into_iter().take(MOST_EXPANDED).map(reference).collect()
            }
            (ObjectType::User, "manager", Some(id)) => {
                tenant.live_references(id, "manager").first().copied().map_or(Value::Null, reference)
            }
            _ => {
                return Err(GraphError::BadRequest(format!(
                    "Parsing OData Select and Expand failed: Could not find a property named '{relation}' on type '{}'.",
                    of.type_name()
                )));
            }
        };
        if let Some(properties) = shown.as_object_mut() {
            properties.insert(relation.clone(), value);
        }
    }
    Ok(())
}
