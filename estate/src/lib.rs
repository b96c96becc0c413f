//! A simulated Microsoft side for tests, demo and benches
