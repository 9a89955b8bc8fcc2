//! `jwtfast._core.Door`: from what granian hands over to what it wants back, in one call.

use crate::decision::{Made, raw_headers, text_headers};
use crate::gate::{Gate, peer_address};
use jwtfast_core::decision::{Decision as CoreDecision, Headers};
use jwtfast_core::error::Reason;
use jwtfast_core::request::{Headers as Sent, Request};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use smallvec::SmallVec;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

mod asgi;
mod rsgi;
mod wsgi;

/// A gate as the application of a Python server, for one interface of it or another.
#[pyclass(frozen, module = "jwtfast._core")]
pub struct Door {
    gate: Py<Gate>,
    /// Different in every door that was ever made, and so are the next ones, one an interface.
    number: u64,
    bodies: Py<PyDict>,
    lines: Py<PyDict>,
    /// Those that are decided on; None for all, and then policies have paths of their own.
    methods: Option<Vec<String>>,
    tells_peer: bool,
    tells_allowed: bool,
    headers: Vec<AskedFor>,
}

/// A header that the gate asks for.
struct AskedFor {
    name: Py<PyString>,
    /// Where WSGI has it.
    wsgi: Py<PyString>,
    /// What stands for a value that the interface cannot hand over: no good token.
    unreadable: Box<[u8]>,
}

/// A value of which nothing is known.
const OPAQUE: &[u8] = b"\xff";

/// A path that is decided on.
struct Target<'a> {
    /// The policy that it names.
    policy: Option<&'a str>,
}

/// A request for a decision, as an interface told of it.
struct Asked<'a> {
    target: Target<'a>,
    method: &'a str,
    query: &'a [u8],
    peer: Option<&'a str>,
    headers: Sent<'a>,
    announces_body: bool,
}

#[derive(Clone, Copy)]
enum Interface {
    Asgi,
    Rsgi,
    Wsgi,
}

#[pymethods]
impl Door {
    #[new]
    #[pyo3(signature = (gate, *, bodies, lines, unreadable, methods, tells_peer, tells_allowed))]
    #[allow(clippy::too_many_arguments, reason = "all of them named")]
    fn new(
        gate: &Bound<'_, Gate>,
        bodies: Py<PyDict>,
        lines: Py<PyDict>,
        mut unreadable: HashMap<String, Vec<u8>>,
        methods: Option<Vec<String>>,
        tells_peer: bool,
        tells_allowed: bool,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let py = gate.py();
        let mut asked_for = |name: &str| AskedFor {
            name: PyString::new(py, name).unbind(),
            wsgi: PyString::new(py, &format!("HTTP_{}", name.to_ascii_uppercase())).unbind(),
            unreadable: unreadable.remove(name).unwrap_or_else(|| OPAQUE.into()).into(),
        };
        let headers =
            gate.get().inner().request_headers().iter().map(|name| asked_for(name)).collect();
        Self {
            gate: gate.clone().unbind(),
            number: NEXT.fetch_add(3, Ordering::Relaxed),
            bodies,
            lines,
            methods,
            tells_peer,
            tells_allowed,
            headers,
        }
    }

    #[pyo3(signature = (scope, /))]
    fn asgi<'py>(&self, scope: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        asgi::answer(self, scope)
    }

    #[pyo3(signature = (scope, /))]
    fn rsgi<'py>(&self, scope: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        rsgi::answer(self, scope)
    }

    #[pyo3(signature = (environ, /))]
    fn wsgi<'py>(&self, environ: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        wsgi::answer(self, environ)
    }
}

impl Door {
    /// What is decided on; None for what is not.
    fn target<'a>(&self, path: &'a [u8], method: &str) -> Option<Target<'a>> {
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

    fn decide<'py>(
        &self,
        py: Python<'py>,
        interface: Interface,
        asked: &Asked<'_>,
        start: Instant,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let request = Request {
            policy: asked.target.policy,
            method: asked.method,
            peer: asked.peer.map(peer_address).transpose()?,
            // Whoever names the policy in the path asks for nothing else.
            query: if asked.target.policy.is_none() { asked.query } else { b"" },
            headers: asked.headers,
        };
        let gate = self.gate.get();
        let (decision, took) = gate.take(&request, start, None)?;
        let closes = asked.announces_body;
        if decision.reason.is_none() && !self.tells_allowed {
            return self.answer(py, interface, &decision, closes);
        }
        let answer = self.answer(py, interface, &decision, closes)?;
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
    ) -> PyResult<Bound<'py, PyTuple>> {
        let new = || self.new_answer(py, interface, decision, closes);
        let made = match &decision.headers {
            Headers::Ready(ready) if !closes => ready.made::<Made>(),
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
    ) -> PyResult<Bound<'py, PyTuple>> {
        let status = decision.status;
        let body = if status == 200 {
            None
        } else {
            let key = (status, decision.reason.map(Reason::code));
            Some(self.bodies.bind(py).as_any().get_item(key)?)
        };
        match interface {
            Interface::Asgi => {
                let headers = raw_headers(py, &decision.headers, closes)?;
                asgi::events(py, status, &headers, body)
            }
            Interface::Rsgi => {
                let headers = text_headers(py, &decision.headers, closes)?;
                (status, headers, body, py.None()).into_pyobject(py)
            }
            Interface::Wsgi => {
                let headers = text_headers(py, &decision.headers, closes)?;
                let line = self.lines.bind(py).as_any().get_item(status)?;
                (line, headers, PyList::new(py, body)?, py.None()).into_pyobject(py)
            }
        }
    }
}

/// An item of a scope or an environment that is always there.
fn item<'py>(
    scope: &Bound<'py, PyDict>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    scope.get_item(name)?.ok_or_else(|| PyKeyError::new_err(name.clone().unbind()))
}
