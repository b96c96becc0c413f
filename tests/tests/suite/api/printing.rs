//! What people see of the kinds: columns, short names and the category that lists them all. Runs `kubectl`.

use std::collections::BTreeSet;
use std::process::Command;

use kube::Api;
use kube::api::{ListParams, Patch, PatchParams, Request};
use serde_json::{Value, json};
use tests::control_plane::{Program, find};

use super::examples::small;
use super::schema::{definition, definitions};
use super::server::{Resource, Server, Write};

/// What `kubectl ARGUMENTS` prints in the namespace of the test.
async fn kubectl(server: &Server, arguments: &[&str]) -> String {
    let [kubectl] = tokio::task::spawn_blocking(|| find([Program::Kubectl])).await.unwrap().unwrap();
    let mut command = Command::new(kubectl);
    command
        .arg("--kubeconfig")
        .arg(server.kubeconfig())
        .args(["--namespace", server.namespace()])
        .args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kubectl {}: {errors}", arguments.join(" "));
    String::from_utf8(output.stdout).unwrap()
}

/// Creates one object of every kind and gives back the kinds.
async fn one_of_every_kind(server: &Server) -> Vec<String> {
    let mut kinds = Vec::new();
    for example in small() {
        if kinds.contains(&example.kind) {
            continue;
        }
        let resource = Resource::of(definition(&example.kind));
        server.create(&resource, &example.object, Write::Kept).await.unwrap();
        kinds.push(example.kind);
    }
    kinds
}

#[tokio::test]
async fn the_category_lists_every_kind_and_every_short_name_works() {
    let server = Server::new().await;
    let kinds = one_of_every_kind(&server).await;
    assert_eq!(kinds.len(), definitions().len());
    let listed = kubectl(&server, &["get", "hybrid-identity", "--output", "name"]).await;
    let listed: BTreeSet<_> = listed.lines().map(|line| line.split('.').next().unwrap()).collect();
    let expected: BTreeSet<_> = kinds.iter().map(|kind| kind.to_lowercase()).collect();
    assert_eq!(listed, expected.iter().map(String::as_str).collect());

    for definition in definitions() {
        let names = &definition["spec"]["names"];
        let short = names["shortNames"][0].as_str().unwrap();
        let listed = kubectl(&server, &["get", short, "--output", "name"]).await;
        let singular = names["singular"].as_str().unwrap();
        assert!(listed.starts_with(&format!("{singular}.hybrididentity.dev/")), "{short}: {listed}");
    }
}

#[tokio::test]
async fn what_moves_shows_how_far_it_is_and_what_comes_next() {
    let server = Server::new().await;
    one_of_every_kind(&server).await;
    for (name, columns) in [
        ("stopo", "NAME READY PHASE PROGRESS DEADLINE NEXT AGE"),
        ("himig", "NAME READY PHASE PROGRESS DEADLINE NEXT AGE"),
        ("sserver", "NAME READY PHASE ENGINE VERSION DEADLINE NEXT AGE"),
        ("etenant", "NAME READY PROFILE TENANT AGE"),
    ] {
        let printed = kubectl(&server, &["get", name]).await;
        let header: Vec<_> = printed.lines().next().unwrap().split_whitespace().collect();
        assert_eq!(header.join(" "), columns, "{name}");
    }
}

#[tokio::test]
async fn columns_are_the_declared_ones_and_show_the_status() {
    let server = Server::new().await;
    one_of_every_kind(&server).await;
    let topologies = Api::<crds::SyncTopology>::namespaced(server.client(), server.namespace());
    let status = json!({ "status": {
        "observedGeneration": 1,
        "phase": "Moving",
        "progress": "3/5",
        "nextDeadline": "2027-03-31",
        "next": "wave bulk opens on Friday at 22:00",
        "conditions": [{
            "type": "Ready",
            "status": "True",
            "reason": "InProgress",
            "message": "wave canary soaks",
            "lastTransitionTime": "2026-11-20T22:14:03Z",
        }],
    }});
    topologies.patch_status("example-0", &PatchParams::default(), &Patch::Merge(status)).await.unwrap();

    for definition in definitions() {
        let table = table(&server, &Resource::of(definition)).await;
        let names = |columns: &Value| -> Vec<_> {
            columns.as_array().into_iter().flatten().map(|column| column["name"].clone()).collect()
        };
        let mut declared = vec![json!("Name")];
        declared.extend(names(&definition["spec"]["versions"][0]["additionalPrinterColumns"]));
        assert_eq!(names(&table["columnDefinitions"]), declared);
        if definition["spec"]["names"]["kind"] == "SyncTopology" {
            let cells = table["rows"][0]["cells"].as_array().unwrap();
            let next = "wave bulk opens on Friday at 22:00";
            assert_eq!(cells[..6], ["example-0", "True", "Moving", "3/5", "2027-03-31", next]);
            assert_eq!(cells.last().unwrap(), "InProgress");
        }
    }
}

/// All objects of a kind as the API server prints them.
async fn table(server: &Server, resource: &Resource) -> Value {
    let mut request = Request::new(server.path(resource)).list(&ListParams::default()).unwrap();
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io".parse().unwrap();
    request.headers_mut().insert("accept", accept);
    server.client().request(request).await.unwrap()
}
