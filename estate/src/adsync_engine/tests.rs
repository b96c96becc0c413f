//! The engine driven as people and agents drive it, on a small forest.

mod exports;
mod host;
mod loading;
mod no_flow;
mod passwords;
mod people;
mod retirement;
mod rules_in_force;
mod schedule;
mod writeback;

use std::path::PathBuf;

use adsync::ENTRA_CONNECTOR_ID;
use adsync::configuration::ServerConfiguration;
use adsync::protocol::{
    CsObject, CsObjectPage, CyclePolicy, HostError, Operation, PendingExport, PendingExportPage, RunProfile,
    RunResult,
};
use adsync::rule::{
    AttributeFlow, Direction, FlowSource, LinkType, Rule, ScopeCondition, ScopeOperator, ValueMerge,
};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use uuid::{Uuid, uuid};

use super::{HostFacts, SyncServer};
use crate::audit::WriteRecord;
use crate::clock::Intervals;
use crate::directory::{Directory, NewObject, ObjectClass, anchor_of};
use crate::engine::Answer;
use crate::estate::Estate;
use crate::modes::Modes;
use crate::tenant::{CloudObject, Tenant};
use crate::value::{Attributes, Value};
use crate::world::World;

/// The AD connector of the small export.
const AD: Uuid = uuid!("8f36c487-4e75-4da9-a5bc-d7916f1acda0");
/// The Entra connector.
const ENTRA: Uuid = ENTRA_CONNECTOR_ID;

const ROOT: &str = "DC=corp,DC=example,DC=com";
const HEADQUARTERS: &str = "OU=Headquarters,DC=corp,DC=example,DC=com";
const PILOT: &str = "OU=Pilot,OU=Headquarters,DC=corp,DC=example,DC=com";
const SALES: &str = "OU=Sales,OU=Headquarters,DC=corp,DC=example,DC=com";
const SERVICE_ACCOUNTS: &str = "OU=Service Accounts,OU=Headquarters,DC=corp,DC=example,DC=com";
const REGIONS: &str = "OU=Regions,DC=emea,DC=corp,DC=example,DC=com";

/// A small organisation with one sync server, whose scheduler is off so that tests decide what runs.
struct Lab {
    estate: Estate,
}

fn start() -> Timestamp {
    "2026-06-01T08:00:00Z".parse().expect("a timestamp")
}

fn small_export() -> ServerConfiguration {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("exports/small");
    ServerConfiguration::read(&folder).expect("the small export reads")
}

fn server(name: &str) -> SyncServer {
    SyncServer::from_configuration(&small_export(), HostFacts::current(name))
}

fn world() -> World {
    let directory = Directory::new(&["corp.example.com", "emea.corp.example.com"], 1, start());
    let mut world =
        World::new(directory, Tenant::new("example", &["corp.example.com"], 1), Intervals::default(), 1);
    for unit in [HEADQUARTERS, PILOT, SALES, SERVICE_ACCOUNTS, REGIONS] {
        let new = NewObject {
            dn: unit.parse().expect("a name"),
            class: ObjectClass::OrganizationalUnit,
            attributes: Attributes::new(),
        };
        world.directory.create(new, start()).expect("a unit");
    }
    world.set_scheduler(Some(false), None, start());
    world
}

impl Lab {
    /// Units, but nobody in them.
    fn empty() -> Self {
        let mut lab = Self { estate: Estate::new(world(), start()) };
        lab.estate.add_server(Box::new(server("SYNC01")));
        lab
    }

    /// Anna and Paul in the pilot, Sara in sales, a service account outside, and a group of the three people; synchronized.
    fn populated() -> Self {
        let mut lab = Self::empty();
        let anna = lab.user("anna", PILOT);
        let paul = lab.user("paul", PILOT);
        let sara = lab.user("sara", SALES);
        lab.user("svc-backup", SERVICE_ACCOUNTS);
        lab.group("all", SALES, &[anna, paul, sara]);
        lab.cycle("SYNC01", CyclePolicy::Delta);
        lab.confirm();
        lab
    }

    fn user(&mut self, name: &str, unit: &str) -> Uuid {
        let attributes = Attributes::new()
            .with("sAMAccountName", name)
            .with("userPrincipalName", format!("{name}@corp.example.com"))
            .with("displayName", name)
            .with("userAccountControl", 512_i64);
        self.create(&format!("CN={name},{unit}"), ObjectClass::User, attributes)
    }

    fn group(&mut self, name: &str, unit: &str, members: &[Uuid]) -> Uuid {
        let mut attributes =
            Attributes::new().with("displayName", name).with("groupType", -2_147_483_646_i64);
        attributes.set("member", members.iter().copied().map(Value::Reference).collect());
        self.create(&format!("CN={name},{unit}"), ObjectClass::Group, attributes)
    }

