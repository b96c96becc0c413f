//! The demo on a cluster that has this product already: it may be at work there, so nothing is touched. Starts the demo.

use super::server::{OPERATOR, installed};
use crate::demo_program;

#[tokio::test]
async fn the_demo_leaves_a_cluster_alone_that_has_the_product() {
    let control_plane = installed().await;
    let mark = control_plane.audit().unwrap().mark().unwrap();
    let kubeconfig = control_plane.kubeconfig_path();
    let (code, said) = demo_program::run(&[], &[("KUBECONFIG", kubeconfig.as_os_str())]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("expected a cluster without this product, found Namespace"), "{said}");
    assert!(said.contains("Unset KUBECONFIG"), "{said}");
    // Other tests write here meanwhile, but none of them applies namespaces or speaks for the operator.
    let since = control_plane.audit().unwrap().since(mark).unwrap();
    assert_eq!(since.clone().by(OPERATOR).len(), 0);
    assert_eq!(since.writes().on("namespaces").len(), 0);
}
