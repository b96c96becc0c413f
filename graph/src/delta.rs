//! Changes since an earlier look. IO only through the client.
//!
//! Source: Microsoft, "Use delta query to track changes in Microsoft Graph data". The same object may come more than
//! once and in any order, and changes may be replayed: merging must not mind.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::call::{Call, Reading};
use crate::client::GraphClient;
use crate::error::Error;
use crate::resources::collection::Collection;

/// Where a round of changes begins. Opaque; lives seven days for users and groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeltaLink(String);

impl DeltaLink {
    /// Takes a link as it is.
    pub fn new(link: impl Into<String>) -> Self {
        Self(link.into())
    }

    /// The link as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeltaFrom {
    /// With everything there is, these properties of it. Only they are tracked.
    Everything {
        /// The properties.
        select: Vec<&'static str>,
    },
    /// With what changes from now on, these properties of it: no objects, only a link.
    Now {
        /// The properties.
        select: Vec<&'static str>,
    },
    /// Where an earlier round ended. Properties that did not change are left out of the answer.
    Link(DeltaLink),
}

/// A round of changes, read page by page.
pub struct DeltaPages<T> {
    client: GraphClient,
    next: Option<Call>,
    end: Option<DeltaLink>,
    page: std::marker::PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> DeltaPages<T> {
    /// `call` is the bare delta call of a kind of object.
    pub(crate) fn new(client: &GraphClient, call: Call, from: &DeltaFrom) -> Self {
        let call = call.reading(Reading::DeltaBeginning);
        let first = match from {
            DeltaFrom::Everything { select } => call.query("$select", select.join(",")),
            DeltaFrom::Now { select } => {
                call.query("$select", select.join(",")).query("$deltatoken", "latest")
            }
            DeltaFrom::Link(link) => call.prefer("return=minimal").follow(link.as_str()),
        };
        Self { client: client.clone(), next: Some(first), end: None, page: std::marker::PhantomData }
    }

    /// The next objects; `None` after the last, and then [`end`](Self::end) says where the next round begins.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`Error::DeltaExpired`] when everything must be read again.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, Error> {
        let Some(call) = self.next.clone() else {
            return Ok(None);
        };
        let page: Collection<T> = self.client.read(&call).await?;
        self.next = page.next_link.text().map(|link| call.follow(link));
        self.end = page.delta_link.into_option().map(DeltaLink);
        Ok(Some(page.value))
    }

    /// Where the next round begins; known only after the last page.
    pub fn end(&self) -> Option<&DeltaLink> {
        self.end.as_ref()
    }

    /// All objects of the round, and where the next one begins.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next), and [`Error::Refused`] when the round ended without a link.
    pub async fn collect_all(mut self) -> Result<(Vec<T>, DeltaLink), Error> {
        let mut objects = Vec::new();
        while let Some(page) = self.next().await? {
            objects.extend(page);
        }
        let end = self.end.ok_or_else(|| {
            Error::Refused(
                "expected a delta link on the last page, found none; read everything again".to_owned(),
            )
        })?;
        Ok((objects, end))
    }
}
