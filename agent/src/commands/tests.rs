//! Each command on the model: what it does, what it reports, and how it fails.

use std::time::Duration;

use adsync::protocol::{AutoUpgradeState, HostErrorCode, RunProfile};
use adsync::{archive, no_flow};
use crds::sync_agent::command::*;
use crds::sync_agent::evidence::*;
use crds::sync_agent::{Evidence, OutcomeState};
use parity::{DigestKey, MappingSet, ScopeListing};

use crate::model::engine::{Engine, connector};
use crate::model::rig::{full, profiles, sales, take_snapshot, unit};
use crate::model::{AD, Rig, SecondEngine};

fn label(number: u128) -> String {
    Engine::anchor(number).to_string()
}

fn scheduler(evidence: Evidence) -> SchedulerEvidence {
    let Evidence::Scheduler(evidence) = evidence else { panic!("{evidence:?}") };
    evidence
}

fn pending(rig: &mut Rig) -> PendingExportsEvidence {
    let Evidence::PendingExports(evidence) = rig.succeed(Action::ReadPendingExports(Nothing {})) else {
        panic!("other evidence")
    };
    evidence
}

fn prove(rig: &mut Rig) -> NoFlowEvidence {
    let Evidence::NoFlow(evidence) = rig.succeed(Action::ProveNoFlow(sales())) else {
        panic!("other evidence")
    };
    evidence
}

#[test]
fn a_snapshot_is_what_the_secrets_give_back() {
    let mut rig = Rig::new();
    let Evidence::Snapshot(evidence) = rig.succeed(take_snapshot()) else { panic!("other evidence") };
    assert!(evidence.parsed);
    assert_eq!((evidence.rules, evidence.connectors, evidence.secrets_used), (1, 1, 1));
    let secrets = rig.cluster.state.lock().unwrap().secrets.clone();
    let (digest, files) = archive::unpack(&secrets["s0"]["chunk"]).unwrap();
    assert_eq!((digest.as_str(), files.len()), (evidence.digest.as_str(), 3));
    assert!(secrets["s1"].is_empty(), "what is not needed is emptied");
    assert!(rig.journal().snapshot.is_some());
}

#[test]
fn a_configuration_that_does_not_read_is_no_snapshot() {
    let mut rig = Rig::new();
    rig.engine.lock().unwrap().defective_export = true;
    let Evidence::Snapshot(evidence) = rig.succeed(take_snapshot()) else { panic!("other evidence") };
    assert!(!evidence.parsed);
    assert_eq!(rig.journal().snapshot, None);
    let stop = rig.stop_for(60);
    let refused = rig.run(stop);
    assert!(refused.message.contains("give takeSnapshot first"), "{}", refused.message);
}

#[test]
fn the_scheduler_stops_when_the_cycle_has_ended_and_remembers_to_start() {
    let mut rig = Rig::new();
    rig.snapshot();
    let until = rig.now() + jiff::SignedDuration::from_secs(100);
    rig.engine.lock().unwrap().cycle_until = Some(until);
    let stop = rig.stop_for(60);
    let id = rig.give(stop);
    rig.steps(2);
    assert!(rig.journal().stop.is_some(), "written down before the cycle has ended");
    assert!(rig.outcome(&id).is_none(), "it waits for the cycle");
    let outcome = rig.drive(&id).unwrap();
    let evidence = scheduler(outcome.evidence.unwrap());
    assert!(!evidence.enabled && !evidence.running);
    assert!(evidence.idle_since.unwrap() >= until);
    let status = rig.cluster.state.lock().unwrap().status.clone().unwrap();
    assert_eq!(status.resume_by, rig.journal().stop.map(|stop| stop.resume_by));
    assert!(status.resume_by.is_some());
}

