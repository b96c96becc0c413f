//! The policy as tables.

use std::time::Duration;

use super::{Age, Outcome, Repeat, RetryPolicy, Step, Tries, retry_after};
use crate::transport::Connection;

const MIDDLE: u64 = u64::MAX / 2;

fn status(status: u16) -> Outcome {
    Outcome::Status { status, retry_after: None }
}

fn first_step(repeat: Repeat, age: Age, outcome: Outcome) -> Step {
    let mut tries = Tries::default();
    tries.begin();
    tries.after(&RetryPolicy::default(), repeat, age, outcome, MIDDLE)
}

fn is_again(repeat: Repeat, age: Age, outcome: Outcome) -> bool {
    matches!(first_step(repeat, age, outcome), Step::Again { .. })
}

#[test]
fn what_is_sent_again() {
    // Outcome, and whether it is sent again: a harmless call, one that is not, and both on something new.
    let table = [
        (status(400), [false, false, false, false]),
        (status(401), [false, false, false, false]),
        (status(403), [false, false, true, true]),
        (status(404), [false, false, true, true]),
        (status(405), [false, false, false, false]),
        (status(408), [true, false, true, false]),
        (status(409), [false, false, true, true]),
        (status(410), [false, false, false, false]),
        (status(412), [false, false, false, false]),
        (status(413), [false, false, false, false]),
        (status(429), [true, true, true, true]),
        (status(500), [true, false, true, false]),
        (status(501), [false, false, false, false]),
        (status(502), [true, false, true, false]),
        (status(503), [true, false, true, false]),
        (status(504), [true, false, true, false]),
        (status(302), [false, false, false, false]),
        (Outcome::Unreachable, [true, true, true, true]),
        (Outcome::Broken, [true, false, true, false]),
        (Outcome::Invalid, [false, false, false, false]),
    ];
    for (outcome, expected) in table {
        let found = [
            is_again(Repeat::Harmless, Age::Settled, outcome),
            is_again(Repeat::OnlyIfRefused, Age::Settled, outcome),
            is_again(Repeat::Harmless, Age::New, outcome),
            is_again(Repeat::OnlyIfRefused, Age::New, outcome),
        ];
        assert_eq!(found, expected, "{outcome:?}");
    }
}

#[test]
fn a_new_connection_after_503_and_after_no_answer() {
    let table = [
        (status(429), Connection::Any),
        (status(500), Connection::Any),
        (status(503), Connection::New),
        (Outcome::Unreachable, Connection::New),
        (Outcome::Broken, Connection::New),
    ];
    for (outcome, expected) in table {
        match first_step(Repeat::Harmless, Age::Settled, outcome) {
            Step::Again { connection, .. } => assert_eq!(connection, expected, "{outcome:?}"),
            Step::Stop => panic!("{outcome:?} is sent again"),
        }
    }
}

/// All waits of one call that fails the same way for ever.
fn waits(policy: &RetryPolicy, age: Age, outcome: Outcome, random: u64) -> Vec<Duration> {
    let mut tries = Tries::default();
    let mut waits = Vec::new();
    loop {
        tries.begin();
        match tries.after(policy, Repeat::Harmless, age, outcome, random) {
            Step::Again { after, .. } => waits.push(after),
            Step::Stop => return waits,
        }
    }
}

#[test]
fn waits_double_and_are_spread_by_half() {
    let policy = RetryPolicy::default();
    let seconds = |list: [u64; 4]| list.map(Duration::from_secs).to_vec();
    assert_eq!(waits(&policy, Age::Settled, status(500), 0), seconds([1, 2, 4, 8]));
    let longest = waits(&policy, Age::Settled, status(500), u64::MAX);
    for (found, bound) in longest.iter().zip([2, 4, 8, 16].map(Duration::from_secs)) {
        assert!(
            *found <= bound && *found + Duration::from_millis(10) > bound,
            "{found:?} is just below {bound:?}"
        );
    }
}

#[test]
fn waits_have_a_cap() {
    let policy = RetryPolicy { max_tries: 40, max_wait: Duration::from_hours(10), ..RetryPolicy::default() };
    let found = waits(&policy, Age::Settled, status(500), u64::MAX);
    assert_eq!(found.len(), 39);
    assert!(found.iter().all(|wait| *wait <= policy.max_delay), "{found:?}");
}

#[test]
fn the_budget_of_waits_ends_a_call() {
    let policy = RetryPolicy { max_tries: 100, max_wait: Duration::from_secs(10), ..RetryPolicy::default() };
    let found = waits(&policy, Age::Settled, status(500), 0);
    assert_eq!(found, [1, 2, 4].map(Duration::from_secs), "8 more seconds would exceed 10");
}

#[test]
fn what_the_service_asks_for_is_the_least() {
    let asked = |seconds| Outcome::Status { status: 429, retry_after: Some(Duration::from_secs(seconds)) };
    for (seconds, random) in [(7, 0), (7, MIDDLE), (7, u64::MAX), (0, MIDDLE), (120, u64::MAX)] {
        let found = waits(
            &RetryPolicy { max_tries: 2, ..RetryPolicy::default() },
            Age::Settled,
            asked(seconds),
            random,
        );
        let [after] = found[..] else { panic!("{seconds} s are within the budget: {found:?}") };
        assert!(after >= Duration::from_secs(seconds), "{after:?} for {seconds} and {random}");
        assert!(
            after <= Duration::from_secs(seconds) * 11 / 10 + Duration::from_secs(1),
            "{after:?} for {seconds}"
        );
    }
    assert_eq!(first_step(Repeat::Harmless, Age::Settled, asked(181)), Step::Stop, "more than the budget");
    assert_eq!(first_step(Repeat::Harmless, Age::Settled, asked(u64::MAX)), Step::Stop);
}

#[test]
fn something_new_has_a_budget_of_its_own() {
    let policy = RetryPolicy::default();
    let found = waits(&policy, Age::New, status(404), MIDDLE);
    let total: Duration = found.iter().sum();
    assert!(found.len() + 1 > policy.max_tries as usize, "more tries than for a failing service: {found:?}");
    assert!(total <= policy.settling_wait, "{total:?}");
    assert!(total > policy.settling_wait / 2, "{total:?}");
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = "2026-11-21T09:00:00Z".parse().unwrap();
    let table = [
        ("10", Some(10)),
        (" 10 ", Some(10)),
        ("0", Some(0)),
        ("Sat, 21 Nov 2026 09:02:00 GMT", Some(120)),
        ("Sat, 21 Nov 2026 08:00:00 GMT", Some(0)),
        ("-1", None),
        ("soon", None),
        ("", None),
    ];
    for (text, expected) in table {
        assert_eq!(retry_after(text, now), expected.map(Duration::from_secs), "{text:?}");
    }
}
