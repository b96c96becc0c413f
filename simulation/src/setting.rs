//! What a seed produces: an organisation, what its platform team declares, how its Microsoft side behaves where no source says, who is
//! how attentive, and what happens meanwhile. Pure.

mod declared;
mod edit;
mod estate_side;
mod happening;
mod organisation;

use std::time::Duration;

use estate::modes::{ModeSet, Modes};
use jiff::{SignedDuration, Timestamp};

use crate::operator_process::Pace;
use crate::random::Random;

pub use declared::{Declared, ScopeSetting, WaveSetting, Window};
pub use edit::{Deed, Edit};
pub use estate_side::{BuildError, Built, build};
pub use happening::{Happening, Hold, OPERATOR, Planned, Who};
pub use organisation::Drawn;
pub(crate) use organisation::SUFFIX;

/// Namespace of everything that is declared.
pub const NAMESPACE: &str = "identity";

/// Name of the topology and of the tenant.
pub const NAME: &str = "example";

/// How much goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weather {
    /// Nothing.
    Calm,
    /// Processes die, networks fail for a while.
    Changeable,
    /// The same often and for long, and people interfere.
    Foul,
}

/// How people behave.
#[derive(Debug, Clone, Copy)]
pub struct PeopleSetting {
    /// How long a person takes to see what is asked.
    pub attention: (Duration, Duration),
    /// Of 100 approvals asked for, so many are denied.
    pub denials: usize,
    /// Whether they do what a migration asks them to.
    pub helpful: bool,
}

/// Everything about one run.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The seed.
    pub seed: u64,
    /// How much goes wrong.
    pub weather: Weather,
    /// When the run begins.
    pub start: Timestamp,
    /// When it is over at the latest.
    pub until: Timestamp,
    /// The organisation.
    pub drawn: Drawn,
    /// Names of the sync servers: the one that exports, then those in staging mode.
    pub servers: Vec<String>,
    /// Unsettled behaviours.
    pub modes: Modes,
    /// What is declared.
    pub declared: Declared,
    /// How often the operator looks.
    pub pace: Pace,
    /// Seconds between two heartbeats of an agent.
    pub heartbeat_seconds: i32,
    /// Requests are under way so many times as long as on a good day.
    pub slowness: u32,
    /// How people behave.
    pub people: PeopleSetting,
    /// Pause between two everyday changes in the directory; none for an organisation where nobody does anything.
    pub everyday: Option<SignedDuration>,
    /// What happens, in time order.
    pub happenings: Vec<Planned>,
}

impl Setting {
    /// The setting of a seed.
    pub fn of(seed: u64) -> Self {
        let random = |purpose| Random::stream(seed, purpose);
        let mut draw = random("setting");
        let weather = match draw.below(100) {
            0..25 => Weather::Calm,
            25..65 => Weather::Changeable,
            _ => Weather::Foul,
        };
        let start = Timestamp::from_second(BEGINNING).unwrap_or(Timestamp::UNIX_EPOCH);
        let start = start + SignedDuration::from_mins(i64::try_from(draw.below(7 * 24 * 60)).unwrap_or(0));
        let drawn = organisation::draw(&mut random("organisation"));
        let count = [1, 2, 2, 2, 3].get(draw.below(5)).copied().unwrap_or(1);
        let servers: Vec<String> = (1..=count).map(|number| format!("sync{number:02}")).collect();
        let declared = declared::draw(&drawn, &servers, &mut random("declared"));
        let until = start + declared.patience();
        let settings = Self {
            seed,
            weather,
            start,
            until,
            modes: modes(seed, &mut random("modes")),
            pace: Pace {
                poll_milliseconds: draw.one_of(5_000, &[15_000, 60_000]),
                resync_seconds: draw.one_of(300, &[900, 1_800]),
                tenant_seconds: draw.one_of(300, &[600, 1_800]),
            },
            heartbeat_seconds: draw.one_of(60, &[300, 300, 300]),
            slowness: draw.one_of(1, &[1, 1, 4]),
            people: PeopleSetting {
                attention: (Duration::from_mins(1), Duration::from_hours(draw.one_of(1, &[1, 2, 2, 8]))),
                denials: draw.one_of(0, &[0, 0, 0, 10]),
                helpful: draw.chance(90),
            },
            everyday: draw.chance(70).then(|| SignedDuration::from_mins(draw.one_of(60, &[20, 180, 720]))),
            happenings: Vec::new(),
            drawn,
            servers,
            declared,
        };
        let mut happenings = happening::draw(&settings, &mut random("happenings"));
        let edits = edit::draw(&settings, &mut random("edits"));
        let until = if edits.is_empty() { until } else { until + edit::LONGER };
        happenings.extend(edits);
        happenings.sort_by_key(|planned| planned.at);
        Self { until, happenings, ..settings }
    }
}

/// Behaviours that no source settles: drawn one by one, or a set with a name.
fn modes(seed: u64, random: &mut Random) -> Modes {
    if random.chance(60) {
        return Modes::from_seed(seed);
    }
    random.pick(&ModeSet::NAMED).copied().unwrap_or(ModeSet::Defaults).modes()
}

/// Beginning of the week in which runs begin: Monday, 2026-11-23.
const BEGINNING: i64 = 1_795_392_000;
