use jwtfast_core::original::Original;
use proptest::prelude::*;

fn path(target: &str) -> Option<String> {
    Original::read(target.as_bytes(), None).ok().map(|original| original.path.into_owned())
}

/// Paths that mean one thing are read, escapes undone.
#[test]
fn plain_paths() {
    for (target, expected) in [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/?x=/../", "/a/b/"),
        ("/%61dmin", "/admin"),
        ("/caf%C3%A9", "/café"),
        ("/a%20b", "/a b"),
        ("/...", "/..."),
        ("/.well-known/x", "/.well-known/x"),
        ("/100%25", "/100%"),
        ("https://h/a", "/a"),
    ] {
        assert_eq!(Some(expected.to_owned()), path(target), "{target}");
    }
}

/// Whatever a proxy, a framework or a file system could read as another path is refused.
#[test]
fn ambiguous_paths() {
    for target in [
        "",
        "a",
        "*",
        "//h/a",
        "/a//b",
        "/a/../b",
        "/a/..",
        "/..",
        "/./a",
        "/a/.",
        "/%2e%2e/a",
        "/%2E/a",
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a\\b",
        "/a;b",
        "/a%3bb",
        "/a%00",
        "/a%0d%0a",
        "/a\0",
        "/a#b",
        "/a%23b",
        "/a%3fb",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a%ff",
        "/a%252e",
        "/a%252fb",
        "/a%2561",
        "/é",
        "ftp://h/a",
        "http:/a",
        "http:///a",
        "/a%7f",
        "http://u@h/a",
        "http://h:p/a",
        "http://[::1/a",
        "http://h",
        "http://h?x",
        "http://h?/a",
        "http://h#/a",
        "http://h:/a",
        "http://h:0/a",
        "http://h:65536/a",
        "http://h:+80/a",
        "http://.h/a",
        "http://a..h/a",
        "http://a,b/a",
        "http://[::1]x/a",
        "http://[::1%25eth0]/a",
        "http://[h]/a",
        "http://h../a",
        "/a b",
        "/a, /b",
        "/a?b c",
        "/a?b\t",
    ] {
        assert_eq!(None, path(target), "{target}");
    }
}

/// The host is compared in lower case, without port and final dot, from one place only.
#[test]
fn hosts() {
    let host = |target: &str, header: Option<&str>| {
        let read = Original::read(target.as_bytes(), header);
        read.map(|original| original.host)
    };
    for (target, header, expected) in [
        ("https://A.Example.com:8443/x", None, Some("a.example.com")),
        ("http://h./", None, Some("h")),
        ("http://[::1]:80/", None, Some("::1")),
        ("http://[0:0::0:1]:65535/", None, Some("::1")),
        ("http://10.0.0.1/", None, Some("10.0.0.1")),
        ("http://_/", None, Some("_")),
        ("/x", Some("Shop.example.com"), Some("shop.example.com")),
        ("/x", None, None),
    ] {
        assert_eq!(Ok(expected.map(str::to_owned)), host(target, header), "{target}");
    }
    for (target, header) in [
        ("http://h/", Some("h")),
        ("/", Some("")),
        ("/", Some("a b")),
        ("/", Some("a/b")),
        ("/", Some("a,b")),
        ("/", Some("a?b")),
        ("/", Some("a:")),
        ("/", Some("a@b")),
        ("/", Some("http://a")),
    ] {
        assert!(host(target, header).is_err(), "{target} {header:?}");
    }
}

proptest! {
    /// What is read is stable: reading the result again changes nothing, so nobody who decodes
    /// once more, merges slashes or resolves dots gets to another path.
    #[test]
    fn what_passes_is_normal(target in "/([a-z./%;\\\\?#]|%2e|%2f|%25|%61){0,12}") {
        if let Some(once) = path(&target) {
            let fixed = !once.contains("//") && !once.split('/').any(|part| part == "." || part == "..");
            prop_assert!(fixed);
            if !once.contains(['%', '?', '#']) {
                prop_assert_eq!(Some(once.clone()), path(&once));
            }
        }
    }
}
