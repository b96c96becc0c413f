//! The audit log of the control plane tells who did what.

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::rbac::v1::Subject;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use serde_json::json;
use tests::control_plane::{AuditLog, Error};
use tests::{TestNamespace, say};

use crate::control_plane::{allow, config_map};

/// The audit log, or none on an existing cluster: such a test cannot be had there, and says so.
fn log(namespace: &TestNamespace) -> Option<AuditLog> {
    match namespace.control_plane().audit() {
        Ok(log) => Some(log),
        Err(Error::NoAuditLog) => {
            say(&format!("skipped: {}", Error::NoAuditLog));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn user(name: &str) -> Subject {
    Subject {
        api_group: Some("rbac.authorization.k8s.io".to_owned()),
        kind: "User".to_owned(),
        name: name.to_owned(),
        namespace: None,
    }
}

#[tokio::test]
async fn a_write_shows_who_did_what_to_which_object_and_how_it_ended() {
    let namespace = TestNamespace::create().await.unwrap();
    allow(&namespace, user("berta"), &["create", "patch"]).await.unwrap();
    let Some(log) = log(&namespace) else { return };
    let mark = log.mark().unwrap();

    let client = namespace.control_plane().client_for("berta", &["writers"]).await.unwrap();
    let maps = Api::<ConfigMap>::namespaced(client, namespace.name());
    maps.create(&PostParams::default(), &config_map("written")).await.unwrap();
    let change = Patch::Merge(json!({ "data": { "key": "value" } }));
    maps.patch("written", &PatchParams::default(), &change).await.unwrap();
    assert!(maps.list(&ListParams::default()).await.is_err());

    let events = log.since(mark).unwrap().by("berta").within(namespace.name()).completed();
    let seen: Vec<_> = events
        .iter()
        .map(|event| (event.verb.as_str(), event.name.as_str(), event.code, event.is_write()))
        .collect();
    assert_eq!(
        seen,
        [("create", "written", 201, true), ("patch", "written", 200, true), ("list", "", 403, false)]
    );
    assert!(events.iter().all(|event| event.groups.iter().any(|group| group == "writers")));
    let rights: Vec<_> = events.rights().iter().map(ToString::to_string).collect();
    assert_eq!(rights, ["create configmaps", "list configmaps", "patch configmaps"]);
    let refused = events.clone().refused();
    assert_eq!(refused.rights().iter().map(ToString::to_string).collect::<Vec<_>>(), ["list configmaps"]);
    assert_eq!(events.writes().len(), 2);
}

#[tokio::test]
async fn whoever_has_the_answer_finds_the_request() {
    let namespace = TestNamespace::create().await.unwrap();
    let Some(log) = log(&namespace) else { return };
    let maps = namespace.api::<ConfigMap>();
    for number in 0..50 {
        let mark = log.mark().unwrap();
        let name = format!("map-{number}");
        maps.create(&PostParams::default(), &config_map(&name)).await.unwrap();
        let events =
            log.since(mark).unwrap().within(namespace.name()).named(&name).verb("create").on("configmaps");
        assert_eq!(events.len(), 1, "{events:?}");
    }
}
