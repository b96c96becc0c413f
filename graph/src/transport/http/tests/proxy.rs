//! Proxies are taken from the environment. That is read where a process starts, so each case is a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Command;

use super::{HttpOptions, HttpTransport, request};
use crate::transport::{Fault, Method, Transport as _};

/// A host that nobody has.
const TARGET: &str = "https://graph.example.invalid/v1.0/organization";

/// Takes one connection, answers as a proxy that refuses, and says what it was asked for.
fn proxy() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let credentials = lines.map_while(Result::ok).take_while(|line| !line.is_empty());
        let credentials: Vec<String> =
            credentials.filter(|line| line.to_lowercase().starts_with("proxy-authorization")).collect();
        connection.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").unwrap();
        [vec![first], credentials].concat().join("\n")
    });
    (address, asked)
}

/// Runs the test below in a process with these variables and no others that name a proxy.
fn send_with(variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "transport::http::tests::proxy::one_request", "--nocapture"]);
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    text
}

#[tokio::test]
async fn one_request() {
    let transport = HttpTransport::new(&HttpOptions::default()).unwrap();
    let fault = transport.send(request(Method::Get, TARGET.to_owned())).await.unwrap_err();
    assert!(matches!(fault, Fault::Unreachable(_)), "{fault}");
}

#[test]
fn requests_go_through_the_proxy_that_the_environment_names() {
    let (address, asked) = proxy();
    send_with(&[("HTTPS_PROXY", &address)]);
    assert_eq!(asked.join().unwrap(), "CONNECT graph.example.invalid:443 HTTP/1.1");
}

#[test]
fn the_proxy_gets_its_credentials() {
    let (address, asked) = proxy();
    send_with(&[("HTTPS_PROXY", &address.replace("http://", "http://berta:secret@"))]);
    let asked = asked.join().unwrap();
    assert!(asked.to_lowercase().ends_with("\nproxy-authorization: basic ymvydge6c2vjcmv0"), "{asked}");
}

#[test]
fn a_host_that_is_excepted_is_reached_without_the_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    send_with(&[("HTTPS_PROXY", &address), ("NO_PROXY", ".example.invalid")]);
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}
