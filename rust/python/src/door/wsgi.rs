//! WSGI: a header that came twice is joined by commas, and a value that is not ASCII is empty.
//!
//! No token has a comma, so a value with one holds no good token, whether it came as one line (as
//! Digest's does) or as two: it is read as one, and refused where a scheme of ours is in it.

use super::application::{Application, Asked, Interface, item};
use crate::arguments;
use crate::request::{NOT_TEXT, Values, announces, text};
use jwtfast_core::request::Headers;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::time::Instant;

/// Status line, headers, body, and what is to be told; None where the path is no decision's.
pub fn answer<'py>(
    application: &Application,
    environ: &Bound<'py, PyDict>,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let start = Instant::now();
    let py = environ.py();
    let path = item(environ, intern!(py, "PATH_INFO"))?;
    let path = arguments::octets(&path)?.unwrap_or(NOT_TEXT);
    let method = item(environ, intern!(py, "REQUEST_METHOD"))?;
    let method = text(&method)?;
    let Some(target) = application.target(path, method) else { return Ok(None) };
    let query = item(environ, intern!(py, "QUERY_STRING"))?;
    let query = latin_1(text(&query)?)?;
    let client = || item(environ, intern!(py, "REMOTE_ADDR"));
    let joined: SmallVec<[_; 8]> = application
        .headers
        .iter()
        .map(|header| environ.get_item(header.wsgi.bind(py)))
        .collect::<PyResult<_>>()?;
    let mut values = Values::new();
    for (index, (header, joined)) in application.headers.iter().zip(&joined).enumerate() {
        let Some(joined) = joined else { continue };
        let octets = arguments::octets(joined)?.unwrap_or(NOT_TEXT);
        if !octets.is_empty() {
            values.push((index, octets));
        }
        // A line that is empty may be one whose bytes WSGI does not tell.
        let several = memchr::memchr(b',', octets).is_some();
        let untold = |line: &[u8]| line.is_empty();
        if untold(octets) || several && octets.split(|byte| *byte == b',').any(untold) {
            values.push((index, &header.unreadable));
        }
    }
    let length = environ.get_item(intern!(py, "CONTENT_LENGTH"))?;
    let announces_body = length.is_some_and(|length| announces(&length).unwrap_or(true))
        || environ.contains(intern!(py, "HTTP_TRANSFER_ENCODING"))?;
    let asked = Asked {
        target,
        method,
        query: &query,
        peer: application.peers.now(client, |address| address)?,
        headers: Headers(&values),
        announces_body,
    };
    application.decide(py, Interface::Wsgi, &asked, start).map(Some)
}

/// The bytes that WSGI's text stands for (PEP 3333).
fn latin_1(text: &str) -> PyResult<Cow<'_, [u8]>> {
    if text.is_ascii() {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    let bytes: Result<_, _> = text.chars().map(u8::try_from).collect();
    bytes.map(Cow::Owned).map_err(|_| PyValueError::new_err("the query is not Latin-1"))
}
