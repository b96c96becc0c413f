//! What /metrics answers is what docs/metrics.md says, and what Prometheus can read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use graph::{ApiVersion, ObservedRequest, ObservedResult, RequestObserver as _, Route};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::{Layer as _, Service as _};

use super::{CONTROLLERS, KubeRequests, Metrics, Scope};
use crate::web::{self, Health};

const DOCUMENTED: &str = include_str!("../../../docs/metrics.md");

/// One family: its type, and its samples as name, labels and value.
#[derive(Default)]
struct Family {
    kind: String,
    samples: Vec<(String, String, String)>,
}

/// Reads Prometheus' text format as strictly as Prometheus does.
fn families(text: &str) -> BTreeMap<String, Family> {
    let mut found: BTreeMap<String, Family> = BTreeMap::new();
    let mut helped = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(help.ends_with('.') && helped.insert(name.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            let family = Family { kind: kind.to_owned(), samples: Vec::new() };
            assert!(helped.contains(name) && found.insert(name.to_owned(), family).is_none(), "{line}");
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let labels = labels.strip_suffix('}').unwrap();
            let family = ["", "_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| name.strip_suffix(suffix).filter(|base| found.contains_key(*base)));
            let family = found.get_mut(family.unwrap_or_else(|| panic!("{line}"))).unwrap();
            family.samples.push((name.to_owned(), labels.to_owned(), value.to_owned()));
            assert!(value.parse::<f64>().is_ok(), "{line}");
        }
    }
    found
}

/// Every series has a sample.
fn used() -> Metrics {
    let metrics = Metrics::new().unwrap();
    metrics.errors.with_label_values(&["topology", "conflict"]).inc();
    metrics.last_success.with_label_values(&["topology"]).set(1);
    metrics.watch_errors.with_label_values(&["topology", "Migration"]).inc();
    for code in [200, 429] {
        metrics.observed(&ObservedRequest {
            method: graph::transport::Method::Get,
            route: Route { version: Some(ApiVersion::V1), template: "/users/{id}" },
            result: ObservedResult::Status(code),
            duration: Duration::from_millis(30),
            attempt: 1,
            request_id: Some("r-1"),
        });
    }
    metrics.scope_findings.with_label_values(&["identity", "sync01", "ScopeMoved"]).set(1);
    let scope = Scope { namespace: "identity", topology: "contoso", scope: "sales" };
    metrics.scope(&scope, &[("orphans", 1)]);
    metrics.kube_requests.with_label_values(&["GET", "200"]).inc();
    metrics.kube_duration.with_label_values(&["GET"]).observe(0.1);
    metrics
}

/// Name, type and labels of each row of the table.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let rows = DOCUMENTED.lines().filter(|line| line.starts_with("| `hybrid_identity_"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels =
            cells[3].split(',').map(|label| label.trim().trim_matches('`')).filter(|label| !label.is_empty());
        (cells[1].trim_matches('`').to_owned(), (cells[2].to_owned(), labels.map(str::to_owned).collect()))
    })
    .collect()
}

#[test]
fn what_is_exported_is_what_is_documented() {
    let text = used().text().unwrap();
    let exported: BTreeMap<String, (String, BTreeSet<String>)> = families(&text)
        .into_iter()
        .map(|(name, family)| {
            let labels = family.samples.iter().flat_map(|(_, labels, _)| labels.split("\","));
            let labels = labels.filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
            let labels = labels.filter(|label| label != "le").collect();
            (name, (family.kind, labels))
        })
        .collect();
    assert_eq!(exported, documented());
}

