"""What stands around a recipe in an NGINX: directives that its locations inherit."""

from typing import Final, NamedTuple

__all__ = ["BY_TIMEOUT", "SURROUNDINGS", "Surrounding"]


class Surrounding(NamedTuple):
    """Directives, where they may stand, and what they need beside them."""

    name: str
    lines: str
    levels: tuple[str, ...] = ("http", "server")
    beside: str = ""
    """Lines at server level, such as the location that an error page names."""
    before: str = ""
    """Lines at http level, such as the zone of a cache."""
    loses: bool = False
    """Whether it turns good requests away, or answers them itself, as whoever wrote it wants."""


_SERVER: Final = ("server",)
_HTTP: Final = ("http",)
_FALLBACK: Final = "location @fallback { proxy_pass http://application; }"
_SORRY: Final = "location = /sorry.html { auth_request off; root FILES; }"
_MIRROR: Final = "location = /mirror { internal; proxy_pass http://application; }"
_CACHE: Final = "proxy_cache_path FILES/cache keys_zone=kept:1m;"
_CACHED: Final = (
    "proxy_ignore_headers Cache-Control Expires Set-Cookie Vary; proxy_cache_valid any 1h;"
)

_ERROR_PAGES: Final = (
    Surrounding("unavailable, a file", "error_page 500 502 503 504 = /sorry.html;", beside=_SORRY),
    Surrounding("unavailable, 200", "error_page 500 502 503 504 =200 /sorry.html;", beside=_SORRY),
    Surrounding("unavailable, the application", "error_page 500 502 503 504 = /sorry.html;"),
    Surrounding(
        "unavailable, a fallback", "error_page 500 502 503 504 = @fallback;", _SERVER, _FALLBACK
    ),
    Surrounding("unavailable, 204", "error_page 500 502 503 504 =204 /none;"),
    Surrounding("denied, a file", "error_page 401 403 =200 /sorry.html;", beside=_SORRY),
    Surrounding("denied, the application", "error_page 401 403 =200 /;"),
    Surrounding("denied, a fallback", "error_page 401 403 = @fallback;", _SERVER, _FALLBACK),
    Surrounding(
        "intercepted",
        "proxy_intercept_errors on; error_page 401 403 500 502 503 504 =200 /sorry.html;",
        beside=_SORRY,
    ),
    Surrounding(
        "intercepted again and again",
        "proxy_intercept_errors on; recursive_error_pages on;"
        "error_page 401 403 500 502 503 504 =200 /sorry.html;",
    ),
    Surrounding(
        "intercepted, a fallback",
        "proxy_intercept_errors on; recursive_error_pages on;"
        "error_page 400 401 403 404 500 502 503 504 =200 @fallback;",
        _SERVER,
        _FALLBACK,
    ),
    Surrounding(
        "any 4xx, a fallback",
        "error_page 400 401 403 404 405 413 414 494 = @fallback;",
        _SERVER,
        _FALLBACK,
    ),
)

_CACHES: Final = (
    Surrounding(
        "a cache for all", f"proxy_cache kept; proxy_cache_key all; {_CACHED}", before=_CACHE
    ),
    Surrounding(
        "a cache by host", f"proxy_cache kept; proxy_cache_key $host; {_CACHED}", before=_CACHE
    ),
    Surrounding("a cache", f"proxy_cache kept; {_CACHED}", before=_CACHE),
    Surrounding(
        "a stale cache",
        f"proxy_cache kept; proxy_cache_key $uri; proxy_cache_valid 200 1s; {_CACHED}"
        "proxy_cache_use_stale error timeout updating http_403 http_500 http_503;"
        "proxy_cache_background_update on; proxy_cache_lock on; proxy_cache_methods GET POST;",
        before=_CACHE,
    ),
    Surrounding("a store", "proxy_store on; root FILES;"),
    Surrounding("a store by name", "proxy_store FILES/stored; proxy_store_access user:rw all:r;"),
    Surrounding("ignored headers", _CACHED),
)

_ACCESS: Final = (
    Surrounding("any of an address", "satisfy any; allow 127.0.0.1; deny all;"),
    Surrounding(
        "any of a password",
        "satisfy any; auth_basic x; auth_basic_user_file FILES/users;",
        loses=True,
    ),
    Surrounding("any of nothing", "satisfy any;"),
    Surrounding("an address", "allow 127.0.0.1; deny all;"),
    Surrounding("no address", "deny all;", loses=True),
    Surrounding("a password", "auth_basic x; auth_basic_user_file FILES/users;", loses=True),
    Surrounding("no question", "auth_request off;", _HTTP),
    Surrounding("another question", "auth_request /other;", _HTTP),
    Surrounding("another variable", "auth_request_set $jwtfast_user root;", _HTTP),
    Surrounding(
        "few requests",
        "limit_req zone=few;",
        before="limit_req_zone $host zone=few:1m rate=1r/m;",
        loses=True,
    ),
    Surrounding(
        "few connections", "limit_conn some 1;", before="limit_conn_zone $host zone=some:1m;"
    ),
    Surrounding("a real address", "set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP;"),
)

