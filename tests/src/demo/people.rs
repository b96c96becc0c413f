//! What people do in the demo, each only what a person would: read what is asked in the objects, decide, and act in the Microsoft
//! products. Network IO.

use std::collections::BTreeSet;

use crds::migration::StepState;
use kube::Client;
use serde_json::json;

use super::declare::{APPROVER, NAMESPACE};
use super::error::Result;
use super::estate::Estate;
use super::picture::{Picture, Run};
use crate::control_plane::Error;

/// The people of the demo, and what they have done.
pub struct People {
    approver: Client,
    estate: Estate,
    done: BTreeSet<String>,
    has_approved: bool,
}

impl People {
    /// Anna, who may decide on migrations, and an administrator of the sync servers and the portal.
    pub fn new(approver: Client, estate: Estate) -> Self {
        Self { approver, estate, done: BTreeSet::new(), has_approved: false }
    }

    /// Whether a wave was approved.
    pub fn has_approved(&self) -> bool {
        self.has_approved
    }

    /// Does what is asked of people just now. Gives what was done, to be told.
    ///
    /// # Errors
    /// Where the cluster or the estate does not answer.
    pub async fn act(&mut self, picture: &Picture) -> Result<Vec<String>> {
        let mut told = Vec::new();
        for run in picture.runs() {
            if run.awaits_approval {
                told.extend(self.approve(run).await?);
            }
            let Some(place) = run.at.as_ref().filter(|place| place.state == StepState::Waiting) else {
                continue;
            };
            match (place.step.as_str(), place.reason.as_str()) {
                ("RemoveConnect", _) => told.extend(self.uninstall(run, picture).await?),
                (_, "Orphans") => told.extend(self.clear_orphans(&place.message).await?),
                (_, "UnknownReferences") => told.extend(self.update_agents(&place.message).await?),
                _ => {}
            }
        }
        Ok(told)
    }

    /// Lets migrations that went home try again, once each.
    ///
    /// # Errors
    /// Where the cluster does not answer.
    pub async fn try_again(&mut self, picture: &Picture) -> Result<Vec<String>> {
        let mut told = Vec::new();
        for run in picture.runs().filter(|run| run.is_home) {
            let name = format!("{}-resume", run.migration);
            if self.decide(&name, run, "Resume", &run.plan_digest).await? {
                let why = run.way_home.as_deref().unwrap_or_default();
                told.push(format!("{APPROVER} lets {} try again; it went home: {why}", run.migration));
            }
        }
        Ok(told)
    }

    /// Approves a migration once for each gate that asks.
    async fn approve(&mut self, run: &Run) -> Result<Option<String>> {
        let step = run.at.as_ref().map_or("", |place| place.step.as_str());
        let name = format!("{}-approve-{}", run.migration, step.to_lowercase());
        // A person copies the digest out of what is asked, where it stands for the plan together with its prediction.
        let asked = run.at.as_ref().map_or("", |place| place.message.as_str());
        let digest = digest_in(asked).unwrap_or(&run.plan_digest);
        if !self.decide(&name, run, "Approve", digest).await? {
            return Ok(None);
        }
        self.has_approved = true;
        Ok(Some(format!("{APPROVER} approves {} ({step})", run.migration)))
    }

    /// Takes a decision once. False where it was taken before.
    ///
    /// # Errors
    /// Where the cluster refuses or does not answer.
    pub async fn decide(&mut self, name: &str, run: &Run, decision: &str, digest: &str) -> Result<bool> {
        if self.done.contains(name) {
            return Ok(false);
        }
        let decision = json!({
            "apiVersion": "hybrididentity.dev/v1alpha1",
            "kind": "MigrationDecision",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {
                "migrationRef": {"name": run.migration, "uid": run.uid},
                "planDigest": digest,
                "decision": decision,
                "decidedBy": APPROVER,
                "reason": "read the plan and its prediction",
            },
        });
        let parameters = kube::api::PostParams::default();
        let typed = serde_json::from_value(decision.clone()).map_err(|source| super::DemoError::Answer {
            from: "the decision written here".to_owned(),
            source,
        })?;
        let api = crate::api_of(&self.approver, &decision);
        match api.create(&parameters, &typed).await {
            Ok(_) => {}
            // An answer that was lost: the decision is there.
            Err(kube::Error::Api(status)) if status.is_already_exists() => {}
            Err(error) => {
                return Err(Error::kube(format!("deciding on {}", run.migration))(error).into());
            }
        }
        self.done.insert(name.to_owned());
        Ok(true)
    }

