//! Strict JSON (RFC 8259) for headers, claims and keys: one pass, no duplicate names, bounded depth.
//!
//! Signed JSON is read by several programs, so what one of them could read otherwise is refused
//! here: duplicate member names, lone surrogates, invalid UTF-8, numbers beyond a double.

mod ascii;
mod names;
mod number;
mod parser;
mod scan;
mod value;

pub use number::Number;
pub use value::{Elements, Members, Value, View};

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 32;

/// What is wrong with a text; the sentence never quotes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// One node of the tree in preorder; an object's members are a name node and a value's nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Null,
    Bool(bool),
    /// Text as it stands in the source; `integer` where it has no fraction and no exponent.
    Number {
        start: u32,
        end: u32,
        integer: bool,
    },
    /// A string without escapes, as it stands in the source.
    Plain {
        start: u32,
        end: u32,
    },
    /// A string that had escapes: a range of the unescaped text.
    Unescaped {
        start: u32,
        end: u32,
    },
    /// `next` is the node behind the last one inside.
    Array {
        next: u32,
    },
    Object {
        next: u32,
    },
}

/// A parsed JSON text that owns its source.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    unescaped: String,
    nodes: Vec<Node>,
}

impl Document {
    /// Parses a whole text.
    ///
    /// # Errors
    /// `Malformed` for anything but one strict JSON value.
    pub fn parse(text: Vec<u8>) -> Result<Self, Malformed> {
        let text = utf8(text)?;
        let (nodes, unescaped) = parser::parse(&text)?;
        Ok(Self { text, unescaped, nodes })
    }

    /// Parses a text that must be an object.
    ///
    /// # Errors
    /// As `parse`, and for any other JSON value.
    pub fn parse_object(text: Vec<u8>) -> Result<Self, Malformed> {
        let document = Self::parse(text)?;
        match document.nodes.first() {
            Some(Node::Object { .. }) => Ok(document),
            _ => Err(Malformed("it is not a JSON object")),
        }
    }

    /// Parses a text whose entries stand for themselves: the nodes of objects with a name that
    /// stands twice come with it, to be refused where they are read.
    pub(crate) fn parse_telling_doubles(text: Vec<u8>) -> Result<(Self, Vec<usize>), Malformed> {
        let text = utf8(text)?;
        let (nodes, unescaped, doubled) = parser::parse_telling_doubles(&text)?;
        Ok((Self { text, unescaped, nodes }, doubled))
    }

    /// The text that it was parsed from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives back memory that parsing took beyond need.
    pub fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.unescaped.shrink_to_fit();
        self.nodes.shrink_to_fit();
    }

    /// The bytes that it takes up, where it was shrunk.
    #[must_use]
    pub fn weight(&self) -> usize {
        let nodes = self.nodes.len().saturating_mul(size_of::<Node>());
        self.text.len().saturating_add(self.unescaped.len()).saturating_add(nodes)
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value::new(self, 0)
    }
}

fn utf8(text: Vec<u8>) -> Result<String, Malformed> {
    let text = String::from_utf8(text).map_err(|_| Malformed("it is not UTF-8"))?;
    if u32::try_from(text.len()).is_err() { Err(Malformed("it is too long")) } else { Ok(text) }
}
