//! Routes by the elements of their paths: a tree, walked down along a request's path.

use super::pattern::{Kind, Pattern, elements};
use std::collections::HashMap;

/// What a route leads to, where its host and path fit.
#[derive(Debug)]
pub struct Target {
    /// Its place in the list: the lowest that fits wins.
    pub order: usize,
    pub methods: Option<Vec<String>>,
    pub policy: usize,
}

impl Target {
    fn takes(&self, method: Option<&str>) -> bool {
        let listed = |all: &Vec<String>| all.iter().any(|one| Some(one.as_str()) == method);
        self.methods.as_ref().is_none_or(listed)
    }

    /// Whether whatever method the other one takes, this one takes too.
    fn covers(&self, other: Option<&[String]>) -> bool {
        match (&self.methods, other) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(mine), Some(other)) => other.iter().all(|method| mine.contains(method)),
        }
    }
}

/// A route stands where its plain elements end.
#[derive(Debug, Default)]
pub struct Paths {
    here: Vec<(Pattern, Target)>,
    below: HashMap<Box<str>, Paths>,
}

impl Paths {
    /// Adds a route.
    pub fn add(&mut self, pattern: Pattern, target: Target) {
        let mut node = self;
        for element in &pattern.plain {
            node = node.below.entry(element.clone()).or_default();
        }
        node.here.push((pattern, target));
    }

    /// The first route that takes a path and a method.
    pub fn find(&self, path: &str, method: Option<&str>) -> Option<&Target> {
        let mut best: Option<&Target> = None;
        let mut node = self;
        let all: Vec<&str> = elements(path).collect();
        let mut rest = all.as_slice();
        loop {
            for (pattern, target) in &node.here {
                let earlier = best.is_none_or(|best| target.order < best.order);
                let fits = || match &pattern.kind {
                    Kind::Prefix => true,
                    Kind::Exact { slash } => rest.is_empty() && path.ends_with('/') == *slash,
                    Kind::Glob(glob) => glob.takes(rest),
                };
                if earlier && target.takes(method) && fits() {
                    best = Some(target);
                }
            }
            let Some((next, after)) = rest.split_first() else { return best };
            let Some(below) = node.below.get(*next) else { return best };
            (node, rest) = (below, after);
        }
    }

    /// An earlier route that leaves nothing for a new one.
    pub fn covering(&self, pattern: &Pattern, methods: Option<&[String]>) -> Option<usize> {
        let mut node = Some(self);
        let mut rest = pattern.plain.iter();
        while let Some(here) = node {
            let mut all = here.here.iter();
            let found = all.find(|(one, target)| target.covers(methods) && one.covers(pattern));
            if let Some((_, target)) = found {
                return Some(target.order);
            }
            node = rest.next().and_then(|element| here.below.get(element));
        }
        None
    }
}
