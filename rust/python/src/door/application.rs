//! A gate with all that an answer takes, whatever interface asks.

use crate::decision::{CLOSE, Made, raw_headers, text_headers};
use crate::gate::{Gate, peer_address};
use crate::request::text;
use jwtfast_core::decision::Decision as CoreDecision;
use jwtfast_core::error::Reason;
use jwtfast_core::headers::Headers;
use jwtfast_core::request::{Headers as Sent, Peer, Request};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use smallvec::SmallVec;
use std::time::Instant;

/// What serves the requests of one door.
pub struct Application {
    pub gate: Py<Gate>,
    /// Different in every door that was ever made, and so are the next ones, one an interface.
    pub number: u64,
    pub bodies: Py<PyDict>,
    pub lines: Py<PyDict>,
    /// Those that are decided on; None for all, and then policies have paths of their own.
    pub methods: Option<Vec<String>>,
    pub peers: Peers,
    pub tells_allowed: bool,
    pub headers: Vec<AskedFor>,
}

/// Who asks a door.
#[derive(Clone, Copy)]
pub enum Peers {
    /// The gate does not care.
    Unasked,
    /// Whoever may open its Unix socket.
    Unix,
    /// Whoever has an address: one without is an error.
    Addresses,
}

impl Peers {
    /// Who asks now; `address` is read only where it counts.
    pub fn now<'py>(
        self,
        address: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
        host: impl FnOnce(&str) -> &str,
    ) -> PyResult<Peer> {
        match self {
            Self::Unasked => Ok(Peer::Untold),
            Self::Unix => Ok(Peer::Unix),
            Self::Addresses => peer_address(host(text(&address()?)?)),
        }
    }
}

/// A header that the gate asks for.
pub struct AskedFor {
    pub name: Py<PyString>,
    /// Where WSGI has it.
    pub wsgi: Py<PyString>,
    /// What stands for a value that the interface cannot hand over: no good token.
    pub unreadable: Box<[u8]>,
}

/// A path that is decided on.
pub struct Target<'a> {
    /// The policy that it names.
    pub policy: Option<&'a str>,
}

/// A request for a decision, as an interface told of it.
pub struct Asked<'a> {
    pub target: Target<'a>,
    pub method: &'a str,
    pub query: &'a [u8],
    pub peer: Peer,
    pub headers: Sent<'a>,
    pub announces_body: bool,
}

/// What a server speaks.
#[derive(Clone, Copy)]
pub enum Interface {
    Asgi,
    Rsgi,
    Wsgi,
}

