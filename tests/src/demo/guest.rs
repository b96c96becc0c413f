//! A demo on a cluster that somebody else runs: it starts only where nothing of this product is, and takes away what it made.
//! Network IO.

use std::time::Duration;

use kube::Client;
use kube::api::DeleteParams;
use serde_json::Value;

use super::error::{DemoError, Result};
use crate::api_of;
use crate::control_plane::Error;
use crate::until;

/// How long the cluster may take to let go of everything.
const GONE_LIMIT: Duration = Duration::from_mins(2);

/// Refuses a cluster in which one of these objects is there already: it may be at work.
///
/// # Errors
/// [`DemoError::Occupied`]
pub(super) async fn is_free(client: &Client, objects: &[Value]) -> Result<()> {
    for object in objects {
        let name = name(object);
        let found = api_of(client, object).get_opt(name).await;
        if found.map_err(Error::kube(format!("looking for {name}")))?.is_some() {
            let kind = object["kind"].as_str().unwrap_or_default();
            return Err(DemoError::Occupied { what: format!("{kind} {name}") });
        }
    }
    Ok(())
}

/// Deletes these objects, the last one first, and waits until they are gone.
///
/// # Errors
/// Where the API server refuses, or something holds an object.
pub(super) async fn leave(client: &Client, objects: &[Value]) -> Result<()> {
    for object in objects.iter().rev() {
        match api_of(client, object).delete(name(object), &DeleteParams::default()).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.is_not_found() => {}
            Err(error) => return Err(Error::kube(format!("deleting {}", name(object)))(error).into()),
        }
    }
    for object in objects {
        let name = name(object);
        until(&format!("{name} to be gone"), GONE_LIMIT, async || {
            let left = api_of(client, object).get_opt(name).await;
            Ok(left.map_err(Error::kube(format!("looking for {name}")))?.is_none().then_some(()))
        })
        .await?;
    }
    Ok(())
}

fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}
