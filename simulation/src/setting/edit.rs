//! Changes of what is declared, as somebody merges them in Git while migrations are under way; and what people do in the directory and
//! in the portal that concerns a whole unit. Pure.

use crds::sync_topology::{Engine, FailurePolicy, Strategy, SyncTopologySpec};
use std::time::Duration;

use crds::DurationText;
use estate::dn::DistinguishedName as Unit;
use jiff::SignedDuration;

use super::{Happening, Planned, Setting, Weather};
use crate::random::Random;

/// A change of the topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// These scopes are to be served by Entra Connect.
    Back {
        /// Their names.
        scopes: Vec<String>,
    },
    /// A scope is named no more.
    Unname {
        /// Its name.
        scope: String,
    },
    /// Everything as it was declared at first.
    AsAtFirst,
    /// The waves in the opposite order.
    TurnWaves,
    /// No server is to be retired any more.
    NoRetirement,
    /// Other limits, which makes another plan of it.
    Limits {
        /// Longest stop of the scheduler, in seconds.
        scheduler_stop: u32,
    },
    /// Other soaks.
    Soak {
        /// Of every wave, in seconds.
        seconds: u32,
    },
    /// `onFailure` the other way.
    TurnOnFailure,
}

impl Edit {
    /// Makes the change; `first` is what was declared at first.
    pub fn make(&self, spec: &mut SyncTopologySpec, first: &SyncTopologySpec) {
        match self {
            Self::Back { scopes } => {
                for scope in spec.scopes.iter_mut().filter(|scope| scopes.contains(&scope.name.0)) {
                    scope.engine = Engine::EntraConnect;
                }
                take_out_of_waves(spec, scopes);
                no_retirement(spec);
            }
            Self::Unname { scope } => {
                // A topology without any scope is refused.
                if spec.scopes.len() > 1 {
                    spec.scopes.retain(|declared| declared.name.0 != *scope);
                    take_out_of_waves(spec, std::slice::from_ref(scope));
                }
            }
            Self::AsAtFirst => {
                let suspend = spec.suspend;
                *spec = SyncTopologySpec { suspend, ..first.clone() };
            }
            Self::TurnWaves => {
                if let Some(strategy) = &mut spec.strategy {
                    strategy.waves.reverse();
                }
            }
            Self::NoRetirement => no_retirement(spec),
            Self::Limits { scheduler_stop } => {
                if let Some(strategy) = &mut spec.strategy {
                    strategy.limits.scheduler_stop = DurationText::from_secs(*scheduler_stop);
                }
            }
            Self::Soak { seconds } => {
                for wave in spec.strategy.iter_mut().flat_map(|strategy| &mut strategy.waves) {
                    wave.soak = DurationText::from_secs(*seconds);
                }
            }
            Self::TurnOnFailure => {
                if let Some(strategy) = &mut spec.strategy {
                    strategy.on_failure = match strategy.on_failure {
                        FailurePolicy::RollBack => FailurePolicy::Pause,
                        FailurePolicy::Pause => FailurePolicy::RollBack,
                    };
                }
            }
        }
    }
}

fn take_out_of_waves(spec: &mut SyncTopologySpec, scopes: &[String]) {
    let Some(Strategy { waves, .. }) = &mut spec.strategy else { return };
    for wave in waves.iter_mut() {
        wave.scopes.retain(|name| !scopes.contains(&name.0));
    }
    waves.retain(|wave| !wave.scopes.is_empty());
    if waves.is_empty() {
        spec.strategy = None;
    }
}

fn no_retirement(spec: &mut SyncTopologySpec) {
    for server in &mut spec.servers {
        server.retire_by = None;
    }
}

/// What a person does that is decided only when it is done: to one of whoever is there then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// A user moves into another unit.
    MoveUser {
        /// Out of this unit.
        from: Unit,
        /// Into this one.
        to: Unit,
        /// Which of its users, counted around.
        nth: usize,
    },
    /// A user gets another `userPrincipalName`.
    RenameUser {
        /// In this unit.
        unit: Unit,
        /// Which of its users, counted around.
        nth: usize,
    },
    /// A unit gets another name, or its old one back.
    RenameUnit {
        /// Its name so far.
        from: Unit,
        /// Its name from here on.
        to: Unit,
    },
    /// A unit is put into the filter of its domain's job in the portal.
    AddToFilter {
        /// The unit.
        unit: Unit,
    },
    /// A unit is taken out of the filter of its domain's job in the portal.
    TakeOutOfFilter {
        /// The unit.
        unit: Unit,
    },
}

/// How much longer a run may take in which the declaration changes: it goes home, and out again.
pub(super) const LONGER: SignedDuration = SignedDuration::from_hours(4 * 24);

