//! Settings of the operator: flags and environment, nothing else.

mod snapshot_store;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, ValueEnum};

pub use snapshot_store::{SnapshotStore, StoreAddressError};

/// Moves organisations from Entra Connect to Cloud Sync as their SyncTopology objects declare.
#[derive(Debug, Clone, Parser)]
#[command(version, about)]
pub struct Settings {
    /// Namespaces to watch, each with watches of its own; all of them without this flag.
    #[arg(long = "watch-namespace", env = "WATCH_NAMESPACES", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,

    /// Where /livez, /readyz and /metrics are served.
    #[arg(long, env = "HTTP_ADDRESS", default_value = "0.0.0.0:8080")]
    pub http_address: SocketAddr,

    /// Namespace of the Lease that elects the leader.
    #[arg(long, env = "POD_NAMESPACE", default_value = "hybrid-identity")]
    pub lease_namespace: String,

    /// Name of this replica.
    #[arg(long, env = "POD_NAME", default_value = "hybrid-identity-operator-0")]
    pub identity: String,

    /// How long a leader may be silent before another takes over, in seconds.
    #[arg(long, env = "LEASE_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(3..=300))]
    pub lease_seconds: u64,

    /// How often a migration under way is looked at, in milliseconds.
    #[arg(long, env = "POLL_MILLISECONDS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(100..=600_000))]
    pub poll_milliseconds: u64,

    /// How often everything is looked at although nothing seems to happen, in seconds.
    #[arg(long, env = "RESYNC_SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(5..=3600))]
    pub resync_seconds: u64,

    /// How often a tenant is asked how it is, in seconds.
    #[arg(long, env = "TENANT_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub tenant_seconds: u64,

    /// Where the bytes of configuration snapshots are kept: an address such as `file:///snapshots`, `s3://bucket/folder`,
    /// `gs://bucket` or `abfss://container@account.dfs.core.windows.net`; empty for Secrets beside the ConfigurationSnapshot.
    #[arg(long, env = "SNAPSHOT_STORE", default_value = "")]
    pub snapshot_store: SnapshotStore,

    /// Form of the log.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl Settings {
    /// Namespaces to watch, each once; empty for all.
    pub fn namespaces(&self) -> Vec<String> {
        let named: BTreeSet<&str> =
            self.watch_namespaces.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
        named.into_iter().map(str::to_owned).collect()
    }

    /// How often a migration under way is looked at.
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_milliseconds)
    }

    /// How often everything is looked at.
    pub fn resync(&self) -> Duration {
        Duration::from_secs(self.resync_seconds)
    }

    /// How often a tenant is asked.
    pub fn tenant(&self) -> Duration {
        Duration::from_secs(self.tenant_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespaces(arguments: &[&str]) -> Vec<String> {
        let all = ["hybrid-identity-operator"].iter().chain(arguments);
        Settings::try_parse_from(all).unwrap().namespaces()
    }

    #[test]
    fn a_namespace_is_watched_once_and_none_is_all() {
        assert!(namespaces(&[]).is_empty());
        assert!(namespaces(&["--watch-namespace", ""]).is_empty());
        let twice = ["--watch-namespace", "b", "--watch-namespace", "a, b"];
        assert_eq!(namespaces(&twice), ["a", "b"]);
    }
}
