//! A [`kube::Client`] whose requests end in the store. No network IO: it needs the runtime that the client needs.

use std::convert::Infallible;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use futures::stream;
use serde_json::{Value, json};

use super::object::meta;
use super::refusal::Refusal;
use super::schema;
use super::user::{Resource, User};
use super::write::{Part, Preconditions};

/// The largest body that the API server reads. Source: k8s.io/apiserver, `MaxRequestBodyBytes`.
const LARGEST: usize = 3 * 1024 * 1024;

impl User {
    /// A client that acts as this user.
    pub fn client(&self, default_namespace: &str) -> kube::Client {
        let user = self.clone();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let user = user.clone();
            async move { Ok::<_, Infallible>(serve(&user, request).await) }
        });
        kube::Client::new(service, default_namespace.to_owned())
    }
}

/// What the address of a request says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    resource: Resource,
    namespace: String,
    name: String,
    sub: String,
    query: Vec<(String, String)>,
}

impl Target {
    fn parse(uri: &axum::http::Uri) -> Option<Self> {
        let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
        let (group, rest) = match parts.as_slice() {
            ["api", _, rest @ ..] => ("", rest),
            ["apis", group, _, rest @ ..] => (*group, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            rest => ("", rest),
        };
        let (plural, rest) = rest.split_first()?;
        let query = uri.query().unwrap_or_default().as_bytes();
        Some(Self {
            resource: Resource { group: group.to_owned(), plural: (*plural).to_owned() },
            namespace: namespace.to_owned(),
            name: rest.first().copied().unwrap_or_default().to_owned(),
            sub: rest.get(1).copied().unwrap_or_default().to_owned(),
            query: url::form_urlencoded::parse(query).into_owned().collect(),
        })
    }

    fn query(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn part(&self) -> Result<Part, Refusal> {
        match self.sub.as_str() {
            "" => Ok(Part::Main),
            "status" => Ok(Part::Status),
            _ => Err(Refusal::not_found("the server could not find the requested resource:", &self.sub)),
        }
    }

    /// Whether an object is among those that the selectors mean.
    fn selects(&self, object: &Value) -> bool {
        let labels = pairs(self.query("labelSelector"));
        let fields = pairs(self.query("fieldSelector"));
        labels.iter().all(|(key, value)| object["metadata"]["labels"][*key] == *value)
            && fields.iter().all(|(path, value)| {
                path.strip_prefix("metadata.").is_some_and(|word| meta(object, word) == *value)
            })
    }
}

fn pairs(selector: &str) -> Vec<(&str, &str)> {
    selector
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key, value.trim_start_matches('=')))
        .collect()
}

async fn serve(user: &User, request: Request<kube::client::Body>) -> Response<Body> {
    let answer = match Target::parse(request.uri()) {
        Some(target) => answer(user, &target, request).await,
        None => {
            Err(Refusal::not_found("the server could not find the requested resource:", request.uri().path()))
        }
    };
    answer.unwrap_or_else(|refusal| respond(refusal.code, &refusal.to_status()))
}

fn respond(code: u16, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

async fn answer(
    user: &User,
    target: &Target,
    request: Request<kube::client::Body>,
) -> Result<Response<Body>, Refusal> {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(Body::new(body), LARGEST).await.map_err(|_| Refusal {
        code: 413,
        reason: "RequestEntityTooLarge",
        message: format!("Request entity too large: limit is {LARGEST}"),
        causes: Vec::new(),
    })?;
    let Target { resource, namespace, name, .. } = target;
    if !target.query("dryRun").is_empty() {
        return Err(Refusal::bad_request("dry runs are not offered"));
    }
    match parts.method {
        Method::GET if target.query("watch") == "true" => watch(user, target).await,
        Method::GET if name.is_empty() => list(user, target).await,
        Method::GET => Ok(respond(200, &user.get(resource, namespace, name).await?)),
        Method::POST if target.sub == "token" => token(user, target, &bytes).await,
        Method::POST if name.is_empty() => {
            let object = object(user, target, &bytes)?;
            Ok(respond(201, &user.create(resource, namespace, object).await?))
        }
        Method::PUT => {
            let object = object(user, target, &bytes)?;
            Ok(respond(200, &user.update(resource, namespace, name, target.part()?, object).await?))
        }
        Method::PATCH => {
            let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            Ok(respond(200, &patch(user, target, kind.unwrap_or_default(), &bytes).await?))
        }
        Method::DELETE if !name.is_empty() => delete(user, target, &bytes).await,
        _ => Err(Refusal::not_allowed()),
    }
}

fn parse(bytes: &Bytes) -> Result<Value, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| Refusal::bad_request(error.to_string()))
}

/// The body, which is refused where unknown fields are to be and it has some.
fn object(user: &User, target: &Target, bytes: &Bytes) -> Result<Value, Refusal> {
    let object = parse(bytes)?;
    if target.query("fieldValidation") == "Strict" {
        let unknown = user.unknown_fields(&target.resource, &object)?;
        if !unknown.is_empty() {
            let unknown: Vec<_> = unknown.iter().map(|path| format!("unknown field {path:?}")).collect();
            return Err(Refusal::bad_request(format!("strict decoding error: {}", unknown.join(", "))));
        }
    }
    Ok(object)
}

