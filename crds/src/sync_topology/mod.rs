//! `SyncTopology`: which engine serves which part of the directory, what each sync server becomes, and how to get there.

mod status;
mod strategy;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use status::{ScopeProgress, ServerProgress, SyncTopologyStatus, WavePhase, WaveProgress};
pub use strategy::{
    Approval, Budget, FailurePolicy, Limits, ObservationPeriod, Strategy, Verification, Wave, Window,
};

use crate::primitive::{DateText, DistinguishedName, LocalRef, ObjectName, says};

/// In CEL: the first wave that names a scope which is not declared. An element is found by its index, because the API server can bound
/// the cost of a text only where it knows the path to it.
const WAVE: &str = "self.strategy.waves[self.strategy.waves.map(w, self.scopes.filter(s, s.name in w.scopes).size() < w.scopes.size()).indexOf(true)]";

/// What a platform team declares: the wanted topology of directory synchronization, and by when.
#[derive(CustomResource, KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "hybrididentity.dev",
    version = "v1alpha1",
    kind = "SyncTopology",
    plural = "synctopologies",
    shortname = "stopo",
    category = "hybrid-identity",
    namespaced,
    derive = "PartialEq",
    status = "SyncTopologyStatus",
    doc = "The wanted topology of directory synchronization: which engine serves which part of the directory, what each sync \
           server becomes, and by when.",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type=='Ready')].status"
    ),
    printcolumn(name = "Phase", type_ = "string", json_path = ".status.phase"),
    printcolumn(name = "Progress", type_ = "string", json_path = ".status.progress"),
    printcolumn(name = "Deadline", type_ = "string", json_path = ".status.nextDeadline"),
    printcolumn(name = "Next", type_ = "string", json_path = ".status.next"),
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
    validation = Rule::new("self.tenantRef == oldSelf.tenantRef").field_path(".tenantRef").reason(Reason::FieldValueForbidden)
        .message(says("'`tenantRef` must not change: create a topology for the other tenant; it is ' + oldSelf.tenantRef.name + ', found ' + self.tenantRef.name")),
    validation = Rule::new("!has(self.servers) || self.servers.all(s, !has(s.retireBy)) || has(self.timeZone)")
        .field_path(".timeZone").reason(Reason::FieldValueRequired)
        .message(says("'`timeZone` must be set when a server has `retireBy`: a date means the end of that day in a time zone; found server ' + self.servers[self.servers.map(s, has(s.retireBy)).indexOf(true)].name")),
    validation = Rule::new("self.scopes.all(s, s.engine != 'CloudSync') || has(self.strategy)")
        .field_path(".strategy").reason(Reason::FieldValueRequired)
        .message(says("'`strategy` must be set when a scope has engine CloudSync: its waves say in which order; found scope ' + self.scopes[self.scopes.map(s, s.engine == 'CloudSync').indexOf(true)].name")),
    validation = Rule::new("!has(self.strategy) || self.strategy.waves.all(w, self.scopes.filter(s, s.name in w.scopes).size() >= w.scopes.size())")
        .field_path(".strategy.waves").reason(Reason::FieldValueInvalid)
        .message(says(&format!("'a wave must name only scopes that `scopes` declares; found ' + {WAVE}.scopes[{WAVE}.scopes.map(n, n in self.scopes.map(s, s.name)).indexOf(false)] + ' in wave ' + {WAVE}.name"))),
    validation = Rule::new("!has(self.strategy) || self.scopes.all(s, s.engine != 'CloudSync' || self.strategy.waves.exists(w, s.name in w.scopes))")
        .field_path(".strategy.waves").reason(Reason::FieldValueInvalid)
        .message(says("'every scope with engine CloudSync must be in a wave; found in none: scope ' + self.scopes[self.scopes.map(s, s.engine == 'CloudSync' && !self.strategy.waves.exists(w, s.name in w.scopes)).indexOf(true)].name")),
    validation = Rule::new("!has(self.strategy) || self.scopes.all(s, self.strategy.waves.filter(w, s.name in w.scopes).size() <= 1)")
        .field_path(".strategy.waves").reason(Reason::FieldValueInvalid)
        .message(says("'a scope must be in one wave only; found in more: scope ' + self.scopes[self.scopes.map(s, self.strategy.waves.filter(w, s.name in w.scopes).size() > 1).indexOf(true)].name")),
    validation = Rule::new("!has(self.strategy) || self.scopes.all(s, s.engine == 'CloudSync' || !self.strategy.waves.exists(w, s.name in w.scopes))")
        .field_path(".strategy.waves").reason(Reason::FieldValueInvalid)
        .message(says("'a scope with engine EntraConnect stays where it is and must not be in a wave; found scope ' + self.scopes[self.scopes.map(s, s.engine != 'CloudSync' && self.strategy.waves.exists(w, s.name in w.scopes)).indexOf(true)].name")),
    validation = Rule::new("!has(self.servers) || self.servers.size() == 0 || self.scopes.all(s, s.engine != 'EntraConnect') || !self.servers.all(s, has(s.retireBy))")
        .field_path(".servers").reason(Reason::FieldValueInvalid)
        .message(says("'a scope must not stay on EntraConnect while every listed server has `retireBy`: nobody would serve it; found scope ' + self.scopes[self.scopes.map(s, s.engine == 'EntraConnect').indexOf(true)].name")),
)]
pub struct SyncTopologySpec {
    /// The tenant whose identities this is about.
    pub tenant_ref: LocalRef,

