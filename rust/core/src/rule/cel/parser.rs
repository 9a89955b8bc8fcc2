//! Tokens -> a tree: operators and their precedence, as the CEL specification has them.

use super::RequestParts;
use super::lexer::{Kind, Problem, Token, tokens};
use super::tree::{Form, Node, Operator, Type};

mod calls;
mod members;
mod numbers;
mod request;

/// How many nodes may stand above one another; evaluation uses the stack for each.
const MAX_DEPTH: usize = 48;

pub(super) type Parsed = Result<Node, Problem>;

/// The tree, and whether it looks at the request.
pub(super) fn parse(text: &str, parts: &RequestParts) -> Result<(Node, bool), Problem> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        nesting: 0,
        locals: Vec::new(),
        parts,
        looks_at_request: false,
    };
    let node = parser.expression()?;
    match parser.peek() {
        Kind::End => Ok((node, parser.looks_at_request)),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

struct Parser<'t> {
    /// The last one is the end.
    tokens: Vec<Token<'t>>,
    next: usize,
    nesting: usize,
    /// The variables of the macros around this place.
    locals: Vec<&'t str>,
    /// What may be asked of the request.
    parts: &'t RequestParts,
    looks_at_request: bool,
}

impl<'t> Parser<'t> {
    fn at(&self) -> usize {
        let token = self.tokens.get(self.next).or_else(|| self.tokens.last());
        token.map_or(0, |token| token.at)
    }

