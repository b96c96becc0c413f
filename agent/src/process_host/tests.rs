//! Against small shell programs: the protocol is lines, whoever writes them.
#![cfg(unix)]

use adsync::protocol::HostErrorCode;

use super::*;
use crate::host::Calls;

/// Answers `getHostInformation`, then runs the given lines for each further request (`$id` is the request's).
fn script(body: &str) -> Vec<String> {
    let information = r#"{"protocolVersion":1,"hostName":"h","engine":null,"operatingSystem":"","operatingSystemBuild":"","serverCore":false,"domainJoined":true,"dotNetVersion":"","powerShellVersion":"","tlsRegistry":[],"sql":null,"memoryMib":1,"provisioningAgentVersion":null,"localTime":"2026-01-01T00:00:00Z"}"#;
    let program = format!(
        r#"while read -r line; do
             id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
             case "$line" in
               *getHostInformation*) printf '{{"id":%s,"result":%s}}\n' "$id" '{information}';;
               *) {body} ;;
             esac
           done"#
    );
    ["sh", "-c", &program].map(str::to_owned).to_vec()
}

fn limits() -> CallLimits {
    CallLimits {
        quick: Duration::from_secs(20),
        bulk: Duration::from_secs(20),
        run: Duration::from_millis(50),
    }
}

#[tokio::test]
async fn answers_are_matched_and_errors_passed_on() {
    let mut host = ProcessHost::new(
        script(
            r#"case "$line" in
                 *getConnectors*) printf '{"id":%s,"result":[]}\n' "$id";;
                 *) echo noise >&2; printf '{"id":%s,"error":{"code":"ServiceStopped","message":"stopped"}}\n' "$id";;
               esac"#,
        ),
        limits(),
    );
    assert!(Calls(&mut host).connectors().await.unwrap().is_empty());
    let error = Calls(&mut host).scheduler().await.unwrap_err();
    assert_eq!(error.code(), Some(HostErrorCode::ServiceStopped));
    assert!(
        Calls(&mut host).connectors().await.unwrap().is_empty(),
        "an error answer is no reason to end it"
    );
    assert_eq!(host.next_id, 5, "one process for all of them");
}

#[tokio::test]
async fn a_process_that_dies_is_lost_and_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let flag = folder.path().join("died");
    let body = format!(
        r#"if [ -e {0} ]; then printf '{{"id":%s,"result":[]}}\n' "$id"; else touch {0}; exit 7; fi"#,
        flag.display()
    );
    let mut host = ProcessHost::new(script(&body), limits());
    let error = Calls(&mut host).connectors().await.unwrap_err();
    assert!(matches!(&error, HostCallError::Lost { detail, .. } if detail.contains('7')), "{error}");
    assert!(error.is_transient());
    assert!(Calls(&mut host).connectors().await.unwrap().is_empty());
}

#[tokio::test]
async fn no_answer_in_time_ends_the_process() {
    let mut host = ProcessHost::new(script("sleep 1000"), limits());
    let call =
        Calls(&mut host).invoke_run_profile(uuid::Uuid::nil(), adsync::protocol::RunProfile::Export).await;
    let error = call.unwrap_err();
    assert!(matches!(error, HostCallError::TimedOut { .. }), "{error}");
    assert!(host.process.is_none());
}

#[tokio::test]
async fn what_is_no_answer_is_said() {
    for (body, part) in [
        (r"echo 'Import-Module: not found'", "Import-Module"),
        (r#"printf '{"id":999,"result":null}\n'"#, "an answer to request 999"),
        (r#"printf '{"id":%s,"surprise":null}\n' "$id""#, "expected one line of JSON"),
        (r"printf 'no end'; exit 0", "without the end of a line"),
    ] {
        let mut host = ProcessHost::new(script(body), limits());
        let error = Calls(&mut host).connectors().await.unwrap_err().to_string();
        assert!(error.contains(part), "{body}: {error}");
        assert!(host.process.is_none(), "{body}: out of step");
    }
}

#[tokio::test]
async fn a_line_that_never_ends_is_not_read_for_ever() {
    let mut host = ProcessHost::new(script("head -c 17000000 /dev/zero; sleep 1000"), limits());
    let error = Calls(&mut host).connectors().await.unwrap_err().to_string();
    assert!(error.contains("at most 16777216 are read"), "{error}");
}

#[tokio::test]
async fn a_call_that_was_given_up_does_not_confuse_the_next() {
    let mut host = ProcessHost::new(script(r#"sleep 0.2; printf '{"id":%s,"result":[]}\n' "$id""#), limits());
    {
        let mut calls = Calls(&mut host);
        let call = calls.connectors();
        let abandoned = tokio::time::timeout(Duration::from_millis(100), call).await;
        assert!(abandoned.is_err());
    }
    assert!(Calls(&mut host).connectors().await.unwrap().is_empty(), "a fresh process answers");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let mut host = ProcessHost::new(vec!["/nonexistent/adsync-host".to_owned()], limits());
    let error = Calls(&mut host).connectors().await.unwrap_err().to_string();
    assert!(error.contains("/nonexistent/adsync-host") && error.contains("--host-command"), "{error}");
    let mut older = ProcessHost::new(
        ["sh", "-c", r#"read -r line; printf '{"id":1,"result":{"protocolVersion":2}}\n'"#]
            .map(str::to_owned)
            .to_vec(),
        limits(),
    );
    let error = Calls(&mut older).connectors().await.unwrap_err().to_string();
    assert!(error.contains("expected a host of protocol version 1, found protocol version 2"), "{error}");
}
