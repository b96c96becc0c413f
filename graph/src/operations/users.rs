//! Calls about users. No IO of their own.

use crate::call::Call;
use crate::client::GraphClient;
use crate::delta::{DeltaFrom, DeltaPages};
use crate::error::Error;
use crate::pages::Pages;
use crate::query::Query;
use crate::resources::DirectoryObjectId;
use crate::resources::directory::{OnPremisesSyncBehavior, User};
use crate::route::ApiVersion;

const READ: &str = "User.Read.All";

/// `/users`.
pub struct Users<'a>(&'a GraphClient);

impl GraphClient {
    /// Calls about users.
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }
}

impl Users<'_> {
    /// Users.
    pub fn list(&self, query: &Query) -> Pages<User> {
        Pages::new(self.0, query.apply(Call::get(ApiVersion::V1, "/users", &[]).needs(READ)))
    }

    /// How many users there are, by an index that lags behind.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn count(&self) -> Result<u64, Error> {
        let call = Call::get(ApiVersion::V1, "/users/$count", &[]).header("ConsistencyLevel", "eventual");
        self.0.count(&call.needs(READ)).await
    }

    /// One user, these properties.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn get(&self, id: &DirectoryObjectId, select: &[&'static str]) -> Result<User, Error> {
        let call = Call::get(ApiVersion::V1, "/users/{id}", &[id.as_str()]).needs(READ);
        self.0.read(&Query::all().select(select).apply(call)).await
    }

    /// Changes of users.
    pub fn delta(&self, from: &DeltaFrom) -> DeltaPages<User> {
        DeltaPages::new(self.0, Call::get(ApiVersion::V1, "/users/delta", &[]).needs(READ), from)
    }

    /// Whether the cloud is the source of authority of a user.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn sync_behavior(&self, id: &DirectoryObjectId) -> Result<OnPremisesSyncBehavior, Error> {
        let call = Call::get(ApiVersion::Beta, "/users/{id}/onPremisesSyncBehavior", &[id.as_str()]);
        self.0.read(&call.needs("User-OnPremisesSyncBehavior.ReadWrite.All")).await
    }
}
