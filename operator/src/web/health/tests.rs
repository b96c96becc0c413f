//! Each way of being dead, and that rest is not one of them.

use std::time::Duration;

use graph::Clock;

use super::{Health, Limits};

/// A clock that a test sets.
struct Hand(std::sync::Mutex<jiff::Timestamp>);

impl Hand {
    fn new() -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self(std::sync::Mutex::new("2027-01-01T00:00:00Z".parse().unwrap())))
    }

    fn forward(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now += jiff::SignedDuration::from_secs(seconds);
    }
}

impl Clock for Hand {
    fn now(&self) -> jiff::Timestamp {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, _duration: Duration) -> futures::future::BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn limits() -> Limits {
    Limits::of(Duration::from_mins(5), Duration::from_mins(10))
}

fn health() -> (std::sync::Arc<Hand>, Health) {
    let clock = Hand::new();
    (std::sync::Arc::clone(&clock), Health::new(clock))
}

#[test]
fn a_controller_without_objects_may_rest_for_ever_while_its_watches_live() {
    let (clock, health) = health();
    let lane = health.lane("tenant", limits());
    lane.watched("EntraTenant");
    for _ in 0..100 {
        clock.forward(1500);
        lane.watched("EntraTenant");
        lane.has(0);
        assert_eq!(health.problems(), Vec::<String>::new());
    }
    // The first object after a long rest is not late at once.
    lane.has(1);
    assert_eq!(health.problems(), Vec::<String>::new());
    clock.forward(899);
    assert_eq!(health.problems(), Vec::<String>::new());
    clock.forward(1);
    assert_eq!(health.problems(), ["controller tenant has looked at none of 1 objects for 900 seconds"]);
    drop(lane.begin());
    assert_eq!(health.problems(), Vec::<String>::new());
}

#[test]
fn one_silent_controller_is_seen_beside_a_lively_one() {
    let (clock, health) = health();
    let (lively, silent) = (health.lane("topology", limits()), health.lane("migration (sales)", limits()));
    lively.has(3);
    silent.has(2);
    for _ in 0..4 {
        clock.forward(300);
        drop(lively.begin());
        // Changes that arrive and are not looked at are no sign of life.
        silent.has(2);
    }
    assert_eq!(
        health.problems(),
        ["controller migration (sales) has looked at none of 2 objects for 1200 seconds"]
    );
    // The objects went away: nothing is left to look at.
    silent.has(0);
    assert_eq!(health.problems(), Vec::<String>::new());
}

#[test]
fn long_work_is_alive_and_endless_work_is_not() {
    let (clock, health) = health();
    let lane = health.lane("migration", limits());
    lane.has(1);
    let working = lane.begin();
    clock.forward(7199);
    assert_eq!(health.problems(), Vec::<String>::new());
    clock.forward(1);
    // Others that come to their end do not hide it.
    drop(lane.begin());
    assert_eq!(health.problems(), ["controller migration has been at one object for 7200 seconds"]);
    drop(working);
    assert_eq!(health.problems(), Vec::<String>::new());
}

#[test]
fn a_silent_watch_is_seen_although_the_controller_works() {
    let (clock, health) = health();
    let lane = health.lane("topology", limits());
    for kind in ["SyncTopology", "Migration"] {
        lane.watched(kind);
    }
    for _ in 0..3 {
        clock.forward(600);
        lane.watched("SyncTopology");
        drop(lane.begin());
    }
    assert_eq!(
        health.problems(),
        ["controller topology: the watch on Migration has been silent for 1800 seconds"]
    );
}

#[test]
fn an_ended_controller_is_named() {
    let (_clock, health) = health();
    health.lane("agent", limits());
    health.lane("server", limits()).ended();
    assert_eq!(health.problems(), ["controller server has ended"]);
}

#[test]
fn while_another_replica_leads_only_the_wait_counts() {
    let (clock, health) = health();
    clock.forward(899);
    health.sign();
    clock.forward(899);
    assert_eq!(health.problems(), Vec::<String>::new());
    clock.forward(1);
    assert_eq!(health.problems(), ["the wait for leadership has been silent for 900 seconds"]);
    // Whoever leads no longer waits.
    health.lane("agent", limits());
    assert_eq!(health.problems(), Vec::<String>::new());
}

#[test]
fn rest_outlasts_the_longest_back_off_and_three_rounds() {
    let of = |seconds| Limits::of(Duration::from_secs(seconds), Duration::from_mins(10)).rest.as_secs();
    assert!(of(5) > 600);
    assert_eq!(of(3600), 3 * 3600);
}
