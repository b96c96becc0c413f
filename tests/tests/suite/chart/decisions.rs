//! Decisions: in whose name, and with which right. Talks to the API server.

use crds::migration_decision::Decision;
use serde_json::{Value, json};
use tests::repository;

use super::server::{Write, apply, bind, create, decision, grant, installed, patch, until_granted};

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

/// A decision that says what proves who decides.
fn proven_by(mut decision: Value, what: &str) -> Value {
    decision["spec"]["provenBy"] = json!(what);
    decision
}

/// A decision that stands in Git.
fn from_git(decision: Value) -> Value {
    proven_by(decision, "Git")
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
    let expected = "`spec.decidedBy` must be the user who creates the decision, anna, found berta: decide in your own name; \
                    in Git, where somebody else applies what you decide, say so with `spec.provenBy: Git`";
    assert!(refusal.contains(expected), "{refusal}");
}

/// Nobody passes what they decide for what stands in Git, in another's name or in their own.
#[tokio::test]
async fn an_approver_cannot_say_that_git_proves_it() {
    let control_plane = installed().await;
    let admin = control_plane.client().await.unwrap();
    bind(&admin, "chidi", "ClusterRole", "hybrid-identity-operator-approver").await;
    until_granted(&admin, "chidi", "approve").await;
    let chidi = control_plane.client_for("chidi", &[]).await.unwrap();

    for named in ["berta", "chidi"] {
        let object = from_git(decision("not-from-git", "Approve", named));
        let refusal = create(&chidi, &object, Write::Kept).await.unwrap_err();
        let expected = "expected chidi to have the verb `decideforothers` on migration contoso-scope-pilot-1 in namespace \
                        identity for `spec.provenBy: Git`, found that it is not granted: leave the field out";
        assert!(refusal.contains(expected), "{refusal}");
    }
    let object = proven_by(decision("own-said-so", "Approve", "chidi"), "Requester");
    create(&chidi, &object, Write::Kept).await.unwrap();
}

/// What is shown as proven by whoever created it always is: an account that decides for others has to say so.
#[tokio::test]
async fn who_decides_for_others_has_to_say_that_git_proves_it() {
    let control_plane = installed().await;
    let rights =
        [("create", "migrationdecisions"), ("decideforothers", "migrations"), ("approve", "migrations")];
    grant(control_plane, "flux", &rights).await;
    let flux = control_plane.client_for("flux", &[]).await.unwrap();

    for object in [
        decision("silent", "Approve", "berta"),
        proven_by(decision("passed-off", "Approve", "berta"), "Requester"),
    ] {
        let refusal = create(&flux, &object, Write::Kept).await.unwrap_err();
        assert!(refusal.contains("say so with `spec.provenBy: Git`"), "{refusal}");
    }
    let own = create(&flux, &decision("fluxs-own", "Approve", "flux"), Write::Kept).await.unwrap();
    assert_eq!(own["spec"]["provenBy"], "Requester");
    let kept = create(&flux, &from_git(decision("said", "Approve", "berta")), Write::Kept).await.unwrap();
    assert_eq!(kept["spec"]["provenBy"], "Git");

    // It stays said.
    let admin = control_plane.client().await.unwrap();
    for change in [json!({"spec": {"provenBy": "Requester"}}), json!({"spec": {"provenBy": null}})] {
        let refusal = patch(&admin, &kept, &change).await.unwrap_err();
        assert!(refusal.contains("a decision must not change: take another one"), "{refusal}");
    }
}

#[tokio::test]
async fn who_may_decide_for_others_still_needs_the_verb_of_the_decision() {
    let control_plane = installed().await;
    let rights =
        [("create", "migrationdecisions"), ("decideforothers", "migrations"), ("approve", "migrations")];
    grant(control_plane, "gitops", &rights).await;
    let gitops = control_plane.client_for("gitops", &[]).await.unwrap();

    create(&gitops, &from_git(decision("from-git", "Approve", "berta")), Write::Kept).await.unwrap();
    let refusal =
        create(&gitops, &from_git(decision("from-git-too", "RollBack", "berta")), Write::Kept).await;
    let refusal = refusal.unwrap_err();
    assert!(refusal.contains("expected gitops to have the verb `rollback`"), "{refusal}");
}

/// What docs/migration-decisions.md shows can be copied.
#[tokio::test]
async fn the_documented_decision_is_taken_from_an_account_with_the_documented_role() {
    let control_plane = installed().await;
    let admin = control_plane.client().await.unwrap();
    let text = std::fs::read_to_string(repository().join("docs/migration-decisions.md")).unwrap();
    let mut blocks = text.split("```yaml\n").skip(1).map(|block| {
        let yaml = block.split("```").next().unwrap();
        serde_yaml::from_str::<Value>(yaml).unwrap()
    });
    let (decision, role) = (blocks.next().unwrap(), blocks.next().unwrap());
    let git = control_plane.client_for("documented", &[]).await.unwrap();
    let refusal = create(&git, &decision, Write::DryRun).await.unwrap_err();
    assert!(refusal.contains("forbidden"), "{refusal}");

    apply(&admin, &role, Write::Kept).await.unwrap();
    bind(&admin, "documented", "Role", role["metadata"]["name"].as_str().unwrap()).await;
    until_granted(&admin, "documented", "decideforothers").await;
    let kept = create(&git, &decision, Write::Kept).await.unwrap();
    assert_eq!(kept["spec"], decision["spec"]);
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
