//! What follows a value: fields, calls and keys; and lists of arguments.

use super::{Kind, Parsed, Parser, Problem};
use crate::rule::cel::tree::{Form, Node};

impl Parser<'_> {
    /// `.field`, `.?field`, `.method(...)`, `[key]` and `[?key]`, as many as there are.
    pub(super) fn members(&mut self, first: Node) -> Parsed {
        let mut node = first;
        loop {
            let at = self.at();
            if self.take(".") {
                let optional = self.take("?");
                let at = self.at();
                let (field, quoted) = match self.peek() {
                    Kind::Name(field) if !matches!(*field, "true" | "false" | "null") => {
                        (*field, false)
                    }
                    Kind::Quoted(field) => (*field, true),
                    _ => return Err(self.unexpected("a field's name")),
                };
                self.advance();
                node = if !quoted && !optional && self.take("(") {
                    self.call(Some(node), field, at)?
                } else {
                    let of = Box::new(node);
                    Self::node(at, Form::Select { of, field: field.into(), optional })?
                };
            } else if self.take("[") {
                let optional = self.take("?");
                let pair = Box::new([node, self.expression()?]);
                self.need("]")?;
                node = Self::node(at, Form::Index { pair, optional })?;
            } else {
                return Ok(node);
            }
        }
    }

    /// Expressions between commas, up to the closing symbol, which is taken; a list may end in a
    /// comma.
    pub(super) fn arguments(&mut self, closing: &'static str) -> Result<Vec<Node>, Problem> {
        let mut nodes = Vec::new();
        while !self.take(closing) {
            nodes.push(self.expression()?);
            if !self.take(",") {
                self.need(closing)?;
                break;
            }
            if closing == ")" && *self.peek() == Kind::Symbol(closing) {
                return Err(self.unexpected("a value"));
            }
        }
        Ok(nodes)
    }
}
