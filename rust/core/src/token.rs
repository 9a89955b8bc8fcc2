//! A compact JWS taken apart (RFC 7515 section 7.1): size, dots, canonical base64url, strict header.

use crate::algorithm::Algorithm;
use crate::error::{Error, Reason};
use crate::json::{Document, Value};
use crate::key::{Key, SigningError};
use base64_simd::{Out, URL_SAFE_NO_PAD};

fn malformed(sentence: &'static str) -> Error {
    Error::with_detail(Reason::MalformedToken, sentence)
}

/// The segments of a token, still encoded.
#[derive(Clone, Copy, Debug)]
pub struct Segments<'t> {
    header: &'t [u8],
    payload: &'t [u8],
    signature: &'t [u8],
    /// What the signature covers: header, dot, payload.
    signed: &'t [u8],
}

impl<'t> Segments<'t> {
    /// Splits a token. The length is checked before anything looks into it.
    ///
    /// # Errors
    /// `token_too_large`; `malformed_token` unless there are exactly two dots.
    pub fn split(token: &'t [u8], max_bytes: usize) -> Result<Self, Error> {
        if token.len() > max_bytes {
            return Err(Reason::TokenTooLarge.into());
        }
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            // Five parts would be a JWE: never decrypted, never inflated.
            return Err(malformed("The token does not have exactly three parts."));
        };
        let between = |from: usize, to: usize| token.get(from..to).unwrap_or_default();
        Ok(Self {
            header: between(0, first),
            payload: between(first.saturating_add(1), second),
            signature: between(second.saturating_add(1), token.len()),
            signed: between(0, second),
        })
    }

    /// The header's text, still encoded.
    #[must_use]
    pub const fn header_text(&self) -> &'t [u8] {
        self.header
    }

    /// What the signature covers.
    #[must_use]
    pub const fn signed(&self) -> &'t [u8] {
        self.signed
    }

    /// The signature's bytes.
    ///
    /// # Errors
    /// `malformed_token`.
    pub fn signature(&self) -> Result<Vec<u8>, Error> {
        decode(self.signature).map_err(|()| malformed("The signature is not canonical base64url."))
    }

    /// The payload's bytes.
    ///
    /// # Errors
    /// `malformed_token`.
    pub fn payload(&self) -> Result<Vec<u8>, Error> {
        decode(self.payload).map_err(|()| malformed("The payload is not canonical base64url."))
    }

    /// The header, checked.
    ///
    /// # Errors
    /// `malformed_token`, `unsupported_critical_header`, `algorithm_not_allowed`.
    pub fn header(&self) -> Result<Header, Error> {
        let bytes = decode(self.header)
            .map_err(|()| malformed("The header is not canonical base64url."))?;
        Header::parse(self.header, bytes)
    }
}

/// Whether this text is the canonical base64url of these bytes.
#[must_use]
pub fn encodes(bytes: &[u8], text: &[u8]) -> bool {
    // Three bytes are four characters, so pieces of this length stand for themselves.
    const PIECE: usize = 384;
    const ENCODED: usize = PIECE / 3 * 4;
    if URL_SAFE_NO_PAD.encoded_length(bytes.len()) != text.len() {
        return false;
    }
    let mut buffer = [0; ENCODED];
    bytes.chunks(PIECE).zip(text.chunks(ENCODED)).all(|(piece, encoded)| {
        *URL_SAFE_NO_PAD.encode(piece, Out::from_slice(&mut buffer)) == *encoded
    })
}

/// Canonical: no padding, no white space, no bits behind the last byte (RFC 4648 section 3.5).
fn decode(segment: &[u8]) -> Result<Vec<u8>, ()> {
    URL_SAFE_NO_PAD.decode_to_vec(segment).map_err(|_| ())
}

/// A JOSE header whose members have the right types.
#[derive(Clone, Debug)]
pub struct Header {
    text: Box<[u8]>,
    algorithm: Algorithm,
    kid: Option<Box<str>>,
    typ: Option<Box<str>>,
}

impl Header {
    fn parse(encoded: &[u8], bytes: Vec<u8>) -> Result<Self, Error> {
        let document = Document::parse_object(bytes)
            .map_err(|_| malformed("The header is not a strict JSON object."))?;
        let (mut algorithm, mut kid, mut typ) = (None, None, None);
        for (name, value) in document.root().members().into_iter().flatten() {
            match name {
                // Nothing that `crit` could name is understood (RFC 7515 section 4.1.11).
                "crit" => return Err(Reason::UnsupportedCriticalHeader.into()),
                "b64" if value.as_bool() != Some(true) => {
                    return Err(Reason::UnsupportedCriticalHeader.into());
                }
                "alg" => algorithm = Some(text(value)?),
                "kid" => kid = Some(text(value)?.into()),
                "typ" => typ = Some(text(value)?.into()),
                "cty" => {
                    text(value)?;
                }
                _ => {}
            }
        }
        if !document.root().numbers_are_finite() {
            return Err(malformed("The header holds a number that no double can hold."));
        }
        let name = algorithm.ok_or_else(|| malformed("The header has no alg."))?;
        let algorithm = Algorithm::from_name(name).ok_or(Reason::AlgorithmNotAllowed)?;
        Ok(Self { text: encoded.into(), algorithm, kid, typ })
    }

    /// The header as it stands in the token, encoded.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// `alg` (RFC 7515 section 4.1.1).
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `kid` (RFC 7515 section 4.1.4).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `typ` (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }
}

fn text(value: Value<'_>) -> Result<&str, Error> {
    const MESSAGE: &str = "The header has an alg, kid, typ or cty that is not a string.";
    value.as_str().ok_or_else(|| malformed(MESSAGE))
}

/// Signs a payload into a compact JWS (RFC 7515 section 3.1); the header must say the same `alg`.
///
/// # Errors
/// `SigningError` where the key is public, or bound to other algorithms.
pub fn sign(
    header: &[u8],
    payload: &[u8],
    key: &Key,
    algorithm: Algorithm,
) -> Result<String, SigningError> {
    let header = URL_SAFE_NO_PAD.encode_to_string(header);
    let payload = URL_SAFE_NO_PAD.encode_to_string(payload);
    let signed = format!("{header}.{payload}");
    let signature = key.sign(algorithm, signed.as_bytes())?;
    Ok(format!("{signed}.{signature}"))
}
