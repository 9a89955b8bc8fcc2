//! `jwtfast.Verifier`.

use crate::arguments;
use crate::errors::{exception, raised};
use crate::json::to_python;
use crate::key::Key;
use crate::keyset::KeySet;
use jwtfast_core::algorithm::AlgorithmSet;
use jwtfast_core::cache::TokenCache;
use jwtfast_core::claims::{
    Audience, Checks, Leeway, Lifetime, LimitError, Skew, short_media_type,
};
use jwtfast_core::error::Error;
use jwtfast_core::keyset::KeySet as CoreKeySet;
use jwtfast_core::verified::Verified;
use jwtfast_core::verifier::{Issuer, Verifier as CoreVerifier};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMapping};
use std::sync::Arc;
use std::thread;

/// Fewer tokens than this a thread are not worth starting it.
const TOKENS_A_THREAD: usize = 16;

/// The type of `jwtfast.ANY`.
#[pyclass(frozen, module = "jwtfast")]
pub struct AnyAudience;

#[pymethods]
#[allow(clippy::unused_self, reason = "Python's protocol")]
impl AnyAudience {
    fn __repr__(&self) -> &'static str {
        "jwtfast.ANY"
    }
}

/// Verifies tokens against one key set.
#[pyclass(frozen, module = "jwtfast")]
pub struct Verifier {
    inner: CoreVerifier,
    cache: Option<TokenCache>,
}

fn key_set(py: Python<'_>, keys: &Bound<'_, PyAny>) -> PyResult<Arc<CoreKeySet>> {
    if let Ok(set) = keys.cast::<KeySet>() {
        return Ok(set.get().0.clone());
    }
    let Ok(key) = keys.cast::<Key>() else {
        return Err(PyTypeError::new_err("keys must be a jwtfast.KeySet or a jwtfast.Key"));
    };
    let set = CoreKeySet::new(vec![key.get().0.clone()]);
    set.map(Arc::new).map_err(|error| crate::errors::invalid_key(py, &error))
}

fn audience(value: Option<&Bound<'_, PyAny>>) -> PyResult<Audience> {
    match value {
        None => Ok(Audience::Absent),
        Some(any) if any.is_instance_of::<AnyAudience>() => Ok(Audience::Any),
        Some(names) => Ok(Audience::OneOf(arguments::strings("audience", names)?)),
    }
}

/// A limit in seconds, where one was given.
fn limit<T>(
    name: &str,
    value: Option<&Bound<'_, PyAny>>,
    checked: fn(f64) -> Result<T, LimitError>,
) -> PyResult<Option<T>> {
    let Some(value) = value else { return Ok(None) };
    let limit = checked(arguments::seconds(name, value)?);
    limit.map(Some).map_err(|error| PyValueError::new_err(format!("{name}: {error}")))
}

/// Seconds for every time in a token, or a mapping with some for each.
fn leeway(value: Option<&Bound<'_, PyAny>>) -> PyResult<Leeway> {
    let Some(mapping) = value.and_then(|value| value.cast::<PyMapping>().ok()) else {
        return Ok(limit("leeway", value, Skew::new)?.unwrap_or_default().into());
    };
    let mut leeway = Leeway::default();
    for item in mapping.items()?.iter() {
        let (name, seconds): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let claim = match name.extract::<&str>() {
            Ok("exp") => &mut leeway.exp,
            Ok("nbf") => &mut leeway.nbf,
            Ok("iat") => &mut leeway.iat,
            _ => {
                let found = name.repr()?;
                let message = format!("leeway: expected exp, nbf and iat, found {found}");
                return Err(PyValueError::new_err(message));
            }
        };
        *claim = limit(&format!("leeway of {}", name.str()?), Some(&seconds), Skew::new)?
            .unwrap_or_default();
    }
    Ok(leeway)
}

fn allowed(names: Option<Vec<String>>, keys: &CoreKeySet) -> PyResult<AlgorithmSet> {
    let Some(names) = names else { return Ok(AlgorithmSet::ALL) };
    let set = arguments::algorithms(&names)?;
    if set.intersection(keys.algorithms()).is_empty() {
        return Err(PyValueError::new_err("algorithms names none that the keys serve"));
    }
    Ok(set)
}

