//! Suites that need a real control plane. All tests of this binary share one and keep apart by namespace, see
//! `tests::TestNamespace`. Where it cannot be started every test fails and says why: nothing is skipped.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by a panic, also in a function that it calls; clippy knows only functions marked as tests"
)]

mod absence;
mod agent_lifecycle;
mod api;
mod audit;
mod bad_day;
mod chart;
mod cluster;
mod conformance;
mod control_plane;
mod decisions;
mod demo_program;
mod device_sync;
mod end_to_end;
mod examples;
mod hostile;
mod verdicts;
