//! Writing a value as compact JSON in ASCII, safe in an HTTP header.

use super::{Value, View};
use std::fmt::Write;

impl Value<'_> {
    /// Appends compact JSON in which everything beyond printable ASCII is escaped.
    pub fn write_ascii(self, out: &mut String) {
        match self.view() {
            View::Null => out.push_str("null"),
            View::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            View::Number(text, _) => out.push_str(text),
            View::Text(text) => write_string(text, out),
            View::Array(elements) => {
                out.push('[');
                for (index, element) in elements.enumerate() {
                    write_comma(index, out);
                    element.write_ascii(out);
                }
                out.push(']');
            }
            View::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.enumerate() {
                    write_comma(index, out);
                    write_string(name, out);
                    out.push(':');
                    value.write_ascii(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_comma(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing into a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}
