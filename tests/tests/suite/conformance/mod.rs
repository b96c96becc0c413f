//! The store of the simulation behaves as an API server does: one list of cases, each run on a real API server, on the store through
//! the clients that are used in production, and on the store as the simulation uses it. A case says what must be seen; what it saw
//! must be the same everywhere.
//!
//! Not compared: rights and admission policies (the store grants everything), messages (they carry addresses and Go's words; where a
//! rule or a bound of this project speaks, its words are compared), `managedFields`, dry runs, pages, the time that controllers take.

mod agents;
mod deletion;
mod refusals;
mod status;
mod values;
mod watches;
mod world;
mod writes;

use world::{Direct, Server, Through};

/// Each case becomes a test.
macro_rules! cases {
    ($($module:ident::$case:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let server = Server::make().await;
                let expected = $module::$case(&server.world).await;
                server.end().await;
                let through = $module::$case(&Through::make().world).await;
                assert_eq!(through, expected, "left: the store through the clients of production; right: the API server");
                let direct = $module::$case(&Direct::make().world).await;
                assert_eq!(direct, expected, "left: the store as the simulation uses it; right: the API server");
            }
        )*
    };
}

cases! {
    agents::an_agent_reads_its_own_objects,
    agents::what_is_missing_is_told_as_missing,
    agents::a_status_is_replaced_as_a_whole,
    agents::a_key_without_value_is_removed_from_a_secret,
    agents::a_lease_is_replaced_only_as_it_was_read,
    agents::a_command_wakes_an_agent_and_its_own_status_does_not,
    agents::a_token_is_given_for_an_account_that_exists,
    deletion::an_object_is_deleted,
    deletion::a_finalizer_holds_an_object,
    deletion::what_is_being_deleted_takes_no_new_finalizer,
    deletion::what_is_being_deleted_still_holds_its_name,
    deletion::a_deletion_is_fenced_by_uid_and_version,
    deletion::what_belongs_to_an_owner_goes_with_it,
    deletion::what_belongs_to_nobody_who_is_there_goes,
    deletion::what_has_an_owner_left_stays,
    deletion::a_namespace_is_emptied_and_goes,
    refusals::every_bad_manifest,
    refusals::a_value_of_another_type,
    refusals::a_decision_never_changes,
    refusals::a_rule_waits_for_a_right_shape,
    refusals::null_is_no_value,
    refusals::a_number_out_of_its_format,
    status::a_status_is_apart_from_the_rest,
    status::a_status_does_not_come_with_a_new_object,
    status::generation_counts_changes_of_the_spec,
    status::a_status_is_checked,
    status::a_status_that_is_left_out,
    values::defaults_are_set_from_the_outside_in,
    values::a_null_is_replaced_by_the_default,
    values::unknown_fields_are_dropped,
    values::unknown_fields_are_refused_where_asked,
    values::a_secret_has_a_type_and_texts,
    values::what_is_applied_is_taken_back,
    watches::events_come_in_order,
    watches::a_watch_resumes_where_it_ended,
    watches::a_watch_of_one_object_tells_of_no_other,
    watches::what_is_forgotten_is_gone,
    watches::a_list_is_in_order_and_can_be_chosen_from,
    writes::an_older_version_is_a_conflict,
    writes::a_status_of_an_older_version_is_a_conflict,
    writes::a_second_creation_says_that_one_exists,
    writes::what_does_not_exist_cannot_be_replaced,
    writes::a_replacement_needs_a_version,
    writes::another_uid_is_a_conflict,
    writes::a_new_object_has_no_version,
    writes::what_changes_nothing_gives_no_new_version,
    writes::versions_grow,
    writes::names_and_namespaces_are_checked,
    writes::a_patch_may_carry_a_version,
    writes::metadata_of_the_server_is_not_for_users,
    writes::an_event_is_kept,
    writes::a_policy_counts_from_when_it_was_bound,
}
