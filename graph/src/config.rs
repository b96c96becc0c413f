//! Where the services are and how patient the client is. Data only, no IO.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::resources::TenantId;
use crate::retry::RetryPolicy;

/// Settings of a client.
#[derive(Clone, Debug)]
pub struct Config {
    /// The tenant that tokens are asked for.
    pub tenant: TenantId,
    /// Root of the login service, without the tenant.
    pub login: BaseUrl,
    /// Root of Microsoft Graph, without the version.
    pub graph: BaseUrl,
    /// How the client names itself.
    pub user_agent: String,
    /// How patient it is.
    pub retry: RetryPolicy,
}

impl Config {
    /// The settings for a tenant in one of Microsoft's clouds.
    pub fn for_cloud(tenant: TenantId, cloud: Cloud) -> Self {
        let (login, graph) = cloud.roots();
        Self::for_endpoints(tenant, BaseUrl(login.to_owned()), BaseUrl(graph.to_owned()))
    }

    /// The settings for a tenant behind other addresses.
    pub fn for_endpoints(tenant: TenantId, login: BaseUrl, graph: BaseUrl) -> Self {
        let user_agent = format!("hybrid-identity-operator/{}", env!("CARGO_PKG_VERSION"));
        Self { tenant, login, graph, user_agent, retry: RetryPolicy::default() }
    }
}

/// Microsoft's clouds. Source: Microsoft, "National cloud deployments".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// Worldwide, GCC included.
    Global,
    /// US Government L4 (GCC High).
    UsGovernment,
    /// US Government L5 (Department of Defense).
    UsGovernmentDod,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    fn roots(self) -> (&'static str, &'static str) {
        match self {
            Self::Global => ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
            Self::UsGovernment => ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
            Self::UsGovernmentDod => ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
            Self::China => ("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
        }
    }
}

/// The root of a service: `https`, or plain `http` on the loopback interface. Has no slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

/// An address that cannot be the root of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not an address.
    #[error("expected an address such as https://graph.microsoft.com, found {found:?}; correct it")]
    NotAnAddress {
        /// What was given.
        found: String,
    },
    /// Plain http to another machine would show the token to everybody on the way.
    #[error(
        "expected https, or http to this machine, found {found:?}; use https and, if needed, an extra CA"
    )]
    NotProtected {
        /// What was given.
        found: String,
    },
    /// Parts that a root does not have.
    #[error("expected an address without user, query and fragment, found {found:?}; remove them")]
    TooMuch {
        /// What was given.
        found: String,
    },
}

impl BaseUrl {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// It is no address, not protected, or has parts that a root does not have.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let found = || text.to_owned();
        let url = Url::parse(text).map_err(|_| BaseUrlError::NotAnAddress { found: found() })?;
        let host = url.host_str().ok_or_else(|| BaseUrlError::NotAnAddress { found: found() })?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(host) => {}
            _ => return Err(BaseUrlError::NotProtected { found: found() }),
        }
        let extra = !url.username().is_empty() || url.password().is_some();
        if extra || url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::TooMuch { found: found() });
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when `link` leads to the same scheme, host and port: the token may be sent there.
    pub(crate) fn is_origin_of(&self, link: &str) -> bool {
        match (Url::parse(&self.0), Url::parse(link)) {
            (Ok(base), Ok(link)) => base.origin() == link.origin() && link.username().is_empty(),
            _ => false,
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
