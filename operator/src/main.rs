//! `hybrid-identity-operator`: settings, log, signals; everything else is in the library.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use operator::cloud::connect::HttpConnector;
use operator::cluster::KubeCluster;
use operator::context::{Context, Memory};
use operator::leader::{self, Ended};
use operator::metrics::{KubeRequests, Metrics};
use operator::settings::{LogFormat, Settings};
use operator::web::{self, Health};
use tokio::net::TcpListener;
use tokio::sync::watch;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let settings = Settings::parse();
    log(settings.log_format);
    match run(settings).await {
        Ok(Ended::Stopped) => ExitCode::SUCCESS,
        Ok(why) => {
            tracing::error!(?why, "ending; the next start takes over where this one stopped");
            ExitCode::FAILURE
        }
        Err(error) => {
            tracing::error!(%error, "could not run");
            ExitCode::FAILURE
        }
    }
}

fn log(format: LogFormat) {
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info,kube=warn".into());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder.init(),
    }
}

async fn run(settings: Settings) -> Result<Ended, Failure> {
    let clock: Arc<dyn graph::Clock> = Arc::new(graph::SystemClock);
    let metrics = Arc::new(Metrics::new()?);
    let connector = Arc::new(HttpConnector::new(Arc::clone(&clock), Arc::clone(&metrics))?);
    let client = kube::client::ClientBuilder::try_from(kube::Config::infer().await?)?
        .with_layer(&KubeRequests(Arc::clone(&metrics)))
        .build();
    let cluster = KubeCluster::new(client.clone(), &settings.identity, settings.namespaces());
    let listener = TcpListener::bind(settings.http_address).await?;
    tracing::info!(address = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "started");
    let health = Arc::new(Health::new(Arc::clone(&clock)));
    let (end, ended) = watch::channel(false);
    let mut web_end = ended.clone();
    let serving = tokio::spawn(web::serve(listener, Arc::clone(&health), Arc::clone(&metrics), async move {
        let _closed = web_end.wait_for(|stopped| *stopped).await;
    }));
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping");
        let _closed = end.send(true);
    });
    let context =
        Arc::new(Context { cluster, clock, connector, metrics, settings, memory: Memory::default() });
    let why = leader::lead(client, context, health, ended).await?;
    serving.abort();
    Ok(why)
}

/// Resolves on SIGTERM and Ctrl-C.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _asked = tokio::signal::ctrl_c().await;
}
