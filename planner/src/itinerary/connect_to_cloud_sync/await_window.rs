//! A maintenance window is open (S9): gates the start; what runs may finish outside.

use crds::conditions::Reason;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, WaitingOn};
use crate::windows::WindowState;

/// See the module.
pub(crate) struct AwaitWindow;

impl Step for AwaitWindow {
    fn name(&self) -> StepName {
        StepName::AwaitWindow
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Nothing
    }

    fn evaluate(&self, view: &View) -> Progress {
        match view.window() {
            WindowState::Open { .. } => Progress::Pass(Vec::new()),
            WindowState::Closed { opens: Some(opens) } => Progress::Waiting(Wait::system(
                Reason::WindowClosed,
                format!("the next window opens at {opens}"),
                Some(opens),
            )),
            WindowState::Closed { opens: None } => Progress::Waiting(Wait {
                reason: Reason::WindowNeverOpens,
                why: "no window opens ever again: correct `strategy.windows`".to_owned(),
                until: None,
                on: WaitingOn::Person,
            }),
        }
    }
}
