//! What an agent gets to see of its host when host, network or cmdlets are not in order. Pure.
//!
//! People at the console use [`Estate::handle`]: what is wrong with the agent's way to the host does not concern them.

use adsync::protocol::{HostError, HostErrorCode, Operation, RunResult};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::later;
use crate::dn::DistinguishedName;
use crate::engine::Answer;
use crate::estate::Estate;
use crate::faults::{CmdletFailure, CmdletFault, Faults, HostFaults};
use crate::graph::wrong_clock;

/// Every operation, in [`Faults`]' map of cmdlets.
const ANY: &str = "*";

/// What becomes of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum HostReply {
    /// Nothing answers, and nothing was done.
    Silence,
    /// The cmdlet began and never returns.
    Hangs,
    /// The host answers, though not before an instant.
    From(Timestamp, Answer),
}

impl Estate {
    /// One operation of the ADSync host protocol as an agent asks for it, with everything that is wrong with the host just
    /// now. None if there is no such server.
    pub fn ask(&mut self, server: &str, operation: &Operation) -> Option<HostReply> {
        let now = self.now();
        self.server(server)?;
        let Some(faults) = self.world.faults.host_at(server, now).cloned() else {
            return Some(HostReply::From(now, self.handle(server, operation)?));
        };
        if faults.unreachable {
            return Some(HostReply::Silence);
        }
        let answers_from = later(now, faults.latency);
        let name = operation_name(operation);
        if let Some(struck) = strike(&mut self.world.faults, server, &name) {
            if struck.carried_out {
                self.handle(server, operation)?;
            }
            let failed = || refusal(struck.code.unwrap_or(HostErrorCode::Failed), format!("{name} failed"));
            return Some(match struck.how {
                CmdletFailure::Hang => HostReply::Hangs,
                CmdletFailure::Fail => HostReply::From(answers_from, failed()),
            });
        }
        let answer = match broken(&faults, operation) {
            Some(refused) => refused,
            None => self.handle(server, operation)?,
        };
        Some(HostReply::From(answers_from, by_clock_of(&faults, operation, answer)))
    }

    /// Result of a run that has ended, as the host tells it; none while it goes on or nothing answers.
    pub fn told_run_result(&self, server: &str, run: Uuid) -> Option<Value> {
        let result: RunResult = self.server(server)?.run_result(run)?;
        let mut told = json!(result);
        if let Some(faults) = self.world.faults.host_at(server, self.now()) {
            if faults.unreachable {
                return None;
            }
            wrong_clock::move_all(&mut told, faults.clock_offset);
        }
        Some(told)
    }
}

impl Faults {
    /// Names in maps of cmdlets that are no operations of the host protocol.
    pub fn unknown_operations(&self) -> Vec<String> {
        let names = self.hosts.values().flat_map(|host| host.cmdlets.keys());
        names.filter(|name| *name != ANY && !is_operation(name)).cloned().collect()
    }
}

/// The operation's name in the protocol.
fn operation_name(operation: &Operation) -> String {
    let json = json!(operation);
    json.get("operation").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whether a name is one of the protocol's.
fn is_operation(name: &str) -> bool {
    // Arguments that fit no operation: those without any accept them, all others say what they miss.
    let read = serde_json::from_value::<Operation>(json!({"operation": name}));
    read.map_err(|error| error.to_string()).err().is_none_or(|error| !error.starts_with("unknown variant"))
}

/// Counts a call of an operation. Gives its fault if that strikes.
fn strike(faults: &mut Faults, server: &str, name: &str) -> Option<CmdletFault> {
    let cmdlets = &mut faults.hosts.get_mut(server)?.cmdlets;
    let key = if cmdlets.contains_key(name) { name } else { ANY };
    let fault = cmdlets.get_mut(key)?;
    fault.strikes().then(|| fault.clone())
}

fn refusal(code: HostErrorCode, message: String) -> Answer {
    Answer::Now(Err(HostError { code, message }))
}

/// What fails for want of room on the disk or of a domain controller.
fn broken(faults: &HostFaults, operation: &Operation) -> Option<Answer> {
    if faults.disk_full && matches!(operation, Operation::ExportServerConfiguration { .. }) {
        let message = "There is not enough space on the disk.".to_owned();
        return Some(refusal(HostErrorCode::Failed, message));
    }
    let name = match operation {
        Operation::SearchDirectory(search) => &search.base,
        Operation::CreateDirectoryObject { distinguished_name, .. }
        | Operation::ModifyDirectoryObject { distinguished_name, .. }
        | Operation::DeleteDirectoryObject { distinguished_name } => distinguished_name,
        _ => return None,
    };
    let domain = name.parse::<DistinguishedName>().ok()?.dns_domain();
    faults.cuts_off(&domain).then(|| {
        let message = format!("The server is not operational: no domain controller of {domain} answers.");
        refusal(HostErrorCode::Failed, message)
    })
}

/// The answer as a host with a wrong clock gives it.
fn by_clock_of(faults: &HostFaults, operation: &Operation, answer: Answer) -> Answer {
    match answer {
        // It knows of the clock itself.
        Answer::Now(Ok(mut value)) if !matches!(operation, Operation::GetHostInformation) => {
            if !faults.clock_offset.is_zero() {
                wrong_clock::move_all(&mut value, faults.clock_offset);
            }
            Answer::Now(Ok(value))
        }
        other => other,
    }
}
