//! Names of attributes and object types as small numbers. Pure; does no IO.
//!
//! A full synchronization looks up a few hundred thousand attributes; comparing names each time would be most of its work.

use std::collections::HashMap;

/// A name known to one [`Symbols`] table. Names that differ only in case are one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Symbol(u32);

/// Table of names.
#[derive(Debug, Clone, Default)]
pub(super) struct Symbols {
    known: HashMap<String, Symbol>,
    spelling: Vec<String>,
}

impl Symbols {
    /// The symbol of a name, new or known; the first spelling is kept.
    pub(super) fn intern(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.find(name) {
            return symbol;
        }
        let symbol = Symbol(u32::try_from(self.spelling.len()).unwrap_or(u32::MAX));
        self.spelling.push(name.to_owned());
        self.known.insert(name.to_ascii_lowercase(), symbol);
        symbol
    }

    /// The symbol of a name, if it is known.
    pub(super) fn find(&self, name: &str) -> Option<Symbol> {
        self.known.get(&name.to_ascii_lowercase()).copied()
    }

    /// The name as it was first spelled.
    pub(super) fn name(&self, symbol: Symbol) -> &str {
        usize::try_from(symbol.0).ok().and_then(|index| self.spelling.get(index)).map_or("", String::as_str)
    }
}

/// Symbols that the engine itself looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct WellKnown {
    pub(super) dn: Symbol,
    pub(super) cn: Symbol,
    pub(super) object_guid: Symbol,
    pub(super) member: Symbol,
    pub(super) source_anchor: Symbol,
    pub(super) cloud_anchor: Symbol,
    pub(super) cloud_mastered: Symbol,
    pub(super) cloud_no_flow: Symbol,
}

impl WellKnown {
    /// Interns them.
    pub(super) fn new(symbols: &mut Symbols) -> Self {
        Self {
            dn: symbols.intern("dn"),
            cn: symbols.intern("cn"),
            object_guid: symbols.intern("objectGUID"),
            member: symbols.intern("member"),
            source_anchor: symbols.intern("sourceAnchor"),
            cloud_anchor: symbols.intern("cloudAnchor"),
            cloud_mastered: symbols.intern("cloudMastered"),
            cloud_no_flow: symbols.intern("cloudNoFlow"),
        }
    }
}
