//! Both sides hold the same objects: the scope is listed anew, compared with the cloud by anchor, attributes by digest. Runs once
//! after the takeover and once after the soak.

use crds::conditions::Reason;
use crds::sync_topology::Verification;
use jiff::SignedDuration;

use super::predict_changes::UNKNOWN_REFERENCES;
use crate::decisions;
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, command, fact, listing, watch};
use crate::observed::{ParityFacts, StoredListing};
use crate::plan::Effect;

/// How old the listing may be while only a person is waited for.
const LISTING_AGE: SignedDuration = SignedDuration::from_mins(10);

/// How many orphans are named.
const NAMED: usize = 8;

/// See the module.
pub(crate) struct VerifyParity {
    pub(crate) name: StepName,
}

impl Step for VerifyParity {
    fn name(&self) -> StepName {
        self.name
    }

    fn limits(&self, _: &View) -> Limits {
        if self.name.is_home() {
            return Limits::CLOCKED;
        }
        Limits { active: SignedDuration::from_hours(6), waiting: None }
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let listed = listing::fresh(view, self.name);
        let Progress::Pass(mut facts) = listed else {
            return watch::meanwhile(view, Reason::Orphans, listed);
        };
        let Some(digest) = facts.iter().find(|f| f.name == listing::LISTING).map(|f| f.value.clone()) else {
            return Progress::Inconclusive(
                Reason::WaitingForEvidence,
                "expected the listing's digest".to_owned(),
            );
        };
        // A comparison from before this reading says nothing about it, even where the listing is the same to the byte.
        let read = listing::read_at(view, self.name).unwrap_or(view.now);
        let Some(parity) =
            view.migration.parity.as_ref().filter(|p| p.listing.as_str() == digest && p.at >= read)
        else {
            let compare = match &view.migration.listing {
                Some(kept) => Progress::Begin(compare(view, self.name, kept)),
                None => Progress::Working("the listing is being kept".to_owned()),
            };
            return watch::meanwhile(view, Reason::Orphans, compare);
        };
        if let Some(epoch) = decisions::compared_in_newer_epoch(view.observed, view.migration) {
            if view.decisions.is_readopted() {
                return listing::again(view, self.name);
            }
            return Progress::Waiting(command::to_readopt(
                view,
                &format!(
                    "the scope was compared in epoch {epoch} of its job, and the cluster remembers an older one"
                ),
            ));
        }
        let unknown = view.fact(StepName::PredictChanges, UNKNOWN_REFERENCES).and_then(|n| n.parse().ok());
        let wrong = wrong(parity, &view.migration.object.spec.verification, unknown.unwrap_or(0));
        let over: Vec<String> = wrong
            .iter()
            .filter(|(_, found, allowed)| found > allowed)
            .map(|(class, found, allowed)| format!("{class} {found} (allowed {allowed})"))
            .collect();
        if over.is_empty() {
            facts.push(fact("compared", parity.compared));
            facts.extend(wrong.iter().map(|(class, found, _)| fact(class, found)));
            facts.push(fact("unkeyed", parity.unkeyed));
            return Progress::Pass(facts);
        }
        // People join, leave and change while the comparison runs; what stays wrong runs into the limit.
        let pause = watch::pause(view, parity.took);
        let again = parity.at.checked_add(pause).unwrap_or(parity.at);
        if parity.orphans > 0 {
            let wait = Wait { until: (view.now < again).then_some(again), ..orphans(view, parity, &over) };
            if view.now < again {
                return Progress::Waiting(wait);
            }
            // What a person does in the cloud shows in the cloud alone. The directory is read anew where something else differs
            // too, and now and then, because the object may have been restored there.
            let aged = read.checked_add(LISTING_AGE).is_ok_and(|old| view.now >= old);
            if over.len() > 1 || aged {
                return watch::under(listing::again(view, self.name), wait);
            }
            return match &view.migration.listing {
                Some(kept) => Progress::Watching(wait, compare(view, self.name, kept)),
                None => watch::under(listing::again(view, self.name), wait),
            };
        }
        if view.now < again {
            return Progress::Waiting(Wait::system(
                Reason::VerificationFailed,
                format!(
                    "the two sides differ: {}; {}. They are compared again",
                    over.join(", "),
                    parity.samples.join(", ")
                ),
                Some(again),
            ));
        }
        listing::again(view, self.name)
    }
}

