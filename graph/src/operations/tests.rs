//! The requests that the calls make: equal to Microsoft's examples, and valid by the published description.

mod description;

use std::fs;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::error::Error;
use crate::query::Query;
use crate::resources::applications::FederatedIdentityCredential;
use crate::resources::batch::{BatchPart, BatchRequest};
use crate::resources::jobs::{ResetScope, RestartRequest};
use crate::resources::on_demand::ProvisionOnDemandRequest;
use crate::resources::organization::{
    AccidentalDeletionPrevention, DirectorySynchronization, DirectorySynchronizationConfiguration,
    DirectorySynchronizationFeatures, PreventionType,
};
use crate::resources::secrets::{
    NotificationSettings, SecretEntry, SynchronizationSecrets, ValidateCredentialsRequest,
};
use crate::resources::{
    AgentGroupId, AgentId, ApplicationObjectId, ApplicationTemplateId, CLOUD_SYNC_TEMPLATE,
    DirectoryDefinitionId, DirectoryObjectId, JobId, JobTemplateId, PublishedResourceId, RuleId,
    ServicePrincipalId, TenantId,
};
use crate::route::ApiVersion;
use crate::schema::SchemaDocument;
use crate::testing::{VirtualClock, config, json as answer, shared, token};
use crate::transport::{Fault, Request, Response, Transport};
use crate::value::{Open, Sensitive};
use crate::{ClientSecret, DeltaFrom, FoundBy, GraphClient, ProvisioningLogQuery};

/// Remembers every request and gives an answer that every call can read.
#[derive(Default)]
struct Recorder(Mutex<Vec<Request>>);

impl Recorder {
    fn requests(&self) -> Vec<Request> {
        self.0.lock().unwrap().clone()
    }

    fn last_body(&self) -> Value {
        serde_json::from_slice(&self.requests().last().unwrap().body).unwrap()
    }
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Fault>> {
        let reply = if request.url.ends_with("/token") {
            return Box::pin(std::future::ready(token("t", 3_600)));
        } else if request.url.contains("/$count") {
            Ok(Response { status: 200, body: b"7".to_vec(), ..Response::default() })
        } else if request.url.ends_with("/provisionOnDemand") {
            answer(200, &json!({ "key": "{}", "value": "{}" }))
        } else {
            answer(
                200,
                &json!({
                    "id": "x", "value": [], "responses": [], "application": {}, "servicePrincipal": {},
                    "@odata.deltaLink": "https://graph.example/v1.0/x?$deltatoken=y"
                }),
            )
        };
        self.0.lock().unwrap().push(request);
        Box::pin(std::future::ready(reply))
    }
}

fn recorded() -> (GraphClient, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let secret = ClientSecret::new("app-1", Sensitive::new("s"));
    (GraphClient::new(config(), Arc::clone(&recorder), secret, VirtualClock::new()), recorder)
}

fn prevention() -> DirectorySynchronization {
    let guard = AccidentalDeletionPrevention {
        synchronization_prevention_type: Open::from(PreventionType::EnabledForCount).into(),
        alert_threshold: 500.into(),
        ..AccidentalDeletionPrevention::default()
    };
    DirectorySynchronization {
        configuration: DirectorySynchronizationConfiguration {
            accidental_deletion_prevention: guard.into(),
            ..DirectorySynchronizationConfiguration::default()
        }
        .into(),
        features: DirectorySynchronizationFeatures {
            group_write_back_enabled: true.into(),
            ..DirectorySynchronizationFeatures::default()
        }
        .into(),
        ..DirectorySynchronization::default()
    }
}

fn federated() -> FederatedIdentityCredential {
    FederatedIdentityCredential {
        name: "Kubernetes-federated-credential".to_owned().into(),
        issuer: "https://aksoicwesteurope.blob.core.windows.net/aaaabbbb-0000-cccc-1111-dddd2222eeee/"
            .to_owned()
            .into(),
        subject: "system:serviceaccount:erp8asle:pod-identity-sa".to_owned().into(),
        description: "Kubernetes service account federated credential".to_owned().into(),
        audiences: vec!["api://AzureADTokenExchange".to_owned()].into(),
        ..FederatedIdentityCredential::default()
    }
}

fn threshold() -> SynchronizationSecrets {
    SynchronizationSecrets::of(vec![SecretEntry::notification(&NotificationSettings {
        enabled: true.into(),
        recipients: "foobar@xyz.com".to_owned().into(),
        delete_threshold_enabled: true.into(),
        delete_threshold_value: 50.into(),
        ..NotificationSettings::default()
    })])
}

