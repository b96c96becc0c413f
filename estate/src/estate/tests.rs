//! The judge at work: each class of the verdict has a run in which it is not 0, and one in which it is.

mod behaviours;
mod driver;
mod page;
mod plain_server;
mod roads;
mod verdicts;