fn compare(view: &View, step: StepName, kept: &StoredListing) -> Effect {
    Effect::Compare {
        listing: kept.digest.clone(),
        reading: listing::reading(view, step).unwrap_or_default(),
    }
}

/// Classes with what was found and what is allowed. References that the job does not know, and whose loss was accepted with the plan,
/// may be missing until their scope has moved too; `unknown` is how many objects had such.
fn wrong(parity: &ParityFacts, spec: &Verification, unknown: i64) -> [(&'static str, i64, i64); 5] {
    let accepted = unknown.min(i64::from(spec.max_unknown_references.unwrap_or(0)));
    let drift = i64::from(spec.max_drift);
    [
        ("missing", parity.missing, i64::from(spec.max_missing)),
        ("orphans", parity.orphans, 0),
        ("anchor", parity.anchor, 0),
        ("drift", parity.drift, drift + parity.manager.min(accepted)),
        ("membership", parity.membership, drift + accepted),
    ]
}

/// The wait for a person who clears orphans: what no engine will ever remove. `over` names every class that differs too much.
fn orphans(view: &View, parity: &ParityFacts, over: &[String]) -> Wait {
    let named: Vec<&str> = parity.orphan_anchors.iter().take(NAMED).map(String::as_str).collect();
    let lookups: Vec<String> = named.iter().map(|key| lookup(key)).collect();
    let rest = parity.orphans - i64::try_from(named.len()).unwrap_or(i64::MAX);
    let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
    let differs = if over.len() > 1 {
        format!(" The two sides differ in all by: {}.", over.join(", "))
    } else {
        String::new()
    };
    Wait::person(
        Reason::Orphans,
        format!(
            "{} objects are gone in Active Directory and alive in the cloud, and no engine will remove them: they were deleted before \
             Cloud Sync knew them. For each, look it up in the Entra admin center or with Graph: {}{more}. Confirm that no object with \
             that anchor is in Active Directory, then delete it in the cloud; or restore it in Active Directory. The sides are compared \
             again every {:#}, and the migration goes on by itself.{differs}",
            parity.orphans,
            lookups.join("; "),
            watch::pause(view, parity.took),
        ),
    )
}

/// How one orphan is found in the cloud.
fn lookup(key: &str) -> String {
    match key.split_once(':') {
        Some(("sid", sid)) => {
            format!("group {sid} (/groups?$filter=onPremisesSecurityIdentifier eq '{sid}')")
        }
        Some(("anchor", anchor)) => user(anchor),
        _ => user(key),
    }
}

fn user(anchor: &str) -> String {
    format!("anchor {anchor} (/users?$filter=onPremisesImmutableId eq '{anchor}')")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_losses_of_references_are_no_more_than_were_predicted_and_allowed() {
        let parity = |drift, manager, membership| ParityFacts {
            listing: crds::ContentDigest::of(b"listing"),
            at: jiff::Timestamp::UNIX_EPOCH,
            took: SignedDuration::ZERO,
            job_epoch: crds::Epoch(1),
            compared: 100,
            missing: 0,
            orphans: 0,
            drift,
            manager,
            membership,
            anchor: 0,
            unkeyed: 0,
            samples: Vec::new(),
            orphan_anchors: Vec::new(),
        };
        let allows = |most| Verification { max_unknown_references: most, ..Verification::default() };
        let table = [
            ("nothing was accepted", parity(0, 0, 1), None, 3, false),
            ("accepted, and as predicted", parity(2, 2, 3), Some(5), 3, true),
            ("more memberships than were predicted", parity(0, 0, 4), Some(5), 3, false),
            ("more than was allowed", parity(0, 0, 3), Some(2), 3, false),
            ("another attribute than the manager", parity(1, 0, 0), Some(5), 3, false),
        ];
        for (case, parity, most, unknown, fine) in table {
            let over =
                wrong(&parity, &allows(most), unknown).iter().any(|(_, found, allowed)| found > allowed);
            assert_eq!(!over, fine, "{case}");
        }
    }
}
