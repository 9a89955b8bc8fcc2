//! Verified claims into response headers, injection-proof.

use crate::claim_path::ClaimPath;
use crate::error::Error;
use crate::headers::Header;
use crate::json::Value;
use crate::settings::{Form, IdentitySettings};
use base64_simd::STANDARD;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Proxies buffer a whole response head in 4 or 8 KiB; a longer one is an error to them.
const MAX_VALUE_BYTES: usize = 3072;

/// Headers with a meaning of their own in the answer.
const RESERVED: &[&str] = &[
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// One header and what it carries.
#[derive(Clone, Debug)]
struct Entry {
    name: Arc<str>,
    path: ClaimPath,
    form: Form,
}

/// The identity headers of a policy: always all of them, so that a client's own never pass.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    entries: Vec<Entry>,
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
                // Many servers read `-` and `_` as the same.
                let alias = |other: &Entry| other.name.replace('_', "-") == name.replace('_', "-");
                if entries.iter().any(alias) {
                    return Err("the header stands twice, but for case or - and _".into());
                }
                Ok(Entry { name, path: ClaimPath::parse(claim)?, form })
            });
            match checked {
                Ok(entry) => entries.push(entry),
                Err(message) => errors.push((place, message)),
            }
        }
        Self { entries }
    }

    /// Every header with its value from the claims; empty where a claim is absent or nobody is known.
    ///
    /// # Errors
    /// `invalid_claim` with status 403 for a value that cannot be sent as it is.
    pub fn headers(&self, claims: Option<Value<'_>>) -> Result<Vec<Header>, Error> {
        // Room for what every answer has beside them.
        let mut headers = Vec::with_capacity(self.entries.len().saturating_add(1));
        for Entry { name, path, form } in &self.entries {
            let value = claims.and_then(|claims| path.find(claims));
            let text = value.map_or_else(|| Ok(String::new()), |value| write(value, *form));
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

/// A field name (RFC 9110 section 5.1), in lower case.
fn header_name(name: &str) -> Result<Arc<str>, String> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || !name.bytes().all(token) {
        return Err("expected a header's name: letters, digits and hyphens".into());
    }
    if RESERVED.contains(&&*lower) {
        return Err("the header has a meaning of its own in the answer".into());
    }
    Ok(lower.into())
}

fn write(value: Value<'_>, form: Form) -> Result<String, &'static str> {
    match form {
        Form::Text => plain(text(value)),
        Form::Json => Ok(json(value)),
        Form::Base64 => Ok(STANDARD.encode_to_string(text(value))),
        Form::Csv => match value.elements() {
            None => csv_element(value),
            Some(elements) => {
                Ok(elements.map(csv_element).collect::<Result<Vec<_>, _>>()?.join(","))
            }
        },
    }
}

fn text(value: Value<'_>) -> String {
    value.as_str().map_or_else(|| json(value), Into::into)
}

fn json(value: Value<'_>) -> String {
    let mut out = String::new();
    value.write_ascii(&mut out);
    out
}

fn csv_element(value: Value<'_>) -> Result<String, &'static str> {
    let element = plain(text(value))?;
    // One element must never read as two.
    if element.contains(',') {
        Err("holds a comma; send it as json or base64")
    } else {
        Ok(element)
    }
}

/// Printable ASCII, and no space at the ends, where a recipient would take it away.
fn plain(text: String) -> Result<String, &'static str> {
    if !text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
        return Err("holds characters that a header cannot carry; send it as json or base64");
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err("begins or ends with a space; send it as json or base64");
    }
    Ok(text)
}
