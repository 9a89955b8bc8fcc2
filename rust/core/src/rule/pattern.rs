//! A regular expression in linear time, and what it costs to read a text with it.

use super::Subject;
use pace::Pace;
use regex::{Regex, RegexBuilder, bytes};

mod pace;

/// A compiled regular expression may take this many bytes.
const REGEX_BYTES: usize = 1 << 20;

/// A compiled regular expression.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    pace: Pace,
}

impl Pattern {
    /// Compiles it, for the whole value or for a part of it.
    ///
    /// # Errors
    /// One sentence that says what is wrong with it.
    pub fn compile(text: &str, whole: bool) -> Result<Self, String> {
        // Compiled alone first, so that a stray bracket cannot close the anchors' group.
        let alone = build(text, REGEX_BYTES).map_err(|error| wrong(text, &error))?;
        if !whole {
            return Ok(Self { regex: alone, pace: Pace::of(text)? });
        }
        let anchored = format!(r"\A(?:{text})\z");
        let regex = build(&anchored, REGEX_BYTES).map_err(|error| wrong(text, &error))?;
        Ok(Self { regex, pace: Pace::of(&anchored)? })
    }

    /// Whether it matches; `None` where the decision has no steps left for it.
    pub(crate) fn finds(&self, text: &str, subject: &Subject<'_>) -> Option<bool> {
        subject.pay(self.steps(text))?;
        Some(self.is_match(text))
    }

    /// Whether it matches, whatever that costs.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The steps that it takes to look at a text.
    pub(super) fn steps(&self, text: &str) -> usize {
        self.pace.steps(text)
    }
}

fn build(text: &str, bytes: usize) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(bytes).build()
}

/// Why a pattern is refused, and what to write instead.
fn wrong(text: &str, error: &regex::Error) -> String {
    if !matches!(error, regex::Error::CompiledTooBig(_)) {
        // The last line of the error names the cause; those before it draw a picture.
        let message = error.to_string();
        let cause = message.lines().last().unwrap_or_default().trim();
        return format!("bad regular expression: {}", cause.trim_start_matches("error: "));
    }
    let limit = REGEX_BYTES >> 20;
    let shown: String = text.chars().take(40).collect();
    let dots = if shown.len() < text.len() { "..." } else { "" };
    // Where it fits without Unicode, that is the reason.
    let ascii = bytes::RegexBuilder::new(text).unicode(false).size_limit(REGEX_BYTES).build();
    let advice = if ascii.is_ok() {
        "classes such as \\w are all of Unicode, hundreds of ranges at each repetition; for ASCII \
         write (?-u:\\w) or [0-9A-Za-z_]"
    } else {
        "repetitions such as {1000} are written out; write + or *, or smaller numbers"
    };
    format!(
        "bad regular expression: {shown:?}{dots} is too large, more than {limit} MiB when compiled: {advice}"
    )
}
