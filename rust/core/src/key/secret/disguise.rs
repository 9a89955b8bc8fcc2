//! Key material told from random bytes, however it was copied: a public key, and what is made of
//! one, is no secret, for whoever knows it could sign (CVE-2015-9235 and its kin).

use super::super::public::{Curve, PublicKey};
use super::wrapping::{LEAST_WRAPPED, unwrappings};
use crate::json::{Document, Value, View};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// How many wrappings are looked into: base64 of percent-encoded PEM in JSON is three.
const MAX_WRAPPINGS: u8 = 4;

/// Beginnings of the names of SSH keys (RFC 4253 section 6.6, RFC 5656, OpenSSH's PROTOCOL.u2f).
const SSH: [&[u8]; 4] = [b"ssh-", b"ecdsa-sha2-", b"sk-ssh-", b"sk-ecdsa-"];

/// Marks of other texts that hold keys.
const MARKS: [&[u8]; 2] = [b"PuTTY-User-Key-File", b"RSAKeyValue"];

/// Object identifiers of key types as DER has them: RSA, EC, Ed25519 (RFC 8017, RFC 5480, RFC 8410).
const KEY_TYPES: [&[u8]; 3] = [
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01",
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
    b"\x06\x03\x2b\x65\x70",
];

/// What key material a text is, wrapped or bare; `None` for what may be a secret.
pub(super) fn key_material(secret: &[u8]) -> Option<&'static str> {
    inside(secret, MAX_WRAPPINGS)
}

fn inside(bytes: &[u8], wrappings: u8) -> Option<&'static str> {
    let text = bare(bytes);
    let document = Document::parse(text.to_vec()).ok();
    let root = document.as_ref().map(Document::root);
    let found = if is_pem(text) || MARKS.iter().any(|mark| holds(text, mark)) {
        "PEM text"
    } else if is_ssh(bytes) || is_ssh(text) {
        "an SSH public key"
    } else if root.is_some_and(is_jwk) || reads_like_jwk(text) {
        "a JWK"
    } else if is_der(bytes) || is_der(text) || is_point(text) {
        "a public key in DER"
    } else {
        let left = wrappings.checked_sub(1)?;
        let mut unwrapped = unwrappings(bytes, text).into_iter();
        let in_text = unwrapped.find_map(|one| inside(&one, left));
        return in_text.or_else(|| root.and_then(|root| in_strings(root, left)));
    };
    Some(found)
}

/// The text without byte order marks, blanks and quotes around it.
fn bare(mut text: &[u8]) -> &[u8] {
    // The last two begin bytes as Python writes them.
    const AROUND: [&[u8]; 8] = [
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xc2\xa0",
        b"\xe2\x80\x8b",
        b"\xe2\x81\xa0",
        b"b'",
        b"b\"",
    ];
    let blank = |byte: &u8| byte.is_ascii_whitespace() || b"\0\x0b\"'`".contains(byte);
    loop {
        let before = text.len();
        while let [first, rest @ ..] = text
            && blank(first)
        {
            text = rest;
        }
        // The escape of a quote ends as the quote does.
        while let [rest @ .., last] = text
            && (blank(last) || *last == b'\\')
        {
            text = rest;
        }
        for mark in AROUND {
            text = text.strip_prefix(mark).unwrap_or(text);
            text = text.strip_suffix(mark).unwrap_or(text);
        }
        if text.len() == before {
            return text;
        }
    }
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// A boundary of PEM (RFC 7468) or of an SSH2 key (RFC 4716), in any case, whole or cut. Two dashes
/// before `end` are prose, before `END` they are what is left of five.
fn is_pem(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    ["begin", "end"].iter().any(|word| {
        memchr::memmem::find_iter(&lower, word.as_bytes()).any(|at| {
            let (before, after) = lower.split_at(at);
            let capital = text.get(at).is_some_and(u8::is_ascii_uppercase);
            let dashes: &[u8] = if capital { b"--" } else { b"----" };
            let next = after.get(word.len());
            before.trim_ascii_end().ends_with(dashes)
                && next.is_some_and(|next| next.is_ascii_whitespace() || b"+_%".contains(next))
        })
    })
}

fn is_ssh(text: &[u8]) -> bool {
    let named = |word: &[u8]| SSH.iter().any(|name| word.starts_with(name));
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let first = words.clone().next().is_some_and(named);
    let mut last_is_name = false;
    // Its line in `authorized_keys` or `known_hosts` has something before.
    let later = words.any(|word| {
        let found = last_is_name && word.starts_with(b"AAAA");
        last_is_name = named(word);
        found
    });
    // The key alone begins with the length of the name.
    let blob = matches!(text, [0, 0, 0, length, rest @ ..]
        if *length < 64 && named(rest) && rest.len() > usize::from(*length));
    first || later || blob
}

/// A JWK or a set of them, alone or inside other JSON.
fn is_jwk(value: Value<'_>) -> bool {
    match value.view() {
        View::Object(mut members) => {
            value.get("kty").is_some()
                || value.get("keys").is_some()
                || members.any(|(_, inner)| is_jwk(inner))
        }
        View::Array(mut elements) => elements.any(is_jwk),
        _ => false,
    }
}

/// `kty` and a colon: a JWK with comments, commas too many, other quotes, in YAML or cut off.
fn reads_like_jwk(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"kty").any(|at| {
        let (before, name) = text.split_at(at);
        let rest = name.get(3..).unwrap_or_default();
        let between = |byte: &&u8| byte.is_ascii_whitespace() || b"\"'`\\".contains(byte);
        !before.last().is_some_and(u8::is_ascii_alphanumeric)
            && rest.iter().find(|byte| !between(byte)) == Some(&b':')
    })
}

