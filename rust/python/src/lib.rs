//! `jwtfast._core`: frozen Python classes over `jwtfast-core` that convert, and nothing else.

use pyo3::prelude::*;

mod arguments;
mod clock;
mod decision;
mod door;
mod encode;
mod errors;
mod gate;
mod json;
mod key;
mod keyset;
mod lasting;
mod names;
mod request;
mod verifier;

/// The native half of jwtfast; the types and their documentation stand in `_core.pyi`.
#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::decision::Decision;
    #[pymodule_export]
    use crate::door::Door;
    #[pymodule_export]
    use crate::encode::encode;
    #[pymodule_export]
    use crate::errors::reasons;
    #[pymodule_export]
    use crate::gate::Gate;
    #[pymodule_export]
    use crate::key::Key;
    #[pymodule_export]
    use crate::keyset::KeySet;
    #[pymodule_export]
    use crate::lasting::{RevocationList, TokenCache};
    #[pymodule_export]
    use crate::verifier::{AnyAudience, Verifier};
    use jwtfast_core::algorithm::Algorithm;
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        let names = Algorithm::ALL.map(Algorithm::name);
        module.add("ALGORITHMS", PyTuple::new(py, names)?)?;
        module.add("ANY", Py::new(py, AnyAudience)?)
    }
}
