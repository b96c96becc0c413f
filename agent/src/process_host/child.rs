//! The child process and its pipes. Does IO.

use std::process::Stdio;

use adsync::protocol::MAX_LINE_BYTES;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// Longest line of standard error that reaches the log.
const MAX_LOG_BYTES: u64 = 8 * 1024;

/// A running host process; ended when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it; the error says what went wrong.
    pub(super) fn start(command: &[String]) -> Result<Self, String> {
        let (program, arguments) = command.split_first().ok_or("has no command line; set --host-command")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                format!("could not be started as {program:?} ({error}); correct --host-command")
            })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("was started without pipes".to_owned());
        };
        if let Some(errors) = child.stderr.take() {
            // Ends with the process, whose death closes the pipe.
            tokio::spawn(log(errors));
        }
        tracing::info!(program, pid = child.id(), "started the ADSync host");
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Writes a line and reads one; the error says what went wrong.
    pub(super) async fn exchange(&mut self, line: &[u8]) -> Result<Vec<u8>, String> {
        self.input.write_all(line).await.map_err(|error| format!("no longer reads ({error})"))?;
        self.input.flush().await.map_err(|error| format!("no longer reads ({error})"))?;
        let most = MAX_LINE_BYTES as u64;
        let mut answer = Vec::new();
        let read = (&mut self.output)
            .take(most + 1)
            .read_until(b'\n', &mut answer)
            .await
            .map_err(|error| format!("no longer writes ({error})"))?;
        if read == 0 {
            return Err(match self.child.wait().await {
                Ok(status) => format!("ended ({status})"),
                Err(error) => format!("ended ({error})"),
            });
        }
        if answer.last() != Some(&b'\n') {
            return Err(format!("wrote {read} bytes without the end of a line, at most {most} are read"));
        }
        Ok(answer)
    }
}

async fn log(errors: ChildStderr) {
    let mut reader = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(MAX_LOG_BYTES).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                tracing::info!(target: "adsync_host", "{}", text.trim_end());
            }
        }
    }
}
