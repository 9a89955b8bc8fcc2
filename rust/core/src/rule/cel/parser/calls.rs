//! Calls: functions by their name and number of arguments, macros, patterns.

use super::{Kind, Parsed, Parser, Problem, demand};
use crate::rule::Pattern;
use crate::rule::cel::tree::{Form, Function, Loop, Macro, Node, Type};
use std::ops::RangeInclusive;

/// Macros inside one another multiply what they cost.
const MAX_LOOPS: usize = 2;

/// A function's name, whether it has a receiver, and its number of arguments with the receiver.
type Signature = (&'static str, bool, RangeInclusive<usize>, Function);

const FUNCTIONS: [Signature; 22] = [
    ("size", true, 1..=1, Function::Size),
    ("size", false, 1..=1, Function::Size),
    ("contains", true, 2..=2, Function::Contains),
    ("startsWith", true, 2..=2, Function::StartsWith),
    ("endsWith", true, 2..=2, Function::EndsWith),
    ("lowerAscii", true, 1..=1, Function::LowerAscii),
    ("upperAscii", true, 1..=1, Function::UpperAscii),
    ("trim", true, 1..=1, Function::Trim),
    ("split", true, 2..=2, Function::Split),
    ("indexOf", true, 2..=2, Function::IndexOf),
    ("substring", true, 2..=3, Function::Substring),
    ("bool", false, 1..=1, Function::Bool),
    ("int", false, 1..=1, Function::Int),
    ("uint", false, 1..=1, Function::Uint),
    ("double", false, 1..=1, Function::Double),
    ("string", false, 1..=1, Function::Text),
    ("dyn", false, 1..=1, Function::Dyn),
    ("type", false, 1..=1, Function::TypeOf),
    ("hasValue", true, 1..=1, Function::HasValue),
    ("value", true, 1..=1, Function::Value),
    ("or", true, 2..=2, Function::Or),
    ("orValue", true, 2..=2, Function::OrValue),
];

/// A macro's name and its numbers of arguments without the receiver.
const MACROS: [(&str, RangeInclusive<usize>, Macro); 6] = [
    ("all", 2..=2, Macro::All),
    ("exists", 2..=2, Macro::Exists),
    ("exists_one", 2..=2, Macro::ExistsOne),
    ("existsOne", 2..=2, Macro::ExistsOne),
    ("filter", 2..=2, Macro::Filter),
    ("map", 2..=3, Macro::Map),
];

impl<'t> Parser<'t> {
    /// A call whose opening parenthesis is taken.
    pub(super) fn call(&mut self, receiver: Option<Node>, name: &'t str, at: usize) -> Parsed {
        match (receiver, name) {
            (None, "has") => self.has(at),
            (receiver, "matches") => self.matches(receiver, at),
            (Some(over), _) if MACROS.iter().any(|(known, ..)| *known == name) => {
                self.repeat(over, name, at)
            }
            (receiver, _) => self.function(receiver, name, at),
        }
    }

    fn function(&mut self, receiver: Option<Node>, name: &str, at: usize) -> Parsed {
        let method = receiver.is_some();
        let mut arguments: Vec<_> = receiver.into_iter().collect();
        arguments.extend(self.arguments(")")?);
        let mut known = FUNCTIONS.iter();
        let known = known.find(|(known, as_method, ..)| (*known, *as_method) == (name, method));
        let Some((_, _, counts, function)) = known else {
            let message = match FUNCTIONS.iter().find(|(known, ..)| *known == name) {
                Some(_) if method => format!("{name} is called as {name}(x)"),
                Some(_) => format!("{name} is called as x.{name}(...)"),
                None => format!("unknown function {name:?}"),
            };
            return Err(Problem::new(at, message));
        };
        if !counts.contains(&arguments.len()) {
            return Err(wrong_count(name, at));
        }
        Self::node(at, Form::Call(*function, arguments))
    }

    fn has(&mut self, at: usize) -> Parsed {
        let argument = self.expression()?;
        self.need(")")?;
        match argument.form {
            Form::Select { of, field, optional: false } => Self::node(at, Form::Has { of, field }),
            Form::Header { index, optional: false } => Self::node(at, Form::HasHeader(index)),
            _ => Err(Problem::new(argument.at, "has takes a field, like has(claims.email)")),
        }
    }

    /// The pattern is compiled here, once: it cannot come from a claim.
    fn matches(&mut self, receiver: Option<Node>, at: usize) -> Parsed {
        let mut arguments: Vec<_> = receiver.into_iter().collect();
        arguments.extend(self.arguments(")")?);
        let Ok([text, regex]) = <[Node; 2]>::try_from(arguments) else {
            return Err(wrong_count("matches", at));
        };
        demand(&text, Type::Text)?;
        let Form::Text(source) = regex.form else {
            return Err(Problem::new(regex.at, "the pattern must be a string literal"));
        };
        let pattern = Pattern::compile(&source, false);
        let pattern = pattern.map_err(|message| Problem::new(regex.at, message))?;
        Self::node(at, Form::Matches(Box::new(text), pattern))
    }

    /// `over.all(variable, each)` and its kin.
    fn repeat(&mut self, over: Node, name: &str, at: usize) -> Parsed {
        if self.locals.len() >= MAX_LOOPS {
            let message = format!("more than {MAX_LOOPS} macros inside one another");
            return Err(Problem::new(at, message));
        }
        let variable = match *self.peek() {
            Kind::Name(variable) if !matches!(variable, "true" | "false" | "null") => variable,
            _ => return Err(self.unexpected("the name of a variable")),
        };
        self.advance();
        self.need(",")?;
        self.locals.push(variable);
        let arguments = self.arguments(")")?;
        self.locals.pop();
        let count = arguments.len().saturating_add(1);
        let mut arguments = arguments.into_iter();
        let mut known = MACROS.iter();
        let known = known.find(|(known, counts, _)| *known == name && counts.contains(&count));
        let (Some((.., kind)), Some(each)) = (known, arguments.next()) else {
            return Err(wrong_count(name, at));
        };
        let result = arguments.next();
        if *kind != Macro::Map || result.is_some() {
            demand(&each, Type::Bool)?;
        }
        Self::node(at, Form::Loop(*kind, Box::new(Loop { over, each, result })))
    }
}

fn wrong_count(name: &str, at: usize) -> Problem {
    Problem::new(at, format!("{name} with a wrong number of arguments"))
}