    /// Uninstalls Connect where a migration asks for it.
    async fn uninstall(&mut self, run: &Run, picture: &Picture) -> Result<Option<String>> {
        let asked = |line: &&super::picture::Line| {
            line.run.as_ref().is_some_and(|its| its.migration == run.migration)
        };
        let Some(server) = picture.servers.iter().find(asked) else { return Ok(None) };
        let deed = format!("uninstall {}", server.name);
        if self.done.contains(&deed) {
            return Ok(None);
        }
        self.estate.uninstall(&server.name).await?;
        self.done.insert(deed);
        Ok(Some(format!("an administrator uninstalls Connect on {}", server.name)))
    }

    /// Installs the newest provisioning agent on every host that a migration names.
    async fn update_agents(&mut self, message: &str) -> Result<Vec<String>> {
        let mut told = Vec::new();
        for host in old_agents_in(message) {
            if self.done.insert(format!("update agent {host}")) {
                self.estate.update_provisioning_agent(host).await?;
                told.push(format!("an administrator updates the provisioning agent on {host}"));
            }
        }
        Ok(told)
    }

    /// Deletes in the portal whoever a migration names as gone in the directory and alive in the cloud, after having looked.
    async fn clear_orphans(&mut self, message: &str) -> Result<Vec<String>> {
        let mut told = Vec::new();
        for anchor in anchors_in(message) {
            if self.done.contains(&format!("orphan {anchor}")) {
                continue;
            }
            if let Some(name) = self.estate.find_in_directory(&anchor).await? {
                if self.done.insert(format!("no orphan {anchor}")) {
                    told.push(format!(
                        "{name} is called an orphan and is in Active Directory: nobody touches it"
                    ));
                }
                continue;
            }
            if self.done.insert(format!("orphan {anchor}")) {
                self.estate.delete_in_portal(&anchor).await?;
                told.push(format!("an administrator deletes the orphan {anchor} in the portal"));
            }
        }
        Ok(told)
    }
}

/// Hosts of provisioning agents that a text calls too old: `found: sync01 (1.1.2334.0), sync02 (1.1.2334.0). Update`.
fn old_agents_in(text: &str) -> Vec<&str> {
    let listed = text.split_once("found: ").and_then(|(_, rest)| rest.split_once(". Update"));
    let entries = listed.into_iter().flat_map(|(listed, _)| listed.split(", "));
    entries.filter_map(|entry| entry.split_once(" (").map(|(host, _)| host)).collect()
}

/// The first content digest in a text.
fn digest_in(text: &str) -> Option<&str> {
    let found = text.get(text.find("sha256:")?..)?;
    let end = found.find(|c: char| !c.is_ascii_alphanumeric() && c != ':').unwrap_or(found.len());
    found.get(..end)
}

/// Source anchors in a text: sixteen bytes as base64.
fn anchors_in(text: &str) -> Vec<String> {
    let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let words = text.split(|c| !base64(c)).filter(|word| word.len() == 24 && word.ends_with("=="));
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_agents_are_found_in_a_sentence() {
        let text = "may take these out; found: sync01 (1.1.2334.0), sync02 (version unknown). Update Microsoft's agents";
        assert_eq!(old_agents_in(text), ["sync01", "sync02"]);
        assert_eq!(old_agents_in("found: nothing"), Vec::<&str>::new());
    }

    #[test]
    fn a_digest_is_found_in_a_sentence() {
        let text = "create a MigrationDecision with planDigest sha256:00ff, once you have read it";
        assert_eq!(digest_in(text), Some("sha256:00ff"));
        assert_eq!(digest_in("nothing to copy"), None);
    }

    #[test]
    fn anchors_are_found_in_a_sentence() {
        let text = "1 object (AAECAwQFBgcICQoLDA0ODw==), and /+ECAwQFBgcICQoLDA0ODw==; not abc== or Iteratively12345678901==x";
        assert_eq!(anchors_in(text), ["AAECAwQFBgcICQoLDA0ODw==", "/+ECAwQFBgcICQoLDA0ODw=="]);
    }
}
