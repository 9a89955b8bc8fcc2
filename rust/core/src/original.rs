//! The original request, as the proxy tells it: read without doubt, or refused.
//!
//! The path decides on the policy, so it must mean the same here, in the proxy and in the upstream.
//! Whatever one of them could read differently is refused before anything is matched.

use crate::error::{Error, Reason};
use crate::extract::HeaderNames;
use crate::request::{Once, Peer, Request};
use crate::settings::{OriginalSettings, SUBREQUEST};
use ipnet::IpNet;
use std::borrow::Cow;
use std::net::IpAddr;

mod authority;
mod path;

pub(crate) use authority::{address_of, is_name};

/// The client's request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original<'r> {
    /// The host in lower case without port, where the proxy tells it.
    pub host: Option<String>,
    /// The path, percent-decoded once.
    pub path: Cow<'r, str>,
    /// The query as it was sent, without the question mark.
    pub query: &'r [u8],
    /// The method, where the proxy tells it.
    pub method: Option<&'r str>,
}

/// Which headers tell the original request, and whom to believe.
#[derive(Debug)]
pub struct OriginalHeaders {
    uri: usize,
    host: Option<usize>,
    method: Method,
    /// Tells the URI again, without the host in front of it.
    confirm: Option<usize>,
    must_confirm: bool,
    trusted: Vec<IpNet>,
}

/// Where the method is told.
#[derive(Clone, Copy, Debug)]
enum Method {
    Header(usize),
    /// The proxy asks with its client's own.
    Subrequest,
    Untold,
}

impl OriginalHeaders {
    /// Compiles the settings.
    pub fn compile(
        settings: &OriginalSettings,
        names: &mut HeaderNames,
        errors: &mut Vec<(String, String)>,
    ) -> Self {
        let mut trusted = Vec::new();
        for (index, text) in settings.trusted_proxies.iter().enumerate() {
            match text.parse::<IpNet>().ok().or_else(|| text.parse().ok().map(IpAddr::into)) {
                Some(network) => trusted.push(network),
                None => errors.push((
                    format!("original_request.trusted_proxies[{index}]"),
                    "expected an address or a network, such as 10.0.0.0/8".into(),
                )),
            }
        }
        Self {
            uri: names.index(&settings.uri_header),
            host: settings.host_header.as_deref().map(|name| names.index(name)),
            method: match settings.method_header.as_deref() {
                None => Method::Untold,
                Some(SUBREQUEST) => Method::Subrequest,
                Some(name) => Method::Header(names.index(name)),
            },
            confirm: settings.confirm_header.as_deref().map(|name| names.index(name)),
            must_confirm: settings.confirm_required,
            trusted,
        }
    }

    /// Reads the original request; `None` where the proxy tells none.
    ///
    /// # Errors
    /// `bad_original_request`, also where a peer tells it who is not trusted to.
    pub fn read<'r>(&self, request: &Request<'r>) -> Result<Option<Original<'r>>, Error> {
        let told = |index: usize| request.headers.once(index);
        if told(self.uri) == Once::Absent {
            return Ok(None);
        }
        if !is_trusted(request.peer, &self.trusted) {
            return Err(refused("The peer is not trusted to tell the original request."));
        }
        let (authority, uri) = split(one_value(told(self.uri))?)?;
        self.check_uri(authority.is_some(), uri, request)?;
        let host =
            self.host.map(told).filter(|host| !matches!(host, Once::Absent | Once::Value(b"")));
        let host = match host.map(one_value).transpose()? {
            Some(host) => Some(std::str::from_utf8(host).map_err(|_| bad_host())?),
            None => authority,
        };
        let mut original = Original::of(host, uri)?;
        original.method = match self.method {
            Method::Header(index) if told(index) != Once::Absent => {
                Some(method_of(one_value(told(index))?)?)
            }
            Method::Subrequest => Some(request.method),
            Method::Header(_) | Method::Untold => None,
        };
        Ok(Some(original))
    }

    /// A URL is put together of a host, which the client chooses, and a URI: `http://a/x?/b` is
    /// that of `/b` at the host `a/x?` too. What tells the URI by itself decides.
    fn check_uri(&self, is_url: bool, uri: &str, request: &Request<'_>) -> Result<(), Error> {
        if is_url && self.host.is_some() {
            return Err(refused("The original host is told twice."));
        }
        match self.confirm.map_or(Once::Absent, |index| request.headers.once(index)) {
            Once::Absent if self.must_confirm => {
                Err(refused("The proxy does not confirm the original URI."))
            }
            Once::Absent
                if is_url && uri.split_once('?').is_some_and(|(_, rest)| rest.contains('/')) =>
            {
                Err(refused("The original URL can be split in more than one way."))
            }
            Once::Absent => Ok(()),
            Once::Value(value) if value == uri.as_bytes() => Ok(()),
            Once::Value(_) | Once::Several => Err(refused("The original URI is told differently.")),
        }
    }
}

