//! Functions that Kubernetes adds to CEL, as far as the rules of this project use them. Pure.
//!
//! Source: Kubernetes, "Common Expression Language in Kubernetes", lists and URLs.

#![expect(clippy::needless_pass_by_value, reason = "the signature is that of `cel`")]

use std::sync::{Arc, OnceLock};

use cel::common::types::{CelBool, CelInt, CelString, DYN_TYPE, LIST_TYPE, STRING_TYPE};
use cel::common::value::CowVal;
use cel::{DeclarationError, Env, ExecutionError, Value};
use url::Url;

/// The environment of every rule.
pub(super) fn environment() -> Result<Arc<Env>, DeclarationError> {
    static MADE: OnceLock<Result<Arc<Env>, DeclarationError>> = OnceLock::new();
    MADE.get_or_init(|| make().map(Arc::new)).clone()
}

fn make() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(cel::extensions::strings)?;
    env.add_member_overload("indexOf", "list.indexOf(dyn)", LIST_TYPE, vec![DYN_TYPE], index_of)?;
    env.add_overload("isURL", "isURL(string)", vec![STRING_TYPE], is_url)?;
    // An address is passed on as its text: our rules ask it for its parts only.
    env.add_overload("url", "url(string)", vec![STRING_TYPE], url)?;
    env.add_member_overload("getScheme", "url.getScheme()", STRING_TYPE, vec![], scheme)?;
    env.add_member_overload("getHostname", "url.getHostname()", STRING_TYPE, vec![], hostname)?;
    Ok(env)
}

type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

fn value(argument: Option<&CowVal<'_, '_>>) -> Result<Value, ExecutionError> {
    let argument = argument.ok_or(ExecutionError::MissingArgumentOrTarget)?;
    Value::try_from(argument.as_ref())
}

fn text(argument: Option<&CowVal<'_, '_>>) -> Result<Arc<String>, ExecutionError> {
    match value(argument)? {
        Value::String(text) => Ok(text),
        other => Err(ExecutionError::UnsupportedTargetType { target: other }),
    }
}

fn index_of<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let Value::List(items) = value(arguments.first())? else {
        return Err(ExecutionError::MissingArgumentOrTarget);
    };
    let wanted = value(arguments.get(1))?;
    let index = items.iter().position(|item| *item == wanted);
    let index = index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1);
    Ok(CowVal::owned(CelInt::from(index)))
}

fn is_url<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let text = text(arguments.first())?;
    Ok(CowVal::owned(CelBool::from(text.starts_with('/') || parse(&text).is_some())))
}

fn url<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let text = text(arguments.first())?;
    if !text.starts_with('/') && parse(&text).is_none() {
        let message = format!("expected an address, found {text}");
        return Err(ExecutionError::FunctionError { function: "url".to_owned(), message });
    }
    Ok(CowVal::owned(CelString::from(text.as_str().to_owned())))
}

fn scheme<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let text = text(arguments.first())?;
    let scheme = parse(&text).map(|url| url.scheme().to_owned()).unwrap_or_default();
    Ok(CowVal::owned(CelString::from(scheme)))
}

fn hostname<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let text = text(arguments.first())?;
    Ok(CowVal::owned(CelString::from(parse(&text).map(|url| host(&text, &url)).unwrap_or_default())))
}

fn parse(text: &str) -> Option<Url> {
    Url::parse(text).ok()
}

/// The host as it was written. A browser reads `https:///path` as host `path`; the API server sees no host.
fn host(text: &str, url: &Url) -> String {
    if text.split_once("://").is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('/')) {
        return String::new();
    }
    url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned()
}
