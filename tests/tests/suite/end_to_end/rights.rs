//! Rights granted are rights used: the chart's roles and an agent's role against the audit log of a whole run. Pure, apart from
//! Helm, which renders the chart.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::Value;
use tests::chart;
use tests::control_plane::Right;

use super::Left;

/// What the operator may do and does not need on the straight road, each with the reason why it is granted.
const OPERATOR_ELSEWHERE: &[(&str, &str)] = &[(
    "patch events.events.k8s.io",
    "an event that comes again within minutes is counted up: a matter of chance in a run without trouble",
)];

/// The same of agents.
const AGENT_ELSEWHERE: &[(&str, &str)] = &[(
    "create serviceaccounts/token",
    "renewed in the last third of a token's life, 40 minutes after joining: chart::agents uses it",
)];

/// Rights of rules, one for each combination of group, resource and verb.
fn rights(rules: &[PolicyRule]) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for rule in rules {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                for verb in &rule.verbs {
                    rights.insert(Right {
                        api_group: group.clone(),
                        resource: resource.clone(),
                        verb: verb.clone(),
                    });
                }
            }
        }
    }
    rights
}

/// Rules of all roles that the rendered chart binds to the operator's account.
fn rules_of_the_operator() -> Vec<PolicyRule> {
    let objects = chart::template(&[]).unwrap();
    let kind = |object: &&Value, kind: &str| object["kind"].as_str().is_some_and(|found| found == kind);
    let ours = |binding: &&Value| {
        binding["subjects"].as_array().is_some_and(|subjects| {
            subjects
                .iter()
                .any(|subject| subject["kind"] == "ServiceAccount" && subject["name"] == chart::RELEASE)
        })
    };
    let bindings = objects
        .iter()
        .filter(|object| kind(object, "RoleBinding") || kind(object, "ClusterRoleBinding"))
        .filter(ours);
    let roles = bindings.map(|binding| {
        let role = &binding["roleRef"];
        let bound = objects
            .iter()
            .find(|object| object["kind"] == role["kind"] && object["metadata"]["name"] == role["name"]);
        bound.unwrap_or_else(|| panic!("the chart has no {role}"))
    });
    let granted: Vec<PolicyRule> = roles
        .flat_map(|role| serde_json::from_value::<Vec<PolicyRule>>(role["rules"].clone()).unwrap())
        .collect();
    assert!(granted.len() > 8, "{granted:?}");
    granted
}

/// Rights that were granted and neither used nor excepted; an exception that nobody grants is an error of its own.
fn unused(granted: &BTreeSet<Right>, used: &BTreeSet<Right>, elsewhere: &[(&str, &str)]) -> Vec<String> {
    for (right, reason) in elsewhere {
        let known = granted.iter().any(|granted| granted.to_string() == *right);
        assert!(known, "nobody grants `{right}` any more ({reason}): remove the exception");
    }
    let unused = granted.difference(used).map(ToString::to_string);
    unused.filter(|right| !elsewhere.iter().any(|(excepted, _)| excepted == right)).collect()
}

pub(super) fn no_request_was_refused(left: &Left) {
    let programs = left.programs();
    let refused = left.all.clone().refused().matching(|event| programs.contains(&event.user));
    let refused: BTreeSet<String> =
        refused.iter().map(|event| format!("{} {}", event.verb, event.uri)).collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

pub(super) fn every_right_of_the_operator_was_used(left: &Left) {
    let granted = rights(&rules_of_the_operator());
    let used = left.all.clone().by(&Left::operator()).rights();
    let unused = unused(&granted, &used, OPERATOR_ELSEWHERE);
    assert!(unused.is_empty(), "granted and never used: {unused:#?}");
}

pub(super) fn every_right_of_an_agent_was_used(left: &Left) {
    let mut used = BTreeSet::new();
    for agent in &left.agents {
        used.extend(left.all.clone().by(&super::account(tests::demo::NAMESPACE, agent)).rights());
    }
    let granted = rights(&cli::join::agent_rules(&left.agents[0]));
    let unused = unused(&granted, &used, AGENT_ELSEWHERE);
    assert!(unused.is_empty(), "granted and never used: {unused:#?}");
}
