//! Every sample of Graph's own documentation is read, and written back as equal JSON.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::agents::{OnPremisesAgent, OnPremisesAgentGroup, PublishedResource};
use super::applications::{
    ApplicationServicePrincipal, ApplicationTemplate, FederatedIdentityCredential, ServicePrincipal,
};
use super::audit::{DirectoryAudit, ProvisioningObjectSummary};
use super::batch::{BatchRequest, BatchResponse};
use super::collection::Collection;
use super::directory::{Group, RemovalReason, User};
use super::errors::ErrorAnswer;
use super::jobs::{JobCode, ResetScope, RestartRequest, ScheduleState, SynchronizationJob, TaskState};
use super::mappings::{
    AttributeMapping, AttributeMappingFunction, DirectoryDefinition, FilterOperator, ObjectFlow,
    ObjectMapping, Origin, ParseExpressionResponse,
};
use super::on_demand::{OnDemandAnswer, OnDemandResult, ProvisionOnDemandRequest};
use super::organization::{DirectorySynchronization, Organization, PreventionType};
use super::secrets::{NotificationSettings, SecretEntry, SecretKey, SynchronizationSecrets};
use super::templates::SynchronizationTemplate;
use super::token::{TokenAnswer, TokenError};
use crate::schema::SchemaDocument;
use crate::testing::shared;

const SAMPLES: &str = "facts/graph/samples";

type RoundTrip = fn(&str) -> Result<Value, String>;

fn through<T: DeserializeOwned + Serialize>(text: &str) -> Result<Value, String> {
    let parsed: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
    serde_json::to_value(&parsed).map_err(|error| error.to_string())
}

/// Each sample with the type that reads it.
const TYPES: &[(&str, RoundTrip)] = &[
    ("agent-get.json", through::<OnPremisesAgent>),
    ("agentgroup-get.json", through::<OnPremisesAgentGroup>),
    ("agentgroups-list.json", through::<Collection<OnPremisesAgentGroup>>),
    ("applicationtemplate-get.json", through::<ApplicationTemplate>),
    ("applicationtemplate-instantiate.json", through::<ApplicationServicePrincipal>),
    ("attributemapping-function.json", through::<AttributeMapping>),
    ("attributemapping-passwordhash.json", through::<AttributeMapping>),
    ("batch-request.json", through::<BatchRequest>),
    ("batch-response.json", through::<BatchResponse>),
    ("directory-discover.json", through::<DirectoryDefinition>),
    ("directoryaudits-list.json", through::<Collection<DirectoryAudit>>),
    ("error-authorization-denied.json", through::<ErrorAnswer>),
    ("error-generic.json", through::<ErrorAnswer>),
    ("federated-credential.request.json", through::<FederatedIdentityCredential>),
    ("group-get.json", through::<Group>),
    ("groups-delta-removed-members.json", through::<Collection<Group>>),
    ("groups-list.json", through::<Collection<Group>>),
    ("job-create-ad2aad.json", through::<SynchronizationJob>),
    ("job-create-generic.json", through::<SynchronizationJob>),
    ("job-get-ad2aad-active.json", through::<SynchronizationJob>),
    ("objectmapping-generic.json", through::<ObjectMapping>),
    ("onpremisessynchronization-get-beta.json", through::<DirectorySynchronization>),
    ("onpremisessynchronization-patch.request.json", through::<DirectorySynchronization>),
    ("organization-get.json", through::<Organization>),
    ("organization-list.json", through::<Collection<Organization>>),
    ("provisioning-log-success.json", through::<Collection<ProvisioningObjectSummary>>),
    ("provisionondemand-ad2aad-success.json", through::<OnDemandAnswer>),
    ("provisionondemand-ad2aad.request.json", through::<ProvisionOnDemandRequest>),
    ("publishedresource-create.json", through::<PublishedResource>),
    ("publishedresources-list.json", through::<Collection<PublishedResource>>),
    ("restart-combined.request.json", through::<RestartRequest>),
    ("restart-forcedeletes.request.json", through::<RestartRequest>),
    ("schema-filteroperators.json", through::<Collection<FilterOperator>>),
    ("schema-functions.json", through::<Collection<AttributeMappingFunction>>),
    ("schema-get.json", through::<SchemaDocument>),
    ("schema-parseexpression.json", through::<ParseExpressionResponse>),
    ("schema-put-containerfilter.request.json", through::<SchemaDocument>),
    ("secrets-put-deletethreshold.request.json", through::<SynchronizationSecrets>),
    ("secrets-put-domain.request.json", through::<SynchronizationSecrets>),
    ("serviceprincipal-cloudsync.json", through::<ServicePrincipal>),
    ("serviceprincipals-list.json", through::<Collection<ServicePrincipal>>),
    ("templates-list.json", through::<Collection<SynchronizationTemplate>>),
    ("token-error.json", through::<TokenError>),
    ("token-success.json", through::<TokenAnswer>),
    ("users-delta-page.json", through::<Collection<User>>),
    ("users-list-count.json", through::<Collection<User>>),
];

