//! A tree and claims -> a value, or none. Every step is counted, and there are only so many.

use super::datum::{Datum, List, Text};
use super::tree::{Form, Function, Node, Part};
use crate::rule::Subject;
use std::rc::Rc;

mod functions;
mod macros;
mod operators;

/// Evaluates one expression once. `None` is CEL's error: it carries no reason, as all it can do is
/// deny.
pub(super) struct Evaluation<'v> {
    subject: &'v Subject<'v>,
    /// The variables of the macros around the node.
    locals: Vec<Datum<'v>>,
    left: usize,
}

/// So many bytes of text cost as much as a node.
const BYTES_A_STEP: usize = 16;

impl<'v> Evaluation<'v> {
    pub(super) const fn new(subject: &'v Subject<'v>, steps: usize) -> Self {
        Self { subject, locals: Vec::new(), left: steps }
    }

    /// How many steps are left.
    pub(super) const fn left(&self) -> usize {
        self.left
    }

    /// Pays before the work is done. Once it failed it always does, so that nothing goes on.
    fn pay(&mut self, steps: usize) -> Option<()> {
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or(0);
        left.map(|_| ())
    }

    fn pay_for_text(&mut self, bytes: usize) -> Option<()> {
        self.pay((bytes / BYTES_A_STEP).saturating_add(1))
    }

    /// Whether two texts are the same; of different lengths they are told apart unread.
    fn same_text(&mut self, left: &str, right: &str) -> Option<bool> {
        self.pay_for_text(if left.len() == right.len() { left.len() } else { 0 })?;
        Some(left == right)
    }

