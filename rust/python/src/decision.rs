//! `jwtfast.Decision`: what a gate answers, as the front doors of Python servers want it.

use jwtfast_core::decision::Decision as CoreDecision;
use jwtfast_core::error::Reason;
use jwtfast_core::headers::Headers;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use smallvec::SmallVec;
use std::time::Duration;

/// What was made of ready headers for Python, each when it was first asked for.
pub struct Made {
    raw: PyOnceLock<Py<PyTuple>>,
    /// A front door's whole answer, and the number of the door.
    pub answer: PyOnceLock<(u64, Py<PyTuple>)>,
}

impl Default for Made {
    fn default() -> Self {
        Self { raw: PyOnceLock::new(), answer: PyOnceLock::new() }
    }
}

/// What ends the connection with the answer.
pub const CLOSE: (&str, &str) = ("connection", "close");

/// Headers that only this answer has.
pub type Extra<'a> = &'a [(&'a str, &'a str)];

type Pairs<'py, T> = SmallVec<[(Bound<'py, T>, Bound<'py, T>); 8]>;

fn pairs<'py, T>(
    headers: &Headers,
    extra: Extra<'_>,
    object: impl Fn(&str) -> Bound<'py, T>,
) -> Pairs<'py, T> {
    let headers = headers.iter().map(|(name, value)| (&**name, &**value));
    let all = headers.chain(extra.iter().copied());
    all.map(|(name, value)| (object(name), object(value))).collect()
}

/// A new list of the headers as text.
pub fn text_headers<'py>(
    py: Python<'py>,
    headers: &Headers,
    extra: Extra<'_>,
) -> PyResult<Bound<'py, PyList>> {
    PyList::new(py, pairs(headers, extra, |text| PyString::new(py, text)))
}

/// The headers as bytes.
pub fn raw_headers<'py>(
    py: Python<'py>,
    headers: &Headers,
    extra: Extra<'_>,
) -> PyResult<Bound<'py, PyTuple>> {
    let new = || PyTuple::new(py, pairs(headers, extra, |text| PyBytes::new(py, text.as_bytes())));
    match headers {
        Headers::Ready(ready) if extra.is_empty() => match ready.made::<Made>() {
            Some(made) => {
                let raw = made.raw.get_or_try_init(py, || new().map(Bound::unbind))?;
                Ok(raw.bind(py).clone())
            }
            None => new(),
        },
        _ => new(),
    }
}

/// What the gate answers to one request.
#[pyclass(frozen, module = "jwtfast._core")]
pub struct Decision {
    inner: CoreDecision,
    policy: Py<PyString>,
    took: Duration,
    closes: bool,
}

impl Decision {
    pub fn new(inner: CoreDecision, policy: Py<PyString>, took: Duration, closes: bool) -> Self {
        Self { inner, policy, took, closes }
    }

    fn extra(&self) -> Extra<'static> {
        if self.closes { &[CLOSE] } else { &[] }
    }
}

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
    fn detail(&self) -> Option<&str> {
        self.inner.detail.as_deref()
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
        text_headers(py, &self.inner.headers, self.extra())
    }

    #[getter]
    fn raw_headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        raw_headers(py, &self.inner.headers, self.extra())
    }

    fn __repr__(&self) -> String {
        format!("<jwtfast.Decision {} {}>", self.status(), self.code().unwrap_or("allowed"))
    }
}
