//! The control plane itself: it serves, it authenticates and authorises, its controllers work, namespaces vanish.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, ServiceAccount};
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{DeleteParams, ListParams, PostParams, PropagationPolicy};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::core::ObjectMeta;
use kube::{Api, Client, Config};
use tests::control_plane::{Error, Result};
use tests::{TestNamespace, shared, until};

const LIMIT: Duration = Duration::from_mins(1);

pub(crate) fn config_map(name: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        ..ConfigMap::default()
    }
}

/// Lets `subject` do `verbs` on config maps of the namespace.
pub(crate) async fn allow(namespace: &TestNamespace, subject: Subject, verbs: &[&str]) -> Result<()> {
    let metadata = || ObjectMeta { name: Some("config-maps".to_owned()), ..ObjectMeta::default() };
    let rights = PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["configmaps".to_owned()]),
        verbs: verbs.iter().map(|&verb| verb.to_owned()).collect(),
        ..PolicyRule::default()
    };
    let role = Role { metadata: metadata(), rules: Some(vec![rights]) };
    let role_ref = RoleRef {
        api_group: Some("rbac.authorization.k8s.io".to_owned()),
        kind: "Role".to_owned(),
        name: "config-maps".to_owned(),
    };
    let binding = RoleBinding { metadata: metadata(), role_ref, subjects: Some(vec![subject]) };
    namespace
        .api::<Role>()
        .create(&PostParams::default(), &role)
        .await
        .map_err(Error::kube("creating a role"))?;
    namespace
        .api::<RoleBinding>()
        .create(&PostParams::default(), &binding)
        .await
        .map_err(Error::kube("creating a role binding"))?;
    Ok(())
}

fn group(name: &str) -> Subject {
    Subject {
        api_group: Some("rbac.authorization.k8s.io".to_owned()),
        kind: "Group".to_owned(),
        name: name.to_owned(),
        namespace: None,
    }
}

