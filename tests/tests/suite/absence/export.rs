//! An export folder that cannot be read: `make run EXPORT=...` says so and ends with an error. Starts the demo.

use std::process::Stdio;

#[tokio::test]
async fn an_export_folder_that_cannot_be_read_is_told() {
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_demo"))
        .args(["--export", "/nonexistent/export"])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("/nonexistent/export"), "{said}");
    assert!(said.contains("expected"), "{said}");
    assert!(!said.contains("the topology is declared"), "{said}");
}
