//! `Replace` in its five forms. Pure.

use super::super::pattern::Pattern;
use super::super::value::{Outcome, Unpredictable, Value};
use super::Call;

const OLD: usize = 1;
const PATTERN: usize = 2;
const GROUP: usize = 3;
const NEW: usize = 4;
const OTHER: usize = 5;
const TEMPLATE: usize = 6;

/// Source, old value, pattern, group, replacement, other attribute, template: which ones are given chooses the form.
/// Trailing ones may be missing altogether.
pub(super) fn replace(call: &Call<'_>) -> Outcome {
    call.arity_between(2, 7)?;
    let given = [OLD, PATTERN, GROUP, NEW, OTHER, TEMPLATE].map(|at| call.has(at));
    match given {
        [true, false, false, true, false, false] => plain(call),
        [true, false, false, false, false, true] => template(call),
        [false, true, false, true, false, false] => with_source(call, |source| {
            Pattern::new(&call.required(PATTERN)?)?
                .replace_all(source, &call.single(NEW)?.unwrap_or_default())
        }),
        [false, true, true, true, false, false] => with_source(call, |source| {
            let pattern = Pattern::new(&call.required(PATTERN)?)?;
            let replacement = call.single(NEW)?.unwrap_or_default();
            Ok(pattern.replace_group(source, &call.required(GROUP)?, &replacement))
        }),
        [false, true, true, false, true, false] => from_other(call),
        _ => Err(call.unpredictable("is used with arguments that no documented form has")),
    }
}

fn with_source(call: &Call<'_>, apply: impl Fn(&str) -> Result<String, Unpredictable>) -> Outcome {
    match call.single(0)? {
        None => Ok(Value::Null),
        Some(source) => apply(&source).map(Value::Text),
    }
}

/// Case-sensitive, every occurrence.
fn plain(call: &Call<'_>) -> Outcome {
    let old = call.required(OLD)?;
    if old.is_empty() {
        return Err(call.unpredictable("replaces an empty text"));
    }
    with_source(call, |source| Ok(source.replace(&old, &call.single(NEW)?.unwrap_or_default())))
}

fn template(call: &Call<'_>) -> Outcome {
    let (old, template) = (call.required(OLD)?, call.required(TEMPLATE)?);
    if old.is_empty() {
        return Err(call.unpredictable("replaces an empty text"));
    }
    let source = call.required(0)?;
    Ok(Value::Text(template.replace(&old, &source)))
}

/// With a group and another attribute. Microsoft's two pages contradict each other: by the application provisioning page
/// a source without a value is filled from the other attribute, by the cloud sync page a source with a value is changed
/// by it. Only what both agree on is computed.
fn from_other(call: &Call<'_>) -> Outcome {
    let pattern = Pattern::new(&call.required(PATTERN)?)?;
    let disputed = || call.unpredictable("has a form of which two of Microsoft's pages say opposite things");
    match call.single(0)?.filter(|source| !source.is_empty()) {
        Some(source) if !pattern.is_match(&source) => Ok(Value::Text(source)),
        Some(_) => Err(disputed()),
        None => {
            let other = call.single(OTHER)?.unwrap_or_default();
            if pattern.extract(&other, &call.required(GROUP)?).is_some() {
                Err(disputed())
            } else {
                Ok(Value::Null)
            }
        }
    }
}
