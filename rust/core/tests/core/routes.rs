use jwtfast_core::error::Reason;
use jwtfast_core::original::Original;
use jwtfast_core::routes::Routes;
use jwtfast_core::settings::{OriginalSettings, RouteSettings};
use std::collections::HashMap;

const POLICIES: [&str; 4] = ["default", "admin", "open", "api"];

fn compile_as(routes: &str, original: &str) -> Result<Routes, Vec<String>> {
    let settings: Vec<RouteSettings> = serde_json::from_str(routes).unwrap();
    let original: OriginalSettings = serde_json::from_str(original).unwrap();
    let names: HashMap<Box<str>, usize> =
        POLICIES.iter().enumerate().map(|(index, name)| ((*name).into(), index)).collect();
    let mut errors = Vec::new();
    let routes = Routes::compile(&settings, &names, Some(&original), &mut errors);
    if errors.is_empty() {
        Ok(routes)
    } else {
        Err(errors.into_iter().map(|(place, _)| place).collect())
    }
}

fn compile(routes: &str) -> Result<Routes, Vec<String>> {
    let told = r#"{"uri_header": "X-Original-URL", "method_header": "M", "trusted_proxies": []}"#;
    compile_as(routes, told)
}

/// Which policy is chosen; the host is `any` where the target has none.
fn policy(routes: &Routes, method: &str, target: &str) -> Option<&'static str> {
    let host = target.starts_with('/').then_some("any");
    let mut original = Original::read(target.as_bytes(), host).unwrap();
    original.method = Some(method);
    routes.choose(&original).ok().map(|chosen| POLICIES[chosen.policy])
}

/// The first route that fits host, path and method wins, whatever kind it is.
#[test]
fn first_match_wins() {
    let routes = compile(
        r#"[
            {"host": "admin.example.com", "policy": "admin"},
            {"path": "/public/", "methods": ["GET"], "policy": "open"},
            {"path": "/api/*/status", "policy": "open"},
            {"path": "/api/**/deep", "policy": "admin"},
            {"path": "/api", "policy": "api"},
            {"host": "*.example.com", "path": "/x", "policy": "admin"},
            {"path": "/", "policy": "default"}
        ]"#,
    )
    .unwrap();
    for (method, target, expected) in [
        ("GET", "http://admin.example.com/public/a", "admin"),
        ("GET", "http://ADMIN.example.com./", "admin"),
        ("GET", "/public/a", "open"),
        ("GET", "/public/", "open"),
        ("GET", "/public", "open"),
        ("POST", "/public/a", "default"),
        ("get", "/public/a", "default"),
        ("GET", "/publicity", "default"),
        ("GET", "/api/v1/status", "open"),
        ("GET", "/api/v1/v2/status", "api"),
        ("GET", "/api/a/b/deep", "admin"),
        ("GET", "/api", "api"),
        ("GET", "/api/", "api"),
        ("GET", "/apis", "default"),
        ("GET", "http://a.b.example.com/x/y", "admin"),
        ("GET", "http://example.com/x", "default"),
        ("GET", "http://notexample.com/x", "default"),
        ("GET", "/%61pi", "api"),
    ] {
        assert_eq!(Some(expected), policy(&routes, method, target), "{method} {target}");
    }
}

