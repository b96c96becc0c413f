//! A simulated estate, read from both sides the way the product reads it: the tenant through Graph over HTTP, the directory through
//! the agent's reader and the ADSync host protocol. The clock is moved by hand.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use adsync::protocol::Operation;
use agent::host::{AdsyncHost, Calls, HostCallError, operation_name};
use agent::listing::{self, Reader};
use agent::watch::{Engine, Watching};
use agent::{directory, space};
use crds::DistinguishedName;
use crds::sync_agent::watch::WatchInventory;
use estate::Writer;
use estate::directory::{DirectoryObject, ObjectClass};
use estate::engine::Answer;
use estate::scenario::{ACTIVE_SERVER, ScenarioKind, ScenarioOptions, build};
use estate::serve::{ClockSource, Handle, Running, Shared, start};
use estate::tenant::{AttributeChange, CloudObject, ObjectWrite, ValueChange, WriteOperation};
use estate::value::Value;
use futures::future::BoxFuture;
use graph::resources::TenantId;
use graph::value::Sensitive;
use graph::{BaseUrl, ClientSecret, Clock, Config, GraphClient, HttpOptions, HttpTransport};
use jiff::{SignedDuration, Timestamp};
use parity::compare::{CompareOptions, Expectation, OrphanSearch};
use parity::{
    CloudIndex, DigestKey, DomainMappings, MappingSet, ObjectKey, ParityReport, Prediction, ScopeListing,
    SecurityIdentifier, SourceAnchor,
};
use uuid::Uuid;

use crate::cloud::change::{self, Written};
use crate::cloud::configuration::{self, Configuration};
use crate::cloud::objects;

/// Waiting on this clock moves the estate.
#[derive(Clone)]
struct EstateClock(Shared);

impl Clock for EstateClock {
    fn now(&self) -> Timestamp {
        self.0.with(|running| running.estate.now())
    }

    fn sleep(&self, length: Duration) -> BoxFuture<'_, ()> {
        self.0.advance(SignedDuration::try_from(length).expect("a short wait"));
        Box::pin(std::future::ready(()))
    }
}

/// The active sync server's ADSync host.
struct Host(Shared);

impl AdsyncHost for Host {
    async fn call(&mut self, operation: Operation) -> Result<serde_json::Value, HostCallError> {
        let name = operation_name(&operation);
        match self.0.with(|running| running.estate.handle(ACTIVE_SERVER, &operation)) {
            Some(Answer::Now(Ok(value))) => Ok(value),
            Some(Answer::Now(Err(error))) => Err(HostCallError::Refused { operation: name, error }),
            Some(Answer::WhenRunEnds(_)) | None => {
                Err(HostCallError::Lost { operation: name, detail: "answers later or never".to_owned() })
            }
        }
    }
}

pub(super) struct Rig {
    handle: Handle,
    pub(super) client: GraphClient,
    pub(super) key: DigestKey,
}

impl Rig {
    /// Serves an estate of which nobody changes anything meanwhile.
    pub(super) async fn start(kind: ScenarioKind) -> Self {
        let options =
            ScenarioOptions { kind, seed: 7, speed_factor: 1, keep_build: false, device_sync: false };
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().expect("an instant");
        let t0 = std::time::Instant::now();
        let mut scenario = build(&options, now).expect("built");
        println!("build {:?}", t0.elapsed());
        scenario.estate.script = estate::population::Script::default();
        let handle = start(scenario, ClockSource::Manual).await.expect("listening");
        let addresses = handle.addresses();
        let url = |text: &str| BaseUrl::parse(text).expect("a URL");
        let config = Config::for_endpoints(
            TenantId::new(addresses.tenant_id.to_string()),
            url(&addresses.login_url),
            url(&addresses.graph_url),
        );
        let transport = HttpTransport::new(&HttpOptions::default()).expect("TLS");
        let secret = ClientSecret::new(
            addresses.client_id.to_string(),
            Sensitive::new(addresses.client_secret.as_str()),
        );
        let client = GraphClient::new(config, transport, secret, EstateClock(handle.shared().clone()));
        Self { handle, client, key: DigestKey::new([7; 32]) }
    }

