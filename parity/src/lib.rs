//! Object keys, attribute digests and their comparison; pure
