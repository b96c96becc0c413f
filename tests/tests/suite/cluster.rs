//! The binary `cluster` and what remains when its process, or a test binary, comes to an end: nothing.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tests::until;

const LIMIT: Duration = Duration::from_mins(1);

/// The programs that the scripts behind `make tools` use, apart from Go.
const COMMANDS: &[&str] = &[
    "awk",
    "bash",
    "cat",
    "cut",
    "dirname",
    "flock",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "sed",
    "sh",
    "sha256sum",
    "shasum",
];

/// A running `cluster`, which also ends where a test fails.
struct Cluster(Child);

impl Cluster {
    fn start(temporary: &TempDir) -> Self {
        Self(cluster(temporary.path()).spawn().unwrap())
    }

    /// Sends a signal and waits for the end. Its exit code, or none where it was killed.
    fn end(&mut self, signal: &str) -> Option<i32> {
        let sent =
            Command::new("kill").args([format!("-{signal}"), self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn cluster(temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cluster"));
    // Its folders are made here, where they can be counted.
    command.env("TMPDIR", temporary).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits for the line that `make cluster` prints, and checks what it names.
fn kubeconfig(Cluster(cluster): &mut Cluster) -> String {
    let mut line = String::new();
    BufReader::new(cluster.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let Some(path) = line.trim().strip_prefix("export KUBECONFIG=") else {
        let mut errors = String::new();
        cluster.stderr.as_mut().unwrap().read_to_string(&mut errors).unwrap();
        panic!("expected the line for the shell, found '{line}' and\n{errors}");
    };
    assert!(Path::new(path).is_file(), "{path}");
    path.to_owned()
}

/// Running processes whose command line mentions `text`: the process id, a space, the command line.
fn processes_about(text: &str) -> Vec<String> {
    let all: Vec<String> = if Path::new("/proc/self/cmdline").exists() {
        let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let line = |entry: std::fs::DirEntry| {
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            Some(format!("{} {line}", entry.file_name().to_string_lossy()))
        };
        entries.filter_map(line).collect()
    } else {
        let output = Command::new("ps").args(["-axww", "-o", "pid=,args="]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().map(|line| line.trim_start().to_owned()).collect()
    };
    all.into_iter().filter(|line| line.contains(text)).collect()
}

/// Waits until no file and no process of a control plane is left.
async fn nothing_is_left(temporary: &TempDir) {
    let folder = temporary.path().to_str().unwrap().to_owned();
    let left = || {
        let files =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path().display().to_string());
        files.chain(processes_about(&folder)).collect::<Vec<_>>()
    };
    let outcome = until("everything to be gone", LIMIT, async || Ok(left().is_empty().then_some(()))).await;
    assert!(outcome.is_ok(), "left: {:#?}", left());
}

async fn leaves_nothing_after(signal: &str) -> Option<i32> {
    let temporary = tempfile::tempdir().unwrap();
    let mut running_cluster = Cluster::start(&temporary);
    kubeconfig(&mut running_cluster);
    let running = processes_about(temporary.path().to_str().unwrap());
    for program in ["etcd", "kube-apiserver", "kube-controller-manager"] {
        assert!(
            running.iter().any(|line| line.contains(&format!("/{program} "))),
            "{program} in {running:#?}"
        );
    }
    let code = running_cluster.end(signal);
    nothing_is_left(&temporary).await;
    code
}

#[tokio::test]
async fn ctrl_c_stops_it_and_leaves_nothing() {
    assert_eq!(leaves_nothing_after("INT").await, Some(0));
}

#[tokio::test]
async fn termination_stops_it_and_leaves_nothing() {
    assert_eq!(leaves_nothing_after("TERM").await, Some(0));
}

#[tokio::test]
async fn killed_it_leaves_nothing_either() {
    assert_eq!(leaves_nothing_after("KILL").await, None);
}

#[tokio::test]
async fn a_program_that_ends_later_ends_it_with_an_error() {
    let temporary = tempfile::tempdir().unwrap();
    let mut running_cluster = Cluster::start(&temporary);
    kubeconfig(&mut running_cluster);
    let store =
        processes_about(temporary.path().to_str().unwrap()).into_iter().find(|line| line.contains("/etcd "));
    let store = store.as_deref().and_then(|line| line.split(' ').next()).unwrap().to_owned();
    assert!(Command::new("kill").args(["-KILL", &store]).status().unwrap().success());
    let mut said = String::new();
    running_cluster.0.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(running_cluster.0.wait().unwrap().code(), Some(1), "{said}");
    assert!(said.contains("error: etcd ended (signal: 9"), "{said}");
    nothing_is_left(&temporary).await;
}

/// The shared control plane lives in a static, which nobody drops.
#[tokio::test]
async fn a_test_binary_that_ends_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let output = this_binary(&temporary, &["control_plane::serves"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", stderr(&output));
    nothing_is_left(&temporary).await;
}

/// Other tests of this binary, in a process of their own.
fn this_binary(temporary: &TempDir, tests: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(tests).env("TMPDIR", temporary.path()).env_remove("KUBECONFIG");
    command
}

#[tokio::test]
async fn the_cluster_of_kubeconfig_is_used_and_left_running() {
    let (of_cluster, of_tests) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut existing = Cluster::start(&of_cluster);
    let path = kubeconfig(&mut existing);
    let output =
        this_binary(&of_tests, &["control_plane::", "audit::"]).env("KUBECONFIG", &path).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output));
    assert!(output.status.success(), "{said}");
    assert!(said.contains("KUBECONFIG is set: using that cluster (Kubernetes v1."), "{said}");
    nothing_is_left(&of_tests).await;
    assert_eq!(existing.end("TERM"), Some(0), "it was stopped before");
    nothing_is_left(&of_cluster).await;
}

#[test]
fn a_kubeconfig_that_is_not_there_is_told() {
    let temporary = tempfile::tempdir().unwrap();
    let output = this_binary(&temporary, &["control_plane::serves"])
        .env("KUBECONFIG", "/nonexistent/config")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("KUBECONFIG is '/nonexistent/config', which cannot be used"), "{said}");
    assert!(said.contains("correct it, or unset it to start a control plane here"), "{said}");
}

#[tokio::test]
async fn a_program_that_ends_at_once_is_told_with_its_log() {
    let (temporary, assets) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (program, script) in [
        ("etcd", "exec sleep 600"),
        ("kube-apiserver", "echo 'Error: unknown flag: --nonsense'; exit 3"),
        ("kube-controller-manager", "exit 0"),
        ("kubectl", "exit 0"),
    ] {
        let path = assets.path().join(program);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = cluster(temporary.path()).env("KUBEBUILDER_ASSETS", assets.path()).output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error: kube-apiserver ended (exit status: 3)"), "{said}");
    assert!(said.contains("Error: unknown flag: --nonsense"), "{said}");
    nothing_is_left(&temporary).await;
}

#[test]
fn without_go_and_without_programs_it_says_what_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let commands = folder.path().join("commands");
    std::fs::create_dir(&commands).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for command in COMMANDS {
        let found =
            std::env::split_paths(&path).map(|folder| folder.join(command)).find(|path| path.is_file());
        if let Some(found) = found {
            std::os::unix::fs::symlink(found, commands.join(command)).unwrap();
        }
    }
    let output = cluster(folder.path())
        .env("PATH", &commands)
        .env("XDG_CACHE_HOME", folder.path().join("cache"))
        .env_remove("KUBEBUILDER_ASSETS")
        .output()
        .unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("error: Go 1."), "{said}");
    assert!(said.contains("or newer is needed"), "{said}");
    assert!(said.contains("run `make tools`, or set KUBEBUILDER_ASSETS or KUBECONFIG"), "{said}");
}
