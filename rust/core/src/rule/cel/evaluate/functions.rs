//! The functions, apart from those of optional values.

use super::Evaluation;
use crate::rule::cel::datum::{Datum, List, Text};
use crate::rule::cel::tree::Function;

impl<'v> Evaluation<'v> {
    /// A function of evaluated arguments; none where it does not take such.
    pub(super) fn apply(
        &mut self,
        function: Function,
        first: Datum<'v>,
        rest: &[Datum<'v>],
    ) -> Option<Datum<'v>> {
        match function {
            Function::Dyn => return Some(first),
            Function::TypeOf => return first.kind().map(Datum::Type),
            Function::Size => return self.size(&first),
            _ => {}
        }
        match (first, rest) {
            (Datum::Text(text), rest) => {
                self.pay_for_text(text.len())?;
                self.of_text(function, &text, rest)
            }
            (scalar, _) => of_scalar(function, &scalar),
        }
    }

    /// Characters, items or members.
    fn size(&mut self, of: &Datum<'v>) -> Option<Datum<'v>> {
        let size = match of {
            Datum::Text(text) => {
                self.pay_for_text(text.len())?;
                text.chars().count()
            }
            Datum::List(list) => self.count(list.items())?,
            Datum::Map(map) => self.count(map.members()?)?,
            _ => return None,
        };
        i64::try_from(size).ok().map(Datum::Int)
    }

    fn count(&mut self, items: impl Iterator) -> Option<usize> {
        let mut count = 0_usize;
        for _ in items {
            self.pay(1)?;
            count = count.saturating_add(1);
        }
        Some(count)
    }

    fn of_text(
        &mut self,
        function: Function,
        text: &Text<'v>,
        rest: &[Datum<'v>],
    ) -> Option<Datum<'v>> {
        if let [Datum::Text(part)] = rest {
            self.pay_for_text(part.len())?;
            return Some(match function {
                Function::Contains => Datum::Bool(text.contains(&**part)),
                Function::StartsWith => Datum::Bool(text.starts_with(&**part)),
                Function::EndsWith => Datum::Bool(text.ends_with(&**part)),
                Function::IndexOf => {
                    let before = text.find(&**part).and_then(|at| text.get(..at));
                    let index = before.map(|before| i64::try_from(before.chars().count()));
                    Datum::Int(index.unwrap_or(Ok(-1)).ok()?)
                }
                Function::Split => self.split(text, part)?,
                _ => return None,
            });
        }
        if function == Function::Substring {
            return substring(text, rest);
        }
        // The standard library's parsers take a plus sign too.
        let number = (!text.starts_with('+')).then_some(&**text);
        Some(match function {
            Function::LowerAscii => Datum::made_text(text.to_ascii_lowercase()),
            Function::UpperAscii => Datum::made_text(text.to_ascii_uppercase()),
            Function::Trim => Datum::made_text(text.trim()),
            Function::Text => Datum::Text(text.clone()),
            Function::Int => Datum::Int(number?.parse().ok()?),
            Function::Uint => Datum::Uint(number?.parse().ok()?),
            Function::Double => Datum::Double(number?.parse().ok()?),
            Function::Bool => Datum::Bool(match &**text {
                "true" | "True" | "TRUE" | "t" | "1" => true,
                "false" | "False" | "FALSE" | "f" | "0" => false,
                _ => return None,
            }),
            _ => return None,
        })
    }

    /// The parts between separators; without a separator the characters.
    fn split(&mut self, text: &str, separator: &str) -> Option<Datum<'v>> {
        let mut parts = Vec::new();
        let mut rest = Some(text);
        while let Some(left) = rest {
            self.pay(1)?;
            let (part, behind) = if separator.is_empty() {
                let Some(character) = left.chars().next() else { break };
                let (part, behind) = left.split_at_checked(character.len_utf8())?;
                (part, Some(behind))
            } else {
                left.split_once(separator)
                    .map_or((left, None), |(part, behind)| (part, Some(behind)))
            };
            parts.push(Datum::made_text(part));
            rest = behind;
        }
        Some(Datum::List(List::Made(parts.into())))
    }
}

/// From one character to before another, or to the end.
fn substring<'v>(text: &str, range: &[Datum<'v>]) -> Option<Datum<'v>> {
    let offset = |index: &Datum<'v>| {
        let Datum::Int(index) = index else { return None };
        let mut offsets = text.char_indices().map(|(offset, _)| offset).chain([text.len()]);
        offsets.nth(usize::try_from(*index).ok()?)
    };
    let start = offset(range.first()?)?;
    let end = range.get(1).map_or(Some(text.len()), offset)?;
    text.get(start..end).map(Datum::made_text)
}

fn of_scalar<'v>(function: Function, value: &Datum<'v>) -> Option<Datum<'v>> {
    #[allow(clippy::cast_precision_loss, reason = "what double() is for")]
    Some(match (function, value) {
        (Function::Bool, Datum::Bool(_))
        | (Function::Int, Datum::Int(_))
        | (Function::Uint, Datum::Uint(_))
        | (Function::Double, Datum::Double(_)) => value.clone(),
        (Function::Int, Datum::Uint(number)) => Datum::Int((*number).try_into().ok()?),
        (Function::Int, Datum::Double(number)) => Datum::Int(whole(*number)?.try_into().ok()?),
        (Function::Uint, Datum::Int(number)) => Datum::Uint((*number).try_into().ok()?),
        (Function::Uint, Datum::Double(number)) => Datum::Uint(whole(*number)?.try_into().ok()?),
        (Function::Double, Datum::Int(number)) => Datum::Double(*number as f64),
        (Function::Double, Datum::Uint(number)) => Datum::Double(*number as f64),
        (Function::Text, Datum::Bool(value)) => Datum::made_text(value.to_string()),
        (Function::Text, Datum::Int(number)) => Datum::made_text(number.to_string()),
        (Function::Text, Datum::Uint(number)) => Datum::made_text(number.to_string()),
        _ => return None,
    })
}

/// A double without its fraction, where it may fit into 64 bits.
fn whole(number: f64) -> Option<i128> {
    #[allow(clippy::cast_possible_truncation, reason = "its magnitude is below 2^65")]
    (number.abs() < 36_893_488_147_419_103_232.0).then(|| number.trunc() as i128)
}
