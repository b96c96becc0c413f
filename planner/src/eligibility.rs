//! What keeps a sync server from being retired: services besides the objects themselves, each of which needs a new owner. Pure.
//!
//! Known from the first report, so a plan says at once how it will end (S4). Sources: Microsoft, What is Microsoft Entra Cloud Sync
//! (comparison table); Microsoft, Uninstall Microsoft Entra Connect.

use crds::sync_agent::inventory::FeaturesInventory;

/// A service of the sync server that has no proven new owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideService {
    /// Row of the comparison table.
    pub row: &'static str,
    /// What was found.
    pub evidence: String,
    /// What would change it.
    pub remedy: &'static str,
}

impl std::fmt::Display for SideService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.row, self.evidence, self.remedy)
    }
}

/// Side services in use that keep a server from being retired.
///
/// `password_hash_owned` says whether every domain of the server has a running password hash job.
pub fn side_services(features: &FeaturesInventory, password_hash_owned: bool) -> Vec<SideService> {
    let mut found = Vec::new();
    let mut row = |in_use: bool, row, evidence: &str, remedy| {
        if in_use {
            found.push(SideService { row, evidence: evidence.to_owned(), remedy });
        }
    };
    row(
        features.device_write_up,
        "Device objects (hybrid join)",
        "device write-up is on: the server exports computers",
        "give hybrid join another owner (Cloud Sync device sync, or Cloud Kerberos trust), switch device options off in the wizard, \
         and let the server report again",
    );
    row(
        features.device_writeback,
        "Device writeback",
        "device writeback is on, and Cloud Sync has none",
        "replace it by Cloud Kerberos trust and switch it off in the wizard",
    );
    row(
        features.exchange_hybrid,
        "Exchange hybrid writeback",
        "Exchange hybrid writeback is on: the server writes to Active Directory",
        "set up the Cloud Sync job for Exchange hybrid writeback, verify it, and switch the option off in the wizard",
    );
    row(
        features.group_writeback,
        "Group writeback",
        "group writeback is on",
        "move it to Cloud Sync group provisioning and switch it off in the wizard",
    );
    row(
        features.user_writeback,
        "User writeback",
        "user writeback is on, and Cloud Sync has none",
        "switch it off in the wizard",
    );
    row(
        features.password_writeback,
        "Password writeback",
        "password writeback is on at the server; it may be active on one engine only",
        "switch it on for Cloud Sync and off in the wizard",
    );
    row(
        features.sign_on_method == "PassThroughAuthentication",
        "Pass-through authentication",
        "the sign-on method is pass-through authentication: uninstalling removes the local agent",
        "install pass-through agents on two other hosts and see them active, or move the sign-on method to password hash \
         synchronization",
    );
    row(
        features.password_hash_sync && !password_hash_owned,
        "Password hash synchronization",
        "the server sends password hashes, and not every domain has a running password hash job in Cloud Sync",
        "start the password hash job of each domain",
    );
    row(
        features.directory_extensions,
        "Custom directory extensions",
        "directory extensions are selected",
        "add the extension mappings to the job, verify them, and remove the selection in the wizard",
    );
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_use_blocks_nothing() {
        assert_eq!(side_services(&FeaturesInventory::default(), false), Vec::new());
    }

    #[test]
    fn each_service_is_its_own_row() {
        let all = FeaturesInventory {
            password_hash_sync: true,
            password_writeback: true,
            user_writeback: true,
            device_writeback: true,
            device_write_up: true,
            group_writeback: true,
            exchange_hybrid: true,
            directory_extensions: true,
            group_filtering: false,
            sign_on_method: "PassThroughAuthentication".into(),
            desktop_sso: true,
            export_deletion_threshold: None,
        };
        let rows: Vec<&str> = side_services(&all, false).iter().map(|s| s.row).collect();
        assert_eq!(rows.len(), 9, "{rows:?}");
        assert_eq!(side_services(&all, true).len(), 8, "an owned password hash job lifts one row");
    }

    #[test]
    fn seamless_sign_on_and_federation_go_on_by_themselves() {
        let features = FeaturesInventory {
            desktop_sso: true,
            sign_on_method: "Federation".into(),
            ..Default::default()
        };
        assert_eq!(side_services(&features, true), Vec::new());
    }
}
