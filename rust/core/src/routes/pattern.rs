//! The path of a route: an exact path, a prefix of whole elements, or a glob of them.

use super::fold::fold;
use crate::settings::{Case, PathSettings};

/// The elements of a path: what stands between its slashes.
pub fn elements(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.split('/').filter(|element| !element.is_empty())
}

/// What a route's path takes, under the elements that it begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// These elements and whatever is below them, with and without a slash at the end.
    Prefix,
    /// These elements alone, with a slash at the end or without one.
    Exact {
        /// With one.
        slash: bool,
    },
    /// What the glob takes; a slash at the end of the path is nothing to it.
    Glob(Glob),
}

/// A route's path, compiled.
#[derive(Debug)]
pub struct Pattern {
    /// It begins with these elements.
    pub plain: Vec<Box<str>>,
    /// And takes this.
    pub kind: Kind,
}

impl Pattern {
    /// Compiles a path.
    ///
    /// # Errors
    /// What is wrong with it, and what to write instead.
    pub fn compile(path: Option<&PathSettings>, case: Case) -> Result<Self, String> {
        let text = match path {
            None => "/",
            Some(PathSettings::Text(text)) => text,
            Some(PathSettings::Exact { exact }) => exact,
            Some(PathSettings::Prefix { prefix }) => prefix,
            Some(PathSettings::Glob { glob }) => glob,
        };
        check(text)?;
        let by_name =
            matches!(path, Some(PathSettings::Exact { .. } | PathSettings::Prefix { .. }));
        if by_name && text.contains('*') {
            return Err("`*` is no wildcard in exact and prefix: expected {glob: ...}".into());
        }
        if !by_name && text.contains(['[', ']', '{', '}']) {
            return Err(
                "there are no classes and no alternatives: expected a route for each, `*` \
                        for any one element, or {exact: ...} or {prefix: ...} for the character \
                        itself"
                    .into(),
            );
        }
        let text = match case {
            Case::Sensitive => text.into(),
            Case::Insensitive => fold(text).ok_or_else(never)?,
        };
        let is_glob = matches!(path, Some(PathSettings::Glob { .. })) || text.contains('*');
        let all = elements(&text);
        if matches!(path, Some(PathSettings::Exact { .. })) {
            let slash = text.ends_with('/');
            return Ok(Self { plain: all.map(Into::into).collect(), kind: Kind::Exact { slash } });
        }
        if !is_glob {
            return Ok(Self { plain: all.map(Into::into).collect(), kind: Kind::Prefix });
        }
        let plain = all.clone().take_while(|element| !element.contains('*'));
        let plain: Vec<Box<str>> = plain.map(Into::into).collect();
        let parts: Vec<_> = all.skip(plain.len()).map(Part::compile).collect::<Result<_, _>>()?;
        // `/admin/**` is the prefix /admin.
        let kind = if parts == [Part::Any] { Kind::Prefix } else { Kind::Glob(Glob(parts)) };
        Ok(Self { plain, kind })
    }

    /// Whether whatever the other one takes, this one takes too. It may say no where it does.
    pub fn covers(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Prefix, _) => other.plain.starts_with(&self.plain),
            (Kind::Glob(glob), Kind::Exact { .. }) => {
                let rest = other.plain.strip_prefix(self.plain.as_slice());
                let rest: Option<Vec<_>> = rest.map(|rest| rest.iter().map(|one| &**one).collect());
                rest.is_some_and(|rest| glob.takes(&rest))
            }
            (mine, others) => mine == others && self.plain == other.plain,
        }
    }
}

fn never() -> String {
    "such a path is never matched; write it decoded, without query and dot segments".into()
}

fn check(path: &str) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err("expected a path that begins with a slash".into());
    }
    // No request with such a path ever gets as far as the routes.
    let dots = |element: &str| element == "." || element == "..";
    if path.contains("//")
        || path.contains([';', '\\', '%', '?', '#'])
        || path.contains(|one: char| one.is_ascii_control())
        || path.split('/').any(dots)
    {
        return Err(never());
    }
    Ok(())
}

/// What follows the plain elements of a glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// `**`: any number of elements, none too.
    Any,
    /// One element, by what stands between its `*`.
    One(Vec<Box<str>>),
}

impl Part {
    fn compile(element: &str) -> Result<Self, String> {
        if element == "**" {
            return Ok(Self::Any);
        }
        if element.contains("**") {
            let one = element.replace("**", "*");
            let many = match (element.strip_suffix("**"), element.strip_prefix("**")) {
                (Some(head), _) => format!("{head}/**"),
                (None, Some(tail)) => format!("**/*{tail}"),
                (None, None) => element.replace("**", "*/**/*"),
            };
            return Err(format!(
                "`**` stands for whole elements: expected `{many}` for any number of them, or \
                 `{one}` for one"
            ));
        }
        Ok(Self::One(element.split('*').map(Into::into).collect()))
    }
}

impl Glob {
    /// Whether it takes these elements, which follow its plain ones. In linear time for each `**`.
    pub fn takes(&self, elements: &[&str]) -> bool {
        let mut parts = self.0.as_slice();
        let mut rest = elements;
        // What follows the last `**`, and where that took up to now.
        let mut back = None;
        loop {
            match (parts.split_first(), rest.split_first()) {
                (None, None) => return true,
                (Some((Part::Any, after)), _) => {
                    back = Some((after, rest));
                    parts = after;
                    continue;
                }
                // A longer `**` would leave less.
                (Some((Part::One(_), _)), None) => return false,
                (Some((Part::One(pieces), after)), Some((element, ahead)))
                    if fits(pieces, element) =>
                {
                    (parts, rest) = (after, ahead);
                    continue;
                }
                (Some((Part::One(_), _)) | None, Some(_)) => {}
            }
            let Some((after, from)) = &mut back else { return false };
            let Some((_, shorter)) = from.split_first() else { return false };
            *from = shorter;
            (parts, rest) = (*after, *from);
        }
    }
}

/// Whether an element begins with the first piece, ends with the last, and has the others between.
fn fits(pieces: &[Box<str>], element: &str) -> bool {
    let (first, middle, last) = match pieces {
        [] => return false,
        [whole] => return **whole == *element,
        [first, middle @ .., last] => (first, middle, last),
    };
    // No comparison with an empty piece: its pointer dangles, which costs the CPU some 200 ns.
    let after = if first.is_empty() { Some(element) } else { element.strip_prefix(&**first) };
    let Some(after) = after else { return false };
    let inner = if last.is_empty() { Some(after) } else { after.strip_suffix(&**last) };
    let Some(mut inner) = inner else { return false };
    for piece in middle {
        let Some((_, after)) = inner.split_once(&**piece) else { return false };
        inner = after;
    }
    true
}
