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
    /// Who is to own it.
    pub owner: &'static str,
    /// What proves that it is owned.
    pub proof: &'static str,
    /// What would change it.
    pub remedy: &'static str,
}

impl std::fmt::Display for SideService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {}; {}. New owner: {}. Proven when {}",
            self.row, self.evidence, self.remedy, self.owner, self.proof
        )
    }
}

/// One service as a retirement sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Name in records.
    pub key: &'static str,
    /// Where it stands.
    pub ownership: Ownership,
}

/// Who owns a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    /// The server does not provide it.
    Unused,
    /// Somebody else does: who, and what proves it.
    Owned(String),
    /// The server does, and nobody else.
    Open(SideService),
}

/// What is known of new owners besides what the server's own switches say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owners {
    /// What proves that Cloud Sync sends the password hashes of every domain, or what is missing.
    pub password_hashes: Result<String, String>,
    /// Hosts of active pass-through agents, the server itself left out; `None` when this credential cannot read them.
    pub pass_through: Option<Vec<String>>,
}

/// How many pass-through agents must be active elsewhere. Source: Microsoft, Pass-through authentication: quick start (more than one for
/// high availability).
pub const PASS_THROUGH_AGENTS: usize = 2;

/// Every service of a sync server, with its owner.
pub fn rows(features: &FeaturesInventory, owners: &Owners) -> Vec<Row> {
    let open = |row, evidence: &str, owner, proof, remedy| {
        Ownership::Open(SideService { row, evidence: evidence.to_owned(), owner, proof, remedy })
    };
    // A service of the server's own: whatever owns it next, the server must have let go of it.
    let switch = |key, in_use: bool, row, evidence: &str, owner, remedy| Row {
        key,
        ownership: if in_use {
            open(row, evidence, owner, "every listed server reports the option off", remedy)
        } else {
            Ownership::Unused
        },
    };
    vec![
        switch(
            "devices",
            features.device_write_up,
            "Device objects (hybrid join)",
            "device write-up is on: the server exports computers",
            "Cloud Sync device sync, or Cloud Kerberos trust",
            "give hybrid join another owner (Cloud Sync device sync, or Cloud Kerberos trust), switch device options off in the wizard, \
             and let the server report again",
        ),
        switch(
            "deviceWriteback",
            features.device_writeback,
            "Device writeback",
            "device writeback is on, and Cloud Sync has none",
            "Cloud Kerberos trust",
            "replace it by Cloud Kerberos trust and switch it off in the wizard",
        ),
        switch(
            "exchangeHybrid",
            features.exchange_hybrid,
            "Exchange hybrid writeback",
            "Exchange hybrid writeback is on: the server writes to Active Directory",
            "the Cloud Sync job for Exchange hybrid writeback",
            "set up the Cloud Sync job for Exchange hybrid writeback, verify it, and switch the option off in the wizard",
        ),
        switch(
            "groupWriteback",
            features.group_writeback,
            "Group writeback",
            "group writeback is on",
            "Cloud Sync group provisioning to Active Directory",
            "move it to Cloud Sync group provisioning and switch it off in the wizard",
        ),
        switch(
            "userWriteback",
            features.user_writeback,
            "User writeback",
            "user writeback is on, and Cloud Sync has none",
            "nobody: it ends",
            "switch it off in the wizard",
        ),
        switch(
            "passwordWriteback",
            features.password_writeback,
            "Password writeback",
            "password writeback is on at the server; it may be active on one engine only",
            "Cloud Sync",
            "switch it off in the wizard first, then on for Cloud Sync (Set-AADCloudSyncPasswordWritebackConfiguration -Enable $true \
             on a provisioning agent), and reset the password of a test user",
        ),
        Row { key: "passThrough", ownership: pass_through(features, owners) },
        Row { key: "passwordHashes", ownership: password_hashes(features, owners) },
        switch(
            "directoryExtensions",
            features.directory_extensions,
            "Custom directory extensions",
            "directory extensions are selected",
            "mappings of the Cloud Sync job",
            "add the extension mappings to the job, verify them, and remove the selection in the wizard",
        ),
        Row {
            key: "signIn",
            ownership: match features.sign_on_method.as_str() {
                "" => Ownership::Unused,
                method => {
                    Ownership::Owned(format!("{method}: a setting of the domains in the tenant, it stays"))
                }
            },
        },
        Row {
            key: "seamlessSignOn",
            ownership: if features.desktop_sso {
                Ownership::Owned(
                    "people: the account AZUREADSSOACC stays; its key is rolled every 30 days with Update-AzureADSSOForest".to_owned(),
                )
            } else {
                Ownership::Unused
            },
        },
    ]
}

