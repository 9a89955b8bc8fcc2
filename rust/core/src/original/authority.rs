//! Hosts, as URLs and Host headers write them: nothing but a name or an address, and a port.

use std::net::Ipv6Addr;

/// The host of an authority (RFC 3986 section 3.2, without userinfo): in lower case, without port
/// and final dot; `None` for anything else, an empty port too.
pub fn host_of(authority: &str) -> Option<String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if !port.is_none_or(is_port) {
        return None;
    }
    if let Some(inside) = host.strip_prefix('[') {
        return address_of(inside.strip_suffix(']')?);
    }
    // A name with a final dot is the same name (RFC 1034 section 3.1).
    let name = host.strip_suffix('.').unwrap_or(host);
    is_name(name).then(|| name.to_ascii_lowercase())
}

/// An IPv6 address in the one form in which it is compared (RFC 5952).
pub fn address_of(text: &str) -> Option<String> {
    Some(text.parse::<Ipv6Addr>().ok()?.to_string())
}

/// Whether this is a name of labels, or an IPv4 address.
pub fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.split('.').all(|label| !label.is_empty() && label.bytes().all(letter))
}

fn is_port(text: &str) -> bool {
    let digits = text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && text.parse::<u16>().is_ok_and(|port| port > 0)
}
