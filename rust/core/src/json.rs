//! Strict JSON (RFC 8259) for headers, claims and keys: one pass, no duplicate names, bounded depth.
//!
//! Signed JSON is read by several programs, so what one of them could read otherwise is refused
//! here: duplicate member names, lone surrogates, invalid UTF-8, numbers beyond a double.

#![allow(clippy::arithmetic_side_effects, reason = "positions stay below the text's length")]

use std::collections::HashSet;

mod ascii;
mod value;

pub use value::{Elements, Members, Value};

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 32;

/// Beyond this many members, names are compared through a hash set.
const FEW_MEMBERS: usize = 12;

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
        let text = String::from_utf8(text).map_err(|_| Malformed("it is not UTF-8"))?;
        if u32::try_from(text.len()).is_err() {
            return Err(Malformed("it is too long"));
        }
        let mut parser = Parser {
            text: &text,
            bytes: text.as_bytes(),
            at: 0,
            nodes: Vec::with_capacity(text.len() / 8 + 4),
            unescaped: String::new(),
        };
        parser.skip_space();
        parser.value(0)?;
        parser.skip_space();
        if parser.at != parser.bytes.len() {
            return Err(Malformed("something follows the JSON value"));
        }
        let Parser { nodes, unescaped, .. } = parser;
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

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value::new(self, 0)
    }

    /// Bytes that it takes beside its own size.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.text.capacity() + self.unescaped.capacity() + self.nodes.capacity() * size_of::<Node>()
    }
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    unescaped: String,
}

/// Positions fit: `parse` refuses longer texts.
#[allow(clippy::cast_possible_truncation, reason = "the text's length was checked")]
const fn narrow(position: usize) -> u32 {
    position as u32
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Node::Bool(true)),
            Some(b'f') => self.word("false", Node::Bool(false)),
            Some(b'n') => self.word("null", Node::Null),
            Some(_) => Err(Malformed("it is not JSON")),
            None => Err(Malformed("the JSON ends too early")),
        }
    }

    fn word(&mut self, word: &str, node: Node) -> Result<(), Malformed> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Malformed("it is not JSON"));
        }
        self.at += word.len();
        self.nodes.push(node);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(Malformed("a number lacks its digits")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        let mut integer = true;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            integer = false;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            integer = false;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.nodes.push(Node::Number { start: narrow(start), end: narrow(self.at), integer });
        Ok(())
    }

    fn string(&mut self) -> Result<(), Malformed> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => return self.escaped_string(start),
                Some(0..=0x1f) => return Err(Malformed("a string holds a control character")),
                Some(_) => self.at += 1,
                None => return Err(Malformed("a string does not end")),
            }
        }
        self.nodes.push(Node::Plain { start: narrow(start), end: narrow(self.at) });
        self.at += 1;
        Ok(())
    }

    /// The rest of a string from its first escape on; `start` is where the string began.
    fn escaped_string(&mut self, start: usize) -> Result<(), Malformed> {
        let first = self.unescaped.len();
        let mut copied = start;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.unescaped.push_str(self.text.get(copied..self.at).unwrap_or_default());
                    self.at += 1;
                    let character = self.escape()?;
                    self.unescaped.push(character);
                    copied = self.at;
                }
                Some(0..=0x1f) => return Err(Malformed("a string holds a control character")),
                Some(_) => self.at += 1,
                None => return Err(Malformed("a string does not end")),
            }
        }
        self.unescaped.push_str(self.text.get(copied..self.at).unwrap_or_default());
        let node = Node::Unescaped { start: narrow(first), end: narrow(self.unescaped.len()) };
        self.nodes.push(node);
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<char, Malformed> {
        let letter = self.peek().ok_or(Malformed("a string does not end"))?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(Malformed("a string holds an unknown escape")),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, Malformed> {
        const LONE: Malformed = Malformed("a string holds half a surrogate pair");
        let unit = self.hex_unit()?;
        if !(0xd800..0xe000).contains(&unit) {
            return char::from_u32(unit).ok_or(LONE);
        }
        if unit >= 0xdc00 || self.bytes.get(self.at..self.at + 2) != Some(b"\\u") {
            return Err(LONE);
        }
        self.at += 2;
        let low = self.hex_unit()?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(LONE);
        }
        char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).ok_or(LONE)
    }

    fn hex_unit(&mut self) -> Result<u32, Malformed> {
        const SHORT: Malformed = Malformed("a string holds a broken unicode escape");
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(SHORT)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, &digit| {
            Ok(unit << 4 | char::from(digit).to_digit(16).ok_or(SHORT)?)
        })
    }

    /// Opens a container: its node comes first, and learns its end when it closes.
    fn open(&mut self, node: Node, depth: usize) -> Result<usize, Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed("it nests too deep"));
        }
        self.at += 1;
        self.nodes.push(node);
        self.skip_space();
        Ok(self.nodes.len() - 1)
    }

    fn close(&mut self, container: usize, node: impl Fn(u32) -> Node) {
        self.at += 1;
        let next = narrow(self.nodes.len());
        if let Some(slot) = self.nodes.get_mut(container) {
            *slot = node(next);
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Malformed> {
        let container = self.open(Node::Array { next: 0 }, depth)?;
        if self.peek() != Some(b']') {
            loop {
                self.value(depth)?;
                if !self.another(b']')? {
                    break;
                }
            }
        }
        self.close(container, |next| Node::Array { next });
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Malformed> {
        let container = self.open(Node::Object { next: 0 }, depth)?;
        let mut count = 0;
        if self.peek() != Some(b'}') {
            loop {
                self.member(depth)?;
                count += 1;
                if !self.another(b'}')? {
                    break;
                }
            }
        }
        self.close(container, |next| Node::Object { next });
        self.refuse_duplicates(container, count)
    }

    fn member(&mut self, depth: usize) -> Result<(), Malformed> {
        if self.peek() != Some(b'"') {
            return Err(Malformed("a member lacks its name"));
        }
        self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(Malformed("a member lacks its colon"));
        }
        self.at += 1;
        self.skip_space();
        self.value(depth)
    }

    /// Behind an element: true where a comma promises another, false at the closing bracket.
    fn another(&mut self, closing: u8) -> Result<bool, Malformed> {
        self.skip_space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.skip_space();
                Ok(true)
            }
            Some(found) if found == closing => Ok(false),
            Some(_) => Err(Malformed("a comma or a closing bracket is missing")),
            None => Err(Malformed("the JSON ends too early")),
        }
    }

    /// Names are compared after unescaping, so `sub` and `\u0073ub` are one name.
    fn refuse_duplicates(&self, container: usize, count: usize) -> Result<(), Malformed> {
        const TWICE: Malformed = Malformed("a member name stands twice");
        if count < 2 {
            return Ok(());
        }
        let names = value::names(self.text, &self.unescaped, &self.nodes, container);
        if count > FEW_MEMBERS {
            let mut seen = HashSet::with_capacity(count);
            return if names.into_iter().all(|name| seen.insert(name)) {
                Ok(())
            } else {
                Err(TWICE)
            };
        }
        let mut seen = [""; FEW_MEMBERS];
        for (index, name) in names.into_iter().enumerate() {
            let earlier = seen.get(..index).unwrap_or_default();
            if earlier.contains(&name) {
                return Err(TWICE);
            }
            if let Some(slot) = seen.get_mut(index) {
                *slot = name;
            }
        }
        Ok(())
    }
}
