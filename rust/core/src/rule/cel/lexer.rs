//! The text of an expression -> tokens.

use super::text;

/// What is wrong with an expression, and at which byte of it.
pub(super) struct Problem {
    pub at: usize,
    pub message: String,
}

impl Problem {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'t> {
    pub at: usize,
    pub kind: Kind<'t>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'t> {
    /// A name, or one of the words `true`, `false`, `null`.
    Name(&'t str),
    /// A field's name between backticks.
    Quoted(&'t str),
    /// An integer's digits; hexadecimal with its `0x`.
    Int(&'t str),
    /// An unsigned integer's digits, without the `u`.
    Uint(&'t str),
    Double(&'t str),
    /// A string, unescaped.
    Text(Box<str>),
    /// `in` is one of them.
    Symbol(&'static str),
    End,
}

/// Longer ones come before those that they begin with.
const SYMBOLS: [&str; 24] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Problem> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks();
        let at = lexer.at;
        let kind = lexer.token()?;
        let last = kind == Kind::End;
        tokens.push(Token { at, kind });
        if last {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The longest beginning of the rest with such characters.
    fn run(&self, fits: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        rest.split(|character| !fits(character)).next().unwrap_or_default()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    /// Blanks, and comments to the end of their line.
    fn skip_blanks(&mut self) {
        loop {
            let blanks =
                self.run(|character| matches!(character, ' ' | '\t' | '\n' | '\x0c' | '\r'));
            self.advance(blanks.len());
            if !self.rest().starts_with("//") {
                return;
            }
            let comment = self.run(|character| character != '\n');
            self.advance(comment.len());
        }
    }

    fn token(&mut self) -> Result<Kind<'t>, Problem> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Kind::End) };
        let digit_follows = || rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
        if first.is_ascii_digit() || (first == '.' && digit_follows()) {
            return self.number();
        }
        if first == '`' {
            return self.quoted();
        }
        let word = self.run(|character| character.is_ascii_alphanumeric() || character == '_');
        let behind = rest.get(word.len()..).unwrap_or_default();
        if behind.starts_with(['"', '\'']) {
            let raw = match word {
                "" => Some(false),
                "r" | "R" => Some(true),
                "b" | "B" | "br" | "bR" | "Br" | "BR" | "rb" | "rB" | "Rb" | "RB" => {
                    return Err(Problem::new(self.at, "bytes are not supported"));
                }
                _ => None,
            };
            if let Some(raw) = raw {
                self.advance(word.len());
                let (value, length) = text::read(behind, raw)
                    .map_err(|(at, message)| Problem::new(self.at.saturating_add(at), message))?;
                self.advance(length);
                return Ok(Kind::Text(value));
            }
        }
        if !word.is_empty() {
            self.advance(word.len());
            return Ok(if word == "in" { Kind::Symbol("in") } else { Kind::Name(word) });
        }
        let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) else {
            let hint = match first {
                '=' => "; equality is ==",
                '&' => "; and is &&",
                '|' => "; or is ||",
                _ => "",
            };
            return Err(Problem::new(self.at, format!("unexpected {first:?}{hint}")));
        };
        self.advance(symbol.len());
        Ok(Kind::Symbol(symbol))
    }

    fn quoted(&mut self) -> Result<Kind<'t>, Problem> {
        let opened = self.at;
        self.advance(1);
        let name = self.run(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-' | '/' | ' ')
        });
        self.advance(name.len());
        if name.is_empty() || !self.rest().starts_with('`') {
            let message = "a name between backticks has letters, digits, _ . - / and spaces";
            return Err(Problem::new(opened, message));
        }
        self.advance(1);
        Ok(Kind::Quoted(name))
    }

    fn number(&mut self) -> Result<Kind<'t>, Problem> {
        let (start, text) = (self.at, self.text);
        let since = |at: usize| text.get(start..at).unwrap_or_default();
        let hexadecimal = self.rest().strip_prefix("0x").or_else(|| self.rest().strip_prefix("0X"));
        let mut double = false;
        if hexadecimal.is_some() {
            self.advance(2);
            let digits = self.run(|character| character.is_ascii_hexdigit());
            self.advance(digits.len());
        } else {
            self.digits();
            // `1.size` has no fraction: the dot is a field's.
            let fraction = self.rest().as_bytes();
            if fraction.first() == Some(&b'.') && fraction.get(1).is_some_and(u8::is_ascii_digit) {
                double = true;
                self.advance(1);
                self.digits();
            }
            if self.rest().starts_with(['e', 'E']) {
                double = true;
                self.advance(1);
                if self.rest().starts_with(['+', '-']) {
                    self.advance(1);
                }
                self.digits();
            }
        }
        let digits = since(self.at);
        let unsigned = !double && self.rest().starts_with(['u', 'U']);
        if unsigned {
            self.advance(1);
        }
        if self.rest().starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_') {
            return Err(Problem::new(start, "a number runs into a name"));
        }
        Ok(match (double, unsigned) {
            (true, _) => Kind::Double(digits),
            (false, true) => Kind::Uint(digits),
            (false, false) => Kind::Int(digits),
        })
    }

    fn digits(&mut self) {
        let digits = self.run(|character| character.is_ascii_digit());
        self.advance(digits.len());
    }
}
