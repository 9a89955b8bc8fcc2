//! A parsed expression: its names are resolved, its functions known, its patterns compiled.

use crate::rule::Pattern;

mod function;

pub(super) use function::Function;

/// An expression, and where it stands in the text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub at: usize,
    pub depth: usize,
    pub form: Form,
}

#[derive(Clone, Debug)]
pub(super) enum Form {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Box<str>),
    Type(Type),
    List(Vec<Node>),
    /// The variable `claims`.
    Claims,
    /// `request.host` and its kin.
    Request(Part),
    /// `request.headers['name']`, by the index of its name.
    Header {
        index: usize,
        optional: bool,
    },
    /// `has(request.headers.name)`
    HasHeader(usize),
    /// A macro's variable, counted from the outermost macro.
    Local(usize),
    Select {
        of: Box<Node>,
        field: Box<str>,
        optional: bool,
    },
    /// `has(of.field)`
    Has {
        of: Box<Node>,
        field: Box<str>,
    },
    Index {
        pair: Box<[Node; 2]>,
        optional: bool,
    },
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    /// `condition ? yes : no`
    Choose(Box<[Node; 3]>),
    Binary(Operator, Box<[Node; 2]>),
    Matches(Box<Node>, Pattern),
    /// The receiver, where there is one, is the first argument.
    Call(Function, Vec<Node>),
    Loop(Macro, Box<Loop>),
}

/// `over.all(variable, each)` and its kin.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub over: Node,
    pub each: Node,
    /// The third argument of `map`, where there is one: `each` is then a filter.
    pub result: Option<Node>,
}

/// What is known of the original request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Host,
    Path,
    Method,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    List,
    Map,
    Meta,
    Optional,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

impl Type {
    /// The types that an expression can name.
    pub(super) const NAMED: [Self; 9] = [
        Self::Null,
        Self::Bool,
        Self::Int,
        Self::Uint,
        Self::Double,
        Self::Text,
        Self::List,
        Self::Map,
        Self::Meta,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::Text => "string",
            Self::List => "list",
            Self::Map => "map",
            Self::Meta => "type",
            Self::Optional => "optional_type",
        }
    }
}

impl Part {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Host => "request.host",
            Self::Path => "request.path",
            Self::Method => "request.method",
        }
    }
}

impl Operator {
    /// Those of each precedence, the loosest first; all bind to the left.
    pub(super) const LEVELS: [&[(&str, Self)]; 3] = [
        &[
            ("==", Self::Equal),
            ("!=", Self::Unequal),
            ("<", Self::Less),
            ("<=", Self::LessOrEqual),
            (">", Self::Greater),
            (">=", Self::GreaterOrEqual),
            ("in", Self::In),
        ],
        &[("+", Self::Add), ("-", Self::Subtract)],
        &[("*", Self::Multiply), ("/", Self::Divide), ("%", Self::Remainder)],
    ];
}

impl Form {
    /// How many nodes stand above one another from here down.
    pub(super) fn depth(&self) -> usize {
        let deepest = |nodes: &[Node]| nodes.iter().map(|node| node.depth).max().unwrap_or(0);
        let below = match self {
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Uint(_)
            | Self::Double(_)
            | Self::Text(_)
            | Self::Type(_)
            | Self::Claims
            | Self::Request(_)
            | Self::Header { .. }
            | Self::HasHeader(_)
            | Self::Local(_) => 0,
            Self::Select { of, .. } | Self::Has { of, .. } => of.depth,
            Self::Not(node) | Self::Negate(node) | Self::Matches(node, _) => node.depth,
            Self::List(nodes) | Self::And(nodes) | Self::Or(nodes) | Self::Call(_, nodes) => {
                deepest(nodes)
            }
            Self::Index { pair, .. } | Self::Binary(_, pair) => deepest(&**pair),
            Self::Choose(nodes) => deepest(&**nodes),
            Self::Loop(_, inner) => {
                let result = inner.result.as_ref().map_or(0, |node| node.depth);
                inner.over.depth.max(inner.each.depth).max(result)
            }
        };
        below.saturating_add(1)
    }

    /// Whether its value is the same for all claims, and needs no evaluation.
    pub(super) const fn is_literal(&self) -> bool {
        matches!(
            self,
            Self::Null
                | Self::Bool(_)
                | Self::Int(_)
                | Self::Uint(_)
                | Self::Double(_)
                | Self::Text(_)
        )
    }

    /// The type of its value, where the claims cannot change it.
    pub(super) fn kind(&self) -> Option<Type> {
        Some(match self {
            Self::Null => Type::Null,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::Text(_) | Self::Request(_) | Self::Header { optional: false, .. } => Type::Text,
            Self::Type(_) => Type::Meta,
            Self::List(_) | Self::Loop(Macro::Filter | Macro::Map, _) => Type::List,
            Self::Claims => Type::Map,
            Self::Bool(_)
            | Self::Has { .. }
            | Self::HasHeader(_)
            | Self::Not(_)
            | Self::And(_)
            | Self::Or(_)
            | Self::Matches(..)
            | Self::Loop(..) => Type::Bool,
            Self::Select { optional: true, .. }
            | Self::Index { optional: true, .. }
            | Self::Header { optional: true, .. } => Type::Optional,
            Self::Binary(operator, pair) => match operator {
                Operator::Equal
                | Operator::Unequal
                | Operator::Less
                | Operator::LessOrEqual
                | Operator::Greater
                | Operator::GreaterOrEqual
                | Operator::In => Type::Bool,
                // What these are applied to is what they give.
                _ => pair.iter().find_map(|node| node.form.kind())?,
            },
            Self::Call(function, _) => return function.kind(),
            Self::Negate(node) => return node.form.kind(),
            Self::Choose(nodes) => {
                let [_, yes, no] = &**nodes;
                return yes.form.kind().filter(|kind| no.form.kind() == Some(*kind));
            }
            Self::Local(_) | Self::Select { .. } | Self::Index { .. } => return None,
        })
    }
}
