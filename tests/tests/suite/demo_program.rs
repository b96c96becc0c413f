//! The demo as a program, run to an end that comes before anything moves. Starts it.

use std::ffi::OsStr;
use std::process::Stdio;

/// Runs `make run`'s program with these arguments and variables. Gives its exit code and what it said.
pub(crate) async fn run(arguments: &[&str], environment: &[(&str, &OsStr)]) -> (Option<i32>, String) {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}
