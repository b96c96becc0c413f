//! Where the bytes of configuration snapshots are kept. Pure.

use std::str::FromStr;

use url::Url;

/// Schemes of object stores that can be used.
const SCHEMES: [&str; 7] = ["file", "s3", "gs", "az", "azure", "abfs", "abfss"];

/// Where the bytes of configuration snapshots are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotStore {
    /// In Secrets beside the ConfigurationSnapshot.
    Secrets,
    /// In an object store, below this address.
    At(Url),
}

/// An address that no snapshot can be kept at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreAddressError {
    /// It is no address.
    #[error(
        "expected the address of an object store such as file:///snapshots or s3://bucket/folder, found {0:?}"
    )]
    NoUrl(String),
    /// Its scheme is not one that can be used.
    #[error("expected an address with one of the schemes {known}, found {0:?}", known = SCHEMES.join(", "))]
    Scheme(String),
    /// It holds a secret, and would be written into every ConfigurationSnapshot.
    #[error(
        "expected an address without user, password, query or fragment, found one in an address of {0}: give credentials by \
         environment variables"
    )]
    Secret(String),
    /// A file address that names another host.
    #[error("expected file:/// and the path of a folder, found the host {0:?}")]
    Host(String),
}

impl FromStr for SnapshotStore {
    type Err = StoreAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Secrets);
        }
        let url = Url::parse(text).map_err(|_| StoreAddressError::NoUrl(text.to_owned()))?;
        if !SCHEMES.contains(&url.scheme()) {
            return Err(StoreAddressError::Scheme(url.scheme().to_owned()));
        }
        let azure = url.scheme().starts_with("abfs");
        let user = !url.username().is_empty() && !azure;
        if user || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(StoreAddressError::Secret(url.scheme().to_owned()));
        }
        match url.host_str() {
            Some(host) if url.scheme() == "file" => Err(StoreAddressError::Host(host.to_owned())),
            None if url.scheme() != "file" => Err(StoreAddressError::NoUrl(text.to_owned())),
            _ => Ok(Self::At(url)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        text.parse::<SnapshotStore>().unwrap_err().to_string()
    }

    #[test]
    fn nothing_means_secrets_and_known_schemes_are_taken() {
        assert_eq!("".parse(), Ok(SnapshotStore::Secrets));
        // In abfs addresses the user part is the container.
        for text in [
            "file:///snapshots",
            "s3://bucket/folder",
            "gs://bucket",
            "abfss://box@account.dfs.core.windows.net/a",
        ] {
            let SnapshotStore::At(url) = text.parse().unwrap() else { panic!("{text}") };
            assert_eq!(url.as_str(), text);
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_the_reason() {
        assert!(refused("/snapshots").contains("such as file:///snapshots"));
        assert!(refused("ftp://host/x").contains("found \"ftp\""));
        assert!(refused("memory:///").contains("found \"memory\""));
        assert!(refused("https://host/x").contains("found \"https\""));
        assert!(refused("file://host/x").contains("the host \"host\""));
        let secret = refused("s3://key:hunter2@bucket/x");
        assert!(secret.contains("environment variables") && !secret.contains("hunter2"), "{secret}");
        assert!(refused("s3://bucket/x?token=hunter2").contains("environment variables"));
    }
}
