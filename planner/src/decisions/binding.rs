//! What a decision is bound to besides its migration: an approval to what was predicted, a readoption to what the agents remember.
//! Whoever decides on one thing has not decided on another. Pure.

use std::fmt::Write as _;

use crds::ContentDigest;
use crds::migration::{Fact, Itinerary};
use jiff::Timestamp;

use crate::itinerary::{StepName, fact, listing};
use crate::observed::{JobFacts, MigrationFacts, Observed};

/// What decisions on a migration are bound to as things are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// What an approval is for: the frozen plan of the wave and what is predicted for each of its scopes. `None` while a scope of the
    /// wave has no prediction.
    pub approve: Option<ContentDigest>,
    /// The figures in it, over all scopes of the wave.
    pub shown: Vec<Fact>,
    /// When the last prediction in it was judged.
    pub predicted_at: Option<Timestamp>,
    /// A scope of the wave that has no prediction yet.
    pub unpredicted: Option<String>,
    /// What a readoption is for: the frozen plan, and the epochs that the agents remember.
    pub readopt: ContentDigest,
}

/// Figures of one prediction that people agree to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    creations: i64,
    changes: i64,
    anchor_mismatches: i64,
}

/// Names of the figures, as the prediction's record has them.
const NAMES: [&str; 3] = ["creations", "changes", "anchorMismatches"];

impl Figures {
    /// Those that the step recorded when it judged the prediction.
    pub(crate) fn recorded(migration: &MigrationFacts) -> Option<Self> {
        if !migration.is_past(StepName::PredictChanges) {
            return None;
        }
        let read = |name| migration.fact_of(StepName::PredictChanges, name)?.parse().ok();
        let [creations, changes, anchors] = NAMES.map(read);
        Some(Self { creations: creations?, changes: changes?, anchor_mismatches: anchors? })
    }

    /// Those of the prediction as it is known now, of the listing that the step judged; `None` when it is not known any more.
    pub(crate) fn known(migration: &MigrationFacts) -> Option<Self> {
        let prediction = migration.prediction.as_ref()?;
        let judged = migration.fact_of(StepName::PredictChanges, listing::LISTING)?;
        (prediction.listing.as_ref()?.as_str() == judged).then_some(Self {
            creations: prediction.surprise_creations,
            changes: prediction.changed_objects,
            anchor_mismatches: prediction.anchor_mismatches,
        })
    }

    fn values(self) -> [i64; 3] {
        [self.creations, self.changes, self.anchor_mismatches]
    }
}

impl Binding {
    /// Looks at a migration and its wave.
    pub fn of(observed: &Observed, migration: &MigrationFacts) -> Self {
        let spec = &migration.object.spec;
        let mut binding = Self {
            approve: None,
            shown: Vec::new(),
            predicted_at: None,
            unpredicted: None,
            readopt: seen(observed, migration),
        };
        if spec.itinerary != Itinerary::ConnectToCloudSync {
            binding.approve = Some(spec.plan_digest.clone());
            return binding;
        }
        // Whoever gave up before it was predicted takes no part.
        let takes_part = |m: &&MigrationFacts| {
            m.name() == migration.name() || !m.gave_up() || m.is_past(StepName::PredictChanges)
        };
        let wave = observed.wave_of(migration).into_iter().filter(takes_part);
        let mut text = format!("{}\n", spec.plan_digest);
        let mut totals = [0_i64; 3];
        for member in wave {
            let Some(figures) = Figures::recorded(member) else {
                binding.unpredicted = Some(member.name().to_owned());
                return binding;
            };
            let values = Figures::known(member).unwrap_or(figures).values();
            // Writing to a String cannot fail.
            let _written = writeln!(text, "{} {values:?}", member.name());
            for (total, value) in totals.iter_mut().zip(values) {
                *total = total.saturating_add(value);
            }
            binding.predicted_at = binding.predicted_at.max(member.finished_at(StepName::PredictChanges));
        }
        binding.approve = Some(ContentDigest::of(text.as_bytes()));
        binding.shown = NAMES.iter().zip(totals).map(|(name, total)| fact(name, total)).collect();
        binding
    }

    /// The figures that differ from those that were shown before, in words.
    pub(crate) fn differences(&self, before: &[Fact]) -> Vec<String> {
        self.shown
            .iter()
            .filter_map(|now| {
                let then = before.iter().find(|fact| fact.name == now.name)?;
                (then.value != now.value)
                    .then(|| format!("{} was {}, is {}", now.name, then.value, now.value))
            })
            .collect()
    }
}

/// Digest of what the agents remember: the same as long as nothing is commanded, another once anything is.
fn seen(observed: &Observed, migration: &MigrationFacts) -> ContentDigest {
    let mut text = format!("{}\n", migration.object.spec.plan_digest);
    for server in observed.servers_of(migration) {
        if let Some(agent) = &server.agent {
            let _written = writeln!(text, "{} {}", server.name, agent.highest_epoch);
        }
    }
    if let Some(epoch) = compared_in_newer_epoch(observed, migration) {
        let _written = writeln!(text, "job {epoch}");
    }
    ContentDigest::of(text.as_bytes())
}

/// The epoch of the job in which the scope was last compared, where the job's own is older: its record was restored.
pub(crate) fn compared_in_newer_epoch(
    observed: &Observed,
    migration: &MigrationFacts,
) -> Option<crds::Epoch> {
    let domains = crds::DistinguishedName::domains(migration.organizational_units());
    let known = domains.iter().filter_map(|domain| observed.job(domain)).map(JobFacts::epoch).max()?;
    let compared = migration.parity.as_ref()?.job_epoch;
    (compared > known).then_some(compared)
}