    fn create(&mut self, dn: &str, class: ObjectClass, attributes: Attributes) -> Uuid {
        let new = NewObject { dn: dn.parse().expect("a name"), class, attributes };
        self.estate.with_world(|world, now| world.directory.create(new, now).expect("a new object"))
    }

    fn modify(&mut self, object: Uuid, attribute: &str, value: impl Into<Value>) {
        let values = Attributes::new().with(attribute, value);
        self.estate
            .with_world(|world, now| world.directory.modify(object, values, &[], now).expect("a change"));
    }

    fn modes(&mut self, modes: Modes) {
        self.estate.world.modes = modes;
    }

    fn guid(&self, dn: &str) -> Uuid {
        self.estate.world.directory.by_dn(&dn.parse().expect("a name")).expect(dn).guid
    }

    fn pass(&mut self, duration: SignedDuration) {
        let to = self.estate.now() + duration;
        self.estate.advance(to);
    }

    /// The server itself, for what a person does at it.
    fn at<T>(&mut self, server: &str, act: impl FnOnce(&mut SyncServer) -> T) -> T {
        let acted = self.estate.with_server(server, |engine, _, _| {
            act(engine.as_any().downcast_mut::<SyncServer>().expect("an ADSync engine"))
        });
        acted.expect("the server is there")
    }

    fn answer(&mut self, server: &str, operation: &Operation) -> Result<serde_json::Value, HostError> {
        match self.estate.handle(server, operation).expect("the server is there") {
            Answer::Now(answer) => answer,
            Answer::WhenRunEnds(_) => panic!("{operation:?} waits for a run"),
        }
    }

    fn ask<T: DeserializeOwned>(&mut self, server: &str, operation: &Operation) -> T {
        let answer = self.answer(server, operation).unwrap_or_else(|error| panic!("{operation:?}: {error}"));
        serde_json::from_value(answer).expect("the operation's own type")
    }

    fn refused(&mut self, server: &str, operation: &Operation) -> HostError {
        self.answer(server, operation).expect_err("a refusal")
    }

    /// Runs a profile to its end.
    fn run(&mut self, server: &str, connector: Uuid, profile: RunProfile) -> RunResult {
        let operation = Operation::InvokeRunProfile { connector, profile };
        let run = match self.estate.handle(server, &operation).expect("the server is there") {
            Answer::WhenRunEnds(run) => run,
            Answer::Now(answer) => panic!("{operation:?} ended at once: {answer:?}"),
        };
        for _ in 0..1_000 {
            if let Some(result) = self.estate.server(server).expect("the server is there").run_result(run) {
                return result;
            }
            self.pass(SignedDuration::from_secs(5));
        }
        panic!("the run never ended")
    }

    /// Runs a cycle to its end and gives its runs, oldest first.
    fn cycle(&mut self, server: &str, policy: CyclePolicy) -> Vec<RunResult> {
        let before = self.history(server).len();
        let _: () = self.ask(server, &Operation::StartSyncCycle { policy_type: policy });
        self.settle(server);
        self.history(server).split_off(before)
    }

    /// Lets time pass until nothing runs.
    fn settle(&mut self, server: &str) {
        for _ in 0..1_000 {
            let busy: Vec<serde_json::Value> = self.ask(server, &Operation::GetConnectorRunStatus);
            if busy.is_empty() {
                return;
            }
            self.pass(SignedDuration::from_secs(5));
        }
        panic!("{server} never came to rest");
    }

    /// A cycle that reads back what the last one exported.
    fn confirm(&mut self) {
        self.cycle("SYNC01", CyclePolicy::Delta);
    }

    fn history(&mut self, server: &str) -> Vec<RunResult> {
        let operation = Operation::GetRunResults { connector: None, number_requested: 10_000 };
        let mut results: Vec<RunResult> = self.ask(server, &operation);
        results.reverse();
        results
    }

    fn objects(&mut self, server: &str, connector: Uuid) -> Vec<CsObject> {
        let mut objects = Vec::new();
        let mut next = Some(0);
        while let Some(start_index) = next {
            let page: CsObjectPage = self.ask(
                server,
                &Operation::GetCsObjects {
                    connector,
                    start_index,
                    max_result_count: 500,
                    attributes: vec!["sourceAnchor".into(), "member".into(), "mS-DS-ConsistencyGuid".into()],
                    metaverse_attributes: vec!["cloudNoFlow".into()],
                },
            );
            objects.extend(page.objects);
            next = page.next_index;
        }
        objects
    }

