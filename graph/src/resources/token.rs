//! What the login service answers. No IO.

use crate::value::{Sensitive, resource};

resource! {
    /// An access token. Source: Microsoft, "OAuth 2.0 client credentials flow".
    pub struct TokenAnswer {
        required {
            /// The token; opaque.
            #[serde(rename = "access_token")]
            access_token: Sensitive,
            /// How long it lives, in seconds.
            #[serde(rename = "expires_in")]
            expires_in: u32,
        }
        /// `Bearer`.
        #[serde(rename = "token_type")]
        token_type: String,
    }
}

resource! {
    /// Why there is no token.
    pub struct TokenError {
        required {
            /// Code of the protocol, such as `invalid_client`.
            error: String,
        }
        /// For people; begins with Microsoft's code, such as `AADSTS7000215`.
        #[serde(rename = "error_description")]
        error_description: String,
        /// Microsoft's codes as numbers.
        #[serde(rename = "error_codes")]
        error_codes: Vec<i64>,
        /// Names the request in Microsoft's logs.
        #[serde(rename = "trace_id")]
        trace_id: String,
        /// Joins requests of one operation.
        #[serde(rename = "correlation_id")]
        correlation_id: String,
    }
}
