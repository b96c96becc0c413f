//! The limits of a topology: one clock each for a whole migration, however many steps it runs through. Pure.
//!
//! A clock only ever holds what would make it worse. While the scheduler is off, `schedulerStop` alone holds, and never the step that
//! switches it on; what is without an engine is held once it is on again.

use crds::conditions::Reason;
use crds::migration::{LimitName, LimitUse, StepRecord, StepState};
use jiff::Timestamp;

use super::{Progress, StepName as S, View};
use crate::plan::Effect;

/// Clocks of the migration as its records show them.
pub(crate) fn clocks(view: &View, records: &[StepRecord]) -> Vec<LimitUse> {
    let limits = &view.migration.object.spec.limits;
    let at = |step: S| records.iter().find(|record| record.name == step.as_str());
    let since = |step| at(step).and_then(|record| record.started_at);
    let ended = |record: &StepRecord| {
        matches!(record.state, StepState::Done | StepState::Skipped).then_some(record.finished_at)?
    };
    let home = view.records.iter();
    // At home the scope is served once the export that follows the full synchronization is proven.
    let came_home = |step: S| home.clone().find(|record| record.name == step.as_str()).and_then(ended);
    let clock = |name, allowed: &crds::DurationText, from, to, back| {
        let mut found = LimitUse {
            name,
            allowed: allowed.clone(),
            since: since(from)?,
            until: at(to).and_then(ended).or_else(|| came_home(back)),
            exceeded: false,
        };
        found.exceeded = found.elapsed(view.now) > allowed.length();
        Some(found)
    };
    let unserved = clock(
        LimitName::Unserved,
        &limits.unserved,
        // Its full synchronization is what makes the rules effective.
        S::SynchronizeWithoutExport,
        S::ProbeRemoval,
        S::ExportHome,
    );
    let hashes = clock(
        LimitName::HashGap,
        &limits.hash_gap,
        S::SynchronizeWithoutExport,
        S::AwaitInitialCycle,
        S::ExportHome,
    )
    .filter(|_| sends_hashes(view));
    let stop = clock(
        LimitName::SchedulerStop,
        &limits.scheduler_stop,
        S::StopScheduler,
        S::StartScheduler,
        S::StartSchedulerHome,
    );
    [stop, unserved, hashes].into_iter().flatten().collect()
}

/// What the status says: the clocks as they are, and what was told of clocks before a readoption began everything anew.
pub(crate) fn figures(view: &View, records: &[StepRecord]) -> Vec<LimitUse> {
    let mut found = clocks(view, records);
    for told in view.migration.object.status.iter().flat_map(|status| &status.limits) {
        match found.iter_mut().find(|clock| clock.name == told.name) {
            Some(clock) => clock.exceeded |= told.exceeded,
            None => found.push(told.clone()),
        }
    }
    found.sort_by_key(|clock| clock.name);
    found
}

/// Whether a server of the migration sends password hashes, or did when the clock began: a retired server reports no features.
fn sends_hashes(view: &View) -> bool {
    let recorded = view.migration.object.status.as_ref();
    recorded.is_some_and(|status| status.limits.iter().any(|clock| clock.name == LimitName::HashGap))
        || view.servers().iter().any(|server| {
            let features = server.inventory.as_ref().and_then(|i| i.features.as_ref());
            features.is_some_and(|features| features.password_hash_sync)
        })
}

/// Whether a clock may hold a step.
fn holds(clock: LimitName, step: S) -> bool {
    match clock {
        LimitName::SchedulerStop => step.is_in_stop(),
        LimitName::HashGap => matches!(step, S::ClaimJob | S::AddToJob | S::AwaitInitialCycle),
        LimitName::Unserved => step.is_in_takeover(),
    }
}

/// Holds a step whose migration has used a limit up, unless it is just proven.
pub(crate) fn enforce(view: &View, step: S, progress: Progress) -> Progress {
    let open = match &progress {
        // A restored cluster cannot tell the time: a person looks first, and then everything begins anew.
        Progress::Pass(_)
        | Progress::Skip(_)
        | Progress::Fail(..)
        | Progress::Begin(Effect::Readopt { .. }) => false,
        Progress::Waiting(wait) | Progress::Watching(wait, _) => wait.reason != Reason::StateRestored,
        Progress::Begin(_) | Progress::Working(_) | Progress::Inconclusive(..) => true,
    };
    // On the way home a limit that ran out is told, and holds nothing: whatever it held would last longer.
    if !open || step.is_home() {
        return progress;
    }
    let exceeded = clocks(view, view.records).into_iter().find(|c| c.exceeded && holds(c.name, step));
    let Some(clock) = exceeded else { return progress };
    let what = match clock.name {
        LimitName::SchedulerStop => "the scheduler to be off",
        LimitName::Unserved => "the scope to be without a proven engine",
        LimitName::HashGap => "the scope to be without password hash synchronization",
    };
    Progress::Fail(
        Reason::LimitExceeded,
        format!(
            "expected {what} no longer than {} (`limits.{}`), and it has been for {} since {}: {}",
            clock.allowed,
            clock.name.field(),
            text(clock.elapsed(view.now)),
            clock.since,
            super::driver::describe(&progress),
        ),
    )
}

/// The earliest instant at which a running clock has run out.
pub(crate) fn runs_out(clocks: &[LimitUse], now: Timestamp) -> Option<Timestamp> {
    let after = |at: Timestamp| at.checked_add(jiff::SignedDuration::from_secs(1)).ok();
    clocks.iter().filter_map(LimitUse::runs_out).filter_map(after).filter(|at| *at > now).min()
}

fn text(length: jiff::SignedDuration) -> String {
    crds::DurationText::from_secs(u32::try_from(length.as_secs()).unwrap_or(u32::MAX)).to_string()
}
