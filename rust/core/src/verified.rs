//! What a verified token says.

use crate::claims::Times;
use crate::json::Document;
use crate::signatory::Signatory;
use crate::token::Header;
use std::sync::Arc;

/// A token whose signature and registered claims hold.
#[derive(Clone, Debug)]
pub struct Verified {
    pub(crate) claims: Document,
    pub(crate) header: Arc<Header>,
    pub(crate) times: Times,
    pub(crate) signatory: Arc<Signatory>,
}

impl Verified {
    /// Every claim.
    #[must_use]
    pub const fn claims(&self) -> &Document {
        &self.claims
    }

    /// The header that the signature covers.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The key that verified it.
    #[must_use]
    pub fn signatory(&self) -> &Signatory {
        &self.signatory
    }

    /// The bytes that it takes up beyond itself, where it was shrunk.
    pub(crate) fn weight(&self) -> usize {
        // A header that was seen before belongs to many tokens.
        let own = Arc::strong_count(&self.header) == 1;
        let header =
            if own { size_of::<Header>().saturating_add(self.header.text().len()) } else { 0 };
        self.claims.weight().saturating_add(header)
    }

    /// Gives back memory that verifying took beyond need.
    pub(crate) fn shrink(&mut self) {
        self.claims.shrink();
    }
}