fn pass_through(features: &FeaturesInventory, owners: &Owners) -> Ownership {
    if features.sign_on_method != "PassThroughAuthentication" {
        return Ownership::Unused;
    }
    let found = match &owners.pass_through {
        Some(hosts) if hosts.len() >= PASS_THROUGH_AGENTS => {
            return Ownership::Owned(format!("pass-through agents active on {}", hosts.join(", ")));
        }
        Some(hosts) if hosts.is_empty() => "no agent is active on another host".to_owned(),
        Some(hosts) => format!("agents active on other hosts: {}", hosts.join(", ")),
        None => "the agents cannot be read with this credential".to_owned(),
    };
    Ownership::Open(SideService {
        row: "Pass-through authentication",
        evidence: format!(
            "the sign-on method is pass-through authentication: uninstalling removes the local agent; {found}"
        ),
        owner: "pass-through agents on two other hosts, or password hash synchronization",
        proof: "two agents on other hosts are seen active, or the sign-on method is another one",
        remedy: "install pass-through agents on two other hosts and see them active, or move the sign-on method to password hash \
                 synchronization",
    })
}

fn password_hashes(features: &FeaturesInventory, owners: &Owners) -> Ownership {
    match &owners.password_hashes {
        _ if !features.password_hash_sync => Ownership::Unused,
        Ok(proof) => Ownership::Owned(format!("Cloud Sync: {proof}")),
        Err(missing) => Ownership::Open(SideService {
            row: "Password hash synchronization",
            evidence: format!("the server sends password hashes, and {missing}"),
            owner: "the password hash job of each domain in Cloud Sync",
            proof: "each job runs and has succeeded",
            remedy: "start the password hash job of each domain",
        }),
    }
}

/// Side services in use that keep a server from being retired.
///
/// `password_hash_owned` says whether every domain of the server has a running password hash job.
pub fn side_services(features: &FeaturesInventory, password_hash_owned: bool) -> Vec<SideService> {
    let password_hashes = if password_hash_owned {
        Ok("every domain has a running password hash job".to_owned())
    } else {
        Err("not every domain has a running password hash job in Cloud Sync".to_owned())
    };
    open(rows(features, &Owners { password_hashes, pass_through: None }))
}

/// The rows that nobody else owns.
pub fn open(rows: Vec<Row>) -> Vec<SideService> {
    let open = rows.into_iter().filter_map(|row| match row.ownership {
        Ownership::Open(service) => Some(service),
        Ownership::Unused | Ownership::Owned(_) => None,
    });
    open.collect()
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
        let owners = Owners { password_hashes: Err(String::new()), pass_through: None };
        let owned: Vec<&str> = rows(&features, &owners)
            .iter()
            .filter(|row| matches!(row.ownership, Ownership::Owned(_)))
            .map(|row| row.key)
            .collect();
        assert_eq!(owned, ["signIn", "seamlessSignOn"]);
    }

    #[test]
    fn pass_through_needs_two_agents_elsewhere() {
        let features =
            FeaturesInventory { sign_on_method: "PassThroughAuthentication".into(), ..Default::default() };
        let hosts = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        for (pass_through, owned) in
            [(None, false), (hosts(&[]), false), (hosts(&["pta1"]), false), (hosts(&["pta1", "pta2"]), true)]
        {
            let owners = Owners { password_hashes: Err(String::new()), pass_through: pass_through.clone() };
            assert_eq!(open(rows(&features, &owners)).is_empty(), owned, "{pass_through:?}");
        }
    }
}