#[test]
fn a_scheduler_held_by_a_wizard_is_neither_stopped_nor_started() {
    let mut rig = Rig::new();
    rig.snapshot();
    rig.engine.lock().unwrap().suspended = true;
    let stop = rig.stop_for(60);
    for action in [stop, Action::StartScheduler(StartScheduler { start_cycle: false })] {
        let outcome = rig.run(action);
        assert_eq!(outcome.state, OutcomeState::Failed);
        assert!(outcome.message.contains("open wizard"), "{}", outcome.message);
    }
    assert!(rig.log().is_empty());
    assert_eq!(rig.journal().stop, None, "nothing is to be undone");
}

#[test]
fn the_scheduler_starts_and_a_whole_cycle_is_seen() {
    let mut rig = Rig::stopped();
    let begun = rig.now();
    let evidence = scheduler(rig.succeed(Action::StartScheduler(StartScheduler { start_cycle: true })));
    assert!(evidence.enabled && !evidence.running);
    assert!(evidence.cycle_succeeded_at.unwrap() > begun);
    assert_eq!(rig.log(), ["scheduler on", "cycle"]);
    assert_eq!(rig.journal().stop, None);
    let status = rig.cluster.state.lock().unwrap().status.clone().unwrap();
    assert_eq!(status.resume_by, None);
}

#[test]
fn a_cycle_that_fails_is_told_but_the_scheduler_stays_on() {
    let mut rig = Rig::stopped();
    rig.engine.lock().unwrap().results.extend(["success".to_owned(), "no-start-connection".to_owned()]);
    let evidence = scheduler(rig.succeed(Action::StartScheduler(StartScheduler { start_cycle: true })));
    assert!(evidence.enabled && evidence.cycle_succeeded_at.is_none());
    assert_eq!(rig.journal().stop, None, "it is on");
    assert!(rig.engine.lock().unwrap().enabled);
}

#[test]
fn rules_are_exactly_the_wanted_ones_on_every_connector() {
    let mut rig = Rig::stopped();
    let second = connector(
        SecondEngine::AD,
        "emea.contoso.com",
        adsync::protocol::ConnectorKind::ActiveDirectory,
        "DC=emea",
    );
    rig.engine.lock().unwrap().connectors.insert(1, second);
    let Evidence::Rules(evidence) = rig.succeed(Action::PutNoFlowRules(sales())) else {
        panic!("other evidence")
    };
    // Three object types on two connectors, and one outbound rule for each of them.
    assert_eq!(evidence.ours, 9);
    assert_eq!(evidence.scopes, ["sales".into()]);
    assert_ne!(evidence.digest_before, evidence.digest_after);
    let log = rig.log();
    assert!(log[..3].iter().all(|line| line.contains("Out to Entra")), "what withholds comes first: {log:?}");

    let Evidence::Rules(again) = rig.succeed(Action::PutNoFlowRules(sales())) else {
        panic!("other evidence")
    };
    assert_eq!(
        (&again.digest_before, rig.log().len()),
        (&evidence.digest_after, 9),
        "nothing is stored twice"
    );

    let none = NoFlowRules { scopes: vec![] };
    let Evidence::Rules(gone) = rig.succeed(Action::PutNoFlowRules(none)) else { panic!("other evidence") };
    assert_eq!((gone.ours, gone.digest_after), (0, evidence.digest_before));
}

#[test]
fn a_precedence_that_is_taken_meanwhile_gives_way_to_the_next() {
    let mut rig = Rig::stopped();
    rig.engine.lock().unwrap().snatched = vec![99, 98];
    let Evidence::Rules(evidence) = rig.succeed(Action::PutNoFlowRules(sales())) else {
        panic!("other evidence")
    };
    assert_eq!(evidence.ours, 6);
    let engine = rig.engine.lock().unwrap();
    let mut precedences: Vec<u32> = engine.rules.iter().map(|rule| rule.precedence).collect();
    precedences.sort_unstable();
    let before = precedences.len();
    precedences.dedup();
    assert_eq!(precedences.len(), before, "each has its own");
    assert!(engine.rules.iter().filter(|rule| no_flow::is_ours(rule)).all(|rule| rule.precedence < 98));
}

