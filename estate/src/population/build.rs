//! Organisations: units with people, groups that reach across them, contacts and computers.

use jiff::Timestamp;
use uuid::Uuid;

use super::names::{GIVEN, SURNAMES, TOPICS, ascii};
use super::people::{contact, free_logon, make_containers, new_person, service_account};
use super::random::Random;
use crate::directory::{Directory, DirectoryError, NewObject, ObjectClass};
use crate::dn::DistinguishedName;
use crate::value::{Attributes, Value};

/// Global security group (`groupType`).
const SECURITY_GROUP: i64 = -2_147_483_646;
/// Universal security group.
const UNIVERSAL_SECURITY_GROUP: i64 = -2_147_483_640;
/// Universal distribution group.
const DISTRIBUTION_GROUP: i64 = 8;
/// Workstation account.
const WORKSTATION: i64 = 4096;

/// Name of the empty unit below each unit that can be moved, for test objects.
pub const PROBE_UNIT: &str = "Probe";

/// How many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// People.
    pub users: usize,
    /// Groups; their members come from the whole organisation.
    pub groups: usize,
    /// Contacts.
    pub contacts: usize,
    /// Computers.
    pub computers: usize,
}

/// One organizational unit and what it holds.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its name; units above it are made as needed.
    pub dn: DistinguishedName,
    /// Child units; people are spread over the unit and its children.
    pub children: Vec<String>,
    /// Its content.
    pub size: Size,
    /// Its users are service accounts: no mail, no manager, member of nothing.
    pub service_accounts: bool,
    /// Its groups have members of its own only, and its people managers: who goes first is chosen so that little refers to those
    /// who do not.
    pub self_contained: bool,
}

/// An organisation.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// DNS names of the domains, the forest's root first.
    pub domains: Vec<String>,
    /// Suffix of user principal names and addresses.
    pub suffix: String,
    /// Its units.
    pub units: Vec<Unit>,
}

/// Who is there already while the organisation is built.
struct Roster {
    /// Person and unit by index.
    people: Vec<(Uuid, usize)>,
    /// Group and unit by index.
    groups: Vec<(Uuid, usize)>,
    taken: std::collections::BTreeSet<String>,
}

impl Organisation {
    /// The demo: 1,200 people in five units of two domains, 80 groups across them, 40 contacts, 20 computers; and beside
    /// them a unit with service accounts that nothing synchronizes.
    pub fn demo() -> Self {
        let unit = |name: &str, domain: &str, children: &[&str], size: Size| Unit {
            dn: DistinguishedName::of_domain(domain).child("OU", name),
            children: children.iter().map(|child| (*child).to_owned()).collect(),
            size,
            service_accounts: false,
            self_contained: name == "Pilot",
        };
        let size = |users, groups, contacts, computers| Size { users, groups, contacts, computers };
        let (root, emea) = ("contoso.com", "emea.contoso.com");
        let mut units = vec![
            unit("Pilot", root, &[], size(60, 6, 4, 2)),
            unit("Sales", root, &["Field", "Inside"], size(300, 20, 12, 4)),
            unit("Engineering", root, &["Platform", "Research"], size(340, 22, 8, 6)),
            unit("Operations", emea, &["Plants", "Logistics"], size(280, 18, 8, 4)),
            unit("Finance", emea, &["Controlling"], size(220, 14, 8, 4)),
        ];
        units.push(Unit {
            dn: DistinguishedName::of_domain(root).child("OU", "Service Accounts"),
            children: Vec::new(),
            size: size(24, 0, 0, 0),
            service_accounts: true,
            self_contained: true,
        });
        Self { domains: vec![root.to_owned(), emea.to_owned()], suffix: root.to_owned(), units }
    }

    /// The organisation reduced to about one person in `divisor`, at least one of each kind that was there.
    #[must_use]
    pub fn reduced(mut self, divisor: usize) -> Self {
        let less = |count: usize| if count == 0 { 0 } else { (count / divisor.max(1)).max(1) };
        for unit in &mut self.units {
            let Size { users, groups, contacts, computers } = unit.size;
            unit.size = Size {
                users: less(users).max(2.min(users)),
                groups: less(groups),
                contacts: less(contacts),
                computers: less(computers),
            };
        }
        self
    }

