//! `jwtfast.Decision`: what a gate answers, as the front doors of Python servers want it.

use jwtfast_core::decision::{Answers, Decision as CoreDecision};
use jwtfast_core::error::Reason;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use smallvec::SmallVec;
use std::sync::Arc;
use std::time::Duration;

/// The headers of ready-made answers as Python objects: made once, when first asked for.
#[derive(Clone)]
pub struct ReadyHeaders(Arc<[PyOnceLock<Py<PyTuple>>; Answers::READY]>);

impl Default for ReadyHeaders {
    fn default() -> Self {
        Self(Arc::new([const { PyOnceLock::new() }; Answers::READY]))
    }
}

/// What the gate answers to one request.
#[pyclass(frozen, module = "jwtfast._core")]
pub struct Decision {
    inner: CoreDecision,
    policy: Py<PyString>,
    ready: ReadyHeaders,
    took: Duration,
    closes: bool,
}

/// What ends the connection with the answer.
const CLOSE: (&str, &str) = ("connection", "close");

impl Decision {
    pub fn new(
        inner: CoreDecision,
        policy: Py<PyString>,
        ready: ReadyHeaders,
        took: Duration,
        closes: bool,
    ) -> Self {
        Self { inner, policy, ready, took, closes }
    }

    fn pairs<'py, T>(&self, object: impl Fn(&str) -> Bound<'py, T>) -> Pairs<'py, T> {
        let headers = self.inner.headers.iter().map(|(name, value)| (&**name, &**value));
        let all = headers.chain(self.closes.then_some(CLOSE));
        all.map(|(name, value)| (object(name), object(value))).collect()
    }
}

type Pairs<'py, T> = SmallVec<[(Bound<'py, T>, Bound<'py, T>); 8]>;

#[pymethods]
impl Decision {
    #[getter]
    fn status(&self) -> u16 {
        self.inner.status
    }

    #[getter]
    fn code(&self) -> Option<&'static str> {
        self.inner.reason.map(Reason::code)
    }

    #[getter]
    fn policy(&self, py: Python<'_>) -> Py<PyString> {
        self.policy.clone_ref(py)
    }

    #[getter]
    fn seconds(&self) -> f64 {
        self.took.as_secs_f64()
    }

    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.pairs(|text| PyString::new(py, text)))
    }

    #[getter]
    fn raw_headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let new = || PyTuple::new(py, self.pairs(|text| PyBytes::new(py, text.as_bytes())));
        match self.inner.ready.and_then(|index| self.ready.0.get(index)) {
            Some(slot) if !self.closes => {
                let made = slot.get_or_try_init(py, || new().map(Bound::unbind))?;
                Ok(made.bind(py).clone())
            }
            _ => new(),
        }
    }

    fn __repr__(&self) -> String {
        format!("<jwtfast.Decision {} {}>", self.status(), self.code().unwrap_or("allowed"))
    }
}
