//! `jwtfast.KeySet`.

use crate::errors::invalid_key;
use crate::key::{Key, json_text};
use jwtfast_core::key::Purposes;
use jwtfast_core::keyset::{JwksOptions, KeySet as CoreKeySet};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyTuple};
use std::sync::Arc;

/// An immutable set of keys, looked up by kid.
#[pyclass(frozen, module = "jwtfast")]
pub struct KeySet(pub Arc<CoreKeySet>);

#[pymethods]
impl KeySet {
    #[new]
    #[pyo3(signature = (keys, *, mixed=false))]
    fn new(py: Python<'_>, keys: &Bound<'_, PyAny>, mixed: bool) -> PyResult<Self> {
        let keys = keys.try_iter()?.map(|key| Ok(key?.cast::<Key>()?.get().0.clone()));
        let keys = keys.collect::<PyResult<_>>()?;
        let keys = if mixed { CoreKeySet::new_mixed(keys) } else { CoreKeySet::new(keys) };
        keys.map(|keys| Self(Arc::new(keys))).map_err(|error| invalid_key(py, &error))
    }

    #[staticmethod]
    #[allow(clippy::fn_params_excessive_bools, reason = "they have names in Python")]
    #[pyo3(signature = (data, *, remote=false, allow_weak_hmac=false, skip_broken=false,
                        uses=None, ignore_key_ops=false))]
    fn from_jwks(
        py: Python<'_>,
        data: &Bound<'_, PyAny>,
        remote: bool,
        allow_weak_hmac: bool,
        skip_broken: bool,
        uses: Option<Vec<String>>,
        ignore_key_ops: bool,
    ) -> PyResult<Self> {
        let text = json_text(data)?;
        let purposes = Purposes { uses: uses.unwrap_or_default(), ignore_key_ops };
        let options = JwksOptions { remote, skip_broken, allow_weak_hmac, purposes };
        let keys = py.detach(|| CoreKeySet::from_jwks(&text, &options));
        keys.map(|keys| Self(Arc::new(keys))).map_err(|error| invalid_key(py, &error))
    }

    #[getter]
    fn skipped<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.skipped())
    }

    #[getter]
    fn broken<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.broken())
    }

    fn __len__(&self) -> usize {
        self.0.keys().len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.0.keys().iter().map(|key| Key(key.clone())))?.try_iter()
    }

    fn __repr__(&self) -> String {
        format!("<jwtfast.KeySet of {} keys>", self.0.keys().len())
    }
}
