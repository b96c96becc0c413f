//! Both exports load and make sensible objects in the tenant.

use std::time::Instant;

use super::*;
use crate::tenant::CloudKind;

#[test]
fn the_small_export_fills_the_tenant() {
    let mut lab = Lab::populated();
    let anna = lab.guid(&format!("CN=anna,{PILOT}"));
    let user = lab.cloud(anna).expect("anna is in the tenant");
    assert_eq!(user.kind, CloudKind::User);
    assert_eq!(user.anchor.as_deref(), Some(anchor_of(anna).as_str()));
    assert_eq!(user.attributes.text("userPrincipalName"), Some("anna@corp.example.com"));
    assert_eq!(user.attributes.boolean("accountEnabled"), Some(true));
    assert_eq!(user.attributes.text("onPremisesDomainName"), Some("corp.example.com"));
    assert!(user.synced);

    let group = lab.guid(&format!("CN=all,{SALES}"));
    let mut expected: Vec<Uuid> = [("anna", PILOT), ("paul", PILOT), ("sara", SALES)]
        .map(|(name, unit)| lab.guid(&format!("CN={name},{unit}")))
        .into();
    expected.sort();
    assert_eq!(lab.members(group), expected);
    assert_eq!(lab.cloud(group).expect("the group").attributes.boolean("securityEnabled"), Some(true));

    // The service account lies in an excluded unit.
    let service = lab.guid(&format!("CN=svc-backup,{SERVICE_ACCOUNTS}"));
    assert!(lab.cloud(service).is_none());
    assert_eq!(lab.at("SYNC01", |server| server.flow_errors()), []);
    // After the confirming cycle there is nothing left to do.
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
    assert_eq!(lab.pending("SYNC01", AD), []);
}

#[test]
fn both_domains_of_the_forest_are_read() {
    let mut lab = Lab::empty();
    let emil = lab.user("emil", REGIONS);
    let boss = lab.user("boss", SALES);
    lab.modify(emil, "manager", boss);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    let user = lab.cloud(emil).expect("emil is in the tenant");
    assert_eq!(user.attributes.text("onPremisesDomainName"), Some("emea.corp.example.com"));
    let boss = lab.cloud(boss).expect("the boss is in the tenant").id;
    assert_eq!(user.attributes.first("manager"), Some(&Value::Reference(boss)));
}

#[test]
fn new_objects_that_refer_to_each_other_arrive_with_their_references() {
    let mut lab = Lab::empty();
    let (a, b) = (lab.user("a", SALES), lab.user("b", SALES));
    lab.modify(a, "manager", b);
    lab.modify(b, "manager", a);
    let runs = lab.cycle("SYNC01", CyclePolicy::Delta);
    let export = runs
        .iter()
        .find(|run| run.profile == RunProfile::Export && run.connector == ENTRA)
        .expect("an export");
    assert_eq!((export.counters.export_add, export.counters.export_failure), (2, 0));
    for (own, manager) in [(a, b), (b, a)] {
        let id = lab.cloud(manager).expect("the manager").id;
        let user = lab.cloud(own).expect("the user");
        assert_eq!(user.attributes.first("manager"), Some(&Value::Reference(id)));
    }
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
}

#[test]
fn filtered_and_critical_objects_stay_out() {
    let mut lab = Lab::empty();
    let hidden = lab.user("hidden", SALES);
    lab.modify(hidden, "adminDescription", "User_x");
    let connector = lab.user("MSOL_0123", SALES);
    let plain = lab.user("plain", SALES);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert!(lab.cloud(hidden).is_none());
    assert!(lab.cloud(connector).is_none());
    assert!(lab.cloud(plain).is_some());
}

#[test]
fn disabled_people_are_in_the_tenant_and_disabled() {
    let mut lab = Lab::empty();
    let leaver = lab.user("leaver", SALES);
    lab.modify(leaver, "userAccountControl", 514_i64);
    lab.cycle("SYNC01", CyclePolicy::Delta);
    assert_eq!(lab.cloud(leaver).expect("the leaver").attributes.boolean("accountEnabled"), Some(false));
}

/// The real sample, or `None` where it is not on this machine.
fn sample() -> Option<ServerConfiguration> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/contoso-export");
    if !folder.is_dir() {
        println!("skipped: ../shared is not here");
        return None;
    }
    Some(ServerConfiguration::read(&folder).expect("the sample reads"))
}

