//! Lists, one page after the other. IO only through the client.

use std::collections::VecDeque;

use futures::stream::{self, Stream};
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::client::GraphClient;
use crate::error::Error;
use crate::resources::collection::Collection;

/// A list that is read page by page. Nothing is sent before the first page is asked for.
///
/// After an error the same page is asked for again, which is safe: links to pages may be used more than once.
pub struct Pages<T> {
    client: GraphClient,
    next: Option<Call>,
    page: std::marker::PhantomData<fn() -> T>,
}

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items; there may be none although more pages follow.
    pub items: Vec<T>,
    /// How many items the whole list has; on the first page of an advanced query only.
    pub count: Option<u64>,
}

impl<T: DeserializeOwned> Pages<T> {
    pub(crate) fn new(client: &GraphClient, first: Call) -> Self {
        Self { client: client.clone(), next: Some(first), page: std::marker::PhantomData }
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    ///
    /// Those of the call, and [`Error::PageExpired`] when the list must be begun again.
    pub async fn next(&mut self) -> Result<Option<Page<T>>, Error> {
        let Some(call) = self.next.clone() else {
            return Ok(None);
        };
        let page: Collection<T> = self.client.read(&call).await?;
        self.next = page.next_link.text().map(|link| call.follow(link));
        Ok(Some(Page { items: page.value, count: page.count.copied() }))
    }

    /// All items of all pages.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    pub async fn collect_all(mut self) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while let Some(page) = self.next().await? {
            items.extend(page.items);
        }
        Ok(items)
    }

    /// The items as a stream that asks for a page when it needs one.
    pub fn into_stream(self) -> impl Stream<Item = Result<T, Error>> {
        stream::try_unfold((self, VecDeque::new()), |(mut pages, mut items)| async move {
            while items.is_empty() {
                match pages.next().await? {
                    Some(page) => items.extend(page.items),
                    None => return Ok(None),
                }
            }
            Ok(items.pop_front().map(|item| (item, (pages, items))))
        })
    }
}
