//! Credentials and settings of a service principal's synchronization. No IO.
//!
//! Source: Microsoft, "Add synchronization secrets", "How to programmatically configure cloud sync".

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::JobTemplateId;
use crate::value::{Extra, Field, Open, resource, wire_enum};

/// What the service answers instead of a sensitive value. Source: the Terraform provider for Entra ID.
const MASK: &str = "*";

/// Body of `PUT secrets`, and its answer on reading. The PUT replaces the whole list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SynchronizationSecrets {
    /// The entries.
    pub value: Vec<SecretEntry>,
    /// Properties that this crate does not name.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SynchronizationSecrets {
    /// A list of these entries.
    pub fn of(value: Vec<SecretEntry>) -> Self {
        Self { value, extra: Extra::new() }
    }

    /// The entry with this key.
    pub fn entry(&self, key: SecretKey) -> Option<&SecretEntry> {
        self.value.iter().find(|entry| entry.key == key)
    }

    /// The domain that is synchronised.
    pub fn domain(&self) -> Option<String> {
        let content: serde_json::Value =
            serde_json::from_str(self.entry(SecretKey::Domain)?.value.text()?).ok()?;
        content.get("domain")?.as_str().map(str::to_owned)
    }

    /// Notification and deletion threshold.
    pub fn notification_settings(&self) -> Option<NotificationSettings> {
        serde_json::from_str(self.entry(SecretKey::SyncNotificationSettings)?.value.text()?).ok()
    }

    /// These entries with `changes` in place of entries of the same key.
    ///
    /// The `Err` names the keys that the service only answers masked: writing the mask back may destroy them.
    pub(crate) fn merged(self, changes: Vec<SecretEntry>) -> Result<Self, Vec<String>> {
        let is_changed = |entry: &SecretEntry| changes.iter().any(|change| change.key == entry.key);
        let kept: Vec<SecretEntry> = self.value.into_iter().filter(|entry| !is_changed(entry)).collect();
        let masked: Vec<String> =
            kept.iter().filter(|entry| entry.is_masked()).map(|entry| entry.key.to_string()).collect();
        if !masked.is_empty() {
            return Err(masked);
        }
        Ok(Self::of(kept.into_iter().chain(changes).collect()))
    }
}

/// One entry. Its debug form hides the value.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct SecretEntry {
    /// What it is.
    pub key: Open<SecretKey>,
    /// Its value; for several keys JSON in a string.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub value: Field<String>,
    /// Properties that this crate does not name.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SecretEntry {
    /// An entry.
    pub fn new(key: SecretKey, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into().into(), extra: Extra::new() }
    }

    /// The domain to synchronise: the DNS name of a published resource.
    pub fn domain(dns_name: &str) -> Self {
        Self::new(SecretKey::Domain, json!({ "domain": dns_name }).to_string())
    }

    /// Which job the credentials are for.
    pub fn app_key(job_template: &JobTemplateId) -> Self {
        Self::new(SecretKey::AppKey, json!({ "appKeyScenario": job_template.as_str() }).to_string())
    }

    /// Notification and deletion threshold.
    pub fn notification(settings: &NotificationSettings) -> Self {
        // A structure of plain properties has no way to fail; an empty text would be refused by the service.
        Self::new(SecretKey::SyncNotificationSettings, serde_json::to_string(settings).unwrap_or_default())
    }

    /// True when the service hid the value.
    pub fn is_masked(&self) -> bool {
        self.value.text() == Some(MASK)
    }
}

impl std::fmt::Debug for SecretEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretEntry").field("key", &self.key).finish_non_exhaustive()
    }
}

resource! {
    /// Notification mail on quarantine, and the job's guard against mass deletions.
    pub struct NotificationSettings {
        /// Mail is sent.
        #[serde(rename = "Enabled")]
        enabled: bool,
        /// To whom.
        #[serde(rename = "Recipients")]
        recipients: String,
        /// The guard is on.
        #[serde(rename = "DeleteThresholdEnabled")]
        delete_threshold_enabled: bool,
        /// A cycle with this many deletions or more stops.
        #[serde(rename = "DeleteThresholdValue")]
        delete_threshold_value: i64,
    }
}

