//! CEL, the Common Expression Language, over verified claims: parsed at load, evaluated in bounded
//! steps, without I/O and without a clock (<https://github.com/google/cel-spec>).
//!
//! The variables are `claims` and `request`. JSON integers are ints (uints beyond 64 bits with a
//! sign), other numbers doubles. Claims are read where they stand: nothing is converted that no
//! node looks at.

use super::Subject;
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
/// bytes of texts, 16 of which are a step (in front of a slow pattern a byte is several).
pub const MAX_STEPS: usize = 1 << 16;

/// What the expressions of a policy may ask of the request.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is one part of a request")]
pub struct RequestParts {
    /// Whether they may ask nothing: what they say of a token is then the same in every request.
    pub none: bool,
    /// Whether the proxy tells the original request.
    pub path: bool,
    /// Whether it tells the host too.
    pub host: bool,
    /// Whether it tells the method too.
    pub method: bool,
    /// Request headers by their names in lower case, each with its index in the gate's list.
    pub headers: Vec<(Box<str>, usize)>,
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    root: Node,
    looks_at_request: bool,
}

impl Expression {
    /// Compiles it: what is not known to every evaluation is refused here.
    ///
    /// # Errors
    /// One sentence that says where: syntax, unknown variables and functions, wrong numbers of
    /// arguments, bad patterns, a result that can be no boolean, more than the limits.
    pub fn compile(text: &str, parts: &RequestParts) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("the expression is longer than {MAX_BYTES} bytes"));
        }
        let compiled = parser::parse(text, parts).and_then(|(root, looks_at_request)| {
            parser::demand(&root, Type::Bool)?;
            Ok(Self { root, looks_at_request })
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

    /// Whether it looks at the request too, and not at the claims alone.
    #[must_use]
    pub const fn looks_at_request(&self) -> bool {
        self.looks_at_request
    }

    /// Whether it is true; `None` where it cannot be evaluated: a claim is missing or of another
    /// type, the request is not told, a number overflows, the result is no boolean, or it takes too
    /// many steps.
    #[must_use]
    pub fn holds(&self, subject: &Subject<'_>) -> Option<bool> {
        self.evaluate(subject).0
    }

    /// As `holds`, with the number of steps that it took; the subject has that many fewer left.
    #[must_use]
    pub fn evaluate(&self, subject: &Subject<'_>) -> (Option<bool>, usize) {
        let steps = MAX_STEPS.min(subject.left());
        let mut evaluation = Evaluation::new(subject, steps);
        let truth = evaluation.truth(&self.root);
        let taken = steps.saturating_sub(evaluation.left());
        // It took no more than were left.
        let paid = subject.pay(taken);
        (truth.filter(|_| paid.is_some()), taken)
    }
}
