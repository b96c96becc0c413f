//! Whether an engine still works and is supported. Pure.
//!
//! Three different states: *works* (Microsoft's service accepts it), *supported*, *newest*. Sources are named beside each fact.

use crds::sync_topology::Engine;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

/// A dotted version such as `2.5.79.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version([u32; 4]);

impl Version {
    /// Reads a version of two to four numbers; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = [0; 4];
        let parts: Vec<&str> = text.trim().split('.').collect();
        if !(2..=4).contains(&parts.len()) {
            return None;
        }
        for (slot, part) in numbers.iter_mut().zip(&parts) {
            *slot = part.parse().ok()?;
        }
        Some(Self(numbers))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, build, revision] = self.0;
        write!(f, "{major}.{minor}.{build}.{revision}")
    }
}

/// Whether Microsoft's service still accepts an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Working {
    /// It does, as far as known; it will stop at the instant named, if one is known.
    Works {
        /// When it stops.
        until: Option<Timestamp>,
    },
    /// It has been refused since this instant: a migration starts from a server that no longer synchronises, and going back to it
    /// is no way back.
    Stopped {
        /// Since when.
        since: Timestamp,
        /// Where Microsoft says so.
        source: &'static str,
    },
    /// The version cannot be read.
    Unknown,
}

/// Oldest Connect build that synchronises after 30 September 2026.
/// Source: Microsoft, Hardening update to Microsoft Entra Connect Sync.
pub const MINIMUM_WORKING_CONNECT: Version = Version([2, 5, 79, 0]);

/// Oldest provisioning agent that resolves references to objects of another domain of the forest.
/// Source: Microsoft, cloud sync FAQ and provisioning agent version history (cross-domain reference quarantine).
pub const AGENT_RESOLVES_ACROSS_DOMAINS: Version = Version([1, 1, 2505, 0]);

/// Whether an engine of this version works at `now`.
pub fn working(engine: Engine, version: &str, now: Timestamp) -> Working {
    let stops = |(year, month, day), source| {
        // An outage begins with its day, in UTC: the earlier reading protects.
        let since = date(year, month, day).to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |z| z.timestamp());
        if now >= since { Working::Stopped { since, source } } else { Working::Works { until: Some(since) } }
    };
    match engine {
        Engine::CloudSync => Working::Works { until: None },
        Engine::DirSync | Engine::AzureADSync => {
            stops((2021, 4, 1), "Microsoft, Upgrade Windows Azure Active Directory Sync and Azure AD Sync")
        }
        Engine::MicrosoftIdentityManager => {
            stops((2024, 4, 1), "Microsoft, Migrate from the FIM connector for Azure Active Directory")
        }
        Engine::EntraConnect => match Version::parse(version) {
            None => Working::Unknown,
            Some(build) if build < Version([2, 0, 0, 0]) => {
                stops((2023, 10, 1), "Microsoft, Azure AD Connect V1.x retirement")
            }
            Some(build) if build < MINIMUM_WORKING_CONNECT => {
                stops((2026, 9, 30), "Microsoft, Hardening update to Microsoft Entra Connect Sync")
            }
            Some(_) => Working::Works { until: None },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_works_depends_on_the_day() {
        for (engine, version, now, works) in [
            (Engine::EntraConnect, "2.6.92.0", "2026-11-21T00:00:00Z", true),
            (Engine::EntraConnect, "2.5.79.0", "2026-11-21T00:00:00Z", true),
            (Engine::EntraConnect, "2.5.76.0", "2026-09-29T23:59:59Z", true),
            (Engine::EntraConnect, "2.5.76.0", "2026-09-30T00:00:00Z", false),
            (Engine::EntraConnect, "1.6.16.0", "2023-09-30T00:00:00Z", true),
            (Engine::EntraConnect, "1.1.130.0", "2026-11-21T00:00:00Z", false),
            (Engine::DirSync, "1.0.7020.0", "2020-01-01T00:00:00Z", true),
            (Engine::DirSync, "1.0.7020.0", "2026-11-21T00:00:00Z", false),
            (Engine::AzureADSync, "1.0.494.501", "2026-11-21T00:00:00Z", false),
            (Engine::MicrosoftIdentityManager, "4.6", "2026-11-21T00:00:00Z", false),
            (Engine::CloudSync, "", "2026-11-21T00:00:00Z", true),
        ] {
            let verdict = working(engine, version, at(now));
            assert_eq!(
                matches!(verdict, Working::Works { .. }),
                works,
                "{engine} {version} at {now}: {verdict:?}"
            );
        }
        assert_eq!(working(Engine::EntraConnect, "two", at("2026-01-01T00:00:00Z")), Working::Unknown);
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(Version::parse("2.10.0.0") > Version::parse("2.9.9.9"));
        assert_eq!(Version::parse("2.6"), Version::parse("2.6.0.0"));
        for bad in ["", "2", "2.x", "1.2.3.4.5", "-1.2"] {
            assert_eq!(Version::parse(bad), None, "{bad}");
        }
        assert_eq!(MINIMUM_WORKING_CONNECT.to_string(), "2.5.79.0");
    }
}
