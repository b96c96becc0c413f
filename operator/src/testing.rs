//! A cluster of plain values for tests: what is put in can be read, and what is told is kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser as _;
use crds::entra_tenant::EntraTenantSpec;
use graph::{Clock, GraphClient};
use jiff::Timestamp;
use serde_json::Value;

use crate::cloud::connect::Connector;
use crate::cluster::{Cluster, ClusterError, Object};
use crate::context::{Context, Memory};
use crate::metrics::Metrics;
use crate::settings::Settings;

/// Namespace of everything.
pub(crate) const NAMESPACE: &str = "identity";

/// The time.
const NOW: &str = "2026-11-21T12:00:00Z";

/// An event, as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// Kind of the object.
    pub(crate) kind: String,
    /// Whether somebody should look.
    pub(crate) warning: bool,
    /// Its reason.
    pub(crate) reason: String,
    /// Its text.
    pub(crate) note: String,
}

/// The cluster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    objects: Arc<Mutex<BTreeMap<(String, String), Value>>>,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Books {
    /// Puts an object in.
    pub(crate) fn put<K: Object>(&self, object: &K) {
        let value = serde_json::to_value(object).unwrap();
        let key = (K::kind(&()).into_owned(), object.meta().name.clone().unwrap());
        self.objects.lock().unwrap().insert(key, value);
    }

    /// What was told.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap().clone()
    }
}

impl Cluster for Books {
    async fn get<K: Object>(&self, _: &str, name: &str) -> Result<Option<K>, ClusterError> {
        let key = (K::kind(&()).into_owned(), name.to_owned());
        let found = self.objects.lock().unwrap().get(&key).cloned();
        Ok(found.map(|value| serde_json::from_value(value).unwrap()))
    }

    async fn list<K: Object>(&self, _: Option<&str>) -> Result<Vec<K>, ClusterError> {
        let kind = K::kind(&());
        let objects = self.objects.lock().unwrap();
        let of_kind = objects.iter().filter(|((known, _), _)| *known == kind);
        Ok(of_kind.map(|(_, value)| serde_json::from_value(value.clone()).unwrap()).collect())
    }

    async fn create<K: Object>(&self, object: &K) -> Result<bool, ClusterError> {
        self.put(object);
        Ok(true)
    }

    async fn replace<K: Object>(&self, object: &K) -> Result<K, ClusterError> {
        self.put(object);
        Ok(object.clone())
    }

    async fn replace_status<K: Object>(&self, object: &K) -> Result<K, ClusterError> {
        self.replace(object).await
    }

    async fn set_finalizers<K: Object>(&self, _: &K, _: &[String]) -> Result<(), ClusterError> {
        Ok(())
    }

    async fn policy_since(&self, _: &str) -> Result<Option<Timestamp>, ClusterError> {
        Ok(None)
    }

    async fn event<K: Object>(&self, _: &K, warning: bool, reason: &str, _: &str, note: &str) {
        let told = Told {
            kind: K::kind(&()).into_owned(),
            warning,
            reason: reason.to_owned(),
            note: note.to_owned(),
        };
        self.told.lock().unwrap().push(told);
    }
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        now()
    }

    fn sleep(&self, _: Duration) -> futures::future::BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

struct NoCloud;

impl Connector for NoCloud {
    fn connect(&self, _: &EntraTenantSpec, _: Option<&str>) -> Result<GraphClient, String> {
        Err("there is no cloud here".to_owned())
    }
}

/// The time of every test.
pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A context over a cluster, without a cloud.
pub(crate) fn context(cluster: &Books) -> Context<Books> {
    Context {
        cluster: cluster.clone(),
        clock: Arc::new(Still),
        connector: Arc::new(NoCloud),
        metrics: Arc::new(Metrics::new().unwrap()),
        settings: Settings::parse_from(["operator"]),
        memory: Memory::default(),
    }
}

/// An object of ours.
pub(crate) fn object<K: Object>(kind: &str, name: &str, spec: &Value, status: &Value) -> K {
    let object = serde_json::json!({
        "apiVersion": "hybrididentity.dev/v1alpha1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": format!("uid-{name}"),
            "generation": 1,
            "creationTimestamp": NOW,
        },
        "spec": spec,
        "status": status,
    });
    serde_json::from_value(object).unwrap()
}

/// A row of the table in docs/safety.md that says where something is told.
#[derive(Debug)]
pub(crate) struct Row {
    /// The reason.
    pub(crate) reason: String,
    /// Condition and kind, such as `Ready` and `Migration`.
    pub(crate) condition: (String, String),
    /// Kind of the object that the event is about.
    pub(crate) event: String,
    /// Series, each as name and the label that picks it.
    pub(crate) series: Vec<(String, String)>,
}

/// The rows of that table. Every reason of the table that says what happens has one.
pub(crate) fn rows() -> Vec<Row> {
    let text = include_str!("../../docs/safety.md");
    let quoted =
        |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let cells: Vec<Vec<&str>> = text
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let happens: Vec<String> =
        cells.iter().filter(|row| row.len() == 5).flat_map(|row| quoted(row[1])).collect();
    let rows: Vec<Row> = cells
        .iter()
        .filter(|row| row.len() == 4 && row[0].starts_with('`'))
        .map(|row| {
            let kind = row[1].rsplit(' ').next().unwrap().to_owned();
            let series = quoted(row[3]).into_iter().map(|series| {
                let (name, label) = series.trim_end_matches('}').split_once('{').unwrap();
                (name.to_owned(), label.to_owned())
            });
            Row {
                reason: quoted(row[0]).remove(0),
                condition: (quoted(row[1]).remove(0), kind),
                event: row[2].to_owned(),
                series: series.collect(),
            }
        })
        .collect();
    let told: Vec<&String> = rows.iter().map(|row| &row.reason).collect();
    assert_eq!(told, happens.iter().collect::<Vec<_>>(), "the two tables differ");
    for reason in [
        "UnexplainedDeletion",
        "SurpriseCreations",
        "Orphans",
        "ObjectsMoved",
        "ScopeMoved",
        "SurpriseChanges",
        "AnchorMismatch",
    ] {
        assert!(rows.iter().any(|row| row.reason == reason), "{reason} is missing");
    }
    rows
}

/// Whether a series with this label has this value.
pub(crate) fn counts(metrics: &Metrics, (name, label): &(String, String), value: i64) -> bool {
    let end = format!(" {value}");
    metrics.text().unwrap().lines().any(|line| {
        line.starts_with(&format!("{name}{{")) && line.contains(label.as_str()) && line.ends_with(&end)
    })
}
