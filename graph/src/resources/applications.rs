//! Gallery applications, applications and service principals. No IO.

use super::{ApplicationObjectId, ApplicationTemplateId, ServicePrincipalId};
use crate::value::{GraphTime, resource};

resource! {
    /// A service principal: one for each Active Directory domain that Cloud Sync reads.
    pub struct ServicePrincipal {
        /// Object id; the handle of every synchronization call.
        id: ServicePrincipalId,
        /// Client id of its application.
        app_id: String,
        /// Name; by custom the DNS name of the domain.
        display_name: String,
        /// The gallery application it was made from. Null on some that were made long ago.
        application_template_id: ApplicationTemplateId,
        /// Sign-in page; contains `metadata=<job template>|` for provisioning applications.
        homepage: String,
        /// Free labels.
        tags: Vec<String>,
        /// Whether it may be used.
        account_enabled: bool,
        /// When it was deleted, if it was.
        deleted_date_time: GraphTime,
    }
}

impl ServicePrincipal {
    /// True when its home page says that it was made for jobs of this template.
    ///
    /// Source: Microsoft, "Understand the Microsoft Entra schema and custom expressions" (answer shown there).
    pub fn is_marked_for(&self, job_template: &str) -> bool {
        let marker = format!("metadata={job_template}|").to_ascii_lowercase();
        self.homepage.text().is_some_and(|page| page.to_ascii_lowercase().contains(&marker))
    }
}

resource! {
    /// An application registration.
    pub struct Application {
        /// Object id.
        id: ApplicationObjectId,
        /// Client id.
        app_id: String,
        /// Name.
        display_name: String,
        /// The gallery application it was made from.
        application_template_id: ApplicationTemplateId,
        /// When it was made.
        created_date_time: GraphTime,
        /// Free labels.
        tags: Vec<String>,
    }
}

resource! {
    /// A gallery application.
    pub struct ApplicationTemplate {
        /// Id.
        id: ApplicationTemplateId,
        /// Name.
        display_name: String,
        /// Who publishes it.
        publisher: String,
        /// What it is.
        description: String,
    }
}

/// What `instantiate` made. Source: Microsoft, "applicationTemplate: instantiate".
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationServicePrincipal {
    /// The application.
    pub application: Application,
    /// Its service principal. Visible to other calls only after a while.
    pub service_principal: ServicePrincipal,
    /// Properties that this crate does not name.
    #[serde(flatten)]
    pub extra: crate::value::Extra,
}

resource! {
    /// Trust in tokens of another issuer, such as a Kubernetes cluster.
    ///
    /// Issuer, subject and audience are compared exactly. Source: Microsoft, "Configure an app to trust an external
    /// identity provider".
    pub struct FederatedIdentityCredential {
        /// Unique name.
        name: String,
        /// URL of the issuer; its discovery document must be public.
        issuer: String,
        /// `system:serviceaccount:<namespace>:<name>` for Kubernetes.
        subject: String,
        /// For people.
        description: String,
        /// `api://AzureADTokenExchange`.
        audiences: Vec<String>,
    }
}
