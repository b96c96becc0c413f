//! When the API server received an agent's last heartbeat: never by the agent's own clock. Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;

/// How far the API server's clock may be ahead of the one that judges.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// When the API server last received a write of an object, by the times that it notes beside the fields. A time that has not come yet
/// is not the API server's: whoever may update an object may write any time into these notes, so it is passed over.
pub fn received_at(fields: &[ManagedFieldsEntry], now: Timestamp) -> Option<Timestamp> {
    let noted = fields.iter().filter_map(|field| field.time.as_ref().map(|time| time.0));
    noted.filter(|at| at.duration_since(now) <= AHEAD).max()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;

    fn noted(times: &[&str]) -> Vec<ManagedFieldsEntry> {
        let entry = |at: &&str| ManagedFieldsEntry {
            time: Some(Time(at.parse().unwrap())),
            ..ManagedFieldsEntry::default()
        };
        times.iter().map(entry).collect()
    }

    #[test]
    fn the_last_write_counts_and_the_future_does_not() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let found = received_at(&noted(&["2026-11-21T11:00:00Z", "2026-11-21T11:59:00Z"]), now);
        assert_eq!(found, at("2026-11-21T11:59:00Z"));
        let found = received_at(&noted(&["2026-11-21T11:00:00Z", "2099-01-01T00:00:00Z"]), now);
        assert_eq!(found, at("2026-11-21T11:00:00Z"), "a forged note does not keep an agent alive");
        let found = received_at(&noted(&["2026-11-21T12:00:30Z"]), now);
        assert_eq!(found, at("2026-11-21T12:00:30Z"), "two clocks are never the same");
        assert_eq!(received_at(&noted(&["2099-01-01T00:00:00Z"]), now), None);
        assert_eq!(received_at(&[], now), None);
    }
}
