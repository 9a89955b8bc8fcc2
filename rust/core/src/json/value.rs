//! Reading a parsed document: typed views that borrow from it.

use super::{Document, Node};

/// A value inside a document.
#[derive(Clone, Copy, Debug)]
pub struct Value<'d> {
    text: &'d str,
    unescaped: &'d str,
    nodes: &'d [Node],
    at: usize,
}

/// A value by its type.
#[derive(Clone, Debug)]
pub enum View<'d> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number's text, and whether it is an integer by its form.
    Number(&'d str, bool),
    /// A string's text, unescaped.
    Text(&'d str),
    /// An array.
    Array(Elements<'d>),
    /// An object.
    Object(Members<'d>),
}

impl<'d> Value<'d> {
    pub(super) fn new(document: &'d Document, at: usize) -> Self {
        let Document { text, unescaped, nodes } = document;
        Self { text, unescaped, nodes, at }
    }

    fn node(self) -> Node {
        self.nodes.get(self.at).copied().unwrap_or(Node::Null)
    }

    fn moved(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// The node behind this value and all that is inside it.
    fn next(self) -> usize {
        match self.node() {
            Node::Array { next } | Node::Object { next } => next as usize,
            _ => self.at.saturating_add(1),
        }
    }

    /// The value by its type.
    #[must_use]
    pub fn view(self) -> View<'d> {
        let inside = || self.moved(self.at.saturating_add(1));
        match self.node() {
            Node::Null => View::Null,
            Node::Bool(value) => View::Bool(value),
            Node::Number { start, end, integer } => {
                View::Number(range(self.text, start, end), integer)
            }
            Node::Plain { start, end } => View::Text(range(self.text, start, end)),
            Node::Unescaped { start, end } => View::Text(range(self.unescaped, start, end)),
            Node::Array { next } => View::Array(Elements { at: inside(), end: next as usize }),
            Node::Object { next } => View::Object(Members { at: inside(), end: next as usize }),
        }
    }

    /// A string's text, unescaped.
    #[must_use]
    pub fn as_str(self) -> Option<&'d str> {
        match self.view() {
            View::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.node() {
            Node::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.node() == Node::Null
    }

    /// A number that a double can hold.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        let View::Number(text, _) = self.view() else { return None };
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// An array's elements; `None` for anything else.
    #[must_use]
    pub fn elements(self) -> Option<Elements<'d>> {
        match self.view() {
            View::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// An object's members; `None` for anything else.
    #[must_use]
    pub fn members(self) -> Option<Members<'d>> {
        match self.view() {
            View::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The member of this name, to the byte.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Self> {
        self.members()?.named(name)
    }

    /// Whether a node of the document is this value or inside it.
    pub(crate) fn holds(self, node: usize) -> bool {
        (self.at..self.next()).contains(&node)
    }

    /// Whether it is the string of this text; looks at the length before anything else.
    fn is_text(self, text: &str) -> bool {
        let (source, start, end) = match self.node() {
            Node::Plain { start, end } => (self.text, start, end),
            Node::Unescaped { start, end } => (self.unescaped, start, end),
            _ => return false,
        };
        end.saturating_sub(start) as usize == text.len() && range(source, start, end) == text
    }

    /// The type's name, for messages.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self.node() {
            Node::Null => "null",
            Node::Bool(_) => "a boolean",
            Node::Number { .. } => "a number",
            Node::Plain { .. } | Node::Unescaped { .. } => "a string",
            Node::Array { .. } => "an array",
            Node::Object { .. } => "an object",
        }
    }

    /// Whether every number inside is one that a double can hold.
    #[must_use]
    pub fn numbers_are_finite(self) -> bool {
        let inside = self.nodes.get(self.at..self.next()).unwrap_or_default();
        inside.iter().enumerate().all(|(offset, node)| match node {
            // Fewer characters than this cannot overflow without an exponent.
            Node::Number { start, end, integer: true } if end.saturating_sub(*start) < 300 => true,
            Node::Number { .. } => self.moved(self.at.saturating_add(offset)).as_f64().is_some(),
            _ => true,
        })
    }
}

/// Ranges come from the parser and always fit.
fn range(text: &str, start: u32, end: u32) -> &str {
    text.get(start as usize..end as usize).unwrap_or_default()
}

/// Iterates over an array.
#[derive(Clone, Debug)]
pub struct Elements<'d> {
    at: Value<'d>,
    end: usize,
}

impl<'d> Iterator for Elements<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at.at >= self.end {
            return None;
        }
        let element = self.at;
        self.at = element.moved(element.next());
        Some(element)
    }
}

/// Iterates over an object's names and values.
#[derive(Clone, Debug)]
pub struct Members<'d> {
    at: Value<'d>,
    end: usize,
}

impl<'d> Members<'d> {
    fn named(mut self, name: &str) -> Option<Value<'d>> {
        while self.at.at < self.end {
            let value = self.at.moved(self.at.at.saturating_add(1));
            if self.at.is_text(name) {
                return Some(value);
            }
            self.at = value.moved(value.next());
        }
        None
    }
}

impl<'d> Iterator for Members<'d> {
    type Item = (&'d str, Value<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at.at >= self.end {
            return None;
        }
        let name = self.at.as_str()?;
        let value = self.at.moved(self.at.at.saturating_add(1));
        self.at = value.moved(value.next());
        Some((name, value))
    }
}

/// The names of the object at `container`, while its document is still being parsed.
pub(super) fn names<'d>(
    text: &'d str,
    unescaped: &'d str,
    nodes: &'d [Node],
    container: usize,
) -> impl IntoIterator<Item = &'d str> {
    let object = Value { text, unescaped, nodes, at: container };
    object.members().into_iter().flatten().map(|(name, _)| name)
}
