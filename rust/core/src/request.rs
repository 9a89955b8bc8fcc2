//! The subrequest, as a front door read it.

use std::net::IpAddr;

/// What a front door hands in.
#[derive(Debug)]
pub struct Request<'r> {
    /// The policy that the path names; `None` for the one that routes pick, or the default one.
    pub policy: Option<&'r str>,
    /// The subrequest's own method.
    pub method: &'r str,
    /// Who sent the subrequest.
    pub peer: Peer,
    /// The subrequest's own query, without the question mark.
    pub query: &'r [u8],
    /// Those of the gate's request headers that came.
    pub headers: Headers<'r>,
}

/// Who sent a subrequest, as its front door says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Peer {
    /// The front door does not say: it may be anybody.
    #[default]
    Untold,
    /// Somebody who may open the Unix socket.
    Unix,
    /// The address that the connection came from.
    Address(IpAddr),
}

/// Header values in the order in which they came, each with its index in the gate's list of names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'r>(pub &'r [(usize, &'r [u8])]);

/// What came for a header that must not come twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once<'r> {
    /// Nothing.
    Absent,
    /// One value.
    Value(&'r [u8]),
    /// Several: whichever one takes, another reader may take another one.
    Several,
}

impl<'r> Headers<'r> {
    /// Every value of a header.
    pub fn all(self, index: usize) -> impl Iterator<Item = &'r [u8]> {
        self.0.iter().filter(move |(found, _)| *found == index).map(|(_, value)| *value)
    }

    /// The one value of a header.
    #[must_use]
    pub fn once(self, index: usize) -> Once<'r> {
        let mut values = self.all(index);
        match (values.next(), values.next()) {
            (None, _) => Once::Absent,
            (Some(value), None) => Once::Value(value),
            (Some(_), Some(_)) => Once::Several,
        }
    }
}
