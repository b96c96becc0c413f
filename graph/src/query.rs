//! What a list is asked for. No IO.

use crate::call::Call;
use crate::encoding::quote;

/// Largest page of users and groups. Source: Microsoft, "Paging Microsoft Graph data in your app".
pub const MAX_PAGE: u16 = 999;

/// What a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    select: Vec<&'static str>,
    filter: Option<String>,
    order_by: Option<&'static str>,
    top: Option<u16>,
    advanced: bool,
    low_priority: bool,
}

impl Query {
    /// Everything, with the properties that come by default.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only these properties.
    #[must_use]
    pub fn select(mut self, properties: &[&'static str]) -> Self {
        self.select = properties.to_vec();
        self
    }

    /// Only objects for which this holds. Literals: [`equals`].
    #[must_use]
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// In this order, such as `activityDateTime desc`.
    #[must_use]
    pub fn order_by(mut self, order: &'static str) -> Self {
        self.order_by = Some(order);
        self
    }

    /// Pages of this size, at most [`MAX_PAGE`].
    #[must_use]
    pub fn page_size(mut self, size: u16) -> Self {
        self.top = Some(size);
        self
    }

    /// Allows filters with `ne`, `not`, `endsWith`, and filter and order together; also asks for the number of all
    /// objects. Such queries read an index that lags behind.
    /// Source: Microsoft, "Advanced query capabilities on Microsoft Entra ID objects".
    #[must_use]
    pub fn advanced(mut self) -> Self {
        self.advanced = true;
        self
    }

    /// Gives way to other work when the tenant is throttled: for scans that nobody waits for.
    #[must_use]
    pub fn low_priority(mut self) -> Self {
        self.low_priority = true;
        self
    }

    /// A page size that Graph would refuse makes the call one that is refused without being sent.
    pub(crate) fn apply(&self, mut call: Call) -> Call {
        if let Some(top) = self.top {
            if !(1..=MAX_PAGE).contains(&top) {
                call = call.refused(format!(
                    "expected a page size from 1 to {MAX_PAGE}, found {top}; correct the caller"
                ));
            }
            call = call.query("$top", top.to_string());
        }
        if !self.select.is_empty() {
            call = call.query("$select", self.select.join(","));
        }
        if let Some(filter) = &self.filter {
            call = call.query("$filter", filter.as_str());
        }
        if let Some(order) = self.order_by {
            call = call.query("$orderby", order);
        }
        if self.advanced {
            call = call.query("$count", "true").header("ConsistencyLevel", "eventual");
        }
        if self.low_priority {
            call = call.header("x-ms-throttle-priority", "Low");
        }
        call
    }
}

/// The condition that a property has this text.
pub fn equals(property: &str, text: &str) -> String {
    format!("{property} eq {}", quote(text))
}
