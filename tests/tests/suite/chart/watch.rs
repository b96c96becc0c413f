//! An operator for two named namespaces works in both with the rights that the chart gives it there, and asks for nothing
//! outside them. Talks to the API server.

use std::sync::Arc;
use std::time::Duration;

use crds::SyncTopology;
use graph::SystemClock;
use kube::{Api, Client};
use operator::cloud::connect::HttpConnector;
use operator::cluster::KubeCluster;
use operator::context::{Context, Memory};
use operator::metrics::Metrics;
use operator::settings::Settings;
use operator::web::Health;
use serde_json::{Value, json};
use tests::control_plane::Error;
use tests::until;

use super::helm;
use super::server::{GROUP, Write, apply, installed, may};

const LIMIT: Duration = Duration::from_mins(2);
const NAMED: [&str; 2] = ["watched-east", "watched-west"];
const UNNAMED: &str = "unwatched";
const ACCOUNT: &str = "system:serviceaccount:hybrid-identity:watcher";

/// A topology whose only scope is the same everywhere: two of them overlap.
fn topology(namespace: &str) -> Value {
    json!({
        "apiVersion": "hybrididentity.dev/v1alpha1",
        "kind": "SyncTopology",
        "metadata": { "name": "contoso", "namespace": namespace },
        "spec": {
            "tenantRef": { "name": "contoso" },
            "timeZone": "Europe/Berlin",
            "scopes": [{
                "name": "sales", "organizationalUnits": ["OU=Sales,DC=contoso,DC=com"], "engine": "CloudSync",
            }],
            "strategy": { "waves": [{ "name": "all", "scopes": ["sales"] }] },
        },
    })
}

async fn install(client: &Client) {
    for namespace in NAMED.into_iter().chain([UNNAMED]) {
        let metadata = json!({ "name": namespace });
        let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata });
        apply(client, &object, Write::Kept).await.unwrap();
        apply(client, &topology(namespace), Write::Kept).await.unwrap();
    }
    let named = format!("watchNamespaces={{{}}}", NAMED.join(","));
    let elsewhere = "fullnameOverride=watcher,crds.enabled=false,admissionPolicies.enabled=false";
    for object in helm::template(&["--set", &named, "--set", elsewhere]).unwrap() {
        // Without the one right outside the named namespaces.
        if object["metadata"]["name"] != "watcher-policies" {
            apply(client, &object, Write::Kept).await.unwrap();
        }
    }
    for namespace in NAMED {
        until("the operator to have its rights", LIMIT, async || {
            Ok(may(client, ACCOUNT, "list", GROUP, "synctopologies", namespace).await.then_some(()))
        })
        .await
        .unwrap();
    }
    assert!(!may(client, ACCOUNT, "list", GROUP, "synctopologies", "").await);
}

fn context(client: Client) -> Context<KubeCluster> {
    let arguments =
        ["operator", "--watch-namespace", NAMED[0], "--watch-namespace", NAMED[1], "--resync-seconds", "5"];
    let settings = <Settings as clap::Parser>::try_parse_from(arguments).unwrap();
    let clock: Arc<dyn graph::Clock> = Arc::new(SystemClock);
    let metrics = Arc::new(Metrics::new().unwrap());
    Context {
        cluster: KubeCluster::new(client, "watcher-0", settings.namespaces()),
        connector: Arc::new(HttpConnector::new(Arc::clone(&clock), Arc::clone(&metrics)).unwrap()),
        clock,
        metrics,
        settings,
        memory: Memory::default(),
    }
}

/// What the operator says of a topology.
async fn message(client: &Client, namespace: &str) -> Option<String> {
    let topology = Api::<SyncTopology>::namespaced(client.clone(), namespace).get("contoso").await.unwrap();
    let ready = topology.status?.conditions.into_iter().find(|condition| condition.type_ == "Ready")?;
    Some(ready.message)
}

#[tokio::test]
async fn named_namespaces_are_all_served_with_rights_in_them_alone() {
    let control_plane = installed().await;
    let client = control_plane.client().await.unwrap();
    install(&client).await;
    let log = control_plane.audit().unwrap();
    let mark = log.mark().unwrap();
    let account = control_plane.client_for_service_account(helm::NAMESPACE, "watcher").await.unwrap();
    let context = Arc::new(context(account));
    let health = Arc::new(Health::new(Arc::new(SystemClock)));
    let (end, ended) = tokio::sync::watch::channel(false);
    let controllers =
        tokio::spawn(operator::drive::controllers(Arc::clone(&context), Arc::clone(&health), ended));

    // Each has a status, and it knows the other one: both were listed.
    for (namespace, other) in [(NAMED[0], NAMED[1]), (NAMED[1], NAMED[0])] {
        let found = until(&format!("the topology in {namespace} to be looked at"), LIMIT, async || {
            Ok(message(&client, namespace).await)
        })
        .await
        .unwrap();
        assert!(found.contains(&format!("{other}/contoso")), "{found}");
        assert!(!found.contains(UNNAMED), "{found}");
    }
    // What is made later is seen by a watch, in each of them.
    for namespace in NAMED {
        let server = json!({
            "apiVersion": "hybrididentity.dev/v1alpha1", "kind": "SyncServer",
            "metadata": { "name": "sync01", "namespace": namespace }, "spec": { "hostName": "sync01.contoso.com" },
        });
        apply(&client, &server, Write::Kept).await.unwrap();
        let servers = Api::<crds::SyncServer>::namespaced(client.clone(), namespace);
        until(&format!("the server in {namespace} to be looked at"), LIMIT, async || {
            let server = servers.get("sync01").await.map_err(Error::kube("reading a server"))?;
            Ok(server.status.filter(|status| status.observed_generation > 0).map(|_| ()))
        })
        .await
        .unwrap();
    }
    assert_eq!(message(&client, UNNAMED).await, None);
    assert_eq!(health.problems(), Vec::<String>::new());
    end.send(true).unwrap();
    controllers.await.unwrap();

    let events = log.since(mark).unwrap().by(ACCOUNT);
    let watches = events.clone().verb("watch").on("synctopologies");
    for namespace in NAMED {
        assert!(watches.clone().within(namespace).iter().any(|event| event.code == 200), "{namespace}");
    }
    let outside: Vec<String> = events
        .iter()
        .filter(|event| !NAMED.contains(&event.namespace.as_str()))
        .map(|event| format!("{} {} '{}' {}", event.verb, event.resource, event.namespace, event.code))
        .collect();
    assert_eq!(outside, Vec::<String>::new());
    let refused = events.refused();
    assert!(refused.is_empty(), "{refused:?}");
}
