//! What the services answer when something is wrong. No IO.

use crate::value::resource;

resource! {
    /// Body of an error of Graph. Source: Microsoft, "Microsoft Graph error responses and resource types".
    pub struct ErrorAnswer {
        required {
            /// The error.
            error: GraphError,
        }
    }
}

resource! {
    /// An error of Graph.
    pub struct GraphError {
        required {
            /// For programs.
            code: String,
        }
        /// For people.
        message: String,
        /// More.
        inner_error: InnerError,
        /// The same in another spelling that occurs.
        #[serde(rename = "innererror")]
        inner_error_lower: InnerError,
    }
}

impl GraphError {
    /// The code and, from outer to inner, the more special ones.
    pub fn codes(&self) -> Vec<&str> {
        let mut codes = vec![self.code.as_str()];
        let mut next = self.inner();
        while let Some(inner) = next {
            codes.extend(inner.code.text());
            next = inner.inner_error.get().map(|boxed| &**boxed);
        }
        codes
    }

    /// The inner error in either spelling.
    pub fn inner(&self) -> Option<&InnerError> {
        self.inner_error.get().or_else(|| self.inner_error_lower.get())
    }
}

resource! {
    /// More about an error.
    pub struct InnerError {
        /// A more special code.
        code: String,
        /// When.
        date: String,
        /// Names the request in Microsoft's logs.
        #[serde(rename = "request-id")]
        request_id: String,
        /// The name that the client gave to the request.
        #[serde(rename = "client-request-id")]
        client_request_id: String,
        /// More still.
        inner_error: Box<InnerError>,
    }
}
