//! Deletions that are pending before the stop are explained, or nothing starts (S7).

use crds::conditions::Reason;
use crds::sync_agent::command::Nothing;
use crds::sync_agent::{Action, Evidence, Expectation};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, fact};

/// See the module.
pub(crate) struct ReviewPendingExports;

impl Step for ReviewPendingExports {
    fn name(&self) -> StepName {
        StepName::ReviewPendingExports
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::READ
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        command::run(
            view,
            self.name(),
            &view.exporting_servers(),
            |_| (Action::ReadPendingExports(Nothing {}), Expectation::default()),
            |_, evidence| match evidence {
                Evidence::PendingExports(found) if found.is_explained() => Judgement::Pass(vec![
                    fact("deletes", found.deletes),
                    fact("explainedDeletes", found.explained_deletes),
                ]),
                Evidence::PendingExports(found) => Judgement::Person(
                    Reason::UnexplainedDeletion,
                    format!(
                        "{} deletions are pending whose objects are still in the directory: {}. Find out which filter or rule took them out \
                         of scope, and put it back",
                        found.deletes - found.explained_deletes,
                        found.unexplained.join(", ")
                    ),
                ),
                other => command::unexpected(other),
            },
        )
    }
}
