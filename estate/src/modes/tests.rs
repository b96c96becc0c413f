use std::collections::BTreeSet;

use super::*;

#[test]
fn every_mode_is_spelt_as_json_spells_it() {
    let value = serde_json::to_value(Modes::default()).expect("JSON");
    let fields: BTreeSet<&String> = value.as_object().expect("an object").keys().collect();
    let possibilities = Modes::possibilities();
    assert_eq!(possibilities.iter().map(|(name, _)| name).collect::<BTreeSet<_>>(), fields);
    for (name, all) in &possibilities {
        assert!(all.len() > 1, "{name} is settled");
        for possibility in all {
            let json = format!("{{\"{name}\":\"{possibility}\"}}");
            let modes = Modes::default().overlaid(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
            assert_eq!(serde_json::to_value(modes).expect("JSON")[name], possibility.as_str());
        }
    }
}

#[test]
fn named_sets_differ_and_are_found_by_their_names() {
    let mut seen: Vec<Modes> = Vec::new();
    for set in ModeSet::NAMED {
        assert_eq!(set.to_string().parse::<ModeSet>().expect("known"), set);
        assert!(!seen.contains(&set.modes()), "{set} is like another one");
        seen.push(set.modes());
    }
    assert_eq!("seed:7".parse::<ModeSet>().expect("a seed").modes(), Modes::from_seed(7));
    for wrong in ["", "Harsh", "seed:", "seed:x"] {
        let error = wrong.parse::<ModeSet>().expect_err(wrong).to_string();
        assert!(error.contains("harsh"), "{error}");
    }
}

#[test]
fn seeds_reach_every_possibility_and_repeat() {
    assert_eq!(Modes::from_seed(3), Modes::from_seed(3));
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for seed in 0..64 {
        let value = serde_json::to_value(Modes::from_seed(seed)).expect("JSON");
        for (name, held) in value.as_object().expect("an object") {
            seen.insert((name.clone(), held.as_str().expect("text").to_owned()));
        }
    }
    let all: usize = Modes::possibilities().iter().map(|(_, all)| all.len()).sum();
    assert_eq!(seen.len(), all);
}

#[test]
fn the_sets_together_play_every_possibility() {
    let played: BTreeSet<(String, String)> = ModeSet::NAMED
        .iter()
        .flat_map(|set| {
            let value = serde_json::to_value(set.modes()).expect("JSON");
            value
                .as_object()
                .expect("an object")
                .iter()
                .map(|(name, held)| (name.clone(), held.as_str().expect("text").to_owned()))
                .collect::<Vec<_>>()
        })
        .collect();
    for (name, all) in Modes::possibilities() {
        for possibility in all {
            assert!(played.contains(&(name.clone(), possibility.clone())), "{name} {possibility}");
        }
    }
}

#[test]
fn neighbours_change_one_behaviour_each() {
    let defaults = Modes::default();
    let others: usize = Modes::possibilities().iter().map(|(_, all)| all.len() - 1).sum();
    let neighbours = defaults.neighbours();
    assert_eq!(neighbours.len(), others);
    assert!(!neighbours.contains(&defaults));
}

#[test]
fn what_does_not_exist_is_refused() {
    for wrong in ["{\"referenceLeek\":\"All\"}", "{\"referenceLeak\":\"all\"}", "[]", "not JSON"] {
        assert!(Modes::default().overlaid(wrong).is_err(), "{wrong}");
    }
    let leaking = ModeSet::Harsh.modes().overlaid("{\"referenceLeak\":\"None\"}").expect("a mode");
    assert_eq!(leaking, Modes { reference_leak: ReferenceLeak::None, ..ModeSet::Harsh.modes() });
}
