//! The subrequest, as a front door read it.

use std::net::IpAddr;

/// What a front door hands in.
#[derive(Debug)]
pub struct Request<'r> {
    /// The policy that the path names; `None` for the one that routes pick, or the default one.
    pub policy: Option<&'r str>,
    /// The subrequest's own method.
    pub method: &'r str,
    /// Who sent the subrequest; `None` over a Unix socket.
    pub peer: Option<IpAddr>,
    /// The subrequest's own query, without the question mark.
    pub query: &'r [u8],
    /// Every value that came for each of the gate's request headers.
    pub headers: Vec<Vec<&'r [u8]>>,
}