_LAST: Final = (
    ("everything is one page", "rewrite ^ /index.html last;"),
    ("everything is one page, no new search", "rewrite ^ /index.html break;"),
    ("a folder before everything", "rewrite ^/(.*)$ /app/$1;"),
    ("the question is a page", "rewrite ^/_(.*)$ /$1 last;"),
    ("the question is an open page", "rewrite ^/_ /sorry.html last;"),
    ("the question is answered", "if ($uri ~ ^/_) { return 200; }"),
    ("the question is answered, 204", "if ($uri = /_jwtfast) { return 204; }"),
    ("what comes by itself is answered", 'if ($args = "") { return 200; }'),
    ("everything is answered", "return 200;"),
)
_REWRITES: Final = (
    # Above the recipe's own line they lead the question elsewhere: nothing passes, good or not.
    *(
        Surrounding(name, lines, (level,), _SORRY, "", level == "server" or returns)
        for name, lines in _LAST
        for returns in ["return" in lines and "_" not in lines]
        for level in ("server", "below")
    ),
    Surrounding("tried files", "root FILES; try_files $uri @fallback;", _SERVER, _FALLBACK),
    Surrounding("tried files, a page", "root FILES; try_files $uri /index.html;", _SERVER),
    Surrounding("a mirror", "mirror /mirror;", beside=_MIRROR),
)

_PROXY: Final = tuple(
    Surrounding(lines, f"{lines};")
    for lines in (
        "proxy_redirect off",
        "proxy_method POST",
        "proxy_method HEAD",
        "proxy_method CONNECT",
        "proxy_method OPTIONS",
        "proxy_pass_request_headers on",
        "proxy_pass_request_body on",
        "proxy_set_body x",
        "proxy_set_body $request_body",
        "proxy_set_header X-Original-URI /public/x",
        "proxy_set_header Authorization $http_cookie",
        "proxy_hide_header X-User",
        "proxy_hide_header WWW-Authenticate",
        "proxy_pass_header X-Accel-Redirect",
        "proxy_next_upstream error timeout http_403 http_404 http_503 non_idempotent",
        "proxy_next_upstream off",
        "proxy_next_upstream_tries 1",
        "proxy_next_upstream_timeout 1ms",
        "proxy_read_timeout 10s",
        "proxy_connect_timeout 10s",
        "proxy_http_version 1.0",
        "proxy_request_buffering off",
        "proxy_buffering off",
        "proxy_buffer_size 1k",
        "proxy_buffers 3 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 8k",
        "proxy_max_temp_file_size 0",
        "proxy_temp_file_write_size 8k",
        "proxy_ignore_client_abort on",
        "proxy_force_ranges on",
        "proxy_limit_rate 1",
        "proxy_bind 127.0.0.2",
        "proxy_cookie_path / /x",
        "proxy_socket_keepalive on",
        "proxy_no_cache 1",
        "proxy_cache_bypass 0",
        "proxy_cache_convert_head off",
    )
)

_OTHERS: Final = tuple(
    Surrounding(lines, f"{lines};")
    for lines in (
        "client_max_body_size 1k",
        "client_body_buffer_size 1k",
        "client_body_in_file_only clean",
        "sub_filter a b; sub_filter_types *",
        "gzip on; gzip_proxied any; gzip_min_length 0",
        "gunzip on",
        "add_header X-User root always",
        "add_header WWW-Authenticate x always",
        "expires max",
        "error_log stderr debug",
        "ssi on; ssi_types *",
        "charset utf-8",
        "slice 1m; proxy_set_header Range $slice_range",
        "etag off; if_modified_since off",
        "max_ranges 0",
        "keepalive_timeout 0",
        "reset_timedout_connection on",
        "log_subrequest on",
        "autoindex on; index x",
        "dav_methods PUT DELETE MKCOL COPY MOVE",
        "root FILES",
        "default_type text/html",
        "postpone_output 0",
        "chunked_transfer_encoding off",
        "userid on",
        "lingering_close always",
        "open_file_cache max=10",
        "output_buffers 1 1k",
        "sendfile on; aio threads",
        "port_in_redirect off; absolute_redirect off",
        "limit_rate 1000000",
        "fastcgi_intercept_errors on; fastcgi_cache off",
        "resolver 127.0.0.1:1",
        "merge_slashes off",
    )
)
_ADDITIONS: Final = tuple(
    # Whoever writes them has them asked of the application beside each page.
    Surrounding(lines, f"addition_types *; {lines};")
    for lines in ("add_before_body /added.html", "add_after_body /added.html")
)
_HTTP_ONLY: Final = tuple(
    Surrounding(lines, f"{lines};", _HTTP)
    for lines in (
        "underscores_in_headers on",
        "ignore_invalid_headers off",
        "large_client_header_buffers 1 1k",
        "server_names_hash_bucket_size 128",
    )
)

SURROUNDINGS: Final = (
    *_ERROR_PAGES,
    *_CACHES,
    *_ACCESS,
    *_REWRITES,
    *_PROXY,
    *_OTHERS,
    *_ADDITIONS,
    *_HTTP_ONLY,
)
"""Each by itself; the recipe must hold in all of them."""
BY_TIMEOUT: Final = (*_ERROR_PAGES, *_CACHES)
"""Those in which it matters why no answer comes."""
