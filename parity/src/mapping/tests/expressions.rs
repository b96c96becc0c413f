//! The text form of expressions.

use proptest::prelude::*;

use super::super::expression::ExpressionError;
use super::super::model::Source;

fn attribute(name: &str) -> Source {
    Source::Attribute(name.to_owned())
}

fn constant(value: &str) -> Source {
    Source::Constant(value.to_owned())
}

#[test]
fn arguments_keep_their_places() {
    let expected = Source::Function {
        name: "Replace".to_owned(),
        arguments: vec![
            Some(attribute("a")),
            None,
            Some(constant("\"\\")),
            None,
            Some(constant("")),
            None,
            None,
        ],
    };
    assert_eq!(Source::parse("Replace( [a] , ,\"\\\"\\\\\",,\"\", ,)"), Ok(expected));
    assert_eq!(
        Source::parse("Guid()"),
        Ok(Source::Function { name: "Guid".to_owned(), arguments: Vec::new() })
    );
}

#[test]
fn operators_bind_weaker_than_the_ampersand() {
    let joined = Source::Function {
        name: "&".to_owned(),
        arguments: vec![Some(attribute("b")), Some(constant("&HF"))],
    };
    let expected =
        Source::Function { name: "<=".to_owned(), arguments: vec![Some(attribute("a")), Some(joined)] };
    assert_eq!(Source::parse("[a]<=[b] & &HF"), Ok(expected));
}

#[test]
fn mistakes_are_placed() {
    let table = [
        ("", 0, "an attribute, a constant or a function"),
        ("[a", 2, "an attribute's name and a closing bracket"),
        ("[ ]", 2, "an attribute's name and a closing bracket"),
        ("\"a", 2, "a closing quotation mark"),
        ("F([a]", 5, "a comma or a closing parenthesis"),
        ("F([a]) x", 7, "the end"),
        ("[a]=\"x\" And [b]=\"y\"", 8, "the end"),
        ("=", 0, "an attribute, a constant or a function"),
        ("\"a\\", 3, "an escaped character"),
    ];
    for (text, position, expected) in table {
        assert_eq!(Source::parse(text), Err(ExpressionError { expected, position }), "{text}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    let text = format!("{}\"x\"{}", "Trim(".repeat(200), ")".repeat(200));
    assert_eq!(Source::parse(&text).map_err(|error| error.expected), Err("fewer nested functions"));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[\\[\\]\"\\\\(),&=<> a-cA-C0-9]{0,60}") {
        let _ = Source::parse(&text);
    }

    #[test]
    fn quoted_constants_survive(value in "\\PC{0,30}") {
        let quoted = format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        prop_assert_eq!(Source::parse(&quoted), Ok(Source::Constant(value)));
    }
}
