//! The simulated Microsoft side as a process: its addresses, its judge, and what people do there. Network IO.

use std::path::Path;
use std::time::Duration;

use ::estate::audit::Verdict;
use ::estate::serve::Addresses;
use serde_json::{Value, json};

use super::error::{DemoError, Result};
use crate::until;

/// How long the estate may take to come up: it lives through its first hours on the way.
const UP_LIMIT: Duration = Duration::from_mins(2);

/// A running estate.
#[derive(Debug, Clone)]
pub struct Estate {
    /// Where everything is.
    pub addresses: Addresses,
    http: reqwest::Client,
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
        let value = self.get("verdict", &[]).await?;
        let from = format!("{}/verdict", self.addresses.admin_url);
        serde_json::from_value(value).map_err(|source| DemoError::Answer { from, source })
    }

    /// Counts and states of the whole estate.
    ///
    /// # Errors
    /// Where the estate does not answer.
    pub async fn state(&self) -> Result<Value> {
        self.get("state", &[]).await
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

    /// A person looks in Active Directory for an object with this anchor. Gives its name.
    ///
    /// # Errors
    /// Where the estate does not answer.
    pub async fn find_in_directory(&self, anchor: &str) -> Result<Option<String>> {
        let value = self.get("directory", &[("anchor", anchor)]).await?;
        Ok(value.as_str().map(str::to_owned))
    }

    /// A person installs the newest provisioning agent on a host.
    ///
    /// # Errors
    /// Where the estate does not answer or refuses.
    pub async fn update_provisioning_agent(&self, host: &str) -> Result<()> {
        let act = json!({"at": "agent", "machine": host, "action": "update"});
        self.post("acts", &act).await.map(drop)
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

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value> {
        let url = format!("{}/{path}", self.addresses.admin_url);
        let answer = self.http.get(&url).query(query).send().await.map_err(DemoError::estate(&url))?;
        answer.json().await.map_err(DemoError::estate(&url))
    }
}
