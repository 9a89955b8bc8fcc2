//! Escapes inside strings (RFC 8259 section 7); half a surrogate pair stands for no character.

#![allow(clippy::arithmetic_side_effects, reason = "positions stay below the text's length")]

use super::{Malformed, Parser};

impl Parser<'_> {
    pub(super) fn escape(&mut self) -> Result<char, Malformed> {
        let letter = self.peek().ok_or(Malformed("a string does not end"))?;
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err(Malformed("a string holds an unknown escape")),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, Malformed> {
        const LONE: Malformed = Malformed("a string holds half a surrogate pair");
        let unit = self.hex_unit()?;
        if !(0xd800..0xe000).contains(&unit) {
            return char::from_u32(unit).ok_or(LONE);
        }
        if unit >= 0xdc00 || self.bytes.get(self.at..self.at + 2) != Some(b"\\u") {
            return Err(LONE);
        }
        self.at += 2;
        let low = self.hex_unit()?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(LONE);
        }
        char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).ok_or(LONE)
    }

    fn hex_unit(&mut self) -> Result<u32, Malformed> {
        const SHORT: Malformed = Malformed("a string holds a broken unicode escape");
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(SHORT)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, &digit| {
            Ok(unit << 4 | char::from(digit).to_digit(16).ok_or(SHORT)?)
        })
    }
}
