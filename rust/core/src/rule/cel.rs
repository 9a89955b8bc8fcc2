//! CEL, the Common Expression Language, over verified claims: parsed at load, evaluated in bounded
//! steps, without I/O and without a clock (<https://github.com/google/cel-spec>).
//!
//! The one variable is `claims`. JSON integers are ints (uints beyond 64 bits with a sign), other
//! numbers doubles. Claims are read where they stand: nothing is converted that no node looks at.

use crate::json::Value;
use evaluate::Evaluation;
use lexer::Problem;
use tree::{Node, Type};

mod datum;
mod evaluate;
mod lexer;
mod parser;
mod text;
mod tree;

/// An expression may have this many bytes.
const MAX_BYTES: usize = 8192;

/// An evaluation may take this many steps: nodes, elements and members that are looked at, and the
/// bytes of texts, 16 of which are a step (in front of a pattern one is).
pub const MAX_STEPS: usize = 1 << 16;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression(Node);

impl Expression {
    /// Compiles it: what is not known to every evaluation is refused here.
    ///
    /// # Errors
    /// One sentence that says where: syntax, unknown variables and functions, wrong numbers of
    /// arguments, bad patterns, a result that can be no boolean, more than the limits.
    pub fn compile(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("the expression is longer than {MAX_BYTES} bytes"));
        }
        let compiled = parser::parse(text).and_then(|node| {
            parser::demand(&node, Type::Bool)?;
            Ok(Self(node))
        });
        compiled.map_err(|Problem { at, message }| {
            let before = text.get(..at).unwrap_or(text);
            let line = before.split('\n').count();
            let column = before.split('\n').next_back().unwrap_or_default().chars().count();
            let column = column.saturating_add(1);
            if line == 1 {
                format!("column {column}: {message}")
            } else {
                format!("line {line}, column {column}: {message}")
            }
        })
    }

    /// Whether it is true; `None` where it cannot be evaluated: a claim is missing or of another
    /// type, a number overflows, the result is no boolean, or it takes too many steps.
    #[must_use]
    pub fn holds(&self, claims: Value<'_>) -> Option<bool> {
        self.evaluate(claims).0
    }

    /// As `holds`, with the number of steps that it took.
    #[must_use]
    pub fn evaluate(&self, claims: Value<'_>) -> (Option<bool>, usize) {
        let mut evaluation = Evaluation::new(claims, MAX_STEPS);
        let truth = evaluation.truth(&self.0);
        (truth, MAX_STEPS.saturating_sub(evaluation.left()))
    }
}
