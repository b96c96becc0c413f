//! `kubectl hybrid plan -f`: what would happen, in order, with what each step needs and how it is taken back. Offline.

use comfy_table::{ContentArrangement, Table, presets};
use crds::SyncTopology;
use crds::migration::Itinerary;
use crds::sync_topology::Engine;
use planner::itinerary::{ITINERARY_VERSION, Undo, steps};
use planner::observed::TopologyFacts;

/// The plan of a topology as text.
pub fn render(topology: &SyncTopology) -> String {
    let name = topology.metadata.name.clone().unwrap_or_default();
    let spec = &topology.spec;
    let facts = TopologyFacts {
        name: name.as_str().into(),
        namespace: topology.metadata.namespace.clone().unwrap_or_default(),
        generation: 0,
        deleted: false,
        spec: spec.clone(),
        status: crds::sync_topology::SyncTopologyStatus::default(),
    };
    let mut text = format!("SyncTopology {}/{name}\n", facts.namespace);
    let mut line = |content: String| {
        text.push_str(&content);
        text.push('\n');
    };
    for scope in spec.scopes.iter().filter(|scope| scope.engine != Engine::CloudSync) {
        line(format!("  = {} stays on {}", scope.name, scope.engine));
    }
    let mut moving = 0;
    for (index, wave) in spec.strategy.iter().flat_map(|s| &s.waves).enumerate() {
        let digest = spec.strategy.as_ref().and_then(|s| planner::topology::wave_digest(&facts, s, wave));
        let people = if wave.approval.required {
            count(usize::try_from(wave.approval.distinct_users).unwrap_or(1), "approval")
        } else {
            "no approval".to_owned()
        };
        line(format!(
            "  {}. wave {}: {people}, soak {}, {} at once, plan {}",
            index + 1,
            wave.name,
            wave.soak,
            wave.max_concurrent,
            digest.as_ref().map_or("?", |d| d.short())
        ));
        for scope in spec.scopes.iter().filter(|scope| wave.scopes.contains(&scope.name)) {
            moving += 1;
            let units: Vec<&str> =
                scope.organizational_units.iter().map(crds::DistinguishedName::as_str).collect();
            line(format!("     + {}: {}", scope.name, units.join(" and ")));
        }
    }
    let mut retiring = 0;
    for server in &spec.servers {
        match server.retire_by {
            Some(day) => {
                retiring += 1;
                line(format!("  - {} is retired by the end of {day}", server.name));
            }
            None => line(format!("  = {} stays", server.name)),
        }
    }
    line(format!(
        "\nPlan: {} to move, {} to retire. Rolling back is not available in this version.",
        count(moving, "scope"),
        count(retiring, "server")
    ));
    line("What is in the cloud and on the servers is not known offline; the operator looks before each step.\n".to_owned());
    if moving > 0 {
        line(format!(
            "Each scope ({}):\n{}",
            Itinerary::ConnectToCloudSync,
            table(Itinerary::ConnectToCloudSync)
        ));
    }
    if retiring > 0 {
        line(format!("\nEach server ({}):\n{}", Itinerary::RetireConnect, table(Itinerary::RetireConnect)));
    }
    text
}

/// A number with its noun.
fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn table(itinerary: Itinerary) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled).set_header(["", "STEP", "TAKEN BACK BY"]);
    for (index, step) in steps(itinerary, ITINERARY_VERSION).unwrap_or_default().iter().enumerate() {
        let undo = match step.undo() {
            Undo::Nothing => "-".to_owned(),
            Undo::Release => "giving it back".to_owned(),
            Undo::Action { how, leaves: "" } => how.to_owned(),
            Undo::Action { how, leaves } => format!("{how}; leaves {leaves}"),
        };
        table.add_row([(index + 1).to_string(), step.name().as_str().to_owned(), undo]);
    }
    table.lines().map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    #[test]
    fn every_example_is_linted_and_planned() {
        let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let documents = crate::documents::read(&[examples]).unwrap();
        let errors: Vec<String> = crate::lint::lint(&documents)
            .iter()
            .filter(|f| !f.is_warning())
            .map(ToString::to_string)
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let plans: Vec<String> =
            documents.iter().filter_map(|d| d.topology.as_ref()).map(super::render).collect();
        assert!(plans.len() >= 3, "examples are missing");
        insta::assert_snapshot!("examples", plans.join("\n"));
    }
}
