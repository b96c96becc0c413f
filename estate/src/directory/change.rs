//! Changing the directory: create, modify, links, passwords, move and rename, delete, restore.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Directory, DirectoryChange, DirectoryError, DirectoryObject, Domain, LinkAttribute, NewObject,
    ObjectClass, Password,
};
use crate::dn::DistinguishedName;
use crate::value::{AttributeName, Attributes, Value};

impl Directory {
    pub(super) fn add_domain(&mut self, dns: &str, now: Timestamp) {
        let dn = DistinguishedName::of_domain(dns);
        let number = u32::try_from(self.domains.len()).unwrap_or(0);
        let netbios_name = dns.split('.').next().unwrap_or_default().to_uppercase();
        self.domains.push(Domain {
            dn: dn.clone(),
            dns_name: dns.to_owned(),
            netbios_name,
            sid: [1_004_336_348, 1_177_238_915, 682_003_330 + number],
            highest_usn: 4_096,
            next_rid: 1_103,
        });
        self.by_usn.push(std::collections::BTreeMap::new());
        self.insert(dn.clone(), ObjectClass::DomainDns, Attributes::new(), now);
        for container in ["Users", "Computers"] {
            let mut attributes = Attributes::new();
            attributes.put("isCriticalSystemObject", true);
            self.insert(dn.child("CN", container), ObjectClass::Container, attributes, now);
        }
    }

    /// Creates an object. People and groups get `objectSid` and, if missing, `sAMAccountName`; people a password.
    ///
    /// # Errors
    /// If the name is taken, its container missing, or a link points nowhere.
    pub fn create(&mut self, new: NewObject, now: Timestamp) -> Result<Uuid, DirectoryError> {
        let NewObject { dn, class, mut attributes } = new;
        if self.by_name.contains_key(&dn) {
            return Err(DirectoryError::AlreadyExists(dn));
        }
        if self.domain_of(&dn).is_none() {
            return Err(DirectoryError::ForeignDomain(dn));
        }
        self.container_above(&dn)?;
        for link in [LinkAttribute::Member, LinkAttribute::Manager, LinkAttribute::ManagedBy] {
            self.check_links(link, attributes.all(link.as_str()))?;
        }
        if matches!(class, ObjectClass::Group | ObjectClass::Computer) || class.is_person() {
            let sid = self.next_sid(&dn);
            attributes.set("objectSid", vec![Value::Binary(sid)]);
            if !attributes.has("sAMAccountName") {
                attributes.put("sAMAccountName", dn.name());
            }
        }
        Ok(self.insert(dn, class, attributes, now))
    }

    fn insert(
        &mut self,
        dn: DistinguishedName,
        class: ObjectClass,
        attributes: Attributes,
        now: Timestamp,
    ) -> Uuid {
        let guid = self.identifiers.next_id();
        let password = class.is_person().then_some(Password { version: 1, set_at: now, must_change: false });
        let links: Vec<(LinkAttribute, Uuid)> = links_in(&attributes).collect();
        let object = DirectoryObject {
            guid,
            dn: dn.clone(),
            class,
            attributes,
            usn_created: 0,
            usn_changed: 0,
            when_created: now,
            when_changed: now,
            deleted_at: None,
            password,
        };
        self.objects.insert(guid, object);
        self.by_name.insert(dn.clone(), guid);
        self.stamp(guid, now);
        if let Some(object) = self.objects.get_mut(&guid) {
            object.usn_created = object.usn_changed;
        }
        self.changes.push(DirectoryChange::Created { at: now, source: guid, class, dn, restored: false });
        for (link, target) in links {
            self.back_links.entry(target).or_default().insert((guid, link));
            if link == LinkAttribute::Member {
                self.changes.push(DirectoryChange::MemberAdded { at: now, group: guid, member: target });
            }
        }
        guid
    }

    /// Replaces values of attributes; no values clears one. Links are given as references and checked.
    ///
    /// # Errors
    /// If the object is unknown or a link points nowhere.
    pub fn modify(
        &mut self,
        guid: Uuid,
        values: Attributes,
        cleared: &[&str],
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        self.expect_alive(guid)?;
        for (name, values) in values.iter() {
            if let Some(link) = LinkAttribute::parse(name.as_str()) {
                self.check_links(link, values)?;
            }
        }
        let mut touched = false;
        let clears = cleared.iter().map(|name| (AttributeName::from(*name), Vec::new()));
        for (name, values) in values.into_iter().chain(clears) {
            touched |= match LinkAttribute::parse(name.as_str()) {
                Some(link) => self.set_links(guid, link, &values, now),
                None => self.objects.get_mut(&guid).is_some_and(|object| object.attributes.set(name, values)),
            };
        }
        if touched {
            self.stamp(guid, now);
        }
        Ok(())
    }

