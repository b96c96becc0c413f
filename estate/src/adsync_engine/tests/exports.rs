//! Exports: failures and retries, deletions, errors of rules.

use super::*;

#[test]
fn a_failed_export_stays_pending_and_is_tried_again() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.estate.world.faults.failing_exports.insert(anchor_of(sara), "unavailable".to_owned());
    lab.modify(sara, "department", "Shoes");
    let export = |runs: Vec<RunResult>| {
        runs.into_iter()
            .find(|run| run.profile == RunProfile::Export && run.connector == ENTRA)
            .expect("an export")
    };
    let run = export(lab.cycle("SYNC01", CyclePolicy::Delta));
    assert_eq!((run.result.as_str(), run.counters.export_failure), ("completed-export-errors", 1));
    let pending = lab.pending("SYNC01", ENTRA);
    assert!(pending[0].retry);
    assert_eq!(pending[0].attributes[0].name, "department");
    let object = lab.objects("SYNC01", ENTRA).into_iter().find(|object| object.pending_export).expect("sara");
    assert!(object.has_export_error);

    lab.estate.world.faults.failing_exports.clear();
    let run = export(lab.cycle("SYNC01", CyclePolicy::Delta));
    assert_eq!((run.result.as_str(), run.counters.export_update), ("success", 1));
    assert_eq!(lab.cloud_text(sara, "department").as_deref(), Some("Shoes"));
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
}

#[test]
fn a_cleared_attribute_is_cleared_in_the_tenant() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "department", "Shoes");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    lab.estate.with_world(|world, now| {
        world.directory.modify(sara, Attributes::new(), &["department"], now).expect("a change");
    });
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(sara, "department"), None);
}

#[test]
fn what_another_writes_is_written_back() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    let write = crate::tenant::ObjectWrite {
        anchor: anchor_of(sara),
        source: Some(sara),
        operation: crate::tenant::WriteOperation::Update {
            changes: vec![crate::tenant::AttributeChange {
                name: "displayName".into(),
                change: crate::tenant::ValueChange::Replace(vec![Value::text("Somebody else")]),
            }],
        },
    };
    let writer = crate::engine::Writer::cloud_sync("job");
    lab.estate.with_world(|world, now| world.write(&writer, &write, now).expect("a write"));
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(sara, "displayName").as_deref(), Some("sara"));
}

#[test]
fn a_deleted_user_and_its_memberships_go() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    let group = lab.guid(&format!("CN=all,{SALES}"));
    lab.estate.with_world(|world, now| world.directory.delete(sara, now).expect("a deletion"));
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.cloud(sara).is_none());
    assert_eq!(lab.members(group).len(), 2);
    assert_eq!(lab.estate.world.tenant.deleted().count(), 1, "users go to the recycle bin");
    lab.confirm();
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
}

#[test]
fn a_unit_that_leaves_the_selection_takes_its_people_along() {
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let inclusion = vec![HEADQUARTERS.to_owned()];
    let exclusion = vec![ROOT.to_owned(), SERVICE_ACCOUNTS.to_owned(), PILOT.to_owned()];
    assert!(lab.at("SYNC01", |server| server.select_containers(AD, ROOT, inclusion, exclusion)));
    // A delta by hand does not notice.
    lab.run("SYNC01", AD, RunProfile::DeltaImport);
    lab.run("SYNC01", AD, RunProfile::DeltaSynchronization);
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
    let runs = lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(runs[0].profile, RunProfile::FullImport);
    let export = runs
        .iter()
        .find(|run| run.profile == RunProfile::Export && run.connector == ENTRA)
        .expect("an export");
    assert_eq!(export.counters.export_delete, 2);
    assert!(lab.cloud(anna).is_none());
    let group = lab.guid(&format!("CN=all,{SALES}"));
    assert_eq!(lab.members(group), [lab.guid(&format!("CN=sara,{SALES}"))]);
    assert!(!lab.at("SYNC01", |server| server.select_containers(AD, "DC=nowhere", Vec::new(), Vec::new())));
}

#[test]
fn a_unit_renamed_away_from_the_selection_leaves_it() {
    let mut lab = Lab::populated();
    let unit = lab.guid(HEADQUARTERS);
    lab.estate.with_world(|world, now| {
        world
            .directory
            .rename(unit, format!("OU=Zentrale,{ROOT}").parse().expect("a name"), now)
            .expect("a new name");
    });
    lab.run("SYNC01", AD, RunProfile::DeltaImport);
    lab.run("SYNC01", AD, RunProfile::DeltaSynchronization);
    let kinds: Vec<_> = lab.pending("SYNC01", ENTRA).iter().map(|export| export.modification).collect();
    assert_eq!(kinds, [adsync::protocol::Modification::Delete; 4]);
}