async fn list(user: &User, target: &Target) -> Result<Response<Body>, Refusal> {
    let (mut items, version) = user.list(&target.resource, &target.namespace).await?;
    items.retain(|object| target.selects(object));
    let kind = user.store.kind(&target.resource)?;
    let list = json!({
        "apiVersion": kind.api_version(),
        "kind": format!("{}List", kind.name),
        "metadata": { "resourceVersion": version.to_string() },
        "items": items,
    });
    Ok(respond(200, &list))
}

/// Events from a version on, for as long as somebody reads them. Without a version it begins with what is there.
async fn watch(user: &User, target: &Target) -> Result<Response<Body>, Refusal> {
    let version: u64 = target.query("resourceVersion").parse().unwrap_or_default();
    let mut first = Vec::new();
    let mut from = version;
    if version == 0 {
        let (items, listed) = user.list(&target.resource, &target.namespace).await?;
        first = items.into_iter().map(|object| json!({ "type": "ADDED", "object": object })).collect();
        from = listed;
    }
    let mut news = user.store.news();
    news.mark_changed();
    let watching = Watching { user: user.clone(), target: target.clone(), from, news, first, over: false };
    let body = Body::from_stream(stream::unfold(watching, |mut watching| async move {
        let events = watching.next().await?;
        let lines: Vec<_> = events.iter().map(Value::to_string).collect();
        Some((Ok::<_, Infallible>(Bytes::from(lines.join("\n") + "\n")), watching))
    }));
    let mut response = respond(200, &Value::Null);
    *response.body_mut() = body;
    Ok(response)
}

struct Watching {
    user: User,
    target: Target,
    from: u64,
    news: tokio::sync::watch::Receiver<u64>,
    first: Vec<Value>,
    over: bool,
}

impl Watching {
    /// The next events; `None` when the watch is over.
    async fn next(&mut self) -> Option<Vec<Value>> {
        if !self.first.is_empty() {
            let mut first = std::mem::take(&mut self.first);
            first.retain(|event| self.target.selects(&event["object"]));
            return Some(first);
        }
        while !self.over {
            self.news.changed().await.ok()?;
            let Target { resource, namespace, .. } = &self.target;
            match self.user.since(resource, namespace, self.from).await {
                Ok(events) => {
                    if let Some(version) =
                        events.last().and_then(|event| meta(&event["object"], "resourceVersion").parse().ok())
                    {
                        self.from = version;
                    }
                    let mut events = events;
                    events.retain(|event| self.target.selects(&event["object"]));
                    if !events.is_empty() {
                        return Some(events);
                    }
                }
                Err(refusal) if refusal.code == 410 => {
                    self.over = true;
                    return Some(vec![json!({ "type": "ERROR", "object": refusal.to_status() })]);
                }
                // The connection is cut.
                Err(_) => self.over = true,
            }
        }
        None
    }
}

async fn token(user: &User, target: &Target, bytes: &Bytes) -> Result<Response<Body>, Refusal> {
    let mut request = parse(bytes)?;
    let seconds = request["spec"]["expirationSeconds"].as_i64().unwrap_or(3600);
    let lifetime = std::time::Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    let (token, until) = user.token(&target.namespace, &target.name, lifetime).await?;
    request["status"] = json!({ "token": token, "expirationTimestamp": until.to_string() });
    Ok(respond(201, &request))
}

async fn patch(user: &User, target: &Target, kind: &str, bytes: &Bytes) -> Result<Value, Refusal> {
    let Target { resource, namespace, name, .. } = target;
    match kind {
        "application/merge-patch+json" => {
            user.merge(resource, namespace, name, target.part()?, &parse(bytes)?).await
        }
        "application/json-patch+json" => {
            user.operate(resource, namespace, name, target.part()?, parse(bytes)?).await
        }
        "application/apply-patch+yaml" if target.part()? == Part::Main => {
            let object = object(user, target, bytes)?;
            user.apply(resource, namespace, name, target.query("fieldManager"), object).await
        }
        other => Err(Refusal::media_type(format!(
            "expected a merge patch, a JSON patch or an object to apply (as JSON), found {other}"
        ))),
    }
}

async fn delete(user: &User, target: &Target, bytes: &Bytes) -> Result<Response<Body>, Refusal> {
    let options = if bytes.is_empty() { Value::Null } else { parse(bytes)? };
    if !matches!(options["propagationPolicy"].as_str(), None | Some("Background")) {
        return Err(Refusal::bad_request("only the propagation policy Background is offered"));
    }
    let wanted = |word: &str| options["preconditions"][word].as_str().map(str::to_owned);
    let preconditions = Preconditions { uid: wanted("uid"), resource_version: wanted("resourceVersion") };
    let Target { resource, namespace, name, .. } = target;
    let last = user.delete(resource, namespace, name, &preconditions).await?;
    if last["metadata"]["deletionTimestamp"].is_string() {
        return Ok(respond(200, &last));
    }
    let details = json!({ "name": name, "group": resource.group, "kind": resource.plural, "uid": last["metadata"]["uid"] });
    let done = json!({ "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "details": details });
    Ok(respond(200, &done))
}

impl User {
    /// Fields of an object that its schema does not know.
    fn unknown_fields(&self, resource: &Resource, object: &Value) -> Result<Vec<String>, Refusal> {
        let kind = self.store.kind(resource)?;
        let super::kind::Content::Custom(schema) = &kind.content else { return Ok(Vec::new()) };
        let mut object = object.clone();
        if let Some(fields) = object.as_object_mut() {
            for word in ["apiVersion", "kind", "metadata"] {
                fields.remove(word);
            }
        }
        Ok(schema::prune(schema, &mut object))
    }
}