    /// Adds a member to a group. True if it was none before.
    ///
    /// # Errors
    /// If either is unknown.
    pub fn add_member(&mut self, group: Uuid, member: Uuid, now: Timestamp) -> Result<bool, DirectoryError> {
        let mut values = self.expect_alive(group)?.attributes.all("member").to_vec();
        if values.contains(&Value::Reference(member)) {
            return Ok(false);
        }
        values.push(Value::Reference(member));
        self.modify(group, [("member".into(), values)].into_iter().collect(), &[], now)?;
        Ok(true)
    }

    /// Removes a member from a group. True if it was one.
    ///
    /// # Errors
    /// If the group is unknown.
    pub fn remove_member(
        &mut self,
        group: Uuid,
        member: Uuid,
        now: Timestamp,
    ) -> Result<bool, DirectoryError> {
        let before = self.expect_alive(group)?.attributes.all("member").to_vec();
        let after: Vec<Value> = before.iter().filter(|v| **v != Value::Reference(member)).cloned().collect();
        let changed = after.len() != before.len();
        if after.is_empty() {
            self.modify(group, Attributes::new(), &["member"], now)?;
        } else {
            self.modify(group, [("member".into(), after)].into_iter().collect(), &[], now)?;
        }
        Ok(changed)
    }

    /// Sets a new password.
    ///
    /// # Errors
    /// If there is no such user.
    pub fn set_password(
        &mut self,
        guid: Uuid,
        must_change: bool,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        self.expect_alive(guid)?;
        let missing = || DirectoryError::NoSuchObject(guid.to_string());
        let object = self.objects.get_mut(&guid).ok_or_else(missing)?;
        let password = object.password.as_mut().ok_or_else(missing)?;
        *password = Password { version: password.version + 1, set_at: now, must_change };
        self.stamp(guid, now);
        Ok(())
    }

    /// Gives an object another name, in the same domain: rename, move, or both. Everything below a container follows.
    ///
    /// # Errors
    /// If the object or the new container is unknown, the name taken, or the domain another one.
    pub fn rename(
        &mut self,
        guid: Uuid,
        to: DistinguishedName,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let from = self.expect_alive(guid)?.dn.clone();
        if self.by_name.get(&to).is_some_and(|held| *held != guid) {
            return Err(DirectoryError::AlreadyExists(to));
        }
        if from.domain() != to.domain() {
            return Err(DirectoryError::ForeignDomain(to));
        }
        self.container_above(&to)?;
        let moved: Vec<(Uuid, DistinguishedName)> = self
            .under(&from)
            .filter_map(|object| Some((object.guid, object.dn.moved(&from, &to)?)))
            .collect();
        for (id, _) in &moved {
            if let Some(object) = self.objects.get(id) {
                self.by_name.remove(&object.dn);
            }
        }
        for (id, name) in moved {
            if let Some(object) = self.objects.get_mut(&id) {
                object.dn = name.clone();
            }
            self.by_name.insert(name, id);
        }
        self.stamp(guid, now);
        self.changes.push(DirectoryChange::Moved { at: now, source: guid, dn: to });
        Ok(())
    }

    /// Deletes an object: it goes to the recycle bin, and links to and from it are gone.
    ///
    /// # Errors
    /// If it is unknown or a container with content.
    pub fn delete(&mut self, guid: Uuid, now: Timestamp) -> Result<(), DirectoryError> {
        let dn = self.expect_alive(guid)?.dn.clone();
        if self.under(&dn).nth(1).is_some() {
            return Err(DirectoryError::NotEmpty(dn));
        }
        let holders: Vec<(Uuid, LinkAttribute)> =
            self.back_links.get(&guid).into_iter().flatten().copied().collect();
        for (holder, link) in holders {
            let held = self
                .get(holder)
                .map(|object| object.attributes.all(link.as_str()).to_vec())
                .unwrap_or_default();
            let rest: Vec<Value> =
                held.into_iter().filter(|value| *value != Value::Reference(guid)).collect();
            self.set_links(holder, link, &rest, now);
            self.stamp(holder, now);
        }
        for link in [LinkAttribute::Member, LinkAttribute::Manager, LinkAttribute::ManagedBy] {
            self.set_links(guid, link, &[], now);
        }
        self.by_name.remove(&dn);
        if let Some(object) = self.objects.get_mut(&guid) {
            object.deleted_at = Some(now);
        }
        self.stamp(guid, now);
        self.changes.push(DirectoryChange::Deleted { at: now, source: guid });
        Ok(())
    }

