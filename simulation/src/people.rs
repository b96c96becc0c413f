//! People as they behave in a run: each only what a person would do, from what stands in the objects. They read late, and some not at all.
//! No IO.

use std::collections::BTreeSet;
use std::time::Duration;

use crds::migration::StepState;
use crds::migration_decision::{Decision, MigrationDecision, MigrationDecisionSpec, MigrationRef};
use crds::{ContentDigest, Migration, ObjectName};
use estate::people::{Act, ServerAction, TenantAction};
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use crate::cluster_side::ClusterSide;
use crate::microsoft::Microsoft;
use crate::random::Random;
use crate::setting::{NAMESPACE, PeopleSetting};
use crate::trace::Trace;

/// People who may decide.
const DECIDERS: [&str; 3] = ["anna@example.com", "ben@example.com", "chidi@example.com"];

/// Where a migration is: the first step that is not over.
#[derive(Debug, Clone)]
pub struct Place {
    /// The step.
    pub step: String,
    /// Where it stands.
    pub state: StepState,
    /// Reason.
    pub reason: String,
    /// In words.
    pub message: String,
}

impl Place {
    /// Where a migration is; none where every step is over.
    pub fn of(migration: &Migration) -> Option<Self> {
        let steps = &migration.status.as_ref()?.steps;
        let record = steps.iter().find(|r| !matches!(r.state, StepState::Done | StepState::Skipped))?;
        Some(Self {
            step: record.name.clone(),
            state: record.state,
            reason: record.reason.clone().unwrap_or_default(),
            message: record.message.clone(),
        })
    }
}

/// The people of a run, and what they have done.
#[derive(Debug)]
pub struct People {
    setting: PeopleSetting,
    random: Random,
    next: Timestamp,
    done: BTreeSet<String>,
    decisions: u32,
    readopted: bool,
    trace: Trace,
}

impl People {
    /// People who have seen nothing yet.
    pub fn new(setting: PeopleSetting, random: Random, now: Timestamp, trace: Trace) -> Self {
        let mut people =
            Self { setting, random, next: now, done: BTreeSet::new(), decisions: 0, readopted: false, trace };
        people.look_again(now);
        people
    }

    /// Whether they have decided to readopt since this was asked last.
    pub fn has_readopted(&mut self) -> bool {
        std::mem::take(&mut self.readopted)
    }

    /// How much they have done.
    pub fn deeds(&self) -> usize {
        self.done.len()
    }

    /// When they look next.
    pub fn next(&self) -> Timestamp {
        self.next
    }

    fn look_again(&mut self, now: Timestamp) {
        let (soonest, latest) = self.setting.attention;
        let length = self.random.length(soonest, latest.max(soonest + Duration::from_secs(1)));
        self.next = now + SignedDuration::try_from(length).unwrap_or(SignedDuration::from_mins(1));
    }

    /// They look, and do what is asked of them.
    pub fn look(&mut self, cluster: &ClusterSide, microsoft: &Microsoft, now: Timestamp) {
        self.look_again(now);
        for migration in cluster.migrations() {
            let awaits = |kind: &str| {
                let status = migration.status.as_ref();
                status.is_some_and(|s| s.conditions.iter().any(|c| c.type_ == kind && c.status == "True"))
            };
            let Some(place) = Place::of(&migration) else { continue };
            if awaits("AwaitingApproval") {
                self.approve(&migration, &place, cluster);
            } else if place.state == StepState::Waiting && self.setting.helpful {
                self.help(&migration, &place, cluster, microsoft);
            }
        }
    }

    fn approve(&mut self, migration: &Migration, place: &Place, cluster: &ClusterSide) {
        let digest = digest_in(&place.message).unwrap_or(migration.spec.plan_digest.as_str()).to_owned();
        for person in DECIDERS {
            if !self.done.insert(format!("{} {} {digest} {person}", migration.name_any(), place.step)) {
                continue;
            }
            let decision =
                if self.random.chance(self.setting.denials) { Decision::Deny } else { Decision::Approve };
            self.decide(migration, decision, person, Some(&digest), None, cluster);
            // One person at a time.
            return;
        }
    }