    /// IANA time zone in which dates end and windows open, such as `Europe/Berlin`. Required with dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^[A-Za-z0-9_+/-]+$"))]
    pub time_zone: Option<String>,

    /// Start nothing; what runs finishes or holds at the next safe place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend: bool,

    /// Parts of the directory and the engine that shall serve each.
    #[schemars(length(min = 1, max = 200))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub scopes: Vec<Scope>,

    /// Sync servers and what each shall become.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_string()]))]
    pub servers: Vec<ServerIntent>,

    /// How scopes move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
}

/// A set of organizational units served by one engine.
#[derive(KubeSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!(self.engine in ['DirSync', 'AzureADSync', 'MicrosoftIdentityManager'])").field_path(".engine").reason(Reason::FieldValueInvalid)
        .message(says("'`engine` must be CloudSync or EntraConnect, found ' + self.engine + ': DirSync, AzureADSync and the MicrosoftIdentityManager connector no longer work and are never a target'")),
    validation = Rule::new("!has(self.groups)").field_path(".groups").reason(Reason::FieldValueForbidden)
        .message("`groups` must not be set: group scopes are not in v1alpha1, because a group filter reads first-level members only and is meant for pilots; use `organizationalUnits`"),
    validation = Rule::new("!has(self.probeOrganizationalUnit) || self.organizationalUnits.exists(o, self.probeOrganizationalUnit.lowerAscii().endsWith(',' + o.lowerAscii()))")
        .field_path(".probeOrganizationalUnit").reason(Reason::FieldValueInvalid)
        .message(says("'`probeOrganizationalUnit` must lie below one of the `organizationalUnits` of the scope (a probe elsewhere proves nothing about it), found ' + self.probeOrganizationalUnit")),
)]
pub struct Scope {
    /// Name, unique in the topology.
    pub name: ObjectName,

    /// The organizational units, child units included.
    #[schemars(length(min = 1, max = 8))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub organizational_units: Vec<DistinguishedName>,

    /// The engine that shall serve them.
    pub engine: Engine,

    /// An organizational unit inside the scope in which the agent may create, change and remove test objects: the live proof
    /// that the new engine serves the scope. Without it, the proof is a person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_organizational_unit: Option<DistinguishedName>,

    /// Not in v1alpha1: present so that the refusal can say why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8))]
    pub groups: Option<Vec<DistinguishedName>>,
}

/// What writes objects to Entra.
#[derive(JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Engine {
    /// Windows Azure Active Directory Sync tool; refused by the service since 1 April 2021.
    DirSync,
    /// Azure AD Sync; refused by the service since 1 April 2021.
    AzureADSync,
    /// Microsoft Entra Connect Sync (Azure AD Connect), any version.
    EntraConnect,
    /// Microsoft Entra Cloud Sync.
    CloudSync,
    /// FIM/MIM with the Azure AD connector; refused by the service since April 2024.
    MicrosoftIdentityManager,
}

impl std::fmt::Display for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What a sync server shall become.
#[derive(JsonSchema, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerIntent {
    /// Name of the SyncServer.
    pub name: ObjectName,

    /// The engine on it is stopped, observed and removed before the end of this day in `timeZone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retire_by: Option<DateText>,
}
