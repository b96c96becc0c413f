//! Taking parts away and giving them back: what a bad day does to a control plane and to what was started beside it. Starts, stops
//! and kills processes that were started here.

use std::path::Path;
use std::process::Command;

use super::error::{Error, Result};
use super::processes::Life;
use super::{ControlPlane, launch};

impl ControlPlane {
    /// Kills a program that was started beside it with SIGKILL; it is not missed until it is started again. False where it does
    /// not run.
    ///
    /// # Errors
    /// Where the operating system refuses.
    pub fn kill(&mut self, name: &str) -> Result<bool> {
        self.processes.kill(name)
    }

    /// Starts a program again that was killed or has ended, with the same command line; its log goes on. False where there is no
    /// such program, or it runs.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start_again(&mut self, name: &str) -> Result<bool> {
        self.processes.start_again(name).map(|id| id.is_some())
    }

    /// How a program that was started beside it has ended by itself, in words; none while it runs, or after [`Self::kill`].
    pub fn end_of(&mut self, name: &str) -> Option<String> {
        match self.processes.life(name)? {
            Life::Ended(status) => Some(status.to_string()),
            Life::Runs | Life::Killed => None,
        }
    }

    /// Halts a program (SIGSTOP): it keeps everything, hears nothing and does nothing until [`Self::go_on`]. False where it does
    /// not run.
    ///
    /// # Errors
    /// Where the operating system refuses.
    pub fn halt(&self, name: &str) -> Result<bool> {
        self.signal(name, "-STOP")
    }

    /// Lets a halted program go on (SIGCONT).
    ///
    /// # Errors
    /// As [`Self::halt`].
    pub fn go_on(&self, name: &str) -> Result<bool> {
        self.signal(name, "-CONT")
    }

    fn signal(&self, name: &str, signal: &str) -> Result<bool> {
        let Some(id) = self.process_of(name) else { return Ok(false) };
        let sent = Command::new("kill").args([signal, &id.to_string()]).status();
        Ok(sent.map_err(Error::io("running", "kill"))?.success())
    }

    /// Kills the API server; its store goes on. False on an existing cluster, where that is not ours to do.
    ///
    /// # Errors
    /// Where the operating system refuses.
    pub fn kill_api_server(&mut self) -> Result<bool> {
        self.processes.kill(launch::API_SERVER)
    }

    /// Starts the API server again, on the same port and with the same store, and waits until it serves.
    ///
    /// # Errors
    /// Where it does not come back.
    pub async fn start_api_server_again(&mut self) -> Result<()> {
        if self.processes.start_again(launch::API_SERVER)?.is_some() {
            launch::wait_until_back(&mut self.processes, &self.admin).await?;
        }
        Ok(())
    }

    /// Copies what the store holds into `backup`, a folder that does not exist yet. Store and API server are away meanwhile.
    ///
    /// # Errors
    /// Where a file cannot be copied, or they do not come back.
    pub async fn back_up_store(&mut self, backup: &Path) -> Result<()> {
        self.kill_store()?;
        copy(&self.folder().join(launch::STORE_FOLDER), backup)?;
        self.start_store_again().await
    }

    /// Puts a backup in the place of what the store holds, as somebody does who restores an old snapshot: everything since is
    /// forgotten, by nobody else.
    ///
    /// # Errors
    /// As [`Self::back_up_store`].
    pub async fn restore_store(&mut self, backup: &Path) -> Result<()> {
        self.kill_store()?;
        let folder = self.folder().join(launch::STORE_FOLDER);
        std::fs::remove_dir_all(&folder).map_err(Error::io("removing", &folder))?;
        copy(backup, &folder)?;
        self.start_store_again().await
    }

    fn kill_store(&mut self) -> Result<()> {
        self.processes.kill(launch::API_SERVER)?;
        self.processes.kill(launch::STORE).map(drop)
    }

    async fn start_store_again(&mut self) -> Result<()> {
        self.processes.start_again(launch::STORE)?;
        self.start_api_server_again().await
    }
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).map_err(Error::io("creating", to))?;
    for entry in std::fs::read_dir(from).map_err(Error::io("reading", from))? {
        let entry = entry.map_err(Error::io("reading", from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            std::fs::copy(&source, &target).map_err(Error::io("copying", &source))?;
        }
    }
    Ok(())
}
