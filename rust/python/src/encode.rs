//! `jwtfast.encode`: a compact JWS of claims.

use crate::arguments::{self, octets};
use crate::errors::invalid_key;
use crate::json::dump;
use crate::key::Key;
use jwtfast_core::algorithm::Algorithm;
use jwtfast_core::key::KeyError;
use jwtfast_core::token;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping};

/// Signs claims, or payload bytes as they are.
#[pyfunction]
#[pyo3(signature = (claims, key, headers=None))]
pub fn encode(
    py: Python<'_>,
    claims: &Bound<'_, PyAny>,
    key: &Bound<'_, Key>,
    headers: Option<&Bound<'_, PyMapping>>,
) -> PyResult<String> {
    let key = &key.get().0;
    let header = PyDict::new(py);
    // A key that its type alone binds signs with the first of its algorithms.
    let default = key.bound_algorithm().or_else(|| key.algorithms().iter().next());
    header.set_item("alg", default.map(Algorithm::name))?;
    header.set_item("typ", "JWT")?;
    header.set_item("kid", key.kid())?;
    if let Some(extra) = headers {
        header.update(extra)?;
    }
    for (name, value) in header.iter().collect::<Vec<_>>() {
        if value.is_none() {
            header.del_item(name)?;
        }
    }
    let name = header.get_item("alg")?.and_then(|name| name.extract::<String>().ok());
    let name = name.ok_or_else(|| PyTypeError::new_err("alg must be a str"))?;
    let algorithm = arguments::algorithm(&name)?;
    let payload = match claims.cast::<PyBytes>() {
        Ok(bytes) => octets(bytes)?.unwrap_or_default().to_vec(),
        Err(_) => dump(claims)?.into_bytes(),
    };
    token::sign(dump(&header)?.as_bytes(), &payload, key, algorithm)
        .map_err(|error| invalid_key(py, &KeyError(error.to_string())))
}
