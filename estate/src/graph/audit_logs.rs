//! `/auditLogs/provisioning` and `/auditLogs/directoryAudits`. No IO.
//!
//! Source: Microsoft Graph, resource types provisioningObjectSummary and directoryAudit; Entra audit activity list.

use axum::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Graph;
use super::call::Call;
use super::dispatch::unknown;
use super::error::GraphError;
use super::message::{GraphResponse, Version};
use super::odata::{Case, PageRules, page, project};
use crate::audit::{Direction, WriteRecord};
use crate::clock::{Identifiers, later};
use crate::cloud_sync::{ProvisioningLogEntry, ProvisioningStatus};
use crate::engine::Writer;
use crate::estate::Estate;
use crate::tenant::{CloudKind, Outcome};

/// Page sizes of the logs; values are compared with regard to case. Source: Microsoft, "List provisioningObjectSummary".
const PAGES: PageRules = PageRules { default_size: 100, largest_size: 999, case: Case::Matters };

/// Changes of the configuration that the trail remembers at most.
const MOST_ACTIVITIES: usize = 10_000;

/// What somebody did to a provisioning configuration. Source: Microsoft, audit activities of "Account Provisioning".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each has its words in `name`")]
pub enum Activity {
    AddConfiguration,
    DeleteConfiguration,
    Start,
    Pause,
    Restart,
    UpdateMappings,
    UpdateSecrets,
}

impl Activity {
    fn name(self) -> &'static str {
        match self {
            Self::AddConfiguration => "Add provisioning configuration",
            Self::DeleteConfiguration => "Delete provisioning configuration",
            Self::Start => "Enable/start provisioning configuration",
            Self::Pause => "Disable/pause provisioning configuration",
            Self::Restart => "Enable/restart provisioning configuration",
            Self::UpdateMappings => "Update attribute mappings or scope",
            Self::UpdateSecrets => "Update provisioning setting or credentials",
        }
    }
}

#[derive(Debug, Clone)]
struct Noted {
    id: Uuid,
    at: Timestamp,
    activity: Activity,
    initiator: Initiator,
    principal: Uuid,
    detail: String,
}

/// Who changed the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Initiator {
    /// An application, by client id.
    Application(Uuid),
    /// Somebody signed in to the portal.
    Person,
}

/// Who changed the configuration, and when.
#[derive(Debug, Clone)]
pub(crate) struct ConfigurationTrail {
    noted: Vec<Noted>,
    identifiers: Identifiers,
}

impl Default for ConfigurationTrail {
    fn default() -> Self {
        Self { noted: Vec::new(), identifiers: Identifiers::new(0x4155_4449) }
    }
}

impl ConfigurationTrail {
    /// Remembers a change made through Graph.
    pub(crate) fn note(
        &mut self,
        estate: &Estate,
        call: &Call<'_>,
        activity: Activity,
        principal: Uuid,
        detail: &str,
    ) {
        let initiator = Initiator::Application(call.caller.client_id);
        self.add(estate.now(), activity, initiator, principal, detail);
    }

    /// Remembers a change made in the portal.
    pub(crate) fn note_by_person(
        &mut self,
        estate: &Estate,
        activity: Activity,
        principal: Uuid,
        detail: &str,
    ) {
        self.add(estate.now(), activity, Initiator::Person, principal, detail);
    }

    fn add(
        &mut self,
        at: Timestamp,
        activity: Activity,
        initiator: Initiator,
        principal: Uuid,
        detail: &str,
    ) {
        if self.noted.len() >= MOST_ACTIVITIES {
            self.noted.remove(0);
        }
        let id = self.identifiers.next_id();
        self.noted.push(Noted { id, at, activity, initiator, principal, detail: detail.to_owned() });
    }
}

/// Serves what lies below `/auditLogs`.
pub(crate) fn dispatch(
    graph: &Graph,
    estate: &Estate,
    call: &Call<'_>,
    rest: &[&str],
) -> Result<GraphResponse, GraphError> {
    if call.request.method != Method::GET {
        return Err(GraphError::MethodNotAllowed);
    }
    let (log, entries) = match rest {
        ["provisioning", ..] => ("provisioning", provisioning(estate, call.version)),
        ["directoryAudits", ..] => ("directoryAudits", directory_audits(graph, estate)),
        _ => return Err(unknown(rest)),
    };
    match rest {
        [_] => {
            let page = page(entries, &call.query, PAGES)?;
            let value = match &call.query.select {
                Some(names) => page.objects.iter().map(|entry| project(entry, names)).collect(),
                None => page.objects,
            };
            let mut body = call.collection_body(&format!("auditLogs/{log}"), value);
            if call.query.count && page.first {
                body.insert("@odata.count".to_owned(), json!(page.matching));
            }
            if let Some(next) = page.next {
                body.insert("@odata.nextLink".to_owned(), json!(call.next_link(&next)));
            }
            Ok(GraphResponse::ok(Value::Object(body)))
        }
        [_, id] => entries
            .into_iter()
            .find(|entry| entry.get("id").and_then(Value::as_str) == Some(*id))
            .map(GraphResponse::ok)
            .ok_or_else(|| GraphError::NotFound((*id).to_owned())),
        _ => Err(unknown(rest)),
    }
}

