//! `jwtfast.Key`.

use crate::arguments;
use crate::errors::invalid_key;
use crate::json::dump;
use jwtfast_core::algorithm::Algorithm;
use jwtfast_core::key::{Key as CoreKey, KeyError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use std::borrow::Cow;
use std::sync::Arc;

/// One key, bound at load to the algorithms it may verify.
#[pyclass(frozen, module = "jwtfast")]
pub struct Key(pub Arc<CoreKey>);

/// JSON text, or a mapping written as such.
pub fn json_text<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, [u8]>> {
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        Ok(Cow::Borrowed(arguments::material(value)?))
    } else {
        Ok(Cow::Owned(dump(value)?.into_bytes()))
    }
}

fn loaded(py: Python<'_>, key: Result<CoreKey, KeyError>) -> PyResult<Key> {
    key.map(|key| Key(Arc::new(key))).map_err(|error| invalid_key(py, &error))
}

#[pymethods]
impl Key {
    #[staticmethod]
    #[pyo3(signature = (pem, *, algorithm=None, kid=None))]
    fn from_pem(
        py: Python<'_>,
        pem: &Bound<'_, PyAny>,
        algorithm: Option<&str>,
        kid: Option<&str>,
    ) -> PyResult<Self> {
        let algorithm = algorithm.map(arguments::algorithm).transpose()?;
        loaded(py, CoreKey::from_pem(arguments::material(pem)?, algorithm, kid))
    }

    #[staticmethod]
    #[pyo3(signature = (jwk, *, allow_weak_hmac=false))]
    fn from_jwk(py: Python<'_>, jwk: &Bound<'_, PyAny>, allow_weak_hmac: bool) -> PyResult<Self> {
        loaded(py, CoreKey::from_jwk(&json_text(jwk)?, allow_weak_hmac))
    }

    #[staticmethod]
    #[pyo3(signature = (secret, *, algorithm, kid=None, allow_weak_hmac=false))]
    fn from_secret(
        py: Python<'_>,
        secret: &Bound<'_, PyAny>,
        algorithm: &str,
        kid: Option<&str>,
        allow_weak_hmac: bool,
    ) -> PyResult<Self> {
        let algorithm = arguments::algorithm(algorithm)?;
        let secret = arguments::material(secret)?;
        loaded(py, CoreKey::from_secret(secret, algorithm, kid, allow_weak_hmac))
    }

    #[getter]
    fn kid(&self) -> Option<&str> {
        self.0.kid()
    }

    #[getter]
    fn algorithm(&self) -> Option<&'static str> {
        self.0.bound_algorithm().map(Algorithm::name)
    }

    #[getter]
    fn algorithms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.algorithms().iter().map(Algorithm::name).collect::<Vec<_>>())
    }

    #[getter]
    fn is_private(&self) -> bool {
        self.0.is_private()
    }

    #[getter]
    fn is_symmetric(&self) -> bool {
        self.0.is_symmetric()
    }

    fn public_jwk<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let public = self
            .0
            .public()
            .ok_or_else(|| invalid_key(py, &KeyError("a secret has no public half".into())))?;
        let jwk = PyDict::new(py);
        for (name, value) in public.jwk_members() {
            jwk.set_item(name, value)?;
        }
        if let Some(algorithm) = self.0.bound_algorithm() {
            jwk.set_item("alg", algorithm.name())?;
        }
        if let Some(kid) = self.0.kid() {
            jwk.set_item("kid", kid)?;
        }
        jwk.set_item("use", "sig")?;
        Ok(jwk)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let algorithms = self.algorithms(py)?.repr()?;
        let kid = self.kid().map_or_else(
            || Ok("None".into()),
            |kid| PyString::new(py, kid).repr().map(|text| text.to_string()),
        )?;
        Ok(format!("<jwtfast.Key kid={kid} algorithms={algorithms}>"))
    }
}
