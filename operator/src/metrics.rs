//! Counters and histograms of the operator itself. Series about migrations and deadlines come with the deadlines feature.

use graph::{ObservedRequest, RequestObserver};
use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

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
    /// Whether this replica leads.
    pub leader: IntGauge,
    directory_requests: IntCounterVec,
    directory_duration: HistogramVec,
}

impl Metrics {
    /// Registers every series.
    ///
    /// # Errors
    /// When two series have one name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("hybrid_identity".to_owned()), None)?;
        let counter =
            |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let histogram = |name: &str, help: &str, labels: &[&str]| {
            let buckets = prometheus::exponential_buckets(0.01, 4.0, 8)?;
            HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets), labels)
        };
        let metrics = Self {
            reconciles: counter(
                "controller_reconciles_total",
                "Reconciliations by controller and result.",
                &["controller", "result"],
            )?,
            errors: counter(
                "controller_reconcile_errors_total",
                "Reconciliations that failed, by controller and reason.",
                &["controller", "reason"],
            )?,
            duration: histogram(
                "controller_reconcile_duration_seconds",
                "How long reconciliations take.",
                &["controller"],
            )?,
            last_success: IntGaugeVec::new(
                Opts::new(
                    "controller_last_success_timestamp_seconds",
                    "When a controller last came to its end.",
                ),
                &["controller"],
            )?,
            leader: IntGauge::new("controller_leader", "1 while this replica leads, else 0.")?,
            directory_requests: counter(
                "directory_requests_total",
                "Requests to Microsoft Graph by method, route and result.",
                &["method", "route", "code"],
            )?,
            directory_duration: histogram(
                "directory_request_duration_seconds",
                "How long requests to Microsoft Graph take.",
                &["method", "route"],
            )?,
            registry,
        };
        let all: [Box<dyn prometheus::core::Collector>; 7] = [
            Box::new(metrics.reconciles.clone()),
            Box::new(metrics.errors.clone()),
            Box::new(metrics.duration.clone()),
            Box::new(metrics.last_success.clone()),
            Box::new(metrics.leader.clone()),
            Box::new(metrics.directory_requests.clone()),
            Box::new(metrics.directory_duration.clone()),
        ];
        for collector in all {
            metrics.registry.register(collector)?;
        }
        Ok(metrics)
    }

    /// The series in Prometheus' text format.
    ///
    /// # Errors
    /// When a series cannot be written.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_have_our_prefix_and_no_personal_labels() {
        let metrics = Metrics::new().unwrap();
        metrics.reconciles.with_label_values(&["topology", "success"]).inc();
        metrics.leader.set(1);
        let text = metrics.text().unwrap();
        assert!(
            text.contains(
                "hybrid_identity_controller_reconciles_total{controller=\"topology\",result=\"success\"} 1"
            ),
            "{text}"
        );
        assert!(text.contains("hybrid_identity_controller_leader 1"), "{text}");
    }
}