/// How far the logs have come: they may lag.
fn shown_until(estate: &Estate) -> Timestamp {
    later(estate.now(), -estate.world.faults.graph_at(estate.now()).log_lag)
}

/// Newest first, as far as entries are visible by now.
fn provisioning(estate: &Estate, version: Version) -> Vec<Value> {
    let tenant = estate.world.tenant.settings.organization.id;
    let names: std::collections::BTreeMap<Uuid, String> = estate
        .cloud
        .principals(&estate.world, estate.now())
        .map(|principal| (principal.id, principal.display_name.clone()))
        .collect();
    let mut entries: Vec<&ProvisioningLogEntry> =
        estate.cloud.provisioning_log(shown_until(estate)).collect();
    entries.reverse();
    let name = |entry: &ProvisioningLogEntry| names.get(&entry.principal).map_or("", String::as_str);
    entries.into_iter().map(|entry| summary(entry, name(entry), tenant, version)).collect()
}

fn summary(entry: &ProvisioningLogEntry, principal: &str, tenant: Uuid, version: Version) -> Value {
    let (status, error) = match &entry.status {
        ProvisioningStatus::Success => ("success", Value::Null),
        ProvisioningStatus::Skipped(reason) => ("skipped", error_information("skipped", reason)),
        ProvisioningStatus::Failure { code, reason } => ("failure", error_information(code, reason)),
    };
    let modified: Vec<Value> = entry
        .modified
        .iter()
        .map(|property| json!({"displayName": property.name, "oldValue": property.old, "newValue": property.new}))
        .collect();
    let target = entry.target.map(|id| id.to_string());
    let mut shown = json!({
        "id": entry.id.to_string(),
        "activityDateTime": entry.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "tenantId": tenant.to_string(),
        "jobId": entry.job,
        "cycleId": entry.cycle.to_string(),
        "changeId": entry.id.to_string(),
        "provisioningAction": entry.action.as_str(),
        "durationInMilliseconds": 250,
        "provisioningStatusInfo": {"status": status, "errorInformation": error},
        "provisioningSteps": steps(entry, status),
        "modifiedProperties": modified,
        "servicePrincipal": {"id": entry.principal.to_string(), "displayName": principal},
        "sourceSystem": {"id": principal, "displayName": "Active Directory", "details": {}},
        "targetSystem": {
            "id": tenant.to_string(),
            "displayName": "Microsoft Entra ID",
            "details": {
                "ServicePrincipalId": entry.principal.to_string(),
                "ServicePrincipalDisplayName": principal,
            },
        },
        "initiatedBy": {"id": "", "displayName": "Azure AD Provisioning Service", "initiatorType": "system"},
        "sourceIdentity": {
            "identityType": entry.source_class.as_str(),
            "id": crate::directory::anchor_of(entry.source),
            "displayName": entry.source_name,
            "details": {"DistinguishedName": entry.source_dn, "objectGUID": entry.source.to_string()},
        },
        "targetIdentity": {
            "identityType": kind_name(entry.target_kind),
            "id": target.clone().unwrap_or_default(),
            "displayName": entry.source_name,
            "details": {},
        },
    });
    if version == Version::Beta
        && let Some(properties) = shown.as_object_mut()
    {
        // Retired, and still there in beta.
        properties.insert("action".to_owned(), json!(entry.action.as_str()));
        properties.insert(
            "statusInfo".to_owned(),
            json!({"@odata.type": "#microsoft.graph.statusDetails", "status": status}),
        );
    }
    shown
}

fn error_information(code: &str, reason: &str) -> Value {
    json!({
        "errorCode": code,
        "reason": reason,
        "additionalDetails": null,
        "errorCategory": "failure",
        "recommendedAction": null,
    })
}

