//! What people and faults caused by themselves is not the product's. Pure.

use std::collections::BTreeSet;

use estate::audit::Class;
use jiff::{SignedDuration, Timestamp};

/// What can have been caused by somebody else than the product, and since when.
#[derive(Debug, Default)]
pub struct Blames {
    classes: Vec<(Timestamp, Class, String)>,
    /// Objects that somebody moved: what becomes of them is told to people, and not the product's.
    objects: Vec<(Timestamp, BTreeSet<String>)>,
    /// Stretches in which Connect may have served nobody, whatever the product did.
    held_up: Vec<(Timestamp, Option<Timestamp>, String)>,
}

impl Blames {
    /// Somebody did what alone can lead to this class of harm.
    pub fn add(&mut self, at: Timestamp, class: Class, what: impl Into<String>) {
        self.classes.push((at, class, what.into()));
    }

    /// Somebody moved these objects, by what the cloud knows them by.
    pub fn concerns(&mut self, at: Timestamp, objects: Vec<String>) {
        self.objects.push((at, objects.into_iter().collect()));
    }

    /// Whether an object was moved by somebody before an instant.
    pub fn has_moved(&self, object: &str, at: Timestamp) -> bool {
        self.objects.iter().any(|(since, moved)| *since <= at && moved.contains(object))
    }

    /// Whether a text names an object that was moved by somebody before an instant.
    pub fn names_moved(&self, text: &str, at: Timestamp) -> bool {
        let moved = self.objects.iter().filter(|(since, _)| *since <= at).flat_map(|(_, moved)| moved);
        moved.into_iter().any(|object| text.contains(object.as_str()))
    }

    /// Somebody keeps Connect from serving, from here on.
    pub fn holds_up(&mut self, at: Timestamp, what: impl Into<String>) {
        self.held_up.push((at, None, what.into()));
    }

    /// That somebody stopped doing so.
    pub fn lets_go(&mut self, at: Timestamp, what: &str) {
        if let Some(open) = self.held_up.iter_mut().rev().find(|(_, end, of)| end.is_none() && of == what) {
            open.1 = Some(at);
        }
    }

    /// Who is to blame for harm of a class at an instant, if it is not the product.
    pub fn of(&self, class: Class, at: Timestamp) -> Option<&str> {
        let found = self.classes.iter().find(|(since, of, _)| *of == class && *since <= at);
        found.map(|(_, _, what)| what.as_str())
    }

    /// How long Connect was held up between two instants.
    pub fn held_up(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let overlap = |(begin, end, _): &(Timestamp, Option<Timestamp>, String)| {
            let (begin, end) = ((*begin).max(from), end.unwrap_or(to).min(to));
            if end > begin { end.duration_since(begin) } else { SignedDuration::ZERO }
        };
        self.held_up.iter().map(overlap).fold(SignedDuration::ZERO, SignedDuration::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_before_is_to_blame_and_stretches_add_up() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut blames = Blames::default();
        blames.add(at(100), Class::Orphan, "somebody");
        assert_eq!(blames.of(Class::Orphan, at(99)), None);
        assert_eq!(blames.of(Class::Orphan, at(100)), Some("somebody"));
        assert_eq!(blames.of(Class::ForeignValue, at(200)), None);
        blames.holds_up(at(10), "wizard");
        blames.lets_go(at(30), "wizard");
        blames.holds_up(at(50), "wizard");
        assert_eq!(blames.held_up(at(20), at(60)), SignedDuration::from_secs(20));
    }
}
