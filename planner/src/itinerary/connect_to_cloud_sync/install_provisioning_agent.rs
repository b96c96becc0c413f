//! Microsoft's provisioning agent serves the scope's domains: a person installs it, the cloud proves it.

use crds::conditions::Reason;

use crate::itinerary::{Limits, Progress, Step, StepName, Undo, View, Wait, fact};
use crate::observed::MigrationFacts;

/// See the module.
pub(crate) struct InstallProvisioningAgent;

impl Step for InstallProvisioningAgent {
    fn name(&self) -> StepName {
        StepName::InstallProvisioningAgent
    }

    fn limits(&self, _: &View) -> Limits {
        Limits::LOOK
    }

    fn undo(&self) -> Undo {
        Undo::Action { how: "a person uninstalls the agent", leaves: "its registration for about ten days" }
    }

    /// Where nothing here can see the agents, a person's word is the proof: the first cycle and the probes show whether it was true.
    fn may_be_skipped(&self, _: &MigrationFacts) -> bool {
        true
    }

    fn skippable(&self, view: &View) -> bool {
        view.observed.tenant.as_ref().is_some_and(|tenant| tenant.provisioning_agents.is_none())
    }

    fn evaluate(&self, view: &View) -> Progress {
        let Some(tenant) = &view.observed.tenant else {
            return Progress::Inconclusive(Reason::TenantNotFound, "the tenant is not known yet".to_owned());
        };
        let Some(agents) = &tenant.provisioning_agents else {
            // The reference says that app-only tokens cannot read them; then an agent on one of our hosts, or a job that works, is
            // the proof.
            let on_host = view
                .servers()
                .into_iter()
                .any(|s| s.inventory.as_ref().is_some_and(|i| i.host.provisioning_agent_version.is_some()));
            let serving = view
                .domains()
                .iter()
                .all(|d| view.observed.job(d).is_some_and(|j| j.active && j.last_success_at.is_some()));
            return if on_host || serving {
                Progress::Pass(vec![fact(
                    "proof",
                    if serving { "the job works" } else { "installed on a sync server" },
                )])
            } else {
                Progress::Waiting(Wait::person(
                    Reason::ProvisioningAgentsUnreadable,
                    "this credential cannot read provisioning agents, and no other proof of one was found: install the agent on a sync \
                     server, grant a permission that reads `onPremisesPublishingProfiles`, or look in the portal and create a MigrationDecision SkipStep \
                     for step InstallProvisioningAgent",
                ))
            };
        };
        for domain in view.domains() {
            if !agents.iter().any(|agent| agent.serves(&domain)) {
                return Progress::Waiting(Wait::person(
                    Reason::ProvisioningAgentMissing,
                    format!(
                        "install Microsoft's provisioning agent for {domain}: run AADConnectProvisioningAgentSetup.exe on a domain-joined \
                         Windows Server 2016 to 2022, sign in as Hybrid Identity Administrator, create the gMSA and add the domain. It is \
                         done when the portal shows the agent as active"
                    ),
                ));
            }
        }
        Progress::Pass(vec![fact("agents", agents.iter().filter(|agent| agent.active).count())])
    }
}
