//! What a prediction tells the planner, and which scopes a job holds.

use graph::schema::SchemaDocument;
use serde_json::{Value as Json, json};

use super::*;

fn found(keys: &[&str]) -> Sampled {
    let mut found = Sampled::default();
    for key in keys {
        found.add(&ObjectKey::Unkeyed((*key).to_owned()));
    }
    found
}

#[test]
fn what_nobody_can_decide_is_told_apart_from_changes() {
    let prediction = Prediction {
        changed_objects: 2,
        changes: BTreeMap::from([("jobTitle".to_owned(), found(&["a"]))]),
        nulls: BTreeMap::from([("mail".to_owned(), found(&["a", "b"]))]),
        unpredictable: BTreeMap::from([("manager".to_owned(), 3)]),
        outside_references: BTreeMap::from([("members".to_owned(), found(&["g"]))]),
        cross_domain_references: BTreeMap::from([("manager".to_owned(), found(&["h", "i"]))]),
        unserved: found(&["critical"]),
        takeovers: found(&["cloud"]),
        anchor_mismatches: found(&["other"]),
        unkeyed: found(&["twice"]),
        scope_unpredictable: found(&["undecided"]),
        ..Prediction::default()
    };
    let (listing, at) = (ContentDigest::of(b"listing"), Timestamp::UNIX_EPOCH);
    let facts = facts_of(&prediction, &listing, at, 9, 4);
    assert_eq!((facts.listing, facts.at, facts.objects), (Some(listing.clone()), at, 9));
    let counted = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    assert_eq!(facts.changed_objects, 2, "not the sum over attributes, and not the largest of them");
    assert_eq!(facts.changed_attributes, counted(&[("jobTitle", 1), ("mail", 2)]));
    let undecided = [("manager", 3), ("the job's scoping filter", 1), ("attributes of contacts", 4)];
    assert_eq!(facts.unpredictable, counted(&undecided));
    assert_eq!((facts.unserved, facts.takeovers, facts.anchor_mismatches), (1, 1, 2));
    assert_eq!((facts.unknown_references, facts.referring.len()), (1, 1));
    assert!(facts.referring[0].ends_with(" (members)"), "{:?}", facts.referring);
    assert_eq!((facts.cross_domain_references, facts.crossing.len()), (2, 2));
    assert!(facts.crossing[0].ends_with(" (manager)"), "{:?}", facts.crossing);
    assert_eq!(facts_of(&Prediction::default(), &listing, at, 0, 0).unpredictable, []);
}

fn migration(name: &str, units: &[&str]) -> Migration {
    let spec = json!({
        "topologyRef": {"name": "contoso"}, "tenantRef": {"name": "contoso"}, "itinerary": "ConnectToCloudSync",
        "itineraryVersion": 1, "scope": {"name": name, "wave": "w", "organizationalUnits": units}, "attempt": 1,
        "planDigest": ContentDigest::of(b"plan"),
    });
    Migration::new(name, serde_json::from_value(spec).expect("a spec"))
}

fn configuration(domain: &str, containers: &[&str]) -> Configuration {
    let schema: Json = json!({"synchronizationRules": [{
        "name": "AD2AADProvisioning", "objectMappings": [],
        "containerFilter": {"includedContainers": containers}, "groupFilter": {"includedGroups": []},
    }]});
    Configuration {
        domain: domain.to_owned(),
        service_principal: graph::resources::ServicePrincipalId::new("sp"),
        provisioning: None,
        password_hash: None,
        schema: Some(serde_json::from_value::<SchemaDocument>(schema).expect("a schema")),
        deletion_threshold: None,
    }
}

#[test]
fn a_job_holds_a_scope_when_its_filter_names_every_unit_of_it() {
    let (pilot, sales, plants) =
        ("OU=Pilot,DC=contoso,DC=com", "OU=Sales,DC=contoso,DC=com", "OU=Plants,DC=emea,DC=contoso,DC=com");
    let migrations =
        [migration("pilot", &[pilot]), migration("both", &[pilot, sales]), migration("plants", &[plants])];
    let names = |configurations: &[Configuration]| -> Vec<String> {
        in_jobs(migrations.iter(), configurations).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&[]), [""; 0]);
    // An empty filter covers the whole domain, and is no proof that a scope was read.
    assert_eq!(names(&[configuration("contoso.com", &[])]), [""; 0]);
    assert_eq!(names(&[configuration("CONTOSO.com", &["ou=pilot,DC=contoso,DC=com"])]), ["pilot"]);
    let all = [configuration("contoso.com", &[pilot, sales]), configuration("emea.contoso.com", &[plants])];
    assert_eq!(names(&all), ["pilot", "both", "plants"]);
    assert_eq!(in_jobs(migrations.iter(), &all)[2].1, ["emea.contoso.com"]);
}
