//! Writing a value as compact JSON in ASCII, safe in an HTTP header.

use super::Value;
use std::fmt::Write;

impl Value<'_> {
    /// Appends compact JSON in which everything beyond printable ASCII is escaped.
    pub fn write_ascii(self, out: &mut String) {
        if let Some(text) = self.as_str() {
            write_string(text, out);
        } else if let Some((number, _)) = self.as_number_text() {
            out.push_str(number);
        } else if let Some(value) = self.as_bool() {
            out.push_str(if value { "true" } else { "false" });
        } else if let Some(elements) = self.elements() {
            out.push('[');
            for (index, element) in elements.enumerate() {
                if index > 0 {
                    out.push(',');
                }
                element.write_ascii(out);
            }
            out.push(']');
        } else if let Some(members) = self.members() {
            out.push('{');
            for (index, (name, value)) in members.enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(name, out);
                out.push(':');
                value.write_ascii(out);
            }
            out.push('}');
        } else {
            out.push_str("null");
        }
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
