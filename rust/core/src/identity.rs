//! Verified claims into response headers, injection-proof.

use crate::claim_path::ClaimPath;
use crate::error::Error;
use crate::headers::{Header, are_one};
use crate::json::Value;
use crate::settings::{Form, IdentitySettings};
use std::collections::BTreeMap;
use std::sync::Arc;

mod form;
mod names;

use names::header_name;
pub(crate) use names::{field_name, is_free};

/// What one claim may take.
const MAX_VALUE_BYTES: usize = 3072;

/// What all headers of an answer's identity may take, where nothing else is set. NGINX buffers a
/// whole response head, in 8 KiB in our recipe, and a longer one is an error to it: this leaves
/// 1 KiB for the status line and the other headers.
pub const MAX_SUM_BYTES: usize = 7168;

/// One header and what it carries.
#[derive(Clone, Debug)]
struct Entry {
    name: Arc<str>,
    /// `None` carries nothing: another issuer's.
    path: Option<ClaimPath>,
    form: Form,
}

/// The identity headers of a policy: always all of them, so that a client's own never pass.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    entries: Vec<Entry>,
}

/// What a header takes in the answer: its name, a colon and a space, its value and the line's end.
const fn bytes(name: &str, value: &str) -> usize {
    name.len().saturating_add(value.len()).saturating_add(4)
}

/// Checks what all headers of an answer's identity take together.
///
/// # Errors
/// `invalid_claim` with status 403, naming the longest, where it is more than `limit`.
pub fn check_sum(headers: &[Header], limit: usize) -> Result<(), Error> {
    let sum = headers.iter().map(|(name, value)| bytes(name, value)).fold(0, usize::saturating_add);
    if sum <= limit {
        return Ok(());
    }
    // The first of several that are as long.
    let longest = headers.iter().rev().max_by_key(|(name, value)| bytes(name, value));
    let name = longest.map_or("", |(name, _)| name);
    let why =
        format!("is the longest of headers that take {sum} bytes together, and may take {limit}");
    Err(unsendable(name, &why))
}

impl Identity {
    /// Compiles them; `place` is their path in the configuration.
    pub fn compile(
        settings: &BTreeMap<String, IdentitySettings>,
        place: &str,
        errors: &mut Vec<(String, String)>,
    ) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        for (header, value) in settings {
            let place = format!("{place}.{header}");
            let (claim, form) = match value {
                IdentitySettings::Claim(claim) => (claim, Form::Text),
                IdentitySettings::Form { claim, form } => (claim, *form),
            };
            let checked = header_name(header).and_then(|name| {
                if entries.iter().any(|other| are_one(other.name.as_bytes(), name.as_bytes())) {
                    return Err("the header stands twice, but for case or - and _".into());
                }
                Ok(Entry { name, path: Some(ClaimPath::parse(claim)?), form })
            });
            match checked {
                Ok(entry) => entries.push(entry),
                Err(message) => errors.push((place, message)),
            }
        }
        Self { entries }
    }

    /// Adds the headers of issuers to these, which win: what is sent for nobody, and for each of the
    /// issuers in their order. All have the same names, so that no client's own ever passes.
    ///
    /// # Errors
    /// The header that stands twice under two names that servers take for one.
    pub fn beside(&self, issuers: &[&Self]) -> Result<(Self, Vec<Self>), Arc<str>> {
        let mut nobody = self.clone();
        for entry in issuers.iter().flat_map(|one| &one.entries) {
            match nobody
                .entries
                .iter()
                .find(|known| are_one(known.name.as_bytes(), entry.name.as_bytes()))
            {
                Some(known) if known.name == entry.name => {}
                Some(_) => return Err(entry.name.clone()),
                None => nobody.entries.push(Entry { path: None, ..entry.clone() }),
            }
        }
        let of = |issuer: &&Self| {
            let mut all = nobody.clone();
            for entry in all.entries.iter_mut().skip(self.entries.len()) {
                if let Some(own) = issuer.entries.iter().find(|own| own.name == entry.name) {
                    *entry = own.clone();
                }
            }
            all
        };
        let each = issuers.iter().map(of).collect();
        Ok((nobody, each))
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What its headers take where every claim is absent.
    #[must_use]
    pub fn least_bytes(&self) -> usize {
        let each = self.entries.iter().map(|entry| bytes(&entry.name, ""));
        each.fold(0, usize::saturating_add)
    }

    /// Every header with its value from the claims; empty where a claim is absent or nobody is known.
    ///
    /// # Errors
    /// `invalid_claim` with status 403 for a value that cannot be sent as it is.
    pub fn headers(&self, claims: Option<Value<'_>>) -> Result<Vec<Header>, Error> {
        // Room for what every answer has beside them.
        let mut headers = Vec::with_capacity(self.entries.len().saturating_add(1));
        for Entry { name, path, form } in &self.entries {
            let value = claims.zip(path.as_ref()).and_then(|(claims, path)| path.find(claims));
            let text = value.map_or_else(|| Ok(String::new()), |value| form::write(value, *form));
            match text {
                Ok(text) if text.len() <= MAX_VALUE_BYTES => headers.push((name.clone(), text)),
                Ok(_) => return Err(unsendable(name, "is too long")),
                Err(why) => return Err(unsendable(name, why)),
            }
        }
        Ok(headers)
    }
}

fn unsendable(name: &str, why: &str) -> Error {
    Error::unsendable_claim(format!("The claim for the header {name} {why}."))
}
