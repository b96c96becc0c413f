//! The loop of a run: whoever can move moves, in the order that the seed draws; when nobody can, time passes. No IO.

use jiff::{SignedDuration, Timestamp};

use super::Run;
use crate::executor::Turn;

/// A run in which no migration has moved for so long, with nothing to come and behind everybody's look, is held for good.
const STILL: SignedDuration = SignedDuration::from_hours(1);

/// How soon something that is only looked at again is looked at.
const MOMENT: SignedDuration = SignedDuration::from_mins(30);

/// A run goes on so long behind its completion: what comes too late is seen too.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(3);

/// Turns within one instant after which something runs in circles.
const MOST_TURNS: u32 = 200_000;

impl Run {
    pub(super) fn drive(&mut self) {
        let mut completed_at: Option<Timestamp> = None;
        loop {
            self.turns();
            let now = self.clock.now();
            if !self.completed {
                completed_at = None;
            } else if completed_at.is_none() {
                completed_at = Some(now);
            }
            let over = completed_at.is_some_and(|at| now.duration_since(at) > AFTERWARDS);
            let still = self.happenings.is_empty()
                && now.duration_since(self.moved_at) > self.patience()
                && !self.waits_for_a_time(now);
            if over || still || now >= self.setting.until {
                return;
            }
            let next = [
                self.clock.next_timer(),
                self.microsoft.with(|running| running.estate.next_due()),
                self.next_happening(),
                self.next_start(),
                self.next_awakening(),
                self.next_watch(),
                Some(self.people.next()),
                Some(self.setting.until),
            ];
            let Some(next) = next.into_iter().flatten().min() else { return };
            self.pass(next.max(now));
        }
    }

    /// How long nothing may move before a run counts as held for good.
    fn patience(&self) -> SignedDuration {
        let attention = SignedDuration::try_from(self.setting.people.attention.1).unwrap_or(STILL);
        STILL.saturating_add(attention)
    }

    /// Whether a migration waits for an instant that is still to come, or has only just come.
    fn waits_for_a_time(&self, now: Timestamp) -> bool {
        self.awaited.values().any(|at| now.duration_since(*at) <= MOMENT)
    }

    /// A migration says when it goes on. Looking again in a moment is no such instant, unless it was said long before.
    pub(super) fn awaits(&mut self, migration: &str, at: Option<Timestamp>, now: Timestamp) {
        let known = self.awaited.get(migration).copied();
        match at.filter(|at| at.duration_since(now) > MOMENT || known == Some(*at)) {
            Some(at) => drop(self.awaited.insert(migration.to_owned(), at)),
            None => drop(self.awaited.remove(migration)),
        }
    }

    /// Everything that can be done at the present instant.
    fn turns(&mut self) {
        let mut turns = 0_u32;
        while let Some((task, turn)) = self.executor.turn() {
            self.turns += 1;
            turns += 1;
            match turn {
                Turn::Waits => {}
                Turn::Ended => self.ended(task),
                Turn::Panicked(words) => {
                    let who = self.owners.get(&task).cloned().unwrap_or_default();
                    self.panicked(&who, &words);
                    self.ended(task);
                }
            }
            self.bury();
            self.look();
            if turns > MOST_TURNS {
                let now = self.clock.now();
                self.judge.fail(crate::judge::Invariant::Simulation, now, "something runs in circles");
                return;
            }
        }
    }

    /// Time passes: the Microsoft side first, then what happens, then whoever waited.
    fn pass(&mut self, to: Timestamp) {
        self.microsoft.with(|running| running.estate.advance(to));
        self.clock.advance(to);
        self.happen();
        self.bury();
        self.awaken();
        self.start_again();
        if self.people.next() <= to {
            let before = self.people.deeds();
            self.people.look(&self.cluster, &self.microsoft, to);
            if self.people.deeds() != before {
                self.moved_at = to;
            }
        }
        self.look();
        self.watch();
    }
}
