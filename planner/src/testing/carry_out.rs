//! Carries effects out in the small world, as the operator, the agents and the cloud would.

use crds::DistinguishedName;
use crds::sync_agent::{Action, Command, CommandOutcome, Evidence, OutcomeState};
use jiff::SignedDuration;

use super::World;
use super::fixtures::job;
use super::obey::obey;
use crate::observed::*;
use crate::plan::{AgentCommand, Effect};

impl World {
    pub(super) fn carry_out(&mut self, migration: &str, effect: &Effect) {
        let on_jobs = matches!(
            effect,
            Effect::ClaimJobs { .. }
                | Effect::ReleaseJobs { .. }
                | Effect::PrepareJob { .. }
                | Effect::TightenDeletionGuard { .. }
                | Effect::AddContainers { .. }
                | Effect::PauseJob { .. }
                | Effect::DeleteJob { .. }
                | Effect::Predict { .. }
                | Effect::Compare { .. }
        );
        if self.loses() || (on_jobs && self.is_blind()) {
            return;
        }
        self.done.push((migration.to_owned(), effect.clone()));
        match effect {
            Effect::PrepareJob { .. }
            | Effect::TightenDeletionGuard { .. }
            | Effect::AddContainers { .. }
            | Effect::PauseJob { .. }
            | Effect::DeleteJob { .. } => self.change_job(effect),
            Effect::Commands(commands) => {
                for command in commands {
                    self.command(command);
                }
            }
            Effect::ClaimServers { servers, claim } => {
                for name in servers {
                    let held = self.server_mut(name.as_str()).claim.replace(claim.clone());
                    assert_eq!(held, None, "two claims on {name}");
                }
            }
            Effect::Readopt { servers } => {
                for (name, epoch) in servers {
                    self.server_mut(name.as_str()).epoch = *epoch;
                }
                self.cloud_goes_on();
            }
            Effect::ReleaseServers { servers, .. } => {
                for name in servers {
                    self.server_mut(name.as_str()).claim = None;
                }
            }
            Effect::ClaimJobs { domains, claim } => {
                for domain in domains {
                    let held = self.job_of(domain).recorded.claim.replace(claim.clone());
                    assert_eq!(held, None, "two claims on the job of {domain}");
                }
            }
            Effect::ReleaseJobs { domains, .. } => {
                for domain in domains {
                    self.job_of(domain).recorded.claim = None;
                }
            }
            Effect::StoreSnapshot { server, .. } | Effect::StoreListing { server, .. }
                if self.unkeepable.is_some() =>
            {
                let outcome = self.server_mut(server.as_str()).agent.as_ref().unwrap().outcome.clone();
                let unkept = crate::observed::Unkept {
                    command_id: outcome.unwrap().command_id,
                    at: self.now,
                    why: "expected one digest, found another".to_owned(),
                    cause: self.unkeepable.unwrap(),
                };
                self.migration_mut(migration).unkept = Some(unkept);
            }
            Effect::StoreSnapshot { server, .. } => {
                let now = self.now;
                self.server_mut(server.as_str()).snapshot_at = Some(now);
            }
            Effect::StoreListing { digest, .. } => {
                let facts = self.migration_mut(migration);
                facts.listing = Some(StoredListing { digest: digest.clone(), objects: 100 });
            }
            Effect::Predict { listing } => {
                let prediction = PredictionFacts {
                    listing: Some(listing.clone()),
                    at: self.now,
                    objects: 100,
                    ..self.predicts.clone()
                };
                self.migration_mut(migration).prediction = Some(prediction);
            }
            Effect::ReadProbe { anchor } => {
                let name = self
                    .observed
                    .servers
                    .values()
                    .filter_map(|s| s.agent.as_ref()?.outcome.as_ref()?.evidence.as_ref())
                    .find_map(|e| match e {
                        Evidence::Probe(probe) if probe.anchor == *anchor => Some(probe.display_name.clone()),
                        _ => None,
                    })
                    .flatten();
                let name = self.shows.map(str::to_owned).or(name);
                let at = self.now;
                self.migration_mut(migration).probe =
                    Some(CloudProbe { anchor: anchor.clone(), display_name: name, at });
            }
            Effect::Compare { listing, .. } => {
                let units = self.observed.migration(migration).unwrap().organizational_units();
                let domains = DistinguishedName::domains(units);
                let epochs =
                    domains.iter().filter_map(|domain| self.observed.job(domain)).map(JobFacts::epoch);
                let job_epoch = epochs.max().unwrap();
                let parity = ParityFacts {
                    listing: listing.clone(),
                    at: self.now,
                    took: SignedDuration::from_secs(5),
                    job_epoch,
                    compared: 100,
                    missing: self.missing,
                    orphans: i64::try_from(self.orphans.len()).unwrap(),
                    drift: 0,
                    manager: 0,
                    membership: 0,
                    anchor: 0,
                    unkeyed: 0,
                    samples: Vec::new(),
                    orphan_anchors: self.orphans.clone(),
                };
                self.migration_mut(migration).parity = Some(parity);
            }
        }
    }

