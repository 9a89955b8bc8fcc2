//! `jwtfast._core.Door`: from what granian hands over to what it wants back, in one call.

use crate::gate::Gate;
use application::{Application, AskedFor, Peers};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

mod application;
mod asgi;
mod rsgi;
mod wsgi;

/// A gate as the application of a Python server, for one interface of it or another.
#[pyclass(frozen, module = "jwtfast._core")]
pub struct Door(Application);

/// A value of which nothing is known.
const OPAQUE: &[u8] = b"\xff";

#[pymethods]
impl Door {
    #[new]
    #[pyo3(signature = (gate, *, bodies, lines, unreadable, methods, over_unix, tells_allowed))]
    #[allow(clippy::too_many_arguments, reason = "all of them named")]
    fn new(
        gate: &Bound<'_, Gate>,
        bodies: Py<PyDict>,
        lines: Py<PyDict>,
        mut unreadable: HashMap<String, Vec<u8>>,
        methods: Option<Vec<String>>,
        over_unix: bool,
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
        Self(Application {
            gate: gate.clone().unbind(),
            number: NEXT.fetch_add(3, Ordering::Relaxed),
            bodies,
            lines,
            methods,
            peers: match (gate.get().inner().needs_peer(), over_unix) {
                (false, _) => Peers::Unasked,
                (true, false) => Peers::Addresses,
                (true, true) => Peers::Unix,
            },
            tells_allowed,
            headers,
        })
    }

    #[pyo3(signature = (scope, /))]
    fn asgi<'py>(&self, scope: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        asgi::answer(&self.0, scope)
    }

    #[pyo3(signature = (scope, /))]
    fn rsgi<'py>(&self, scope: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        rsgi::answer(&self.0, scope)
    }

    #[pyo3(signature = (environ, /))]
    fn wsgi<'py>(&self, environ: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        wsgi::answer(&self.0, environ)
    }
}
