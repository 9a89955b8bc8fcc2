//! Member names as Python strings: the same few come with every token, so they are made once.

use pyo3::prelude::*;
use pyo3::types::PyString;
use std::sync::{Mutex, MutexGuard};

const SLOTS: usize = 1024;

/// Longer names are made anew each time.
const MAX_BYTES: usize = 64;

type Slot = Option<(Box<str>, Py<PyString>)>;

static SHARED: Mutex<Vec<Slot>> = Mutex::new(Vec::new());

/// The shared names, held for as long as one value is built; without them while somebody else
/// holds them. Nobody ever waits: building objects may run Python's garbage collector, and with it
/// any code, in this thread or another.
pub struct Names(Option<MutexGuard<'static, Vec<Slot>>>);

impl Names {
    /// Takes the shared names where they are free.
    pub fn take() -> Self {
        let mut slots = SHARED.try_lock().ok();
        if let Some(empty) = slots.as_mut().filter(|slots| slots.is_empty()) {
            empty.resize_with(SLOTS, || None);
        }
        Self(slots)
    }

    /// The Python string of this name, with its hash already computed where it was seen before.
    pub fn python<'py>(&mut self, py: Python<'py>, name: &str) -> Bound<'py, PyString> {
        let slots = self.0.as_mut().filter(|_| name.len() <= MAX_BYTES);
        let Some(slot) = slots.and_then(|slots| slots.get_mut(slot_of(name))) else {
            return PyString::new(py, name);
        };
        if let Some((known, object)) = slot
            && **known == *name
        {
            return object.bind(py).clone();
        }
        let object = PyString::new(py, name);
        *slot = Some((name.into(), object.clone().unbind()));
        object
    }
}

fn slot_of(name: &str) -> usize {
    let mix = |hash: usize, byte: &u8| hash.wrapping_mul(31).wrapping_add(usize::from(*byte));
    name.as_bytes().iter().fold(0, mix) % SLOTS
}
