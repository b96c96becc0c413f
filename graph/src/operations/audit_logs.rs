//! Calls about the logs of the tenant. No IO of their own.

use jiff::Timestamp;

use crate::call::Call;
use crate::client::GraphClient;
use crate::encoding::quote;
use crate::pages::Pages;
use crate::query::Query;
use crate::resources::JobId;
use crate::resources::audit::{DirectoryAudit, ProvisioningObjectSummary};
use crate::route::ApiVersion;

const READ: &str = "AuditLog.Read.All";

/// `/auditLogs`. At most five calls in ten seconds for each application and tenant.
/// Source: Microsoft, "Microsoft Graph service-specific throttling limits".
pub struct AuditLogs<'a>(&'a GraphClient);

/// Which entries of the provisioning log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvisioningLogQuery {
    /// Of this job only.
    pub job: Option<JobId>,
    /// Later than this. The log lags minutes behind.
    pub after: Option<Timestamp>,
}

impl ProvisioningLogQuery {
    fn filter(&self) -> Option<String> {
        let job = self.job.as_ref().map(|job| format!("jobId eq {}", quote(job.as_str())));
        let after = self.after.map(|after| format!("activityDateTime gt {after}"));
        let terms: Vec<String> = job.into_iter().chain(after).collect();
        (!terms.is_empty()).then(|| terms.join(" and "))
    }
}

impl GraphClient {
    /// Calls about the logs.
    pub fn audit_logs(&self) -> AuditLogs<'_> {
        AuditLogs(self)
    }
}

impl AuditLogs<'_> {
    /// What the provisioning service did. Needs `Directory.Read.All` besides.
    pub fn provisioning(&self, query: &ProvisioningLogQuery) -> Pages<ProvisioningObjectSummary> {
        let call = Call::get(ApiVersion::V1, "/auditLogs/provisioning", &[]);
        let filtered = match query.filter() {
            Some(filter) => Query::all().filter(filter),
            None => Query::all(),
        };
        Pages::new(self.0, filtered.apply(call.needs("AuditLog.Read.All and Directory.Read.All")))
    }

    /// Who changed what in the directory.
    pub fn directory(&self, query: &Query) -> Pages<DirectoryAudit> {
        Pages::new(
            self.0,
            query.apply(Call::get(ApiVersion::V1, "/auditLogs/directoryAudits", &[]).needs(READ)),
        )
    }
}
