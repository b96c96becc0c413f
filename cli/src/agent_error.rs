//! What can go wrong with an agent's account: what was expected, what was found, what to do next. Pure.

use jiff::Timestamp;

/// Why a command about agents did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The API server refused, or did not answer.
    #[error("expected to {what}, found: {message}{}", advice(*code))]
    Api {
        /// What was tried.
        what: String,
        /// HTTP status; 0 when there was no answer.
        code: u16,
        /// The API server's words.
        message: String,
    },
    /// No such agent.
    #[error(
        "expected a SyncAgent named {agent} in namespace {namespace}, found none; `kubectl hybrid agent list -A` shows all of them"
    )]
    Unknown {
        /// Its name.
        agent: String,
        /// Where it was looked for.
        namespace: String,
    },
    /// The name cannot be used.
    #[error(
        "expected a name of at most 63 lower-case letters, digits and `-` for an agent, found {found:?}; choose another"
    )]
    Name {
        /// What was given.
        found: String,
    },
    /// An object of that name is somebody else's.
    #[error(
        "expected {kind} {namespace}/{name} to be the agent's own or not to be there, found one that was made for something else; \
         choose another name for the agent"
    )]
    Taken {
        /// Kind of the object.
        kind: &'static str,
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The agent speaks for another server.
    #[error(
        "expected SyncAgent {agent} to speak for server {wanted}, found {found}; an agent speaks for one server: join under another name"
    )]
    OtherServer {
        /// The agent.
        agent: String,
        /// The server that was given.
        wanted: String,
        /// The server it speaks for.
        found: String,
    },
    /// The agent is revoked.
    #[error(
        "expected an agent that is not revoked, found that {agent} was revoked at {at}; `kubectl hybrid agent join {agent}` makes it \
         valid anew"
    )]
    Revoked {
        /// The agent.
        agent: String,
        /// Since when.
        at: Timestamp,
    },
    /// The API server's answer holds no token.
    #[error(
        "expected a token for ServiceAccount {namespace}/{agent} in the API server's answer, found none; try again"
    )]
    NoToken {
        /// The agent.
        agent: String,
        /// Its namespace.
        namespace: String,
    },
    /// There is no way to an API server.
    #[error(
        "expected a kubeconfig that names a cluster, found: {0}; set KUBECONFIG, or run it where `kubectl get ns` works"
    )]
    NoCluster(String),
}

impl AgentError {
    /// What the API server said to what was tried.
    pub(crate) fn api(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |error| match error {
            kube::Error::Api(status) => {
                Self::Api { what, code: status.code, message: status.message.clone() }
            }
            error => Self::Api { what, code: 0, message: error.to_string() },
        }
    }
}

/// What to do next, by HTTP status.
fn advice(code: u16) -> &'static str {
    match code {
        0 => "; look whether the API server can be reached, then run it again: every part is safe to repeat",
        401 => "; your credentials are not accepted: sign in again",
        403 => {
            "; ask for the roles of the chart that are added to `admin` of the namespace, or for that right"
        }
        404 => "; install the chart, which brings the kinds, or look at the namespace",
        _ => "; run it again: every part is safe to repeat",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_was_tried_and_what_to_do() {
        let status =
            kube::core::Status { code: 403, message: "roles is forbidden".to_owned(), ..Default::default() };
        let error = AgentError::api("apply Role identity/sync01")(kube::Error::Api(Box::new(status)));
        let text = error.to_string();
        for part in [
            "expected to apply Role identity/sync01",
            "found: roles is forbidden",
            "ask for the roles of the chart",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
