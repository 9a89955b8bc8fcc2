//! How often a cache has the token that is asked for, by its way of making room. Counts only: the
//! traces are the same in every run, and so are the results, but for the cache that evicts in time.

use jwtfast_core::cache::S3Fifo;

const TOKENS: u64 = 100_000;
const REQUESTS: u64 = 4_000_000;
/// Requests before counting begins.
const WARM_UP: u64 = REQUESTS / 4;

/// A cache of so many tokens.
trait Cache {
    fn has(&mut self, token: u64) -> bool;
    fn keep(&mut self, token: u64);
}

struct Lru(lru::LruCache<u64, ()>);

impl Cache for Lru {
    fn has(&mut self, token: u64) -> bool {
        self.0.get(&token).is_some()
    }

    fn keep(&mut self, token: u64) {
        self.0.put(token, ());
    }
}

impl Cache for S3Fifo<()> {
    fn has(&mut self, token: u64) -> bool {
        self.get(hash(token)).is_some()
    }

    fn keep(&mut self, token: u64) {
        self.insert(hash(token), (), 1);
    }
}

impl Cache for quick_cache::unsync::Cache<u64, ()> {
    fn has(&mut self, token: u64) -> bool {
        self.get(&token).is_some()
    }

    fn keep(&mut self, token: u64) {
        self.insert(token, ());
    }
}

impl Cache for moka::sync::Cache<u64, ()> {
    fn has(&mut self, token: u64) -> bool {
        self.get(&token).is_some()
    }

    fn keep(&mut self, token: u64) {
        self.insert(token, ());
    }
}

/// Marsaglia's xorshift, from a fixed seed.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn hash(token: u64) -> u64 {
    let mixed = (token + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// Tokens by popularity: the one of rank k is asked for in proportion to k^-exponent.
fn zipf(exponent: f64) -> Vec<u64> {
    let mut sum = 0.0;
    let upto: Vec<f64> = (1..=TOKENS)
        .map(|rank| {
            sum += (rank as f64).powf(-exponent);
            sum
        })
        .collect();
    let mut random = Random(88_172_645_463_325_252);
    let draw = |_| upto.partition_point(|upto| *upto < random.unit() * sum) as u64;
    (0..REQUESTS).map(draw).collect()
}

fn hit_rate(cache: &mut dyn Cache, trace: &[u64]) -> f64 {
    let mut hits = 0_u64;
    for (at, token) in (0..).zip(trace) {
        if !cache.has(*token) {
            cache.keep(*token);
        } else if at >= WARM_UP {
            hits += 1;
        }
    }
    hits as f64 / (REQUESTS - WARM_UP) as f64
}

fn main() {
    let popular = zipf(1.0);
    let numbered = || (0_u64..).zip(&popular);
    // Every second request brings a token that never comes again.
    let once = |(at, token): (u64, &u64)| if at % 2 == 0 { *token } else { 10 * TOKENS + at };
    // All tokens are renewed, not all at once, ten times.
    let renewed = |(at, token): (u64, &u64)| token + 10 * TOKENS * (at / 400_000 + token % 7);
    let traces = [
        ("Zipf 0.8", zipf(0.8)),
        ("Zipf 1.0", popular.clone()),
        ("Zipf 1.2", zipf(1.2)),
        ("Zipf 1.0, half come once", numbered().map(once).collect()),
        ("Zipf 1.0, renewed", numbered().map(renewed).collect()),
    ];
    println!(
        "{:26}{:>7}{:>9}{:>9}{:>13}{:>9}",
        "trace", "room", "LRU", "S3-FIFO", "quick_cache", "moka"
    );
    for (name, trace) in &traces {
        for room in [1_000, 5_000, 10_000, 25_000_usize] {
            let lru = hit_rate(&mut Lru(lru::LruCache::new(room.try_into().unwrap())), trace);
            let ours = hit_rate(&mut S3Fifo::new(room), trace);
            let quick = hit_rate(&mut quick_cache::unsync::Cache::new(room), trace);
            let moka = hit_rate(&mut moka::sync::Cache::new(room as u64), trace);
            println!("{name:26}{room:>7}{lru:>9.4}{ours:>9.4}{quick:>13.4}{moka:>9.4}");
        }
    }
}
