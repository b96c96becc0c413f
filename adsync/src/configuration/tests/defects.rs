//! Bad exports: every defect of every file is named, with what was expected and what was found.

use super::tiny::{self, CONNECTOR, METAVERSE, RULE};
use super::*;

fn problems(files: ConfigurationFiles) -> Vec<String> {
    match ServerConfiguration::from_files(files).expect_err("a defective export") {
        ReadError::Invalid(problems) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("expected a list of problems, got {other}"),
    }
}

#[test]
fn each_defect_of_a_rule_is_named() {
    let cases = [
        ("<precedence>50<", "<precedence>low<", "/precedence: expected a whole number, found \"low\""),
        (
            "<precedence>50</precedence>",
            "",
            "synchronizationRule: expected an element <precedence>, found none",
        ),
        ("<name>Users &amp; more<", "<name> <", "/name: expected a value, found an empty element"),
        (
            "<direction>Inbound<",
            "<direction>Sideways<",
            "/direction: expected `Inbound` or `Outbound`, found \"Sideways\"",
        ),
        ("<disabled>False<", "<disabled>perhaps<", "/disabled: expected True or False, found \"perhaps\""),
        ("<linkType>Provision<", "<linkType>Marry<", "/linkType: expected one of `Join`, `JoinNoFlow`"),
        ("<id>{1", "<id>{z", "/id: expected an identifier such as"),
        ("<csOperator>ISBITNOTSET<", "<csOperator>RHYMES<", "scope[1]/csOperator: expected one of `EQUAL`"),
        (
            "<ilmAttribute>objectSid</ilmAttribute>",
            "",
            "condition[1]: expected an element <ilmAttribute>, found none",
        ),
        (
            "<valueMergeType>MergeCaseInsensitive<",
            "<valueMergeType>Mix<",
            "mapping[3]/valueMergeType: expected one of",
        ),
        (
            "<attr>cn</attr>\n      </src>\n      <valueM",
            "<attr>a</attr><attr>b</attr></src><valueM",
            "mapping[1]/src: expected one attribute",
        ),
        ("<src>True</src>", "", "mapping[2]: expected an element <src> or <expression>, found neither"),
        (
            "execute-once=\"true\"",
            "execute-once=\"soon\"",
            "mapping[2]: expected execute-once to be true or false",
        ),
        (
            "<version>3</version>",
            "<version>3</version><version>4</version>",
            "/version: expected the element once, found it 2 times",
        ),
        ("synchronizationRule>", "somethingElse>", "expected"),
        ("</synchronizationCriteria>", "", "expected well-formed XML, found"),
    ];
    for (from, to, expected) in cases {
        let found = problems(tiny::files_with(RULE, from, to));
        assert!(
            found.iter().any(|problem| problem.starts_with(RULE) && problem.contains(expected)),
            "{from} → {to}: {found:#?}"
        );
    }
}

#[test]
fn each_defect_of_connectors_and_metaverse_is_named() {
    let cases = [
        (CONNECTOR, "<selected>1<", "<selected>maybe<", "partition[1]/selected: expected True or False"),
        (CONNECTOR, "<id>{33333333-", "<id>{", "partition[1]/id: expected an identifier"),
        (CONNECTOR, "<category>AD</category>", "", "ma-data: expected an element <category>, found none"),
        (
            CONNECTOR,
            "<enabled>1<",
            "<enabled>2<",
            "password-hash-sync-config/enabled: expected True or False",
        ),
        (CONNECTOR, "<ma-data>", "<!DOCTYPE a [<!ENTITY b \"c\">]><ma-data>", "expected well-formed XML"),
        (
            METAVERSE,
            "<parameter name=\"Secret\"",
            "<parameter title=\"Secret\"",
            "parameter[3]: expected an attribute \"name\"",
        ),
        (METAVERSE, "parameter-values>", "other>", "expected well-formed XML"),
        (METAVERSE, "mv-data>", "nv-data>", "expected well-formed XML"),
        (METAVERSE, "<dsml:name>member</dsml:name>", "", "attribute-type[2]: expected an element <name>"),
    ];
    for (file, from, to, expected) in cases {
        let found = problems(tiny::files_with(file, from, to));
        assert!(
            found.iter().any(|problem| problem.starts_with(file) && problem.contains(expected)),
            "{from} → {to}: {found:#?}"
        );
    }
}

