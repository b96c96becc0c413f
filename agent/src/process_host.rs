//! The ADSync host as a child process: JSON lines over its standard input and output. Does IO.
//!
//! One call at a time. A process that dies, does not answer in time, or answers out of order is ended and started again at the next
//! call, with a growing pause. What it writes to standard error goes to the log.

mod child;

use std::time::Duration;

use adsync::protocol::{MAX_LINE_BYTES, Operation, Outcome, PROTOCOL_VERSION, Request, Response};
use tokio::time::Instant;

use crate::host::{AdsyncHost, HostCallError, operation_name};
use child::Process;

/// How long each kind of call may take.
#[derive(Debug, Clone, Copy)]
pub struct CallLimits {
    /// Cmdlets that look something up or set a switch.
    pub quick: Duration,
    /// Pages of objects, and the export of the configuration.
    pub bulk: Duration,
    /// A run profile: a full import of a large directory takes many hours.
    pub run: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self { quick: Duration::from_mins(2), bulk: Duration::from_mins(15), run: Duration::from_hours(48) }
    }
}

impl CallLimits {
    fn of(&self, operation: &Operation) -> Duration {
        match operation {
            Operation::InvokeRunProfile { .. } => self.run,
            Operation::GetCsObjects { .. }
            | Operation::GetPendingExports { .. }
            | Operation::SearchDirectory(_)
            | Operation::ExportServerConfiguration { .. }
            | Operation::GetRules
            | Operation::SetService { .. } => self.bulk,
            _ => self.quick,
        }
    }
}

/// Shortest and longest pause before a process that died is started again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A host process that is started when it is needed.
#[derive(Debug)]
pub struct ProcessHost {
    command: Vec<String>,
    limits: CallLimits,
    process: Option<Process>,
    /// A call was begun and its answer not read: the process is out of step if the next call finds this set.
    unanswered: bool,
    next_id: u64,
    pause: Duration,
    not_before: Option<Instant>,
}

impl ProcessHost {
    /// For a command line: program and arguments.
    pub fn new(command: Vec<String>, limits: CallLimits) -> Self {
        Self {
            command,
            limits,
            process: None,
            unanswered: false,
            next_id: 1,
            pause: FIRST_PAUSE,
            not_before: None,
        }
    }

    /// Ends the process; the next call starts another after a pause.
    fn drop_process(&mut self) {
        // Dropping ends it.
        self.process = None;
        self.unanswered = false;
        self.not_before = Some(Instant::now() + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    async fn ensure_started(&mut self, name: &'static str) -> Result<(), HostCallError> {
        if self.unanswered || self.process.as_mut().is_some_and(|process| !process.is_alive()) {
            self.drop_process();
        }
        if self.process.is_some() {
            return Ok(());
        }
        if let Some(not_before) = self.not_before {
            tokio::time::sleep_until(not_before).await;
        }
        let started = Process::start(&self.command);
        self.process = Some(started.map_err(|detail| {
            self.drop_process();
            HostCallError::Lost { operation: name, detail }
        })?);
        let value = self.exchange(Operation::GetHostInformation).await?;
        // Looked at alone: another version's information may have another shape.
        let version = &value["protocolVersion"];
        if version.as_u64() == Some(u64::from(PROTOCOL_VERSION)) {
            return Ok(());
        }
        let found = format!("protocol version {version}");
        self.drop_process();
        Err(HostCallError::Unreadable {
            operation: "getHostInformation",
            expected: "a host of protocol version 1",
            found,
        })
    }

    /// One request, one answer.
    async fn exchange(&mut self, operation: Operation) -> Result<serde_json::Value, HostCallError> {
        let name = operation_name(&operation);
        let limit = self.limits.of(&operation);
        let id = self.next_id;
        self.next_id += 1;
        let lost = |detail: String| HostCallError::Lost { operation: name, detail };
        let Some(process) = &mut self.process else {
            return Err(lost("is not running".to_owned()));
        };
        let mut line = serde_json::to_vec(&Request { id, operation })
            .map_err(|error| lost(format!("could not be asked ({error})")))?;
        line.push(b'\n');
        if line.len() > MAX_LINE_BYTES {
            let found = format!("{} bytes", line.len());
            return Err(HostCallError::Unreadable { operation: name, expected: "a shorter request", found });
        }
        self.unanswered = true;
        let answered = tokio::time::timeout(limit, process.exchange(&line)).await;
        let result = match answered {
            Err(_) => Err(HostCallError::TimedOut { operation: name, limit }),
            Ok(Err(detail)) => Err(lost(detail)),
            Ok(Ok(line)) => read(name, id, &line),
        };
        match &result {
            Ok(_) | Err(HostCallError::Refused { .. }) => {
                self.unanswered = false;
                self.pause = FIRST_PAUSE;
            }
            Err(error) => {
                tracing::error!(%error, "the ADSync host is ended");
                self.drop_process();
            }
        }
        result
    }
}

impl AdsyncHost for ProcessHost {
    async fn call(&mut self, operation: Operation) -> Result<serde_json::Value, HostCallError> {
        self.ensure_started(operation_name(&operation)).await?;
        self.exchange(operation).await
    }
}

fn read(operation: &'static str, id: u64, line: &[u8]) -> Result<serde_json::Value, HostCallError> {
    let unreadable = |expected, found| HostCallError::Unreadable { operation, expected, found };
    let response: Response = serde_json::from_slice(line).map_err(|error| {
        let beginning: String = String::from_utf8_lossy(line).chars().take(120).collect();
        unreadable("one line of JSON with `id` and `result` or `error`", format!("{beginning:?} ({error})"))
    })?;
    if response.id != id {
        return Err(unreadable(
            "the answer to this request",
            format!("an answer to request {}", response.id),
        ));
    }
    match response.outcome {
        Outcome::Result(value) => Ok(value),
        Outcome::Error(error) => Err(HostCallError::Refused { operation, error }),
    }
}

#[cfg(test)]
mod tests;
