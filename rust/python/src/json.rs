//! Verified claims as Python objects, and Python mappings as JSON text.

use crate::names::Names;
use jwtfast_core::json::{Value, View};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyMapping, PyString};

/// Builds the Python value; the text was checked, so nothing is lost on the way.
pub fn to_python<'py>(py: Python<'py>, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    build(py, value, &mut Names::take())
}

fn build<'py>(py: Python<'py>, value: Value<'_>, names: &mut Names) -> PyResult<Bound<'py, PyAny>> {
    match value.view() {
        View::Text(text) => Ok(PyString::new(py, text).into_any()),
        View::Number(text, integer) => number(py, text, integer),
        View::Object(members) => {
            let dict = PyDict::new(py);
            for (name, member) in members {
                dict.set_item(names.python(py, name), build(py, member, names)?)?;
            }
            Ok(dict.into_any())
        }
        View::Array(elements) => {
            let list = PyList::empty(py);
            for element in elements {
                list.append(build(py, element, names)?)?;
            }
            Ok(list.into_any())
        }
        View::Bool(value) => value.into_bound_py_any(py),
        View::Null => Ok(py.None().into_bound(py)),
    }
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
    } else if value.cast::<PyMapping>().is_ok() {
        py.get_type::<PyDict>().call1((value,))?
    } else {
        let found = value.get_type().name()?;
        return Err(PyTypeError::new_err(format!("expected a mapping, not {found}")));
    };
    py.import("json")?.call_method("dumps", (plain,), Some(&options))?.extract()
}
