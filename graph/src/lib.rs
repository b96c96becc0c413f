//! A thin typed client for the parts of Microsoft Graph that Cloud Sync needs.
//!
//! ```text
//! let client = GraphClient::new(config, transport, credentials, clock);
//! let jobs = client.synchronization(&service_principal).jobs().await?;
//! ```
//!
//! The client decides nothing about directories. It knows paths, bodies, tokens, pages, and when a request may be sent
//! again. Network, time and randomness come in through [`Transport`], [`Clock`] and [`Randomness`], so that the same
//! client runs against Microsoft, against a simulation over HTTP, and inside a simulation on a virtual clock.

mod call;
mod client;
mod clock;
mod config;
mod credentials;
mod delta;
mod encoding;
mod error;
mod observe;
mod operations;
mod pages;
mod query;
mod randomness;
pub mod resources;
mod retry;
mod route;
pub mod schema;
mod send;
mod token;
pub mod transport;
pub mod value;

pub use client::GraphClient;
pub use clock::{Clock, SystemClock};
pub use config::{BaseUrl, BaseUrlError, Cloud, Config};
pub use credentials::{ClientSecret, CredentialError, Credentials, Evidence, FederatedTokenFile, Proof};
pub use delta::{DeltaFrom, DeltaLink, DeltaPages};
pub use error::{Effect, Error, Failure, Permission};
pub use observe::{ObservedRequest, ObservedResult, RequestObserver};
pub use operations::*;
pub use pages::{Page, Pages};
pub use query::{MAX_PAGE, Query, equals};
pub use randomness::{Randomness, ThreadRandomness};
pub use retry::RetryPolicy;
pub use route::{ApiVersion, Route};
pub use transport::Transport;
pub use transport::http::{HttpOptions, HttpSetupError, HttpTransport};

#[cfg(test)]
mod testing;
