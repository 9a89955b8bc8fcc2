use jwtfast_core::original::Original;
use jwtfast_core::routes::Routes;
use jwtfast_core::settings::RouteSettings;
use std::collections::HashMap;

const POLICIES: [&str; 4] = ["default", "admin", "open", "api"];

fn compile(routes: &str) -> Result<Routes, Vec<String>> {
    let settings: Vec<RouteSettings> = serde_json::from_str(routes).unwrap();
    let names: HashMap<Box<str>, usize> =
        POLICIES.iter().enumerate().map(|(index, name)| ((*name).into(), index)).collect();
    let mut errors = Vec::new();
    let routes = Routes::compile(&settings, &names, &mut errors);
    if errors.is_empty() {
        Ok(routes)
    } else {
        Err(errors.into_iter().map(|(place, _)| place).collect())
    }
}

fn policy(routes: &Routes, method: &str, target: &str) -> Option<&'static str> {
    let original = Original::read(target.as_bytes(), None).unwrap();
    routes.policy(&original, method).map(|index| POLICIES[index])
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
        ("GET", "/public", "default"),
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
        (r#"[{"path": "/x/", "policy": "api"}, {"path": "/x", "policy": "open"}]"#, false),
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
        (r#"{"policy": "api", "path": "/a[*"}"#, "routes[0].path"),
    ] {
        assert_eq!(vec![place], compile(&format!("[{route}]")).unwrap_err(), "{route}");
    }
}

/// A pattern fits wherever its first special character stands.
#[test]
fn patterns() {
    for (path, fits, misses) in [
        ("/ap*", vec!["/ap", "/apis"], vec!["/a", "/apis/v1", "/x/ap"]),
        ("/**/x", vec!["/x", "/a/x", "/a/b/x"], vec!["/a/y", "/xx"]),
        ("/a/{b,c}/*", vec!["/a/b/1", "/a/c/2"], vec!["/a/d/1", "/a/b", "/b/1"]),
        ("/a/[bc]*", vec!["/a/b", "/a/cd"], vec!["/a/d", "/a", "/b"]),
        ("/a/b*/c/d", vec!["/a/b/c/d", "/a/bb/c/d"], vec!["/a/c/d", "/a/b/c"]),
        ("/a/**", vec!["/a/", "/a/b", "/a/b/c"], vec!["/ab", "/b/a/c"]),
    ] {
        let routes = compile(&format!(r#"[{{"path": "{path}", "policy": "api"}}]"#)).unwrap();
        for target in fits {
            assert_eq!(Some("api"), policy(&routes, "GET", target), "{path} {target}");
        }
        for target in misses {
            assert_eq!(None, policy(&routes, "GET", target), "{path} {target}");
        }
    }
}