    fn help(&mut self, migration: &Migration, place: &Place, cluster: &ClusterSide, microsoft: &Microsoft) {
        match (place.step.as_str(), place.reason.as_str()) {
            ("RemoveConnect", _) => {
                let Some(server) = migration.spec.server.as_ref().map(|server| server.name.to_string())
                else {
                    return;
                };
                if self.done.insert(format!("uninstall {server}")) {
                    self.trace.tell("people", format_args!("uninstall Connect on {server}"));
                    let act = Act::Server { server, action: ServerAction::Uninstall };
                    let done = microsoft.with(|running| running.act(act));
                    self.trace.tell("people", format_args!("{done:?}"));
                }
            }
            (_, "Orphans") => {
                for anchor in anchors_in(&place.message) {
                    if self.done.insert(format!("orphan {anchor}")) {
                        self.trace.tell("people", format_args!("delete the orphan {anchor} in the portal"));
                        let act = Act::Tenant(TenantAction::Delete { anchor });
                        let done = microsoft.with(|running| running.act(act));
                        self.trace.tell("people", format_args!("{done:?}"));
                    }
                }
            }
            (_, "StateRestored") => {
                let digest = digest_in(&place.message).map(str::to_owned);
                let key = format!("readopt {} {digest:?}", migration.name_any());
                if self.done.insert(key) {
                    self.decide(migration, Decision::Readopt, DECIDERS[0], digest.as_deref(), None, cluster);
                }
            }
            (step, _) if place.message.contains("SkipStep") => {
                let step = step.to_owned();
                let digest =
                    digest_in(&place.message).unwrap_or(migration.spec.plan_digest.as_str()).to_owned();
                if self.done.insert(format!("skip {} {step} {digest}", migration.name_any())) {
                    self.decide(
                        migration,
                        Decision::SkipStep,
                        DECIDERS[0],
                        Some(&digest),
                        Some(step),
                        cluster,
                    );
                }
            }
            _ => {}
        }
    }

    /// Decides on every migration that is under way.
    pub fn decide_on_all(&mut self, decision: Decision, cluster: &ClusterSide) {
        for migration in cluster.migrations() {
            if Place::of(&migration).is_some() {
                let digest = migration.spec.plan_digest.to_string();
                self.decide(&migration, decision, DECIDERS[1], Some(&digest), None, cluster);
            }
        }
    }

    fn decide(
        &mut self,
        migration: &Migration,
        decision: Decision,
        person: &str,
        digest: Option<&str>,
        step: Option<String>,
        cluster: &ClusterSide,
    ) {
        self.decisions += 1;
        self.readopted |= decision == Decision::Readopt;
        let name = format!("decision-{}", self.decisions);
        let mut object = MigrationDecision::new(
            &name,
            MigrationDecisionSpec {
                migration_ref: MigrationRef {
                    name: migration.name_any(),
                    uid: migration.uid().unwrap_or_default(),
                },
                plan_digest: digest.and_then(read_digest),
                decision,
                step,
                decided_by: person.to_owned(),
                proven_by: crds::migration_decision::ProvenBy::Requester,
                reason: "read what is asked".to_owned(),
                expires_at: None,
            },
        );
        object.metadata.namespace = Some(NAMESPACE.to_owned());
        let outcome = cluster.create(&object);
        self.trace
            .tell(person, format_args!("{decision:?} on {}: {outcome}", ObjectName(migration.name_any())));
    }
}

fn read_digest(text: &str) -> Option<ContentDigest> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
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
    fn what_is_asked_is_read_out_of_sentences() {
        let text = "create a MigrationDecision with planDigest sha256:00ff, once you have read it";
        assert_eq!(digest_in(text), Some("sha256:00ff"));
        assert_eq!(digest_in("nothing to copy"), None);
        let text = "1 object (AAECAwQFBgcICQoLDA0ODw==), and not abc==";
        assert_eq!(anchors_in(text), ["AAECAwQFBgcICQoLDA0ODw=="]);
    }
}
