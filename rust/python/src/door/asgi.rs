//! ASGI: every byte of every header value, as it came.

use super::application::{Application, Asked, Interface, item};
use crate::arguments;
use crate::request::{NOT_TEXT, Wanted, text};
use jwtfast_core::request::Headers;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::borrow::Cow;
use std::time::Instant;

/// The two events of the answer, and what is to be told; None where the path is no decision's.
pub fn answer<'py>(
    application: &Application,
    scope: &Bound<'py, PyDict>,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let start = Instant::now();
    let py = scope.py();
    let path = item(scope, intern!(py, "raw_path"))?;
    let path = percent_decoded(arguments::octets(&path)?.unwrap_or(NOT_TEXT));
    let method = item(scope, intern!(py, "method"))?;
    let method = text(&method)?;
    let Some(target) = application.target(&path, method) else { return Ok(None) };
    let query = item(scope, intern!(py, "query_string"))?;
    let client = || item(scope, intern!(py, "client"))?.get_item(0);
    let wanted =
        Wanted::of_pairs(application.gate.get().inner(), &item(scope, intern!(py, "headers"))?)?;
    let asked = Asked {
        target,
        method,
        query: arguments::octets(&query)?.unwrap_or(NOT_TEXT),
        peer: application.peers.now(client, |address| address)?,
        headers: Headers(&wanted.values()?),
        announces_body: wanted.announces_body,
    };
    application.decide(py, Interface::Asgi, &asked, start).map(Some)
}

/// The path as WSGI and RSGI hand it over; what is no encoding stays as it is.
fn percent_decoded(path: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'%', path) else { return Cow::Borrowed(path) };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (plain, mut rest) = path.split_at(first);
    let mut decoded = plain.to_vec();
    while let [byte, after @ ..] = rest {
        rest = after;
        let encoded = match after {
            [high, low, after @ ..] if *byte == b'%' => {
                digit(*high).zip(digit(*low)).map(|(high, low)| ((high << 4) | low, after))
            }
            _ => None,
        };
        if let Some((meant, after)) = encoded {
            decoded.push(meant);
            rest = after;
        } else {
            decoded.push(*byte);
        }
    }
    Cow::Owned(decoded)
}
