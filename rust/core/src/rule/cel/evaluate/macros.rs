//! The macros over lists and maps.

use super::Evaluation;
use crate::rule::cel::datum::{Datum, List, Text};
use crate::rule::cel::tree::{Loop, Macro};

/// What one round gave.
enum Step<'v> {
    Yes,
    No,
    Made(Datum<'v>),
}

impl<'v> Evaluation<'v> {
    /// A macro: over the items of a list or the names of a map.
    pub(super) fn repeat(&mut self, kind: Macro, inner: &'v Loop) -> Option<Datum<'v>> {
        let list = match self.value(&inner.over)? {
            Datum::List(list) => list,
            Datum::Map(map) => {
                let mut names = Vec::new();
                for (name, _) in map.members()? {
                    self.pay(1)?;
                    names.push(Datum::Text(Text::Borrowed(name)));
                }
                List::Made(names.into())
            }
            _ => return None,
        };
        let mut made = Vec::new();
        let (mut count, mut unsure) = (0_usize, false);
        for item in list.items() {
            self.pay(1)?;
            self.locals.push(item.clone());
            let step = self.step(kind, inner, item);
            self.locals.pop();
            match (kind, step) {
                // As in a chain of && or ||: one that decides makes up for one that fails.
                (Macro::All, Some(Step::No)) => return Some(Datum::Bool(false)),
                (Macro::Exists, Some(Step::Yes)) => return Some(Datum::Bool(true)),
                (Macro::All | Macro::Exists, None) => unsure = true,
                (_, None) => return None,
                (_, Some(Step::Yes)) => count = count.saturating_add(1),
                (_, Some(Step::No)) => {}
                (_, Some(Step::Made(value))) => made.push(value),
            }
        }
        match kind {
            Macro::All | Macro::Exists if unsure => None,
            Macro::All => Some(Datum::Bool(true)),
            Macro::Exists => Some(Datum::Bool(false)),
            Macro::ExistsOne => Some(Datum::Bool(count == 1)),
            Macro::Filter | Macro::Map => Some(Datum::List(List::Made(made.into()))),
        }
    }

    /// One round of a macro, its variable set.
    fn step(&mut self, kind: Macro, inner: &'v Loop, item: Datum<'v>) -> Option<Step<'v>> {
        if kind == Macro::Map && inner.result.is_none() {
            return self.value(&inner.each).map(Step::Made);
        }
        let truth = self.truth(&inner.each)?;
        Some(match (&inner.result, kind) {
            (Some(result), _) if truth => Step::Made(self.value(result)?),
            (None, Macro::Filter) if truth => Step::Made(item),
            _ if truth => Step::Yes,
            _ => Step::No,
        })
    }
}
