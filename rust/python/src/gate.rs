//! `jwtfast._core.Gate`: a front door's request in, a decision out.

use crate::arguments;
use crate::clock;
use crate::decision::Decision;
use crate::errors::{invalid_config, raised};
use crate::keyset::KeySet;
use crate::lasting::{RevocationList, TokenCache};
use crate::request::{NOT_TEXT, Wanted, text};
use jwtfast_core::counters::BOUNDS;
use jwtfast_core::decision::Decision as CoreDecision;
use jwtfast_core::gate::{Gate as CoreGate, Lasting};
use jwtfast_core::request::{Headers, Peer, Request};
use jwtfast_core::settings::GateSettings;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping, PyString, PyTuple};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Request to decision, the whole hot path in one call.
#[pyclass(frozen, module = "jwtfast._core")]
pub struct Gate {
    inner: CoreGate,
    policies: Vec<Py<PyString>>,
    no_policy: Py<PyString>,
}

#[pymethods]
impl Gate {
    #[new]
    #[pyo3(signature = (settings, keys, *, revocation=Vec::new(), cache=None),
        text_signature = "(settings, keys, *, revocation=(), cache=None)")]
    #[allow(clippy::needless_pass_by_value, reason = "extracted from the call")]
    fn new(
        py: Python<'_>,
        settings: &[u8],
        keys: &Bound<'_, PyMapping>,
        revocation: Vec<Bound<'_, RevocationList>>,
        cache: Option<&Bound<'_, TokenCache>>,
    ) -> PyResult<Self> {
        let settings: GateSettings = serde_json::from_slice(settings)
            .map_err(|error| invalid_config(py, vec![(String::new(), error.to_string())]))?;
        let mut sets = HashMap::new();
        for item in keys.items()? {
            let (name, set): (String, Bound<'_, PyAny>) = item.extract()?;
            let set =
                if set.is_none() { None } else { Some(set.cast::<KeySet>()?.get().0.clone()) };
            sets.insert(name, set);
        }
        let lasting = Lasting {
            revocation: revocation.iter().map(|list| list.get().0.clone()).collect(),
            cache: cache.map(|cache| cache.get().0.clone()),
        };
        let inner = CoreGate::build(&settings, &sets, lasting)
            .map_err(|errors| invalid_config(py, errors))?;
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

    #[pyo3(signature = (method, url, /))]
    fn route(
        &self,
        py: Python<'_>,
        method: &str,
        url: &str,
    ) -> PyResult<(Option<usize>, Py<PyString>)> {
        let found = self.inner.route(method, url.as_bytes());
        let (route, policy) = found.map_err(|error| raised(py, &error))?;
        let name = self.policies.get(policy).unwrap_or(&self.no_policy);
        Ok((route, name.clone_ref(py)))
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
        let wanted = Wanted::of_pairs(&self.inner, headers)?;
        let request = Request {
            policy: policy.map(|name| text(name)).transpose()?,
            method: text(method)?,
            peer: peer.map_or(Ok(Peer::Untold), told_peer)?,
            query: arguments::octets(query)?.unwrap_or(NOT_TEXT),
            headers: Headers(&wanted.values()?),
        };
        let (decision, took) = self.take(&request, start, now)?;
        Ok(self.decision(py, decision, took, wanted.announces_body))
    }

    /// The answer of a front door that failed; counted like any other.
    fn internal_error(&self, py: Python<'_>) -> Decision {
        let decision = self.inner.internal_error();
        self.inner.count(&decision, Duration::ZERO);
        self.decision(py, decision, Duration::ZERO, true)
    }
}

impl Gate {
    /// The gate without Python.
    pub const fn inner(&self) -> &CoreGate {
        &self.inner
    }

    /// Decides on what began to be read at `start`, counts it, and says how long it took.
    pub fn take(
        &self,
        request: &Request<'_>,
        start: Instant,
        now: Option<f64>,
    ) -> PyResult<(CoreDecision, Duration)> {
        let now = match now {
            None => clock::system_time(start)?,
            given => arguments::now(given)?,
        };
        let decision = self.inner.decide(request, now);
        let took = start.elapsed();
        self.inner.count(&decision, took);
        Ok((decision, took))
    }

    /// A decision as Python has it.
    pub fn decision(
        &self,
        py: Python<'_>,
        inner: CoreDecision,
        took: Duration,
        closes: bool,
    ) -> Decision {
        let name = inner.policy.and_then(|index| self.policies.get(index));
        let policy = name.unwrap_or(&self.no_policy).clone_ref(py);
        Decision::new(inner, policy, took, closes)
    }
}

/// What stands for whoever may open a Unix socket.
const UNIX: &str = "unix";

/// A peer as a caller tells it.
fn told_peer(text: &str) -> PyResult<Peer> {
    if text == UNIX { Ok(Peer::Unix) } else { peer_address(text) }
}

/// A peer by its address.
pub fn peer_address(text: &str) -> PyResult<Peer> {
    let address = text.parse().map(Peer::Address);
    address.map_err(|_| PyValueError::new_err("peer is not an IP address"))
}