#[test]
fn the_real_export_fills_the_tenant() {
    let Some(configuration) = sample() else { return };
    assert_eq!(configuration.rules.len(), 62);
    assert!(configuration.metaverse.attribute("cloudNoFlow").is_none());
    let contoso = configuration
        .connectors
        .iter()
        .find(|connector| connector.identifier != ENTRA)
        .expect("an AD connector")
        .identifier;
    let corp = "OU=CORP,DC=contoso,DC=com";
    let directory = Directory::new(&["contoso.com"], 1, start());
    let mut world =
        World::new(directory, Tenant::new("contoso", &["contoso.com"], 1), Intervals::default(), 1);
    world.set_scheduler(Some(false), None, start());
    let unit = NewObject {
        dn: corp.parse().expect("a name"),
        class: ObjectClass::OrganizationalUnit,
        attributes: Attributes::new(),
    };
    world.directory.create(unit, start()).expect("a unit");
    let mut lab = Lab { estate: Estate::new(world, start()) };
    let server = SyncServer::from_configuration(&configuration, HostFacts::current("SYNC01"));
    lab.estate.add_server(Box::new(server));

    let jane = lab.user("jane", corp);
    lab.modify(jane, "manager", jane);
    lab.modify(jane, "mailNickname", "jane");
    lab.modify(jane, "proxyAddresses", "SMTP:jane@contoso.com");
    let system = lab.user("AAD_service", corp);
    let group = lab.group("staff", corp, &[jane]);
    let contact = lab.create(
        &format!("CN=Friend,{corp}"),
        ObjectClass::Contact,
        Attributes::new()
            .with("mail", "friend@fabrikam.com")
            .with("proxyAddresses", "SMTP:friend@fabrikam.com"),
    );
    let computer = lab.create(
        &format!("CN=PC1,{corp}"),
        ObjectClass::Computer,
        Attributes::new()
            .with("userAccountControl", 4096_i64)
            .with("userCertificate", Value::Binary(vec![1, 2, 3])),
    );
    lab.cycle("SYNC01", CyclePolicy::Delta);
    lab.confirm();

    assert_eq!(lab.at("SYNC01", |server| server.flow_errors()), []);
    let user = lab.cloud(jane).expect("jane is in the tenant");
    assert_eq!(user.attributes.text("userPrincipalName"), Some("jane@corp.example.com"));
    assert_eq!(user.attributes.boolean("accountEnabled"), Some(true));
    assert_eq!(user.attributes.all("proxyAddresses"), [Value::text("SMTP:jane@contoso.com")]);
    assert_eq!(user.attributes.first("manager"), Some(&Value::Reference(user.id)));
    assert!(lab.cloud(system).is_none(), "AAD_ accounts are filtered");
    assert_eq!(lab.members(group), [jane]);
    assert_eq!(lab.cloud(contact).expect("the contact").kind, CloudKind::Contact);
    assert_eq!(lab.cloud(computer).expect("device write-up is on").kind, CloudKind::Device);
    assert_eq!(lab.pending("SYNC01", ENTRA), []);

    // The pilot's rules work on it too: the metaverse got cloudNoFlow.
    for mut rule in no_flow_rules(corp) {
        if rule.direction == Direction::Inbound {
            rule.connector = contoso;
        }
        lab.add_rule("SYNC01", &rule);
    }
    lab.cycle("SYNC01", CyclePolicy::Initial);
    let held: Vec<CsObject> = lab.objects("SYNC01", ENTRA).into_iter().filter(is_no_flow).collect();
    assert_eq!(held.len(), 2, "the user and the group");
}

fn is_no_flow(object: &CsObject) -> bool {
    object.lineage.iter().any(|rule| rule.operation == LinkType::JoinNoFlow)
}

#[test]
fn a_thousand_objects_take_little_time() {
    let mut lab = Lab::empty();
    let people: Vec<Uuid> = (0..1_280).map(|number| lab.user(&format!("user{number}"), SALES)).collect();
    for pair in people.windows(2) {
        lab.modify(pair[0], "manager", pair[1]);
    }
    for number in 0..80 {
        let members: Vec<Uuid> = people.iter().skip(number * 10).take(40).copied().collect();
        lab.group(&format!("group{number}"), SALES, &members);
    }
    for round in ["first cycle", "delta cycle"] {
        let began = Instant::now();
        lab.cycle("SYNC01", CyclePolicy::Delta);
        println!("{round}: {:?}", began.elapsed());
    }
    let began = Instant::now();
    lab.full_synchronization("SYNC01");
    println!("full import and synchronization: {:?}", began.elapsed());
    assert_eq!(lab.estate.world.tenant.iter().count(), 1_360);
    assert_eq!(lab.pending("SYNC01", ENTRA), []);
}