fn on_demand() -> ProvisionOnDemandRequest {
    let name = "CN=AdeleV,CN=Users,DC=corp,DC=chicago,DC=com";
    ProvisionOnDemandRequest::one(RuleId::new("6c409270-f78a-4bc6-af23-7cf3ab6482fe"), name, "user")
}

fn batch() -> Vec<BatchPart> {
    let query = "users?$select=id,displayName,userPrincipalName&$filter=city eq null&$count=true";
    vec![
        BatchPart::new("3", "DELETE", "/groups/0e226165-c685-41ce-8bfc-df8360ab325d"),
        BatchPart::get("5", query).with_header("ConsistencyLevel", "eventual"),
    ]
}

fn schema(text: &str) -> SchemaDocument {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn requests_equal_the_examples() {
    let Some(folder) = shared("facts/graph/samples") else { return };
    let example =
        |name: &str| -> Value { serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap() };
    let (client, recorder) = recorded();
    let (sp, job_id, tenant) = (ServicePrincipalId::new("sp"), JobId::new("j"), TenantId::new("t"));
    let synchronization = client.synchronization(&sp);
    let job = synchronization.job(&job_id);
    let is = |name: &str| assert_eq!(recorder.last_body(), example(name), "{name}");

    let domain = SynchronizationSecrets::of(vec![SecretEntry::domain("ad2aadTest.com")]);
    synchronization.put_secrets(&domain).await.unwrap();
    is("secrets-put-domain.request.json");

    synchronization.put_secrets(&threshold()).await.unwrap();
    is("secrets-put-deletethreshold.request.json");

    let combined = [ResetScope::Watermark, ResetScope::Escrows, ResetScope::QuarantineState];
    job.restart(&RestartRequest::of(combined)).await.unwrap();
    is("restart-combined.request.json");

    job.provision_on_demand(&on_demand()).await.unwrap();
    is("provisionondemand-ad2aad.request.json");

    client.directory_synchronization().update(&tenant, &prevention()).await.unwrap();
    is("onpremisessynchronization-patch.request.json");

    let name = "schema-put-containerfilter.request.json";
    job.schema().put(&schema(&example(name).to_string())).await.unwrap();
    is(name);

    client
        .applications()
        .add_federated_credential(&ApplicationObjectId::new("a"), &federated())
        .await
        .unwrap();
    is("federated-credential.request.json");

    client.batch(ApiVersion::V1, batch()).await.unwrap();
    is("batch-request.json");
}

#[tokio::test]
async fn carrying_out_held_back_deletions_can_be_written_but_is_never_sent() {
    let request = RestartRequest::of([ResetScope::ForceDeletes]);
    if let Some(folder) = shared("facts/graph/samples") {
        let example = fs::read(folder.join("restart-forcedeletes.request.json")).unwrap();
        let example: Value = serde_json::from_slice(&example).unwrap();
        assert_eq!(serde_json::to_value(&request).unwrap(), example);
    }
    let (client, recorder) = recorded();
    let error =
        client.synchronization(&ServicePrincipalId::new("sp")).job(&JobId::new("j")).restart(&request).await;
    assert!(matches!(error, Err(Error::Refused(_))), "{error:?}");
    assert!(recorder.requests().is_empty());
}

/// Makes every call once.
async fn make_every_call(client: &GraphClient) -> Result<(), Error> {
    let tenant = TenantId::new("t");
    let object = DirectoryObjectId::new("o");
    for version in [ApiVersion::V1, ApiVersion::Beta] {
        client.organization().list(version).collect_all().await?;
        client.organization().get(version, &tenant).await?;
        client.directory_synchronization().list(version).collect_all().await?;
        client.directory_synchronization().get(version, &tenant).await?;
        client.batch(version, batch()).await?;
    }
    client.organization().enable_on_premises_sync(&tenant).await?;
    client.directory_synchronization().update(&tenant, &prevention()).await?;

    let query =
        Query::all().select(&["id"]).filter("x eq 'y'").order_by("id").page_size(5).advanced().low_priority();
    let everything = DeltaFrom::Everything { select: vec!["id"] };
    client.users().list(&query).collect_all().await?;
    client.users().count().await?;
    client.users().get(&object, &["id"]).await?;
    client.users().delta(&everything).collect_all().await?;
    client.users().delta(&DeltaFrom::Now { select: vec!["id"] }).collect_all().await?;
    client.users().sync_behavior(&object).await?;
    client.groups().list(&query).collect_all().await?;
    client.groups().count().await?;
    client.groups().get(&object, &["id"]).await?;
    client.groups().members(&object, &query).collect_all().await?;
    client.groups().member_count(&object).await?;
    client.groups().delta(&everything).collect_all().await?;
    client.groups().sync_behavior(&object).await?;

    let (template, sp) = (ApplicationTemplateId::new(CLOUD_SYNC_TEMPLATE), ServicePrincipalId::new("sp"));
    let application = ApplicationObjectId::new("a");
    client.application_templates().get(&template).await?;
    client.application_templates().instantiate(&template, "contoso.com").await?;
    client.applications().get(&application).await?;
    client.applications().delete(&application).await?;
    client.applications().add_federated_credential(&application, &federated()).await?;
    client.service_principals().list(&query).collect_all().await?;
    client
        .service_principals()
        .find(&template, &JobTemplateId::new("AD2AADProvisioning"), "contoso.com")
        .await?;
    client.service_principals().get(&sp).await?;
    client.service_principals().wait_until_visible(&sp).await?;
    client.service_principals().set_tags(&sp, &["managed-by:x".to_owned()]).await?;
    client.service_principals().delete(&sp).await?;

    make_every_synchronization_call(client, &sp).await?;

    let agents = client.provisioning_agents();
    agents.profile().await?;
    agents.agents().collect_all().await?;
    agents.agent(&AgentId::new("x")).await?;
    agents.groups().collect_all().await?;
    agents.group(&AgentGroupId::new("x")).await?;
    agents.published_resources().collect_all().await?;
    agents.published_resource(&PublishedResourceId::new("x")).await?;
    agents.publish("New", "contoso.com").await?;

    let log = ProvisioningLogQuery {
        job: Some(JobId::new("AD2AADProvisioning.t.g")),
        after: Some("2026-11-21T09:00:00Z".parse().unwrap()),
    };
    client.audit_logs().provisioning(&log).collect_all().await?;
    client.audit_logs().directory(&Query::all().filter("x eq 'y'").page_size(5)).collect_all().await?;
    Ok(())
}

async fn make_every_synchronization_call(client: &GraphClient, sp: &ServicePrincipalId) -> Result<(), Error> {
    let synchronization = client.synchronization(sp);
    synchronization.templates().await?;
    synchronization.jobs().await?;
    synchronization.create_job(&JobTemplateId::new("AD2AADProvisioning")).await?;
    synchronization.secrets().await?;
    synchronization.put_secrets(&threshold()).await?;
    let app_key = SecretEntry::app_key(&JobTemplateId::new("AD2AADProvisioning"));
    synchronization.change_secrets(vec![SecretEntry::domain("contoso.com"), app_key]).await?;

    let job = synchronization.job(&JobId::new("AD2AADProvisioning.t.g"));
    job.get().await?;
    job.start().await?;
    job.pause().await?;
    job.restart(&RestartRequest::ordinary()).await?;
    job.validate_credentials(&ValidateCredentialsRequest::saved()).await?;
    job.validate_credentials(&ValidateCredentialsRequest::these(vec![SecretEntry::domain("contoso.com")]))
        .await?;
    job.provision_on_demand(&on_demand()).await?;
    job.delete().await?;

    let document = json!({ "version": "v", "directories": [], "synchronizationRules": [
        { "name": "r", "containerFilter": { "includedContainers": ["OU=A,DC=x"] }, "groupFilter": { "includedGroups": [] } }
    ] });
    job.schema().get().await?;
    job.schema().put(&schema(&document.to_string())).await?;
    job.schema().functions().await?;
    job.schema().filter_operators().await?;
    job.schema().parse_expression("[mail]").await?;
    job.schema().discover(&DirectoryDefinitionId::new("d")).await?;
    Ok(())
}

#[tokio::test]
async fn every_request_is_valid_by_the_published_description() {
    let Some(path) = shared("facts/graph/openapi.json") else { return };
    let description = description::Description::read(&path);
    let (client, recorder) = recorded();
    make_every_call(&client).await.unwrap();
    let requests = recorder.requests();
    let faults: Vec<String> = requests.iter().filter_map(|request| description.fault(request)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(requests.len() >= 60, "{}", requests.len());
}

#[tokio::test]
async fn the_description_refuses_what_is_wrong() {
    let Some(path) = shared("facts/graph/openapi.json") else { return };
    let description = description::Description::read(&path);
    let (client, recorder) = recorded();
    client.synchronization(&ServicePrincipalId::new("sp")).put_secrets(&threshold()).await.unwrap();
    let good = recorder.requests().remove(0);
    assert_eq!(description.fault(&good), None);
    let wrong_path = Request { url: good.url.replace("secrets", "secretz"), ..good.clone() };
    let wrong_method = Request { method: crate::transport::Method::Patch, ..good.clone() };
    let wrong_key = Request {
        body: String::from_utf8(good.body.clone()).unwrap().replace("SyncN", "Sinc").into_bytes(),
        ..good
    };
    for wrong in [wrong_path, wrong_method, wrong_key] {
        assert!(description.fault(&wrong).is_some(), "{wrong:?}");
    }
}

#[tokio::test]
async fn service_principals_are_found_by_template_then_by_name_and_marker() {
    use crate::testing::{Script, client};
    let list = |items: Value| answer(200, &json!({ "value": items }));
    let marked = json!({ "id": "m", "homepage": "https://x?metadata=AD2AADProvisioning|ISV9.1|primary|z" });
    let plain = json!({ "id": "p", "homepage": null });
    let cases = [
        (vec![list(json!([plain, plain]))], FoundBy::Template, 2),
        (vec![list(json!([])), list(json!([marked, plain]))], FoundBy::NameAndMarker, 1),
        (vec![list(json!([])), list(json!([plain]))], FoundBy::Name, 1),
        (vec![list(json!([])), list(json!([]))], FoundBy::Name, 0),
    ];
    let (template, job) =
        (ApplicationTemplateId::new(CLOUD_SYNC_TEMPLATE), JobTemplateId::new("AD2AADProvisioning"));
    for (answers, by, count) in cases {
        let (script, clock) = (Script::of(answers), VirtualClock::new());
        let found =
            client(&script, &clock).service_principals().find(&template, &job, "contoso.com").await.unwrap();
        assert_eq!((found.by, found.service_principals.len()), (by, count));
        let first = &script.requests()[0].url;
        assert!(
            first.ends_with(&format!("$filter=applicationTemplateId%20eq%20'{CLOUD_SYNC_TEMPLATE}'")),
            "{first}"
        );
    }
}

#[tokio::test]
async fn changed_secrets_keep_the_others() {
    use crate::testing::{Script, client, status};
    let stored = |value: &str| {
        answer(
            200,
            &json!({ "value": [{ "key": "AppKey", "value": value }, { "key": "Domain", "value": "{\"domain\":\"a\"}" }] }),
        )
    };
    let (script, clock) = (Script::of([stored("kept"), status(204)]), VirtualClock::new());
    let sp = ServicePrincipalId::new("sp");
    client(&script, &clock)
        .synchronization(&sp)
        .change_secrets(vec![SecretEntry::domain("b")])
        .await
        .unwrap();
    let written: SynchronizationSecrets = serde_json::from_slice(&script.requests()[1].body).unwrap();
    assert_eq!(written.domain().as_deref(), Some("b"));
    assert_eq!(written.value.len(), 2);

    let (script, clock) = (Script::of([stored("*")]), VirtualClock::new());
    let error =
        client(&script, &clock).synchronization(&sp).change_secrets(vec![SecretEntry::domain("b")]).await;
    assert!(matches!(&error, Err(Error::Refused(reason)) if reason.contains("AppKey")), "{error:?}");
    assert_eq!(script.requests().len(), 1, "nothing was written");
}

#[test]
fn batches_are_written_in_the_documented_form() {
    let written = serde_json::to_value(BatchRequest { requests: batch() }).unwrap();
    assert_eq!(
        written["requests"][0],
        json!({ "id": "3", "method": "DELETE", "url": "/groups/0e226165-c685-41ce-8bfc-df8360ab325d" })
    );
}

#[test]
fn each_part_of_a_batch_has_a_class_of_its_own() {
    use crate::resources::batch::BatchAnswer;
    let part = |value: Value| -> BatchAnswer { serde_json::from_value(value).unwrap() };
    let done = part(json!({ "id": "1", "status": 200, "body": { "value": [] } }));
    assert_eq!(done.outcome().unwrap(), Some(&json!({ "value": [] })));
    let busy = part(json!({ "id": "2", "status": 429, "headers": { "retry-after": "10" } }));
    match busy.outcome() {
        Err(Error::Throttled { retry_after, .. }) => {
            assert_eq!(retry_after, Some(std::time::Duration::from_secs(10)));
        }
        other => panic!("{other:?}"),
    }
    let denied = json!({ "error": { "code": "Authorization_RequestDenied", "message": "m" } });
    let denied = part(json!({ "id": "3", "status": 403, "body": denied }));
    let error = denied.outcome().unwrap_err();
    assert!(error.failure().unwrap().has_code("Authorization_RequestDenied"));
    assert_eq!(error.metric_label(), "forbidden");
    assert_eq!(
        part(json!({ "id": "4", "status": 424 })).outcome().unwrap_err().metric_label(),
        "bad_request"
    );
}