#[pymethods]
impl Verifier {
    #[new]
    #[pyo3(signature = (
        keys, *, issuer=None, audience=None, algorithms=None, leeway=None, require=None,
        require_exp=true, token_types=None, allow_bound=false, max_lifetime=None,
        max_token_bytes=65536, cache_bytes=0
    ), text_signature = "(keys, *, issuer=None, audience=None, algorithms=None, leeway=0, require=(), require_exp=True, token_types=None, allow_bound=False, max_lifetime=None, max_token_bytes=65536, cache_bytes=0)")]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of a Python constructor")]
    #[allow(clippy::fn_params_excessive_bools, reason = "each has a name in Python")]
    fn new(
        py: Python<'_>,
        keys: &Bound<'_, PyAny>,
        issuer: Option<&Bound<'_, PyAny>>,
        audience: Option<&Bound<'_, PyAny>>,
        algorithms: Option<Vec<String>>,
        leeway: Option<&Bound<'_, PyAny>>,
        require: Option<Vec<String>>,
        require_exp: bool,
        token_types: Option<&Bound<'_, PyAny>>,
        allow_bound: bool,
        max_lifetime: Option<&Bound<'_, PyAny>>,
        max_token_bytes: usize,
        cache_bytes: usize,
    ) -> PyResult<Self> {
        let keys = key_set(py, keys)?;
        let checks = Checks {
            issuers: issuer
                .map(|value| arguments::strings("issuer", value))
                .transpose()?
                .map(|names| names.into_iter().map(Into::into).collect()),
            audience: self::audience(audience)?,
            leeway: self::leeway(leeway)?,
            max_lifetime: limit("max_lifetime", max_lifetime, Lifetime::new)?,
            require_exp,
            required: require.into_iter().flatten().map(String::into_boxed_str).collect(),
            allow_bound,
            token_types: token_types
                .map(|types| arguments::strings("token_types", types))
                .transpose()?
                .map(|types| types.iter().map(|typ| short_media_type(typ).into()).collect()),
        };
        let algorithms = allowed(algorithms, &keys)?;
        let issuer = Issuer::new(Some(keys), algorithms, checks);
        let cache = (cache_bytes > 0).then(|| TokenCache::new(cache_bytes));
        Ok(Self { inner: CoreVerifier::new(vec![Arc::new(issuer)], max_token_bytes), cache })
    }

    #[pyo3(signature = (token, *, now=None))]
    fn verify<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
        now: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (token, now) = (arguments::token(token)?, arguments::now(now)?);
        match self.check(py, token, now) {
            Ok(verified) => to_python(py, verified.claims().root()),
            Err(error) => Err(raised(py, &error)),
        }
    }

    #[pyo3(signature = (tokens, *, now=None))]
    #[allow(clippy::needless_pass_by_value, reason = "extracted from the call")]
    fn verify_many<'py>(
        &self,
        py: Python<'py>,
        tokens: Vec<Bound<'py, PyAny>>,
        now: Option<f64>,
    ) -> PyResult<Bound<'py, PyList>> {
        let now = arguments::now(now)?;
        let octets = tokens.iter().map(arguments::token).collect::<PyResult<Vec<_>>>()?;
        let verified = py.detach(|| self.verify_all(&octets, now));
        let results = PyList::empty(py);
        for result in verified {
            results.append(match result {
                Ok(verified) => to_python(py, verified.claims().root())?,
                Err(error) => exception(py, &error)?,
            })?;
        }
        Ok(results)
    }

    fn verify_jws<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let token = arguments::token(token)?;
        let payload = py.detach(|| self.inner.verify_jws(token));
        payload.map(|bytes| PyBytes::new(py, &bytes)).map_err(|error| raised(py, &error))
    }
}

impl Verifier {
    fn verify_one(&self, token: &[u8], now: f64) -> Result<Arc<Verified>, Error> {
        match &self.cache {
            Some(cache) => {
                self.inner.verify_cached(cache, token, now).map(|(verified, _)| verified)
            }
            None => self.inner.verify(token, now).map(Arc::new),
        }
    }

    /// A public-key check takes far longer than giving the GIL away, an HMAC does not.
    fn check(&self, py: Python<'_>, token: &[u8], now: f64) -> Result<Arc<Verified>, Error> {
        if self.inner.is_symmetric() {
            self.verify_one(token, now)
        } else {
            py.detach(|| self.verify_one(token, now))
        }
    }

    /// Verifies on every core; results stand in the tokens' order.
    fn verify_all(&self, tokens: &[&[u8]], now: f64) -> Vec<Result<Arc<Verified>, Error>> {
        let one = |token: &&[u8]| self.verify_one(token, now);
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(tokens.len() / TOKENS_A_THREAD).max(1);
        if threads == 1 {
            return tokens.iter().map(one).collect();
        }
        let share = tokens.len().div_ceil(threads);
        thread::scope(|scope| {
            let running: Vec<_> = tokens
                .chunks(share)
                .map(|chunk| scope.spawn(move || chunk.iter().map(one).collect::<Vec<_>>()))
                .collect();
            running
                .into_iter()
                .flat_map(|thread| match thread.join() {
                    Ok(results) => results,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        })
    }
}