#[test]
fn names_follow_the_conventions() {
    let unit = |name: &str| ["_seconds", "_bytes", "_ratio"].iter().any(|unit| name.ends_with(unit));
    for (name, family) in families(&used().text().unwrap()) {
        assert!(name.starts_with("hybrid_identity_"), "{name}");
        match family.kind.as_str() {
            "counter" => assert!(name.ends_with("_total"), "{name}"),
            "histogram" => assert!(unit(&name), "{name}"),
            "gauge" => assert!(!name.ends_with("_total") && !name.ends_with("_count"), "{name}"),
            other => panic!("{name}: {other}"),
        }
        if family.kind != "histogram" {
            continue;
        }
        // Buckets rise, and the last holds all.
        let of = |suffix: &str| {
            family
                .samples
                .iter()
                .filter(|sample| sample.0.ends_with(suffix))
                .map(|sample| sample.2.as_str())
                .collect::<Vec<_>>()
        };
        let infinite = family
            .samples
            .iter()
            .filter(|sample| sample.1.contains("le=\"+Inf\""))
            .map(|sample| sample.2.as_str());
        assert_eq!(infinite.collect::<Vec<_>>(), of("_count"), "{name}");
    }
}

#[test]
fn failures_are_counted_from_zero() {
    let families = families(&Metrics::new().unwrap().text().unwrap());
    let reconciles = &families["hybrid_identity_controller_reconciles_total"].samples;
    assert_eq!(reconciles.len(), CONTROLLERS.len() * 3);
    assert!(reconciles.iter().all(|sample| sample.2 == "0"));
    assert_eq!(families["hybrid_identity_controller_leader"].samples[0].2, "0");
}

#[test]
fn a_request_to_graph_is_counted_without_what_it_asked_for() {
    let families = families(&used().text().unwrap());
    let requests = &families["hybrid_identity_directory_requests_total"].samples;
    let labels: Vec<&str> = requests.iter().map(|sample| sample.1.as_str()).collect();
    assert_eq!(
        labels,
        [
            "code=\"200\",method=\"GET\",route=\"/v1.0/users/{id}\"",
            "code=\"429\",method=\"GET\",route=\"/v1.0/users/{id}\""
        ]
    );
    assert_eq!(families["hybrid_identity_directory_throttled_total"].samples[0].2, "1");
    assert!(
        families["hybrid_identity_directory_last_success_timestamp_seconds"].samples[0]
            .2
            .parse::<f64>()
            .unwrap()
            > 1.7e9
    );
}

#[tokio::test]
async fn a_request_to_the_api_server_is_counted_also_when_none_answers() {
    let metrics = Arc::new(Metrics::new().unwrap());
    let inner = tower::service_fn(|request: axum::http::Request<bool>| async move {
        let answer = axum::http::Response::builder().status(409).body(());
        if *request.body() { Ok(answer.unwrap()) } else { Err("no answer") }
    });
    let mut client = KubeRequests(Arc::clone(&metrics)).layer(inner);
    for answers in [true, false] {
        let request = axum::http::Request::put("/").body(answers).unwrap();
        assert_eq!(client.call(request).await.is_ok(), answers);
    }
    let families = families(&metrics.text().unwrap());
    let requests = &families["hybrid_identity_kube_requests_total"].samples;
    let labels: Vec<&str> = requests.iter().map(|sample| sample.1.as_str()).collect();
    assert_eq!(labels, ["code=\"409\",method=\"PUT\"", "code=\"none\",method=\"PUT\""]);
    let timed = &families["hybrid_identity_kube_request_duration_seconds"].samples;
    assert_eq!(timed.last().unwrap().2, "2");
}

async fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_probes_and_metrics_are_served() {
    let clock: Arc<dyn graph::Clock> = Arc::new(graph::SystemClock);
    let health = Arc::new(Health::new(clock));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(web::serve(listener, Arc::clone(&health), Arc::new(used()), std::future::pending()));

    let answer = get(address, "/metrics").await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/plain; version=0.0.4"), "{head}");
    assert_eq!(families(body).len(), documented().len());

    assert!(get(address, "/livez").await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 503"));
    health.is_ready();
    assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
    let limits = web::Limits::of(Duration::from_mins(5), Duration::from_mins(10));
    health.lane("topology (identity)", limits).ended();
    let answer = get(address, "/livez").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.ends_with("controller topology (identity) has ended"), "{answer}");
}
