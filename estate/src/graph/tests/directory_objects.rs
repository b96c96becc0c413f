//! Users and groups over HTTP: listing, counting, advanced queries, members, delta.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::{Value, json};

use super::fixture::{Fixture, PILOT, SALES, USERS_PER_UNIT, code, dn};
use crate::modes::DeltaReset;
use crate::value::Attributes;

const EVENTUAL: (&str, &str) = ("ConsistencyLevel", "eventual");

fn delete(fixture: &mut Fixture, name: &str) {
    fixture.estate.with_world(|world, now| {
        let guid = world.directory.by_dn(&dn(name)).expect("there").guid;
        world.directory.delete(guid, now).expect("deleted");
    });
}

/// Connect carries one change of the directory over, as its next cycle would.
fn export(fixture: &mut Fixture, anchor: &str, operation: crate::tenant::WriteOperation) {
    let write = crate::tenant::ObjectWrite { anchor: anchor.to_owned(), source: None, operation };
    let writer = crate::engine::Writer::connect("sync01");
    fixture.estate.with_world(|world, now| world.write(&writer, &write, now).expect("the tenant takes it"));
}

/// The anchor as a query carries it: a plus sign would be a blank.
fn in_query(anchor: &str) -> String {
    anchor.replace('+', "%2B")
}

fn anchor_of(fixture: &Fixture, name: &str) -> String {
    crate::directory::anchor_of(fixture.estate.world.directory.by_dn(&dn(name)).expect("there").guid)
}

fn replace(name: &str, value: &str) -> crate::tenant::WriteOperation {
    crate::tenant::WriteOperation::Provision {
        kind: crate::tenant::CloudKind::User,
        attributes: Attributes::new().with(name, value),
    }
}

