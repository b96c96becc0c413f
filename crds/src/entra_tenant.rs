//! `EntraTenant`: one tenant of Microsoft Entra, how to reach it, and what was found there.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::primitive::{DateText, DistinguishedName, Epoch, LocalRef, ObjectName, says};

/// One tenant of Microsoft Entra.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "hybrididentity.dev",
    version = "v1alpha1",
    kind = "EntraTenant",
    shortname = "etenant",
    category = "hybrid-identity",
    namespaced,
    derive = "PartialEq",
    status = "EntraTenantStatus",
    doc = "A tenant of Microsoft Entra: how to reach it, what the operator may do there, and what was found.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(name = "Profile", type_ = "string", json_path = ".spec.profile"),
    printcolumn(name = "Tenant", type_ = "string", json_path = ".spec.tenantId"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Reason",
        type_ = "string",
        priority = 1,
        json_path = ".status.conditions[?(@.type=='Ready')].reason"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.tenantId == oldSelf.tenantId").field_path(".tenantId").reason(Reason::FieldValueForbidden)
        .message(says("'`tenantId` must not change: create an EntraTenant for the other tenant; it is ' + oldSelf.tenantId + ', found ' + self.tenantId")),
    validation = Rule::new("(self.cloud == 'Custom') == has(self.endpoints)").field_path(".endpoints").reason(Reason::FieldValueInvalid)
        .message(says("'`endpoints` must be set when `cloud` is Custom, and must not be set otherwise; found `cloud` ' + self.cloud + (has(self.endpoints) ? ' with' : ' without') + ' `endpoints`'")),
)]
pub struct EntraTenantSpec {
    /// Directory (tenant) id.
    #[schemars(length(max = 36), regex(pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"))]
    pub tenant_id: String,

    /// Which of Microsoft's clouds the tenant lives in.
    #[serde(default)]
    pub cloud: Cloud,

    /// Base addresses, with `cloud: Custom` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,

    /// How the operator signs in.
    pub credential: Credential,

    /// What the operator may do.
    #[serde(default)]
    pub profile: Profile,

    /// Start nothing in this tenant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,

    /// Retirement notices Microsoft gave this tenant, with the window it was assigned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub notices: Vec<Notice>,
}

/// Microsoft's clouds. Source: Microsoft Graph, national cloud deployments.
#[derive(JsonSchema, Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Cloud {
    /// The worldwide service, GCC included.
    #[default]
    Global,
    /// US Government L4 (GCC High).
    USGovernmentL4,
    /// US Government L5 (DoD).
    USGovernmentL5,
    /// China, operated by 21Vianet.
    China,
    /// Named by `endpoints`.
    Custom,
}

/// Base addresses of a cloud.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("isURL(self.login) && url(self.login).getHostname() != '' && (url(self.login).getScheme() == 'https' || (url(self.login).getScheme() == 'http' && url(self.login).getHostname() in ['127.0.0.1', 'localhost', '::1']))")
        .field_path(".login").reason(Reason::FieldValueInvalid)
        .message(says("'`login` must be an https address (http is accepted for a loopback host only), found ' + self.login")),
    validation = Rule::new("isURL(self.graph) && url(self.graph).getHostname() != '' && (url(self.graph).getScheme() == 'https' || (url(self.graph).getScheme() == 'http' && url(self.graph).getHostname() in ['127.0.0.1', 'localhost', '::1']))")
        .field_path(".graph").reason(Reason::FieldValueInvalid)
        .message(says("'`graph` must be an https address (http is accepted for a loopback host only), found ' + self.graph")),
)]
pub struct Endpoints {
    /// Where tokens come from, such as `https://login.microsoftonline.com`.
    #[schemars(length(max = 256))]
    pub login: String,
    /// Microsoft Graph, such as `https://graph.microsoft.com`.
    #[schemars(length(max = 256))]
    pub graph: String,
}

/// How the operator signs in: exactly one way.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("[has(self.clientSecret), has(self.certificate), has(self.workloadIdentity)].filter(x, x).size() == 1")
        .reason(Reason::FieldValueInvalid)
        .message(says("'exactly one of `clientSecret`, `certificate` and `workloadIdentity` must be set, found ' + (has(self.clientSecret) || has(self.certificate) || has(self.workloadIdentity) ? 'more' : 'none')")),
)]
pub struct Credential {
    /// Application (client) id of the app registration.
    #[schemars(length(max = 36), regex(pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"))]
    pub client_id: String,
    /// A client secret kept in a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<SecretKeyRef>,
    /// A certificate and key kept in a Secret (`tls.crt`, `tls.key`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<LocalRef>,
    /// The operator's projected ServiceAccount token (federated credential).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload_identity: Option<WorkloadIdentity>,
}

/// One key of a Secret.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// Name of the Secret.
    pub name: ObjectName,
    /// Key in it.
    #[schemars(length(max = 253), regex(pattern = "^[A-Za-z0-9._-]+$"))]
    pub key: String,
}

/// Settings of a federated credential.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadIdentity {
    /// Audience of the projected token.
    #[serde(default = "exchange_audience")]
    #[schemars(length(min = 1, max = 256), default = "exchange_audience")]
    pub audience: String,
}

