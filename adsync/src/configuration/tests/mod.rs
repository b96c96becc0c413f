//! Tests of reading and writing exported configurations.

mod contoso;
mod defects;
mod edits;
mod folders;
mod properties;
mod small;
mod tiny;

use std::path::PathBuf;

use super::*;

/// The real export, where the shared data is at hand.
fn contoso() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/contoso-export");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: ../shared is not here");
    None
}