wire_enum! {
    /// Kinds of entries. Source: Microsoft, "synchronizationSecretKeyStringValuePair resource type".
    pub enum SecretKey {
        /// Nothing.
        Nothing = "None",
        /// User name.
        UserName = "UserName",
        /// Password.
        Password = "Password",
        /// Token.
        SecretToken = "SecretToken",
        /// Which scenario the credentials are for.
        AppKey = "AppKey",
        /// Address of the target.
        BaseAddress = "BaseAddress",
        /// Client identifier.
        ClientIdentifier = "ClientIdentifier",
        /// Client secret.
        ClientSecret = "ClientSecret",
        /// Kind of single sign-on.
        SingleSignOnType = "SingleSignOnType",
        /// Sandbox.
        Sandbox = "Sandbox",
        /// Address.
        Url = "Url",
        /// The Active Directory domain.
        Domain = "Domain",
        /// Consumer key.
        ConsumerKey = "ConsumerKey",
        /// Consumer secret.
        ConsumerSecret = "ConsumerSecret",
        /// Token key.
        TokenKey = "TokenKey",
        /// End of a token.
        TokenExpiration = "TokenExpiration",
        /// Access token.
        Oauth2AccessToken = "Oauth2AccessToken",
        /// When the access token was made.
        Oauth2AccessTokenCreationTime = "Oauth2AccessTokenCreationTime",
        /// Refresh token.
        Oauth2RefreshToken = "Oauth2RefreshToken",
        /// All objects instead of assigned ones.
        SyncAll = "SyncAll",
        /// Name of an instance.
        InstanceName = "InstanceName",
        /// Client id.
        Oauth2ClientId = "Oauth2ClientId",
        /// Client secret.
        Oauth2ClientSecret = "Oauth2ClientSecret",
        /// Company.
        CompanyId = "CompanyId",
        /// Key is changed on soft deletion.
        UpdateKeyOnSoftDelete = "UpdateKeyOnSoftDelete",
        /// Schedule.
        SynchronizationSchedule = "SynchronizationSchedule",
        /// System of record.
        SystemOfRecord = "SystemOfRecord",
        /// Name of a sandbox.
        SandboxName = "SandboxName",
        /// Domain is enforced.
        EnforceDomain = "EnforceDomain",
        /// Notification and deletion threshold.
        SyncNotificationSettings = "SyncNotificationSettings",
        /// Objects that leave the scope are left alone instead of deleted.
        SkipOutOfScopeDeletions = "SkipOutOfScopeDeletions",
        /// Authorization code.
        Oauth2AuthorizationCode = "Oauth2AuthorizationCode",
        /// Redirect address.
        Oauth2RedirectUri = "Oauth2RedirectUri",
        /// Template of the application.
        ApplicationTemplateIdentifier = "ApplicationTemplateIdentifier",
        /// Token exchange address.
        Oauth2TokenExchangeUri = "Oauth2TokenExchangeUri",
        /// Authorization address.
        Oauth2AuthorizationUri = "Oauth2AuthorizationUri",
        /// Kind of authentication.
        AuthenticationType = "AuthenticationType",
        /// Server.
        Server = "Server",
        /// Entitlement grants.
        PerformInboundEntitlementGrants = "PerformInboundEntitlementGrants",
        /// Objects are deleted for good.
        HardDeletesEnabled = "HardDeletesEnabled",
        /// Compatibility of agents.
        SyncAgentCompatibilityKey = "SyncAgentCompatibilityKey",
        /// Container that agents write to.
        SyncAgentADContainer = "SyncAgentADContainer",
        /// Domain is validated.
        ValidateDomain = "ValidateDomain",
        /// References are tested.
        TestReferences = "TestReferences",
        /// Connection string.
        ConnectionString = "ConnectionString",
    }
}

/// Body of `validateCredentials`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateCredentialsRequest {
    /// Validate what is stored.
    #[serde(default)]
    pub use_saved_credentials: bool,
    /// Validate these instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<SecretEntry>,
}

impl ValidateCredentialsRequest {
    /// Validates what is stored.
    pub fn saved() -> Self {
        Self { use_saved_credentials: true, credentials: Vec::new() }
    }

    /// Validates these.
    pub fn these(credentials: Vec<SecretEntry>) -> Self {
        Self { use_saved_credentials: false, credentials }
    }
}
