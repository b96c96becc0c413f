//! Maintenance windows: cron openings in a time zone, each with a length. Windows gate starts, not finishes (S9). Pure.

use crds::sync_topology::Window;
use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Windows of a topology, read once.
#[derive(Debug, Clone)]
pub struct Windows {
    zone: TimeZone,
    openings: Vec<Opening>,
    closed: bool,
}

#[derive(Debug, Clone)]
struct Opening {
    cron: Cron,
    length: SignedDuration,
}

/// Why windows cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// The zone is unknown.
    #[error("expected an IANA time zone such as `Europe/Berlin` in `spec.timeZone`, found {found:?}")]
    UnknownTimeZone {
        /// What was given.
        found: String,
    },
    /// A schedule cannot be read.
    #[error(
        "expected a cron expression of five fields (minute, hour, day of month, month, day of week) in window {index}, found \
         {found:?}: {problem}"
    )]
    InvalidSchedule {
        /// Position of the window, from 0.
        index: usize,
        /// What was given.
        found: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A window has no length.
    #[error("expected window {index} to last longer than 0s, found {found:?}")]
    Empty {
        /// Position of the window, from 0.
        index: usize,
        /// What was given.
        found: String,
    },
}

/// Whether work may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowState {
    /// It may, until this instant; `None` = there are no windows, so always.
    Open {
        /// End of the window.
        until: Option<Timestamp>,
    },
    /// It may not.
    Closed {
        /// Next opening; `None` = never again.
        opens: Option<Timestamp>,
    },
}

impl WindowState {
    /// Work may start.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

impl Windows {
    /// Reads windows; no zone means UTC.
    ///
    /// # Errors
    /// When the zone is unknown, a schedule cannot be read, or a window has no length.
    pub fn read(zone: Option<&str>, windows: &[Window]) -> Result<Self, WindowError> {
        let zone = time_zone(zone)?;
        let mut openings = Vec::with_capacity(windows.len());
        for (index, window) in windows.iter().enumerate() {
            let cron = window.schedule.parse::<Cron>().map_err(|error| WindowError::InvalidSchedule {
                index,
                found: window.schedule.clone(),
                problem: error.to_string(),
            })?;
            if window.duration.length() <= SignedDuration::ZERO {
                return Err(WindowError::Empty { index, found: window.duration.to_string() });
            }
            openings.push(Opening { cron, length: window.duration.length() });
        }
        Ok(Self { zone, openings, closed: false })
    }

    /// Windows that never open: for settings that cannot be read.
    pub(crate) fn never() -> Self {
        Self { zone: TimeZone::UTC, openings: Vec::new(), closed: true }
    }

    /// Whether work may start at `now`.
    pub fn state(&self, now: Timestamp) -> WindowState {
        if self.closed {
            return WindowState::Closed { opens: None };
        }
        if self.openings.is_empty() {
            return WindowState::Open { until: None };
        }
        let zoned = now.to_zoned(self.zone.clone());
        let mut until: Option<Timestamp> = None;
        let mut opens: Option<Timestamp> = None;
        for opening in &self.openings {
            // The window that is open now, if any, is the last one that began: an opening is inclusive.
            if let Ok(began) = opening.cron.find_previous_occurrence(&zoned, true) {
                let end = began.timestamp().checked_add(opening.length).unwrap_or(Timestamp::MAX);
                if now < end {
                    until = until.max(Some(end));
                }
            }
            if let Ok(next) = opening.cron.find_next_occurrence(&zoned, false) {
                opens = Some(opens.map_or(next.timestamp(), |o| o.min(next.timestamp())));
            }
        }
        match until {
            Some(until) => WindowState::Open { until: Some(until) },
            None => WindowState::Closed { opens },
        }
    }
}

/// The zone of this name; UTC without one.
///
/// # Errors
/// When there is no such zone.
pub fn time_zone(name: Option<&str>) -> Result<TimeZone, WindowError> {
    match name {
        None => Ok(TimeZone::UTC),
        Some(name) => {
            TimeZone::get(name).map_err(|_| WindowError::UnknownTimeZone { found: name.to_owned() })
        }
    }
}

/// The instant at which a day ends in a zone: the first instant of the next day.
pub fn end_of_day(date: jiff::civil::Date, zone: &TimeZone) -> Option<Timestamp> {
    date.tomorrow().ok()?.to_zoned(zone.clone()).ok().map(|z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(zone: Option<&str>, list: &[(&str, &str)]) -> Result<Windows, WindowError> {
        let list: Vec<Window> = list
            .iter()
            .map(|(schedule, duration)| Window {
                schedule: (*schedule).to_owned(),
                duration: crds::DurationText::parse(duration).unwrap(),
            })
            .collect();
        Windows::read(zone, &list)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn friday_night_in_berlin() {
        let w = windows(Some("Europe/Berlin"), &[("0 22 * * 5", "6h")]).unwrap();
        // 27 November 2026 is a Friday; Berlin is one hour ahead of UTC.
        for (now, open) in [
            ("2026-11-27T20:59:59Z", false),
            ("2026-11-27T21:00:00Z", true),
            ("2026-11-28T02:59:59Z", true),
            ("2026-11-28T03:00:00Z", false),
        ] {
            assert_eq!(w.state(at(now)).is_open(), open, "{now}");
        }
        assert_eq!(
            w.state(at("2026-11-28T12:00:00Z")),
            WindowState::Closed { opens: Some(at("2026-12-04T21:00:00Z")) }
        );
        assert_eq!(
            w.state(at("2026-11-27T22:00:00Z")),
            WindowState::Open { until: Some(at("2026-11-28T03:00:00Z")) }
        );
    }

    #[test]
    fn no_window_is_always_open_and_two_windows_join() {
        assert_eq!(
            windows(None, &[]).unwrap().state(at("2026-01-01T00:00:00Z")),
            WindowState::Open { until: None }
        );
        let w = windows(None, &[("0 1 * * *", "2h"), ("0 2 * * *", "3h")]).unwrap();
        assert_eq!(
            w.state(at("2026-01-01T02:30:00Z")),
            WindowState::Open { until: Some(at("2026-01-01T05:00:00Z")) }
        );
    }

    #[test]
    fn a_window_keeps_its_length_over_a_clock_change() {
        // 28 March 2027: Berlin jumps from 02:00 to 03:00.
        let w = windows(Some("Europe/Berlin"), &[("30 1 * * *", "2h")]).unwrap();
        assert!(w.state(at("2027-03-28T02:29:59Z")).is_open());
        assert!(!w.state(at("2027-03-28T02:30:00Z")).is_open());
    }

    #[test]
    fn bad_input_says_what_was_expected() {
        assert!(matches!(windows(Some("Europe/Berln"), &[]), Err(WindowError::UnknownTimeZone { .. })));
        let error = windows(None, &[("0 25 * * *", "1h")]).unwrap_err().to_string();
        assert!(error.contains("five fields") && error.contains("0 25 * * *"), "{error}");
        assert!(matches!(windows(None, &[("0 1 * * *", "0s")]), Err(WindowError::Empty { index: 0, .. })));
    }

    #[test]
    fn a_day_ends_when_the_next_begins() {
        let zone = time_zone(Some("Europe/Berlin")).unwrap();
        assert_eq!(end_of_day("2027-03-31".parse().unwrap(), &zone), Some(at("2027-03-31T22:00:00Z")));
        assert_eq!(end_of_day("2027-03-28".parse().unwrap(), &zone), Some(at("2027-03-28T22:00:00Z")));
    }
}
