//! Every decision of the operator; pure
