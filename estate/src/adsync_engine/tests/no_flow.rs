//! What JoinNoFlow holds back, and what it does not.

use super::*;
use crate::modes::{NoFlowDelete, ReferenceLeak};

/// A populated lab whose pilot is held back.
fn held() -> Lab {
    let mut lab = Lab::populated();
    lab.add_no_flow_rules("SYNC01", PILOT);
    lab.full_synchronization("SYNC01");
    lab
}

fn leak(mode: ReferenceLeak) -> Modes {
    Modes { reference_leak: mode, ..Modes::default() }
}

#[test]
fn held_back_objects_show_it() {
    let mut lab = held();
    let objects = lab.objects("SYNC01", ENTRA);
    let held: Vec<&CsObject> = objects
        .iter()
        .filter(|object| object.lineage.iter().any(|rule| rule.operation == LinkType::JoinNoFlow))
        .collect();
    assert_eq!(held.len(), 2);
    for object in &held {
        assert_eq!(object.metaverse_attributes[0].values, ["True"]);
        assert!(object.is_connector && !object.pending_export);
        assert!(object.directory_names[0].ends_with(PILOT), "{:?}", object.directory_names);
        assert!(
            object.lineage.iter().all(|rule| rule.operation != LinkType::Provision),
            "{:?}",
            object.lineage
        );
    }
    let free = objects
        .iter()
        .find(|object| object.directory_names[0].ends_with(&format!("sara,{SALES}")))
        .expect("sara");
    assert_eq!(free.metaverse_attributes[0].values, Vec::<String>::new());
}

#[test]
fn new_objects_are_not_added() {
    let mut lab = held();
    let newcomer = lab.user("newcomer", PILOT);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    lab.cycle("SYNC01", CyclePolicy::Initial);
    assert!(lab.cloud(newcomer).is_none());
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
}

#[test]
fn what_was_staged_before_is_withdrawn() {
    let mut lab = Lab::populated();
    let newcomer = lab.user("newcomer", PILOT);
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    lab.modify(anna, "department", "Late");
    lab.run("SYNC01", AD, RunProfile::DeltaImport);
    lab.run("SYNC01", AD, RunProfile::DeltaSynchronization);
    assert_eq!(lab.pending("SYNC01", ENTRA).len(), 2);
    lab.add_no_flow_rules("SYNC01", PILOT);
    lab.full_synchronization("SYNC01");
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
    lab.run("SYNC01", ENTRA, RunProfile::Export);
    assert!(lab.cloud(newcomer).is_none());
    assert_eq!(lab.cloud_text(anna, "department"), None);
}

#[test]
fn an_export_that_failed_before_the_rules_is_tried_again_all_the_same() {
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let fault = |lab: &mut Lab, on: bool| {
        let failing = &mut lab.estate.world.faults.failing_exports;
        if on {
            failing.insert(anchor_of(anna), "the service was not available".to_owned());
        } else {
            failing.clear();
        }
    };
    fault(&mut lab, true);
    lab.modify(anna, "department", "Stuck");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.pending("SYNC01", ENTRA)[0].retry);

    lab.add_no_flow_rules("SYNC01", PILOT);
    lab.full_synchronization("SYNC01");
    let pending = lab.pending("SYNC01", ENTRA);
    assert_eq!(pending.len(), 1);
    assert!(pending[0].retry && pending[0].cloud_no_flow);
    fault(&mut lab, false);
    lab.run("SYNC01", ENTRA, RunProfile::Export);
    assert_eq!(lab.cloud_text(anna, "department").as_deref(), Some("Stuck"));
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
}

/// Changes anna's department and then her manager, each with a cycle; gives her department and manager in the tenant.
fn change_with_reference(mode: ReferenceLeak) -> (Option<String>, bool) {
    let mut lab = held();
    lab.modes(leak(mode));
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(anna, "department", "Pending");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(anna, "department"), None, "plain attributes are held back in every mode");
    lab.modify(anna, "manager", sara);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    let manager = lab.cloud(sara).expect("sara").id;
    let has_manager =
        lab.cloud(anna).expect("anna").attributes.first("manager") == Some(&Value::Reference(manager));
    (lab.cloud_text(anna, "department"), has_manager)
}

#[test]
fn a_changed_reference_leaks_everything_or_itself_or_nothing() {
    assert_eq!(change_with_reference(ReferenceLeak::All), (Some("Pending".to_owned()), true));
    assert_eq!(change_with_reference(ReferenceLeak::References), (None, true));
    assert_eq!(change_with_reference(ReferenceLeak::None), (None, false));
}

