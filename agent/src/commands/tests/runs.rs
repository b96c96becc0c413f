//! `runProfiles`, runs of somebody else, and an engine that does not answer.

use super::*;

#[test]
fn profiles_stop_at_the_first_that_does_not_come_to_its_end() {
    let mut rig = Rig::stopped();
    let results = ["completed-sync-errors", "no-start-connection"];
    rig.engine.lock().unwrap().results.extend(results.map(str::to_owned));
    let outcome = rig.run(full());
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("found no-start-connection"), "{}", outcome.message);
    let Some(Evidence::Runs(evidence)) = outcome.evidence else { panic!("no evidence") };
    let results: Vec<&str> = evidence.runs.iter().map(|run| run.result.as_str()).collect();
    assert_eq!(results, ["completed-sync-errors", "no-start-connection"]);
    assert_eq!(rig.log().len(), 2, "the rest is left");
}

#[test]
fn a_run_of_somebody_else_is_counted() {
    let mut rig = Rig::stopped();
    rig.succeed(full());
    assert_eq!(pending(&mut rig).foreign_runs, 0, "our own do not count");
    rig.engine.lock().unwrap().run(AD, RunProfile::FullImport, "CONTOSO\\admin");
    assert_eq!(pending(&mut rig).foreign_runs, 1);
}

#[test]
fn an_engine_that_does_not_answer_is_asked_again_and_then_given_up() {
    let mut rig = Rig::new();
    rig.engine.lock().unwrap().errors.extend([("getPendingExports", HostErrorCode::Busy); 2]);
    assert_eq!(rig.run(Action::ReadPendingExports(Nothing {})).state, OutcomeState::Succeeded);
    let begun = rig.now();
    rig.engine
        .lock()
        .unwrap()
        .errors
        .extend(std::iter::repeat_n(("getPendingExports", HostErrorCode::Busy), 1000));
    let outcome = rig.run(Action::ReadPendingExports(Nothing {}));
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("getPendingExports"), "{}", outcome.message);
    assert!(rig.now().duration_since(begun) >= jiff::SignedDuration::from_mins(15));
    rig.engine.lock().unwrap().errors = [("getPendingExports", HostErrorCode::AccessDenied)].into();
    let denied = rig.run(Action::ReadPendingExports(Nothing {}));
    assert!(denied.message.contains("AccessDenied"), "at once: {}", denied.message);
}
