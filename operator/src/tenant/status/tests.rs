//! A tenant that stays as it is has a status that stays as it is.

use super::*;
use graph::transport::Method;
use graph::{Failure, Permission, Route};

fn tenant() -> EntraTenant {
    serde_json::from_value(serde_json::json!({
        "metadata": { "name": "contoso", "namespace": "identity", "generation": 1 },
        "spec": {
            "tenantId": "00000000-0000-4000-8000-000000000001",
            "credential": { "clientId": "app-1", "clientSecret": { "name": "credential", "key": "secret" } },
        },
    }))
    .unwrap()
}

/// The `number`th time that the same call fails.
fn failure(number: u8, status: u16) -> Failure {
    Failure {
        method: Method::Get,
        route: Route { version: None, template: "/organization/{id}" },
        status: Some(status),
        codes: vec!["x".to_owned()],
        message: format!(
            "Refused. Trace ID: t-{number} Correlation ID: k-{number} Timestamp: 2027-01-01 00:00:0{number}Z"
        ),
        request_id: Some(format!("r-{number}")),
        client_request_id: format!("c-{number}"),
    }
}

#[test]
fn the_same_failure_writes_nothing_the_second_time() {
    type Look = fn(u8) -> Seen;
    let looks: [Look; 3] = [
        |number| Seen {
            unreachable: Some(graph::Error::Unauthorized(Box::new(failure(number, 401)))),
            ..Seen::default()
        },
        |number| {
            let retry_after = Some(std::time::Duration::from_secs(number.into()));
            let error = graph::Error::Throttled { failure: Box::new(failure(number, 429)), retry_after };
            Seen { unreachable: Some(error), ..Seen::default() }
        },
        |number| {
            let permission = Permission::Application("Synchronization.Read.All");
            let error = graph::Error::Forbidden { failure: Box::new(failure(number, 403)), permission };
            Seen { configurations_error: Some(error.into()), ..Seen::default() }
        },
    ];
    for look in looks {
        let mut tenant = tenant();
        let first = of(&tenant, &look(1), None, "2027-01-01T00:00:00Z".parse().unwrap());
        assert!(first.conditions.iter().any(|condition| condition.message.contains("Refused.")), "{first:?}");
        tenant.status = Some(first.clone());
        assert_eq!(of(&tenant, &look(2), None, "2027-01-01T00:01:00Z".parse().unwrap()), first);
    }
}