/// A client of the same cluster that proves nothing about itself.
async fn anonymous() -> Client {
    let path = shared().await.unwrap().kubeconfig_path();
    let mut kubeconfig = Kubeconfig::read_from(path).unwrap();
    for named in &mut kubeconfig.auth_infos {
        named.auth_info = Some(AuthInfo::default());
    }
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

#[track_caller]
fn assert_forbidden<T: std::fmt::Debug>(outcome: std::result::Result<T, kube::Error>) {
    match outcome {
        Err(kube::Error::Api(status)) if status.is_forbidden() => {}
        other => panic!("expected 403 Forbidden, found {other:?}"),
    }
}

#[tokio::test]
async fn serves_and_its_service_account_controller_works() {
    let namespace = TestNamespace::create().await.unwrap();
    let version = namespace.client().apiserver_version().await.unwrap();
    assert!(version.git_version.starts_with("v1."), "{}", version.git_version);
    let accounts = namespace.api::<ServiceAccount>();
    until("the service account default", LIMIT, async || {
        accounts.get_opt("default").await.map_err(Error::kube("reading service account default"))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn anonymous_and_unknown_users_may_do_nothing() {
    let namespace = TestNamespace::create().await.unwrap();
    let unknown = namespace.control_plane().client_for("nobody", &[]).await.unwrap();
    for client in [anonymous().await, unknown] {
        let maps = Api::<ConfigMap>::namespaced(client, namespace.name());
        assert_forbidden(maps.list(&ListParams::default()).await);
        assert_forbidden(maps.create(&PostParams::default(), &config_map("forbidden")).await);
    }
    let maps = namespace.api::<ConfigMap>().list(&ListParams::default()).await.unwrap();
    assert!(maps.items.iter().all(|map| map.metadata.name.as_deref() != Some("forbidden")));
}

#[tokio::test]
async fn a_user_has_the_rights_of_each_of_its_groups_and_no_others() {
    let namespace = TestNamespace::create().await.unwrap();
    allow(&namespace, group("writers"), &["create"]).await.unwrap();
    let of = async |groups: &[&str]| {
        let client = namespace.control_plane().client_for("anna", groups).await.unwrap();
        Api::<ConfigMap>::namespaced(client, namespace.name())
    };
    let create = PostParams::default();
    of(&["writers", "readers"]).await.create(&create, &config_map("first")).await.unwrap();
    of(&["readers", "writers"]).await.create(&create, &config_map("second")).await.unwrap();
    assert_forbidden(of(&["readers"]).await.create(&create, &config_map("third")).await);
    assert_forbidden(of(&["writers"]).await.get("first").await);
}

#[tokio::test]
async fn more_groups_than_a_certificate_carries_are_refused() {
    let outcome = shared().await.unwrap().client_for("anna", &["one", "two", "three"]).await;
    if std::env::var_os("KUBECONFIG").is_some_and(|value| !value.is_empty()) {
        // By impersonation any number is possible.
        outcome.unwrap();
        return;
    }
    let message = outcome.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(message.contains("user anna has 3 groups, expected at most 2"), "{message}");
}

#[tokio::test]
async fn a_service_account_has_the_rights_that_it_is_given() {
    let namespace = TestNamespace::create().await.unwrap();
    let account = ServiceAccount {
        metadata: ObjectMeta { name: Some("robot".to_owned()), ..ObjectMeta::default() },
        ..ServiceAccount::default()
    };
    namespace.api::<ServiceAccount>().create(&PostParams::default(), &account).await.unwrap();
    let subject = Subject {
        kind: "ServiceAccount".to_owned(),
        name: "robot".to_owned(),
        namespace: Some(namespace.name().to_owned()),
        api_group: None,
    };
    allow(&namespace, subject, &["create"]).await.unwrap();
    let client =
        namespace.control_plane().client_for_service_account(namespace.name(), "robot").await.unwrap();
    let maps = Api::<ConfigMap>::namespaced(client, namespace.name());
    maps.create(&PostParams::default(), &config_map("allowed")).await.unwrap();
    assert_forbidden(maps.get("allowed").await);
}

#[tokio::test]
async fn what_is_owned_goes_with_its_owner() {
    let namespace = TestNamespace::create().await.unwrap();
    let maps = namespace.api::<ConfigMap>();
    let owner = maps.create(&PostParams::default(), &config_map("owner")).await.unwrap();
    let mut dependant = config_map("dependant");
    dependant.metadata.owner_references = Some(vec![OwnerReference {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        name: "owner".to_owned(),
        uid: owner.metadata.uid.unwrap(),
        ..OwnerReference::default()
    }]);
    maps.create(&PostParams::default(), &dependant).await.unwrap();
    let background =
        DeleteParams { propagation_policy: Some(PropagationPolicy::Background), ..DeleteParams::default() };
    maps.delete("owner", &background).await.unwrap();
    until("the owned object to be gone", LIMIT, async || {
        let left = maps.get_opt("dependant").await.map_err(Error::kube("reading what is owned"))?;
        Ok(left.is_none().then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_deleted_namespace_is_gone_with_what_it_held() {
    let namespace = TestNamespace::create().await.unwrap();
    let (name, client) = (namespace.name().to_owned(), namespace.client());
    namespace.api::<ConfigMap>().create(&PostParams::default(), &config_map("content")).await.unwrap();
    namespace.delete().await.unwrap();
    assert!(Api::<Namespace>::all(client.clone()).get_opt(&name).await.unwrap().is_none());
    assert!(Api::<ConfigMap>::namespaced(client, &name).get_opt("content").await.unwrap().is_none());
}

#[tokio::test]
async fn a_dropped_namespace_is_deleted_too() {
    let namespace = TestNamespace::create().await.unwrap();
    let (name, client) = (namespace.name().to_owned(), namespace.client());
    drop(namespace);
    let namespaces = Api::<Namespace>::all(client);
    until("the namespace to be gone", LIMIT, async || {
        let left = namespaces.get_opt(&name).await.map_err(Error::kube("reading a namespace"))?;
        Ok(left.is_none().then_some(()))
    })
    .await
    .unwrap();
}