impl Application {
    /// What is decided on; None for what is not.
    pub fn target<'a>(&self, path: &'a [u8], method: &str) -> Option<Target<'a>> {
        if path == b"/validate" {
            let one_of = |methods: &Vec<String>| methods.iter().any(|one| one == method);
            return self.methods.as_ref().is_none_or(one_of).then_some(Target { policy: None });
        }
        let rest = path.strip_prefix(b"/p/").filter(|_| self.methods.is_none())?;
        let name = rest.split(|byte| *byte == b'/').next()?;
        // No policy has another name.
        let ascii = std::str::from_utf8(name).ok().filter(|name| name.is_ascii());
        Some(Target { policy: Some(ascii.unwrap_or("\u{fffd}")) })
    }

    /// The answer, and what is to be told as its last item.
    pub fn decide<'py>(
        &self,
        py: Python<'py>,
        interface: Interface,
        asked: &Asked<'_>,
        start: Instant,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let request = Request {
            policy: asked.target.policy,
            method: asked.method,
            peer: asked.peer,
            // Whoever names the policy in the path asks for nothing else.
            query: if asked.target.policy.is_none() { asked.query } else { b"" },
            headers: asked.headers,
        };
        let gate = self.gate.get();
        let (decision, took) = gate.take(&request, start, None)?;
        let closes = asked.announces_body;
        let head = asked.method == "HEAD";
        let answer = self.answer(py, interface, &decision, closes, head)?;
        if decision.reason.is_none() && !self.tells_allowed {
            return Ok(answer);
        }
        let told = Bound::new(py, gate.decision(py, decision, took, closes))?.into_any();
        let mut items: SmallVec<[_; 4]> = answer.iter().collect();
        items.pop();
        items.push(told);
        PyTuple::new(py, items)
    }

    /// The answer, with nothing to tell behind it; one whose headers are ready-made is ready-made.
    fn answer<'py>(
        &self,
        py: Python<'py>,
        interface: Interface,
        decision: &CoreDecision,
        closes: bool,
        head: bool,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let new = || self.new_answer(py, interface, decision, closes, head);
        let made = match &decision.headers {
            // What passes has no body, whatever the method.
            Headers::Ready(ready) if !closes && (!head || decision.status == 200) => {
                ready.made::<Made>()
            }
            _ => None,
        };
        let Some(made) = made else { return new() };
        let number = self.number.saturating_add(interface as u64);
        let (made_for, answer) =
            made.answer.get_or_try_init(py, || new().map(|answer| (number, answer.unbind())))?;
        if *made_for == number { Ok(answer.bind(py).clone()) } else { new() }
    }

    fn new_answer<'py>(
        &self,
        py: Python<'py>,
        interface: Interface,
        decision: &CoreDecision,
        closes: bool,
        head: bool,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let status = decision.status;
        let mut body = if status == 200 {
            None
        } else {
            let key = (status, decision.reason.map(Reason::code));
            let ready = self.bodies.bind(py).as_any().get_item(key)?;
            Some(body_of(decision, ready.cast_into()?))
        };
        // In HTTP/2 nobody takes the body of an answer to HEAD away (RFC 9110 section 9.3.2).
        let length = body.take_if(|_| head).map(|body| body.len()).transpose()?;
        let length = length.map(|length| length.to_string());
        let length = length.as_ref().map(|length| ("content-length", length.as_str()));
        let extra: SmallVec<[_; 2]> = closes.then_some(CLOSE).into_iter().chain(length).collect();
        match interface {
            Interface::Asgi => {
                let headers = raw_headers(py, &decision.headers, &extra)?;
                events(py, status, &headers, body)
            }
            Interface::Rsgi => {
                let headers = text_headers(py, &decision.headers, &extra)?;
                (status, headers, body, py.None()).into_pyobject(py)
            }
            Interface::Wsgi => {
                let headers = text_headers(py, &decision.headers, &extra)?;
                let line = self.lines.bind(py).as_any().get_item(status)?;
                (line, headers, PyList::new(py, body)?, py.None()).into_pyobject(py)
            }
        }
    }
}

/// The body of a denial. One that no client can help, for the identity of a good token cannot be
/// sent, tells which header and why in place of the reason's sentence.
fn body_of<'py>(decision: &CoreDecision, ready: Bound<'py, PyBytes>) -> Bound<'py, PyAny> {
    let (Some(reason @ Reason::InvalidClaim), 403, Some(detail)) =
        (decision.reason, decision.status, &decision.detail)
    else {
        return ready.into_any();
    };
    // JSON of ours, and neither sentence has anything to escape.
    let body = String::from_utf8_lossy(ready.as_bytes()).replace(reason.sentence(), detail);
    PyBytes::new(ready.py(), body.as_bytes()).into_any()
}

/// An item of a scope or an environment that is always there.
pub fn item<'py>(
    scope: &Bound<'py, PyDict>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    scope.get_item(name)?.ok_or_else(|| PyKeyError::new_err(name.clone().unbind()))
}

/// The two events of ASGI, with nothing to tell behind them.
fn events<'py>(
    py: Python<'py>,
    status: u16,
    headers: &Bound<'py, PyTuple>,
    body: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let start = PyDict::new(py);
    start.set_item("type", "http.response.start")?;
    start.set_item("status", status)?;
    start.set_item("headers", headers)?;
    let end = PyDict::new(py);
    end.set_item("type", "http.response.body")?;
    end.set_item("body", body.unwrap_or_else(|| PyBytes::new(py, b"").into_any()))?;
    (start, end, py.None()).into_pyobject(py)
}
