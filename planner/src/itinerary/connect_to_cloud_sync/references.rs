//! Members and managers that the job would not know when it first writes a scope: it may take them out in the cloud. Pure.

use crds::conditions::Reason;

use crate::itinerary::{View, Wait};
use crate::lifecycle::{AGENT_RESOLVES_ACROSS_DOMAINS, Version};
use crate::observed::{PredictionFacts, ServerFacts};

/// Whether the provisioning agents of a scope resolve references to other domains.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AcrossDomains {
    /// Each of them is new enough.
    Resolved,
    /// Some are older, or their version is not known: host and version.
    Unresolved(Vec<String>),
    /// None was found on any server that reports.
    NoneFound,
}

/// How many objects have references that the job would not know.
///
/// # Errors
/// What a person has to do first, where these are more than the topology accepts.
pub(super) fn judge(view: &View, prediction: &PredictionFacts) -> Result<i64, Wait> {
    let verification = &view.migration.object.spec.verification;
    let allowed = i64::from(verification.max_unknown_references.unwrap_or(0));
    let near = prediction.unknown_references;
    if near > allowed {
        return Err(within_the_domain(prediction, near, allowed));
    }
    if prediction.cross_domain_references == 0 {
        return Ok(near);
    }
    let agents = across_domains(view);
    let all =
        if agents == AcrossDomains::Resolved { near } else { near + prediction.cross_domain_references };
    if all > allowed { Err(between_domains(prediction, &agents, all, allowed)) } else { Ok(all) }
}

fn within_the_domain(prediction: &PredictionFacts, found: i64, allowed: i64) -> Wait {
    Wait::person(
        Reason::UnknownReferences,
        format!(
            "{found} groups and users refer to members or managers that the job would not know, `maxUnknownReferences` allows {allowed}: \
             {}. Cloud Sync may take these out in the cloud until their scope has moved too. Put the scopes that refer to one another into \
             one wave whose `maxConcurrent` takes all of them; or, to accept the loss, set `verification.maxUnknownReferences` to {found} \
             in the topology and delete this Migration: nothing of it has begun, and it is made anew",
            prediction.referring.join(", "),
        ),
    )
}

fn between_domains(prediction: &PredictionFacts, agents: &AcrossDomains, all: i64, allowed: i64) -> Wait {
    let found = match agents {
        AcrossDomains::Unresolved(agents) => format!("found: {}", agents.join(", ")),
        AcrossDomains::Resolved | AcrossDomains::NoneFound => {
            "no sync server reports the version of one: run this operator's agent where they are installed"
                .to_owned()
        }
    };
    Wait::person(
        Reason::UnknownReferences,
        format!(
            "{} groups and users refer to members or managers of another domain: {}. Provisioning agents before \
             {AGENT_RESOLVES_ACROSS_DOMAINS} resolve references within their domain only, and may take these out in the cloud; {found}. \
             Update Microsoft's provisioning agents (Entra admin center, Cloud sync, Agents): this goes on by itself once each of them is \
             new enough. Or, to accept the loss, set `verification.maxUnknownReferences` (now {allowed}) to {all} in the topology and \
             delete this Migration: nothing of it has begun, and it is made anew",
            prediction.cross_domain_references,
            prediction.crossing.join(", "),
        ),
    )
}

/// What is known of the agents: where the tenant tells which ones serve the scope's domains, of those; else of those on hosts that report.
fn across_domains(view: &View) -> AcrossDomains {
    let servers = || view.observed.servers.values();
    let told = view.observed.tenant.as_ref().and_then(|tenant| tenant.provisioning_agents.as_ref());
    let serving: Vec<(&str, Option<&str>)> = match told {
        Some(agents) => {
            let domains = view.domains();
            let ours = agents.iter().filter(|agent| domains.iter().any(|domain| agent.serves(domain)));
            ours.map(|agent| {
                let host = servers().find(|server| server.is_host(&agent.machine_name));
                (agent.machine_name.as_str(), host.and_then(ServerFacts::provisioning_agent_version))
            })
            .collect()
        }
        None => servers()
            .filter_map(|server| Some((server.name.as_str(), Some(server.provisioning_agent_version()?))))
            .collect(),
    };
    if serving.is_empty() {
        return AcrossDomains::NoneFound;
    }
    let is_new = |version: &str| Version::parse(version).is_some_and(|v| v >= AGENT_RESOLVES_ACROSS_DOMAINS);
    let old: Vec<String> = serving
        .into_iter()
        .filter(|(_, version)| !version.is_some_and(is_new))
        .map(|(machine, version)| format!("{machine} ({})", version.unwrap_or("version unknown")))
        .collect();
    if old.is_empty() { AcrossDomains::Resolved } else { AcrossDomains::Unresolved(old) }
}

#[cfg(test)]
mod tests;
