//! The shape that all Graph objects of this crate share. No IO.

/// Declares a Graph object: named properties as [`Field`](crate::value::Field)s, everything else kept in `extra`.
///
/// Property names are camel case on the wire; a serde `rename` on a property overrides that. The second form has
/// properties without which the object means nothing: an answer that lacks one is refused.
macro_rules! resource {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            required { $( $(#[$rmeta:meta])* $rname:ident : $rtype:ty ),+ $(,)? }
            $( $(#[$fmeta:meta])* $field:ident : $type:ty ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $( $(#[$rmeta])* pub $rname: $rtype, )+
            $(
                $(#[$fmeta])*
                #[serde(default, skip_serializing_if = "crate::value::Field::is_absent")]
                pub $field: crate::value::Field<$type>,
            )*
            /// Properties that this crate does not name.
            #[serde(flatten)]
            pub extra: crate::value::Extra,
        }
    };
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$fmeta:meta])* $field:ident : $type:ty ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $(
                $(#[$fmeta])*
                #[serde(default, skip_serializing_if = "crate::value::Field::is_absent")]
                pub $field: crate::value::Field<$type>,
            )*
            /// Properties that this crate does not name.
            #[serde(flatten)]
            pub extra: crate::value::Extra,
        }
    };
}

pub(crate) use resource;