fn sample<T: DeserializeOwned>(folder: &Path, name: &str) -> T {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

#[test]
fn every_sample_is_written_back_as_it_was_read() {
    let Some(folder) = shared(SAMPLES) else { return };
    let here: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "json"))
        .collect();
    let listed: BTreeSet<String> = TYPES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(here, listed, "each sample has a type");
    for (name, round_trip) in TYPES {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let original: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(round_trip(&text), Ok(original), "{name}");
    }
}

#[test]
fn a_job_is_understood() {
    let Some(folder) = shared(SAMPLES) else { return };
    let fresh: SynchronizationJob = sample(&folder, "job-create-ad2aad.json");
    assert_eq!(fresh.code(), Some(JobCode::Paused));
    assert!(fresh.needs_start());
    let status = fresh.status.get().unwrap();
    assert_eq!(status.steady_state_first_achieved_time.at(), None);
    assert!(status.steady_state_first_achieved_time.get().unwrap().is_never());
    assert!(status.quarantine.is_null());

    let gallery: SynchronizationJob = sample(&folder, "job-create-generic.json");
    assert!(gallery.schedule.get().unwrap().interval.get().unwrap().is_unbounded());

    let active: SynchronizationJob = sample(&folder, "job-get-ad2aad-active.json");
    assert!(!active.needs_start());
    assert_eq!(active.schedule.get().unwrap().state.known(), Some(ScheduleState::Active));
    assert_eq!(active.setting("domainfqdn"), Some("contoso.com"));
    assert_eq!(active.setting("QuarantineTooManyDeletesThreshold"), Some("500"));
    assert_eq!(active.entry_counts().collect::<Vec<_>>(), [("group to Group", 33), ("user to User", 3)]);
    let last = active.status.get().unwrap().last_successful_execution.get().unwrap();
    assert!(last.state.is(TaskState::Succeeded));
    assert_eq!((last.time_began.at(), last.time_ended.at().is_some()), (None, true));
}

#[test]
fn a_job_needs_a_start_unless_it_runs() {
    let job = |state: &str, code: &str| -> SynchronizationJob {
        let body = json!({ "id": "j", "schedule": { "state": state }, "status": { "code": code } });
        serde_json::from_value(body).unwrap()
    };
    let table = [
        ("Active", "Active", false),
        ("active", "NotRun", false),
        ("Active", "Paused", true),
        ("Active", "Quarantine", true),
        ("Disabled", "Paused", true),
        ("Paused", "Active", true),
    ];
    for (state, code, expected) in table {
        assert_eq!(job(state, code).needs_start(), expected, "{state} {code}");
    }
}

#[test]
fn what_a_job_says_about_its_quarantine_is_understood() {
    let body = json!({
        "id": "j",
        "status": { "code": "quarantine", "quarantine": {
            "reason": "TooManyDeletes", "seriesCount": 1, "nextAttempt": "0001-01-01T00:00:00Z",
            "error": { "code": "x", "message": "m", "tenantActionable": true }
        } }
    });
    let job: SynchronizationJob = serde_json::from_value(body).unwrap();
    assert_eq!(job.code(), Some(JobCode::Quarantine));
    let quarantine = job.status.get().unwrap().quarantine.get().unwrap();
    assert!(quarantine.reason.is(super::jobs::QuarantineReason::TooManyDeletes));
    assert_eq!(quarantine.error.get().unwrap().tenant_actionable.copied(), Some(true));
}

