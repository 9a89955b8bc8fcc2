//! RSGI: values that are not ASCII are left out.

use super::application::{Application, Asked, Interface};
use crate::arguments;
use crate::request::{NOT_TEXT, Values, announces, text};
use jwtfast_core::request::Headers;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use smallvec::SmallVec;
use std::time::Instant;

/// Status, headers, body (None for an empty one), and what is to be told; None where the path is
/// no decision's.
pub fn answer<'py>(
    application: &Application,
    scope: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let start = Instant::now();
    let py = scope.py();
    let path = scope.getattr(intern!(py, "path"))?;
    let path = arguments::octets(&path)?.unwrap_or(NOT_TEXT);
    let method = scope.getattr(intern!(py, "method"))?;
    let method = text(&method)?;
    let Some(target) = application.target(path, method) else { return Ok(None) };
    let query = scope.getattr(intern!(py, "query_string"))?;
    let client = || scope.getattr(intern!(py, "client"));
    let sent = scope.getattr(intern!(py, "headers"))?;
    let (lists, aliases) = (lists(application, &sent)?, aliases(application, &sent)?);
    let mut values = Values::new();
    for (index, (header, list)) in application.headers.iter().zip(&lists).enumerate() {
        for value in &list.values {
            values.push((index, arguments::octets(value)?.unwrap_or(NOT_TEXT)));
        }
        if list.lacks_some {
            values.push((index, &header.unreadable));
        }
    }
    for (index, value) in &aliases {
        values.push((*index, arguments::octets(value)?.unwrap_or(NOT_TEXT)));
    }
    let length = sent.call_method1(intern!(py, "get"), (intern!(py, "content-length"),))?;
    let announces_body = if length.is_none() {
        sent.contains(intern!(py, "content-length"))?
    } else {
        announces(&length)?
    } || sent.contains(intern!(py, "transfer-encoding"))?;
    let asked = Asked {
        target,
        method,
        query: arguments::octets(&query)?.unwrap_or(NOT_TEXT),
        peer: application.peers.now(client, address)?,
        headers: Headers(&values),
        announces_body,
    };
    application.decide(py, Interface::Rsgi, &asked, start).map(Some)
}

struct Found<'py> {
    values: SmallVec<[Bound<'py, PyAny>; 1]>,
    /// Whether there is at least one more, which RSGI left out. It does not say so of one that
    /// stands behind a readable one: that one is lost.
    lacks_some: bool,
}

fn lists<'py>(
    application: &Application,
    sent: &Bound<'py, PyAny>,
) -> PyResult<SmallVec<[Found<'py>; 8]>> {
    let py = sent.py();
    let found = |name: &Bound<'py, _>| {
        let values = sent.call_method1(intern!(py, "get_all"), (name,))?;
        let values: SmallVec<[_; 1]> = values.cast::<PyList>()?.iter().collect();
        let first = sent.call_method1(intern!(py, "get"), (name,))?;
        let lacks_some = first.is_none() && (!values.is_empty() || sent.contains(name)?);
        Ok(Found { values, lacks_some })
    };
    application.headers.iter().map(|header| found(header.name.bind(py))).collect()
}

/// The values of headers that other servers take for one with a token.
fn aliases<'py>(
    application: &Application,
    sent: &Bound<'py, PyAny>,
) -> PyResult<Vec<(usize, Bound<'py, PyAny>)>> {
    let py = sent.py();
    let names = application.gate.get().inner().header_names();
    let mut found = Vec::new();
    if !names.have_aliases() {
        return Ok(found);
    }
    for name in sent.call_method0(intern!(py, "keys"))?.try_iter()? {
        let name = name?;
        let octets = arguments::octets(&name)?.unwrap_or(NOT_TEXT);
        let asked = names.as_slice().iter().any(|one| one.as_bytes() == octets);
        if let Some(index) = names.alias(octets).filter(|_| !asked) {
            let values = sent.call_method1(intern!(py, "get_all"), (&name,))?;
            let values = values.cast::<PyList>()?;
            found.extend(values.iter().map(|value| (index, value)));
            if values.is_empty() {
                // There is one that RSGI left out.
                found.push((index, name.clone()));
            }
        }
    }
    Ok(found)
}

/// The address without its port: of `10.0.0.1:80`, or of `[fe80::1%2]:80`.
fn address(client: &str) -> &str {
    let host = client.rsplit_once(':').map_or("", |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.split_once('%').map_or(host, |(address, _)| address)
}
