//! Number literals; their sign stands before them.

pub(super) fn int(digits: &str, negative: bool) -> Option<i64> {
    let sign = if negative { "-" } else { "" };
    match hexadecimal(digits) {
        Some(digits) => i64::from_str_radix(&format!("{sign}{digits}"), 16).ok(),
        None => format!("{sign}{digits}").parse().ok(),
    }
}

pub(super) fn uint(digits: &str) -> Option<u64> {
    match hexadecimal(digits) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    }
}

fn hexadecimal(digits: &str) -> Option<&str> {
    digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"))
}

pub(super) fn double(digits: &str, negative: bool) -> Option<f64> {
    let number = digits.parse().ok().filter(|number: &f64| number.is_finite())?;
    Some(if negative { -number } else { number })
}
