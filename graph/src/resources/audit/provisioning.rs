//! What the provisioning service did to each object. No IO.

use crate::resources::JobId;
use crate::value::{GraphTime, Open, resource, wire_enum};

resource! {
    /// One object in one cycle. Source: Microsoft, "provisioningObjectSummary resource type".
    ///
    /// For Cloud Sync, create and update are not told apart reliably.
    pub struct ProvisioningObjectSummary {
        /// Id.
        id: String,
        /// When.
        activity_date_time: GraphTime,
        /// In which tenant.
        tenant_id: String,
        /// By which job.
        job_id: JobId,
        /// In which cycle.
        cycle_id: String,
        /// Which change.
        change_id: String,
        /// What was done.
        provisioning_action: Open<ProvisioningAction>,
        /// How long it took, in milliseconds.
        duration_in_milliseconds: i64,
        /// How it ended.
        provisioning_status_info: ProvisioningStatusInfo,
        /// The steps.
        provisioning_steps: Vec<ProvisioningStep>,
        /// The properties that changed.
        modified_properties: Vec<ModifiedProperty>,
        /// The service principal of the job.
        service_principal: NamedReference,
        /// Where the object comes from.
        source_system: ProvisioningSystem,
        /// Where it goes to.
        target_system: ProvisioningSystem,
        /// The object at its source.
        source_identity: ProvisionedIdentity,
        /// The object at its target.
        target_identity: ProvisionedIdentity,
        /// Who asked for it.
        initiated_by: Initiator,
    }
}

wire_enum! {
    /// What was done.
    pub enum ProvisioningAction {
        /// Something else.
        Other = "other",
        /// Created.
        Create = "create",
        /// Deleted.
        Delete = "delete",
        /// Disabled.
        Disable = "disable",
        /// Updated.
        Update = "update",
        /// A deletion that the threshold held back.
        StagedDelete = "stagedDelete",
    }
}

resource! {
    /// How it ended.
    pub struct ProvisioningStatusInfo {
        /// The outcome.
        status: Open<ProvisioningResult>,
        /// What went wrong.
        error_information: ProvisioningErrorInfo,
    }
}

wire_enum! {
    /// The outcome of an object or a step.
    pub enum ProvisioningResult {
        /// Done.
        Success = "success",
        /// Not done.
        Failure = "failure",
        /// Nothing to do, for instance out of scope.
        Skipped = "skipped",
        /// Done with a remark.
        Warning = "warning",
    }
}

resource! {
    /// What went wrong with an object.
    pub struct ProvisioningErrorInfo {
        /// Code.
        error_code: String,
        /// For people.
        reason: String,
        /// For people.
        additional_details: String,
        /// `failure`, `nonServiceFailure`, `success`.
        error_category: String,
        /// What Microsoft advises.
        recommended_action: String,
    }
}

resource! {
    /// One step of handling an object.
    pub struct ProvisioningStep {
        /// Name.
        name: String,
        /// Kind.
        provisioning_step_type: Open<ProvisioningStepType>,
        /// The same, in the answer of `provisionOnDemand`.
        r#type: Open<ProvisioningStepType>,
        /// How it ended.
        status: Open<ProvisioningResult>,
        /// For people.
        description: String,
        /// Attributes and other details.
        details: crate::value::Extra,
    }
}

wire_enum! {
    /// Kinds of steps.
    pub enum ProvisioningStepType {
        /// Reading the source.
        Import = "import",
        /// Deciding whether it is in scope.
        Scoping = "scoping",
        /// Finding its counterpart.
        Matching = "matching",
        /// Computing the change.
        Processing = "processing",
        /// Resolving references.
        ReferenceResolution = "referenceResolution",
        /// Writing.
        Export = "export",
    }
}

resource! {
    /// A property that changed.
    pub struct ModifiedProperty {
        /// Name.
        display_name: String,
        /// Before.
        old_value: String,
        /// After.
        new_value: String,
    }
}

resource! {
    /// A name and an id.
    pub struct NamedReference {
        /// Id.
        id: String,
        /// Name.
        display_name: String,
    }
}

resource! {
    /// A system that objects come from or go to.
    pub struct ProvisioningSystem {
        /// Id.
        id: String,
        /// Name.
        display_name: String,
        /// More.
        details: crate::value::Extra,
    }
}

resource! {
    /// An object in one of the two systems.
    pub struct ProvisionedIdentity {
        /// Id in that system.
        id: String,
        /// Name.
        display_name: String,
        /// Kind.
        identity_type: String,
        /// More.
        details: crate::value::Extra,
    }
}

resource! {
    /// Who asked for a change.
    pub struct Initiator {
        /// Id.
        id: String,
        /// Name.
        display_name: String,
        /// `user`, `application` or `system`.
        initiator_type: String,
    }
}
