//! Who changed what in the directory. No IO.

use crate::value::{GraphTime, Open, resource, wire_enum};

use super::provisioning::ModifiedProperty;

resource! {
    /// One activity. Source: Microsoft, "directoryAudit resource type".
    ///
    /// Changes of a Cloud Sync configuration have `category` `ProvisioningManagement` and `loggedByService`
    /// `Account Provisioning`: the trail of changes made outside this product.
    pub struct DirectoryAudit {
        /// Id.
        id: String,
        /// When.
        activity_date_time: GraphTime,
        /// What.
        activity_display_name: String,
        /// Category.
        category: String,
        /// Joins activities of one operation.
        correlation_id: String,
        /// How it ended.
        result: Open<AuditResult>,
        /// Why.
        result_reason: String,
        /// Service that wrote it.
        logged_by_service: String,
        /// `Add`, `Update`, ...
        operation_type: String,
        /// Who.
        initiated_by: AuditActivityInitiator,
        /// On what.
        target_resources: Vec<TargetResource>,
        /// More.
        additional_details: Vec<KeyedText>,
    }
}

impl DirectoryAudit {
    /// True when a directory synchronisation engine made the change.
    pub fn is_by_directory_sync(&self) -> bool {
        self.target_resources.items().iter().flat_map(|target| target.modified_properties.items()).any(
            |property| {
                property.display_name.text() == Some("Action Client Name")
                    && property.new_value.text().is_some_and(|name| name.trim_matches('"') == "DirectorySync")
            },
        )
    }
}

wire_enum! {
    /// How an activity ended.
    pub enum AuditResult {
        /// Well.
        Success = "success",
        /// Not.
        Failure = "failure",
        /// It took too long.
        Timeout = "timeout",
    }
}

resource! {
    /// Who did it: a user or an application.
    pub struct AuditActivityInitiator {
        /// The user.
        user: UserIdentity,
        /// The application.
        app: AppIdentity,
    }
}

resource! {
    /// A user who did something.
    pub struct UserIdentity {
        /// Object id.
        id: String,
        /// Name.
        display_name: String,
        /// Sign-in name.
        user_principal_name: String,
        /// From where.
        ip_address: String,
    }
}

resource! {
    /// An application that did something.
    pub struct AppIdentity {
        /// Client id.
        app_id: String,
        /// Name.
        display_name: String,
        /// Object id of the service principal.
        service_principal_id: String,
        /// Name of the service principal.
        service_principal_name: String,
    }
}

resource! {
    /// What was changed.
    pub struct TargetResource {
        /// Object id.
        id: String,
        /// Name.
        display_name: String,
        /// Kind.
        r#type: String,
        /// Sign-in name, for users.
        user_principal_name: String,
        /// The properties that changed.
        modified_properties: Vec<ModifiedProperty>,
    }
}

resource! {
    /// A text under a key.
    pub struct KeyedText {
        /// The key.
        key: String,
        /// The text.
        value: String,
    }
}
