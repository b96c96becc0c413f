//! The schema document of a job: the default one, what a document means to the service, and its mapping evaluator.

mod compiled;
mod default;
mod evaluate;
mod filter;
mod source;
#[cfg(test)]
mod tests;

pub use compiled::{AttributeMapping, CompiledSchema, FlowType, MappedObject, ObjectMapping, SchemaError};
pub use default::{RULE_ID, default_schema, hash_schema, map_hashes};
pub use evaluate::{EvaluationError, FUNCTIONS, evaluate};
pub use filter::{Clause, FilterOperator, ScopingFilter};
pub use source::{Source, SourceError};
