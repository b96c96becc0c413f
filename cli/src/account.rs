//! An agent's account with its Role and what binds the two, each of the agent's name: made and taken away. Network IO.

use std::time::Duration;

use crds::sync_agent::{FORGOTTEN_AFTER_SECONDS, bulk_secrets, mappings_secret};
use crds::{ObjectName, SyncAgent};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::authorization::v1::{
    LocalSubjectAccessReview, ResourceAttributes, SubjectAccessReviewSpec,
};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::agent_error::AgentError;
use crate::join::agent_rules;

/// How long a printed token lives, in seconds; the agent renews it by itself from then on.
const TOKEN_SECONDS: i64 = 3600;

/// Field manager of what is made here, by which it is known again.
const MANAGER: &str = "kubectl-hybrid";

/// For how long nothing may stand under the account's name again after it was taken away.
pub(crate) const FORGOTTEN_AFTER: Duration = Duration::from_secs(FORGOTTEN_AFTER_SECONDS.unsigned_abs());

/// How often it is asked whether a right counts, and the pause between: ten seconds, where it takes a fraction of one.
const GRANT_LOOKS: u32 = 100;

/// See above.
const GRANT_PAUSE: Duration = Duration::from_millis(100);

/// Where an agent's account is.
pub(crate) struct Account<'a> {
    /// The cluster.
    pub(crate) client: &'a Client,
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// The agent's name, which is the account's.
    pub(crate) agent: &'a str,
}

