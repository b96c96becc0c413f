//! Counters and histograms of the operator itself, as docs/metrics.md describes them. Series about migrations and deadlines come with
//! the deadlines feature.

mod kube_requests;

use crds::conditions::Reason;
use graph::{ObservedRequest, ObservedResult, RequestObserver};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

pub use kube_requests::KubeRequests;

/// Names of the controllers, as labels.
pub const CONTROLLERS: [&str; 5] = ["agent", "migration", "server", "tenant", "topology"];

/// Results of a reconciliation, as labels.
const RESULTS: [&str; 3] = ["success", "error", "panic"];

/// Reasons that series of servers may have.
const SERVER_REASONS: [Reason; 5] = [
    Reason::OrganizationalUnitNotFound,
    Reason::ScopeMoved,
    Reason::NoFlowDiffers,
    Reason::ObjectsMoved,
    Reason::UnexplainedDeletion,
];

/// Labels of a scope.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Its topology.
    pub topology: &'a str,
    /// Its name.
    pub scope: &'a str,
}

/// All series of the operator.
pub struct Metrics {
    registry: Registry,
    /// Reconciliations by controller and result.
    pub reconciles: IntCounterVec,
    /// Failures by controller and reason.
    pub errors: IntCounterVec,
    /// How long reconciliations take.
    pub duration: HistogramVec,
    /// Last success by controller, as an instant.
    pub last_success: IntGaugeVec,
    /// Reconciliations under way by controller.
    pub active: IntGaugeVec,
    /// Failures of watches by controller and kind.
    pub watch_errors: IntCounterVec,
    /// Whether this replica leads.
    pub leader: IntGauge,
    /// How often this replica began to lead.
    pub leader_transitions: IntCounter,
    /// Units and objects of claimed scopes that are not as they were, by server and reason.
    pub scope_findings: IntGaugeVec,
    /// Objects of a scope by class, as last predicted or compared.
    pub scope_objects: IntGaugeVec,
    directory_requests: IntCounterVec,
    directory_duration: HistogramVec,
    directory_throttled: IntCounter,
    directory_last_success: IntGauge,
    kube_requests: IntCounterVec,
    kube_duration: HistogramVec,
}

impl Metrics {
    /// Registers every series.
    ///
    /// # Errors
    /// When two series have one name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("hybrid_identity".to_owned()), None)?;
        let new = Series { registry: &registry };
        let build =
            new.gauges("build_info", "1, with the version of the operator as a label.", &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let metrics = Self {
            reconciles: new.counters(
                "controller_reconciles_total",
                "Reconciliations by controller and result.",
                &["controller", "result"],
            )?,
            errors: new.counters(
                "controller_reconcile_errors_total",
                "Reconciliations that failed, by controller and reason.",
                &["controller", "reason"],
            )?,
            duration: new.histograms(
                "controller_reconcile_duration_seconds",
                "How long reconciliations take.",
                &["controller"],
            )?,
            last_success: new.gauges(
                "controller_last_success_timestamp_seconds",
                "When a controller last came to its end.",
                &["controller"],
            )?,
            active: new.gauges(
                "controller_active_workers",
                "Reconciliations under way, by controller.",
                &["controller"],
            )?,
            watch_errors: new.counters(
                "controller_watch_errors_total",
                "Watches that failed and were taken up again, by controller and kind.",
                &["controller", "kind"],
            )?,
            leader: new.kept(IntGauge::new("controller_leader", "1 while this replica leads, else 0.")?)?,
            leader_transitions: new.kept(IntCounter::new(
                "controller_leader_transitions_total",
                "How often this replica began to lead.",
            )?)?,
            scope_findings: new.gauges(
                "scope_findings",
                "Units and objects of claimed scopes that are not as they were, by server and reason.",
                &["namespace", "server", "reason"],
            )?,
            scope_objects: new.gauges(
                "scope_objects",
                "Objects of a scope by class, as last predicted or compared.",
                &["namespace", "topology", "scope", "class"],
            )?,
            directory_requests: new.counters(
                "directory_requests_total",
                "Requests to Microsoft Graph and its login service by method, route and status.",
                &["method", "route", "code"],
            )?,
            directory_duration: new.histograms(
                "directory_request_duration_seconds",
                "How long requests to Microsoft Graph and its login service take.",
                &["method", "route"],
            )?,
            directory_throttled: new.kept(IntCounter::new(
                "directory_throttled_total",
                "Requests that Microsoft Graph refused because there were too many.",
            )?)?,
            directory_last_success: new.kept(IntGauge::new(
                "directory_last_success_timestamp_seconds",
                "When Microsoft Graph last answered a request with success; 0 before the first.",
            )?)?,
            kube_requests: new.counters(
                "kube_requests_total",
                "Requests to the Kubernetes API by method and status.",
                &["method", "code"],
            )?,
            kube_duration: new.histograms(
                "kube_request_duration_seconds",
                "How long the Kubernetes API takes to begin its answer.",
                &["method"],
            )?,
            registry,
        };
        // A series that appears with its first failure hides that failure from `increase`.
        for controller in CONTROLLERS {
            for result in RESULTS {
                metrics.reconciles.with_label_values(&[controller, result]);
            }
            metrics.active.with_label_values(&[controller]);
            metrics.duration.with_label_values(&[controller]);
        }
        Ok(metrics)
    }

    /// Sets the objects of a scope by class.
    pub fn scope(&self, of: &Scope<'_>, classes: &[(&str, i64)]) {
        for (class, count) in classes {
            let labels = [of.namespace, of.topology, of.scope, class];
            self.scope_objects.with_label_values(&labels).set(*count);
        }
    }

    /// Drops the series of a server that is gone.
    pub fn forget_server(&self, namespace: &str, server: &str) {
        for reason in SERVER_REASONS {
            // A series that was never set is not there.
            let _ = self.scope_findings.remove_label_values(&[namespace, server, reason.as_str()]);
        }
    }

    /// The series in Prometheus' text format.
    ///
    /// # Errors
    /// When a series cannot be written.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Makes series and registers them.
struct Series<'a> {
    registry: &'a Registry,
}

impl Series<'_> {
    fn kept<C: prometheus::core::Collector + Clone + 'static>(
        &self,
        collector: C,
    ) -> Result<C, prometheus::Error> {
        self.registry.register(Box::new(collector.clone()))?;
        Ok(collector)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.kept(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
        self.kept(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> Result<HistogramVec, prometheus::Error> {
        // From 10 ms to 164 s.
        let buckets = prometheus::exponential_buckets(0.01, 4.0, 8)?;
        self.kept(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), labels)?)
    }
}

impl RequestObserver for Metrics {
    fn observed(&self, request: &ObservedRequest<'_>) {
        let (method, route) = (request.method.to_string(), request.route.to_string());
        self.directory_requests
            .with_label_values(&[method.as_str(), route.as_str(), &request.result.to_string()])
            .inc();
        self.directory_duration
            .with_label_values(&[method.as_str(), route.as_str()])
            .observe(request.duration.as_secs_f64());
        match request.result {
            ObservedResult::Status(429) => self.directory_throttled.inc(),
            ObservedResult::Status(200..=299) => {
                self.directory_last_success.set(jiff::Timestamp::now().as_second());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