    /// Digest of the mappings that an agent is given for these units.
    fn mappings_of(&self, units: &[DistinguishedName]) -> crds::ContentDigest {
        let domains = DistinguishedName::domains(units);
        let jobs = domains.iter().filter_map(|domain| self.observed.job(domain));
        crds::sync_agent::mappings_digest(jobs.map(|job| (job.domain.as_str(), &job.mappings_digest)))
    }

    /// Cloud Sync's next cycles succeed, whatever happens to an engine.
    fn cloud_goes_on(&mut self) {
        let soon = self.now + SignedDuration::from_secs(60);
        let jobs = self.observed.tenant.iter_mut().flat_map(|tenant| &mut tenant.jobs);
        jobs.for_each(|job| job.last_success_at = Some(soon));
    }

    /// Gives one command; what comes of it arrives as the weather allows.
    fn command(&mut self, command: &AgentCommand) {
        let now = self.now;
        let epoch = command.epoch;
        if matches!(&command.action, Action::SetService(set) if !set.running) {
            self.cloud_goes_on();
        }
        let server = self.server_mut(command.server.as_str());
        server.epoch = epoch;
        if let Some(inventory) = &mut server.inventory {
            inventory.epoch = epoch;
        }
        let mut evidence = obey(server, &command.action, epoch, now);
        if let (Action::ReadScope(read), Evidence::Scope(found)) = (&command.action, &mut evidence) {
            found.mappings_digest = self.mappings_of(&read.organizational_units);
        }
        let mut outcome = CommandOutcome {
            command_id: command.id.clone(),
            epoch,
            state: OutcomeState::Succeeded,
            message: String::new(),
            started_at: now,
            finished_at: Some(now + SignedDuration::from_secs(2)),
            evidence: Some(evidence),
        };
        (self.spoil)(command.action.name(), &mut outcome);
        let outcome = self.delivers(&command.server, outcome);
        let agent = self.server_mut(command.server.as_str()).agent.as_mut().unwrap();
        agent.command = Some(Command {
            id: command.id.clone(),
            epoch,
            not_after: now + SignedDuration::from_mins(5),
            expects: command.expects.clone(),
            action: command.action.clone(),
        });
        agent.highest_epoch = agent.highest_epoch.max(epoch);
        agent.outcome = Some(outcome);
    }
}

impl World {
    /// What changes a Cloud Sync configuration.
    fn change_job(&mut self, effect: &Effect) {
        match effect {
            Effect::PrepareJob { domain, deletion_threshold } => {
                // Two scopes may ask for it in one pass: whoever makes it looks first.
                let made = job(domain, *deletion_threshold);
                match self.observed.job(domain) {
                    None => self.observed.tenant.as_mut().unwrap().jobs.push(made),
                    Some(known) if known.recorded.job_id.is_none() => {
                        let recorded = crds::entra_tenant::CloudSyncJob {
                            claim: known.recorded.claim.clone(),
                            epoch: known.recorded.epoch,
                            ..made.recorded.clone()
                        };
                        *self.job_of(domain) = JobFacts { recorded, ..made };
                    }
                    Some(_) => {}
                }
            }
            Effect::TightenDeletionGuard { domain, deletion_threshold } => {
                self.job_of(domain).deletion_threshold = Some(*deletion_threshold);
            }
            Effect::AddContainers { domain, epoch, wanted, .. } => {
                let now = self.now + SignedDuration::from_secs(60);
                let job = self.job_of(domain);
                job.containers.clone_from(wanted);
                job.filter_empty = false;
                job.started = true;
                job.active = true;
                job.recorded.epoch = *epoch;
                job.steady_state_at = Some(now);
                job.last_success_at = Some(now);
                job.entries = 100;
                job.password_hash_active = Some(true);
                job.password_hash_success_at = Some(now);
            }
            Effect::PauseJob { domain, epoch } => {
                let job = self.job_of(domain);
                job.started = false;
                job.active = false;
                job.password_hash_active = Some(false);
                job.recorded.epoch = *epoch;
            }
            Effect::DeleteJob { domain, epoch } => {
                let old = self.job_of(domain).clone();
                let mut fresh = job(domain, 500);
                fresh.recorded.job_id = None;
                fresh.recorded.password_hash_job_id = None;
                fresh.recorded.claim = old.recorded.claim;
                fresh.recorded.epoch = *epoch;
                fresh.password_hash_active = None;
                *self.job_of(domain) = fresh;
            }
            _ => {}
        }
    }
}
