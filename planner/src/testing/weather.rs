//! Trouble for the small world: lost effects, late, refused and empty answers, silent agents, unreadable jobs, restored clusters, time
//! that passes. Drawn from given bytes, so that a failing run replays; without bytes the weather is fair.

use crds::ObjectName;
use crds::sync_agent::{CommandOutcome, OutcomeState};
use jiff::SignedDuration;

use super::World;
use crate::observed::{JobFacts, Reporting};

/// Where trouble comes from.
#[derive(Debug, Default)]
pub(crate) struct Weather {
    bytes: Vec<u8>,
    at: usize,
    /// Outcomes that arrive after this many passes.
    later: Vec<(u8, ObjectName, CommandOutcome)>,
    /// Passes until silent agents speak and unreadable jobs can be read again.
    clears_in: u8,
    hidden: Vec<JobFacts>,
}

impl Weather {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    fn draw(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte
    }

    /// Nothing troubles the world any more.
    pub(crate) fn is_fair(&self) -> bool {
        self.at >= self.bytes.len() && self.later.is_empty() && self.clears_in == 0
    }
}

impl World {
    /// Whether an effect gets lost on its way.
    pub(super) fn loses(&mut self) -> bool {
        self.weather.draw() >= 235
    }

    /// What arrives of an outcome now; the rest comes later or never.
    pub(super) fn delivers(&mut self, server: &ObjectName, mut outcome: CommandOutcome) -> CommandOutcome {
        match self.weather.draw() {
            0..=169 => {}
            luck @ 170..=194 => {
                let running = CommandOutcome {
                    state: OutcomeState::Running,
                    finished_at: None,
                    evidence: None,
                    ..outcome.clone()
                };
                self.weather.later.push((luck % 5 + 1, server.clone(), outcome));
                return running;
            }
            195..=209 => (outcome.state, outcome.evidence) = (OutcomeState::Refused, None),
            210..=219 => (outcome.state, outcome.evidence) = (OutcomeState::Failed, None),
            220..=239 => outcome.evidence = None,
            240..=255 => outcome.epoch = crds::Epoch(outcome.epoch.0 - 1),
        }
        outcome
    }

    /// What happens between two passes.
    pub(crate) fn blow(&mut self) {
        for at in (0..self.weather.later.len()).rev() {
            self.weather.later[at].0 -= 1;
            if self.weather.later[at].0 == 0 {
                let (_, server, mut outcome) = self.weather.later.remove(at);
                outcome.finished_at = Some(self.now);
                let agent = self.server_mut(server.as_str()).agent.as_mut().unwrap();
                if agent.outcome.as_ref().is_some_and(|o| o.command_id == outcome.command_id) {
                    agent.outcome = Some(outcome);
                }
            }
        }
        if self.weather.clears_in > 0 {
            self.weather.clears_in -= 1;
            if self.weather.clears_in == 0 {
                self.observed.servers.values_mut().for_each(|s| s.reporting = Reporting::OnTime);
                let hidden = std::mem::take(&mut self.weather.hidden);
                self.observed.tenant.as_mut().unwrap().jobs.extend(hidden);
            }
            return;
        }
        match self.weather.draw() {
            0..=199 => {}
            luck @ 200..=219 => self.now += SignedDuration::from_mins(i64::from(luck - 199)),
            luck @ 220..=234 => {
                self.weather.clears_in = luck - 218;
                let since = self.now;
                let victim = self.observed.servers.len() * usize::from(luck - 220) / 15;
                self.observed.servers.values_mut().nth(victim).unwrap().reporting =
                    Reporting::Silent { since };
            }
            luck @ 235..=249 => {
                self.weather.clears_in = luck - 233;
                self.weather.hidden = std::mem::take(&mut self.observed.tenant.as_mut().unwrap().jobs);
            }
            250..=255 => {
                for agent in self.observed.servers.values_mut().filter_map(|s| s.agent.as_mut()) {
                    agent.highest_epoch = crds::Epoch(agent.highest_epoch.0 + 7);
                }
            }
        }
    }

    /// Jobs cannot be read.
    pub(super) fn is_blind(&self) -> bool {
        !self.weather.hidden.is_empty()
    }
}
