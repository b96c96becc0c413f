use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::clock::Intervals;
use crate::cloud_sync::{AD_TO_ENTRA_TEMPLATE, Job, ProvisioningAction};
use crate::directory::{Directory, NewObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::estate::Estate;
use crate::modes::Modes;
use crate::tenant::{CloudKind, CloudObject, Tenant};
use crate::value::{Attributes, Value};
use crate::world::World;

pub(super) const SALES: &str = "OU=Sales,DC=contoso,DC=com";
pub(super) const LAB: &str = "OU=Lab,OU=Sales,DC=contoso,DC=com";
pub(super) const PLANT: &str = "OU=Plant,DC=contoso,DC=com";

pub(super) fn dn(text: &str) -> DistinguishedName {
    text.parse().unwrap()
}

/// Two units with ten people each, a child unit with two, a group and a contact; a job that has not been started.
pub(super) struct Fixture {
    pub(super) estate: Estate,
    pub(super) principal: Uuid,
    pub(super) job: String,
    pub(super) hashes: String,
    pub(super) agent: Uuid,
    pub(super) group: Uuid,
    pub(super) sales: Vec<Uuid>,
    pub(super) plant: Vec<Uuid>,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::in_modes(Modes::default())
    }

    pub(super) fn in_modes(modes: Modes) -> Self {
        let start: Timestamp = "2026-11-02T06:00:00Z".parse().unwrap();
        let mut directory = Directory::new(&["contoso.com"], 1, start);
        for unit in [SALES, LAB, PLANT] {
            let new = NewObject {
                dn: dn(unit),
                class: ObjectClass::OrganizationalUnit,
                attributes: Attributes::new(),
            };
            directory.create(new, start).unwrap();
        }
        let person = |directory: &mut Directory, unit: &str, name: String| {
            let attributes = Attributes::new()
                .with("userAccountControl", 512_i64)
                .with("sAMAccountName", name.clone())
                .with("userPrincipalName", format!("{name}@contoso.com"))
                .with("displayName", name.clone())
                .with("title", "Clerk");
            let new = NewObject { dn: dn(unit).child("CN", &name), class: ObjectClass::User, attributes };
            directory.create(new, start).unwrap()
        };
        let sales: Vec<Uuid> = (0..10).map(|n| person(&mut directory, SALES, format!("sales{n}"))).collect();
        let plant: Vec<Uuid> = (0..10).map(|n| person(&mut directory, PLANT, format!("plant{n}"))).collect();
        for n in 0..2 {
            person(&mut directory, LAB, format!("lab{n}"));
        }
        let mut attributes =
            Attributes::new().with("displayName", "Everybody").with("groupType", -2_147_483_646_i64);
        attributes.set("member", [sales[0], sales[1], plant[0]].map(Value::Reference).to_vec());
        let new = NewObject {
            dn: dn("CN=Everybody").moved(&dn("CN=Everybody"), &dn(SALES).child("CN", "Everybody")).unwrap(),
            class: ObjectClass::Group,
            attributes,
        };
        let group = directory.create(new, start).unwrap();
        let attributes = Attributes::new().with("displayName", "Partner").with("mail", "p@partner.example");
        directory
            .create(
                NewObject { dn: dn(SALES).child("CN", "Partner"), class: ObjectClass::Contact, attributes },
                start,
            )
            .unwrap();

        let tenant = Tenant::new("contoso", &["contoso.com"], 1);
        let mut world = World::new(directory, tenant, Intervals::default(), 1);
        world.modes = modes;
        let mut estate = Estate::new(world, start);
        let agent = estate.with_cloud(|cloud, world, _| cloud.add_agent("agent01", &["contoso.com"], world));
        let principal = estate.with_cloud(|cloud, world, now| {
            cloud.instantiate(AD_TO_ENTRA_TEMPLATE, "contoso.com", world, now).unwrap().id
        });
        estate.advance(start + SignedDuration::from_mins(1));
        let job = estate.with_cloud(|cloud, world, now| {
            cloud.create_job(principal, "AD2AADProvisioning", world, now).unwrap().id.clone()
        });
        let hashes = estate.with_cloud(|cloud, world, now| {
            cloud.create_job(principal, "AD2AADPasswordHash", world, now).unwrap().id.clone()
        });
        Self { estate, principal, job, hashes, agent, group, sales, plant }
    }

    /// A fixture whose job serves `units` and has finished its initial cycle.
    pub(super) fn serving(units: &[&str]) -> Self {
        let mut fixture = Self::new();
        fixture.put_units(units);
        fixture.start();
        fixture.minutes(4);
        fixture
    }

    pub(super) fn minutes(&mut self, minutes: i64) {
        let to = self.estate.now() + SignedDuration::from_mins(minutes);
        self.estate.advance(to);
    }

    pub(super) fn job(&self) -> &Job {
        self.estate.cloud.job_by_id(&self.job).unwrap()
    }

    pub(super) fn put(&mut self, edit: impl FnOnce(&mut Json)) {
        let (principal, job) = (self.principal, self.job.clone());
        let mut document = self.job().document().clone();
        edit(&mut document["synchronizationRules"][0]);
        self.estate
            .with_cloud(|cloud, world, now| cloud.put_schema(principal, &job, document, world, now).unwrap());
    }

    pub(super) fn put_units(&mut self, units: &[&str]) {
        self.put(|rule| rule["containerFilter"]["includedContainers"] = json!(units));
    }

    pub(super) fn put_secret(&mut self, key: &str, value: &str) {
        let principal = self.principal;
        self.estate.with_cloud(|cloud, world, now| {
            let mut secrets = cloud.principal(principal, world, now).unwrap().visible_secrets();
            secrets.retain(|(held, _)| held != key);
            secrets.push((key.to_owned(), value.to_owned()));
            cloud.put_secrets(principal, secrets, world, now).unwrap();
        });
    }

    pub(super) fn threshold(&mut self, value: u32) {
        let text =
            format!("{{\"Enabled\":true,\"DeleteThresholdEnabled\":true,\"DeleteThresholdValue\":{value}}}");
        self.put_secret("SyncNotificationSettings", &text);
    }

    pub(super) fn start(&mut self) {
        let (principal, job) = (self.principal, self.job.clone());
        self.estate.with_cloud(|cloud, world, now| cloud.start_job(principal, &job, world, now).unwrap());
    }

    pub(super) fn start_hashes(&mut self) {
        let (principal, job) = (self.principal, self.hashes.clone());
        self.estate.with_cloud(|cloud, world, now| cloud.start_job(principal, &job, world, now).unwrap());
    }

    pub(super) fn pause(&mut self) {
        let (principal, job) = (self.principal, self.job.clone());
        self.estate.with_cloud(|cloud, world, now| cloud.pause_job(principal, &job, world, now).unwrap());
    }

    pub(super) fn restart(&mut self, scope: &str) {
        let (principal, job) = (self.principal, self.job.clone());
        self.estate
            .with_cloud(|cloud, world, now| cloud.restart_job(principal, &job, scope, world, now).unwrap());
    }

    pub(super) fn change(&mut self, act: impl FnOnce(&mut Directory, Timestamp)) {
        self.estate.with_world(|world, now| act(&mut world.directory, now));
    }

    pub(super) fn cloud(&self, source: Uuid) -> Option<&CloudObject> {
        self.estate.world.counterpart(source).and_then(|id| self.estate.world.tenant.get(id))
    }

    pub(super) fn live(&self, kind: CloudKind) -> usize {
        self.estate.world.tenant.of_kind(kind).count()
    }

    /// Numbers of entries in the provisioning log by action.
    pub(super) fn logged(&self, action: ProvisioningAction) -> usize {
        self.estate.cloud.provisioning_log(Timestamp::MAX).filter(|entry| entry.action == action).count()
    }
}
