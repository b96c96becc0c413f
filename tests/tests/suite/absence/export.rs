//! An export folder that cannot be read: `make run EXPORT=...` says so and ends with an error. Starts the demo.

use crate::demo_program;

#[tokio::test]
async fn an_export_folder_that_cannot_be_read_is_told() {
    let (code, said) = demo_program::run(&["--export", "/nonexistent/export"], &[]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("/nonexistent/export"), "{said}");
    assert!(said.contains("expected"), "{said}");
    assert!(!said.contains("the topology is declared"), "{said}");
}
