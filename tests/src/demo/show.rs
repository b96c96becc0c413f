//! Shows a run while it goes: a tree that is drawn again in place on a terminal, plain lines elsewhere. Writes to stderr.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use crds::migration::StepState;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::picture::{Line, Picture};
use crate::say;

/// Where a run is shown.
pub struct Show {
    began: Instant,
    surface: Surface,
}

enum Surface {
    /// One bar for each line of the tree, by its key.
    Tree { all: MultiProgress, head: ProgressBar, lines: BTreeMap<String, ProgressBar> },
    /// What was said last of each line, by its key.
    Plain(BTreeMap<String, String>),
    /// Nobody looks.
    Nothing,
}

/// Widest message beside a bar, in characters: a terminal of usual width shows it in one line.
const WIDTH: usize = 72;

impl Show {
    /// A tree where stderr is a terminal, plain lines elsewhere.
    pub fn new() -> Self {
        let surface = if std::io::stderr().is_terminal() {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8));
            let head = all.add(ProgressBar::new_spinner().with_style(style("{spinner:.cyan} {msg:.bold}")));
            head.enable_steady_tick(Duration::from_millis(120));
            Surface::Tree { all, head, lines: BTreeMap::new() }
        } else {
            Surface::Plain(BTreeMap::new())
        };
        Self { began: Instant::now(), surface }
    }

    /// Shows nothing: for tests.
    pub fn nothing() -> Self {
        Self { began: Instant::now(), surface: Surface::Nothing }
    }

    /// A line that stays, such as what a person has done.
    pub fn tell(&self, text: &str) {
        let line = format!("{}  {text}", clock(self.began.elapsed()));
        match &self.surface {
            Surface::Tree { all, .. } => {
                // A terminal that is gone does not want to know.
                let _ = all.println(line);
            }
            Surface::Plain(_) => say(&line),
            Surface::Nothing => {}
        }
    }

    /// The present state.
    pub fn picture(&mut self, picture: &Picture) {
        let elapsed = self.began.elapsed();
        match &mut self.surface {
            Surface::Tree { all, head, lines } => {
                head.set_message(format!(
                    "SyncTopology contoso   {} · {}   {}",
                    picture.phase,
                    picture.progress,
                    clock(elapsed)
                ));
                for row in rows(picture) {
                    let bar = lines.entry(row.key.clone()).or_insert_with(|| all.add(ProgressBar::new(0)));
                    bar.set_style(style(row.template()));
                    bar.set_prefix(row.prefix.clone());
                    // Without a length a bar would look full.
                    let (done, total) = row.steps.unwrap_or((0, 1));
                    bar.set_length(total);
                    bar.set_position(done);
                    bar.set_message(shortened(&row.message));
                }
            }
            Surface::Plain(said) => {
                for row in rows(picture) {
                    // Waiting texts change all the time; the step is news.
                    let (key, news) = (row.key.clone(), row.news());
                    if !news.is_empty() && said.insert(key, news.clone()).as_ref() != Some(&news) {
                        say(&format!("{}  {news}", clock(elapsed)));
                    }
                }
            }
            Surface::Nothing => {}
        }
    }

    /// Leaves the last picture on the terminal and gives the terminal back.
    pub fn end(&self) {
        if let Surface::Tree { head, lines, .. } = &self.surface {
            for bar in lines.values() {
                bar.abandon();
            }
            head.abandon();
        }
    }

    /// Time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Default for Show {
    fn default() -> Self {
        Self::new()
    }
}

/// One line of the tree.
struct Row {
    key: String,
    /// Branches and name.
    prefix: String,
    /// Done and all steps.
    steps: Option<(u64, u64)>,
    message: String,
    plain: String,
    mood: Mood,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Heading,
    Waiting,
    Working,
    Asking,
    Done,
}

impl Row {
    fn template(&self) -> &'static str {
        match self.mood {
            Mood::Heading => "{prefix:.bold} {msg}",
            Mood::Waiting => "{prefix} {bar:24.dim} {msg:.dim}",
            Mood::Working => "{prefix} {bar:24.cyan} {pos:>2}/{len:2} {msg}",
            Mood::Asking => "{prefix} {bar:24.yellow} {pos:>2}/{len:2} {msg:.yellow}",
            Mood::Done => "{prefix} {bar:24.green} {pos:>2}/{len:2} {msg:.green}",
        }
    }

    fn news(&self) -> String {
        self.plain.clone()
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

fn rows(picture: &Picture) -> Vec<Row> {
    let mut rows = Vec::new();
    // Lines are drawn in the order in which they come first: not before all are known.
    if picture.waves.is_empty() || picture.servers.is_empty() {
        return rows;
    }
    for wave in &picture.waves {
        let phase = format!("{:?}", wave.phase);
        rows.push(Row {
            key: format!("wave {}", wave.name),
            prefix: format!("├─ wave {}", wave.name),
            steps: None,
            plain: format!("wave {:<20} {phase}", wave.name),
            message: phase,
            mood: Mood::Heading,
        });
        rows.extend(leaves(&wave.scopes, "scope", "│", "on Cloud Sync"));
    }
    rows.push(Row {
        key: "servers".to_owned(),
        prefix: "└─ servers".to_owned(),
        steps: None,
        message: String::new(),
        plain: String::new(),
        mood: Mood::Heading,
    });
    rows.extend(leaves(&picture.servers, "server", " ", "Connect retired"));
    rows
}

fn leaves(lines: &[Line], kind: &'static str, trunk: &'static str, end: &'static str) -> Vec<Row> {
    let last = lines.len().saturating_sub(1);
    let row = |(at, line): (usize, &Line)| {
        let branch = if at == last { "└─" } else { "├─" };
        let (mood, steps, message, plain) = match &line.run {
            None => (Mood::Waiting, None, "waits".to_owned(), String::new()),
            Some(run) => {
                let steps = Some((run.done as u64, run.total as u64));
                match &run.at {
                    None => (Mood::Done, steps, end.to_owned(), end.to_owned()),
                    Some(place) => {
                        let mood = match place.state {
                            StepState::Waiting if run.awaits_approval || run.awaits_person => Mood::Asking,
                            StepState::Failed => Mood::Asking,
                            _ => Mood::Working,
                        };
                        let message = match (place.message.as_str(), mood) {
                            ("", _) => place.step.clone(),
                            (message, _) => format!("{}: {message}", place.step),
                        };
                        let plain = format!("{:>2}/{:<2} {}", run.done + 1, run.total, place.step);
                        (mood, steps, message, plain)
                    }
                }
            }
        };
        let plain = if plain.is_empty() { plain } else { format!("{kind} {:<19} {plain}", line.name) };
        Row {
            key: format!("{kind} {}", line.name),
            prefix: format!("{trunk}  {branch} {:<18}", line.name),
            steps,
            message,
            plain,
            mood,
        }
    };
    lines.iter().enumerate().map(row).collect()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(WIDTH - 1).collect();
    short.push('…');
    short
}

/// Minutes and seconds.
fn clock(elapsed: Duration) -> String {
    format!("{:>2}:{:02}", elapsed.as_secs() / 60, elapsed.as_secs() % 60)
}
