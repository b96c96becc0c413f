//! What an export says of optional features. No IO.

use super::ServerConfiguration;
use super::xml::parse_boolean;
use crate::protocol::Features;

impl ServerConfiguration {
    /// The optional features as the global parameters and connector files state them. When password hashes last went is not part
    /// of an export; a parameter that is missing counts as off, as the product's wizard shows it.
    pub fn features(&self) -> Features {
        let on = |name: &str| {
            self.parameter(&format!("Microsoft.OptionalFeature.{name}"))
                .and_then(parse_boolean)
                .unwrap_or(false)
        };
        let threshold = if on("ExportDeletionThreshold") {
            self.parameter("Microsoft.OptionalFeature.ExportDeletionThresholdValue")
                .and_then(|value| value.trim().parse().ok())
        } else {
            Some(0)
        };
        let any = |flag: fn(&super::ConnectorConfiguration) -> Option<bool>| {
            self.connectors.iter().any(|connector| flag(connector) == Some(true))
        };
        Features {
            password_hash_sync: on("PasswordHashSync") || any(|connector| connector.password_hash_sync),
            password_writeback: on("PasswordWriteback") || any(|connector| connector.password_writeback),
            user_writeback: on("UserWriteBack"),
            device_writeback: on("DeviceWriteBack"),
            device_write_up: on("DeviceWriteUp"),
            group_writeback: on("GroupWriteBack"),
            exchange_hybrid: on("HybridExchange"),
            directory_extensions: on("DirectoryExtension"),
            group_filtering: on("GroupFiltering"),
            sign_on_method: self
                .parameter("Microsoft.UserSignIn.SignOnMethod")
                .unwrap_or_default()
                .to_owned(),
            desktop_sso: self
                .parameter("Microsoft.UserSignIn.DesktopSsoEnabled")
                .and_then(parse_boolean)
                .unwrap_or(false),
            export_deletion_threshold: threshold,
            password_hash_last_success: Vec::new(),
        }
    }
}