#[test]
fn the_answer_of_provision_on_demand_is_json_in_texts() {
    let Some(folder) = shared(SAMPLES) else { return };
    let answer: OnDemandAnswer = sample(&folder, "provisionondemand-ad2aad-success.json");
    assert!(answer.outcome().unwrap().result.is(OnDemandResult::Success));
    let step = &answer.report().unwrap().provisioning_steps.items()[0];
    assert!(step.r#type.is(super::audit::provisioning::ProvisioningStepType::Import));
    assert_eq!(step.details.get().unwrap()["department"], "", "an absent attribute is an empty text");
}

#[test]
fn both_logs_are_understood() {
    let Some(folder) = shared(SAMPLES) else { return };
    let audits: Collection<DirectoryAudit> = sample(&folder, "directoryaudits-list.json");
    assert!(audits.value[0].is_by_directory_sync());
    let mut other = audits.value[0].clone();
    other.target_resources = Vec::new().into();
    assert!(!other.is_by_directory_sync());

    let log: Collection<ProvisioningObjectSummary> = sample(&folder, "provisioning-log-success.json");
    let entry = &log.value[0];
    assert!(entry.provisioning_action.is(super::audit::provisioning::ProvisioningAction::Create));
    let step = &entry.provisioning_steps.items()[1];
    assert!(step.provisioning_step_type.is(super::audit::provisioning::ProvisioningStepType::Export));
}

#[test]
fn removals_and_settings_are_understood() {
    let Some(folder) = shared(SAMPLES) else { return };
    let groups: Collection<Group> = sample(&folder, "groups-delta-removed-members.json");
    let changes = groups.value[0].members_delta.items();
    assert!(changes[0].removed.get().unwrap().reason.is(RemovalReason::Deleted));
    assert!(changes[1].removed.is_absent());

    let settings: DirectorySynchronization = sample(&folder, "onpremisessynchronization-get-beta.json");
    let configuration = settings.configuration.get().unwrap();
    let guard = configuration.accidental_deletion_prevention.get().unwrap();
    assert!(guard.synchronization_prevention_type.is(PreventionType::EnabledForCount));
    assert_eq!(configuration.current_export_data.get().unwrap().pending_objects_deletion.copied(), Some(18));

    let principal: ServicePrincipal = sample(&folder, "serviceprincipal-cloudsync.json");
    assert!(principal.is_marked_for("AD2AADProvisioning"));
    assert!(!principal.is_marked_for("AD2AADProv"));
}

#[test]
fn secrets_are_merged_by_key_and_masks_are_not_written_back() {
    let stored: SynchronizationSecrets = serde_json::from_value(json!({ "value": [
        { "key": "domain", "value": "{\"domain\":\"contoso.com\"}" },
        { "key": "AppKey", "value": "{\"appKeyScenario\":\"AD2AADProvisioning\"}" },
        { "key": "Dreamt", "value": "kept" }
    ] }))
    .unwrap();
    assert_eq!(stored.domain().as_deref(), Some("contoso.com"));

    let merged = stored.clone().merged(vec![SecretEntry::domain("fabrikam.com")]).unwrap();
    assert_eq!(merged.domain().as_deref(), Some("fabrikam.com"));
    assert_eq!(merged.value.len(), 3);

    let masked = SynchronizationSecrets::of(vec![
        SecretEntry::new(SecretKey::Password, "*"),
        SecretEntry::domain("contoso.com"),
    ]);
    let refused = masked.clone().merged(vec![SecretEntry::domain("fabrikam.com")]).unwrap_err();
    assert_eq!(refused, ["Password"]);
    let supplied = masked.merged(vec![SecretEntry::new(SecretKey::Password, "new")]).unwrap();
    assert_eq!(supplied.value.len(), 2);
    assert!(!format!("{supplied:?}").contains("new"));
}

#[test]
fn notification_settings_keep_what_they_do_not_know() {
    let text = r#"{"Enabled":true,"Recipients":"a@b","DeleteThresholdEnabled":true,"DeleteThresholdValue":500,"New":1}"#;
    let stored =
        SynchronizationSecrets::of(vec![SecretEntry::new(SecretKey::SyncNotificationSettings, text)]);
    let mut settings: NotificationSettings = stored.notification_settings().unwrap();
    settings.delete_threshold_value = 40.into();
    let written = SecretEntry::notification(&settings);
    assert_eq!(written.value.text(), Some(text.replace("500", "40").as_str()));
}

#[test]
fn mappings_tell_where_a_value_comes_from() {
    let Some(folder) = shared(SAMPLES) else { return };
    let mapping: ObjectMapping = sample(&folder, "objectmapping-generic.json");
    assert!(mapping.is_enabled());
    assert!(mapping.flow_types.get().unwrap().contains(ObjectFlow::Delete));
    let origins: Vec<Origin<'_>> =
        mapping.attribute_mappings.items().iter().map(AttributeMapping::origin).collect();
    assert_eq!(
        origins,
        [
            Origin::Expression("Not([IsSoftDeleted])"),
            Origin::Expression("Mid([userPrincipalName], 1, 8)"),
            Origin::Constant(Some("ISO-8859-1")),
            Origin::Attribute("userPrincipalName"),
        ]
    );
    assert_eq!(mapping.attribute_mappings.items()[1].source_attributes(), ["userPrincipalName"]);
    assert_eq!(mapping.writers_of("username").count(), 1);
}

#[test]
fn parts_of_a_restart_that_are_not_ours_are_known() {
    assert_eq!(RestartRequest::ordinary().forbidden_part(), None);
    assert_eq!(RestartRequest::of([ResetScope::Full]).forbidden_part(), None);
    let mixed = RestartRequest::of([ResetScope::Escrows, ResetScope::ForceDeletes]);
    assert_eq!(mixed.forbidden_part().as_deref(), Some("ForceDeletes"));
    let mut unknown = RestartRequest::ordinary();
    unknown.criteria.reset_scope = crate::value::Flags::parse("Escrows, Everything");
    assert_eq!(unknown.forbidden_part().as_deref(), Some("Everything"), "what is not known is not sent");
}
