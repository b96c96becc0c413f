//! Telling the person at the terminal something while tests run. Writes to stderr.

use std::io::Write as _;

/// Writes a line to stderr, also from a test that succeeds: what `eprintln!` writes there is captured and thrown away.
pub fn say(line: &str) {
    // Who has closed stderr does not want to know.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
