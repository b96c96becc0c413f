//! Roots of services: protected, or this machine.

use super::{BaseUrl, BaseUrlError, Cloud, Config};
use crate::resources::TenantId;

#[test]
fn roots_are_https_or_this_machine() {
    let accepted = [
        ("https://graph.microsoft.com", "https://graph.microsoft.com"),
        ("https://graph.microsoft.com/", "https://graph.microsoft.com"),
        ("https://proxy.example/graph/", "https://proxy.example/graph"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.1.2.3:1", "http://127.1.2.3:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
    ];
    for (text, expected) in accepted {
        assert_eq!(BaseUrl::parse(text).map(|url| url.as_str().to_owned()), Ok(expected.to_owned()));
    }
}

#[test]
fn other_roots_are_refused_with_a_reason() {
    let found = |text: &str| text.to_owned();
    for text in
        ["http://graph.microsoft.com", "http://10.0.0.1:80", "ftp://localhost", "http://localhost.evil.com"]
    {
        assert_eq!(BaseUrl::parse(text), Err(BaseUrlError::NotProtected { found: found(text) }));
    }
    for text in ["", "graph.microsoft.com", "https://"] {
        assert_eq!(BaseUrl::parse(text), Err(BaseUrlError::NotAnAddress { found: found(text) }));
    }
    for text in ["https://u:p@graph.microsoft.com", "https://graph.microsoft.com?x=1", "https://a.b/#c"] {
        assert_eq!(BaseUrl::parse(text), Err(BaseUrlError::TooMuch { found: found(text) }));
    }
}

#[test]
fn a_link_belongs_to_its_root_by_scheme_host_and_port() {
    let base = BaseUrl::parse("https://graph.example").unwrap();
    assert!(base.is_origin_of("https://graph.example/v1.0/users?$skiptoken=x"));
    assert!(base.is_origin_of("https://GRAPH.example:443/beta/users"));
    for foreign in [
        "http://graph.example/v1.0/users",
        "https://graph.example.evil.com/",
        "https://graph.example@evil.com/",
        "https://user@graph.example/",
        "https://graph.example:444/",
        "/v1.0/users",
    ] {
        assert!(!base.is_origin_of(foreign), "{foreign}");
    }
}

#[test]
fn clouds_have_their_own_roots() {
    let config = Config::for_cloud(TenantId::new("t"), Cloud::China);
    assert_eq!(config.graph.as_str(), "https://microsoftgraph.chinacloudapi.cn");
    for cloud in [Cloud::Global, Cloud::UsGovernment, Cloud::UsGovernmentDod, Cloud::China] {
        let config = Config::for_cloud(TenantId::new("t"), cloud);
        for root in [&config.login, &config.graph] {
            assert_eq!(BaseUrl::parse(root.as_str()).as_ref(), Ok(root), "{cloud:?}");
        }
    }
}
