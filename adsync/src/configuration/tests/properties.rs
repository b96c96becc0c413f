//! For every rule and every broken file, not only for those somebody thought of.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use uuid::Uuid;

use super::tiny::{self, CONNECTOR, METAVERSE, RULE};
use super::*;
use crate::rule::{
    AttributeFlow, Direction, FlowSource, JoinCondition, LinkType, Rule, ScopeCondition, ScopeOperator,
    ValueMerge,
};

/// Whatever XML can carry.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => prop::char::range(' ', '~'),
        1 => prop::sample::select(vec!['&', '<', '>', '"', '\'', '\n', '\r', '\t', ']', 'ß', '\u{a0}', '\u{1f600}']),
    ];
    vec(character, 0..12).prop_map(String::from_iter)
}

/// As [`text`], and not blank.
fn filled() -> impl Strategy<Value = String> {
    (text(), "[A-Za-z0-9]").prop_map(|(text, end)| text + &end)
}

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z0-9-]{0,9}"
}

fn source() -> impl Strategy<Value = FlowSource> {
    prop_oneof![
        name().prop_map(|attribute| FlowSource::Direct { attribute }),
        text().prop_map(|value| FlowSource::Constant { value }),
        (filled(), vec(name(), 0..3))
            .prop_map(|(expression, attributes)| FlowSource::Expression { expression, attributes }),
    ]
}

fn flow() -> impl Strategy<Value = AttributeFlow> {
    let merge = prop::sample::select(vec![
        ValueMerge::Update,
        ValueMerge::Replace,
        ValueMerge::Merge,
        ValueMerge::MergeCaseInsensitive,
    ]);
    (name(), source(), merge, any::<bool>()).prop_map(|(destination, source, merge, execute_once)| {
        AttributeFlow { destination, source, merge, execute_once }
    })
}

prop_compose! {
    fn rule()(
        (identifier, internal, after) in (any::<u128>(), any::<u128>(), option::of(any::<u128>())),
        (name_, description, value) in (filled(), text(), text()),
        (precedence, version, disabled) in (any::<u32>(), any::<u32>(), any::<bool>()),
        link_type in prop::sample::select(vec![LinkType::Join, LinkType::JoinNoFlow, LinkType::Provision, LinkType::StickyJoin]),
        operator in prop::sample::select(vec![ScopeOperator::IsMemberOf, ScopeOperator::LessThanOrEqual, ScopeOperator::EndsWith]),
        (source_type, target_type, attribute) in (name(), name(), name()),
        attribute_flows in vec(flow(), 0..4),
        (joins, scopes, case_sensitive) in (vec(1_usize..3, 0..3), vec(1_usize..3, 0..3), any::<bool>()),
    ) -> Rule {
        Rule {
            identifier: Uuid::from_u128(identifier),
            internal_identifier: Uuid::from_u128(internal),
            version,
            name: name_,
            description,
            immutable_tag: String::new(),
            direction: if disabled { Direction::Inbound } else { Direction::Outbound },
            disabled,
            connector: uuid::uuid!("22222222-0000-0000-0000-000000000001"),
            source_object_type: source_type,
            target_object_type: target_type,
            link_type,
            precedence,
            precedence_after: after.map(Uuid::from_u128).unwrap_or_default(),
            precedence_before: Uuid::nil(),
            soft_delete_expiry_interval: "00:00:00".to_owned(),
            enable_password_sync: disabled,
            attribute_flows,
            join_filter: joins
                .into_iter()
                .map(|n| {
                    let mv_attribute = attribute.clone();
                    vec![JoinCondition { cs_attribute: attribute.clone(), mv_attribute, case_sensitive }; n]
                })
                .collect(),
            scope_filter: scopes
                .into_iter()
                .map(|n| vec![ScopeCondition { attribute: attribute.clone(), operator, value: value.clone() }; n])
                .collect(),
        }
    }
}

proptest! {
    #[test]
    fn every_rule_survives_writing_and_reading(rule in rule()) {
        let mut configuration = ServerConfiguration::from_files(tiny::files()).expect("reads");
        configuration.rules = vec![rule];
        let files = configuration.to_files().expect("writes");
        let again = ServerConfiguration::from_files(files).expect("what we wrote");
        prop_assert_eq!(again.rules, configuration.rules);
    }

    #[test]
    fn every_parameter_value_survives(value in text(), name in filled()) {
        let mut configuration = ServerConfiguration::from_files(tiny::files()).expect("reads");
        configuration.set_parameter(BUILD_PARAMETER, value);
        configuration.set_parameter(&name, "x");
        let files = configuration.to_files().expect("writes");
        let again = ServerConfiguration::from_files(files).expect("what we wrote");
        prop_assert_eq!(again.parameters, configuration.parameters);
    }

    /// A damaged file gives an error or still reads; it never ends the process.
    #[test]
    fn damage_never_panics(
        file in prop::sample::select(vec![RULE, CONNECTOR, METAVERSE]),
        at in any::<prop::sample::Index>(),
        cut in 0_usize..40,
        insert in vec(any::<u8>(), 0..6),
    ) {
        let mut files = tiny::files();
        let mut content = files.get(file).expect("a file of this export").to_vec();
        let start = at.index(content.len());
        let end = (start + cut).min(content.len());
        content.splice(start..end, insert);
        files.insert(file, content);
        if let Ok(configuration) = ServerConfiguration::from_files(files) {
            configuration.to_files().expect("what reads can be written");
        }
    }
}