#[test]
fn a_rule_that_somebody_changed_is_put_right() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    {
        let mut engine = rig.engine.lock().unwrap();
        engine.log.clear();
        let rule = engine.rules.iter_mut().find(|rule| no_flow::scope_name(rule).is_some()).unwrap();
        rule.scope_filter.clear();
    }
    rig.succeed(Action::PutNoFlowRules(sales()));
    assert_eq!(rig.log().len(), 1, "only that one is stored: {:?}", rig.log());
}

#[test]
fn no_flow_is_proven_only_after_a_full_synchronization() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    let before = prove(&mut rig);
    assert_eq!((before.in_scope, before.effective), (2, 0), "rules alone do nothing");
    assert_eq!(before.full_synchronization_started_at, None);
    let mut expected = [label(1), label(2)];
    expected.sort();
    assert_eq!(before.not_effective, expected);

    let started = rig.now();
    rig.succeed(full());
    let after = prove(&mut rig);
    assert_eq!((after.in_scope, after.effective, after.outside), (2, 2, 0));
    assert_eq!((after.not_effective.len(), after.foreign_runs), (0, 0));
    assert!(after.full_synchronization_started_at.unwrap() >= started);
    assert_eq!(after.anchors_digest, before.anchors_digest);

    // The engine's text match takes this one for a child of the unit.
    rig.engine.lock().unwrap().add(20, r"CN=x\,OU=Sales,DC=contoso,DC=com", "user");
    rig.succeed(full());
    let fooled = prove(&mut rig);
    assert_eq!((fooled.outside, fooled.outside_anchors), (1, vec![label(20)]));
    assert_eq!(fooled.in_scope, 2);
}

#[test]
fn every_ad_connector_must_have_had_its_full_synchronization() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.succeed(full());
    assert!(prove(&mut rig).full_synchronization_started_at.is_some());
    let second = connector(
        SecondEngine::AD,
        "emea.contoso.com",
        adsync::protocol::ConnectorKind::ActiveDirectory,
        "DC=emea",
    );
    rig.engine.lock().unwrap().connectors.push(second);
    assert_eq!(prove(&mut rig).full_synchronization_started_at, None);
}

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
fn deletions_are_explained_by_tombstones_and_by_nothing_else() {
    let mut rig = Rig::stopped();
    rig.engine.lock().unwrap().delete(3);
    let sync = profiles(&[
        (ConnectorSelection::ActiveDirectory, Profile::DeltaImport),
        (ConnectorSelection::ActiveDirectory, Profile::DeltaSynchronization),
    ]);
    rig.succeed(sync.clone());
    let left = pending(&mut rig);
    assert_eq!((left.deletes, left.explained_deletes), (1, 1), "somebody left the organization");

    // Somebody narrows the scope of the connector: the objects are still there.
    rig.engine.lock().unwrap().included = vec!["OU=Else,DC=contoso,DC=com".to_owned()];
    rig.succeed(sync);
    let cut = pending(&mut rig);
    assert_eq!((cut.deletes, cut.explained_deletes), (3, 1));
    let mut expected = vec![label(1), label(2)];
    expected.sort();
    assert_eq!(cut.unexplained, expected);

    let outcome = rig.run(profiles(&[(ConnectorSelection::Entra, Profile::Export)]));
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("nothing was exported"), "{}", outcome.message);
    assert_eq!(rig.engine.lock().unwrap().cloud.len(), 3, "everybody is still in the cloud");
}

