//! The simulated Microsoft side as a process: its addresses, its judge, and what people do there. Network IO.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{DemoError, Result};
use crate::until;

/// How long the estate may take to come up: it lives through its first hours on the way.
const UP_LIMIT: Duration = Duration::from_mins(2);

/// What the estate's addresses file says.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addresses {
    /// Base URL of Graph.
    pub graph_url: String,
    /// Base URL of the token endpoint.
    pub login_url: String,
    /// Base URL of the admin endpoint: the judge and what people do.
    pub admin_url: String,
    /// Address of the host bridge.
    pub host_bridge: SocketAddr,
    /// The tenant.
    pub tenant_id: String,
    /// The application that the operator signs in as.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Names of the sync servers.
    pub servers: Vec<String>,
    /// Units that can be moved one by one.
    pub organizational_units: Vec<String>,
    /// Units that Connect leaves out.
    pub excluded_units: Vec<String>,
    /// Where an agent may make test objects, one for each of `organizational_units`.
    pub probe_units: Vec<String>,
    /// What was made up about the estate.
    pub remarks: Vec<String>,
}

/// A running estate.
#[derive(Debug, Clone)]
pub struct Estate {
    /// Where everything is.
    pub addresses: Addresses,
    http: reqwest::Client,
}

/// The judge's verdict; see the estate's documentation for the definitions.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Synchronized objects alive in the tenant.
    pub objects: u64,
    /// Values of one engine on objects of another that differ from the directory's.
    pub foreign_values: u64,
    /// Such writes with the directory's own value.
    pub reference_echoes: u64,
    /// Accounts that nobody asked for.
    pub surprise_accounts: u64,
    /// Gone in the directory, alive in the tenant.
    pub orphans: u64,
    /// Deletions of what still exists in the directory.
    pub unexplained_deletions: u64,
    /// Members that a group lost.
    pub members_lost: u64,
    /// Longest time in which no engine would have carried a change of some object over.
    pub longest_unserved: Longest,
    /// The same for password hashes.
    pub longest_without_password_hashes: Longest,
    /// Longest time in which the scheduler was off while some object depended on it.
    pub longest_scheduler_stop: Longest,
    /// Every sync server is uninstalled, or stopped and disabled.
    pub connect_retired: bool,
    /// Each thing that must not have happened.
    pub violations: Vec<Violation>,
}

/// The longest of several stretches of time.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Longest {
    /// How long.
    pub duration: jiff::SignedDuration,
    /// What it concerns.
    pub object: Option<String>,
}

/// One thing that must not have happened.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// When.
    pub at: jiff::Timestamp,
    /// What kind.
    pub class: String,
    /// What a person recognises the object by.
    pub object: String,
    /// What happened.
    pub detail: String,
}

impl Estate {
    /// Waits for the addresses file of an estate that was just started.
    ///
    /// # Errors
    /// Where the estate does not come up.
    pub async fn of(addresses_file: &Path) -> Result<Self> {
        until("the estate to come up", UP_LIMIT, async || Ok(addresses_file.exists().then_some(()))).await?;
        let text = std::fs::read_to_string(addresses_file)
            .map_err(|source| DemoError::File { path: addresses_file.to_owned(), source })?;
        let addresses = serde_json::from_str(&text)
            .map_err(|source| DemoError::Answer { from: addresses_file.display().to_string(), source })?;
        // The client wants a TLS provider although it speaks to loopback only; one that is there already stays.
        drop(rustls::crypto::ring::default_provider().install_default());
        Ok(Self { addresses, http: reqwest::Client::new() })
    }

    /// The judge's verdict, from the estate's audit log alone.
    ///
    /// # Errors
    /// Where the estate does not answer.
    pub async fn verdict(&self) -> Result<Verdict> {
        let value = self.get("verdict").await?;
        let from = format!("{}/verdict", self.addresses.admin_url);
        serde_json::from_value(value).map_err(|source| DemoError::Answer { from, source })
    }

    /// Counts and states of the whole estate.
    ///
    /// # Errors
    /// Where the estate does not answer.
    pub async fn state(&self) -> Result<Value> {
        self.get("state").await
    }

    /// Every line of the judge's log, in order.
    ///
    /// # Errors
    /// Where the estate does not answer.
    pub async fn records(&self) -> Result<Vec<Value>> {
        let url = format!("{}/audit", self.addresses.admin_url);
        let answer = self.http.get(&url).send().await.map_err(DemoError::estate(&url))?;
        let text = answer.text().await.map_err(DemoError::estate(&url))?;
        let lines: std::result::Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
        lines.map_err(|source| DemoError::Answer { from: url, source })
    }

    /// A person uninstalls Connect on a server.
    ///
    /// # Errors
    /// Where the estate does not answer or refuses.
    pub async fn uninstall(&self, server: &str) -> Result<()> {
        self.post(&format!("servers/{server}"), &json!({"action": "uninstall"})).await.map(drop)
    }

    /// A person deletes the object with this anchor in the portal.
    ///
    /// # Errors
    /// Where the estate does not answer or refuses.
    pub async fn delete_in_portal(&self, anchor: &str) -> Result<()> {
        self.post("tenant", &json!({"action": "delete", "anchor": anchor})).await.map(drop)
    }

    /// Anything else of the admin endpoint, such as a fault.
    ///
    /// # Errors
    /// Where the estate does not answer or refuses.
    pub async fn post(&self, path: &str, body: &Value) -> Result<String> {
        let url = format!("{}/{path}", self.addresses.admin_url);
        // Without reqwest's error for a status: the answer's text says why.
        let answer = self.http.post(&url).json(body).send().await.map_err(DemoError::estate(&url))?;
        let status = answer.status();
        let text = answer.text().await.map_err(DemoError::estate(&url))?;
        if status.is_success() { Ok(text) } else { Err(DemoError::Refused { url, text }) }
    }

    async fn get(&self, path: &str) -> Result<Value> {
        let url = format!("{}/{path}", self.addresses.admin_url);
        let answer = self.http.get(&url).send().await.map_err(DemoError::estate(&url))?;
        answer.json().await.map_err(DemoError::estate(&url))
    }
}
