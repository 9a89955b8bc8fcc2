//! `request.host`, `request.path`, `request.method` and `request.headers['name']`: what is asked
//! for is known at load, and nothing else is there.

use super::{Kind, Parsed, Parser, Problem};
use crate::rule::cel::tree::{Form, Part};

const FIELDS: &str = "request.host, request.path, request.method and request.headers['name']";

impl Parser<'_> {
    /// What follows the variable `request`.
    pub(super) fn request(&mut self, at: usize) -> Parsed {
        if self.parts.none {
            let message = "rules of an issuer look at claims alone; ask in a policy's require";
            return Err(Problem::new(at, message));
        }
        let field = if self.take(".") { self.peek().clone() } else { Kind::End };
        let at_field = self.at();
        let part = match field {
            Kind::Name("headers") => {
                self.advance();
                return self.header(at);
            }
            Kind::Name("host") => Part::Host,
            Kind::Name("path") => Part::Path,
            Kind::Name("method") => Part::Method,
            Kind::Name(unknown) => {
                let message = format!("request has no {unknown:?}; there are {FIELDS}");
                return Err(Problem::new(at_field, message));
            }
            _ => return Err(Problem::new(at, format!("request is read by {FIELDS}"))),
        };
        self.advance();
        let missing = match part {
            _ if !self.parts.path => "original_request, which says how the proxy tells it",
            Part::Host if !self.parts.host => "original_request.host_header",
            Part::Method if !self.parts.method => "original_request.method_header",
            _ => return Self::node(at, Form::Request(part)),
        };
        Err(Problem::new(at, format!("{} needs {missing}", part.name())))
    }

    /// `['name']`, `.name`, and both with a `?` for what may not have come.
    fn header(&mut self, at: usize) -> Parsed {
        let indexed = self.take("[");
        if !indexed && !self.take(".") {
            let message = "request.headers is read by request.headers['name']";
            return Err(Problem::new(at, message));
        }
        let optional = self.take("?");
        let at_name = self.at();
        let name = match self.advance() {
            Kind::Text(name) if indexed => name,
            Kind::Name(name) | Kind::Quoted(name) if !indexed => name.into(),
            _ => return Err(Problem::new(at_name, "a header's name must be a string literal")),
        };
        if indexed {
            self.need("]")?;
        }
        let known = self.parts.headers.iter().find(|(known, _)| *known == name);
        let Some((_, index)) = known else {
            let lower = name.to_ascii_lowercase();
            let message = if self.parts.headers.iter().any(|(known, _)| **known == *lower) {
                format!("headers are named in lower case here: {lower:?}")
            } else {
                format!("write {name:?} into the policy's request_headers too")
            };
            return Err(Problem::new(at_name, message));
        };
        Self::node(at, Form::Header { index: *index, optional })
    }
}
