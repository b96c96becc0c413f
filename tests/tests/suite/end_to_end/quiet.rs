//! Nothing changes, nothing is written: read from the API server's audit log over a minute after the end. Pure.

use std::collections::BTreeMap;

use super::Left;

pub(super) fn nothing_is_written_when_nothing_changes(left: &Left) {
    let programs = left.programs();
    let mut written: BTreeMap<String, usize> = BTreeMap::new();
    let writes = left.quiet.clone().writes().matching(|event| programs.contains(&event.user));
    for event in &writes {
        if event.resource == "leases" {
            continue;
        }
        let path = event.uri.split('?').next().unwrap_or_default();
        *written.entry(format!("{} by {} of {path}", event.verb, event.user)).or_default() += 1;
    }
    assert!(written.is_empty(), "written within a minute of quiet: {written:#?}");
    // The programs were alive in that minute: their heartbeats show it.
    for program in &programs {
        let beats = left.quiet.clone().by(program).on("leases").writes();
        assert!(!beats.is_empty(), "{program} renewed no Lease");
    }
}
