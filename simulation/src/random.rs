//! Randomness from one seed, in streams of its own for each purpose: a draw more in one place changes nothing in another. Pure.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// One stream.
#[derive(Debug, Clone)]
pub struct Random(estate::population::Random);

impl Random {
    /// The stream of a seed for one purpose.
    pub fn stream(seed: u64, purpose: &str) -> Self {
        let digest = Sha256::digest(format!("{seed} {purpose}"));
        let first = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Self(estate::population::Random::new(first))
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    /// A number from `least` to `most`, both included.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.0.chance(percent)
    }

    /// One of the items; the first where the list is a single one.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        self.0.pick(items)
    }

    /// One of the items, by value.
    pub fn one_of<T: Copy>(&mut self, first: T, others: &[T]) -> T {
        match self.below(others.len() + 1) {
            0 => first,
            at => others.get(at - 1).copied().unwrap_or(first),
        }
    }

    /// A length between two, with the finest grain that is asked for: milliseconds.
    pub fn length(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let (least, most) = (shortest.as_millis(), longest.as_millis());
        let number = |value: u128| usize::try_from(value).unwrap_or(usize::MAX);
        let drawn = self.between(number(least), number(most.max(least)));
        Duration::from_millis(u64::try_from(drawn).unwrap_or(u64::MAX))
    }

    /// A number of 64 bits.
    pub fn number(&mut self) -> u64 {
        u64::try_from(self.below(usize::MAX)).unwrap_or(u64::MAX)
    }

    /// A number from 0 up to 1.
    #[expect(clippy::cast_precision_loss, reason = "numbers below 2^24 are exact")]
    pub fn fraction(&mut self) -> f64 {
        const STEPS: usize = 1 << 24;
        self.below(STEPS) as f64 / STEPS as f64
    }

    /// An identifier.
    pub fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.number(), self.number())
    }

    /// In another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// A stream that several parts draw from.
#[derive(Debug, Clone)]
pub struct SharedRandom(Arc<Mutex<Random>>);

impl SharedRandom {
    /// The stream of a seed for one purpose.
    pub fn stream(seed: u64, purpose: &str) -> Self {
        Self(Arc::new(Mutex::new(Random::stream(seed, purpose))))
    }

    /// Draws.
    pub fn draw<T>(&self, act: impl FnOnce(&mut Random) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl graph::Randomness for SharedRandom {
    fn next(&self) -> u64 {
        self.draw(Random::number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        let draw = |purpose| {
            let mut random = Random::stream(7, purpose);
            (0..8).map(|_| random.number()).collect::<Vec<_>>()
        };
        assert_eq!(draw("people"), draw("people"));
        assert_ne!(draw("people"), draw("faults"));
    }

    #[test]
    fn bounds_are_kept() {
        let mut random = Random::stream(1, "bounds");
        for _ in 0..1000 {
            assert!((3..=5).contains(&random.between(3, 5)));
            let length = random.length(Duration::from_secs(1), Duration::from_secs(2));
            assert!((1000..=2000).contains(&length.as_millis()));
            assert!((0.0..1.0).contains(&random.fraction()));
        }
        assert_eq!(random.below(0), 0);
    }
}
