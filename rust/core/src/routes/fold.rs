//! Paths for a proxy that compares them without case.

/// The text in lower case, letter by letter, as Go's `strings.ToLower` has it; `None` where other
/// comparisons would take one of its letters for an ASCII letter, or would not where Go does:
/// for the Turkish capital `İ` and the long `ſ`.
pub fn fold(text: &str) -> Option<String> {
    if text.is_ascii() {
        return Some(text.to_ascii_lowercase());
    }
    let lower = |one: char| {
        let mut lower = one.to_lowercase();
        lower.next().filter(|_| !matches!(one, 'İ' | 'ſ'))
    };
    text.chars().map(lower).collect()
}
