//! The one place where a core error becomes a Python exception.

use jwtfast_core::error::{Error, Reason};
use jwtfast_core::key::KeyError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

/// The exception class of each reason, in the order of `Reason::ALL`.
static CLASSES: PyOnceLock<Vec<Py<PyType>>> = PyOnceLock::new();

/// `missing_token` is `MissingTokenError`, and `internal_error` is `InternalError`.
fn class_name(code: &str) -> String {
    let mut name = String::new();
    for word in code.split('_').filter(|word| *word != "error") {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name + "Error"
}

fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    Ok(py.import("jwtfast.exceptions")?.getattr(name)?.cast_into()?)
}

/// The exception that tells a refusal.
pub fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let classes = CLASSES.get_or_try_init(py, || {
        let all = Reason::ALL.iter();
        all.map(|reason| Ok(class(py, &class_name(reason.code()))?.unbind()))
            .collect::<PyResult<_>>()
    })?;
    let index = Reason::ALL.iter().position(|reason| *reason == error.reason());
    match index.and_then(|index| classes.get(index)) {
        Some(class) => class.bind(py).call1((error.to_string(),)),
        None => class(py, "InternalError")?.call1((error.to_string(),)),
    }
}

/// The same, ready to be raised.
pub fn raised(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).map_or_else(|failure| failure, PyErr::from_value)
}

/// `InvalidKeyError`, for everything that is wrong with a key or a set.
pub fn invalid_key(py: Python<'_>, error: &KeyError) -> PyErr {
    let built = class(py, "InvalidKeyError").and_then(|class| class.call1((error.to_string(),)));
    built.map_or_else(|failure| failure, PyErr::from_value)
}

/// `ConfigError`, with every (path, message).
pub fn invalid_config(py: Python<'_>, errors: Vec<(String, String)>) -> PyErr {
    let built = class(py, "ConfigError").and_then(|class| class.call1((errors,)));
    built.map_or_else(|failure| failure, PyErr::from_value)
}

/// Every reason code with its status and its sentence.
#[pyfunction]
pub fn reasons() -> Vec<(&'static str, u16, &'static str)> {
    Reason::ALL.iter().map(|reason| (reason.code(), reason.status(), reason.sentence())).collect()
}
