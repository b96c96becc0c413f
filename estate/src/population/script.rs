//! Everyday life: joiners, leavers, new passwords, new managers, at set times. Who it is, is chosen when it happens.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::names::{GIVEN, SURNAMES, TITLES};
use super::people::{free_logon, new_person};
use super::random::Random;
use crate::clock::{later, times};
use crate::directory::{Directory, DirectoryError, ObjectClass};
use crate::dn::DistinguishedName;
use crate::value::Attributes;
use crate::world::World;

/// Timed changes of the directory.
#[derive(Debug)]
pub struct Script {
    events: BTreeMap<Timestamp, Vec<ScriptedChange>>,
    random: Random,
    suffix: String,
    done: Vec<(Timestamp, String)>,
}

/// One timed change below a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptedChange {
    /// Somebody new, who joins a group.
    Joiner(DistinguishedName),
    /// Somebody's account is deleted.
    Leaver(DistinguishedName),
    /// Somebody has a new password.
    PasswordChange(DistinguishedName),
    /// Somebody has a new manager.
    ManagerChange(DistinguishedName),
    /// Somebody has a new title.
    TitleChange(DistinguishedName),
    /// Somebody joins or leaves a group.
    MembershipChange(DistinguishedName),
}

/// How busy people are.
#[derive(Debug, Clone)]
pub struct EverydayLife {
    /// The first change comes this long after the start, and so do the others after each other.
    pub every: SignedDuration,
    /// How many changes in all.
    pub changes: usize,
    /// Units in which they happen, in turn.
    pub units: Vec<DistinguishedName>,
    /// Suffix of new people's names.
    pub suffix: String,
}

impl Default for Script {
    fn default() -> Self {
        Self { events: BTreeMap::new(), random: Random::new(0), suffix: String::new(), done: Vec::new() }
    }
}

impl Script {
    /// Everyday life from `start` on: every kind of change in turn, in every unit in turn.
    pub fn everyday(life: &EverydayLife, seed: u64, start: Timestamp) -> Self {
        let mut script = Self { random: Random::new(seed), suffix: life.suffix.clone(), ..Self::default() };
        for number in 0..life.changes {
            let Some(unit) = life.units.get(number % life.units.len().max(1)).cloned() else { break };
            let change = match number % 6 {
                0 => ScriptedChange::PasswordChange(unit),
                1 => ScriptedChange::Joiner(unit),
                2 => ScriptedChange::ManagerChange(unit),
                3 => ScriptedChange::TitleChange(unit),
                4 => ScriptedChange::Leaver(unit),
                _ => ScriptedChange::MembershipChange(unit),
            };
            script.add(later(start, times(life.every, number + 1)), change);
        }
        script
    }

    /// Adds a change.
    pub fn add(&mut self, at: Timestamp, change: ScriptedChange) {
        self.events.entry(at).or_default().push(change);
    }

    /// When the next change is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.events.keys().next().copied()
    }

    /// Number of changes that are still to come.
    pub fn remaining(&self) -> usize {
        self.events.values().map(Vec::len).sum()
    }

    /// What has been done, for a person to read.
    pub fn done(&self) -> &[(Timestamp, String)] {
        &self.done
    }

    /// Carries out what is due. What cannot be done, because nobody is left in a unit, is left out.
    pub fn advance(&mut self, now: Timestamp, world: &mut World) {
        while let Some(entry) = self.events.first_entry().filter(|entry| *entry.key() <= now) {
            for change in entry.remove() {
                if let Ok(Some(line)) = self.carry_out(&change, &mut world.directory, now) {
                    self.done.push((now, line));
                }
            }
        }
    }

    fn carry_out(
        &mut self,
        change: &ScriptedChange,
        directory: &mut Directory,
        now: Timestamp,
    ) -> Result<Option<String>, DirectoryError> {
        match change {
            ScriptedChange::Joiner(unit) => self.join(unit, directory, now).map(Some),
            ScriptedChange::Leaver(unit) => {
                let Some((person, name)) = self.somebody(unit, directory) else { return Ok(None) };
                directory.delete(person, now)?;
                Ok(Some(format!("{name} left")))
            }
            ScriptedChange::PasswordChange(unit) => {
                let Some((person, name)) = self.somebody(unit, directory) else { return Ok(None) };
                directory.set_password(person, false, now)?;
                Ok(Some(format!("{name} has a new password")))
            }
            ScriptedChange::ManagerChange(unit) => {
                let Some((person, name)) = self.somebody(unit, directory) else { return Ok(None) };
                let Some((manager, boss)) = self.somebody(unit, directory).filter(|(id, _)| *id != person)
                else {
                    return Ok(None);
                };
                directory.modify(person, Attributes::new().with("manager", manager), &[], now)?;
                Ok(Some(format!("{name} now reports to {boss}")))
            }
            ScriptedChange::TitleChange(unit) => {
                let Some((person, name)) = self.somebody(unit, directory) else { return Ok(None) };
                let title = format!("Senior {}", self.random.pick(&TITLES).copied().unwrap_or_default());
                directory.modify(person, Attributes::new().with("title", title.clone()), &[], now)?;
                Ok(Some(format!("{name} is {title} now")))
            }
            ScriptedChange::MembershipChange(unit) => {
                let Some((person, name)) = self.somebody(unit, directory) else { return Ok(None) };
                let Some(group) = self.one_of(ObjectClass::Group, unit, directory) else { return Ok(None) };
                let title = directory.get(group).map(|group| group.dn.name().to_owned()).unwrap_or_default();
                if directory.remove_member(group, person, now)? {
                    return Ok(Some(format!("{name} left the group {title}")));
                }
                directory.add_member(group, person, now)?;
                Ok(Some(format!("{name} joined the group {title}")))
            }
        }
    }

    fn join(
        &mut self,
        unit: &DistinguishedName,
        directory: &mut Directory,
        now: Timestamp,
    ) -> Result<String, DirectoryError> {
        let given = self.random.pick(&GIVEN).copied().unwrap_or_default();
        let surname = self.random.pick(&SURNAMES).copied().unwrap_or_default();
        let held: std::collections::BTreeSet<String> = directory
            .iter()
            .filter(|object| object.class.is_person())
            .filter_map(|object| object.attributes.text("sAMAccountName").map(str::to_owned))
            .collect();
        let logon = free_logon(given, surname, |logon| !held.contains(logon));
        let new = new_person(unit, given, surname, &logon, &self.suffix, &mut self.random);
        let person = directory.create(new, now)?;
        if let Some((manager, _)) = self.somebody(unit, directory).filter(|(id, _)| *id != person) {
            directory.modify(person, Attributes::new().with("manager", manager), &[], now)?;
        }
        if let Some(group) = self.one_of(ObjectClass::Group, unit, directory) {
            directory.add_member(group, person, now)?;
        }
        Ok(format!("{given} {surname} joined {}", unit.name()))
    }

    fn somebody(&mut self, unit: &DistinguishedName, directory: &Directory) -> Option<(Uuid, String)> {
        let person = self.one_of(ObjectClass::User, unit, directory)?;
        let name = directory.get(person)?.attributes.text("displayName").unwrap_or_default().to_owned();
        Some((person, name))
    }

    fn one_of(
        &mut self,
        class: ObjectClass,
        unit: &DistinguishedName,
        directory: &Directory,
    ) -> Option<Uuid> {
        let found: Vec<Uuid> =
            directory.under(unit).filter(|object| object.class == class).map(|object| object.guid).collect();
        self.random.pick(&found).copied()
    }
}
