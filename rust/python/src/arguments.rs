//! Python arguments read into core values, with the errors that a caller would expect.

use jwtfast_core::algorithm::{Algorithm, AlgorithmSet};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use std::time::{SystemTime, UNIX_EPOCH};

/// The bytes of a str or bytes object; a str with a lone surrogate has none.
pub fn octets<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<Option<&'a [u8]>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        Ok(Some(bytes.as_bytes()))
    } else if let Ok(text) = value.cast::<PyString>() {
        Ok(text.to_str().ok().map(str::as_bytes))
    } else {
        let found = value.get_type().name()?;
        Err(PyTypeError::new_err(format!("expected str or bytes, not {found}")))
    }
}

/// A token's bytes; what is not UTF-8 is no token, and empty bytes are refused as malformed.
pub fn token<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    Ok(octets(value)?.unwrap_or_default())
}

/// Text that a key or a key set is read from.
pub fn material<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    octets(value)?.ok_or_else(|| PyValueError::new_err("the text holds a lone surrogate"))
}

/// The algorithm of this name.
pub fn algorithm(name: &str) -> PyResult<Algorithm> {
    Algorithm::from_name(name).ok_or_else(|| {
        let known = Algorithm::ALL.map(Algorithm::name).join(", ");
        PyValueError::new_err(format!("unknown algorithm {name:?}; expected one of {known}"))
    })
}

/// The set of the algorithms named.
pub fn algorithms(names: &[String]) -> PyResult<AlgorithmSet> {
    if names.is_empty() {
        return Err(PyValueError::new_err(
            "algorithms is empty; leave it out to allow what the keys do",
        ));
    }
    names.iter().map(|name| algorithm(name)).collect()
}

/// One string, or several.
pub fn strings(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<Box<str>>> {
    let list: Vec<String> = if let Ok(one) = value.cast::<PyString>() {
        vec![one.extract()?]
    } else {
        value.extract().map_err(|_| {
            PyTypeError::new_err(format!("{name} must be a str or a sequence of str"))
        })?
    };
    if list.is_empty() {
        return Err(PyValueError::new_err(format!(
            "{name} is empty; leave it out or name at least one"
        )));
    }
    Ok(list.into_iter().map(String::into_boxed_str).collect())
}

/// Seconds, from a number or a timedelta; finite and not negative.
pub fn seconds(name: &str, value: &Bound<'_, PyAny>) -> PyResult<f64> {
    let number = match value.call_method0("total_seconds") {
        Ok(total) => total.extract::<f64>(),
        Err(_) => value.extract::<f64>(),
    };
    match number {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Ok(seconds),
        Ok(_) => Err(PyValueError::new_err(format!("{name} must be finite and not negative"))),
        Err(_) => Err(PyTypeError::new_err(format!("{name} must be seconds or a timedelta"))),
    }
}

/// The time given, or the system's, in seconds since 1970.
pub fn now(given: Option<f64>) -> PyResult<f64> {
    match given {
        Some(now) if now.is_finite() => Ok(now),
        Some(_) => Err(PyValueError::new_err("now must be finite")),
        None => Ok(match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64(),
            // A clock before 1970 counts backwards.
            Err(before) => -before.duration().as_secs_f64(),
        }),
    }
}
