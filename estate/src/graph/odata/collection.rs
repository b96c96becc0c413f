//! One page of a collection: filter, order, cut, project, and the link to the next page. Pure.

use std::cmp::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::QueryError;
use super::filter::Case;
use super::query::{OrderBy, QueryOptions};

/// What a collection allows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRules {
    /// Objects on a page without `$top`.
    pub(crate) default_size: u32,
    /// Largest `$top`; more is refused.
    pub(crate) largest_size: u32,
    /// How text is compared in `$filter`.
    pub(crate) case: Case,
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page {
    /// The objects, whole: projection comes after.
    pub(crate) objects: Vec<Value>,
    /// How many objects match in all.
    pub(crate) matching: usize,
    /// Whether this is the first page: only that one carries `@odata.count`.
    pub(crate) first: bool,
    /// Token of the next page.
    pub(crate) next: Option<String>,
}

/// Cuts one page out of `objects`. A page token holds the number of objects already served.
///
/// # Errors
/// [`QueryError`] for a page size out of bounds or a token that this service did not hand out.
pub(crate) fn page(
    objects: Vec<Value>,
    options: &QueryOptions,
    rules: PageRules,
) -> Result<Page, QueryError> {
    let size = match options.top {
        None => rules.default_size,
        Some(top) => {
            u32::try_from(top).ok().filter(|top| (1..=rules.largest_size).contains(top)).ok_or_else(|| {
                QueryError::Malformed(format!(
                    "Invalid page size specified: '{top}'. Must be between 1 and {} inclusive.",
                    rules.largest_size
                ))
            })?
        }
    };
    let start = options.skip_token.as_deref().map_or(Ok(0), read_token)?;
    let mut matching: Vec<Value> = match &options.filter {
        Some(filter) => objects.into_iter().filter(|object| filter.matches(object, rules.case)).collect(),
        None => objects,
    };
    if !options.order_by.is_empty() {
        matching.sort_by(|left, right| order(left, right, &options.order_by));
    }
    let total = matching.len();
    let end = start.saturating_add(size as usize).min(total);
    let objects = matching.drain(start.min(total)..end).collect();
    let next = (end < total).then(|| write_token(end));
    Ok(Page { objects, matching: total, first: options.skip_token.is_none(), next })
}

/// Keeps the properties named, and annotations (`@odata.type`, ...). A property that is named and absent becomes null.
pub(crate) fn project<S: AsRef<str>>(object: &Value, select: &[S]) -> Value {
    let Some(properties) = object.as_object() else { return object.clone() };
    let mut kept: Map<String, Value> = properties
        .iter()
        .filter(|(name, _)| name.starts_with('@'))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for name in select {
        let name = name.as_ref();
        kept.insert(name.to_owned(), properties.get(name).cloned().unwrap_or(Value::Null));
    }
    Value::Object(kept)
}

fn order(left: &Value, right: &Value, keys: &[OrderBy]) -> Ordering {
    keys.iter()
        .map(|key| {
            let ordering = order_values(left.get(&key.property), right.get(&key.property));
            if key.descending { ordering.reverse() } else { ordering }
        })
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Null first, then by the text of the value without regard to case: enough for names and RFC 3339 instants in UTC.
fn order_values(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    let key = |value: Option<&Value>| match value {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.to_lowercase()),
        Some(other) => Some(other.to_string()),
    };
    key(left).cmp(&key(right))
}

/// Opaque to clients; readable for whoever debugs.
fn write_token(served: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("after:{served}"))
}

fn read_token(token: &str) -> Result<usize, QueryError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("after:")?.parse().ok())
        .ok_or_else(|| {
            QueryError::Malformed("The skiptoken is invalid or has expired; start over.".to_owned())
        })
}