#[test]
fn an_anchor_that_lives_on_in_another_object_is_not_gone() {
    use base64::Engine as _;
    let mut rig = Rig::stopped();
    let anchor = base64::engine::general_purpose::STANDARD.encode(uuid::Uuid::from_u128(1).to_bytes_le());
    {
        // A copy of user 1's anchor in two other objects: one deleted, one alive. User 1 itself only left the scope.
        let mut engine = rig.engine.lock().unwrap();
        for (number, name) in [(30, "CN=old,DC=contoso,DC=com"), (31, "CN=new,DC=contoso,DC=com")] {
            let guid = engine.add(number, name, "user");
            let copied = vec![anchor.clone()];
            engine
                .directory
                .get_mut(&guid)
                .unwrap()
                .attributes
                .insert("mS-DS-ConsistencyGuid".to_owned(), copied);
        }
        engine.delete(30);
        engine.included = vec!["OU=Else,DC=contoso,DC=com".to_owned()];
    }
    rig.succeed(full());
    let found = pending(&mut rig);
    assert_eq!((found.deletes, found.explained_deletes), (2, 0));
    rig.engine.lock().unwrap().delete(31);
    assert_eq!(pending(&mut rig).explained_deletes, 1, "now the last object with that anchor is gone");
}

#[test]
fn suspended_automatic_upgrade_is_left_alone() {
    let mut rig = Rig::new();
    rig.snapshot();
    rig.engine.lock().unwrap().auto_upgrade = AutoUpgradeState::Suspended;
    let Evidence::AutoUpgrade(evidence) = rig.succeed(Action::SetAutoUpgrade(Switch { enabled: false }))
    else {
        panic!("other evidence")
    };
    assert_eq!((evidence.before.as_str(), evidence.after.as_str()), ("Suspended", "Suspended"));
    assert!(rig.log().is_empty());
}

#[test]
fn a_stopped_service_ends_the_stop_and_waits_for_the_cycle() {
    let mut rig = Rig::stopped();
    let until = rig.now() + jiff::SignedDuration::from_secs(30);
    rig.engine.lock().unwrap().cycle_until = Some(until);
    let Evidence::Service(evidence) =
        rig.succeed(Action::SetService(SetService { running: false, automatic: false }))
    else {
        panic!("other evidence")
    };
    assert!(!evidence.running && evidence.start_type == "Disabled");
    assert!(rig.now() >= until);
    assert_eq!(rig.journal().stop, None, "nothing is to be switched on by itself any more");
    rig.pass(Duration::from_hours(2));
    rig.steps(3);
    assert!(!rig.engine.lock().unwrap().enabled);
}

#[test]
fn a_service_that_is_stopped_already_is_stopped_again_without_complaint() {
    let mut rig = Rig::stopped();
    let stop = Action::SetService(SetService { running: false, automatic: false });
    rig.succeed(stop.clone());
    let expects = crds::sync_agent::Expectation { idle: Some(true), ..Default::default() };
    let id = rig.give_expecting(stop, expects);
    assert_eq!(rig.drive(&id).unwrap().state, OutcomeState::Succeeded, "what is stopped is idle");
    assert_eq!(rig.log().len(), 1);
}

#[test]
fn rules_that_only_write_the_anchor_are_no_writeback() {
    use adsync::rule::{AttributeFlow, FlowSource, LinkType, ValueMerge};
    let mut rig = Rig::stopped();
    for (number, destination) in [(1, "mS-DS-ConsistencyGuid"), (2, "proxyAddresses")] {
        let mut rule = crate::model::engine::standard_rule();
        rule.identifier = uuid::Uuid::from_u128(number);
        rule.name = format!("Out to AD - {destination}");
        rule.connector = AD;
        rule.link_type = LinkType::Join;
        rule.attribute_flows = vec![AttributeFlow {
            destination: destination.to_owned(),
            source: FlowSource::Direct { attribute: "x".to_owned() },
            merge: ValueMerge::Update,
            execute_once: false,
        }];
        rig.engine.lock().unwrap().rules.push(rule);
    }
    let Evidence::ResidualExports(evidence) = rig.succeed(Action::ReadResidualExports(sales())) else {
        panic!("other evidence")
    };
    assert_eq!(evidence.writes_to_directory, ["Out to AD - proxyAddresses"]);
}

