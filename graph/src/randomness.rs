//! Randomness as the client sees it: jitter and request ids. No IO.

use rand::RngExt as _;

/// A source of random numbers. A simulation injects a seeded one, so that a run can be replayed.
pub trait Randomness: Send + Sync {
    /// The next number, evenly distributed.
    fn next(&self) -> u64;
}

impl<T: Randomness + ?Sized> Randomness for std::sync::Arc<T> {
    fn next(&self) -> u64 {
        (**self).next()
    }
}

/// The generator of the thread, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadRandomness;

impl Randomness for ThreadRandomness {
    fn next(&self) -> u64 {
        rand::rng().random()
    }
}
