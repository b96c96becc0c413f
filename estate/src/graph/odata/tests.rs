use serde_json::{Value, json};

use super::*;

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn object() -> Value {
    json!({
        "id": "1", "displayName": "Adele Vance", "accountEnabled": true, "city": null, "age": 40,
        "activityDateTime": "2026-11-21T10:00:00Z",
        "proxyAddresses": ["SMTP:adele@contoso.com", "smtp:a@contoso.com"],
        "onPremisesExtensionAttributes": {"extensionAttribute1": "x"},
        "errors": [{"category": "PropertyConflict"}],
    })
}

#[test]
fn filters_decide_as_odata_says() {
    let cases = [
        ("displayName eq 'adele vance'", true),
        ("displayName ne 'Adele Vance'", false),
        ("startswith(displayName,'adele')", true),
        ("startsWith(displayName, 'b')", false),
        ("endswith(displayName,'NCE')", true),
        ("contains(displayName,'le v')", true),
        ("accountEnabled eq true and age gt 39", true),
        ("age le 39 or age ge 41", false),
        ("not(age lt 40)", true),
        ("not startswith(displayName,'Adele')", false),
        ("city eq null", true),
        ("displayName eq null", false),
        ("displayName ne null", true),
        ("missing eq null", true),
        ("displayName in ('x', 'Adele Vance')", true),
        ("displayName in ('x')", false),
        ("activityDateTime gt 2026-11-21T09:59:59.9Z", true),
        ("activityDateTime gt 2026-11-21T11:00:00+01:00", false),
        ("activityDateTime ge 2026-11-21T11:00:00+01:00", true),
        ("proxyAddresses/any(p:p eq 'smtp:a@contoso.com')", true),
        ("proxyAddresses/any(p: startswith(p, 'x'))", false),
        ("errors/any(e:e/category eq 'PropertyConflict')", true),
        ("onPremisesExtensionAttributes/extensionAttribute1 eq 'x'", true),
        ("age eq 1 or age eq 40 and accountEnabled eq false", false),
        ("(age eq 1 or age eq 40) and accountEnabled eq true", true),
    ];
    for (text, expected) in cases {
        assert_eq!(filter(text).matches(&object(), Case::Ignore), expected, "{text}");
    }
    assert!(!filter("displayName eq 'adele vance'").matches(&object(), Case::Matters));
}

#[test]
fn quotes_are_doubled_inside_text() {
    let odd = json!({"displayName": "O'Neil (Sales), Ltd"});
    assert!(filter("displayName eq 'O''Neil (Sales), Ltd'").matches(&odd, Case::Ignore));
}

#[test]
fn filters_that_cannot_be_read_say_where() {
    let deep = format!("{}age eq 1{}", "(".repeat(40), ")".repeat(40));
    let cases = [
        ("", "found the end"),
        ("displayName", "expected an operator"),
        ("displayName like 'x'", "'like' is not an operator"),
        ("displayName eq Adele", "text needs quotes"),
        ("displayName eq 'Adele", "no closing quote"),
        ("age eq 1 age", "after the end"),
        ("upper(displayName,'x')", "unknown function"),
        ("(age eq 1", "expected ')'"),
        ("age in (1", "found the end"),
        (deep.as_str(), "levels deep"),
    ];
    for (text, expected) in cases {
        let error = Filter::parse(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn advanced_filters_are_recognised() {
    for text in ["city ne 'x'", "not(city eq 'x')", "endswith(mail,'x')", "age eq 1 or city ne 'x'"] {
        assert!(filter(text).is_advanced(), "{text}");
    }
    for text in ["city eq 'x'", "startswith(mail,'x')", "age ge 3 and city in ('x')"] {
        assert!(!filter(text).is_advanced(), "{text}");
    }
}

#[test]
fn identifiers_joined_by_or_are_listed() {
    assert_eq!(filter("id eq '1' or id eq '2'").alternatives_of("id"), Some(vec!["1", "2"]));
    assert_eq!(filter("id eq '1' and id eq '2'").alternatives_of("id"), None);
    assert_eq!(filter("mail eq '1'").alternatives_of("id"), None);
}

#[test]
fn query_options_are_read_with_either_encoding() {
    let encoded =
        QueryOptions::parse("%24select=id,displayName&$filter=city%20eq%20'M%C3%BCnchen'&$top=5&$count=true")
            .expect("readable");
    assert_eq!(encoded.select.as_deref(), Some(&["id".to_owned(), "displayName".to_owned()][..]));
    assert!(encoded.filter.as_ref().expect("given").matches(&json!({"city": "münchen"}), Case::Ignore));
    assert_eq!(encoded.top, Some(5));
    assert!(encoded.is_advanced());
    let plain =
        QueryOptions::parse("$filter=city eq null&$expand=agents($select=id,status),publishedResources&x=y")
            .expect("readable");
    assert_eq!(plain.expand, ["agents", "publishedResources"]);
    assert!(!plain.is_advanced());
}

#[test]
fn query_options_that_cannot_be_read_are_refused() {
    for query in
        ["$top=many", "$count=1", "$skip1=3", "$filter=%zz", "$select=id&$select=mail", "$orderby=a upwards"]
    {
        assert!(QueryOptions::parse(query).is_err(), "{query}");
    }
}

const RULES: PageRules = PageRules { default_size: 3, largest_size: 5, case: Case::Ignore };

fn numbered(count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| json!({"id": number.to_string(), "name": format!("n{:02}", count - number)}))
        .collect()
}

#[test]
fn pages_cover_a_collection_exactly_once() {
    let mut seen = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let query =
            token.map_or("$orderby=name".to_owned(), |token| format!("$orderby=name&$skiptoken={token}"));
        let options = QueryOptions::parse(&query).expect("readable");
        let page = page(numbered(8), &options, RULES).expect("served");
        assert_eq!(page.first, seen.is_empty());
        assert_eq!(page.matching, 8);
        seen.extend(page.objects.iter().map(|object| object["name"].as_str().expect("text").to_owned()));
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=8).map(|number| format!("n{number:02}")).collect::<Vec<_>>());
}

#[test]
fn page_sizes_and_tokens_have_bounds() {
    for (query, expected) in [
        ("$top=6", "Invalid page size specified: '6'. Must be between 1 and 5 inclusive."),
        ("$top=0", "Invalid page size specified: '0'"),
        ("$top=-1", "Invalid page size"),
        ("$skiptoken=forged", "skiptoken is invalid"),
    ] {
        let options = QueryOptions::parse(query).expect("readable");
        let error = page(numbered(8), &options, RULES).expect_err(query).to_string();
        assert!(error.contains(expected), "{query}: {error}");
    }
    let options = QueryOptions::parse("$top=5").expect("readable");
    assert_eq!(page(numbered(8), &options, RULES).expect("served").objects.len(), 5);
}

#[test]
fn projection_keeps_what_was_named_and_annotations() {
    let object = json!({"@odata.type": "#microsoft.graph.user", "id": "1", "mail": "m", "city": "c"});
    assert_eq!(
        project(&object, &["mail", "absent"]),
        json!({"@odata.type": "#microsoft.graph.user", "mail": "m", "absent": null})
    );
}
