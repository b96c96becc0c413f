//! The tenant and the tenant-wide switches of directory synchronisation. No IO.

use super::TenantId;
use crate::value::{GraphDuration, GraphTime, Open, resource, wire_enum};

resource! {
    /// The tenant itself.
    ///
    /// A token without `Organization.Read.All` gets nulls instead of a refusal for all but the id, the name and the
    /// verified domains, so a null in `on_premises_sync_enabled` is "off" only once that permission is proven.
    /// Source: Microsoft, "Get organization".
    pub struct Organization {
        /// The tenant id.
        id: TenantId,
        /// Name of the organisation.
        display_name: String,
        /// Null: never synchronised. False: was synchronised once.
        on_premises_sync_enabled: bool,
        /// Last synchronisation of the directory.
        on_premises_last_sync_date_time: GraphTime,
        /// Last synchronisation of password hashes; beta only.
        on_premises_last_password_sync_date_time: GraphTime,
        /// Domains that were proven to belong to the tenant.
        verified_domains: Vec<VerifiedDomain>,
        /// How many objects the tenant has and may have; beta only by type.
        directory_size_quota: DirectorySizeQuota,
    }
}

resource! {
    /// A domain name of the tenant.
    pub struct VerifiedDomain {
        /// The domain name.
        name: String,
        /// New users get this domain.
        is_default: bool,
        /// The `onmicrosoft.com` domain of the tenant.
        is_initial: bool,
        /// `Managed` or `Federated`.
        r#type: String,
    }
}

resource! {
    /// Size of the directory.
    pub struct DirectorySizeQuota {
        /// Objects in the directory.
        used: i64,
        /// Objects that it may have.
        total: i64,
    }
}

resource! {
    /// Tenant-wide configuration and features of directory synchronisation.
    ///
    /// Source: Microsoft, "onPremisesDirectorySynchronization resource type". The reference says that an application
    /// may not read it; probe and degrade. In a PATCH only the properties that have a value are sent.
    pub struct DirectorySynchronization {
        /// The tenant id.
        id: TenantId,
        /// Settings.
        configuration: DirectorySynchronizationConfiguration,
        /// Switches.
        features: DirectorySynchronizationFeatures,
    }
}

resource! {
    /// Settings of directory synchronisation. All but the first are in beta only.
    pub struct DirectorySynchronizationConfiguration {
        /// The tenant's guard against mass deletions. It outlives Entra Connect.
        accidental_deletion_prevention: AccidentalDeletionPrevention,
        /// The interval that the engine uses.
        synchronization_interval: GraphDuration,
        /// The interval that the engine asked for.
        customer_requested_synchronization_interval: GraphDuration,
        /// Build of the engine, such as `2.1.16.0`.
        synchronization_client_version: String,
        /// The attribute used as source anchor.
        anchor_attribute: String,
        /// Application that the engine signs in with.
        application_id: String,
        /// What the engine last reported about its exports.
        current_export_data: CurrentExportData,
        /// Containers that are written back to.
        writeback_configuration: WritebackConfiguration,
    }
}

resource! {
    /// A limit on deletions in one export.
    pub struct AccidentalDeletionPrevention {
        /// How the limit is counted.
        synchronization_prevention_type: Open<PreventionType>,
        /// The limit: a count or a percentage.
        alert_threshold: i64,
    }
}

wire_enum! {
    /// How the limit on deletions is counted.
    pub enum PreventionType {
        /// No limit.
        Disabled = "disabled",
        /// By number of objects.
        EnabledForCount = "enabledForCount",
        /// By share of all objects.
        EnabledForPercentage = "enabledForPercentage",
    }
}

resource! {
    /// What the engine last reported about its exports.
    pub struct CurrentExportData {
        /// Host name of the sync server.
        client_machine_name: String,
        /// Account that exported.
        service_account: String,
        /// Objects waiting to be added.
        pending_objects_addition: i64,
        /// Objects waiting to be deleted.
        pending_objects_deletion: i64,
        /// Objects waiting to be changed.
        pending_objects_update: i64,
        /// Links that were exported.
        successful_links_provisioning_count: i64,
        /// Objects that were exported.
        successful_objects_provisioning_count: i64,
        /// Objects in the connector space.
        total_connector_space_objects: i64,
    }
}

resource! {
    /// Containers that are written back to.
    pub struct WritebackConfiguration {
        /// For Microsoft 365 groups.
        unified_group_container: String,
        /// For users.
        user_container: String,
    }
}

resource! {
    /// Switches of directory synchronisation.
    pub struct DirectorySynchronizationFeatures {
        /// Lets the object identifier of Active Directory be updated.
        allow_on_prem_update_of_on_premises_object_identifier_enabled: bool,
        /// A cloud object is not taken over by an equal anchor.
        block_cloud_object_takeover_through_hard_match_enabled: bool,
        /// A cloud object is not taken over by an equal address.
        block_soft_match_enabled: bool,
        /// Values set in the cloud are overwritten from Active Directory.
        bypass_dir_sync_overrides_enabled: bool,
        /// The cloud password policy applies to users whose hashes are synchronised.
        cloud_password_policy_for_password_synced_users_enabled: bool,
        /// Credentials may be updated concurrently.
        concurrent_credential_update_enabled: bool,
        /// Organisational ids may be provisioned concurrently.
        concurrent_org_id_provisioning_enabled: bool,
        /// Devices are written back.
        device_writeback_enabled: bool,
        /// Directory extensions are in use.
        directory_extensions_enabled: bool,
        /// Conflicts with Forefront Online Protection are resolved.
        fope_conflict_resolution_enabled: bool,
        /// Groups are written back.
        group_write_back_enabled: bool,
        /// Password hashes are synchronised.
        password_sync_enabled: bool,
        /// Passwords are written back. Read only in effect.
        password_writeback_enabled: bool,
        /// A conflicting proxy address is set aside instead of failing the object.
        quarantine_upon_proxy_addresses_conflict_enabled: bool,
        /// A conflicting user principal name is set aside instead of failing the object.
        quarantine_upon_upn_conflict_enabled: bool,
        /// Soft match may use the user principal name.
        soft_match_on_upn_enabled: bool,
        /// User principal names of managed users are synchronised.
        synchronize_upn_for_managed_users_enabled: bool,
        /// Microsoft 365 groups are written back.
        unified_group_writeback_enabled: bool,
        /// "Must change password" is honoured.
        user_force_password_change_on_logon_enabled: bool,
        /// Users are written back.
        user_writeback_enabled: bool,
    }
}
