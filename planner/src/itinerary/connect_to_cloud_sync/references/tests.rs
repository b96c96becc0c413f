//! Which references block, and what a person reads.

use crds::entra_tenant::ProvisioningAgent;

use crate::plan::Standing;
use crate::testing::World;

const NEW: &str = "1.1.2505.0";
const OLD: &str = "1.1.1586.0";

/// A world whose prediction has so many references, and whose first server's host reports this provisioning agent.
fn world(near: i64, abroad: i64, version: Option<&str>) -> World {
    let mut world = World::new();
    world.predicts.unknown_references = near;
    world.predicts.cross_domain_references = abroad;
    world.predicts.crossing = vec!["sid:S-1-5-21-1-2-3-4 (members)".to_owned()];
    let server = world.observed.servers.values_mut().next().unwrap();
    server.inventory.as_mut().unwrap().host.provisioning_agent_version = version.map(str::to_owned);
    world
}

fn allowing(mut world: World, most: i32) -> World {
    world.observed.topology.spec.strategy.as_mut().unwrap().verification.max_unknown_references = Some(most);
    world
}

/// What blocks a world: the message that a person reads, if one does.
fn blocks(world: &mut World) -> Option<String> {
    let plan = world.run_until(60, |plan, _| {
        let asks = |standing: &Standing| {
            matches!(standing, Standing::AwaitingPerson { .. } | Standing::AwaitingApproval { .. })
        };
        plan.migrations.iter().any(|m| asks(&m.standing))
    });
    match &plan.migrations[0].standing {
        Standing::AwaitingPerson { message } => Some(message.clone()),
        _ => None,
    }
}

/// The same with a tenant that tells which agents there are, or does not.
fn told(mut world: World, machines: Option<&[&str]>) -> World {
    let agents = machines.map(|machines| {
        let agent = |machine: &&str| ProvisioningAgent {
            machine_name: (*machine).to_owned(),
            active: true,
            domains: Vec::new(),
        };
        machines.iter().map(agent).collect()
    });
    world.observed.tenant.as_mut().unwrap().provisioning_agents = agents;
    world
}

/// Version on the server's host, agents that the tenant tells of, what is said.
type Case<'a> = (Option<&'a str>, Option<&'a [&'a str]>, Option<&'a str>);

#[test]
fn references_between_domains_block_until_every_agent_is_known_to_resolve_them() {
    let host = {
        let world = World::new();
        let server = world.observed.servers.values().next().unwrap();
        server.inventory.as_ref().unwrap().host.name.clone()
    };
    let qualified = format!("{host}.contoso.com");
    let table: [Case; 7] = [
        (Some(NEW), None, None),
        (Some("2.0.1.0"), Some(&[&host]), None),
        (Some(NEW), Some(&[&qualified]), None),
        (Some(OLD), None, Some(OLD)),
        (Some("garbage"), None, Some("garbage")),
        (Some(NEW), Some(&[&host, "elsewhere"]), Some("elsewhere (version unknown)")),
        (None, Some(&[&host]), Some("version unknown")),
    ];
    for (version, machines, said) in table {
        let found = blocks(&mut told(world(0, 3, version), machines));
        match said {
            None => assert_eq!(found, None, "{version:?} {machines:?}"),
            Some(part) => {
                let message = found.unwrap_or_else(|| panic!("{version:?} {machines:?} passes"));
                assert!(message.contains(part), "{message}");
                assert!(message.contains("Update Microsoft's provisioning agents"), "{message}");
                assert!(message.contains("S-1-5-21-1-2-3-4"), "{message}");
            }
        }
    }
}

#[test]
fn a_new_agent_clears_it_without_anybody_deciding() {
    let mut world = told(world(0, 3, Some(OLD)), None);
    assert!(blocks(&mut world).is_some());
    let install = |world: &mut World, version: Option<&str>| {
        let server = world.observed.servers.values_mut().next().unwrap();
        server.inventory.as_mut().unwrap().host.provisioning_agent_version = version.map(str::to_owned);
    };
    install(&mut world, Some(NEW));
    let plan = world.run_until(60, |plan, _| {
        plan.migrations.iter().any(|m| matches!(m.standing, Standing::AwaitingApproval { .. }))
    });
    assert!(
        matches!(plan.migrations[0].standing, Standing::AwaitingApproval { .. }),
        "{:?}",
        plan.migrations[0].standing
    );
}

#[test]
fn what_the_topology_accepts_counts_for_both_kinds_together() {
    assert_eq!(blocks(&mut allowing(told(world(2, 3, Some(OLD)), None), 5)), None);
    assert!(blocks(&mut allowing(told(world(2, 3, Some(OLD)), None), 4)).unwrap().contains("another domain"));
    assert!(blocks(&mut allowing(told(world(2, 0, Some(NEW)), None), 1)).unwrap().contains("one wave"));
    assert_eq!(blocks(&mut allowing(told(world(2, 3, Some(NEW)), None), 2)), None);
}
