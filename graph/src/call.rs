//! One call, described as data: what is sent, and what the layers above need to know about it. No IO.

use serde::Serialize;

use crate::config::BaseUrl;
use crate::encoding::{encode_query, encode_segment};
use crate::error::{Error, Permission};
use crate::retry::{Age, Repeat};
use crate::route::{ApiVersion, Route};
use crate::transport::{Headers, Method};

/// What a call is to the layers that send, repeat and classify.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) method: Method,
    pub(crate) route: Route,
    pub(crate) repeat: Repeat,
    pub(crate) age: Age,
    pub(crate) permission: Permission,
    pub(crate) reading: Reading,
}

/// What a call reads, as far as that changes the meaning of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// One object or action, or the first page of a list.
    Plain,
    /// A page of a list that an earlier page led to.
    NextPage,
    /// The first page of a delta round from the beginning.
    DeltaBeginning,
    /// A page of a delta round that an earlier answer led to.
    DeltaLink,
}

impl Reading {
    pub(crate) fn is_delta(self) -> bool {
        matches!(self, Self::DeltaBeginning | Self::DeltaLink)
    }
}

/// One call.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) shape: Shape,
    target: Result<Target, String>,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    preferences: Vec<&'static str>,
    body: Vec<u8>,
}

#[derive(Clone)]
enum Target {
    /// Path below the version.
    Path(String),
    /// A link that the service made, followed verbatim.
    Link(String),
}

impl Call {
    /// A call of `template`, whose placeholders take `ids` in order. An identifier that would change the path is
    /// refused when the call is sent.
    pub(crate) fn new(method: Method, version: ApiVersion, template: &'static str, ids: &[&str]) -> Self {
        let repeat = match method {
            Method::Get | Method::Put | Method::Patch | Method::Delete => Repeat::Harmless,
            Method::Post => Repeat::OnlyIfRefused,
        };
        Self {
            shape: Shape {
                method,
                route: Route { version: Some(version), template },
                repeat,
                age: Age::Settled,
                permission: Permission::OfParts,
                reading: Reading::Plain,
            },
            target: fill(template, ids).map(Target::Path),
            query: Vec::new(),
            headers: Vec::new(),
            preferences: vec!["include-unknown-enum-members"],
            body: Vec::new(),
        }
    }

    pub(crate) fn get(version: ApiVersion, template: &'static str, ids: &[&str]) -> Self {
        Self::new(Method::Get, version, template, ids)
    }

    pub(crate) fn post(version: ApiVersion, template: &'static str, ids: &[&str]) -> Self {
        Self::new(Method::Post, version, template, ids)
    }

    /// The same call with the application permission it needs.
    pub(crate) fn needs(mut self, permission: &'static str) -> Self {
        self.shape.permission = Permission::Application(permission);
        self
    }

    /// The same call, which by the reference only a person may make.
    pub(crate) fn needs_person(mut self, permission: &'static str) -> Self {
        self.shape.permission = Permission::PersonOnly(permission);
        self
    }

    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.shape.repeat = repeat;
        self
    }

    pub(crate) fn age(mut self, age: Age) -> Self {
        self.shape.age = age;
        self
    }

    pub(crate) fn reading(mut self, reading: Reading) -> Self {
        self.shape.reading = reading;
        self
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn prefer(mut self, preference: &'static str) -> Self {
        self.preferences.push(preference);
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body = bytes,
            Err(error) => {
                self.target = Err(format!("expected a body that can be written as JSON, found: {error}"));
            }
        }
        self
    }

    /// The same call, refused without being sent.
    pub(crate) fn refused(mut self, reason: String) -> Self {
        self.target = Err(reason);
        self
    }

    /// The call that follows a link of the service: same headers, which Graph wants again on every page, and no
    /// query of its own.
    pub(crate) fn follow(&self, link: &str) -> Self {
        let reading = if self.shape.reading.is_delta() { Reading::DeltaLink } else { Reading::NextPage };
        let mut call = self.clone().reading(reading);
        call.target = match &self.target {
            Ok(Target::Link(here)) if here == link => {
                Err("expected a link to another page, found one to the same page; begin again".to_owned())
            }
            _ => Ok(Target::Link(link.to_owned())),
        };
        call.query.clear();
        call
    }

    /// The absolute address.
    pub(crate) fn url(&self, base: &BaseUrl) -> Result<String, Error> {
        match &self.target {
            Err(reason) => Err(Error::Refused(reason.clone())),
            Ok(Target::Link(link)) if base.is_origin_of(link) => Ok(link.clone()),
            Ok(Target::Link(link)) => Err(Error::Refused(format!(
                "expected a link below {base}, found {:?}; the token is not sent to another host: \
                 configure the address that the service itself uses",
                link.split('?').next().unwrap_or_default()
            ))),
            Ok(Target::Path(path)) => {
                let version = self.shape.route.version.map_or("", ApiVersion::as_str);
                let query: Vec<String> = self
                    .query
                    .iter()
                    .map(|(name, value)| format!("{name}={}", encode_query(value)))
                    .collect();
                let mark = if query.is_empty() { "" } else { "?" };
                Ok(format!("{base}/{version}{path}{mark}{}", query.join("&")))
            }
        }
    }

    /// Headers of the call itself.
    pub(crate) fn headers(&self) -> Headers {
        let mut headers: Headers = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.push("Accept", "application/json");
        headers.push("Prefer", self.preferences.join(", "));
        if !self.body.is_empty() {
            headers.push("Content-Type", "application/json");
        }
        headers
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Puts identifiers in the place of placeholders.
fn fill(template: &'static str, ids: &[&str]) -> Result<String, String> {
    let mut ids = ids.iter();
    let mut path = String::with_capacity(template.len() + 64);
    for segment in template.split('/').skip(1) {
        path.push('/');
        if !segment.starts_with('{') {
            path.push_str(segment);
            continue;
        }
        match ids.next() {
            Some(id) if !id.is_empty() && *id != "." && *id != ".." => path.push_str(&encode_segment(id)),
            found => {
                return Err(format!(
                    "expected an identifier for {segment} in {template}, found {found:?}; correct the caller"
                ));
            }
        }
    }
    Ok(path)
}