    /// An organisation that fills given units, such as the inclusion list of an exported configuration, evenly.
    pub fn filling(inclusion: &[DistinguishedName], size: Size, suffix: &str) -> Self {
        let mut domains: Vec<String> = Vec::new();
        for dn in inclusion {
            let domain = dn.dns_domain();
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        // The forest's root is the shortest name.
        domains.sort_by_key(|domain| (domain.len(), domain.clone()));
        // A unit below another one of the list is filled through that one.
        let tops: Vec<&DistinguishedName> = inclusion
            .iter()
            .filter(|dn| !inclusion.iter().any(|other| other != *dn && dn.is_under(other)))
            .collect();
        let count = tops.len().max(1);
        let share = |total: usize, at: usize| total / count + usize::from(at < total % count);
        let units = tops.iter().enumerate().map(|(at, dn)| Unit {
            dn: (*dn).clone(),
            children: Vec::new(),
            size: Size {
                users: share(size.users, at),
                groups: share(size.groups, at),
                contacts: share(size.contacts, at),
                computers: share(size.computers, at),
            },
            service_accounts: false,
            self_contained: at == 0,
        });
        Self { domains, suffix: suffix.to_owned(), units: units.collect() }
    }

    /// The forest with everybody in it.
    ///
    /// # Errors
    /// If the organisation names a unit outside its domains.
    pub fn build(&self, seed: u64, now: Timestamp) -> Result<Directory, DirectoryError> {
        let domains: Vec<&str> = self.domains.iter().map(String::as_str).collect();
        let mut directory = Directory::new(&domains, seed, now);
        self.fill(&mut directory, seed, now)?;
        Ok(directory)
    }

    /// Puts everybody into an existing forest.
    ///
    /// # Errors
    /// If the organisation names a unit outside the forest's domains.
    pub fn fill(&self, directory: &mut Directory, seed: u64, now: Timestamp) -> Result<(), DirectoryError> {
        let mut random = Random::new(seed);
        let mut people =
            Roster { people: Vec::new(), groups: Vec::new(), taken: std::collections::BTreeSet::new() };
        for (index, unit) in self.units.iter().enumerate() {
            make_containers(directory, &unit.dn, now)?;
            if !unit.service_accounts {
                make_containers(directory, &unit.dn.child("OU", PROBE_UNIT), now)?;
            }
            let mut homes = vec![unit.dn.clone()];
            for child in &unit.children {
                let dn = unit.dn.child("OU", child);
                make_containers(directory, &dn, now)?;
                homes.push(dn);
            }
            for number in 0..unit.size.users {
                let Some(home) = homes.get(number % homes.len()).cloned() else { continue };
                if unit.service_accounts {
                    service_account(directory, &home, number, &self.suffix, now)?;
                } else {
                    let person = self.person(directory, &home, &mut random, &mut people, now)?;
                    people.people.push((person, index));
                }
            }
            for number in 0..unit.size.groups {
                let group = self.group(directory, unit, number, now)?;
                people.groups.push((group, index));
            }
            for number in 0..unit.size.contacts {
                contact(directory, unit, number, now)?;
            }
            for number in 0..unit.size.computers {
                let name = format!("{}-{:03}", ascii(unit.dn.name()), number + 1).to_uppercase();
                let attributes = Attributes::new()
                    .with("userAccountControl", WORKSTATION)
                    .with("sAMAccountName", format!("{name}$"))
                    .with("dNSHostName", format!("{}.{}", name.to_lowercase(), unit.dn.dns_domain()));
                let dn = unit.dn.child("CN", &name);
                directory.create(NewObject { dn, class: ObjectClass::Computer, attributes }, now)?;
            }
        }
        self.manage(directory, &people, now)?;
        self.populate_groups(directory, &people, &mut random, now)
    }

    fn person(
        &self,
        directory: &mut Directory,
        home: &DistinguishedName,
        random: &mut Random,
        people: &mut Roster,
        now: Timestamp,
    ) -> Result<Uuid, DirectoryError> {
        let given = random.pick(&GIVEN).copied().unwrap_or_default();
        let surname = random.pick(&SURNAMES).copied().unwrap_or_default();
        let logon = free_logon(given, surname, |logon| !people.taken.contains(logon));
        people.taken.insert(logon.clone());
        let new = new_person(home, given, surname, &logon, &self.suffix, random);
        let person = directory.create(new, now)?;
        Ok(person)
    }

    fn group(
        &self,
        directory: &mut Directory,
        unit: &Unit,
        number: usize,
        now: Timestamp,
    ) -> Result<Uuid, DirectoryError> {
        let topic = TOPICS.get(number % TOPICS.len()).copied().unwrap_or_default();
        let round = number / TOPICS.len();
        let suffix = if round == 0 { String::new() } else { format!(" {}", round + 1) };
        let name = format!("{} {topic}{suffix}", unit.dn.name());
        let mut attributes = Attributes::new()
            .with("displayName", name.clone())
            .with("description", format!("{topic} of {}", unit.dn.name()));
        let kind = match number % 4 {
            0 => UNIVERSAL_SECURITY_GROUP,
            3 => DISTRIBUTION_GROUP,
            _ => SECURITY_GROUP,
        };
        attributes.put("groupType", kind);
        if matches!(number % 4, 0 | 3) {
            let nickname = ascii(&name);
            let address = format!("{nickname}@{}", self.suffix);
            attributes.put("mailNickname", nickname);
            attributes.put("mail", address.clone());
            attributes.put("proxyAddresses", format!("SMTP:{address}"));
        }
        let dn = unit.dn.child("CN", &name);
        directory.create(NewObject { dn, class: ObjectClass::Group, attributes }, now)
    }

    /// In each unit the first of every ten leads the other nine; leads report to the first person of all, across units
    /// and domains.
    fn manage(
        &self,
        directory: &mut Directory,
        people: &Roster,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let head = people.people.first().map(|(id, _)| *id);
        for index in 0..self.units.len() {
            let own: Vec<Uuid> =
                people.people.iter().filter(|(_, unit)| *unit == index).map(|(id, _)| *id).collect();
            for team in own.chunks(10) {
                let lead = team.first().copied();
                for person in team {
                    let manager = if Some(*person) == lead { head } else { lead };
                    if let Some(manager) = manager.filter(|manager| manager != person) {
                        directory.modify(*person, Attributes::new().with("manager", manager), &[], now)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Two thirds of the members from the group's unit, most others from the domain, some from another domain; every
    /// eighth group is a member of the one before it. All from the unit where it is self-contained.
    fn populate_groups(
        &self,
        directory: &mut Directory,
        people: &Roster,
        random: &mut Random,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let domain = |unit: usize| self.units.get(unit).map(|unit| unit.dn.domain());
        let mut before: Option<(Uuid, usize)> = None;
        for (number, (group, unit)) in people.groups.iter().enumerate() {
            let near: Vec<Uuid> =
                people.people.iter().filter(|(_, u)| u == unit).map(|(id, _)| *id).collect();
            let same = |u: usize| domain(u) == domain(*unit) && u != *unit;
            let around: Vec<Uuid> =
                people.people.iter().filter(|(_, u)| same(*u)).map(|(id, _)| *id).collect();
            let other = |u: usize| domain(u) != domain(*unit);
            let far: Vec<Uuid> = people.people.iter().filter(|(_, u)| other(*u)).map(|(id, _)| *id).collect();
            let mixed = self.units.get(*unit).is_none_or(|unit| !unit.self_contained);
            let universal =
                directory.get(*group).and_then(|g| g.attributes.integer("groupType")) != Some(SECURITY_GROUP);
            let mut members: Vec<Uuid> = Vec::new();
            for _ in 0..12 + random.below(24) {
                let pool = match random.below(100) {
                    66..90 if mixed => &around,
                    90.. if mixed && universal => &far,
                    _ => &near,
                };
                if let Some(member) = random.pick(pool)
                    && !members.contains(member)
                {
                    members.push(*member);
                }
            }
            if let Some((inner, inner_unit)) = before.filter(|_| number % 8 == 7)
                && domain(inner_unit) == domain(*unit)
                && (mixed || inner_unit == *unit)
            {
                members.push(inner);
            }
            if !members.is_empty() {
                let values = members.into_iter().map(Value::Reference).collect();
                directory.modify(*group, [("member".into(), values)].into_iter().collect(), &[], now)?;
            }
            before = Some((*group, *unit));
        }
        Ok(())
    }
}