#[test]
fn a_group_that_is_held_back_leaks_its_members_but_not_its_name() {
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    let team = lab.group("team", PILOT, &[anna]);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    lab.add_no_flow_rules("SYNC01", PILOT);
    lab.full_synchronization("SYNC01");
    lab.modes(leak(ReferenceLeak::References));
    lab.modify(team, "displayName", "The Team");
    lab.estate.with_world(|world, now| world.directory.add_member(team, sara, now).expect("a member"));
    lab.cycle("SYNC01", CyclePolicy::Delta);
    let mut both = vec![anna, sara];
    both.sort();
    assert_eq!(lab.members(team), both);
    assert_eq!(lab.cloud_text(team, "displayName").as_deref(), Some("team"));
}

#[test]
fn a_group_outside_keeps_its_members_inside() {
    let mut lab = held();
    let group = lab.guid(&format!("CN=all,{SALES}"));
    let before = lab.members(group);
    lab.modify(group, "description", "Everybody");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    lab.cycle("SYNC01", CyclePolicy::Initial);
    assert_eq!(lab.members(group), before);
    assert_eq!(before.len(), 3);
}

#[test]
fn a_deletion_leaves_or_stays_by_the_mode() {
    for (mode, gone) in [(NoFlowDelete::Exported, true), (NoFlowDelete::Withheld, false)] {
        let mut lab = held();
        lab.modes(Modes { no_flow_delete: mode, ..Modes::default() });
        let paul = lab.guid(&format!("CN=paul,{PILOT}"));
        lab.estate.with_world(|world, now| world.directory.delete(paul, now).expect("a deletion"));
        lab.cycle("SYNC01", CyclePolicy::Delta);
        assert_eq!(lab.cloud(paul).is_none(), gone, "{mode:?}");
        lab.cycle("SYNC01", CyclePolicy::Initial);
        assert_eq!(lab.cloud(paul).is_none(), gone, "{mode:?} after a full cycle");
    }
}

#[test]
fn an_outbound_rule_that_wins_over_no_flow_goes_on_writing() {
    let mut lab = held();
    let mut winner = rule("department out", 5, Direction::Outbound, ENTRA, ("person", "user"));
    winner.attribute_flows = vec![AttributeFlow {
        destination: "department".to_owned(),
        source: FlowSource::Direct { attribute: "department".to_owned() },
        merge: ValueMerge::Update,
        execute_once: false,
    }];
    lab.add_rule("SYNC01", &winner);
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    lab.modify(anna, "department", "Escaped");
    lab.modify(anna, "title", "Kept");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(anna, "department").as_deref(), Some("Escaped"));
    assert_eq!(lab.cloud_text(anna, "jobTitle"), None);
}

#[test]
fn without_the_outbound_rule_the_inbound_one_does_nothing() {
    let mut lab = Lab::populated();
    for rule in no_flow_rules(PILOT).iter().filter(|rule| rule.direction == Direction::Inbound) {
        lab.add_rule("SYNC01", rule);
    }
    lab.full_synchronization("SYNC01");
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    lab.modify(anna, "department", "Open");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(anna, "department").as_deref(), Some("Open"));
}

#[test]
fn a_renamed_unit_escapes_a_rule_that_ends_with_its_name() {
    let mut lab = held();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let unit = lab.guid(PILOT);
    let renamed = format!("OU=Vorreiter,{HEADQUARTERS}");
    lab.estate.with_world(|world, now| {
        world.directory.rename(unit, renamed.parse().expect("a name"), now).expect("a new name");
    });
    lab.modify(anna, "department", "Flows again");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(anna, "department").as_deref(), Some("Flows again"));
    // Paul was not touched himself; only the name of his unit was.
    let names: Vec<String> =
        lab.objects("SYNC01", AD).into_iter().map(|object| object.distinguished_name).collect();
    assert!(names.contains(&format!("CN=paul,{renamed}")), "{names:?}");
}

#[test]
fn ends_with_compares_text_not_names() {
    let mut lab = Lab::populated();
    // The name of this unit ends like the pilot's, but it lies elsewhere; the case differs too.
    let decoy = format!("OU=Not the {}", PILOT.trim_start_matches("OU="));
    lab.create(&decoy, ObjectClass::OrganizationalUnit, Attributes::new());
    let outsider = lab.user("outsider", &decoy);
    let suffix = PILOT.trim_start_matches("OU=").to_lowercase();
    lab.add_no_flow_rules("SYNC01", &suffix);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.cloud(outsider).is_none(), "held back as well");
}

