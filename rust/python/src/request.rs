//! A request's headers out of Python objects.

use crate::arguments;
use jwtfast_core::gate::Gate;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use smallvec::SmallVec;

/// What stands for a text that cannot be a header's bytes: refused like any other non-ASCII.
pub const NOT_TEXT: &[u8] = b"\xff";

/// The headers that a gate asks for, each by its index there.
pub type Values<'a> = SmallVec<[(usize, &'a [u8]); 8]>;

/// What matters of a request's headers.
#[derive(Default)]
pub struct Wanted<'py> {
    /// Those that the gate asked for, as the Python objects that keep their bytes alive.
    objects: SmallVec<[(usize, Bound<'py, PyAny>); 8]>,
    /// Whether a body follows, as it says; nobody reads it.
    pub announces_body: bool,
}

impl<'py> Wanted<'py> {
    /// Of (name, value) pairs, names in lower case.
    pub fn of_pairs(gate: &Gate, headers: &Bound<'py, PyAny>) -> PyResult<Self> {
        let mut found = Self::default();
        if let Ok(list) = headers.cast::<PyList>() {
            for item in list.iter() {
                found.take(gate, &item)?;
            }
        } else {
            for item in headers.try_iter()? {
                found.take(gate, &item?)?;
            }
        }
        Ok(found)
    }

    fn take(&mut self, gate: &Gate, item: &Bound<'py, PyAny>) -> PyResult<()> {
        let pair = item.cast::<PyTuple>()?;
        let name = pair.get_borrowed_item(0)?;
        let name = arguments::octets(&name)?.unwrap_or(NOT_TEXT);
        let names = gate.header_names();
        let asked = names.as_slice().iter().position(|wanted| wanted.as_bytes() == name);
        if let Some(index) = asked.or_else(|| names.alias(name)) {
            self.objects.push((index, pair.get_item(1)?));
        }
        self.announces_body |= match name {
            b"content-length" => announces(&*pair.get_borrowed_item(1)?)?,
            b"transfer-encoding" => true,
            _ => false,
        };
        Ok(())
    }

    /// The values' bytes.
    pub fn values(&self) -> PyResult<Values<'_>> {
        let mut values = Values::new();
        for (index, object) in &self.objects {
            values.push((*index, arguments::octets(object)?.unwrap_or(NOT_TEXT)));
        }
        Ok(values)
    }
}

/// Whether this length announces a body: 0, which Envoy always sends, does not.
pub fn announces(length: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(arguments::octets(length)? != Some(b"0"))
}

/// A name's text; what is not Unicode names nothing.
pub fn text<'a>(name: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    let octets = arguments::octets(name)?.unwrap_or(NOT_TEXT);
    Ok(std::str::from_utf8(octets).unwrap_or("\u{fffd}"))
}
