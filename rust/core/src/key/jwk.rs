//! Keys from JWK (RFC 7517, RFC 7518 section 6, RFC 8037, RFC 8812).

use super::public::PublicKey;
use super::signer::PrivateKey;
use super::{Key, KeyError};
use crate::algorithm::Algorithm;
use crate::claims::IssuerName;
use crate::json::{Document, Value};
use base64_simd::URL_SAFE_NO_PAD;
use fields::{Fields, member, optional_member};

mod fields;

/// The longest `kid` that is looked up or loaded.
pub const MAX_KID_BYTES: usize = 256;

/// Why a JWK gives no key: a set skips what it cannot use, and refuses what is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwkError {
    /// Well-formed, and not for us: another type, curve, algorithm or use.
    Unusable(KeyError),
    /// Wrong in itself.
    Broken(KeyError),
}

impl From<KeyError> for JwkError {
    fn from(error: KeyError) -> Self {
        Self::Broken(error)
    }
}

impl From<JwkError> for KeyError {
    fn from(error: JwkError) -> Self {
        match error {
            JwkError::Unusable(error) | JwkError::Broken(error) => error,
        }
    }
}

fn unusable(message: impl Into<String>) -> JwkError {
    JwkError::Unusable(KeyError::new(message))
}

impl Key {
    /// Reads one JWK.
    ///
    /// # Errors
    /// `KeyError` for broken JSON, an unknown type, another use, or a key that cannot be used.
    pub fn from_jwk(text: &[u8], allow_weak_hmac: bool) -> Result<Self, KeyError> {
        let document = Document::parse_object(text.to_vec())
            .map_err(|error| KeyError(format!("the JWK cannot be read: {error}")))?;
        Ok(Self::from_jwk_value(document.root(), allow_weak_hmac, &Purposes::default())?)
    }

    /// Reads one JWK inside a larger document.
    ///
    /// # Errors
    /// `JwkError`, which tells what a set may skip from what is broken.
    pub fn from_jwk_value(
        jwk: Value<'_>,
        allow_weak_hmac: bool,
        purposes: &Purposes,
    ) -> Result<Self, JwkError> {
        let mut key = Self::read(jwk, allow_weak_hmac, purposes)?;
        if let Some(issuer) = optional_member(jwk, "issuer")? {
            let issuer = IssuerName::parse(issuer, None);
            key.of_issuer = Some(issuer.map_err(|why| KeyError(format!("issuer: {why}")))?);
        }
        Ok(key)
    }

    fn read(jwk: Value<'_>, allow_weak_hmac: bool, purposes: &Purposes) -> Result<Self, JwkError> {
        let kty = member(jwk, "kty")?.ok_or_else(|| KeyError::new("kty is missing"))?;
        if !matches!(kty, "RSA" | "EC" | "OKP" | "oct") {
            return Err(unusable("kty is unknown; expected RSA, EC, OKP or oct"));
        }
        purposes.check(jwk)?;
        let algorithm = match optional_member(jwk, "alg")? {
            None => None,
            Some(name) => Some(Algorithm::from_name(name).ok_or_else(|| {
                unusable("alg is not a signature algorithm that can be verified")
            })?),
        };
        let kid = optional_member(jwk, "kid")?;
        let fields = Fields { jwk, is_private: is_private(jwk) };
        if let Some(public) = fields.certified(kty)? {
            return Ok(Self::from_public(public, algorithm, kid)?);
        }
        match kty {
            "oct" => {
                let secret = fields.required("k")?;
                Ok(match algorithm {
                    Some(one) => Self::from_secret(&secret, one, kid, allow_weak_hmac)?,
                    None => Self::from_unbound_secret(&secret, kid, allow_weak_hmac)?,
                })
            }
            "RSA" => {
                let (n, e) = (fields.required("n")?, fields.required("e")?);
                let key = Self::from_public(PublicKey::rsa(&n, &e)?, algorithm, kid)?;
                match fields.rsa_pair(&key)? {
                    None => Ok(key),
                    Some(pair) => Ok(key.with_signer(pair.into_signer()?)),
                }
            }
            "EC" => {
                let curve = fields.curve()?;
                let (x, y) = (fields.coordinate("x", curve)?, fields.coordinate("y", curve)?);
                let key = Self::from_public(PublicKey::ec(curve, &x, &y)?, algorithm, kid)?;
                match fields.optional("d")? {
                    None => Ok(key),
                    Some(d) => {
                        let pair = PrivateKey::from_ec_scalar(curve, &d, &x, &y)?;
                        Ok(key.with_signer(pair.into_signer()?))
                    }
                }
            }
            _ => {
                if member(jwk, "crv")? != Some("Ed25519") {
                    return Err(unusable("crv is unknown; expected Ed25519 for kty OKP"));
                }
                let x = fields.required("x")?;
                let key = Self::from_public(PublicKey::ed25519(&x)?, algorithm, kid)?;
                match fields.optional("d")? {
                    None => Ok(key),
                    Some(d) => {
                        let pair = PrivateKey::from_ed25519_seed(&d, &x)?;
                        Ok(key.with_signer(pair.into_signer()?))
                    }
                }
            }
        }
    }
}

/// What a key must be for: `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3).
#[derive(Clone, Debug, Default)]
pub struct Purposes {
    /// The values of `use` to take; empty takes `sig` alone. A key that names none is taken.
    pub uses: Vec<String>,
    /// Take keys whatever their `key_ops` say: some providers write those of the private half.
    pub ignore_key_ops: bool,
}

impl Purposes {
    fn check(&self, jwk: Value<'_>) -> Result<(), JwkError> {
        let fits = |purpose: &str| match self.uses.as_slice() {
            [] => purpose == "sig",
            uses => uses.iter().any(|one| one == purpose),
        };
        if optional_member(jwk, "use")?.is_some_and(|purpose| !fits(purpose)) {
            let expected = if self.uses.is_empty() { "sig".into() } else { self.uses.join(" or ") };
            return Err(unusable(format!("use is not {expected}")));
        }
        let operations = jwk.get("key_ops").filter(|operations| !operations.is_null());
        let Some(operations) = operations else { return Ok(()) };
        let elements =
            operations.elements().ok_or_else(|| KeyError::new("key_ops must be an array"))?;
        let mut fits = self.ignore_key_ops;
        for operation in elements {
            let name = operation.as_str();
            let name = name.ok_or_else(|| KeyError::new("key_ops must hold strings"))?;
            fits |= name == "verify" || (name == "sign" && is_private(jwk));
        }
        if fits { Ok(()) } else { Err(unusable("key_ops does not allow to verify")) }
    }
}

fn is_private(jwk: Value<'_>) -> bool {
    jwk.get("d").is_some() || jwk.get("k").is_some()
}

impl PublicKey {
    /// The members of the public JWK, in the order of the thumbprint (RFC 7638 section 3.2).
    #[must_use]
    pub fn jwk_members(&self) -> Vec<(&'static str, String)> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
        match self {
            Self::Rsa { n, e } => vec![("e", text(e)), ("kty", "RSA".into()), ("n", text(n))],
            Self::Ec { curve, x, y } => vec![
                ("crv", curve.name().into()),
                ("kty", "EC".into()),
                ("x", text(x)),
                ("y", text(y)),
            ],
            Self::Ed25519 { x } => {
                vec![("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", text(x))]
            }
        }
    }
}