/// Where nothing fits there is no policy.
#[test]
fn no_route() {
    let routes = compile(r#"[{"host": "a", "path": "/x", "policy": "api"}]"#).unwrap();
    for target in ["/x", "http://b/x", "http://a/y"] {
        assert_eq!(None, policy(&routes, "GET", target), "{target}");
    }
}

/// A route that an earlier one leaves nothing to is a mistake, and told.
#[test]
fn unreachable_routes() {
    for (routes, expected) in [
        (r#"[{"path": "/", "policy": "api"}, {"path": "/x", "policy": "open"}]"#, true),
        (r#"[{"policy": "api"}, {"host": "a", "policy": "open"}]"#, true),
        (
            r#"[{"host": "*.b", "policy": "api"}, {"host": "a.b", "path": "/x", "policy": "open"}]"#,
            true,
        ),
        (r#"[{"host": "*.b", "policy": "api"}, {"host": "*.a.b", "policy": "open"}]"#, true),
        (r#"[{"path": "/x", "policy": "api"}, {"path": "/x/*", "policy": "open"}]"#, true),
        (
            r#"[{"path": "/x", "methods": ["GET", "PUT"], "policy": "api"}, {"path": "/x", "methods": ["PUT"], "policy": "open"}]"#,
            true,
        ),
        (
            r#"[{"path": "/x", "methods": ["GET"], "policy": "api"}, {"path": "/x", "policy": "open"}]"#,
            false,
        ),
        (r#"[{"host": "a", "policy": "api"}, {"policy": "open"}]"#, false),
        (r#"[{"host": "b", "policy": "api"}, {"host": "*.b", "policy": "open"}]"#, false),
        (r#"[{"path": "/x/", "policy": "api"}, {"path": "/x", "policy": "open"}]"#, true),
        (r#"[{"path": "/x/**", "policy": "api"}, {"path": "/x", "policy": "open"}]"#, true),
        (r#"[{"path": "/x/*/y", "policy": "api"}, {"path": "/x/*/y/", "policy": "open"}]"#, true),
        (
            r#"[{"path": "/x/*", "policy": "api"}, {"path": {"exact": "/x/y/"}, "policy": "open"}]"#,
            true,
        ),
        (
            r#"[{"path": {"exact": "/x"}, "policy": "api"}, {"path": {"exact": "/x"}, "policy": "open"}]"#,
            true,
        ),
        (
            r#"[{"path": {"exact": "/x"}, "policy": "api"}, {"path": {"exact": "/x/"}, "policy": "open"}]"#,
            false,
        ),
        (
            r#"[{"path": {"exact": "/x"}, "policy": "api"}, {"path": "/x", "policy": "open"}]"#,
            false,
        ),
        (r#"[{"path": "/x/*", "policy": "api"}, {"path": "/x", "policy": "open"}]"#, false),
    ] {
        assert_eq!(expected, compile(routes).is_err(), "{routes}");
    }
}

/// What can never fit is refused at load, with its place.
#[test]
fn broken_routes() {
    for (route, place) in [
        (r#"{"policy": "nobody"}"#, "routes[0].policy"),
        (r#"{"policy": "api", "methods": []}"#, "routes[0].methods"),
        (r#"{"policy": "api", "methods": ["get"]}"#, "routes[0].methods"),
        (r#"{"policy": "api", "host": "a:80"}"#, "routes[0].host"),
        (r#"{"policy": "api", "host": "*"}"#, "routes[0].host"),
        (r#"{"policy": "api", "path": "x"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/a/../b"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/a%20b"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/a?b"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/a\u0000"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/a[*"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/[a]dmin"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/{a,b}"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": {"glob": "/{a,b}"}}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/admin**"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/**.php"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": "/a/***/b"}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": {"exact": "/a*"}}"#, "routes[0].path"),
        (r#"{"policy": "api", "path": {"prefix": "/a/**"}}"#, "routes[0].path"),
    ] {
        assert_eq!(vec![place], compile(&format!("[{route}]")).unwrap_err(), "{route}");
    }
}

/// What each kind of path takes: elements are whole, a slash at the end of a path is nothing to a
/// prefix and a glob, and no character is a class.
#[test]
fn kinds_of_paths() {
    for (path, fits, misses) in [
        (r#""/a""#, vec!["/a", "/a/", "/a/b", "/a/b/"], vec!["/", "/ab", "/b/a", "/A", "/A/b"]),
        (r#""/a/""#, vec!["/a", "/a/", "/a/b"], vec!["/", "/ab", "/A"]),
        (r#"{"prefix": "/a[1]/"}"#, vec!["/a[1]", "/a%5b1%5D/x"], vec!["/a1", "/a"]),
        (r#"{"exact": "/a"}"#, vec!["/a", "/%61"], vec!["/a/", "/a/b", "/", "/A"]),
        (r#"{"exact": "/a/"}"#, vec!["/a/"], vec!["/a", "/a/b", "/"]),
        (r#"{"exact": "/"}"#, vec!["/"], vec!["/a"]),
        (r#"{"glob": "/a"}"#, vec!["/a", "/a/"], vec!["/", "/a/b"]),
        (r#""/*""#, vec!["/a", "/a/"], vec!["/", "/a/b"]),
        (r#""/**""#, vec!["/", "/a", "/a/", "/a/b"], vec![]),
        (r#""/ap*""#, vec!["/ap", "/apis", "/apis/"], vec!["/a", "/apis/v1", "/x/ap"]),
        (r#""/*.php""#, vec!["/a.php", "/.php", "/a.php/"], vec!["/a.php5", "/x/a.php"]),
        (r#""/a*b*c""#, vec!["/abc", "/axbxbxc"], vec!["/ac", "/abbb", "/acb"]),
        (r#""/a*a""#, vec!["/aa", "/aba"], vec!["/a"]),
        (
            r#""/*/admin""#,
            vec!["/a/admin", "/a/admin/"],
            vec!["/admin", "/a/b/admin", "/a/admin/x"],
        ),
        (r#""/a/*""#, vec!["/a/b", "/a/b/"], vec!["/a", "/a/", "/a/b/c"]),
        (r#""/a/**""#, vec!["/a", "/a/", "/a/b", "/a/b/c/"], vec!["/ab", "/b/a/c"]),
        (r#""/**/x""#, vec!["/x", "/x/", "/a/x", "/a/b/x"], vec!["/a/y", "/xx", "/x/a"]),
        (r#""/a/**/x/**""#, vec!["/a/x", "/a/b/x/c/", "/a/x/x"], vec!["/a", "/a/b", "/x"]),
        (r#""/**/a/*/b""#, vec!["/a/c/b", "/a/a/c/b", "/a/a/b"], vec!["/a/b", "/a/c/b/d"]),
        (r#""/!a""#, vec!["/!a", "/!a/b"], vec!["/b"]),
    ] {
        let routes = compile(&format!(r#"[{{"path": {path}, "policy": "api"}}]"#)).unwrap();
        for target in fits {
            assert_eq!(Some("api"), policy(&routes, "GET", target), "{path} {target}");
        }
        for target in misses {
            assert_eq!(None, policy(&routes, "GET", target), "{path} {target}");
        }
    }
}

/// Without case, letters of any script are compared in lower case; where comparisons without case
/// differ about an ASCII letter, the path is refused.
#[test]
fn without_case() {
    let told = r#"{"uri_header": "X-Original-URI", "case": "insensitive", "trusted_proxies": []}"#;
    let routes = r#"[{"path": "/Admin", "policy": "admin"}, {"path": "/Caf\u00C9*", "policy": "api"},
                     {"path": {"exact": "/BOOK"}, "policy": "open"}, {"policy": "default"}]"#;
    let routes = compile_as(routes, told).unwrap();
    for (target, expected) in [
        ("/admin", Some("admin")),
        ("/ADMIN/x", Some("admin")),
        ("/%41dmin/", Some("admin")),
        ("/adminX", Some("default")),
        ("/caf%C3%A9", Some("api")),
        ("/CAF%C3%89s", Some("api")),
        ("/book", Some("open")),
        ("/boo%E2%84%AA", Some("open")),
        ("/Book/", Some("default")),
        ("/adm%C4%B1n", Some("default")),
        ("/adm%C4%B0n", None),
        ("/%C5%BFecret", None),
    ] {
        assert_eq!(expected, policy(&routes, "GET", target), "{target}");
    }
    let twice = r#"[{"path": "/A", "policy": "api"}, {"path": "/a", "policy": "open"}]"#;
    assert_eq!(vec!["routes[1]"], compile_as(twice, told).unwrap_err());
}

/// Where a route asks for a host or a method, a request that does not tell it is refused; where
/// none can tell it, so is the route.
#[test]
fn untold() {
    let routes = r#"[{"host": "a", "policy": "admin"}, {"path": "/x", "policy": "api"}]"#;
    let by_host = compile(routes).unwrap();
    let by_method = compile(&routes.replace(r#""host": "a""#, r#""methods": ["PUT"]"#)).unwrap();
    let by_path = compile(r#"[{"path": "/x", "policy": "api"}]"#).unwrap();
    let ask = |routes: &Routes, host: Option<&str>, method| {
        let mut original = Original::read(b"/x", host).unwrap();
        original.method = method;
        routes.choose(&original).map(|chosen| chosen.route).map_err(|error| error.reason())
    };
    assert_eq!(Err(Reason::BadOriginalRequest), ask(&by_host, None, Some("GET")));
    assert_eq!(Ok(1), ask(&by_host, Some("b"), None));
    assert_eq!(Err(Reason::BadOriginalRequest), ask(&by_method, Some("b"), None));
    assert_eq!(Ok(1), ask(&by_method, None, Some("GET")));
    assert_eq!(Ok(0), ask(&by_path, None, None));
    for (told, expected) in [
        (r#"{"uri_header": "X-Original-URI", "trusted_proxies": []}"#, vec![".host", ".methods"]),
        (r#"{"uri_header": "X-Forwarded-Uri", "trusted_proxies": []}"#, vec![".host", ".methods"]),
        (r#"{"uri_header": "X-Original-URL", "trusted_proxies": []}"#, vec![".methods"]),
        (
            r#"{"uri_header": "X-Original-URI", "host_header": "H", "method_header": "subrequest",
                "trusted_proxies": []}"#,
            vec![],
        ),
    ] {
        let routes = r#"[{"host": "a", "methods": ["GET"], "policy": "admin"}]"#;
        let found = compile_as(routes, told).err().unwrap_or_default();
        let expected: Vec<_> = expected.iter().map(|one| format!("routes[0]{one}")).collect();
        assert_eq!(expected, found, "{told}");
    }
}