    pub(super) async fn small() -> Self {
        Self::start(ScenarioKind::Small).await
    }

    /// The sample of a real export; `None` where it is not there.
    pub(super) async fn contoso() -> Option<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/contoso-export");
        if !folder.is_dir() {
            println!("skipped: ../shared is not here");
            return None;
        }
        Some(Self::start(ScenarioKind::Export(folder)).await)
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Running) -> T) -> T {
        self.handle.shared().with(act)
    }

    pub(super) fn advance(&self, by: SignedDuration) {
        self.handle.shared().advance(by);
    }

    /// Units that can be moved one by one.
    pub(super) fn units(&self) -> Vec<DistinguishedName> {
        let units = &self.handle.addresses().organizational_units;
        units.iter().map(|unit| DistinguishedName::parse(unit).expect("a name")).collect()
    }

    /// The configuration of a unit's domain, made as the operator makes it where there is none.
    pub(super) async fn configuration(&self, unit: &DistinguishedName) -> Configuration {
        let domain = unit.domain().expect("a domain");
        change::prepare(&self.client, &domain, 5).await.expect("prepared");
        let all = configuration::read_all(&self.client).await.expect("read");
        all.into_iter().find(|found| found.domain.eq_ignore_ascii_case(&domain)).expect("the one just made")
    }

    pub(super) async fn mappings(&self, unit: &DistinguishedName) -> MappingSet {
        self.configuration(unit).await.mappings().expect("readable").expect("a schema")
    }

    /// What the agent sends for a unit, through its encoding.
    pub(super) async fn listing(&self, unit: &DistinguishedName, mappings: &MappingSet) -> ScopeListing {
        let mut host = Host(self.handle.shared().clone());
        let mut calls = Calls(&mut host);
        let exported = space::read(&mut calls).await.expect("the Entra connector space");
        let connectors = calls.connectors().await.expect("connectors");
        let interval = calls.scheduler().await.expect("a scheduler").currently_effective_sync_cycle_interval;
        let now = self.with(|running| running.estate.now());
        let mapping_digest = mappings.digest();
        let mappings = &DomainMappings::new([(unit.domain().expect("a domain"), mappings.clone())]);
        let reader = Reader {
            mappings,
            key: &self.key,
            exported: listing::by_name(&exported),
            domains: directory::domains(&connectors),
            recent_since: listing::recent_since(now, Some(interval)),
        };
        let listing = ScopeListing {
            scope: unit.as_str().to_owned(),
            epoch: 1,
            key_id: self.key.id(),
            mapping_digest,
            objects: reader.read(&mut calls, &[unit]).await.expect("the unit's objects"),
        };
        ScopeListing::decode(&listing.encode().expect("encoded")).expect("decoded")
    }

    /// What the agent sees of watched scopes while the engine rests, with our rules on it.
    pub(super) async fn look(&self, watching: &mut Watching) -> WatchInventory {
        let mut host = Host(self.handle.shared().clone());
        let mut calls = Calls(&mut host);
        let connectors = calls.connectors().await.expect("connectors");
        let engine = Engine { connectors: &connectors, rules: &["sales".into()], rests: true };
        let now = self.with(|running| running.estate.now());
        watching.look(&mut calls, engine, now, true).await.expect("read").expect("something is watched")
    }

    /// Users whose name, as it was last exported, lies in a unit.
    pub(super) async fn users_below(&self, unit: &DistinguishedName) -> BTreeSet<ObjectKey> {
        let units = std::slice::from_ref(unit);
        objects::index_below(&self.client, &self.key, units).await.expect("the tenant's objects").1
    }

    pub(super) async fn cloud(&self) -> CloudIndex {
        objects::index(&self.client, &self.key).await.expect("the tenant's objects")
    }

    /// What the job's mappings, or others, would do to a unit of which the job holds `served` already.
    pub(super) async fn predict_with(
        &self,
        unit: &DistinguishedName,
        mappings: &MappingSet,
        served: &BTreeSet<ObjectKey>,
    ) -> Prediction {
        let mut listing = self.listing(unit, mappings).await;
        objects::take_out_contacts(&mut listing);
        parity::predict(&listing, &self.cloud().await, served).expect("one key")
    }

    /// What would happen to a unit that is the first of its job.
    pub(super) async fn predict(&self, unit: &DistinguishedName) -> Prediction {
        self.predict_with(unit, &self.mappings(unit).await, &BTreeSet::new()).await
    }

    /// How a unit compares.
    pub(super) async fn compare(&self, unit: &DistinguishedName, expectation: Expectation) -> ParityReport {
        let mut listing = self.listing(unit, &self.mappings(unit).await).await;
        objects::take_out_contacts(&mut listing);
        let options = CompareOptions { expectation, orphans: OrphanSearch::Off };
        parity::compare(&listing, &self.cloud().await, &options).expect("one key")
    }

    /// From here on nothing in the tenant is Connect's doing.
    pub(super) fn hold_connect(&self) {
        self.with(|running| {
            running.estate.with_world(|world, now| world.set_scheduler(Some(false), None, now));
        });
    }

    /// Adds a unit to its domain's job, and waits until the job has been through with it.
    pub(super) async fn take_over(&self, unit: &DistinguishedName) {
        let configuration = self.configuration(unit).await;
        let expected = configuration.containers().expect("containers");
        let wanted: Vec<DistinguishedName> = expected.iter().chain([unit]).cloned().collect();
        let written = change::set_containers(&self.client, &configuration, &expected, &wanted).await;
        assert_eq!(written.expect("written"), Written::Yes);
        self.advance(SignedDuration::from_mins(30));
    }

    /// An object of the directory by class and position below a unit, in the order of names.
    pub(super) fn directory_object(
        &self,
        unit: &DistinguishedName,
        class: ObjectClass,
        position: usize,
    ) -> DirectoryObject {
        self.with(|running| {
            let base = unit.as_str().parse().expect("a name");
            let directory = &running.estate.world.directory;
            let mut found: Vec<_> = directory.under(&base).filter(|object| object.class == class).collect();
            found.sort_by_key(|object| object.dn.to_string());
            found.get(position).map(|object| (*object).clone()).expect("so many")
        })
    }

    /// The copy of a directory object in the tenant.
    pub(super) fn copy(&self, source: &DirectoryObject) -> CloudObject {
        self.with(|running| {
            running.estate.world.tenant.by_source(source.guid).cloned().expect("synchronised")
        })
    }

    /// Changes references of an object in the tenant only, behind the back of every engine.
    pub(super) fn refer_in_the_cloud(&self, source: &DirectoryObject, attribute: &str, to: &[Uuid]) {
        let anchor = self.copy(source).anchor.expect("an anchor");
        let values = to.iter().copied().map(Value::Reference).collect();
        let change = AttributeChange { name: attribute.into(), change: ValueChange::Replace(values) };
        let operation = WriteOperation::Update { changes: vec![change] };
        let write = ObjectWrite { anchor, source: Some(source.guid), operation };
        self.with(|running| {
            let nobody = Writer::connect("nobody");
            running.estate.with_world(|world, now| world.write(&nobody, &write, now)).expect("written");
        });
    }

    /// The key by which a user is compared.
    pub(super) fn user_key(&self, source: &DirectoryObject) -> ObjectKey {
        let anchor = self.copy(source).anchor.expect("an anchor");
        ObjectKey::Anchor(SourceAnchor::parse(&anchor).expect("an anchor"))
    }

    pub(super) async fn stop(self) {
        self.handle.stop().await.expect("stopped");
    }
}

/// The key by which a group is compared.
pub(super) fn group_key(group: &DirectoryObject) -> ObjectKey {
    match group.attributes.first("objectSid") {
        Some(Value::Binary(bytes)) => ObjectKey::Sid(SecurityIdentifier::from_bytes(bytes).expect("a SID")),
        other => panic!("expected a SID, found {other:?}"),
    }
}
