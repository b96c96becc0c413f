//! How far the API server's store has come, and whether it was put back. No IO.

/// The highest resource version of live reads so far.
///
/// Resource versions grow with every write, and can be compared as numbers. Source: Kubernetes, KEP-5504. A live read that is behind
/// an earlier one means that the store was put back to a backup: a watch that goes on from before then hears nothing until the store
/// has come as far again, and never hears what was different.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(Option<u64>);

/// The store was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the API server's store at resource version {known} or later, found {found}: it was put back to an earlier state"
)]
pub struct PutBack {
    /// How far it had come.
    pub known: u64,
    /// Where it is now.
    pub found: u64,
}

impl Revision {
    /// Takes note of the resource version of a live read that was asked for after all earlier ones had been answered. What is no
    /// number says nothing.
    ///
    /// # Errors
    /// [`PutBack`], once for each time.
    pub fn saw(&mut self, resource_version: &str) -> Result<(), PutBack> {
        let Ok(found) = resource_version.parse::<u64>() else { return Ok(()) };
        match self.0.replace(found) {
            Some(known) if found < known => Err(PutBack { known, found }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_was_put_back_is_told_once() {
        let mut revision = Revision::default();
        for version in ["", "7", "7", "opaque", "12"] {
            assert_eq!(revision.saw(version), Ok(()), "{version}");
        }
        let told = revision.saw("9").unwrap_err();
        assert_eq!(told, PutBack { known: 12, found: 9 });
        assert!(told.to_string().contains("12") && told.to_string().contains('9'), "{told}");
        assert_eq!(revision.saw("9"), Ok(()));
        assert_eq!(revision.saw("100"), Ok(()), "numbers are compared, not texts");
    }
}
