//! What an agent put into its Secrets and could not be kept: a person is told, and it is taken again now and then. Pure.

use crds::conditions::Reason;

use super::{Progress, View, Wait, watch};
use crate::observed::{ServerFacts, UnkeptCause};
use jiff::SignedDuration;

/// What a step says when the bytes that came of its present commands could not be kept; `None` where that was not so, or not tried yet.
/// `repeat` takes them again.
pub(crate) fn waiting(
    view: &View,
    servers: &[&ServerFacts],
    reason: Reason,
    repeat: impl FnOnce() -> Progress,
) -> Option<Progress> {
    let unkept = view.migration.unkept.as_ref()?;
    let agent = servers.iter().filter_map(|server| server.agent.as_ref()).find(|agent| {
        agent.outcome.as_ref().is_some_and(|outcome| outcome.command_id == unkept.command_id)
    })?;
    let agent = &agent.name;
    let next = match unkept.cause {
        UnkeptCause::Damaged => format!(
            "nothing more is begun, it is taken again now and then, and goes on by itself. See who writes the Secrets {agent}-bulk-* \
             beside the agent (`kubectl get secret --show-managed-fields`), and what the agent logs on its host; where nobody else does, \
             run `kubectl hybrid agent revoke {agent}`, look at the host, and join the agent again"
        ),
        UnkeptCause::Place => "it is taken again now and then, and goes on by itself".to_owned(),
    };
    let wait = Wait::person(reason, format!("{}: {next}", unkept.why));
    let again = unkept.at.checked_add(watch::pause(view, SignedDuration::ZERO)).unwrap_or(unkept.at);
    Some(if view.now < again {
        Progress::Waiting(Wait { until: Some(again), ..wait })
    } else {
        watch::under(repeat(), wait)
    })
}
