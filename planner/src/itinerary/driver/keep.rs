//! Writes what a step said into its record. Pure.

use crds::conditions::Reason;
use crds::migration::{NextTransition, StepRecord, StepState, Verdict, step_epochs};
use jiff::{SignedDuration, Timestamp};

use super::hold::stop;
use super::{Drive, Look};
use crate::itinerary::connect_to_cloud_sync::epoch_fact;
use crate::itinerary::{Limits, Progress, Step, View, Wait, WaitingOn, command, fact};
use crate::observed::JobFacts;
use crate::plan::{Effect, Standing};

/// Longest message of a record, in characters.
const MESSAGE: usize = 2048;

impl Drive<'_> {
    /// Writes what a step said into its record.
    pub(super) fn keep(
        &self,
        step: &dyn Step,
        view: &View,
        record: &mut StepRecord,
        progress: Progress,
    ) -> Look {
        let now = self.pass.now;
        let limits = step.limits(view);
        if !matches!(progress, Progress::Waiting(_) | Progress::Watching(..))
            && let Some(since) = record.waiting_since.take()
        {
            record.waited_seconds += now.duration_since(since).as_secs().max(0);
        }
        match progress {
            Progress::Begin(effect) => {
                record.state = StepState::Active;
                record.started_at.get_or_insert(now);
                record.reason = Some(Reason::InProgress.as_str().to_owned());
                self.commanded(step, view, record, &effect);
                if let Effect::AddContainers { domain, epoch, .. } = &effect {
                    let name = epoch_fact(domain);
                    record.facts.retain(|fact| fact.name != name);
                    record.facts.push(fact(&name, epoch));
                }
                // Other effects belong to the attempt that is under way; the first of them begins one.
                record.attempts = record.attempts.max(1);
                Self::running(
                    record,
                    limits.active,
                    Some(effect),
                    &format!("{} is being carried out", record.name),
                )
            }
            Progress::Working(why) => {
                record.state = StepState::Active;
                record.started_at.get_or_insert(now);
                record.reason = Some(Reason::InProgress.as_str().to_owned());
                record.message = why.chars().take(MESSAGE).collect();
                Self::running(record, limits.active, None, &why)
            }
            Progress::Inconclusive(reason, why) => {
                record.state = StepState::Active;
                record.started_at.get_or_insert(now);
                record.verdict = Some(Verdict::Inconclusive);
                record.reason = Some(reason.as_str().to_owned());
                record.message = why.chars().take(MESSAGE).collect();
                Self::running(record, limits.active, None, &why)
            }
            Progress::Waiting(wait) => wait_for(record, wait, None, now),
            Progress::Watching(wait, effect) => {
                self.commanded(step, view, record, &effect);
                wait_for(record, wait, Some(effect), now)
            }
            Progress::Pass(facts) => {
                record.started_at.get_or_insert(now);
                finish(record, StepState::Done, now);
                record.verdict = Some(Verdict::Pass);
                record.facts = facts.into_iter().take(24).collect();
                record.server_epochs = step_epochs(command::epochs(&view.servers()));
                record.job_epoch =
                    view.domains().iter().filter_map(|d| view.observed.job(d)).map(JobFacts::epoch).max();
                record.reversibility = step.reversibility(view);
                self.desk.consumed(self.migration.name());
                Look::Next
            }
            Progress::Skip(why) => {
                finish(record, StepState::Skipped, now);
                record.message = why;
                self.desk.consumed(self.migration.name());
                Look::Next
            }
            Progress::Fail(reason, why) => {
                record.started_at.get_or_insert(now);
                finish(record, StepState::Failed, now);
                record.verdict = Some(Verdict::Fail);
                record.reason = Some(reason.as_str().to_owned());
                record.message = why.chars().take(MESSAGE).collect();
                self.desk.consumed(self.migration.name());
                stop(self.held(record))
            }
        }
    }

    /// Keeps which attempt commands belong to, and that their agents are busy in this pass.
    pub(super) fn commanded(&self, step: &dyn Step, view: &View, record: &mut StepRecord, effect: &Effect) {
        let Effect::Commands(commands) = effect else { return };
        if let Some(first) = commands.first() {
            record.attempts = command::attempt_of(view, step.name(), first);
        }
        for command in commands {
            self.desk.give(&command.server);
        }
    }

    pub(super) fn running(
        record: &StepRecord,
        limit: SignedDuration,
        effect: Option<Effect>,
        why: &str,
    ) -> Look {
        let at = record
            .started_at
            .filter(|_| limit < Limits::CLOCKED.active)
            .and_then(|began| began.checked_add(limit).ok())
            .and_then(|end| end.checked_add(SignedDuration::from_secs(record.waited_seconds)).ok());
        Look::Stop {
            standing: Standing::Running { step: record.name.clone() },
            effect,
            next: Some(NextTransition { at, why: clip(why) }),
        }
    }
}

/// Writes a wait into the record; `effect` is done meanwhile.
fn wait_for(record: &mut StepRecord, wait: Wait, effect: Option<Effect>, now: Timestamp) -> Look {
    record.state = StepState::Waiting;
    record.waiting_since.get_or_insert(now);
    record.reason = Some(wait.reason.as_str().to_owned());
    record.message = wait.why.chars().take(MESSAGE).collect();
    let next = Some(NextTransition { at: wait.until, why: clip(&wait.why) });
    let standing = match wait.on {
        WaitingOn::System => Standing::Running { step: record.name.clone() },
        WaitingOn::Approval => Standing::AwaitingApproval { message: wait.why },
        WaitingOn::Person => Standing::AwaitingPerson { message: wait.why },
        WaitingOn::Obstacle => Standing::Blocked { reason: wait.reason, message: wait.why },
    };
    Look::Stop { standing, effect, next }
}

pub(super) fn finish(record: &mut StepRecord, state: StepState, now: Timestamp) {
    record.state = state;
    record.finished_at = Some(now);
    record.reason = None;
    record.message.clear();
    if let Some(since) = record.waiting_since.take() {
        record.waited_seconds += now.duration_since(since).as_secs().max(0);
    }
}

/// Longest text of what happens next, in characters: it is a column of a table. The whole of it stands in the conditions.
const NEXT: usize = 100;

/// The beginning of a text, cut between two words.
pub(super) fn clip(text: &str) -> String {
    if text.chars().count() <= NEXT {
        return text.to_owned();
    }
    let short: String = text.chars().take(NEXT).collect();
    let whole = short.rsplit_once(' ').map_or(short.as_str(), |(words, _)| words);
    format!("{}…", whole.trim_end_matches([' ', ',', ';', ':', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_next_fits_a_column_and_ends_with_a_word() {
        assert_eq!(clip("a window opens"), "a window opens");
        let long = "word, ".repeat(40);
        let clipped = clip(&long);
        assert!(clipped.chars().count() <= NEXT, "{clipped}");
        assert!(clipped.ends_with("word…"), "{clipped}");
        assert!(clip(&"ü".repeat(300)).chars().count() <= NEXT + 1);
    }
}
