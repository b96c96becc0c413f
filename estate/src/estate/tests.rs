//! The judge at work: each class of the verdict has a run in which it is not 0, and one in which it is.

mod driver;
mod plain_server;
mod roads;
mod verdicts;