#[test]
fn moving_out_of_and_back_into_the_selection_before_an_export_deletes_nobody() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    let id = lab.cloud(sara).expect("sara").id;
    for unit in [SERVICE_ACCOUNTS, SALES] {
        lab.estate.with_world(|world, now| {
            world
                .directory
                .rename(sara, format!("CN=sara,{unit}").parse().expect("a name"), now)
                .expect("a move");
        });
        lab.run("SYNC01", AD, RunProfile::DeltaImport);
        lab.run("SYNC01", AD, RunProfile::DeltaSynchronization);
    }
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
    lab.run("SYNC01", ENTRA, RunProfile::Export);
    assert_eq!(lab.cloud(sara).expect("sara").id, id);
}

#[test]
fn too_many_deletions_stop_the_export() {
    let mut lab = Lab::populated();
    lab.estate.world.tenant.settings.deletion_prevention =
        crate::tenant::DeletionPrevention::EnabledForCount(1);
    for name in ["anna", "paul"] {
        let guid = lab.guid(&format!("CN={name},{PILOT}"));
        lab.estate.with_world(|world, now| world.directory.delete(guid, now).expect("a deletion"));
    }
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "department", "Shoes");
    let from = lab.write_count();
    let runs = lab.cycle("SYNC01", CyclePolicy::Delta);
    let export = runs
        .iter()
        .find(|run| run.profile == RunProfile::Export && run.connector == ENTRA)
        .expect("an export");
    assert_eq!(export.result, "stopped-deletion-threshold-exceeded");
    assert!(lab.writes_since(from).iter().all(|write| write.direction != crate::audit::Direction::ToEntra));
    assert_eq!(lab.pending("SYNC01", ENTRA).len(), 4, "two deletions, sara, and the group");

    lab.estate.world.tenant.settings.deletion_prevention =
        crate::tenant::DeletionPrevention::EnabledForCount(2);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
}

#[test]
fn an_error_that_a_rule_raises_keeps_the_object_from_being_synchronized() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    let mut strict = rule("strict", 40, Direction::Inbound, AD, ("user", "person"));
    strict.attribute_flows = vec![expression(
        "info",
        "IIF([department]=\"Forbidden\",Error(\"no such department\"),IgnoreThisFlow)",
    )];
    lab.add_rule("SYNC01", &strict);
    lab.full_synchronization("SYNC01");
    lab.modify(sara, "department", "Forbidden");
    lab.modify(sara, "title", "Manager");
    lab.run("SYNC01", AD, RunProfile::DeltaImport);
    let run = lab.run("SYNC01", AD, RunProfile::DeltaSynchronization);
    assert_eq!((run.result.as_str(), run.counters.sync_errors), ("completed-sync-errors", 1));
    assert_eq!(lab.pending("SYNC01", ENTRA), [], "nothing of the object leaves");
    let errors = lab.at("SYNC01", |server| server.flow_errors());
    assert_eq!(errors.len(), 1);
    let error = &errors[0].1[0];
    assert_eq!(
        (error.rule.as_str(), error.message.as_str(), error.raised),
        ("strict", "no such department", true)
    );
    let objects = lab.objects("SYNC01", AD);
    assert_eq!(objects.iter().filter(|object| object.has_sync_error).count(), 1);

    lab.modify(sara, "department", "Shoes");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud_text(sara, "jobTitle").as_deref(), Some("Manager"));
    assert_eq!(lab.at("SYNC01", |server| server.flow_errors()), []);
}

#[test]
fn an_unknown_function_is_listed_and_has_no_value() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "department", "Shoes");
    let mut broken = rule("broken", 40, Direction::Inbound, AD, ("user", "person"));
    broken.attribute_flows = vec![
        expression("department", "Frobnicate([department])"),
        expression("title", "Left([department],True)"),
    ];
    lab.add_rule("SYNC01", &broken);
    let runs = lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(runs.iter().any(|run| run.result == "completed-sync-errors" && run.counters.flow_failure > 0));
    // The rule of lower precedence decides, as if the broken flow had never been there.
    assert_eq!(lab.cloud_text(sara, "department").as_deref(), Some("Shoes"));
    let errors = lab.at("SYNC01", |server| server.flow_errors());
    let messages: Vec<&str> =
        errors.iter().flat_map(|(_, errors)| errors).map(|error| error.message.as_str()).collect();
    assert!(
        messages.iter().any(|message| message.starts_with("unknown function 'Frobnicate'")),
        "{messages:?}"
    );
    assert!(messages.iter().any(|message| message.starts_with("Left expects a number")), "{messages:?}");
}

#[test]
fn cloud_filtered_deletes() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    lab.modify(sara, "adminDescription", "User_hidden");
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.cloud(sara).is_none());
}

#[test]
fn a_hard_match_keeps_the_object() {
    let mut lab = Lab::populated();
    let sara = lab.guid(&format!("CN=sara,{SALES}"));
    let id = lab.cloud(sara).expect("sara").id;
    // A new server with an empty database finds everybody by the anchor.
    lab.estate.add_server(Box::new(server("SYNC03")));
    lab.cycle("SYNC03", CyclePolicy::Delta);
    assert_eq!(lab.cloud(sara).expect("sara").id, id);
    assert_eq!(lab.estate.world.tenant.iter().count(), 4);
    assert_eq!(lab.pending("SYNC03", ENTRA), []);
}