#[test]
fn residual_exports_are_what_no_rule_withholds() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.succeed(full());
    let Evidence::ResidualExports(evidence) = rig.succeed(Action::ReadResidualExports(sales())) else {
        panic!("other evidence")
    };
    assert_eq!(evidence.exported, [TypeCount { object_type: "user".to_owned(), count: 1 }]);
    assert_eq!((evidence.anchors, evidence.pending), (vec![label(3)], 0));
    let nothing = NoFlowRules { scopes: vec![] };
    let Evidence::ResidualExports(all) = rig.succeed(Action::ReadResidualExports(nothing)) else {
        panic!("other evidence")
    };
    assert_eq!(all.exported[0].count, 3, "withheld, but not by rules of these scopes");
}

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

#[test]
fn a_scope_is_listed_with_what_connect_exports() {
    let mut rig = Rig::stopped();
    rig.succeed(Action::PutNoFlowRules(sales()));
    rig.succeed(full());
    let mappings = serde_json::to_vec(&MappingSet::default()).unwrap();
    {
        let mut engine = rig.engine.lock().unwrap();
        let group = engine.add(5, "CN=team,OU=Sales,DC=contoso,DC=com", "group");
        let members = ["CN=ada,OU=Sales", "CN=eve,OU=Else", "CN=gone,OU=Else"];
        let members = members.map(|name| format!("{name},DC=contoso,DC=com")).to_vec();
        engine.directory.get_mut(&group).unwrap().attributes.insert("member".to_owned(), members);
        let mut state = rig.cluster.state.lock().unwrap();
        let secret = state.secrets.entry("mappings".to_owned()).or_default();
        secret.insert("mappings.json".to_owned(), mappings);
        secret.insert("digest-key".to_owned(), vec![7; 32]);
    }
    let missing = crds::DistinguishedName::parse("OU=Nowhere,DC=contoso,DC=com").unwrap();
    let Evidence::Scope(evidence) = rig.succeed(Action::ReadScope(ReadScope {
        organizational_units: vec![unit(), missing],
        mappings: "mappings".into(),
        secrets: vec!["s2".into()],
    })) else {
        panic!("other evidence")
    };
    let counts: Vec<(&str, i64)> =
        evidence.objects.iter().map(|c| (c.object_type.as_str(), c.count)).collect();
    assert_eq!(counts, [("group", 1), ("user", 2)]);
    let guids: Vec<bool> =
        evidence.organizational_units.iter().map(|unit| unit.object_guid.is_some()).collect();
    assert_eq!(guids, [true, false], "a unit that is not there has no GUID");

    let chunk = rig.cluster.state.lock().unwrap().secrets["s2"]["chunk"].clone();
    let listing = ScopeListing::decode(&[chunk]).unwrap();
    let ada = listing.objects.iter().find(|o| o.anchor == Some(Engine::anchor(1))).unwrap();
    assert!(ada.exported && ada.withheld);
    assert_eq!(ada.exported_anchor, ada.anchor);
    let team = listing.objects.iter().find(|o| o.object_type == parity::ObjectType::Group).unwrap();
    assert!(!team.exported, "no cycle has seen it yet");
    let key = DigestKey::new([7; 32]);
    let keys = [1, 3].map(|number| parity::ObjectKey::Anchor(Engine::anchor(number)));
    assert_eq!(
        team.members,
        Some(key.members(&keys)),
        "members outside the scope count, those nobody synchronizes do not"
    );
}

#[test]
fn too_few_secrets_are_said_before_anything_is_written() {
    let mut rig = Rig::new();
    let outcome = rig.run(Action::TakeSnapshot(IntoSecrets { secrets: vec!["unknown".into()] }));
    assert_eq!(outcome.state, OutcomeState::Failed);
    assert!(outcome.message.contains("Secret unknown: expected it to exist"), "{}", outcome.message);
    let chunks = vec![vec![1], vec![2]];
    let secrets = ["s0".into()];
    let written = crate::chunks::write(rig.cluster.as_ref(), &secrets, chunks);
    let error = futures::FutureExt::now_or_never(written).unwrap().unwrap_err();
    assert!(error.to_string().contains("expected room in 1 Secrets"), "{error}");
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