fn refused(sentence: &'static str) -> Error {
    Error::with_detail(Reason::BadOriginalRequest, sentence)
}

fn bad_host() -> Error {
    refused("The original host cannot be read.")
}

/// Whether a peer may tell the original request; the permissions of a Unix socket were chosen by
/// its owner. A peer that is not told may be anybody.
fn is_trusted(peer: Peer, trusted: &[IpNet]) -> bool {
    match peer {
        Peer::Untold => false,
        Peer::Unix => true,
        // A dual-stack listener shows an IPv4 peer as an IPv6 address.
        Peer::Address(peer) => trusted.iter().any(|network| network.contains(&peer.to_canonical())),
    }
}

/// The one value of a header that must not come twice.
fn one_value(told: Once<'_>) -> Result<&[u8], Error> {
    match told {
        Once::Value(value) => Ok(value),
        Once::Absent => Err(refused("The proxy does not tell the original request.")),
        Once::Several => Err(refused("The original request is told more than once.")),
    }
}

/// A method is a token (RFC 9110 section 9.1); an empty one is told by nobody.
fn method_of(value: &[u8]) -> Result<&str, Error> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let good = !value.is_empty() && value.iter().all(letter);
    let method = std::str::from_utf8(value).ok().filter(|_| good);
    method.ok_or_else(|| refused("The original method cannot be read."))
}

/// Authority and URI of a URL; a URI alone has no authority. The authority is not judged yet.
fn split(target: &[u8]) -> Result<(Option<&str>, &str), Error> {
    // No URI holds a space (RFC 3986), but two header lines that were joined into one do.
    let graphic = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let target = std::str::from_utf8(target).ok().filter(graphic);
    let target = target.ok_or_else(|| refused("The original request is no URI."))?;
    if target.starts_with('/') {
        return Ok((None, target));
    }
    let after = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
    let after =
        after.ok_or_else(|| refused("The original request is neither a path nor a URL."))?;
    // Though a URL may leave its path out, no proxy asks for one without: what ends the host
    // otherwise was written into it.
    let slash = after.find('/').ok_or_else(|| refused("The original URL has no path."))?;
    let (authority, uri) = after.split_at(slash);
    Ok((Some(authority), uri))
}

impl<'r> Original<'r> {
    /// Reads a URL, or a path with the host from elsewhere; the method is not told.
    ///
    /// # Errors
    /// `bad_original_request` for anything that could be read in two ways.
    pub fn read(target: &'r [u8], host: Option<&'r str>) -> Result<Self, Error> {
        let (authority, uri) = split(target)?;
        if authority.is_some() && host.is_some() {
            return Err(refused("The original host is told twice."));
        }
        Self::of(authority.or(host), uri)
    }

    fn of(authority: Option<&str>, uri: &'r str) -> Result<Self, Error> {
        let read = |text| authority::host_of(text).ok_or_else(bad_host);
        let host = authority.map(read).transpose()?;
        if uri.contains('#') {
            return Err(refused("The original request holds a fragment."));
        }
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        Ok(Self { host, path: path::plain_path(path)?, query: query.as_bytes(), method: None })
    }
}
