//! Templates that synchronization jobs are made from. No IO.

use super::JobTemplateId;
use crate::value::resource;

resource! {
    /// A template. A new job must name one of the templates of its service principal.
    pub struct SynchronizationTemplate {
        required {
            /// Id, such as `AD2AADProvisioning`.
            id: JobTemplateId,
        }
        /// Kind of application.
        factory_tag: String,
        /// The service's own default.
        default: bool,
        /// Visible to people.
        discoverable: bool,
        /// For people.
        description: String,
    }
}