impl Account<'_> {
    /// The SyncAgent.
    pub(crate) async fn sync_agent(&self) -> Result<Option<SyncAgent>, AgentError> {
        let what = format!("read SyncAgent {}", self.full_name());
        self.api::<SyncAgent>().get_opt(self.agent).await.map_err(AgentError::api(what))
    }

    /// Refuses a name under which somebody else has made something that an agent of this name would get rights to, or that would be
    /// replaced or deleted as the agent's.
    pub(crate) async fn is_ours_or_free(&self) -> Result<(), AgentError> {
        let made_here = |meta: &ObjectMeta| {
            let managers = meta.managed_fields.iter().flatten();
            managers.filter_map(|field| field.manager.as_deref()).any(|manager| manager == MANAGER)
        };
        self.check::<ServiceAccount>("ServiceAccount", self.agent, made_here).await?;
        self.check::<Role>("Role", self.agent, made_here).await?;
        self.check::<RoleBinding>("RoleBinding", self.agent, made_here).await?;
        let of_agent = |meta: &ObjectMeta| {
            let mut owners = meta.owner_references.iter().flatten();
            owners.any(|owner| owner.kind == "SyncAgent" && owner.name == self.agent)
        };
        self.check::<Lease>("Lease", self.agent, of_agent).await?;
        let name = ObjectName::from(self.agent);
        for secret in bulk_secrets(&name).iter().chain([&mappings_secret(&name)]) {
            self.check::<Secret>("Secret", secret.as_str(), of_agent).await?;
        }
        Ok(())
    }

    async fn check<K>(
        &self,
        kind: &'static str,
        name: &str,
        ours: impl Fn(&ObjectMeta) -> bool,
    ) -> Result<(), AgentError>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        let what = format!("look for {kind} {}/{name}", self.namespace);
        match self.api::<K>().get_metadata_opt(name).await.map_err(AgentError::api(what))? {
            Some(found) if !ours(&found.metadata) => {
                Err(AgentError::Taken { kind, namespace: self.namespace.to_owned(), name: name.to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// Makes the account with exactly an agent's rights. It goes with its SyncAgent: whoever deletes that ends the access too.
    pub(crate) async fn make(&self, owner: &SyncAgent) -> Result<(), AgentError> {
        let metadata = || ObjectMeta {
            name: Some(self.agent.to_owned()),
            namespace: Some(self.namespace.to_owned()),
            owner_references: owner.owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        };
        let account = ServiceAccount { metadata: metadata(), ..ServiceAccount::default() };
        self.apply("ServiceAccount", &account).await?;
        self.apply("Role", &Role { metadata: metadata(), rules: Some(agent_rules(self.agent)) }).await?;
        let binding = RoleBinding {
            metadata: metadata(),
            role_ref: RoleRef {
                api_group: Some("rbac.authorization.k8s.io".to_owned()),
                kind: "Role".to_owned(),
                name: self.agent.to_owned(),
            },
            subjects: Some(vec![Subject {
                kind: "ServiceAccount".to_owned(),
                name: self.agent.to_owned(),
                namespace: Some(self.namespace.to_owned()),
                ..Subject::default()
            }]),
        };
        self.apply("RoleBinding", &binding).await?;
        self.until_granted().await
    }

    /// Waits until the API server grants what was just given: it takes bindings up a moment after they are made, and an agent that is
    /// started at once would be refused. Whoever may not ask what others may goes on without; the agent tries again by itself.
    async fn until_granted(&self) -> Result<(), AgentError> {
        let asked = LocalSubjectAccessReview {
            metadata: ObjectMeta { namespace: Some(self.namespace.to_owned()), ..ObjectMeta::default() },
            spec: SubjectAccessReviewSpec {
                user: Some(format!("system:serviceaccount:{}:{}", self.namespace, self.agent)),
                resource_attributes: Some(ResourceAttributes {
                    group: Some(crds::GROUP.to_owned()),
                    resource: Some("syncagents".to_owned()),
                    verb: Some("get".to_owned()),
                    name: Some(self.agent.to_owned()),
                    namespace: Some(self.namespace.to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SubjectAccessReviewSpec::default()
            },
            ..LocalSubjectAccessReview::default()
        };
        for _ in 0..GRANT_LOOKS {
            match self.api::<LocalSubjectAccessReview>().create(&PostParams::default(), &asked).await {
                Ok(answer) if answer.status.as_ref().is_some_and(|status| status.allowed) => return Ok(()),
                Ok(_) => tokio::time::sleep(GRANT_PAUSE).await,
                Err(kube::Error::Api(status)) if status.is_forbidden() => return Ok(()),
                Err(error) => {
                    let what = format!("ask what ServiceAccount {} may do", self.full_name());
                    return Err(AgentError::api(what)(error));
                }
            }
        }
        Ok(())
    }

    /// A token that lives an hour.
    pub(crate) async fn token(&self) -> Result<String, AgentError> {
        let request = TokenRequest {
            spec: Some(TokenRequestSpec {
                expiration_seconds: Some(TOKEN_SECONDS),
                ..TokenRequestSpec::default()
            }),
            ..TokenRequest::default()
        };
        let what = format!("get a token for ServiceAccount {}", self.full_name());
        let accounts = self.api::<ServiceAccount>();
        let answer = accounts.create_token_request(self.agent, &PostParams::default(), &request).await;
        let status = answer.map_err(AgentError::api(what))?.status;
        status.and_then(|status| status.token).filter(|token| !token.is_empty()).ok_or_else(|| {
            AgentError::NoToken { agent: self.agent.to_owned(), namespace: self.namespace.to_owned() }
        })
    }

    /// Takes the account away, and with it every token of it. Rights go first: a token that an API server still remembers can then do
    /// nothing, least of all ask for a new one. True when there was anything.
    pub(crate) async fn unmake(&self) -> Result<bool, AgentError> {
        let binding = self.delete::<RoleBinding>("RoleBinding").await?;
        let account = self.delete::<ServiceAccount>("ServiceAccount").await?;
        let role = self.delete::<Role>("Role").await?;
        Ok(binding || account || role)
    }

    async fn delete<K>(&self, kind: &str) -> Result<bool, AgentError>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + DeserializeOwned
            + std::fmt::Debug,
    {
        match self.api::<K>().delete(self.agent, &DeleteParams::default()).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(false),
            Err(error) => Err(AgentError::api(format!("delete {kind} {}", self.full_name()))(error)),
        }
    }

    async fn apply<K>(&self, kind: &str, object: &K) -> Result<(), AgentError>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
            + Clone
            + Serialize
            + DeserializeOwned
            + std::fmt::Debug,
    {
        let parameters = PatchParams::apply(MANAGER).force();
        let applied = self.api::<K>().patch(self.agent, &parameters, &Patch::Apply(object)).await;
        applied.map(drop).map_err(AgentError::api(format!("apply {kind} {}", self.full_name())))
    }

    /// The objects of a kind in the account's namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), self.namespace)
    }

    /// Namespace and name.
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.namespace, self.agent)
    }
}