#[test]
fn the_judge_hears_who_is_served() {
    use crate::engine::{Link, Service, Writer};
    let mut lab = held();
    let newcomer = lab.user("newcomer", PILOT);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    let writer = Writer::connect("SYNC01");
    let link = |lab: &Lab, source| lab.estate.world.service().link(&writer, Service::Objects, source);
    assert_eq!(link(&lab, lab.guid(&format!("CN=anna,{PILOT}"))), Link::NoFlow);
    assert_eq!(link(&lab, newcomer), Link::NoFlow);
    assert_eq!(link(&lab, lab.guid(&format!("CN=sara,{SALES}"))), Link::Served);
    assert_eq!(link(&lab, lab.guid(&format!("CN=svc-backup,{SERVICE_ACCOUNTS}"))), Link::Unknown);
    // Configured to export it all the same: no-flow does not count there.
    let server = lab.estate.server("SYNC01").expect("the server");
    assert!(server.would_export(newcomer, &lab.estate.world));
    assert!(!server.would_export(lab.guid(&format!("CN=svc-backup,{SERVICE_ACCOUNTS}")), &lab.estate.world));
}

/// A cloud sync job provisions a directory object under its anchor.
fn cloud_sync_provisions(lab: &mut Lab, source: Uuid, name: &str) {
    let attributes = Attributes::new()
        .with("userPrincipalName", format!("{name}@corp.example.com"))
        .with("displayName", format!("{name} by cloud sync"))
        .with("accountEnabled", true);
    let operation =
        crate::tenant::WriteOperation::Provision { kind: crate::tenant::CloudKind::User, attributes };
    let write = crate::tenant::ObjectWrite { anchor: anchor_of(source), source: Some(source), operation };
    let writer = crate::engine::Writer::cloud_sync("job");
    lab.estate.with_world(|world, now| world.write(&writer, &write, now).expect("a provisioned user"));
}

#[test]
fn what_cloud_sync_made_is_joined_and_can_be_referred_to() {
    let mut lab = held();
    let newcomer = lab.user("newcomer", PILOT);
    let group = lab.guid(&format!("CN=all,{SALES}"));
    lab.estate.with_world(|world, now| world.directory.add_member(group, newcomer, now).expect("a member"));
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(!lab.members(group).contains(&newcomer), "nobody has made the user yet");

    cloud_sync_provisions(&mut lab, newcomer, "newcomer");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.members(group).contains(&newcomer), "the group is Connect's, and names the user now");
    assert_eq!(lab.cloud_text(newcomer, "displayName").as_deref(), Some("newcomer by cloud sync"));
    let objects = lab.objects("SYNC01", ENTRA);
    let joined =
        objects.iter().find(|object| object.attributes[0].values == [anchor_of(newcomer)]).expect("the user");
    assert!(joined.is_connector && joined.lineage.iter().any(|rule| rule.operation == LinkType::JoinNoFlow));
}

#[test]
fn the_way_back_adds_and_deletes_nobody() {
    use adsync::protocol::Modification;
    let mut lab = held();
    let newcomer = lab.user("newcomer", PILOT);
    cloud_sync_provisions(&mut lab, newcomer, "newcomer");
    let id = lab.cloud(newcomer).expect("the newcomer").id;
    for rule in no_flow_rules(PILOT) {
        let _: () = lab.ask("SYNC01", &Operation::RemoveRule { identifier: rule.identifier });
    }
    lab.full_synchronization("SYNC01");
    let pending = lab.pending("SYNC01", ENTRA);
    assert!(pending.iter().all(|export| export.modification == Modification::Update), "{pending:?}");
    lab.run("SYNC01", ENTRA, RunProfile::Export);
    let user = lab.cloud(newcomer).expect("the newcomer");
    assert_eq!((user.id, user.attributes.text("displayName")), (id, Some("newcomer")));
    lab.confirm();
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
}

#[test]
fn someone_deleted_in_the_cloud_comes_back_unless_held_back() {
    let mut lab = held();
    let writer = crate::engine::Writer::cloud_sync("job");
    let people = [("anna", PILOT, false), ("sara", SALES, true)].map(|(name, unit, back)| {
        let source = lab.guid(&format!("CN={name},{unit}"));
        (source, lab.cloud(source).expect(name).id, back)
    });
    for (source, ..) in people {
        let operation = crate::tenant::WriteOperation::Delete;
        let write = crate::tenant::ObjectWrite { anchor: anchor_of(source), source: Some(source), operation };
        lab.estate.with_world(|world, now| world.write(&writer, &write, now).expect("a deletion"));
    }
    lab.cycle("SYNC01", CyclePolicy::Delta);
    for (source, id, back) in people {
        assert_eq!(lab.cloud(source).map(|user| user.id), back.then_some(id));
    }
}