/// What the service went through for the entry.
fn steps(entry: &ProvisioningLogEntry, status: &str) -> Value {
    let step = |name: &str, kind: &str, description: String| {
        json!({
            "name": name,
            "provisioningStepType": kind,
            "status": status,
            "description": description,
            "details": {},
        })
    };
    let mut steps = vec![step(
        "EntryImport",
        "import",
        format!("Received {} '{}' from Active Directory", entry.source_class.as_str(), entry.source_dn),
    )];
    if status != "skipped" {
        steps.push(step(
            "EntryExport",
            "export",
            format!(
                "{} '{}' was handled in Microsoft Entra ID",
                kind_name(entry.target_kind),
                entry.source_name
            ),
        ));
    }
    Value::Array(steps)
}

fn kind_name(kind: CloudKind) -> &'static str {
    match kind {
        CloudKind::User => "User",
        CloudKind::Group => "Group",
        CloudKind::Contact => "Contact",
        CloudKind::Device => "Device",
    }
}

/// Newest first: changes of the configuration, and writes of sync clients.
fn directory_audits(graph: &Graph, estate: &Estate) -> Vec<Value> {
    let domain = &estate.world.tenant.settings.organization.initial_domain;
    let mut entries: Vec<(Timestamp, Value)> = graph
        .audits
        .noted
        .iter()
        .map(|noted| (noted.at, configuration_change(noted, domain)))
        .chain(
            estate
                .world
                .audit()
                .writes()
                .enumerate()
                .filter(|(_, (_, write))| write.direction == Direction::ToEntra)
                .map(|(number, (at, write))| (at, directory_write(number, at, write, estate))),
        )
        .collect();
    let until = shown_until(estate);
    entries.retain(|(at, _)| *at <= until);
    entries.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn configuration_change(noted: &Noted, domain: &str) -> Value {
    let initiated_by = match noted.initiator {
        Initiator::Application(client) => json!({
            "user": null,
            "app": {
                "appId": client.to_string(),
                "displayName": null,
                "servicePrincipalId": null,
                "servicePrincipalName": null,
            },
        }),
        Initiator::Person => json!({
            "user": {
                "id": null,
                "displayName": null,
                "userPrincipalName": format!("admin@{domain}"),
                "ipAddress": "",
            },
            "app": null,
        }),
    };
    json!({
        "id": format!("Sync_{}", noted.id),
        "category": "ProvisioningManagement",
        "correlationId": noted.id.to_string(),
        "result": "success",
        "resultReason": "",
        "activityDisplayName": noted.activity.name(),
        "activityDateTime": precise(noted.at),
        "loggedByService": "Account Provisioning",
        "operationType": "",
        "initiatedBy": initiated_by,
        "targetResources": [{
            "id": noted.principal.to_string(),
            "displayName": noted.detail,
            "type": "ServicePrincipal",
            "userPrincipalName": null,
            "groupType": null,
            "modifiedProperties": [],
        }],
        "additionalDetails": [],
    })
}

fn directory_write(number: usize, at: Timestamp, write: &WriteRecord, estate: &Estate) -> Value {
    let domain = &estate.world.tenant.settings.organization.initial_domain;
    let account = match &write.writer {
        Writer::Connect { server } => format!("Sync_{}_000000000000@{domain}", server.to_uppercase()),
        Writer::CloudSync { .. } => format!("ADToAADSyncServiceAccount@{domain}"),
    };
    let verb = match write.outcome {
        Outcome::Created => "Add",
        Outcome::SoftDeleted | Outcome::HardDeleted => "Delete",
        Outcome::Restored => "Restore",
        Outcome::HardMatched | Outcome::SoftMatched | Outcome::Updated | Outcome::PasswordSet => "Update",
    };
    let mut modified =
        vec![json!({"displayName": "Action Client Name", "oldValue": null, "newValue": "DirectorySync"})];
    modified.extend(
        write.values.iter().map(
            |value| json!({"displayName": value.attribute.as_str(), "oldValue": null, "newValue": null}),
        ),
    );
    let kind = kind_name(write.kind);
    let operation = match verb {
        "Restore" => "Update",
        other => other,
    };
    json!({
        "id": format!("Directory_{number}"),
        "category": format!("{kind}Management"),
        "correlationId": Identifiers::new(u64::try_from(number).unwrap_or(u64::MAX)).next_id().to_string(),
        "result": "success",
        "resultReason": "",
        "activityDisplayName": format!("{verb} {}", kind.to_lowercase()),
        "activityDateTime": precise(at),
        "loggedByService": "Core Directory",
        "operationType": operation,
        "initiatedBy": {
            "user": {"id": null, "displayName": null, "userPrincipalName": account, "ipAddress": ""},
            "app": null,
        },
        "targetResources": [{
            "id": write.object.to_string(),
            "displayName": write.label,
            "type": kind,
            "userPrincipalName": null,
            "groupType": null,
            "modifiedProperties": modified,
        }],
        "additionalDetails": [],
    })
}

fn precise(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%7fZ").to_string()
}
