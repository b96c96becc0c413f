//! What an export would write is read before it may run: every deletion is explained, and no value of a withheld object (S1, S3).

use crds::conditions::Reason;
use crds::sync_agent::command::Nothing;
use crds::sync_agent::{Action, Evidence};

use crate::itinerary::command::{self, Judgement};
use crate::itinerary::{Limits, Progress, Sharing, Step, StepName, Undo, View, fact};

/// See the module.
pub(crate) struct ReadPendingExports;

impl Step for ReadPendingExports {
    fn name(&self) -> StepName {
        StepName::ReadPendingExports
    }

    fn sharing(&self) -> Sharing {
        Sharing::Servers
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::STOPPED
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
                Evidence::PendingExports(found) => {
                    if let Some(judgement) = command::foreign(found.foreign_runs) {
                        return judgement;
                    }
                    if !found.is_explained() {
                        return Judgement::Fail(
                            Reason::UnexplainedDeletion,
                            format!(
                                "{} deletions are pending whose objects are still in the directory: {}. The export stays off. Find out which \
                                 filter or rule took them out of scope",
                                found.deletes - found.explained_deletes,
                                found.unexplained.join(", ")
                            ),
                        );
                    }
                    if found.no_flow_values > 0 {
                        return Judgement::Fail(
                            Reason::ForeignChange,
                            format!(
                                "{} withheld objects have a pending change that no reference explains: the rules do not withhold them. Look \
                                 at rules with a lower precedence",
                                found.no_flow_values
                            ),
                        );
                    }
                    Judgement::Pass(vec![
                        fact("adds", found.adds),
                        fact("updates", found.updates),
                        fact("deletes", found.deletes),
                        fact("references", found.no_flow_references),
                        fact("retries", found.retries),
                    ])
                }
                other => command::unexpected(other),
            },
        )
    }
}
