//! What an export would write on the way home is read before it may run: every deletion is explained, or the export stays off (S3).
//!
//! Additions are no danger: an object that Cloud Sync made carries the anchor that Connect would export, which was compared before the
//! scope left, and joins it. They are counted all the same.

use crds::conditions::Reason;
use crds::sync_agent::command::Nothing;
use crds::sync_agent::{Action, Evidence};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Sharing, Step, StepName, Undo, View, fact};

/// See the module.
pub(crate) struct ReviewExportsHome;

impl Step for ReviewExportsHome {
    fn name(&self) -> StepName {
        StepName::ReviewExportsHome
    }

    fn sharing(&self) -> Sharing {
        Sharing::ServersHome
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::CLOCKED
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        command::run(
            view,
            self.name(),
            &view.exporting_servers(),
            |_| (Action::ReadPendingExports(Nothing {}), command::stopped()),
            |_, evidence| match evidence {
                Evidence::PendingExports(found) if !found.is_explained() => Judgement::Person(
                    Reason::UnexplainedDeletion,
                    format!(
                        "{} deletions are pending whose objects are still in the directory: {}. The export stays off. Find out which filter \
                             or rule took them out of scope, and put it right; then this goes on",
                        found.deletes - found.explained_deletes,
                        found.unexplained.join(", ")
                    ),
                ),
                Evidence::PendingExports(found) => Judgement::Pass(vec![
                    fact("adds", found.adds),
                    fact("updates", found.updates),
                    fact("deletes", found.deletes),
                ]),
                other => command::unexpected(other),
            },
        )
    }
}
