//! `simulate`: runs seeds, prints a line for each that fails and a summary. Prints a whole trace with `--trace`.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;
use simulation::judge::End;
use simulation::run::{Outcome, run};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Simulates whole migrations on a virtual clock.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Seeds: one such as `7`, or a range such as `0..2000` without its end.
    #[arg(long, default_value = "0..100", value_parser = seeds)]
    seeds: Seeds,

    /// Print everything that happens.
    #[arg(long)]
    trace: bool,

    /// Print how each seed ended.
    #[arg(long)]
    verbose: bool,

    /// Threads; as many as the machine has without it. Each seed runs on one.
    #[arg(long)]
    jobs: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Seeds {
    first: u64,
    end: u64,
}

fn seeds(text: &str) -> Result<Seeds, String> {
    let number =
        |text: &str| text.trim().parse::<u64>().map_err(|_| format!("expected a number, found {text:?}"));
    let seeds = match text.split_once("..") {
        Some((first, end)) => Seeds { first: number(first)?, end: number(end)? },
        None => Seeds { first: number(text)?, end: number(text)?.saturating_add(1) },
    };
    if seeds.first < seeds.end {
        Ok(seeds)
    } else {
        Err(format!("expected at least one seed, found {text:?}"))
    }
}

/// What came of all seeds.
#[derive(Debug, Default)]
struct Summary {
    completed: u64,
    rolled_back: u64,
    held: u64,
    under_way: u64,
    failed: u64,
    excused: u64,
    virtual_hours: i64,
    turns: u64,
}

impl Summary {
    fn add(&mut self, outcome: &Outcome) {
        match outcome.end {
            End::Completed => self.completed += 1,
            End::RolledBack => self.rolled_back += 1,
            End::Held(_) => self.held += 1,
            End::UnderWay(_) => self.under_way += 1,
        }
        self.failed += u64::from(!outcome.failures.is_empty());
        self.excused += u64::from(!outcome.excused.is_empty());
        self.virtual_hours += outcome.passed.as_hours();
        self.turns += outcome.turns;
    }
}

#[expect(clippy::print_stdout, reason = "printing is what this program is for")]
fn tell(text: &str) {
    println!("{text}");
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.trace {
        let filter = tracing_subscriber::EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
        let builder = tracing_subscriber::fmt().with_env_filter(filter).without_time();
        builder.with_writer(std::io::stdout).with_ansi(false).init();
    } else {
        // What panics is told with its seed, and once.
        std::panic::set_hook(Box::new(|_| {}));
    }
    let began = Instant::now();
    let summary = Mutex::new(Summary::default());
    let next = AtomicU64::new(arguments.seeds.first);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let jobs = if arguments.trace { 1 } else { arguments.jobs.unwrap_or(threads).max(1) };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= arguments.seeds.end {
                        return;
                    }
                    one(seed, &arguments, &summary);
                }
            });
        }
    });
    let summary = summary.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let count = arguments.seeds.end - arguments.seeds.first;
    report(&summary, count, began.elapsed().as_secs_f64());
    if summary.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn one(seed: u64, arguments: &Arguments, summary: &Mutex<Summary>) {
    let began = Instant::now();
    let sink = arguments.trace.then(|| Box::new(|line: &str| tell(line)) as simulation::trace::Sink);
    let outcome = match run(seed, sink) {
        Ok(outcome) => outcome,
        Err(error) => {
            summary.lock().unwrap_or_else(std::sync::PoisonError::into_inner).failed += 1;
            tell(&format!("seed {seed}: cannot begin: {error}"));
            return;
        }
    };
    summary.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(&outcome);
    for failure in &outcome.failures {
        tell(&format!("seed {seed}: {failure} replay: make simulate SEEDS={seed}..{} TRACE=1", seed + 1));
    }
    if arguments.verbose && !arguments.trace {
        let failed = if outcome.failures.is_empty() { "" } else { ", FAILED" };
        tell(&format!("seed {seed}: {:.1} s{failed}: {}", began.elapsed().as_secs_f64(), outcome.end));
    }
    if arguments.trace {
        let (passed, seconds) = (outcome.passed, began.elapsed().as_secs_f64());
        tell(&format!(
            "seed {seed}: {}\n{} lines, digest {}; {passed:#} of virtual time, {} turns, {seconds:.1} s",
            outcome.end, outcome.lines, outcome.digest, outcome.turns
        ));
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of this size are exact")]
fn report(summary: &Summary, count: u64, seconds: f64) {
    let minute = count as f64 * 60.0 / seconds.max(0.001);
    tell(&format!(
        "{count} seeds in {seconds:.0} s ({minute:.0} a minute), {} virtual days, {} turns: {} completed, {} rolled back, {} held with \
         a reason, {} under way at the end; {} failed, {} with what people or faults caused by themselves",
        summary.virtual_hours / 24,
        summary.turns,
        summary.completed,
        summary.rolled_back,
        summary.held,
        summary.under_way,
        summary.failed,
        summary.excused,
    ));
}
