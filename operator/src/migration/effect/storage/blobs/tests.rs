//! A folder and a bucket that keep what they are given, and every way in which they do not.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use crds::ContentDigest;
use tempfile::TempDir;
use url::Url;

use super::{BlobError, Blobs};

const NOTHING: [(String, String); 0] = [];

fn bytes() -> Vec<u8> {
    (0..200_000_u32).map(|number| u8::try_from(number % 251).unwrap()).collect()
}

fn digest() -> ContentDigest {
    ContentDigest::of(b"content")
}

fn folder() -> (TempDir, Url) {
    let folder = TempDir::new().unwrap();
    let url = Url::from_directory_path(folder.path()).unwrap();
    (folder, url)
}

fn file_of(url: &str) -> PathBuf {
    Url::parse(url).unwrap().to_file_path().unwrap()
}

#[tokio::test]
async fn bytes_are_kept_below_their_digest_and_once() {
    let (_folder, url) = folder();
    let blobs = Blobs::open(&url, NOTHING).unwrap();
    let kept = blobs.keep("identity", &digest(), bytes()).await.unwrap();
    let hexadecimal = digest().as_str().trim_start_matches("sha256:").to_owned();
    assert_eq!(kept, format!("{}identity/sha256-{hexadecimal}.snapshot", url.as_str()));
    assert_eq!(std::fs::read(file_of(&kept)).unwrap(), bytes());
    let written = std::fs::metadata(file_of(&kept)).unwrap().modified().unwrap();
    assert_eq!(blobs.keep("identity", &digest(), bytes()).await.unwrap(), kept);
    assert_eq!(std::fs::metadata(file_of(&kept)).unwrap().modified().unwrap(), written);
}

#[tokio::test]
async fn a_damaged_file_heals() {
    let (_folder, url) = folder();
    let blobs = Blobs::open(&url, NOTHING).unwrap();
    let kept = blobs.keep("identity", &digest(), bytes()).await.unwrap();
    for damage in [&b"not it"[..], b""] {
        std::fs::write(file_of(&kept), damage).unwrap();
        blobs.keep("identity", &digest(), bytes()).await.unwrap();
        assert_eq!(std::fs::read(file_of(&kept)).unwrap(), bytes());
    }
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    let (folder, url) = folder();
    let missing = url.join("volume/").unwrap();
    let error = Blobs::open(&missing, NOTHING).unwrap_err();
    assert!(error.to_string().contains("found: no such folder; nothing is started"), "{error}");
    assert!(!folder.path().join("volume").exists());
}

#[tokio::test]
async fn a_folder_that_may_not_be_written_is_an_error_that_says_so() {
    let (folder, url) = folder();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let url = if std::fs::write(folder.path().join("probe"), "").is_ok() {
        // Root may write anywhere but here.
        Url::parse("file:///proc").unwrap()
    } else {
        url
    };
    let blobs = Blobs::open(&url, NOTHING).unwrap();
    let error = blobs.keep("identity", &digest(), bytes()).await.unwrap_err();
    assert!(matches!(error, BlobError::Unwritten { .. }), "{error:?}");
    assert!(error.to_string().contains("check room and rights there"), "{error}");
}

#[tokio::test]
async fn a_file_in_place_of_a_folder_is_an_error() {
    let (folder, url) = folder();
    std::fs::write(folder.path().join("identity"), "in the way").unwrap();
    let error = Blobs::open(&url, NOTHING).unwrap().keep("identity", &digest(), bytes()).await.unwrap_err();
    assert!(matches!(error, BlobError::Unwritten { .. }), "{error:?}");
    assert_eq!(std::fs::read(folder.path().join("identity")).unwrap(), b"in the way");
}

/// Tells the process that a test starts for itself where there is no room.
const NO_ROOM: &str = "FOLDER_WITHOUT_ROOM";

/// What the test below does in a process that may not write large files.
async fn keep_where_there_is_no_room(folder: &str) {
    let url = Url::from_directory_path(folder).unwrap();
    let error = Blobs::open(&url, NOTHING).unwrap().keep("identity", &digest(), bytes()).await.unwrap_err();
    assert!(matches!(error, BlobError::Unwritten { .. }), "{error:?}");
}

#[tokio::test]
async fn a_write_that_breaks_off_leaves_nothing_that_looks_whole() {
    if let Ok(folder) = std::env::var(NO_ROOM) {
        return keep_where_there_is_no_room(&folder).await;
    }
    let (folder, _url) = folder();
    // A limit on the size of files makes the write fail in its middle, as a full disk does.
    let output = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "migration::effect::storage::blobs::tests::a_write_that_breaks_off_leaves_nothing_that_looks_whole",
        ])
        .env(NO_ROOM, folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    let below = folder.path().join("identity");
    let left: Vec<String> = std::fs::read_dir(below)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    assert!(!left.iter().any(|name| name.ends_with(".snapshot")), "{left:?}");
}

/// A bucket: what was put, by path; `lossy` forgets the last byte of each.
#[derive(Clone, Default)]
struct Bucket {
    objects: Arc<Mutex<BTreeMap<String, Bytes>>>,
    lossy: bool,
}

async fn answer(State(bucket): State<Bucket>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let signed = head.headers.get("authorization").is_some_and(|value| {
        value.to_str().is_ok_and(|text| text.starts_with("AWS4-HMAC-SHA256 Credential=key/"))
    });
    if !signed {
        return StatusCode::FORBIDDEN.into_response();
    }
    let path = head.uri.path().to_owned();
    let tag = [("etag", "\"1\""), ("last-modified", "Sat, 21 Nov 2026 16:00:00 GMT")];
    if head.method == Method::PUT {
        let mut body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        if bucket.lossy {
            body.truncate(body.len() - 1);
        }
        bucket.objects.lock().unwrap().insert(path, body);
        return (tag, "").into_response();
    }
    match bucket.objects.lock().unwrap().get(&path) {
        Some(found) => (tag, found.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn bucket(bucket: Bucket, key: &str) -> Blobs {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(bucket);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    open(&endpoint, key)
}

fn open(endpoint: &str, key: &str) -> Blobs {
    let options = [
        ("AWS_ENDPOINT", endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", key),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "eu-central-1"),
        ("PATH", "/usr/bin"),
    ];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Blobs::open(&Url::parse("s3://snapshots/east").unwrap(), options).unwrap()
}

#[tokio::test]
async fn a_bucket_keeps_bytes_with_credentials_from_the_environment() {
    let state = Bucket::default();
    let kept = bucket(state.clone(), "key").await.keep("identity", &digest(), bytes()).await.unwrap();
    assert!(kept.starts_with("s3://snapshots/east/identity/sha256-"), "{kept}");
    let objects = state.objects.lock().unwrap();
    let path = kept.trim_start_matches("s3:/");
    assert_eq!(objects.keys().collect::<Vec<_>>(), [path]);
    assert_eq!(objects[path], bytes());
}

#[tokio::test]
async fn a_bucket_that_refuses_or_changes_what_it_is_given_is_an_error() {
    let refused = bucket(Bucket::default(), "other").await.keep("identity", &digest(), bytes()).await;
    assert!(matches!(refused, Err(BlobError::Unwritten { .. })), "{refused:?}");
    let lossy = Bucket { lossy: true, ..Bucket::default() };
    let changed = bucket(lossy, "key").await.keep("identity", &digest(), bytes()).await;
    assert!(
        matches!(changed, Err(BlobError::Changed { expected: 200_000, found: 199_999, .. })),
        "{changed:?}"
    );
}