    fn pending(&mut self, server: &str, connector: Uuid) -> Vec<PendingExport> {
        let operation = Operation::GetPendingExports { connector, start_index: 0, max_result_count: 500 };
        let page: PendingExportPage = self.ask(server, &operation);
        page.exports
    }

    /// The tenant's object for a directory object.
    fn cloud(&self, source: Uuid) -> Option<&CloudObject> {
        self.estate.world.tenant.by_anchor(&anchor_of(source))
    }

    fn cloud_text(&self, source: Uuid, attribute: &str) -> Option<String> {
        self.cloud(source)?.attributes.text(attribute).map(str::to_owned)
    }

    fn members(&self, group: Uuid) -> Vec<Uuid> {
        let tenant = &self.estate.world.tenant;
        let id = self.cloud(group).expect("a group in the tenant").id;
        let mut members: Vec<Uuid> =
            tenant.members(id).into_iter().filter_map(|member| tenant.get(member)?.source).collect();
        members.sort();
        members
    }

    /// Writes of a server since a point of the log.
    fn writes_since(&self, from: usize) -> Vec<WriteRecord> {
        self.estate.world.audit().writes().skip(from).map(|(_, write)| write.clone()).collect()
    }

    fn write_count(&self) -> usize {
        self.estate.world.audit().writes().count()
    }

    fn add_rule(&mut self, server: &str, rule: &Rule) -> Rule {
        self.ask(server, &Operation::AddRule { rule: Box::new(rule.clone()) })
    }

    /// Both no-flow rules of users and of groups for a unit.
    fn add_no_flow_rules(&mut self, server: &str, unit: &str) {
        for rule in no_flow_rules(unit) {
            self.add_rule(server, &rule);
        }
    }

    /// Import, full synchronization and export of everything, by run profile.
    fn full_synchronization(&mut self, server: &str) {
        for (connector, profile) in [
            (AD, RunProfile::FullImport),
            (ENTRA, RunProfile::FullImport),
            (AD, RunProfile::FullSynchronization),
            (ENTRA, RunProfile::FullSynchronization),
        ] {
            assert_eq!(self.run(server, connector, profile).result, "success", "{profile:?}");
        }
    }
}

pub(super) fn rule(
    name: &str,
    precedence: u32,
    direction: Direction,
    connector: Uuid,
    types: (&str, &str),
) -> Rule {
    Rule {
        identifier: Uuid::from_u128(0x0F0F << 64 | u128::from(precedence)),
        internal_identifier: Uuid::nil(),
        version: 0,
        name: name.to_owned(),
        description: String::new(),
        immutable_tag: String::new(),
        direction,
        disabled: false,
        connector,
        source_object_type: types.0.to_owned(),
        target_object_type: types.1.to_owned(),
        link_type: LinkType::Join,
        precedence,
        precedence_after: Uuid::nil(),
        precedence_before: Uuid::nil(),
        soft_delete_expiry_interval: "00:00:00".to_owned(),
        enable_password_sync: false,
        attribute_flows: Vec::new(),
        join_filter: Vec::new(),
        scope_filter: Vec::new(),
    }
}

fn condition(attribute: &str, operator: ScopeOperator, value: &str) -> ScopeCondition {
    ScopeCondition { attribute: attribute.to_owned(), operator, value: value.to_owned() }
}

fn constant(destination: &str, value: &str) -> AttributeFlow {
    AttributeFlow {
        destination: destination.to_owned(),
        source: FlowSource::Constant { value: value.to_owned() },
        merge: ValueMerge::Update,
        execute_once: false,
    }
}

pub(super) fn expression(destination: &str, text: &str) -> AttributeFlow {
    AttributeFlow {
        destination: destination.to_owned(),
        source: FlowSource::Expression { expression: text.to_owned(), attributes: Vec::new() },
        merge: ValueMerge::Update,
        execute_once: false,
    }
}

/// The rules of Microsoft's tutorial: inbound on the AD connector by name, outbound on the Entra connector.
fn no_flow_rules(unit: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (offset, directory, metaverse, cloud) in
        [(0, "user", "person", "user"), (1, "group", "group", "group")]
    {
        let mut inbound = rule("no flow in", 80 + offset, Direction::Inbound, AD, (directory, metaverse));
        inbound.attribute_flows = vec![constant("cloudNoFlow", "True")];
        inbound.scope_filter = vec![vec![condition("dn", ScopeOperator::EndsWith, unit)]];
        let mut outbound = rule("no flow out", 10 + offset, Direction::Outbound, ENTRA, (metaverse, cloud));
        outbound.link_type = LinkType::JoinNoFlow;
        outbound.scope_filter = vec![vec![condition("cloudNoFlow", ScopeOperator::Equal, "True")]];
        rules.extend([inbound, outbound]);
    }
    rules
}