/// A certificate, a request for one, or a key, public or private, whole or cut.
fn is_der(der: &[u8]) -> bool {
    KEY_TYPES.iter().any(|oid| holds(der, oid))
        || is_whole_sequence(der)
        || X509Certificate::from_der(der).is_ok()
        || SubjectPublicKeyInfo::from_der(der).is_ok()
        || RSAPublicKey::from_der(der).is_ok()
}

/// A SEQUENCE to the last byte that begins with an INTEGER, an OBJECT IDENTIFIER or a SEQUENCE.
fn is_whole_sequence(der: &[u8]) -> bool {
    let length = |from: &[u8]| -> Option<(usize, usize)> {
        match *from {
            [short @ 0..=0x7f, ..] => Some((usize::from(short), 1)),
            [0x81, one, ..] => Some((usize::from(one), 2)),
            [0x82, one, two, ..] => Some((usize::from(u16::from_be_bytes([one, two])), 3)),
            _ => None,
        }
    };
    let within = |bytes: &[u8], exact: bool| {
        let (long, width) = length(bytes)?;
        let there = bytes.len().saturating_sub(width);
        (long == there || (!exact && long < there)).then_some(width)
    };
    let Some((0x30, rest)) = der.split_first() else { return false };
    let inner = within(rest, true).and_then(|width| rest.get(width..));
    inner.and_then(<[u8]>::split_first).is_some_and(|(tag, rest)| {
        matches!(tag, 0x02 | 0x06 | 0x30) && within(rest, false).is_some()
    })
}

/// A point of one of our curves (SEC 1 section 2.3.3), with or without its first byte.
fn is_point(bytes: &[u8]) -> bool {
    let whole = [&[4], bytes].concat();
    let on = |point: &[u8]| {
        Curve::ALL.into_iter().any(|curve| PublicKey::ec_point(curve, point).is_ok())
    };
    match bytes.len() {
        64 | 96 | 132 => on(&whole),
        65 | 97 | 133 => on(bytes),
        _ => false,
    }
}

fn in_strings(value: Value<'_>, wrappings: u8) -> Option<&'static str> {
    match value.view() {
        View::Text(text) if text.len() >= LEAST_WRAPPED => inside(text.as_bytes(), wrappings),
        View::Array(mut elements) => elements.find_map(|one| in_strings(one, wrappings)),
        View::Object(mut members) => members.find_map(|(_, one)| in_strings(one, wrappings)),
        _ => None,
    }
}
