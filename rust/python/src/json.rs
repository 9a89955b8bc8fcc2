//! Verified claims as Python objects, and Python mappings as JSON text.

use jwtfast_core::json::Value;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyString};

/// Builds the Python value; the text was checked, so nothing is lost on the way.
pub fn to_python<'py>(py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    if let Some(text) = value.as_str() {
        return Ok(PyString::new(py, text).into_any());
    }
    if let Some((text, integer)) = value.as_number_text() {
        return number(py, text, integer);
    }
    if let Some(members) = value.members() {
        let dict = PyDict::new(py);
        for (name, member) in members {
            dict.set_item(PyString::new(py, name), to_python(py, member)?)?;
        }
        return Ok(dict.into_any());
    }
    if let Some(elements) = value.elements() {
        let list = PyList::empty(py);
        for element in elements {
            list.append(to_python(py, element)?)?;
        }
        return Ok(list.into_any());
    }
    value.as_bool().into_bound_py_any(py)
}

fn number<'py>(py: Python<'py>, text: &str, integer: bool) -> PyResult<Bound<'py, PyAny>> {
    if !integer {
        return text.parse::<f64>()?.into_bound_py_any(py);
    }
    match text.parse::<i64>() {
        Ok(small) => small.into_bound_py_any(py),
        // The core lets no number through that a double cannot hold: at most 309 digits.
        Err(_) => py.get_type::<PyInt>().call1((text,)),
    }
}

/// Compact JSON of a mapping, by Python's own encoder.
///
/// # Errors
/// What the encoder raises for values that JSON does not have.
pub fn dump(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = value.py();
    let options = PyDict::new(py);
    options.set_item("separators", (",", ":"))?;
    options.set_item("ensure_ascii", false)?;
    options.set_item("allow_nan", false)?;
    let plain = if value.is_instance_of::<PyDict>() {
        value.clone()
    } else {
        py.get_type::<PyDict>().call1((value,))?
    };
    py.import("json")?.call_method("dumps", (plain,), Some(&options))?.extract()
}