fn exchange_audience() -> String {
    "api://AzureADTokenExchange".to_owned()
}

/// What the operator may do in the tenant.
#[derive(JsonSchema, Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// Reads only; nothing starts.
    #[default]
    Observe,
    /// Reads, and changes synchronization jobs.
    Manage,
}

/// A retirement notice.
#[derive(KubeSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.windowStart) || !has(self.windowEnd) || self.windowStart <= self.windowEnd")
        .field_path(".windowEnd").reason(Reason::FieldValueInvalid)
        .message("`windowEnd` must not be before `windowStart`"),
)]
pub struct Notice {
    /// When it was received.
    pub received_on: DateText,
    /// Where it was seen: message center id, mail, portal.
    #[schemars(length(min = 1, max = 512))]
    pub source: String,
    /// First day of the window the tenant was assigned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_start: Option<DateText>,
    /// Last day of the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_end: Option<DateText>,
}

/// Status of an EntraTenant.
#[derive(JsonSchema, Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EntraTenantStatus {
    /// Generation this status speaks of; -1 before the first look.
    pub observed_generation: i64,
    /// Conditions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "crate::conditions::list_schema")]
    pub conditions: Vec<Condition>,
    /// Display name of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub display_name: Option<String>,
    /// Whether directory synchronization is on; absent while the permission to read it is not proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synchronization_enabled: Option<bool>,
    /// Application permissions found to work, and those found missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub permissions: Vec<Permission>,
    /// Cloud Sync configurations, one for each AD domain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub jobs: Vec<CloudSyncJob>,
    /// Provisioning agents; absent when this credential cannot read them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub provisioning_agents: Option<Vec<ProvisioningAgent>>,
}

/// A permission as probed.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// Name, such as `Synchronization.ReadWrite.All`.
    #[schemars(length(max = 128))]
    pub name: String,
    /// Whether a call that needs it succeeded.
    pub granted: bool,
}

/// The Cloud Sync configuration of one AD domain.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudSyncJob {
    /// DNS name of the AD domain.
    #[schemars(length(min = 1, max = 255))]
    pub domain: String,
    /// Service principal that carries the configuration.
    #[schemars(length(max = 64))]
    pub service_principal_id: String,
    /// The provisioning job; absent until created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub job_id: Option<String>,
    /// The password hash job; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub password_hash_job_id: Option<String>,
    /// `status.code` as Graph spells it.
    #[schemars(length(max = 64))]
    pub code: String,
    /// Why it is in quarantine, as Graph spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub quarantine: Option<String>,
    /// Version of the schema document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub schema_version: Option<String>,
    /// Containers in the filter.
    #[schemars(length(max = 64))]
    pub containers: Vec<DistinguishedName>,
    /// Raised by every change that the operator makes to the job.
    #[serde(default)]
    pub epoch: Epoch,
    /// Who may change it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// The guard against accidental deletions while it is tightened; given back with the claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tightened_guard: Option<TightenedGuard>,
}

/// A guard against accidental deletions that was tightened for a wave.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TightenedGuard {
    /// Threshold before the wave, to be put back.
    #[schemars(range(min = 1))]
    pub before: i64,
    /// Threshold that the operator set. Another value found at the end is a person's, and stays.
    #[schemars(range(min = 1))]
    pub set: i64,
}

/// An exclusive claim on a sync server or a job, taken by a write that carries `resourceVersion`.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The topology.
    pub topology: ObjectName,
    /// The wave, or the server migration, that holds it.
    pub holder: ObjectName,
    /// Migrations that share it, frozen when it was taken.
    #[schemars(length(min = 1, max = 200))]
    pub migrations: Vec<ObjectName>,
    /// When it was taken.
    pub since: Timestamp,
    /// When the agent switches the scheduler on by itself; absent until the scheduler was stopped under this claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_by: Option<Timestamp>,
}

impl Claim {
    /// The same claim, whenever it was taken: of the same topology and holder, for the same migrations.
    pub fn is_same(&self, other: &Self) -> bool {
        self.topology == other.topology && self.holder == other.holder && self.migrations == other.migrations
    }

    /// Whether it holds for a migration of a topology.
    pub fn names(&self, topology: &ObjectName, migration: &str) -> bool {
        self.topology == *topology && self.migrations.iter().any(|name| name.as_str() == migration)
    }
}

/// One of Microsoft's provisioning agents.
#[derive(JsonSchema, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvisioningAgent {
    /// Host it runs on.
    #[schemars(length(max = 255))]
    pub machine_name: String,
    /// Whether it reports.
    pub active: bool,
    /// DNS names of the domains it serves, as far as the publishing profile tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 255)))]
    pub domains: Vec<String>,
}

impl ProvisioningAgent {
    /// Whether it answers for a domain, given by its DNS name. One whose domains are not told may serve any.
    pub fn serves(&self, domain: &str) -> bool {
        let named = || self.domains.iter().any(|own| own.eq_ignore_ascii_case(domain));
        self.active && (self.domains.is_empty() || named())
    }
}
