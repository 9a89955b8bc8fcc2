//! The original request to a policy: the first route that fits, found without walking all of them.

use crate::original::Original;
use crate::settings::RouteSettings;
use globset::{GlobBuilder, GlobMatcher};
use std::collections::HashMap;

/// What a route leads to, where its host and path fit.
#[derive(Debug)]
struct Target {
    /// Its place in the list: the lowest that fits wins.
    order: usize,
    methods: Option<Vec<String>>,
    policy: usize,
    /// `/public/` takes what is below it, and not `/public` itself.
    only_below: bool,
}

impl Target {
    fn takes(&self, method: &str) -> bool {
        self.methods.as_ref().is_none_or(|all| all.iter().any(|one| one == method))
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

/// Routes by path segment: a prefix stands where it ends, a glob where its plain segments end.
#[derive(Debug, Default)]
struct Paths {
    here: Vec<Target>,
    globs: Vec<(GlobMatcher, Target)>,
    below: HashMap<Box<str>, Paths>,
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

impl Paths {
    /// Every node on the way down a path, and whether the path ends there, without a slash.
    fn nodes<'p>(&'p self, path: &str) -> Vec<(&'p Self, bool)> {
        let mut found = vec![(self, false)];
        let mut node = self;
        let mut rest = segments(path).peekable();
        while let Some(next) = rest.next().and_then(|segment| node.below.get(segment)) {
            node = next;
            found.push((node, rest.peek().is_none() && !path.ends_with('/')));
        }
        found
    }

    /// Every prefix route on the way down a path.
    fn along<'p>(&'p self, path: &str) -> impl Iterator<Item = &'p Target> {
        self.nodes(path).into_iter().flat_map(|(node, ends_here)| {
            node.here.iter().filter(move |target| !(ends_here && target.only_below))
        })
    }

    fn node(&mut self, path: &str) -> &mut Self {
        segments(path).fold(self, |node, segment| node.below.entry(segment.into()).or_default())
    }

    fn find(&self, path: &str, method: &str) -> Option<&Target> {
        let globs = self.nodes(path).into_iter().flat_map(|(node, _)| &node.globs);
        let globs = globs.filter(|(glob, _)| glob.is_match(path)).map(|(_, target)| target);
        let all = self.along(path).chain(globs);
        all.filter(|target| target.takes(method)).min_by_key(|target| target.order)
    }
}

/// The segments that a glob begins with and that mean themselves.
fn plain(glob: &str) -> &str {
    let before = glob.split(['*', '[', '{', '\\']).next().unwrap_or_default();
    before.rsplit_once('/').map_or("", |(before, _)| before)
}

/// All routes.
#[derive(Debug, Default)]
pub struct Routes {
    any_host: Paths,
    by_host: HashMap<Box<str>, Paths>,
    /// By the part behind `*.`.
    by_parent: HashMap<Box<str>, Paths>,
}

impl Routes {
    /// Compiles them; `policies` are the names in the gate's order.
    pub fn compile(
        settings: &[RouteSettings],
        policies: &HashMap<Box<str>, usize>,
        errors: &mut Vec<(String, String)>,
    ) -> Self {
        let mut routes = Self::default();
        for (order, route) in settings.iter().enumerate() {
            let mut wrong = |member: &str, message: String| {
                errors.push((format!("routes[{order}]{member}"), message));
            };
            let Some(&policy) = policies.get(&*route.policy) else {
                wrong(".policy", "no policy has this name".into());
                continue;
            };
            let methods = route.methods.clone();
            if methods
                .as_ref()
                .is_some_and(|all| all.iter().any(|one| !is_method(one)) || all.is_empty())
            {
                wrong(".methods", "expected methods in upper case, such as GET".into());
                continue;
            }
            let host = match route.host.as_deref().map(host_key).transpose() {
                Ok(host) => host,
                Err(message) => {
                    wrong(".host", message);
                    continue;
                }
            };
            let path = route.path.as_deref().unwrap_or("/");
            if let Err(message) = check_path(path) {
                wrong(".path", message);
                continue;
            }
            if let Some(earlier) = routes.covering(host.as_ref(), path, methods.as_deref()) {
                wrong("", format!("can never match: routes[{earlier}] takes all that it could"));
                continue;
            }
            let only_below = path.len() > 1 && path.ends_with('/');
            let target = Target { order, methods, policy, only_below };
            let paths = routes.paths_of(host);
            if !path.contains('*') {
                paths.node(path).here.push(target);
                continue;
            }
            match GlobBuilder::new(path).literal_separator(true).build() {
                Ok(glob) => {
                    let glob = glob.compile_matcher();
                    paths.node(plain(path)).globs.push((glob, target));
                }
                Err(error) => wrong(".path", format!("bad glob: {}", error.kind())),
            }
        }
        routes
    }

