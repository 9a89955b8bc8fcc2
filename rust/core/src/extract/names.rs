//! The request headers that a gate asks for, and those that another server takes for one of them.

use crate::headers::are_one;

/// The request headers that a gate asks for; what needs one keeps its index.
#[derive(Clone, Debug, Default)]
pub struct HeaderNames {
    names: Vec<Box<str>>,
    /// Indexes of those that other names are aliases of.
    aliased: Vec<usize>,
}

impl HeaderNames {
    /// The index of a header, added where it is new.
    pub fn index(&mut self, header: &str) -> usize {
        let name = header.to_ascii_lowercase();
        let known = self.names.iter().position(|one| **one == *name);
        known.unwrap_or_else(|| {
            self.names.push(name.into());
            self.names.len().saturating_sub(1)
        })
    }

    /// The index of a header that has a token, and that of its aliases.
    pub(super) fn with_aliases(&mut self, header: &str) -> (usize, usize) {
        let index = self.index(header);
        let has_aliases = !header.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if has_aliases && !self.aliased.contains(&index) {
            self.aliased.push(index);
        }
        (index, alias_of(index))
    }

    /// The names in lower case.
    #[must_use]
    pub fn as_slice(&self) -> &[Box<str>] {
        &self.names
    }

    /// Whether any header that is asked for has aliases.
    #[must_use]
    pub fn have_aliases(&self) -> bool {
        !self.aliased.is_empty()
    }

    /// The index of a header that is not asked for by its name, where CGI, WSGI or PHP writes that
    /// as it writes the one of a header with a token: with an underscore for all that is no letter
    /// and no digit.
    #[must_use]
    pub fn alias(&self, name: &[u8]) -> Option<usize> {
        let alike = |index: &&usize| {
            self.names.get(**index).is_some_and(|one| are_one(one.as_bytes(), name))
        };
        self.aliased.iter().find(alike).map(|index| alias_of(*index))
    }
}

/// The index under which aliases are handed in.
const fn alias_of(index: usize) -> usize {
    usize::MAX.saturating_sub(index)
}
