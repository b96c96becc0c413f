//! The ADSync host protocol over TCP: what `adsync-host.ps1` is on a real sync server. Does IO: sockets and standard streams.
//!
//! The first line of a connection selects the server (`{"server":"sync01"}`), every further line is a request of
//! [`adsync::protocol`]. Requests are answered in order, one at a time, as a single PowerShell process would.

use std::net::SocketAddr;

use adsync::protocol::{HostError, HostErrorCode, MAX_LINE_BYTES, Operation, Outcome, Request, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::engine::Answer;
use crate::host_faults::HostReply;
use crate::serve::{ServeError, Shared, until};

/// Why a connection or the standard streams ended early.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// The network or a pipe.
    #[error("the connection between the host process and the estate broke")]
    Broken(#[from] std::io::Error),
    /// The first line.
    #[error("expected a first line such as {{\"server\":\"sync01\"}}, found {0:?}")]
    NoServer(String),
    /// A line beyond the protocol's limit.
    #[error("expected lines of at most {MAX_LINE_BYTES} bytes, found a longer one")]
    LineTooLong,
    /// The estate closed the connection.
    #[error("the estate closed the connection; is the server's name right, and does the estate still run?")]
    Closed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hello {
    server: String,
}

/// Accepts connections until the estate stops.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Shared,
    stopped: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let stop = until(stopped);
    tokio::pin!(stop);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            accepted = listener.accept() => {
                let (stream, _) = accepted.map_err(ServeError::Ended)?;
                let shared = shared.clone();
                connections.spawn(async move {
                    if let Err(error) = converse(stream, &shared).await {
                        tracing::debug!(error = &error as &dyn std::error::Error, "a host connection ended");
                    }
                });
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn converse(mut stream: TcpStream, shared: &Shared) -> Result<(), BridgeError> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    let Some(first) = read_line(&mut reader).await? else { return Ok(()) };
    let server = match serde_json::from_str::<Hello>(&first) {
        Ok(hello) => hello.server,
        Err(_) => return Err(BridgeError::NoServer(first)),
    };
    if !shared.with(|running| running.estate.server_names().any(|name| name == server)) {
        return Err(BridgeError::NoServer(first));
    }
    while let Some(line) = read_line(&mut reader).await? {
        let response = match serde_json::from_str::<Request>(&line) {
            Ok(request) => match outcome(shared, &server, &request.operation).await {
                Some(outcome) => Response { id: request.id, outcome },
                // A cmdlet that never returns: the process behind it does nothing more, until somebody ends it.
                None => return until_closed(&mut reader).await,
            },
            Err(error) => Response {
                id: request_id(&line),
                outcome: Outcome::Error(HostError {
                    code: HostErrorCode::BadRequest,
                    message: format!("the request cannot be read: {error}"),
                }),
            },
        };
        let mut bytes = serde_json::to_vec(&response).map_err(std::io::Error::from)?;
        bytes.push(b'\n');
        writer.write_all(&bytes).await?;
    }
    Ok(())
}

/// Reads, and does nothing, until the other side is gone.
async fn until_closed<R: tokio::io::AsyncBufRead + Unpin>(reader: &mut R) -> Result<(), BridgeError> {
    while read_line(reader).await?.is_some() {}
    Ok(())
}

/// The id of a request that cannot be read otherwise; 0 if not even that.
fn request_id(line: &str) -> u64 {
    serde_json::from_str::<Value>(line).ok().and_then(|request| request.get("id")?.as_u64()).unwrap_or(0)
}

/// Carries out one operation; for a run, waits until it has ended. None for a cmdlet that never returns.
async fn outcome(shared: &Shared, server: &str, operation: &Operation) -> Option<Outcome> {
    let mut progress = shared.progress();
    let failed = |code, message: String| Some(Outcome::Error(HostError { code, message }));
    let (from, answer) = loop {
        progress.borrow_and_update();
        match shared.with(|running| running.estate.ask(server, operation)) {
            None => {
                let message = format!("there is no server named {server} any more");
                return failed(HostErrorCode::NotFound, message);
            }
            Some(HostReply::From(from, answer)) => break (from, answer),
            // Who asks waits; once the host is back, it gets what was asked of it.
            Some(HostReply::Silence) if progress.changed().await.is_ok() => {}
            Some(HostReply::Hangs | HostReply::Silence) => return None,
        }
    };
    // An error means that the estate is gone: it answers no later than that.
    drop(progress.wait_for(|now| *now >= from).await);
    match answer {
        Answer::Now(Ok(value)) => Some(Outcome::Result(value)),
        Answer::Now(Err(error)) => Some(Outcome::Error(error)),
        Answer::WhenRunEnds(run) => Some(run_result(shared, server, run, progress).await),
    }
}

async fn run_result(
    shared: &Shared,
    server: &str,
    run: Uuid,
    mut progress: watch::Receiver<Timestamp>,
) -> Outcome {
    loop {
        progress.borrow_and_update();
        if let Some(result) = shared.with(|running| running.estate.told_run_result(server, run)) {
            return Outcome::Result(result);
        }
        if progress.changed().await.is_err() {
            return Outcome::Error(HostError {
                code: HostErrorCode::Failed,
                message: "the run did not end before the host stopped".to_owned(),
            });
        }
    }
}

/// The next line without its end; `None` at the end of the stream.
async fn read_line<R: tokio::io::AsyncBufRead + Unpin>(
    reader: &mut R,
) -> Result<Option<String>, BridgeError> {
    let mut line = String::new();
    let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let read = reader.take(limit).read_line(&mut line).await?;
    if read == 0 {
        return Ok(None);
    }
    if line.len() > MAX_LINE_BYTES {
        return Err(BridgeError::LineTooLong);
    }
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Connects standard input and output to a sync server of a running estate: the agent starts this in place of
/// `adsync-host.ps1`. Returns when standard input ends.
///
/// # Errors
/// If the estate cannot be reached or closes the connection first.
pub async fn run_host(server: &str, connect: SocketAddr) -> Result<(), BridgeError> {
    bridge(server, connect, tokio::io::stdin(), tokio::io::stdout()).await
}

/// Connects any two streams to a sync server of a running estate.
async fn bridge(
    server: &str,
    connect: SocketAddr,
    mut input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> Result<(), BridgeError> {
    let mut stream = TcpStream::connect(connect).await?;
    let mut hello = serde_json::to_vec(&json!({"server": server})).map_err(std::io::Error::from)?;
    hello.push(b'\n');
    stream.write_all(&hello).await?;
    let (mut from_estate, mut to_estate) = stream.into_split();
    let requests = async {
        tokio::io::copy(&mut input, &mut to_estate).await?;
        to_estate.shutdown().await
    };
    let answers = tokio::io::copy(&mut from_estate, &mut output);
    tokio::pin!(requests, answers);
    tokio::select! {
        // The answers to what was asked are still to come.
        ended = &mut requests => {
            ended?;
            answers.await?;
            Ok(())
        }
        ended = &mut answers => {
            ended?;
            Err(BridgeError::Closed)
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    //! What `estate host` does, between streams of the test's own.

    use super::{BridgeError, bridge};
    use std::net::SocketAddr;

    /// Sends lines as the agent would on standard input, closes it, and returns what came on standard output.
    pub(crate) async fn converse(
        server: &str,
        connect: SocketAddr,
        lines: &str,
    ) -> Result<String, BridgeError> {
        let mut output = Vec::new();
        bridge(server, connect, lines.as_bytes(), &mut output).await?;
        Ok(String::from_utf8(output).expect("text"))
    }
}
