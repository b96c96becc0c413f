//! The programs as processes, and the watchdog that outlives this one. Starts processes; blocks while it stops them.

use std::ffi::{OsStr, OsString};
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

/// How a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    /// It runs, or is halted.
    Runs,
    /// It was killed and has not been started again.
    Killed,
    /// It has ended by itself.
    Ended(ExitStatus),
}

struct Running {
    name: String,
    /// None between a deliberate kill and the next start.
    child: Option<Child>,
    log: PathBuf,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, OsString)>,
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
        File::create(&log).map_err(Error::io("creating", &log))?;
        let mut running = Running {
            name: name.to_owned(),
            child: None,
            log,
            program: program.to_owned(),
            arguments: arguments.to_owned(),
            environment: environment
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let id = self.spawn(&mut running)?;
        self.programs.push(running);
        Ok(id)
    }

    /// Starts a program that was killed or has ended again, as it was started before; its log goes on. Gives its process id;
    /// none where there is no such program, or it runs.
    pub(super) fn start_again(&mut self, name: &str) -> Result<Option<u32>> {
        let Some(at) = self.programs.iter().position(|running| running.name == name) else { return Ok(None) };
        if self.life(name) == Some(Life::Runs) {
            return Ok(None);
        }
        let mut running = self.programs.remove(at);
        let started = self.spawn(&mut running);
        self.programs.insert(at, running);
        started.map(Some)
    }

    /// Kills a program with SIGKILL and waits for its end, which then is no end by itself. False where it does not run.
    pub(super) fn kill(&mut self, name: &str) -> Result<bool> {
        let Some(running) = self.programs.iter_mut().find(|running| running.name == name) else {
            return Ok(false);
        };
        let Some(mut child) = running.child.take() else { return Ok(false) };
        let killed = child.kill().and_then(|()| child.wait().map(drop));
        killed.map_err(Error::io("killing", &running.program))?;
        self.tell(&format!("-{}", child.id()), name.as_ref())?;
        Ok(true)
    }

    /// How a program is; none where there is no such program.
    pub(super) fn life(&mut self, name: &str) -> Option<Life> {
        let running = self.programs.iter_mut().find(|running| running.name == name)?;
        Some(match &mut running.child {
            None => Life::Killed,
            Some(child) => child.try_wait().ok().flatten().map_or(Life::Runs, Life::Ended),
        })
    }

    fn spawn(&mut self, running: &mut Running) -> Result<u32> {
        if let Some(before) = running.child.take() {
            // It has ended by itself; its number may belong to somebody else soon.
            self.tell(&format!("-{}", before.id()), &running.program)?;
        }
        let output =
            File::options().append(true).open(&running.log).map_err(Error::io("opening", &running.log))?;
        let errors = output.try_clone().map_err(Error::io("opening", &running.log))?;
        let group = i32::try_from(self.watchdog.id()).unwrap_or_default();
        let mut child = Command::new(&running.program)
            .args(&running.arguments)
            .current_dir(&self.folder)
            // etcd reads ETCD_*, Go reads proxies: the caller's environment must not matter.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder)
            .env("TMPDIR", &self.folder)
            .envs(running.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(group)
            .spawn()
            .map_err(Error::io("starting", &running.program))?;
        if let Err(error) = self.tell(&child.id().to_string(), &running.program) {
            // Without a watchdog nobody would stop it: better not to start.
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
        let id = child.id();
        running.child = Some(child);
        Ok(id)
    }

    /// Tells the watchdog about a program: its process id, after a minus if it is to be forgotten.
    fn tell(&mut self, line: &str, about: &Path) -> Result<()> {
        let told = match &mut self.pipe {
            Some(pipe) => writeln!(pipe, "{line}").and_then(|()| pipe.flush()),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        };
        told.map_err(Error::io("telling the watchdog about", about))
    }

    /// The process id of a program; none after it was killed.
    pub(super) fn id(&self, name: &str) -> Option<u32> {
        let running = self.programs.iter().find(|running| running.name == name)?;
        running.child.as_ref().map(Child::id)
    }

    /// The first program that has ended by itself.
    pub(super) fn ended(&mut self) -> Option<Error> {
        self.programs.iter_mut().find_map(|running| {
            let status: ExitStatus = running.child.as_mut()?.try_wait().ok().flatten()?;
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
            for child in self.programs.iter_mut().filter_map(|running| running.child.as_mut()) {
                let _ = child.try_wait();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        for child in self.programs.iter_mut().filter_map(|running| running.child.as_mut()) {
            let _ = child.try_wait();
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
