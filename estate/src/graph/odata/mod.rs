//! The part of OData that Microsoft Graph serves for the collections of the estate: query options, `$filter`, projection,
//! ordering, page tokens. Pure: no IO, no state.

mod collection;
mod filter;
mod filter_parser;
mod query;
#[cfg(test)]
mod tests;

pub(crate) use collection::{PageRules, page, project};
pub(crate) use filter::Case;
#[cfg(test)]
pub(crate) use filter::Filter;
pub(crate) use query::{QueryOptions, decode, decode_component, encode_component};

/// Why a query cannot be served: 400, with the word at which reading stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueryError {
    /// The query cannot be read.
    #[error("{0}")]
    Malformed(String),
}
