//! Query options of one request: percent decoding and the meaning of each `$` option. Pure.

use super::QueryError;
use super::filter::Filter;

/// Longest query string that is read, in bytes; real front ends refuse longer request lines.
const MAX_QUERY_BYTES: usize = 16 * 1024;

/// One `$orderby` key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderBy {
    /// Property name.
    pub(crate) property: String,
    /// `desc` was given.
    pub(crate) descending: bool,
}

/// The query options of a request, read once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct QueryOptions {
    /// `$select`, in the order given.
    pub(crate) select: Option<Vec<String>>,
    /// `$filter`.
    pub(crate) filter: Option<Filter>,
    /// `$top`; not yet compared with the bounds of the collection.
    pub(crate) top: Option<i64>,
    /// `$count=true`.
    pub(crate) count: bool,
    /// `$search`, unread.
    pub(crate) search: Option<String>,
    /// `$orderby`.
    pub(crate) order_by: Vec<OrderBy>,
    /// `$expand`, names only.
    pub(crate) expand: Vec<String>,
    /// `$skiptoken`.
    pub(crate) skip_token: Option<String>,
    /// `$deltatoken`.
    pub(crate) delta_token: Option<String>,
    /// Every option but `$skiptoken`, as given: a next link repeats them.
    pub(crate) given: Vec<(String, String)>,
}

impl QueryOptions {
    /// Reads the query string of a request (without the `?`).
    ///
    /// # Errors
    /// [`QueryError::Malformed`] for an option that is unknown, given twice or not readable.
    pub(crate) fn parse(query: &str) -> Result<Self, QueryError> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(QueryError::Malformed(format!(
                "The query string has {} bytes; at most {MAX_QUERY_BYTES} are read.",
                query.len()
            )));
        }
        let mut options = Self::default();
        for (name, value) in decode(query)? {
            options.read(&name, &value)?;
            if name != "$skiptoken" {
                if options.given.iter().any(|(known, _)| *known == name) {
                    return Err(QueryError::Malformed(format!(
                        "Query option '{name}' was specified more than once, but it must be specified at most once."
                    )));
                }
                options.given.push((name, value));
            }
        }
        Ok(options)
    }

    fn read(&mut self, name: &str, value: &str) -> Result<(), QueryError> {
        match name {
            "$select" => self.select = Some(names(value)),
            "$filter" => self.filter = Some(Filter::parse(value)?),
            "$top" => {
                self.top = Some(value.parse().map_err(|_| {
                    QueryError::Malformed(format!("Invalid value '{value}' for $top query option found."))
                })?);
            }
            "$count" => {
                self.count = match value {
                    "true" => true,
                    "false" => false,
                    other => {
                        return Err(QueryError::Malformed(format!(
                            "Invalid value '{other}' for $count query option found. Valid values are 'true' and 'false'."
                        )));
                    }
                }
            }
            "$search" => self.search = Some(value.to_owned()),
            "$orderby" => self.order_by = order_by(value)?,
            "$expand" => self.expand = names(value),
            "$skiptoken" => self.skip_token = Some(value.to_owned()),
            "$deltatoken" => self.delta_token = Some(value.to_owned()),
            other if other.starts_with('$') => {
                return Err(QueryError::Malformed(format!(
                    "Unrecognized query argument specified: '{other}'."
                )));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the query goes to the index that lags behind the store and must say `ConsistencyLevel: eventual`.
    /// Source: Microsoft, advanced query capabilities on directory objects.
    pub(crate) fn is_advanced(&self) -> bool {
        self.count
            || self.search.is_some()
            || self.filter.as_ref().is_some_and(Filter::is_advanced)
            || (self.filter.is_some() && !self.order_by.is_empty())
    }
}

/// Names separated by commas; options in parentheses behind a name are dropped, commas inside them do not separate.
fn names(list: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let mut names = Vec::new();
    let mut name = String::new();
    for character in list.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => names.push(std::mem::take(&mut name)),
            _ if depth == 0 => name.push(character),
            _ => {}
        }
    }
    names.push(name);
    names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn order_by(list: &str) -> Result<Vec<OrderBy>, QueryError> {
    names(list)
        .into_iter()
        .map(|key| {
            let mut words = key.split_whitespace();
            let property = words.next().unwrap_or_default().to_owned();
            let descending = match words.next() {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(other) => {
                    return Err(QueryError::Malformed(format!(
                        "Syntax error in $orderby: expected 'asc' or 'desc', found '{other}'."
                    )));
                }
            };
            Ok(OrderBy { property, descending })
        })
        .collect()
}

/// Splits a query string or form body into decoded names and values.
///
/// # Errors
/// [`QueryError::Malformed`] where a percent sign is not followed by two hexadecimal digits, or the bytes are not UTF-8.
pub(crate) fn decode(query: &str) -> Result<Vec<(String, String)>, QueryError> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode_component(name)?, decode_component(value)?))
        })
        .collect()
}

/// Decodes one name or value; a plus sign is a blank.
///
/// # Errors
/// As [`decode`].
pub(crate) fn decode_component(text: &str) -> Result<String, QueryError> {
    let malformed =
        || QueryError::Malformed(format!("The query component '{text}' is not properly encoded."));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |digit: Option<u8>| {
                    digit
                        .and_then(|digit| char::from(digit).to_digit(16))
                        .and_then(|digit| u8::try_from(digit).ok())
                };
                let high = digit(rest.next()).ok_or_else(malformed)?;
                let low = digit(rest.next()).ok_or_else(malformed)?;
                high << 4 | low
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

/// Encodes one name or value, leaving readable what needs no encoding in a query.
pub(crate) fn encode_component(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~$,'()/:@*".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}