#[test]
fn all_bad_files_are_listed_at_once() {
    let mut files = tiny::files_with(RULE, "<precedence>50<", "<precedence>x<");
    files.insert("SynchronizationRules/b.XML", b"<synchronizationRule/>".to_vec());
    files.insert("SynchronizationRules/c.xml", b"\xFF\xFE\x00".to_vec());
    files.insert(METAVERSE, b"<a>\xC3</a>".to_vec());
    let found = problems(files);
    for file in [RULE, "SynchronizationRules/b.XML", "SynchronizationRules/c.xml", METAVERSE] {
        assert!(found.iter().any(|problem| problem.starts_with(file)), "{file}: {found:#?}");
    }
    // All eight elements that a rule cannot do without.
    assert_eq!(found.iter().filter(|problem| problem.starts_with("SynchronizationRules/b.XML")).count(), 8);
}

#[test]
fn the_message_counts_and_lists() {
    let files = tiny::files_with(RULE, "<precedence>50<", "<precedence>x<");
    let message = ServerConfiguration::from_files(files).expect_err("defective").to_string();
    assert_eq!(
        message,
        format!(
            "the exported configuration is not usable, 1 problem: {RULE}: synchronizationRule/precedence: \
             expected a whole number, found \"x\""
        )
    );
}

#[test]
fn a_partial_copy_is_no_backup() {
    let without = |path: &str| {
        ConfigurationFiles::new(
            tiny::files()
                .iter()
                .filter(|(name, _)| *name != path)
                .map(|(name, c)| (name.to_owned(), c.to_vec())),
        )
    };
    assert_eq!(
        problems(without(METAVERSE)),
        ["GlobalSettings/MV.xml: expected the metaverse schema and global parameters, found no such file"]
    );
    assert_eq!(
        problems(without(CONNECTOR)),
        ["Connectors: expected at least one connector file, found none"]
    );
    assert_eq!(
        problems(without(RULE)),
        ["SynchronizationRules: expected at least one rule file, found none"]
    );

    let orphan = tiny::files_with(RULE, "<connector>{22222222", "<connector>{99999999");
    assert_eq!(
        problems(orphan),
        [format!(
            "{RULE}: connector: expected a connector with a file in Connectors, \
             found {{99999999-0000-0000-0000-000000000001}}"
        )]
    );
}

#[test]
fn one_identifier_in_two_files_is_refused() {
    let mut files = tiny::files();
    files.insert("SynchronizationRules/Copy of rule.xml", tiny::RULE_XML.as_bytes().to_vec());
    files.insert("Connectors/copy.xml", tiny::CONNECTOR_XML.as_bytes().to_vec());
    files.insert("globalsettings/mv.XML", tiny::METAVERSE_XML.as_bytes().to_vec());
    let found = problems(files);
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    let depth = 200_000;
    let deep = format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let mut files = tiny::files();
    files.insert(METAVERSE, deep.into_bytes());
    assert!(problems(files).iter().any(|problem| problem.starts_with(METAVERSE)));
}

#[test]
fn long_values_are_cut_in_messages() {
    let found = problems(tiny::files_with(RULE, ">50<", &format!(">{}<", "9".repeat(5000))));
    assert!(found[0].len() < 400, "{}", found[0]);
}

#[test]
fn what_is_unknown_is_ignored() {
    let mut files =
        tiny::files_with(RULE, "<version>3</version>", "<version>3</version><future a=\"b\"><c/></future>");
    files.insert("GlobalSettings/Other.xml", b"not xml".to_vec());
    files.insert("SynchronizationRules/Thumbs.db", vec![0, 1, 2]);
    let configuration = ServerConfiguration::from_files(files).expect("reads");
    let written = configuration.to_files().expect("writes");
    assert_eq!(written.get("SynchronizationRules/Thumbs.db"), Some([0, 1, 2].as_slice()));
    assert_eq!(written.get("GlobalSettings/Other.xml"), Some(b"not xml".as_slice()));
}
