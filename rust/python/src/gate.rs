//! `jwtfast._core.Gate`: a front door's request in, a decision out.

use crate::arguments;
use crate::errors::invalid_config;
use crate::keyset::KeySet;
use jwtfast_core::counters::BOUNDS;
use jwtfast_core::decision::Decision as CoreDecision;
use jwtfast_core::error::Reason;
use jwtfast_core::gate::Gate as CoreGate;
use jwtfast_core::request::Request;
use jwtfast_core::settings::GateSettings;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping, PyString, PyTuple};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// What the gate answers to one request.
#[pyclass(frozen, module = "jwtfast._core")]
pub struct Decision {
    inner: CoreDecision,
    policy: Py<PyString>,
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
    fn policy(&self, py: Python<'_>) -> Py<PyString> {
        self.policy.clone_ref(py)
    }

    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.inner.headers.iter().map(|(name, value)| (&**name, value)))
    }

    #[getter]
    fn raw_headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let bytes = |text: &str| PyBytes::new(py, text.as_bytes());
        PyList::new(py, self.inner.headers.iter().map(|(name, value)| (bytes(name), bytes(value))))
    }

    fn __repr__(&self) -> String {
        format!("<jwtfast.Decision {} {}>", self.status(), self.code().unwrap_or("allowed"))
    }
}

/// Request to decision, the whole hot path in one call.
#[pyclass(frozen, module = "jwtfast._core")]
pub struct Gate {
    inner: CoreGate,
    policies: Vec<Py<PyString>>,
    no_policy: Py<PyString>,
}

/// What stands for a text that cannot be a header's bytes: refused like any other non-ASCII.
const NOT_TEXT: &[u8] = b"\xff";

#[pymethods]
impl Gate {
    #[new]
    fn new(py: Python<'_>, settings: &[u8], keys: &Bound<'_, PyMapping>) -> PyResult<Self> {
        let settings: GateSettings = serde_json::from_slice(settings)
            .map_err(|error| invalid_config(py, vec![(String::new(), error.to_string())]))?;
        let mut sets = HashMap::new();
        for item in keys.items()? {
            let (name, set): (String, Bound<'_, PyAny>) = item.extract()?;
            let set =
                if set.is_none() { None } else { Some(set.cast::<KeySet>()?.get().0.clone()) };
            sets.insert(name, set);
        }
        let inner =
            CoreGate::build(&settings, &sets).map_err(|errors| invalid_config(py, errors))?;
        let policies = inner.policies().map(|name| PyString::new(py, name).unbind()).collect();
        let no_policy = PyString::new(py, "").unbind();
        Ok(Self { inner, policies, no_policy })
    }

    #[getter]
    fn request_headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.request_headers().iter().map(|name| &**name))
    }

    #[getter]
    fn counter_labels(&self) -> Vec<(String, &'static str, &'static str)> {
        let labels = self.inner.counter_labels().into_iter();
        labels.map(|label| (label.policy, label.result, label.reason)).collect()
    }

    #[getter]
    #[allow(clippy::cast_precision_loss, reason = "each bound is far below 2^53")]
    #[allow(clippy::unused_self, reason = "every gate has the same; Python asks the gate")]
    fn bucket_bounds<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, BOUNDS.map(|nanoseconds| nanoseconds as f64 / 1e9))
    }

    #[getter]
    fn needs_peer(&self) -> bool {
        self.inner.needs_peer()
    }

    fn counts<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let bytes: Vec<u8> = self.inner.counters().snapshot().flat_map(u64::to_ne_bytes).collect();
        PyBytes::new(py, &bytes)
    }

    #[pyo3(signature = (policy, method, query, headers, *, peer=None, now=None))]
    #[allow(clippy::too_many_arguments, reason = "what a request brings")]
    fn decide(
        &self,
        py: Python<'_>,
        policy: Option<&Bound<'_, PyAny>>,
        method: &Bound<'_, PyAny>,
        query: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        peer: Option<&str>,
        now: Option<f64>,
    ) -> PyResult<Decision> {
        let start = Instant::now();
        let now = arguments::now(now)?;
        let values = header_values(headers)?;
        let request = Request {
            policy: policy.map(|name| text(name)).transpose()?,
            method: text(method)?,
            peer: peer.map(peer_address).transpose()?,
            query: arguments::octets(query)?.unwrap_or(NOT_TEXT),
            headers: values
                .iter()
                .map(|values| {
                    let octets = |value| Ok(arguments::octets(value)?.unwrap_or(NOT_TEXT));
                    values.iter().map(octets).collect::<PyResult<_>>()
                })
                .collect::<PyResult<_>>()?,
        };
        let decision = self.inner.decide(&request, now);
        self.inner.count(&decision, start.elapsed());
        let name = decision.policy.and_then(|index| self.policies.get(index));
        let policy = name.unwrap_or(&self.no_policy).clone_ref(py);
        Ok(Decision { inner: decision, policy })
    }

    /// The answer of a front door that failed; counted like any other.
    fn internal_error(&self, py: Python<'_>) -> Decision {
        let decision = self.inner.internal_error();
        self.inner.count(&decision, Duration::ZERO);
        Decision { inner: decision, policy: self.no_policy.clone_ref(py) }
    }
}

fn peer_address(text: &str) -> PyResult<IpAddr> {
    text.parse().map_err(|_| PyValueError::new_err("peer is not an IP address"))
}

/// A name's text; what is not Unicode names nothing.
fn text<'a>(name: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    let octets = arguments::octets(name)?.unwrap_or(NOT_TEXT);
    Ok(std::str::from_utf8(octets).unwrap_or("\u{fffd}"))
}

/// The values of each header, as Python objects that keep their bytes alive.
fn header_values<'py>(headers: &Bound<'py, PyAny>) -> PyResult<Vec<Vec<Bound<'py, PyAny>>>> {
    headers.try_iter()?.map(|values| values?.try_iter()?.collect()).collect()
}
