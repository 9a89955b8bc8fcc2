//! What outlives gates: `jwtfast.RevocationList` and `jwtfast.TokenCache`.

use crate::errors::invalid_config;
use jwtfast_core::cache::TokenCache as CoreCache;
use jwtfast_core::revocation::RevocationList as CoreList;
use pyo3::prelude::*;
use std::sync::Arc;

/// Tokens that pass no more.
#[pyclass(frozen, module = "jwtfast")]
pub struct RevocationList(pub Arc<CoreList>);

#[pymethods]
impl RevocationList {
    #[new]
    fn new() -> Self {
        Self(Arc::default())
    }

    fn replace(&self, py: Python<'_>, document: &[u8]) -> PyResult<()> {
        let replaced = py.detach(|| self.0.replace(document));
        replaced.map_err(|errors| invalid_config(py, errors))
    }

    #[getter]
    fn available(&self) -> bool {
        self.0.is_available()
    }

    #[setter]
    fn set_available(&self, available: bool) {
        self.0.set_available(available);
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

/// A bounded store of verified tokens.
#[pyclass(frozen, module = "jwtfast")]
pub struct TokenCache(pub Arc<CoreCache>);

#[pymethods]
impl TokenCache {
    #[new]
    fn new(max_bytes: usize) -> Self {
        Self(Arc::new(CoreCache::new(max_bytes)))
    }

    #[getter]
    fn hits(&self) -> u64 {
        self.0.statistics().hits
    }

    #[getter]
    fn misses(&self) -> u64 {
        self.0.statistics().misses
    }

    #[getter]
    fn bytes(&self) -> usize {
        self.0.statistics().bytes
    }

    fn __len__(&self) -> usize {
        self.0.statistics().tokens
    }
}
