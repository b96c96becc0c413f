//! A cloud sync of two units, without any sync server.

mod behaviour;
mod fixture;
mod life;
mod people;
mod scope;
mod unsettled;
