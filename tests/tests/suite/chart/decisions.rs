//! Decisions: in whose name, and with which right. Talks to the API server.

use crds::migration_decision::Decision;
use serde_json::json;

use super::server::{Write, bind, create, decision, grant, installed, until_granted};

const ALL: [Decision; 7] = [
    Decision::Approve,
    Decision::Deny,
    Decision::Pause,
    Decision::Resume,
    Decision::RollBack,
    Decision::SkipStep,
    Decision::Readopt,
];

/// The name of a decision as it stands in an object.
fn text(decision: Decision) -> String {
    json!(decision).as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_decision_needs_its_own_verb_and_no_other() {
    let control_plane = installed().await;
    for decided in ALL {
        let user = format!("only-{}", decided.verb());
        grant(control_plane, &user, &[("create", "migrationdecisions"), (decided.verb(), "migrations")])
            .await;
        let client = control_plane.client_for(&user, &[]).await.unwrap();
        for tried in ALL {
            let object = decision(&format!("{user}-{}", tried.verb()), &text(tried), &user);
            let outcome = create(&client, &object, Write::DryRun).await;
            if tried == decided {
                outcome.unwrap();
            } else {
                let refusal = outcome.unwrap_err();
                let expected = format!("expected {user} to have the verb `{}`", tried.verb());
                assert!(refusal.contains(&expected), "{refusal}");
                assert!(refusal.contains("hybrid-identity-operator-approver"), "{refusal}");
            }
        }
    }
}

#[tokio::test]
async fn an_approver_decides_in_their_own_name_and_in_no_others() {
    let control_plane = installed().await;
    let admin = control_plane.client().await.unwrap();
    bind(&admin, "anna", "ClusterRole", "hybrid-identity-operator-approver").await;
    until_granted(&admin, "anna", "approve").await;
    let anna = control_plane.client_for("anna", &[]).await.unwrap();

    create(&anna, &decision("own", "Approve", "anna"), Write::Kept).await.unwrap();
    let refusal = create(&anna, &decision("other", "Approve", "berta"), Write::Kept).await.unwrap_err();
    let expected = "`spec.decidedBy` must be the user who creates the decision, anna, found berta: decide in your own name, \
                    or ask for the verb `decideforothers` on migrations in namespace identity";
    assert!(refusal.contains(expected), "{refusal}");
}

#[tokio::test]
async fn who_may_decide_for_others_still_needs_the_verb_of_the_decision() {
    let control_plane = installed().await;
    let rights =
        [("create", "migrationdecisions"), ("decideforothers", "migrations"), ("approve", "migrations")];
    grant(control_plane, "gitops", &rights).await;
    let gitops = control_plane.client_for("gitops", &[]).await.unwrap();

    create(&gitops, &decision("from-git", "Approve", "berta"), Write::Kept).await.unwrap();
    let refusal = create(&gitops, &decision("from-git-too", "RollBack", "berta"), Write::Kept).await;
    let refusal = refusal.unwrap_err();
    assert!(refusal.contains("expected gitops to have the verb `rollback`"), "{refusal}");
}

#[tokio::test]
async fn a_decision_without_any_right_to_decide_is_refused() {
    let control_plane = installed().await;
    grant(control_plane, "clerk", &[("create", "migrationdecisions")]).await;
    let clerk = control_plane.client_for("clerk", &[]).await.unwrap();
    let refusal = create(&clerk, &decision("clerks", "Pause", "clerk"), Write::Kept).await.unwrap_err();
    assert!(refusal.contains("ValidatingAdmissionPolicy 'hybrid-identity-decisions'"), "{refusal}");
    assert!(refusal.contains("expected clerk to have the verb `pause`"), "{refusal}");
}