/// Draws such changes.
pub(super) fn draw(setting: &Setting, random: &mut Random) -> Vec<Planned> {
    let most = match setting.weather {
        Weather::Calm => 1,
        Weather::Changeable => 2,
        Weather::Foul => 4,
    };
    let mut planned = Vec::new();
    if setting.weather != Weather::Calm && random.chance(25) {
        for _ in 0..random.between(1, 3) {
            let at = setting.start + minutes(random.below(24 * 60));
            let length = random.length(Duration::from_secs(20), Duration::from_mins(20));
            planned.push(Planned { at, happening: Happening::StandStill { length } });
        }
    }
    if random.chance(50) {
        return planned;
    }
    for _ in 0..random.between(1, most) {
        one(setting, random, &mut planned);
    }
    planned
}

fn minutes(drawn: usize) -> SignedDuration {
    SignedDuration::from_mins(i64::try_from(drawn).unwrap_or(0))
}

fn one(setting: &Setting, random: &mut Random, planned: &mut Vec<Planned>) {
    let whole = setting.until.duration_since(setting.start).as_mins();
    let soon = random.chance(75);
    let within = if soon { whole.min(24 * 60) } else { whole };
    let at = setting.start + minutes(random.below(usize::try_from(within).unwrap_or(1)));
    let later = at + minutes(random.between(10, 36 * 60));
    let mut add = |at, happening| planned.push(Planned { at, happening });
    let units = &setting.drawn.units;
    let names: Vec<String> = setting.declared.scopes.iter().map(|scope| scope.name.clone()).collect();
    let scope = random.pick(&names).cloned().unwrap_or_default();
    let unit = random.pick(units).cloned();
    let other = random.pick(units).cloned();
    let nth = random.below(1000);
    let (Some(unit), Some(other)) = (unit, other) else { return };
    match random.below(100) {
        0..16 => {
            add(at, Happening::Edit(Edit::Back { scopes: vec![scope] }));
            add(later, Happening::Edit(Edit::AsAtFirst));
        }
        16..26 => {
            add(at, Happening::Edit(Edit::Back { scopes: names }));
            add(later, Happening::Edit(Edit::AsAtFirst));
        }
        26..30 => add(at, Happening::Edit(Edit::Back { scopes: names })),
        30..36 => {
            add(at, Happening::Edit(Edit::Unname { scope }));
            if random.chance(50) {
                add(later, Happening::Edit(Edit::AsAtFirst));
            }
        }
        36..44 => {
            add(at, Happening::Delete);
            if random.chance(50) {
                add(later, Happening::Declare);
            }
        }
        44..49 => add(at, Happening::Edit(Edit::TurnWaves)),
        49..53 => {
            add(at, Happening::Edit(Edit::NoRetirement));
            add(later, Happening::Edit(Edit::AsAtFirst));
        }
        53..58 => {
            let scheduler_stop = random.one_of(1_800, &[3_600, 10_800]);
            add(at, Happening::Edit(Edit::Limits { scheduler_stop }));
        }
        58..61 => add(at, Happening::Edit(Edit::Soak { seconds: random.one_of(600, &[7_200, 43_200]) })),
        61..64 => add(at, Happening::Edit(Edit::TurnOnFailure)),
        64..72 => add(at, Happening::Do(Deed::MoveUser { from: unit, to: other, nth })),
        72..80 => add(at, Happening::Do(Deed::RenameUser { unit, nth })),
        80..87 => {
            let Some(parent) = unit.parent() else { return };
            let to = parent.child("OU", "Renamed, by Hand");
            add(at, Happening::Do(Deed::RenameUnit { from: unit.clone(), to: to.clone() }));
            add(later, Happening::Do(Deed::RenameUnit { from: to, to: unit }));
        }
        87..94 => add(at, Happening::Do(Deed::AddToFilter { unit })),
        _ => add(at, Happening::Do(Deed::TakeOutOfFilter { unit })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> SyncTopologySpec {
        let setting = (0..100).map(Setting::of).find(|setting| setting.declared.waves.len() == 3);
        let topology = setting.expect("one of them").declared.topology();
        serde_json::from_value(topology["spec"].clone()).unwrap()
    }

    #[test]
    fn a_scope_that_goes_back_leaves_its_wave_and_forward_again_is_as_at_first() {
        let first = spec();
        let mut now = first.clone();
        let name = first.scopes[0].name.0.clone();
        Edit::Back { scopes: vec![name.clone()] }.make(&mut now, &first);
        assert_eq!(now.scopes[0].engine, Engine::EntraConnect);
        let waves = &now.strategy.as_ref().unwrap().waves;
        assert!(waves.iter().all(|wave| !wave.scopes.iter().any(|scope| scope.0 == name)));
        assert!(now.servers.iter().all(|server| server.retire_by.is_none()));
        Edit::AsAtFirst.make(&mut now, &first);
        assert_eq!(now, first);
        let all = first.scopes.iter().map(|scope| scope.name.0.clone()).collect();
        Edit::Back { scopes: all }.make(&mut now, &first);
        assert_eq!(now.strategy, None, "a strategy without waves is refused");
    }

    #[test]
    fn the_last_scope_stays_named() {
        let first = spec();
        let mut now = first.clone();
        for scope in &first.scopes {
            Edit::Unname { scope: scope.name.0.clone() }.make(&mut now, &first);
        }
        assert_eq!(now.scopes.len(), 1);
    }
}
