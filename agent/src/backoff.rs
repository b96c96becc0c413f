//! How long until something that fails is tried again. Pure.

use std::time::Duration;

use jiff::Timestamp;

/// Since when something fails at every try.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failing(Option<Timestamp>);

impl Failing {
    /// It worked.
    pub fn ends(&mut self) {
        self.0 = None;
    }

    /// It failed; gives for how long it has been failing.
    pub fn goes_on(&mut self, now: Timestamp) -> Duration {
        let since = *self.0.get_or_insert(now);
        // A clock that was set back gives no negative duration.
        Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO)
    }
}

/// The pause before the next try: the longer it has been failing the longer, never below `shortest` nor above `longest`.
pub fn pause(failing: Duration, shortest: Duration, longest: Duration) -> Duration {
    (failing / 4).clamp(shortest, longest.max(shortest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_the_shortest_to_the_longest() {
        let (shortest, longest) = (Duration::from_secs(2), Duration::from_secs(15));
        let seconds = [0, 8, 40, 600].map(Duration::from_secs);
        let pauses = seconds.map(|failing| pause(failing, shortest, longest).as_secs());
        assert_eq!(pauses, [2, 2, 10, 15]);
        assert_eq!(
            pause(Duration::ZERO, longest, shortest),
            longest,
            "limits the wrong way round are no panic"
        );
    }

    #[test]
    fn failing_begins_with_the_first_failure_and_ends_with_success() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut failing = Failing::default();
        assert_eq!(failing.goes_on(at(10)), Duration::ZERO);
        assert_eq!(failing.goes_on(at(25)), Duration::from_secs(15));
        assert_eq!(failing.goes_on(at(5)), Duration::ZERO, "the clock was set back");
        failing.ends();
        assert_eq!(failing.goes_on(at(40)), Duration::ZERO);
    }
}