    fn peek(&self) -> &Kind<'t> {
        self.tokens.get(self.next).map_or(&Kind::End, |token| &token.kind)
    }

    fn advance(&mut self) -> Kind<'t> {
        let kind = self.peek().clone();
        self.next = self.next.saturating_add(1);
        kind
    }

    fn take(&mut self, symbol: &'static str) -> bool {
        let found = *self.peek() == Kind::Symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    fn need(&mut self, symbol: &'static str) -> Result<(), Problem> {
        if self.take(symbol) { Ok(()) } else { Err(self.unexpected(symbol)) }
    }

    fn unexpected(&self, expected: &str) -> Problem {
        let found = match self.peek() {
            Kind::End => "the end".into(),
            Kind::Name(name) | Kind::Quoted(name) => format!("{name:?}"),
            Kind::Symbol(symbol) => (*symbol).to_owned(),
            Kind::Text(_) => "a string".into(),
            Kind::Int(_) | Kind::Uint(_) | Kind::Double(_) => "a number".into(),
        };
        Problem::new(self.at(), format!("expected {expected}, found {found}"))
    }

    fn node(at: usize, form: Form) -> Parsed {
        let depth = form.depth();
        if depth > MAX_DEPTH { Err(too_deep(at)) } else { Ok(Node { at, depth, form }) }
    }

    /// Parses one level further down.
    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.nesting >= MAX_DEPTH {
            return Err(too_deep(self.at()));
        }
        self.nesting = self.nesting.saturating_add(1);
        let node = parse(self)?;
        self.nesting = self.nesting.saturating_sub(1);
        Ok(node)
    }

    fn expression(&mut self) -> Parsed {
        self.nested(|parser| {
            let at = parser.at();
            let condition = parser.any()?;
            if !parser.take("?") {
                return Ok(condition);
            }
            demand(&condition, Type::Bool)?;
            let yes = parser.any()?;
            parser.need(":")?;
            let no = parser.expression()?;
            Self::node(at, Form::Choose(Box::new([condition, yes, no])))
        })
    }

    fn any(&mut self) -> Parsed {
        self.chain("||", Self::all, Form::Or)
    }

    fn all(&mut self) -> Parsed {
        self.chain("&&", |parser| parser.binary(0), Form::And)
    }

    /// A chain of `&&` or `||` is one node, however long it is.
    fn chain(
        &mut self,
        symbol: &'static str,
        part: impl Fn(&mut Self) -> Parsed,
        form: impl FnOnce(Vec<Node>) -> Form,
    ) -> Parsed {
        let at = self.at();
        let first = part(self)?;
        if *self.peek() != Kind::Symbol(symbol) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(symbol) {
            parts.push(part(self)?);
        }
        for node in &parts {
            demand(node, Type::Bool)?;
        }
        Self::node(at, form(parts))
    }

    fn binary(&mut self, level: usize) -> Parsed {
        let Some(operators) = Operator::LEVELS.get(level) else { return self.unary() };
        let tighter = level.saturating_add(1);
        let mut left = self.binary(tighter)?;
        loop {
            let found = operators.iter().find(|(symbol, _)| *self.peek() == Kind::Symbol(symbol));
            let Some((_, operator)) = found else { return Ok(left) };
            let at = self.at();
            self.advance();
            let pair = Box::new([left, self.binary(tighter)?]);
            left = Self::node(at, Form::Binary(*operator, pair))?;
        }
    }

    fn unary(&mut self) -> Parsed {
        let at = self.at();
        if self.take("!") {
            let operand = self.nested(Self::unary)?;
            demand(&operand, Type::Bool)?;
            return Self::node(at, Form::Not(Box::new(operand)));
        }
        if !self.take("-") {
            let first = self.primary(false)?;
            return self.members(first);
        }
        if matches!(self.peek(), Kind::Int(_) | Kind::Double(_)) {
            let first = self.primary(true)?;
            return self.members(first);
        }
        let operand = self.nested(Self::unary)?;
        Self::node(at, Form::Negate(Box::new(operand)))
    }

    /// What may stand before `.` and `[`.
    fn primary(&mut self, negative: bool) -> Parsed {
        let at = self.at();
        let form = match self.peek().clone() {
            Kind::Int(digits) => Form::Int(
                numbers::int(digits, negative)
                    .ok_or_else(|| Problem::new(at, "the integer is beyond 64 bits"))?,
            ),
            Kind::Uint(digits) => Form::Uint(
                numbers::uint(digits)
                    .ok_or_else(|| Problem::new(at, "the unsigned integer is beyond 64 bits"))?,
            ),
            Kind::Double(digits) => Form::Double(
                numbers::double(digits, negative)
                    .ok_or_else(|| Problem::new(at, "this is no number that a double can hold"))?,
            ),
            Kind::Text(text) => Form::Text(text),
            Kind::Name("true") => Form::Bool(true),
            Kind::Name("false") => Form::Bool(false),
            Kind::Name("null") => Form::Null,
            Kind::Name(name) => {
                self.advance();
                return self.name(name, at);
            }
            Kind::Symbol("(") => {
                self.advance();
                let inner = self.expression()?;
                self.need(")")?;
                return Ok(inner);
            }
            Kind::Symbol("[") => {
                self.advance();
                return Self::node(at, Form::List(self.arguments("]")?));
            }
            Kind::Symbol("{") => return Err(Problem::new(at, "map literals are not supported")),
            _ => return Err(self.unexpected("a value")),
        };
        self.advance();
        Self::node(at, form)
    }

    /// A variable, a type or a function's call.
    fn name(&mut self, name: &'t str, at: usize) -> Parsed {
        if self.take("(") {
            return self.call(None, name, at);
        }
        if let Some(local) = self.locals.iter().rposition(|local| *local == name) {
            return Self::node(at, Form::Local(local));
        }
        if name == "claims" {
            return Self::node(at, Form::Claims);
        }
        if name == "request" {
            self.looks_at_request = true;
            return self.request(at);
        }
        match Type::NAMED.into_iter().find(|kind| kind.name() == name) {
            Some(kind) => Self::node(at, Form::Type(kind)),
            None => Err(Problem::new(
                at,
                format!("unknown variable {name:?}; there is claims, and request"),
            )),
        }
    }
}

fn too_deep(at: usize) -> Problem {
    Problem::new(at, format!("more than {MAX_DEPTH} levels"))
}

/// Refuses what is known to be of another type.
pub(super) fn demand(node: &Node, expected: Type) -> Result<(), Problem> {
    match node.form.kind() {
        Some(found) if found != expected => {
            let message = format!("expected a {}, found {}", expected.name(), found.name());
            Err(Problem::new(node.at, message))
        }
        _ => Ok(()),
    }
}