    pub(super) fn truth(&mut self, node: &'v Node) -> Option<bool> {
        match self.value(node)? {
            Datum::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn value(&mut self, node: &'v Node) -> Option<Datum<'v>> {
        self.pay(1)?;
        Some(match &node.form {
            Form::Null => Datum::Null,
            Form::Bool(value) => Datum::Bool(*value),
            Form::Int(number) => Datum::Int(*number),
            Form::Uint(number) => Datum::Uint(*number),
            Form::Double(number) => Datum::Double(*number),
            Form::Text(text) => Datum::Text(Text::Borrowed(text)),
            Form::Type(kind) => Datum::Type(*kind),
            Form::List(nodes) => {
                let items: Option<Vec<_>> = nodes.iter().map(|node| self.value(node)).collect();
                Datum::List(List::Made(items?.into()))
            }
            Form::Claims => Datum::Map(self.subject.claims),
            Form::Request(part) => {
                let original = self.subject.original()?;
                let text = match part {
                    Part::Host => original.host.as_deref()?,
                    Part::Path => &original.path,
                    Part::Method => original.method?,
                };
                Datum::Text(Text::Borrowed(text))
            }
            Form::Header { index, optional } => {
                let text = self.subject.header(*index)?.map(Text::Borrowed).map(Datum::Text);
                if *optional { Datum::Optional(text.map(Rc::new)) } else { text? }
            }
            Form::HasHeader(index) => Datum::Bool(self.subject.header(*index)?.is_some()),
            Form::Local(index) => self.locals.get(*index)?.clone(),
            Form::Select { of, field, optional } => {
                let of = self.value(of)?;
                self.reach(of, *optional, |this, of| this.member(of, field))?
            }
            Form::Has { of, field } => {
                let of = self.value(of)?;
                match of {
                    Datum::Optional(None) => Datum::Bool(false),
                    Datum::Optional(Some(of)) => Datum::Bool(self.member(&of, field)?.is_some()),
                    of => Datum::Bool(self.member(&of, field)?.is_some()),
                }
            }
            Form::Index { pair, optional } => {
                let [of, key] = &**pair;
                let (of, key) = (self.value(of)?, self.value(key)?);
                self.reach(of, *optional, |this, of| this.element(of, &key))?
            }
            Form::Not(node) => Datum::Bool(!self.truth(node)?),
            Form::Negate(node) => match self.value(node)? {
                Datum::Int(number) => Datum::Int(number.checked_neg()?),
                Datum::Double(number) => Datum::Double(-number),
                _ => return None,
            },
            Form::And(nodes) => Datum::Bool(!self.any(nodes, false)?),
            Form::Or(nodes) => Datum::Bool(self.any(nodes, true)?),
            Form::Choose(nodes) => {
                let [condition, yes, no] = &**nodes;
                let chosen = if self.truth(condition)? { yes } else { no };
                self.value(chosen)?
            }
            Form::Binary(operator, pair) => self.binary(*operator, pair)?,
            Form::Matches(node, pattern) => match self.value(node)? {
                Datum::Text(text) => {
                    // A byte costs a step at least.
                    self.pay(pattern.steps(&text).max(text.len()))?;
                    Datum::Bool(pattern.is_match(&text))
                }
                _ => return None,
            },
            Form::Call(function, nodes) => self.call(*function, nodes)?,
            Form::Loop(kind, inner) => self.repeat(*kind, inner)?,
        })
    }

    /// Whether one of the nodes has this truth. Where one has, it does not matter that another
    /// cannot be evaluated; otherwise it does.
    fn any(&mut self, nodes: &'v [Node], wanted: bool) -> Option<bool> {
        let mut unsure = false;
        for node in nodes {
            match self.truth(node) {
                Some(truth) if truth == wanted => return Some(true),
                Some(_) => {}
                None => unsure = true,
            }
        }
        (!unsure).then_some(false)
    }

    /// A member or an element, through optional values: none of nothing is none.
    fn reach(
        &mut self,
        of: Datum<'v>,
        optional: bool,
        find: impl Fn(&mut Self, &Datum<'v>) -> Option<Option<Datum<'v>>>,
    ) -> Option<Datum<'v>> {
        let found = match of {
            Datum::Optional(None) => return Some(Datum::Optional(None)),
            Datum::Optional(Some(of)) => find(self, &of)?,
            of if optional => find(self, &of)?,
            of => return find(self, &of)?,
        };
        Some(Datum::Optional(found.map(Rc::new)))
    }

    /// The member of a map, where it has one.
    #[allow(clippy::option_option, reason = "no map; not in it")]
    fn member(&mut self, of: &Datum<'v>, name: &str) -> Option<Option<Datum<'v>>> {
        let Datum::Map(map) = of else { return None };
        for (found, value) in map.members()? {
            if self.same_text(found, name)? {
                return Some(Some(value.into()));
            }
        }
        Some(None)
    }

    /// What stands under a key or at an index, where something does.
    #[allow(clippy::option_option, reason = "cannot be looked for; not there")]
    fn element(&mut self, of: &Datum<'v>, key: &Datum<'v>) -> Option<Option<Datum<'v>>> {
        let Datum::List(list) = of else {
            let Datum::Text(key) = key else { return None };
            return self.member(of, key);
        };
        let index = match key {
            Datum::Int(index) => usize::try_from(*index).ok(),
            Datum::Uint(index) => usize::try_from(*index).ok(),
            _ => return None,
        };
        let Some(index) = index else { return Some(None) };
        for (at, item) in list.items().enumerate() {
            self.pay(1)?;
            if at == index {
                return Some(Some(item));
            }
        }
        Some(None)
    }

    fn call(&mut self, function: Function, nodes: &'v [Node]) -> Option<Datum<'v>> {
        let (first, rest) = nodes.split_first()?;
        let first = self.value(first)?;
        match (function, first) {
            (Function::HasValue, Datum::Optional(value)) => Some(Datum::Bool(value.is_some())),
            (Function::Value, Datum::Optional(value)) => value.as_deref().cloned(),
            // The other one is evaluated only where it is needed.
            (Function::OrValue, Datum::Optional(Some(value))) => Some((*value).clone()),
            (Function::OrValue, Datum::Optional(None)) => self.value(rest.first()?),
            (Function::Or, some @ Datum::Optional(Some(_))) => Some(some),
            (Function::Or, Datum::Optional(None)) => match self.value(rest.first()?)? {
                other @ Datum::Optional(_) => Some(other),
                _ => None,
            },
            (function, first) => {
                let rest: Option<Vec<_>> = rest.iter().map(|node| self.value(node)).collect();
                self.apply(function, first, &rest?)
            }
        }
    }
}
