//! The programs as processes, and the watchdog that outlives this one. Starts processes; blocks while it stops them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::error::{Error, Result};

/// See its own header.
const WATCHDOG: &str = include_str!("watchdog.sh");

/// How much of a log is shown when a program ends too early, in bytes.
const TAIL: u64 = 4096;

/// The running programs of one control plane. There is one way to stop them, which is also taken when this process
/// is killed or just ends (a static is never dropped): the pipe to the watchdog closes.
pub(super) struct Processes {
    folder: PathBuf,
    watchdog: Child,
    pipe: Option<ChildStdin>,
    programs: Vec<Running>,
}

struct Running {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Processes {
    /// Makes a folder, and starts the watchdog that removes it in the end.
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("control-plane-")
            .tempdir()
            .map_err(Error::io("creating a folder in", std::env::temp_dir()))?;
        let mut watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal reaches the foreground group only: this process, which then stops in order.
            .process_group(0)
            .spawn()
            .map_err(Error::io("starting a watchdog for", folder.path()))?;
        let pipe = watchdog.stdin.take();
        Ok(Self { folder: folder.keep(), watchdog, pipe, programs: Vec::new() })
    }

    /// Where the control plane keeps everything.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a program with its output in `<name>.log`, and with nothing of this process's environment but `environment`.
    /// Gives its process id.
    pub(super) fn start(
        &mut self,
        name: &str,
        program: &Path,
        arguments: &[String],
        environment: &[(&str, &OsStr)],
    ) -> Result<u32> {
        let log = self.folder.join(format!("{name}.log"));
        let output = File::create(&log).map_err(Error::io("creating", &log))?;
        let errors = output.try_clone().map_err(Error::io("opening", &log))?;
        let group = i32::try_from(self.watchdog.id()).unwrap_or_default();
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            // etcd reads ETCD_*, Go reads proxies: the caller's environment must not matter.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder)
            .env("TMPDIR", &self.folder)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(group)
            .spawn()
            .map_err(Error::io("starting", program))?;
        let told = match &mut self.pipe {
            Some(pipe) => writeln!(pipe, "{}", child.id()).and_then(|()| pipe.flush()),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        };
        if let Err(error) = told {
            // Without a watchdog nobody would stop it: better not to start.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Error::io("telling the watchdog about", program)(error));
        }
        let id = child.id();
        self.programs.push(Running { name: name.to_owned(), child, log });
        Ok(id)
    }

    /// The process id of a program.
    pub(super) fn id(&self, name: &str) -> Option<u32> {
        self.programs.iter().find(|running| running.name == name).map(|running| running.child.id())
    }

    /// The first program that has ended by itself.
    pub(super) fn ended(&mut self) -> Option<Error> {
        self.programs.iter_mut().find_map(|running| {
            let status: ExitStatus = running.child.try_wait().ok().flatten()?;
            Some(Error::Ended { program: running.name.clone(), status, log: tail(&running.log) })
        })
    }

    /// The end of a program's log.
    pub(super) fn log_tail(&self, name: &str) -> String {
        self.programs
            .iter()
            .find(|running| running.name == name)
            .map(|running| tail(&running.log))
            .unwrap_or_default()
    }

    /// Stops everything in order and waits until the folder is gone too. Stopping twice is fine.
    pub(super) fn stop(&mut self) {
        self.pipe = None;
        // An ended process is seen as such by the watchdog once its status has been asked for.
        while !matches!(self.watchdog.try_wait(), Ok(Some(_)) | Err(_)) {
            for running in &mut self.programs {
                let _ = running.child.try_wait();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        for running in &mut self.programs {
            let _ = running.child.try_wait();
        }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The last lines of a file; what cannot be read is told in its place.
fn tail(path: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_else(|error| format!("({} cannot be read: {error})", path.display()))
}
