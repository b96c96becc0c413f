//! How modes are declared: each possibility is listed once, and everything that goes through all of them follows. Pure.

use serde::Serialize;

/// A behaviour with several possibilities.
pub(super) trait Choice: Copy + Default + Serialize + Sized + 'static {
    /// Every possibility.
    const ALL: &'static [Self];

    /// The possibility that a number stands for: every one is equally frequent.
    fn pick(number: u64) -> Self {
        let count = u64::try_from(Self::ALL.len()).unwrap_or(1).max(1);
        let at = usize::try_from(number % count).unwrap_or(0);
        Self::ALL.get(at).copied().unwrap_or_default()
    }
}

/// Declares the enums.
macro_rules! choices {
    ($(
        $(#[$about:meta])*
        $name:ident { $( $(#[$meaning:meta])* $possibility:ident, )+ }
    )+) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub enum $name { $( $(#[$meaning])* $possibility, )+ }

        impl choice::Choice for $name {
            const ALL: &'static [Self] = &[$( Self::$possibility, )+];
        }
    )+ };
}

/// Declares the struct with one field for each enum.
macro_rules! modes {
    ($( $(#[$about:meta])* $field:ident: $choice:ident, )+) => {
        /// One choice for each unsettled behaviour.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
        pub struct Modes { $( $(#[$about])* pub $field: $choice, )+ }

        impl Modes {
            /// Choices drawn from a seed, each possibility equally likely; the same seed gives the same choices.
            pub fn from_seed(seed: u64) -> Self {
                let mut numbers = choice::Numbers::new(seed);
                Self { $( $field: <$choice as choice::Choice>::pick(numbers.next_number()), )+ }
            }

            /// Every behaviour with all of its possibilities, as they are spelt in JSON.
            pub fn possibilities() -> Vec<(String, Vec<String>)> {
                vec![$( (
                    choice::spelt(stringify!($field)),
                    <$choice as choice::Choice>::ALL.iter().map(|it| format!("{it:?}")).collect(),
                ), )+]
            }

            /// Every single departure from these choices: one behaviour changed, the others as they are.
            pub fn neighbours(self) -> Vec<Self> {
                let mut found = Vec::new();
                $( for other in <$choice as choice::Choice>::ALL {
                    if *other != self.$field {
                        found.push(Self { $field: *other, ..self });
                    }
                } )+
                found
            }
        }
    };
}

pub(super) use {choices, modes};

/// Numbers from a seed (SplitMix64): the modes of a seed stay the same whatever else draws numbers.
pub(super) struct Numbers(u64);

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Name of a field as JSON spells it: `no_flow_delete` → `noFlowDelete`.
pub(super) fn spelt(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        name + &head.to_ascii_uppercase() + tail
    })
}
