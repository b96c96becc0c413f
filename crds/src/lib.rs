//! The Kubernetes API of hybrid-identity-operator: kinds, validation rules, condition and reason constants
