//! `proveNoFlow`: whether the rules are effective on every object of the scopes, and on no other.

use std::collections::BTreeMap;

use adsync::protocol::{Connector, RunProfile};
use crds::primitive::{ContentDigest, DistinguishedName};
use crds::sync_agent::Evidence;
use crds::sync_agent::command::NoFlowRules;
use crds::sync_agent::evidence::{NoFlowEvidence, SAMPLE};
use jiff::Timestamp;

use super::{CommandError, Turn, count};
use crate::host::{AdsyncHost, Calls, HostCallError};
use crate::journal::SUCCESS;
use crate::space::{EntraObject, Held};
use crate::world::{Context, World};
use crate::{rules, runs, space};

pub(super) async fn turn<W: World>(
    cx: &mut Context<'_, W>,
    arguments: &NoFlowRules,
) -> Result<Turn, CommandError> {
    let connectors = cx.host().connectors().await?;
    let objects = space::read(&mut cx.host()).await?;
    let stored = cx.host().rules().await?;
    let started_at = last_full_synchronization(&mut cx.host(), &connectors).await?;
    let judged = judge(&objects, &units(arguments));
    Ok(Turn::Done(Evidence::NoFlow(NoFlowEvidence {
        in_scope: count(judged.in_scope.len()),
        effective: count(judged.in_scope.len() - judged.not_effective.len()),
        not_effective: sample(judged.not_effective),
        leaking: count(judged.leaking),
        outside: count(judged.outside.len()),
        outside_anchors: sample(judged.outside),
        anchors_digest: ContentDigest::of(judged.in_scope.join("\n").as_bytes()),
        full_synchronization_started_at: started_at,
        foreign_runs: runs::foreign_since_stop(cx).await?,
        rules_digest: rules::digest(&stored).map_err(CommandError::failed)?,
    })))
}

/// Every organizational unit of the scopes.
pub(super) fn units(arguments: &NoFlowRules) -> Vec<DistinguishedName> {
    arguments.scopes.iter().flat_map(|scope| scope.organizational_units.clone()).collect()
}

/// Labels of the objects, sorted.
struct Judged {
    in_scope: Vec<String>,
    not_effective: Vec<String>,
    leaking: usize,
    outside: Vec<String>,
}

fn judge(objects: &[EntraObject], units: &[DistinguishedName]) -> Judged {
    let mut judged =
        Judged { in_scope: Vec::new(), not_effective: Vec::new(), leaking: 0, outside: Vec::new() };
    for object in objects {
        // A device in the scope stays with Connect: withheld it would have no engine at all.
        if object.can_move() && object.is_below(units) {
            judged.in_scope.push(object.label());
            judged.leaking += usize::from(object.held == Held::Leak);
            if let Some(why) = object.not_withheld() {
                judged.not_effective.push(format!("{} ({why})", object.label()));
            }
        } else if object.cloud_no_flow {
            judged.outside.push(object.label());
        }
    }
    judged.in_scope.sort();
    judged.not_effective.sort();
    judged.outside.sort();
    judged
}

fn sample(mut labels: Vec<String>) -> Vec<String> {
    labels.truncate(SAMPLE);
    labels
}

/// Start of the oldest of the last full synchronizations that succeeded on each AD connector; none if one never had any.
async fn last_full_synchronization<H: AdsyncHost>(
    host: &mut Calls<'_, H>,
    connectors: &[Connector],
) -> Result<Option<Timestamp>, HostCallError> {
    let mut newest: BTreeMap<_, Option<Timestamp>> = BTreeMap::new();
    for connector in rules::active_directory(connectors) {
        let good = |run: &adsync::protocol::RunResult| {
            run.profile == RunProfile::FullSynchronization && run.is_run_complete && run.result == SUCCESS
        };
        let history = runs::history(host, Some(connector.identifier), good).await?;
        let started = history.iter().filter(|run| good(run)).map(|run| run.start_date).max();
        newest.insert(connector.identifier, started);
    }
    Ok(newest.into_values().min().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(number: u8, name: &str, cloud_no_flow: bool, join_no_flow: bool, held: Held) -> EntraObject {
        EntraObject {
            distinguished_name: format!("CN={{{number:02x}}}"),
            anchor: None,
            object_type: "user".to_owned(),
            directory_names: vec![DistinguishedName::parse(name).unwrap()],
            joined: true,
            cloud_no_flow,
            join_no_flow,
            held,
        }
    }

    #[test]
    fn ancestry_is_taken_from_the_parsed_name_and_every_part_counts() {
        let units = [DistinguishedName::parse("OU=Sales,DC=contoso,DC=com").unwrap()];
        let below = "CN=a,OU=Berlin,OU=sales,DC=contoso,DC=com";
        let objects = [
            object(1, below, true, true, Held::Nothing),
            object(2, below, true, false, Held::Nothing),
            object(3, below, false, true, Held::Nothing),
            object(4, below, true, true, Held::Export),
            // The engine's ENDSWITH takes this one for a child.
            object(5, r"CN=x\,OU=Sales,DC=contoso,DC=com", true, true, Held::Nothing),
            object(6, "CN=y,OU=Else,DC=contoso,DC=com", false, false, Held::Nothing),
            object(7, below, true, true, Held::Leak),
        ];
        let judged = judge(&objects, &units);
        assert_eq!(judged.in_scope, ["CN={01}", "CN={02}", "CN={03}", "CN={04}", "CN={07}"]);
        assert_eq!(judged.leaking, 1);
        let not_effective = [
            "CN={02} (its link is not JoinNoFlow)",
            "CN={03} (cloudNoFlow is not set)",
            "CN={04} (an export is pending)",
        ];
        assert_eq!(judged.not_effective, not_effective);
        assert_eq!(judged.outside, ["CN={05}"]);
    }

    #[test]
    fn devices_in_the_scope_stay_with_connect() {
        let units = [DistinguishedName::parse("OU=Sales,DC=contoso,DC=com").unwrap()];
        let device = |number, withheld| EntraObject {
            object_type: "device".to_owned(),
            ..object(number, "CN=pc,OU=Sales,DC=contoso,DC=com", withheld, withheld, Held::Nothing)
        };
        let judged = judge(&[device(1, false), device(2, true)], &units);
        assert!(judged.in_scope.is_empty() && judged.not_effective.is_empty());
        assert_eq!(judged.outside, ["CN={02}"], "without Connect nobody serves it");
    }
}
