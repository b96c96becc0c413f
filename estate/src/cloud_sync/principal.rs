//! Service principals of cloud sync: one for each configuration (an AD domain by custom), with secrets and jobs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::{Uuid, uuid};

use super::job::Job;

/// Application template of AD to Entra provisioning. Source: Microsoft, how-to-inbound-synch-ms-graph.
pub const AD_TO_ENTRA_TEMPLATE: Uuid = uuid!("1a4721b3-e57f-4451-ae87-ef078703ec94");

/// A configuration.
#[derive(Debug, Clone)]
pub struct ServicePrincipal {
    /// Object id.
    pub id: Uuid,
    /// Object id of the application.
    pub application_id: Uuid,
    /// `appId`.
    pub app_id: Uuid,
    /// By custom the DNS name of the AD domain.
    pub display_name: String,
    /// Template it was made from.
    pub template: Uuid,
    /// When it was made.
    pub created_at: Timestamp,
    /// Secrets by key; an empty value removes one.
    pub(super) secrets: BTreeMap<String, String>,
    /// Jobs by id.
    pub(super) jobs: BTreeMap<String, Job>,
}

impl ServicePrincipal {
    /// The jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }

    /// Secrets as they read back: keys that carry credentials as `*`.
    pub fn visible_secrets(&self) -> Vec<(String, String)> {
        const SENSITIVE: [&str; 4] = ["Password", "SecretToken", "ClientSecret", "CredentialJson"];
        let hide = |key: &str| SENSITIVE.iter().any(|s| s.eq_ignore_ascii_case(key));
        let shown = |(key, value): (&String, &String)| {
            (key.clone(), if hide(key) { "*".to_owned() } else { value.clone() })
        };
        self.secrets.iter().map(shown).collect()
    }

    fn secret(&self, key: &str) -> Option<&str> {
        self.secrets.iter().find(|(held, _)| held.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    /// The AD domain: from the secret `Domain`, else from the display name.
    pub fn domain(&self) -> String {
        let named =
            self.secret("Domain").and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let domain = named.as_ref().and_then(|value| value.get("domain")).and_then(serde_json::Value::as_str);
        domain.unwrap_or(&self.display_name).to_ascii_lowercase()
    }

    /// Accidental delete threshold of the secret `SyncNotificationSettings`; none = switched off. Default: 500.
    /// Source: Microsoft, how-to-accidental-deletes.
    pub fn delete_threshold(&self) -> Option<usize> {
        const DEFAULT: usize = 500;
        let settings = self.secret("SyncNotificationSettings");
        let Some(value) = settings.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok())
        else {
            return Some(DEFAULT);
        };
        // Both a JSON boolean and its text occur in the pages.
        let enabled = value.get("DeleteThresholdEnabled").is_none_or(|flag| {
            flag.as_bool()
                .or_else(|| flag.as_str().map(|text| text.eq_ignore_ascii_case("true")))
                .unwrap_or(true)
        });
        let number = value.get("DeleteThresholdValue").and_then(|number| {
            number.as_u64().or_else(|| number.as_str().and_then(|text| text.parse().ok()))
        });
        enabled.then(|| number.and_then(|n| usize::try_from(n).ok()).unwrap_or(DEFAULT))
    }

    /// Whether the secret `SkipOutOfScopeDeletions` is set.
    pub fn skips_out_of_scope_deletions(&self) -> bool {
        self.secret("SkipOutOfScopeDeletions").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}