#[test]
fn listings_page_through_everything_once() {
    let mut fixture = Fixture::new();
    let (default, _) = fixture.pages("/v1.0/users", &[]);
    let (small, _) = fixture.pages("/v1.0/users?$top=7&$select=id", &[]);
    let ids = |items: &[Value]| {
        items.iter().map(|user| user["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&default).len(), 2 * USERS_PER_UNIT);
    assert_eq!(ids(&default), ids(&small));
    assert_eq!(ids(&small).iter().collect::<BTreeSet<_>>().len(), 2 * USERS_PER_UNIT);
    assert_eq!(default[0].as_object().expect("an object").len(), 11, "the documented default properties");
    assert_eq!(small[0], json!({"id": ids(&small)[0]}));
}

#[test]
fn page_sizes_are_bound_to_999() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.get("/v1.0/users?$top=999").status, 200);
    let refused = fixture.get("/v1.0/users?$top=1000");
    assert_eq!((refused.status.as_u16(), code(&refused)), (400, "Request_BadRequest"));
    assert_eq!(
        refused.body_json()["error"]["message"],
        "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."
    );
}

#[test]
fn on_premises_properties_come_by_select() {
    let mut fixture = Fixture::new();
    let anchor = anchor_of(&fixture, "CN=pilot03,OU=Pilot,DC=contoso,DC=com");
    let body = fixture.read(&format!(
        "/v1.0/users?$filter=onPremisesImmutableId eq '{}'&$select=id,onPremisesImmutableId,onPremisesSecurityIdentifier,\
         onPremisesSyncEnabled,onPremisesDistinguishedName,onPremisesSamAccountName,proxyAddresses,accountEnabled,\
         onPremisesExtensionAttributes,onPremisesDomainName",
        in_query(&anchor)
    ));
    let users = body["value"].as_array().expect("a collection");
    assert_eq!(users.len(), 1);
    assert_eq!(users[0]["onPremisesImmutableId"], anchor.as_str());
    assert_eq!(users[0]["onPremisesSyncEnabled"], true);
    assert_eq!(users[0]["onPremisesSamAccountName"], "pilot03");
    assert_eq!(users[0]["onPremisesDistinguishedName"], "CN=pilot03,OU=Pilot,DC=contoso,DC=com");
    assert_eq!(users[0]["accountEnabled"], true);
    assert_eq!(users[0]["proxyAddresses"], json!(["SMTP:pilot03@contoso.com"]));
    let sid = users[0]["onPremisesSecurityIdentifier"].as_str().expect("text");
    assert!(sid.starts_with("S-1-5-21-1004336348-1177238915-"), "{sid}");
    assert_eq!(users[0]["onPremisesExtensionAttributes"]["extensionAttribute1"], Value::Null);

    // On no Graph type, or not on groups.
    for url in [
        "/v1.0/users?$select=onPremisesObjectIdentifier",
        "/v1.0/groups?$select=onPremisesImmutableId",
        "/v1.0/groups?$select=onPremisesDistinguishedName",
        "/v1.0/users?$filter=nonsense eq 'x'",
    ] {
        let refused = fixture.get(url);
        assert_eq!((refused.status.as_u16(), code(&refused)), (400, "Request_BadRequest"), "{url}");
    }
    let groups = fixture.read("/v1.0/groups");
    assert!(
        groups["value"][0]["onPremisesSecurityIdentifier"]
            .as_str()
            .is_some_and(|sid| sid.starts_with("S-1-5-21-"))
    );
    assert_eq!(groups["value"][0]["securityEnabled"], true);
}

#[test]
fn single_objects_are_found_by_id_and_users_by_name() {
    let mut fixture = Fixture::new();
    let by_name = fixture.read("/v1.0/users/sales01@contoso.com?$expand=manager");
    let id = by_name["id"].as_str().expect("an id").to_owned();
    assert_eq!(by_name["manager"]["@odata.type"], "#microsoft.graph.user");
    assert_eq!(fixture.read(&format!("/v1.0/users('{id}')"))["userPrincipalName"], "sales01@contoso.com");
    let missing = fixture.get("/v1.0/users/00000000-0000-0000-0000-000000000009");
    assert_eq!((missing.status.as_u16(), code(&missing)), (404, "Request_ResourceNotFound"));
    assert_eq!(fixture.get(&format!("/v1.0/groups/{id}")).status, 404, "a user is no group");
    assert_eq!(fixture.send(Method::DELETE, &format!("/v1.0/users/{id}"), None).status, 405);
}

#[test]
fn advanced_queries_need_the_header_on_every_page() {
    let mut fixture = Fixture::new();
    let url = "/v1.0/users?$filter=not startswith(userPrincipalName,'sales')&$count=true&$top=20&$select=id";
    let refused = fixture.get(url);
    assert_eq!((refused.status.as_u16(), code(&refused)), (400, "Request_UnsupportedQuery"));
    let first = fixture.get_with(url, &[EVENTUAL]);
    assert_eq!(first.body_json()["@odata.count"], USERS_PER_UNIT);
    let next = first.body_json()["@odata.nextLink"].as_str().expect("more pages").to_owned();
    assert_eq!(fixture.get(&next).status, 400, "the next link without the header");
    let second = fixture.get_with(&next, &[EVENTUAL]);
    assert_eq!(second.status, 200);
    assert_eq!(second.body_json().get("@odata.count"), None, "the count is on the first page only");
    assert_eq!(second.body_json()["value"].as_array().map(Vec::len), Some(USERS_PER_UNIT - 20));

    let without_count = "/v1.0/users?$filter=endswith(mail,'@contoso.com')";
    assert_eq!(fixture.get_with(without_count, &[EVENTUAL]).status, 400, "needs $count=true as well");
    let search =
        fixture.get_with("/v1.0/users?$search=\"displayName:pilot0\"&$select=displayName", &[EVENTUAL]);
    assert_eq!(search.body_json()["value"].as_array().map(Vec::len), Some(10));
    let ordered = fixture.get_with(
        "/v1.0/users?$orderby=displayName desc&$filter=startswith(displayName,'pilot')&$count=true&$top=1",
        &[EVENTUAL],
    );
    assert_eq!(ordered.body_json()["value"][0]["displayName"], "pilot29 Müller");
}

#[test]
fn counts_are_plain_text_and_need_the_header() {
    let mut fixture = Fixture::new();
    assert_eq!(code(&fixture.get("/v1.0/users/$count")), "Request_UnsupportedQuery");
    let count = fixture.get_with("/v1.0/users/$count", &[EVENTUAL]);
    assert_eq!(count.body, crate::graph::Body::Text((2 * USERS_PER_UNIT).to_string()));
    let some = fixture.get_with("/v1.0/users/$count?$filter=startswith(mail,'pilot')", &[EVENTUAL]);
    assert_eq!(some.body, crate::graph::Body::Text(USERS_PER_UNIT.to_string()));
    let groups = fixture.get_with("/beta/groups/$count", &[EVENTUAL]);
    assert_eq!(groups.body, crate::graph::Body::Text("2".to_owned()));
}

#[test]
fn members_of_a_group_are_typed() {
    let mut fixture = Fixture::new();
    let groups = fixture.read("/v1.0/groups?$filter=displayName eq 'Everybody'&$select=id&$expand=members");
    let id = groups["value"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(
        groups["value"][0]["members"].as_array().map(Vec::len),
        Some(20),
        "an expansion stops at twenty"
    );
    let (members, _) =
        fixture.pages(&format!("/v1.0/groups/{id}/members?$select=id,userPrincipalName&$top=25"), &[]);
    assert_eq!(members.len(), 2 * USERS_PER_UNIT);
    assert_eq!(members[0]["@odata.type"], "#microsoft.graph.user");
    assert!(members[0]["userPrincipalName"].is_string());
    let count = fixture.get_with(&format!("/v1.0/groups/{id}/members/$count"), &[EVENTUAL]);
    assert_eq!(count.body, crate::graph::Body::Text((2 * USERS_PER_UNIT).to_string()));
}

#[test]
fn a_delta_chain_follows_what_is_tracked() {
    let mut fixture = Fixture::new();
    let select = "$select=id,userPrincipalName,department,onPremisesImmutableId";
    let (first, link) =
        fixture.pages(&format!("/v1.0/users/delta?{select}"), &[("Prefer", "odata.maxpagesize=25")]);
    let ids: BTreeSet<&str> = first.iter().map(|user| user["id"].as_str().expect("an id")).collect();
    assert_eq!(ids.len(), 2 * USERS_PER_UNIT);
    assert!(first.len() > ids.len(), "pages replay an object");
    let link = link.expect("a delta link");

    let (quiet, _) = fixture.pages(&link, &[]);
    assert_eq!(quiet, Vec::<Value>::new());

    let renamed = anchor_of(&fixture, "CN=pilot03,OU=Pilot,DC=contoso,DC=com");
    export(&mut fixture, &renamed, replace("department", "Research"));
    let untracked = anchor_of(&fixture, "CN=pilot04,OU=Pilot,DC=contoso,DC=com");
    export(&mut fixture, &untracked, replace("jobTitle", "Engineer"));
    let gone = anchor_of(&fixture, "CN=pilot05,OU=Pilot,DC=contoso,DC=com");
    delete(&mut fixture, "CN=pilot05,OU=Pilot,DC=contoso,DC=com");
    export(&mut fixture, &gone, crate::tenant::WriteOperation::Delete);

    let (changes, after) = fixture.pages(&link, &[]);
    let by_anchor: BTreeMap<&str, &Value> =
        changes.iter().filter_map(|user| Some((user["onPremisesImmutableId"].as_str()?, user))).collect();
    assert_eq!(changes.len(), 2, "{changes:#?}");
    assert_eq!(by_anchor[renamed.as_str()]["department"], "Research");
    assert!(changes.iter().any(|user| user["@removed"]["reason"] == "changed"));
    let (minimal, _) = fixture.pages(&link, &[("Prefer", "return=minimal")]);
    let minimal = minimal.iter().find(|user| user.get("department").is_some()).expect("the changed one");
    assert_eq!(minimal.get("userPrincipalName"), None);
    assert_eq!(fixture.pages(&after.expect("a delta link"), &[]).0, Vec::<Value>::new());
}

#[test]
fn group_deltas_carry_members_and_hard_deletions() {
    let mut fixture = Fixture::new();
    let (first, link) = fixture.pages("/v1.0/groups/delta?$select=displayName,members", &[]);
    let members: BTreeSet<&str> = first
        .iter()
        .flat_map(|group| group["members@delta"].as_array().into_iter().flatten())
        .map(|member| member["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(members.len(), 2 * USERS_PER_UNIT);
    let link = link.expect("a delta link");
    let team = anchor_of(&fixture, &format!("CN=Sales team,{SALES}"));
    export(&mut fixture, &team, crate::tenant::WriteOperation::Delete);
    let (changes, _) = fixture.pages(&link, &[]);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["@removed"]["reason"], "deleted", "groups are deleted for good");
}

#[test]
fn delta_queries_refuse_what_they_do_not_support() {
    let mut fixture = Fixture::new();
    for query in
        ["$top=5", "$orderby=displayName", "$expand=manager", "$filter=mail eq 'x'", "$select=nonsense"]
    {
        let refused = fixture.get(&format!("/v1.0/users/delta?{query}"));
        assert_eq!((refused.status.as_u16(), code(&refused)), (400, "Request_BadRequest"), "{query}");
    }
    let elsewhere = fixture.get("/v1.0/users/delta?$select=skills");
    assert_eq!((elsewhere.status.as_u16(), code(&elsewhere)), (501, "NotImplemented"));
    let id = fixture.read("/v1.0/users?$top=1")["value"][0]["id"].as_str().expect("an id").to_owned();
    let (one, _) = fixture.pages(&format!("/v1.0/users/delta?$filter=id eq '{id}'"), &[]);
    assert_eq!(one.len(), 1);
    let (none, link) = fixture.pages("/v1.0/users/delta?$deltatoken=latest", &[]);
    assert_eq!(none, Vec::<Value>::new());
    assert_eq!(fixture.pages(&link.expect("a delta link"), &[]).0, Vec::<Value>::new());
}

#[test]
fn an_expired_delta_token_says_where_to_start_over() {
    let mut fixture = Fixture::new();
    let (_, link) = fixture.pages("/v1.0/users/delta?$select=id", &[]);
    let link = link.expect("a delta link");
    fixture.graph.expire_delta_tokens();
    let gone = fixture.get(&link);
    assert_eq!(gone.status, 410);
    let location = gone.headers["location"].to_str().expect("text").to_owned();
    assert!(location.ends_with("/v1.0/users/delta?$select=id&$deltatoken="), "{location}");
    assert_eq!(fixture.pages(&location, &[]).0.len(), 2 * USERS_PER_UNIT);
    fixture.estate.world.modes.delta_reset = DeltaReset::ResyncRequired;
    let refused = fixture.get(&link);
    assert_eq!((refused.status.as_u16(), code(&refused)), (400, "resyncRequired"));
}

#[test]
fn stale_reads_show_the_past_for_a_while() {
    let mut fixture = Fixture::new();
    fixture.estate.world.faults.graph.stale_reads = jiff::SignedDuration::from_mins(2);
    let name = format!("CN=pilot03,{PILOT}");
    let anchor = anchor_of(&fixture, &name);
    let filter = format!("onPremisesImmutableId eq '{}'", in_query(&anchor));
    let url = format!("/v1.0/users?$filter={filter}&$select=department");
    assert_eq!(fixture.read(&url)["value"][0]["department"], Value::Null);
    export(&mut fixture, &anchor, replace("department", "Research"));
    assert_eq!(fixture.read(&url)["value"][0]["department"], Value::Null);
    // Another question about the same object is no younger.
    assert_eq!(fixture.read("/v1.0/users/pilot03@contoso.com?$select=department")["department"], Value::Null);
    fixture.advance(jiff::SignedDuration::from_mins(2));
    assert_eq!(fixture.read(&url)["value"][0]["department"], "Research");
}

#[test]
fn contacts_are_listed_without_any_key_of_the_directory() {
    let mut fixture = Fixture::new();
    let contacts = fixture.read("/v1.0/contacts");
    assert_eq!(contacts["value"][0]["mail"], "partner@fabrikam.com");
    assert_eq!(contacts["value"][0]["onPremisesSyncEnabled"], true);
    assert_eq!(fixture.get("/v1.0/contacts?$select=onPremisesSecurityIdentifier").status, 400);
}
