//! How fast a pattern reads: at a constant pace where its states fit into memory.
//!
//! The engine makes states as it meets them, each byte then costs about the same. Where there are too
//! many it falls back to following all parts of the pattern at once, byte by byte.

use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA};
use regex_syntax::hir::{
    Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look, Repetition,
};

/// A pattern whose states take no more than this has all of them at hand.
const AUTOMATON_BYTES: usize = 1 << 18;

/// What following its parts may take, as in the regular expression itself.
const PARTS_BYTES: usize = 1 << 20;

/// So many bytes of text cost a step at the constant pace.
const BYTES_A_STEP: usize = 16;

/// So many parts cost a step a byte: measured, 3 to 4 ns each, where a step is some 30 ns.
const PARTS_A_STEP: usize = 8;

/// What a byte costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Whether the pace is constant in every text.
    steady: bool,
    /// Whether it is in ASCII: of the hundreds of ranges of `\w` few are met there.
    steady_in_ascii: bool,
    /// Steps a byte where it is not.
    slow: usize,
}

impl Pace {
    /// The pace of a pattern that compiles.
    ///
    /// # Errors
    /// The pattern is larger than its own limit.
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let whole = regex_syntax::parse(text).map_err(wrong)?;
        // What begins at the text's beginning is never read backwards.
        let forwards = whole.properties().look_set_prefix().contains(Look::Start);
        let ascii = in_ascii(&whole);
        let parts = parts(&ascii, false)?;
        let backwards = || forwards || self::parts(&ascii, true).is_ok_and(|parts| fits(&parts));
        let steady_in_ascii = fits(&parts) && backwards();
        let steady = steady_in_ascii
            && forwards
            && self::parts(&whole, false).is_ok_and(|parts| fits(&parts));
        let slow = (parts.states().len() / PARTS_A_STEP).saturating_add(1);
        Ok(Self { steady, steady_in_ascii, slow })
    }

    /// The steps for a text.
    pub(super) fn steps(self, text: &str) -> usize {
        let bytes = text.len();
        let steady = self.steady || self.steady_in_ascii && text.is_ascii();
        let steps = if steady { bytes / BYTES_A_STEP } else { bytes.saturating_mul(self.slow) };
        steps.saturating_add(1)
    }
}

fn parts(hir: &Hir, backwards: bool) -> Result<NFA, String> {
    let config = thompson::Config::new()
        .reverse(backwards)
        .nfa_size_limit(Some(PARTS_BYTES))
        .which_captures(thompson::WhichCaptures::None);
    thompson::Compiler::new().configure(config).build_from_hir(hir).map_err(wrong)
}

fn wrong(error: impl std::fmt::Display) -> String {
    format!("bad regular expression: {error}")
}

fn fits(parts: &NFA) -> bool {
    let config = dense::Config::new()
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(AUTOMATON_BYTES))
        .determinize_size_limit(Some(AUTOMATON_BYTES));
    dense::Builder::new().configure(config).build_from_nfa(parts).is_ok()
}

/// What is left of a pattern for a text of ASCII alone.
fn in_ascii(hir: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(in_ascii).collect();
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(Class::Unicode(class)) => {
            let mut class = class.clone();
            class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\x7f')]));
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(class) => Hir::class(class.clone()),
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            other => *other,
        }),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(in_ascii(&repetition.sub)),
            ..repetition.clone()
        }),
        HirKind::Capture(capture) => {
            Hir::capture(Capture { sub: Box::new(in_ascii(&capture.sub)), ..capture.clone() })
        }
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
    }
}
