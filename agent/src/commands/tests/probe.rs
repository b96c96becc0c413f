//! `probe`: a test object of one's own, and nobody else's.

use super::*;

fn probe(phase: ProbePhase) -> Action {
    Action::Probe(Probe { organizational_unit: unit(), token: "tok-1".to_owned(), phase })
}

#[test]
fn a_test_user_is_made_changed_and_removed() {
    let mut rig = Rig::new();
    rig.snapshot();
    let evidence = |evidence| match evidence {
        Evidence::Probe(evidence) => evidence,
        other => panic!("{other:?}"),
    };
    let made = evidence(rig.succeed(probe(ProbePhase::Create)));
    let changed = evidence(rig.succeed(probe(ProbePhase::Change)));
    let removed = evidence(rig.succeed(probe(ProbePhase::Remove)));
    assert_eq!((&made.anchor, &made.anchor), (&changed.anchor, &removed.anchor));
    assert!(made.display_name.clone().unwrap().contains("tok-1"));
    assert!(changed.display_name > made.display_name && removed.display_name.is_none());
    let again = evidence(rig.succeed(probe(ProbePhase::Remove)));
    assert_eq!(again.anchor, made.anchor, "a repeated removal is no error");
    let name = "CN=hybrid-identity-probe-tok-1,OU=Sales,DC=contoso,DC=com";
    assert_eq!(rig.log(), [format!("create {name}"), format!("modify {name}"), format!("delete {name}")]);
}

#[test]
fn an_object_that_the_agent_did_not_make_is_never_touched() {
    let name = "CN=hybrid-identity-probe-tok-1,OU=Sales,DC=contoso,DC=com";
    for phase in [ProbePhase::Create, ProbePhase::Change, ProbePhase::Remove] {
        let mut rig = Rig::new();
        rig.snapshot();
        rig.engine.lock().unwrap().add(40, name, "user");
        let outcome = rig.run(probe(phase));
        assert_eq!(outcome.state, OutcomeState::Failed, "{phase:?}");
        assert!(outcome.message.contains("without this agent's mark"), "{}", outcome.message);
        assert!(rig.log().is_empty());
    }
    // Its own object, but under a journal that does not know it.
    let mut rig = Rig::new();
    rig.snapshot();
    rig.succeed(probe(ProbePhase::Create));
    let mut journal = rig.journal();
    journal.probes.clear();
    rig.store = crate::journal::memory::MemoryStore::of(&journal);
    rig.start();
    rig.engine.lock().unwrap().log.clear();
    let outcome = rig.run(probe(ProbePhase::Remove));
    assert!(outcome.message.contains("no record of it in the journal"), "{}", outcome.message);
    assert!(rig.log().is_empty());
}