    fn paths_of(&mut self, host: Option<HostKey>) -> &mut Paths {
        match host {
            None => &mut self.any_host,
            Some(HostKey::Name(name)) => self.by_host.entry(name).or_default(),
            Some(HostKey::Parent(name)) => self.by_parent.entry(name).or_default(),
        }
    }

    /// Routes that a host could take: those of its name, of each parent, and of any host.
    fn for_host<'s>(&'s self, host: Option<&'s str>) -> impl Iterator<Item = &'s Paths> {
        let parents = host.into_iter().flat_map(|host| {
            host.match_indices('.').filter_map(move |(dot, _)| host.get(dot.saturating_add(1)..))
        });
        let named = host.and_then(|host| self.by_host.get(host));
        let below = parents.filter_map(|parent| self.by_parent.get(parent));
        named.into_iter().chain(below).chain([&self.any_host])
    }

    /// The earlier prefix route that leaves nothing for a new one.
    fn covering(
        &self,
        host: Option<&HostKey>,
        path: &str,
        methods: Option<&[String]>,
    ) -> Option<usize> {
        let whole = |paths: &Paths| {
            // Routes above the plain segments of a glob take all that it matches.
            let path = if path.contains('*') { plain(path) } else { path };
            paths.along(path).find(|target| target.covers(methods)).map(|target| target.order)
        };
        match host {
            None => whole(&self.any_host),
            Some(HostKey::Name(name)) => self.for_host(Some(name)).find_map(whole),
            Some(HostKey::Parent(name)) => {
                let own = self.by_parent.get(name);
                own.into_iter()
                    .chain(self.for_host(Some(name)))
                    .filter(|paths| {
                        // A route for exactly this name does not take those below it.
                        !self.by_host.get(name).is_some_and(|exact| std::ptr::eq(exact, *paths))
                    })
                    .find_map(whole)
            }
        }
    }

    /// The index of the policy of the first route that fits.
    #[must_use]
    pub fn policy(&self, request: &Original<'_>, method: &str) -> Option<usize> {
        let found = self.for_host(request.host.as_deref());
        let found = found.filter_map(|paths| paths.find(&request.path, method));
        found.min_by_key(|target| target.order).map(|target| target.policy)
    }
}

/// How a route's host is looked up.
#[derive(Debug)]
enum HostKey {
    Name(Box<str>),
    Parent(Box<str>),
}

fn host_key(host: &str) -> Result<HostKey, String> {
    let lower = host.to_ascii_lowercase();
    let (name, parent) = match lower.strip_prefix("*.") {
        Some(parent) => (parent, true),
        None => (lower.as_str(), false),
    };
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = address.filter(|text| text.parse::<std::net::Ipv6Addr>().is_ok()) {
        return Ok(HostKey::Name(address.into()));
    }
    if name.is_empty() || !name.bytes().all(letter) || name.ends_with('.') {
        return Err("expected a host name without port, or *. and a name".into());
    }
    Ok(if parent { HostKey::Parent(name.into()) } else { HostKey::Name(name.into()) })
}

fn check_path(path: &str) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err("expected a path that begins with a slash".into());
    }
    // No request with such a path ever gets as far as the routes.
    let never = |segment: &str| segment == "." || segment == "..";
    if path.contains("//")
        || path.contains([';', '\\', '%', '?', '#'])
        || path.split('/').any(never)
    {
        return Err(
            "such a path is never matched; write it decoded, without query and dot segments".into(),
        );
    }
    Ok(())
}

fn is_method(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}
