//! Both sides hold the same objects: the scope is listed anew, compared with the cloud by anchor, attributes by digest. Runs once
//! after the takeover and once after the soak.

use crds::conditions::Reason;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact, listing};
use crate::plan::Effect;

/// See the module.
pub(crate) struct VerifyParity {
    pub(crate) name: StepName,
}

impl Step for VerifyParity {
    fn name(&self) -> StepName {
        self.name
    }

    fn limits(&self, _: &View) -> Limits {
        Limits { active: jiff::SignedDuration::from_hours(6), waiting: None }
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        let listed = listing::fresh(view, self.name);
        let Progress::Pass(mut facts) = listed else { return listed };
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
            let Some(kept) = &view.migration.listing else {
                return Progress::Working("the listing is being kept".to_owned());
            };
            return Progress::Begin(Effect::Compare { listing: kept.digest.clone() });
        };
        let epoch = view
            .domains()
            .iter()
            .filter_map(|d| view.observed.job(d))
            .map(crate::observed::JobFacts::epoch)
            .max();
        if epoch.is_some_and(|epoch| parity.job_epoch > epoch) {
            return Progress::Inconclusive(
                Reason::StateRestored,
                "the comparison is of a newer epoch than the job".to_owned(),
            );
        }
        let spec = &view.migration.object.spec.verification;
        let wrong = [
            ("missing", parity.missing, i64::from(spec.max_missing)),
            ("orphans", parity.orphans, 0),
            ("anchor", parity.anchor, 0),
            ("drift", parity.drift, i64::from(spec.max_drift)),
            ("membership", parity.membership, i64::from(spec.max_drift)),
        ];
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
        let again = parity.at.checked_add(jiff::SignedDuration::from_secs(20)).unwrap_or(parity.at);
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
