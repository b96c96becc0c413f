//! Versions of Graph and the templates of its paths. No IO.

use std::fmt;

/// Version of Graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ApiVersion {
    /// `v1.0`.
    V1,
    /// `beta`: may change at any time, and has what `v1.0` lacks.
    Beta,
}

impl ApiVersion {
    /// The segment of the path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// A path with placeholders instead of identifiers: bounded, fit for a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Version; none for the login service.
    pub version: Option<ApiVersion>,
    /// The path below the version, such as `/servicePrincipals/{id}`.
    pub template: &'static str,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(version) = self.version {
            write!(f, "/{}", version.as_str())?;
        }
        f.write_str(self.template)
    }
}
