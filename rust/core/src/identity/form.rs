//! How a claim is written into a header's value: as it is, or encoded so that nothing is lost.

use crate::json::Value;
use crate::settings::Form;
use base64_simd::STANDARD;

/// The value of a header, or why the claim cannot be sent in this form.
pub(super) fn write(value: Value<'_>, form: Form) -> Result<String, &'static str> {
    match form {
        Form::Text => plain(text(value)),
        Form::Json => Ok(json(value)),
        Form::Base64 => Ok(STANDARD.encode_to_string(text(value))),
        Form::Csv => list(value, ",", csv_element),
        Form::CsvPercent => {
            // Nothing between no commas is a list without elements, too.
            let mut elements = value.elements().into_iter().flatten();
            if elements.next().is_some_and(|one| one.as_str() == Some(""))
                && elements.next().is_none()
            {
                return Err("is a list of one empty text; send it as sf_list, json or base64");
            }
            list(value, ",", |one| Ok(percent_encoded(&text(one))))
        }
        Form::SfList => list(value, ", ", sf_string),
    }
}

/// An array's elements, or the one value that stands for them, each written and then joined.
fn list(
    value: Value<'_>,
    separator: &str,
    element: impl Fn(Value<'_>) -> Result<String, &'static str>,
) -> Result<String, &'static str> {
    match value.elements() {
        None => element(value),
        Some(elements) => Ok(elements.map(element).collect::<Result<Vec<_>, _>>()?.join(separator)),
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
        Err("holds a comma; send it as csv_percent, sf_list, json or base64")
    } else {
        Ok(element)
    }
}

/// Printable ASCII, and no space at the ends, where a recipient would take it away.
fn plain(text: String) -> Result<String, &'static str> {
    if !text.bytes().all(is_printable) {
        return Err("holds characters that a header cannot carry; send it as json or base64");
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err("begins or ends with a space; send it as json or base64");
    }
    Ok(text)
}

const fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e)
}

/// Percent-encoded (RFC 3986 section 2.1) where a reader of lists, of quotes or of forms could
/// take it for something else, and where a header cannot carry it.
fn percent_encoded(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |value: u8| DIGITS.get(usize::from(value)).map_or('0', |digit| char::from(*digit));
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !b",%+\"\\".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
    out
}

/// A String of structured fields (RFC 8941 section 3.3.3), which has ASCII alone.
fn sf_string(value: Value<'_>) -> Result<String, &'static str> {
    let text = text(value);
    if !text.bytes().all(is_printable) {
        return Err("holds characters that sf_list cannot carry; send it as csv_percent or json");
    }
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}
