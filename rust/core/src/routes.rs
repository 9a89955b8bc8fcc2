//! The original request to a policy: the first route that fits, found without walking all of them.

use crate::error::{Error, Reason};
use crate::original::{Original, address_of, is_name};
use crate::settings::{Case, OriginalSettings, RouteSettings};
use paths::{Paths, Target};
use pattern::Pattern;
use std::borrow::Cow;
use std::collections::HashMap;

mod fold;
mod paths;
mod pattern;

/// All routes.
#[derive(Debug, Default)]
pub struct Routes {
    any_host: Paths,
    by_host: HashMap<Box<str>, Paths>,
    /// By the part behind `*.`.
    by_parent: HashMap<Box<str>, Paths>,
    case: Case,
    /// Whether any of them has a host: a request whose host is not told fits none for certain.
    need_host: bool,
    /// Whether any of them has methods.
    need_method: bool,
}

/// The route that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its place in the list.
    pub route: usize,
    /// The index of its policy.
    pub policy: usize,
}

impl Routes {
    /// Compiles them; `policies` are the names in the gate's order.
    pub fn compile(
        settings: &[RouteSettings],
        policies: &HashMap<Box<str>, usize>,
        original: Option<&OriginalSettings>,
        errors: &mut Vec<(String, String)>,
    ) -> Self {
        let case = original.map(|original| original.case).unwrap_or_default();
        let mut routes = Self { case, ..Self::default() };
        for (order, route) in settings.iter().enumerate() {
            let mut wrong = |member: &str, message: String| {
                errors.push((format!("routes[{order}]{member}"), message));
            };
            for (member, message) in untold(route, original) {
                wrong(member, message.into());
            }
            if let Err((member, message)) = routes.add(order, route, policies) {
                wrong(member, message);
            }
        }
        routes
    }

    fn add(
        &mut self,
        order: usize,
        route: &RouteSettings,
        policies: &HashMap<Box<str>, usize>,
    ) -> Result<(), (&'static str, String)> {
        let policy = policies.get(&*route.policy).copied();
        let policy = policy.ok_or((".policy", "no policy has this name".into()))?;
        let methods = route.methods.clone();
        if methods
            .as_ref()
            .is_some_and(|all| all.is_empty() || !all.iter().all(|one| is_method(one)))
        {
            return Err((".methods", "expected methods in upper case, such as GET".into()));
        }
        let host = route.host.as_deref().map(host_key).transpose();
        let host = host.map_err(|message| (".host", message))?;
        let pattern = Pattern::compile(route.path.as_ref(), self.case);
        let pattern = pattern.map_err(|message| (".path", message))?;
        if let Some(earlier) = self.covering(host.as_ref(), &pattern, methods.as_deref()) {
            let message = format!("can never match: routes[{earlier}] takes all that it could");
            return Err(("", message));
        }
        self.need_host |= host.is_some();
        self.need_method |= methods.is_some();
        self.paths_of(host).add(pattern, Target { order, methods, policy });
        Ok(())
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

    /// The earlier route that leaves nothing for a new one.
    fn covering(
        &self,
        host: Option<&HostKey>,
        pattern: &Pattern,
        methods: Option<&[String]>,
    ) -> Option<usize> {
        let whole = |paths: &Paths| paths.covering(pattern, methods);
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

    /// The first route that fits.
    ///
    /// # Errors
    /// `bad_original_request` where a route asks for what the request does not tell, or its path
    /// has a letter whose case nobody is sure of; `no_policy` where no route fits.
    pub fn choose(&self, request: &Original<'_>) -> Result<Chosen, Error> {
        let refused = |sentence| Error::with_detail(Reason::BadOriginalRequest, sentence);
        if self.need_host && request.host.is_none() {
            return Err(refused("The proxy does not tell the original host."));
        }
        if self.need_method && request.method.is_none() {
            return Err(refused("The proxy does not tell the original method."));
        }
        let path =
            match self.case {
                Case::Sensitive => Cow::Borrowed(&*request.path),
                Case::Insensitive => Cow::Owned(fold::fold(&request.path).ok_or_else(|| {
                    refused("The original path has a letter of more than one case.")
                })?),
            };
        let found = self.for_host(request.host.as_deref());
        let found = found.filter_map(|paths| paths.find(&path, request.method));
        let first = found.min_by_key(|target| target.order);
        let first = first.map(|target| Chosen { route: target.order, policy: target.policy });
        first.ok_or_else(|| Reason::NoPolicy.into())
    }
}

/// What a route asks for that no request would tell: its member, and what to write.
fn untold(
    route: &RouteSettings,
    original: Option<&OriginalSettings>,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let host = route.host.is_none() || original.is_none_or(OriginalSettings::tell_host);
    let method = route.methods.is_none() || original.is_none_or(OriginalSettings::tell_method);
    let no_host = "can never match, for no request tells its host: expected \
                   original_request.host_header, such as X-Original-Host, which the proxy sends";
    let no_method = "can never match, for no request tells its method: expected \
                     original_request.method_header, or there the word `subrequest` where the \
                     proxy asks with its client's own method";
    let wrong =
        [(!host).then_some((".host", no_host)), (!method).then_some((".methods", no_method))];
    wrong.into_iter().flatten()
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
    let inside = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = inside.filter(|_| !parent).and_then(address_of) {
        return Ok(HostKey::Name(address.into()));
    }
    if !is_name(name) {
        return Err("expected a host name without port, or *. and a name".into());
    }
    Ok(if parent { HostKey::Parent(name.into()) } else { HostKey::Name(name.into()) })
}

fn is_method(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
}
