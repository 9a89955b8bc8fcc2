//! Text -> nodes, in one pass.

#![allow(clippy::arithmetic_side_effects, reason = "positions stay below the text's length")]

use super::names::{NameFilter, fingerprint};
use super::scan::stop_bits;
use super::{MAX_DEPTH, Malformed, Node, value};
use std::collections::HashSet;

mod escape;

const DOUBLED: &str = "a member name stands twice";

/// The nodes of one strict JSON value and the text of its strings that had escapes.
pub(super) fn parse(text: &str) -> Result<(Vec<Node>, String), Malformed> {
    let (nodes, unescaped, _) = read(text, false)?;
    Ok((nodes, unescaped))
}

/// As `parse`, but an object with a name that stands twice is told by its node instead.
pub(super) fn parse_telling_doubles(
    text: &str,
) -> Result<(Vec<Node>, String, Vec<usize>), Malformed> {
    read(text, true)
}

fn read(text: &str, tells: bool) -> Result<(Vec<Node>, String, Vec<usize>), Malformed> {
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: 0,
        nodes: Vec::with_capacity(text.len() / 8 + 4),
        unescaped: String::new(),
        tells,
        doubled: Vec::new(),
    };
    parser.skip_space();
    parser.value(0)?;
    parser.skip_space();
    if parser.at == parser.bytes.len() {
        Ok((parser.nodes, parser.unescaped, parser.doubled))
    } else {
        Err(Malformed("something follows the JSON value"))
    }
}

struct Parser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    unescaped: String,
    /// Whether objects with a name that stands twice are told in `doubled`, not refused.
    tells: bool,
    doubled: Vec<usize>,
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
        self.skip_plain();
        if self.peek() == Some(b'\\') {
            return self.escaped_string(start);
        }
        self.end_string()?;
        self.nodes.push(Node::Plain { start: narrow(start), end: narrow(self.at - 1) });
        Ok(())
    }

    /// Moves to the next byte that a string cannot hold as it is: quote, backslash, control.
    fn skip_plain(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (words, _) = rest.as_chunks::<8>();
        for word in words {
            match stop_bits(u64::from_le_bytes(*word)) {
                0 => self.at += 8,
                bits => {
                    self.at += bits.trailing_zeros() as usize / 8;
                    return;
                }
            }
        }
        while self.peek().is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
            self.at += 1;
        }
    }

    fn end_string(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(Malformed("a string holds a control character")),
            None => Err(Malformed("a string does not end")),
        }
    }

    /// The rest of a string from its first escape on; `start` is where the string began.
    fn escaped_string(&mut self, start: usize) -> Result<(), Malformed> {
        let first = self.unescaped.len();
        let mut copied = start;
        while self.peek() == Some(b'\\') {
            self.unescaped.push_str(self.text.get(copied..self.at).unwrap_or_default());
            self.at += 1;
            let character = self.escape()?;
            self.unescaped.push(character);
            copied = self.at;
            self.skip_plain();
        }
        self.unescaped.push_str(self.text.get(copied..self.at).unwrap_or_default());
        self.end_string()?;
        let node = Node::Unescaped { start: narrow(first), end: narrow(self.unescaped.len()) };
        self.nodes.push(node);
        Ok(())
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
        let mut names = NameFilter::default();
        let mut suspect = false;
        if self.peek() != Some(b'}') {
            loop {
                let name = self.member(depth)?;
                suspect |= names.add(name);
                if !self.another(b'}')? {
                    break;
                }
            }
        }
        self.close(container, |next| Node::Object { next });
        if suspect { self.refuse_duplicates(container) } else { Ok(()) }
    }

    /// A name, colon and value; returns the name's fingerprint.
    fn member(&mut self, depth: usize) -> Result<usize, Malformed> {
        if self.peek() != Some(b'"') {
            return Err(Malformed("a member lacks its name"));
        }
        self.string()?;
        let name = match self.nodes.last() {
            Some(&Node::Plain { start, end }) => self.bytes.get(start as usize..end as usize),
            Some(&Node::Unescaped { start, end }) => {
                self.unescaped.as_bytes().get(start as usize..end as usize)
            }
            _ => None,
        };
        let name = fingerprint(name.unwrap_or_default());
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(Malformed("a member lacks its colon"));
        }
        self.at += 1;
        self.skip_space();
        self.value(depth)?;
        Ok(name)
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
    fn refuse_duplicates(&mut self, container: usize) -> Result<(), Malformed> {
        let mut seen = HashSet::new();
        let mut names =
            value::names(self.text, &self.unescaped, &self.nodes, container).into_iter();
        if names.all(|name| seen.insert(name)) {
            Ok(())
        } else if self.tells {
            self.doubled.push(container);
            Ok(())
        } else {
            Err(Malformed(DOUBLED))
        }
    }
}
