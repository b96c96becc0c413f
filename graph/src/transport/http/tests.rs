//! The real transport against a small server on the loopback interface.

mod proxy;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request as AxumRequest, State};
use axum::http::{HeaderMap, Method as HttpMethod, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get, post};
use serde_json::json;

use super::{HttpOptions, HttpSetupError, HttpTransport};
use crate::config::{BaseUrl, Config};
use crate::resources::{JobId, ServicePrincipalId, TenantId};
use crate::testing::VirtualClock;
use crate::transport::{Connection, Fault, Headers, Method, Request, Transport};
use crate::value::Sensitive;
use crate::{ClientSecret, GraphClient};

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<SeenRequest>>>);

type SeenRequest = (HttpMethod, Uri, HeaderMap, String);

async fn remember(State(seen): State<Seen>, request: AxumRequest) -> impl IntoResponse {
    let (head, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1024 * 1024).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let mut seen = seen.0.lock().unwrap();
    seen.push((head.method, head.uri, head.headers, text));
    // The first call meets a busy service.
    if seen.len() == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    root
}

fn request(method: Method, url: String) -> Request {
    Request { method, url, headers: Headers::default(), body: Vec::new(), connection: Connection::Any }
}

#[tokio::test]
async fn a_call_goes_over_a_real_connection() {
    let seen = Seen::default();
    let token =
        || async { axum::Json(json!({ "access_token": "t", "expires_in": 3600, "token_type": "Bearer" })) };
    let router = Router::new()
        .route("/tenant-1/oauth2/v2.0/token", post(token))
        .fallback(any(remember))
        .with_state(seen.clone());
    let root = BaseUrl::parse(&serve(router).await).unwrap();
    let config = Config::for_endpoints(TenantId::new("tenant-1"), root.clone(), root);
    let transport = HttpTransport::new(&HttpOptions::default()).unwrap();
    let secret = ClientSecret::new("app-1", Sensitive::new("s"));
    let client = GraphClient::new(config, transport, secret, VirtualClock::new());

    let restart = crate::resources::jobs::RestartRequest::ordinary();
    client
        .synchronization(&ServicePrincipalId::new("sp"))
        .job(&JobId::new("j.1"))
        .restart(&restart)
        .await
        .unwrap();

    let seen = seen.0.lock().unwrap();
    assert_eq!(seen.len(), 2, "once refused, once done");
    for (method, uri, headers, body) in seen.iter() {
        assert_eq!(method, HttpMethod::POST);
        assert_eq!(uri.path(), "/v1.0/servicePrincipals/sp/synchronization/jobs/j.1/restart");
        assert_eq!(headers["authorization"], "Bearer t");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(body, r#"{"criteria":{"resetScope":"QuarantineState, Watermark, Escrows"}}"#);
    }
}

#[tokio::test]
async fn a_query_keeps_its_meaning_on_the_way() {
    let echo = |uri: Uri| async move { uri.to_string() };
    let root = serve(Router::new().fallback(any(echo))).await;
    let transport = HttpTransport::new(&HttpOptions::default()).unwrap();
    let path = "/v1.0/users/delta?$deltatoken=a%20b'(c),d_-~.e&$select=id";
    let answer = transport.send(request(Method::Get, format!("{root}{path}"))).await.unwrap();
    // The only character that is written in another way, which means the same.
    assert_eq!(String::from_utf8(answer.body).unwrap(), path.replace('\'', "%27"));
}

#[tokio::test]
async fn statuses_are_answers_and_redirects_are_not_followed() {
    let router = Router::new()
        .route("/away", get(|| async { Redirect::temporary("/there") }))
        .route("/there", get(|| async { "never" }))
        .route("/gone", get(|| async { (StatusCode::GONE, [("location", "https://x/y")], "body") }));
    let root = serve(router).await;
    let transport = HttpTransport::new(&HttpOptions::default()).unwrap();
    let away = transport.send(request(Method::Get, format!("{root}/away"))).await.unwrap();
    assert_eq!(away.status, 307);
    let gone = transport.send(request(Method::Get, format!("{root}/gone"))).await.unwrap();
    assert_eq!(
        (gone.status, gone.headers.get("Location"), gone.body.as_slice()),
        (410, Some("https://x/y"), &b"body"[..])
    );
}

#[tokio::test]
async fn a_new_connection_is_a_new_one() {
    async fn peer(
        axum::extract::ConnectInfo(peer): axum::extract::ConnectInfo<std::net::SocketAddr>,
    ) -> String {
        peer.to_string()
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router =
        Router::new().route("/", get(peer)).into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let transport = HttpTransport::new(&HttpOptions::default()).unwrap();
    let mut peers = Vec::new();
    for connection in [Connection::Any, Connection::New, Connection::New] {
        let answer =
            transport.send(Request { connection, ..request(Method::Get, url.clone()) }).await.unwrap();
        peers.push(answer.body);
    }
    peers.dedup();
    assert_eq!(peers.len(), 3, "three connections");
}

#[tokio::test]
async fn faults_say_whether_anything_was_sent() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let transport = HttpTransport::new(&HttpOptions::default()).unwrap();
    let unreachable = transport.send(request(Method::Get, nobody.clone())).await.unwrap_err();
    assert!(matches!(&unreachable, Fault::Unreachable(text) if !text.contains(&nobody)), "{unreachable:?}");

    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let options = HttpOptions { request_timeout: Duration::from_millis(200), ..HttpOptions::default() };
    let hurried = HttpTransport::new(&options).unwrap();
    let broken = hurried.send(request(Method::Get, url)).await.unwrap_err();
    assert!(matches!(broken, Fault::Broken(_)), "{broken:?}");

    let invalid = transport.send(request(Method::Get, "no address".to_owned())).await.unwrap_err();
    assert!(matches!(invalid, Fault::Invalid(_)), "{invalid:?}");
}

#[test]
fn extra_certificates_must_be_pem() {
    let with = |pem: &[u8]| {
        HttpTransport::new(&HttpOptions { extra_ca_pem: Some(pem.to_vec()), ..HttpOptions::default() })
    };
    let broken = b"-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n";
    assert!(matches!(with(broken), Err(HttpSetupError::ExtraCa(_))));
}
