//! Values are read in every spelling and written back as they were.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, from_value, json, to_value};

use super::{Field, Flags, GraphDuration, GraphTime, JsonText, Member, Open, Sensitive};
use crate::resources::agents::AgentStatus;
use crate::resources::jobs::{ResetScope, SynchronizationTaskExecution};
use crate::resources::mappings::ObjectFlow;

#[test]
fn absent_null_and_value_stay_apart() {
    let cases = [
        (json!({}), Field::Absent),
        (json!({ "countExported": null }), Field::Null),
        (json!({ "countExported": 5 }), Field::Value(5)),
    ];
    for (text, expected) in cases {
        let parsed: SynchronizationTaskExecution = from_value(text.clone()).unwrap();
        assert_eq!(parsed.count_exported, expected, "{text}");
        assert_eq!(to_value(&parsed).unwrap(), text);
    }
}

#[test]
fn unknown_properties_survive() {
    let text = json!({ "countExported": 5, "countDreamt": [1, { "of": null }] });
    let parsed: SynchronizationTaskExecution = from_value(text.clone()).unwrap();
    assert_eq!(parsed.extra.get("countDreamt"), Some(&json!([1, { "of": null }])));
    assert_eq!(to_value(&parsed).unwrap(), text);
}

#[test]
fn enums_compare_without_regard_to_case_and_keep_their_spelling() {
    for spelling in ["active", "Active", "ACTIVE"] {
        let value: Open<AgentStatus> = from_value(json!(spelling)).unwrap();
        assert_eq!(value.known(), Some(AgentStatus::Active), "{spelling}");
        assert_eq!(value, Open::from(AgentStatus::Active));
        assert_eq!(to_value(&value).unwrap(), json!(spelling));
    }
    assert_ne!(Open::<AgentStatus>::parse("inactive"), Open::from(AgentStatus::Active));
}

#[test]
fn unknown_members_are_kept() {
    let value: Open<AgentStatus> = from_value(json!("hibernating")).unwrap();
    assert_eq!(value.known(), None);
    assert_eq!(to_value(&value).unwrap(), json!("hibernating"));
    assert_eq!(value, Open::parse("Hibernating"));
}

#[test]
fn flags_are_sets_in_any_order_and_spacing() {
    let with_blank = Flags::<ObjectFlow>::parse("Add, Update, Delete");
    assert_eq!(with_blank, Flags::parse("delete,add,UPDATE"));
    assert_ne!(with_blank, Flags::parse("Add,Update"));
    assert_ne!(with_blank, Flags::parse("Add,Update,Delete,Dream"));
    assert!(with_blank.contains(ObjectFlow::Delete));
    assert_eq!(to_value(&with_blank).unwrap(), json!("Add, Update, Delete"));
    assert_eq!(Flags::of([ResetScope::Watermark, ResetScope::Escrows]).wire(), "Watermark, Escrows");
}

#[test]
fn the_year_one_is_never_and_is_written_back() {
    for text in ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00", "0001-01-01T00:00:00.0000000Z"] {
        let time: GraphTime = from_value(json!(text)).unwrap();
        assert!(time.is_never(), "{text}");
        assert_eq!(time.at(), None);
        assert_eq!(Field::Value(time.clone()).at(), None);
        assert_eq!(to_value(&time).unwrap(), json!(text));
    }
}

#[test]
fn times_are_read_with_seven_decimals_and_without_an_offset() {
    let cases = [
        ("2019-11-20T16:17:24.7957721Z", "2019-11-20T16:17:24.7957721Z"),
        ("2025-02-13T10:17:06", "2025-02-13T10:17:06Z"),
        ("2025-02-13T10:17:06+02:00", "2025-02-13T08:17:06Z"),
    ];
    for (text, expected) in cases {
        let time = GraphTime::parse(text);
        assert_eq!(time.at(), Some(expected.parse().unwrap()), "{text}");
        assert_eq!(time.text(), text);
    }
    let unreadable = GraphTime::parse("date-time");
    assert_eq!((unreadable.at(), unreadable.is_never(), unreadable.text()), (None, false, "date-time"));
}

#[test]
fn durations_are_read_up_to_the_longest_of_dotnet() {
    let cases = [
        ("PT40M", Some(Duration::from_mins(40))),
        ("PT2M", Some(Duration::from_mins(2))),
        ("P1DT1H1M1S", Some(Duration::from_secs(90_061))),
        ("P2D", Some(Duration::from_hours(48))),
        ("PT0.25S", Some(Duration::from_millis(250))),
        ("P10675199DT2H48M5.4775807S", Some(Duration::new(922_337_203_685, 477_580_700))),
        ("P", None),
        ("PT", None),
        ("P1Y", None),
        ("PT1H2", None),
        ("PT-5M", None),
        ("PT+5M", None),
        ("PTM", None),
        ("PT.5S", None),
        ("PT5M1H", None),
        ("40 minutes", None),
        ("P99999999999999999999D", None),
    ];
    for (text, expected) in cases {
        let duration: GraphDuration = from_value(json!(text)).unwrap();
        assert_eq!(duration.length(), expected, "{text}");
        assert_eq!(to_value(&duration).unwrap(), json!(text));
        assert_eq!(duration.is_unbounded(), text.starts_with("P10675199D"), "{text}");
    }
}

#[test]
fn json_in_a_text_is_read_and_the_text_kept() {
    let text = r#"{"result":"Success",  "details":{}}"#;
    let value: JsonText<Value> = from_value(json!(text)).unwrap();
    assert_eq!(value.content().unwrap()["result"], "Success");
    assert_eq!(to_value(&value).unwrap(), json!(text));

    let broken: JsonText<Value> = from_value(json!("not { json")).unwrap();
    assert!(broken.content().is_err());
    assert_eq!(to_value(&broken).unwrap(), json!("not { json"));
}

#[test]
fn sensitive_text_is_not_printed() {
    assert_eq!(format!("{:?}", Sensitive::new("s3cr3t")), "***");
}

#[test]
fn every_member_is_found_by_its_own_spelling() {
    fn check<T: Member>() {
        for member in T::ALL {
            assert_eq!(T::from_wire(member.wire()), Some(*member));
            assert_eq!(T::from_wire(&member.wire().to_uppercase()), Some(*member));
        }
    }
    check::<crate::resources::secrets::SecretKey>();
    check::<crate::resources::jobs::QuarantineReason>();
    check::<crate::resources::agents::PublishingType>();
    check::<ResetScope>();
}

proptest! {
    #[test]
    fn no_text_is_changed_by_reading_it(text in any::<String>()) {
        prop_assert_eq!(to_value(GraphTime::parse(&text)).unwrap(), json!(text));
        prop_assert_eq!(to_value(GraphDuration::parse(&text)).unwrap(), json!(text));
        prop_assert_eq!(to_value(Open::<AgentStatus>::parse(&text)).unwrap(), json!(text));
        prop_assert_eq!(to_value(Flags::<ObjectFlow>::parse(&text)).unwrap(), json!(text));
    }

    #[test]
    fn durations_are_the_sum_of_their_parts(days in 0_u64..20_000_000, hours in 0_u64..24, seconds in 0_u64..10_000) {
        let text = format!("P{days}DT{hours}H{seconds}S");
        let expected = Duration::from_secs(days * 86_400 + hours * 3_600 + seconds);
        prop_assert_eq!(GraphDuration::parse(&text).length(), Some(expected));
    }
}
