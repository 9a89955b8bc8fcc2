//! The original request, as the proxy tells it: read without doubt, or refused.
//!
//! The path decides on the policy, so it must mean the same here, in the proxy and in the upstream.
//! Whatever one of them could read differently is refused before anything is matched.

use crate::error::{Error, Reason};
use crate::extract::HeaderNames;
use crate::request::{Once, Request};
use crate::settings::OriginalSettings;
use ipnet::IpNet;
use std::borrow::Cow;
use std::net::IpAddr;

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
    method: Option<usize>,
    trusted: Vec<IpNet>,
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
            method: settings.method_header.as_deref().map(|name| names.index(name)),
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
        let host = self.host.map(|index| one_value(told(index))).transpose()?;
        let mut original = Original::read(one_value(told(self.uri))?, host)?;
        if let Some(index) = self.method.filter(|index| told(*index) != Once::Absent) {
            let method = std::str::from_utf8(one_value(told(index))?);
            original.method =
                Some(method.map_err(|_| refused("The original method is not ASCII."))?);
        }
        Ok(Some(original))
    }
}

fn refused(sentence: &'static str) -> Error {
    Error::with_detail(Reason::BadOriginalRequest, sentence)
}

/// Whether a peer may tell the original request; a peer without an address came over a Unix socket,
/// whose permissions its owner chose.
fn is_trusted(peer: Option<IpAddr>, trusted: &[IpNet]) -> bool {
    // A dual-stack listener shows an IPv4 peer as an IPv6 address.
    peer.is_none_or(|peer| trusted.iter().any(|network| network.contains(&peer.to_canonical())))
}

/// The one value of a header that must come exactly once.
fn one_value(told: Once<'_>) -> Result<&[u8], Error> {
    match told {
        Once::Value(value) => Ok(value),
        Once::Absent => Err(refused("The proxy does not tell the original request.")),
        Once::Several => Err(refused("The original request is told more than once.")),
    }
}

impl<'r> Original<'r> {
    /// Reads a request target: an absolute URL, or a path with a host from elsewhere.
    ///
    /// # Errors
    /// `bad_original_request` for anything that could be read in two ways.
    pub fn read(target: &'r [u8], host: Option<&'r [u8]>) -> Result<Self, Error> {
        // No URI holds a space (RFC 3986), but two header lines that were joined into one do.
        let graphic = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let target = std::str::from_utf8(target).ok().filter(graphic);
        let target = target.ok_or_else(|| refused("The original request is no URI."))?;
        let authority = authority(target)?;
        // Only a URL may leave its path out (RFC 9110 section 4.2.3).
        let empty_path = if authority.is_some() { "/" } else { "" };
        let (host, rest) = match (authority, host) {
            (Some((authority, rest)), None) => (Some(host_of(authority)?), rest),
            (None, Some(host)) => {
                let host = std::str::from_utf8(host);
                (
                    Some(host_of(host.map_err(|_| refused("The original host is not ASCII."))?)?),
                    target,
                )
            }
            (None, None) => (None, target),
            (Some(_), Some(_)) => return Err(refused("The original host is told twice.")),
        };
        if rest.contains('#') {
            return Err(refused("The original request holds a fragment."));
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = if path.is_empty() { empty_path } else { path };
        Ok(Self { host, path: plain_path(path)?, query: query.as_bytes(), method: None })
    }
}

/// Authority and path of an absolute URL; `None` where the target is a path.
fn authority(target: &str) -> Result<Option<(&str, &str)>, Error> {
    if target.starts_with('/') {
        return Ok(None);
    }
    let after = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
    let after =
        after.ok_or_else(|| refused("The original request is neither a path nor a URL."))?;
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    Ok(Some((authority, rest)))
}

/// The host of an authority, without its port: a name, an IPv4 or a bracketed IPv6 address.
fn host_of(authority: &str) -> Result<String, Error> {
    let broken = || refused("The original host cannot be read.");
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let good = match inside {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(name),
    };
    if !good || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(broken());
    }
    // A name with a final dot is the same name (RFC 1034 section 3.1).
    let bare = inside.unwrap_or_else(|| host.strip_suffix('.').unwrap_or(host));
    if bare.is_empty() || bare.ends_with('.') {
        Err(broken())
    } else {
        Ok(bare.to_ascii_lowercase())
    }
}

/// The path, decoded once, where no server could see another one in it.
fn plain_path(raw: &str) -> Result<Cow<'_, str>, Error> {
    if !raw.starts_with('/') {
        return Err(refused("The original path does not begin with a slash."));
    }
    let path = if raw.contains('%') { Cow::Owned(decode(raw)?) } else { Cow::Borrowed(raw) };
    // Servers cut at `;`, turn `\` into `/`, merge `//`, and resolve dot segments: not all of them.
    let split = path.chars().any(|one| matches!(one, ';' | '\\' | '\0'..='\x1f' | '\x7f'));
    let dots = |segment: &str| segment == "." || segment == "..";
    if split || path.contains("//") || path.split('/').any(dots) {
        return Err(refused("The original path can be read in more than one way."));
    }
    Ok(path)
}

/// Percent-decodes; what stands for a separator, or hides a second encoding, is refused.
fn decode(raw: &str) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let byte = after.get(..2).and_then(hex);
        let byte = byte.ok_or_else(|| refused("The original path holds a broken escape."))?;
        // `%2f` is a slash to one server and a letter to the next; so are the others.
        if matches!(byte, b'/' | b'\\' | b'.' | b';' | b'#' | b'?' | 0) {
            return Err(refused("The original path hides a separator in an escape."));
        }
        bytes.push(byte);
        rest = after.get(2..).unwrap_or_default();
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("The original path is not UTF-8."))?;
    let twice = |(at, _): (usize, _)| {
        text.as_bytes().get(at.saturating_add(1)..at.saturating_add(3)).and_then(hex).is_some()
    };
    if text.match_indices('%').any(twice) {
        return Err(refused("The original path is encoded twice."));
    }
    Ok(text)
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    match digits {
        [high, low] => u8::try_from((digit(high)? << 4) | digit(low)?).ok(),
        _ => None,
    }
}