    /// Brings a deleted object back under its last name, without its memberships.
    ///
    /// # Errors
    /// If it is not deleted, its container is gone or its name taken.
    pub fn restore(&mut self, guid: Uuid, now: Timestamp) -> Result<(), DirectoryError> {
        let object = self.get(guid).filter(|object| !object.is_alive());
        let (dn, class) = object
            .map(|o| (o.dn.clone(), o.class))
            .ok_or_else(|| DirectoryError::NoSuchObject(guid.to_string()))?;
        if self.by_name.contains_key(&dn) {
            return Err(DirectoryError::AlreadyExists(dn));
        }
        self.container_above(&dn)?;
        if let Some(object) = self.objects.get_mut(&guid) {
            object.deleted_at = None;
        }
        self.by_name.insert(dn.clone(), guid);
        self.stamp(guid, now);
        self.changes.push(DirectoryChange::Created { at: now, source: guid, class, dn, restored: true });
        Ok(())
    }

    /// Opens a unit to the provisioning agents or closes it.
    pub fn set_readable(&mut self, unit: Uuid, readable: bool) {
        if readable {
            self.unreadable.remove(&unit);
        } else {
            self.unreadable.insert(unit);
        }
    }

    fn expect_alive(&self, guid: Uuid) -> Result<&DirectoryObject, DirectoryError> {
        self.alive(guid).ok_or_else(|| DirectoryError::NoSuchObject(guid.to_string()))
    }

    fn container_above(&self, dn: &DistinguishedName) -> Result<(), DirectoryError> {
        let above = dn.parent().and_then(|parent| self.by_dn(&parent));
        if above.is_some_and(|object| object.class.is_container()) {
            return Ok(());
        }
        Err(DirectoryError::NoContainer(dn.clone()))
    }

    fn check_links(&self, link: LinkAttribute, values: &[Value]) -> Result<(), DirectoryError> {
        for value in values {
            if value.as_reference().and_then(|target| self.alive(target)).is_none() {
                return Err(DirectoryError::BadLink {
                    attribute: link.as_str().to_owned(),
                    value: value.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Sets a link attribute and keeps the back links. True if it changed.
    fn set_links(&mut self, holder: Uuid, link: LinkAttribute, values: &[Value], now: Timestamp) -> bool {
        let Some(object) = self.objects.get_mut(&holder) else { return false };
        let before: Vec<Uuid> =
            object.attributes.all(link.as_str()).iter().filter_map(Value::as_reference).collect();
        let after: Vec<Uuid> = values.iter().filter_map(Value::as_reference).collect();
        object.attributes.set(link.as_str(), after.iter().copied().map(Value::Reference).collect());
        let (old, new): (std::collections::BTreeSet<_>, std::collections::BTreeSet<_>) =
            (before.into_iter().collect(), after.into_iter().collect());
        for member in old.difference(&new).copied() {
            if let Some(links) = self.back_links.get_mut(&member) {
                links.remove(&(holder, link));
            }
            if link == LinkAttribute::Member {
                self.changes.push(DirectoryChange::MemberRemoved { at: now, group: holder, member });
            }
        }
        for member in new.difference(&old).copied() {
            self.back_links.entry(member).or_default().insert((holder, link));
            if link == LinkAttribute::Member {
                self.changes.push(DirectoryChange::MemberAdded { at: now, group: holder, member });
            }
        }
        old != new
    }

    /// Gives the object the next update number of its domain.
    fn stamp(&mut self, guid: Uuid, now: Timestamp) {
        let Some(object) = self.objects.get_mut(&guid) else { return };
        let head = object.dn.domain();
        let Some(at) = self.domains.iter().position(|domain| domain.dn == head) else { return };
        let (Some(domain), Some(sequence)) = (self.domains.get_mut(at), self.by_usn.get_mut(at)) else {
            return;
        };
        domain.highest_usn += 1;
        sequence.remove(&object.usn_changed);
        object.usn_changed = domain.highest_usn;
        object.when_changed = now;
        sequence.insert(domain.highest_usn, guid);
    }

    /// A new security identifier of the domain, in its binary form.
    fn next_sid(&mut self, dn: &DistinguishedName) -> Vec<u8> {
        let head = dn.domain();
        let mut sid = vec![1, 5, 0, 0, 0, 0, 0, 5];
        if let Some(domain) = self.domains.iter_mut().find(|domain| domain.dn == head) {
            domain.next_rid += 1;
            let [a, b, c] = domain.sid;
            for part in [21, a, b, c, domain.next_rid] {
                sid.extend(part.to_le_bytes());
            }
        }
        sid
    }
}

fn links_in(attributes: &Attributes) -> impl Iterator<Item = (LinkAttribute, Uuid)> {
    [LinkAttribute::Member, LinkAttribute::Manager, LinkAttribute::ManagedBy].into_iter().flat_map(|link| {
        attributes.all(link.as_str()).iter().filter_map(Value::as_reference).map(move |target| (link, target))
    })
}
