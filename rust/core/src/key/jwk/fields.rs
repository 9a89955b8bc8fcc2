//! The members of a JWK, read as providers write them where they are public.

use super::super::public::{Curve, PublicKey};
use super::super::signer::PrivateKey;
use super::super::{Key, KeyError, pem};
use super::{JwkError, unusable};
use crate::json::Value;
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::RsaKeyPair;
use base64_simd::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A member that must be a string where it is present.
pub(super) fn member<'d>(jwk: Value<'d>, name: &str) -> Result<Option<&'d str>, KeyError> {
    jwk.get(name)
        .map(|value| {
            let found = value.kind();
            value.as_str().ok_or_else(|| KeyError(format!("{name} must be a string, not {found}")))
        })
        .transpose()
}

/// A member that may be left out, which some providers write as `null`.
pub(super) fn optional_member<'d>(jwk: Value<'d>, name: &str) -> Result<Option<&'d str>, KeyError> {
    if jwk.get(name).is_some_and(Value::is_null) { Ok(None) } else { member(jwk, name) }
}

/// The base64url members of a JWK.
#[derive(Clone, Copy)]
pub(super) struct Fields<'d> {
    pub(super) jwk: Value<'d>,
    /// What providers publish is read as they write it; what is secret, to the letter.
    pub(super) is_private: bool,
}

impl Fields<'_> {
    pub(super) fn optional(self, name: &str) -> Result<Option<Vec<u8>>, KeyError> {
        let Some(text) = member(self.jwk, name)? else { return Ok(None) };
        let bytes = if self.is_private {
            URL_SAFE_NO_PAD.decode_to_vec(text).ok()
        } else {
            any_base64(text)
        };
        let bytes =
            bytes.ok_or_else(|| KeyError(format!("{name} is not base64url without padding")))?;
        Ok(Some(bytes))
    }

    /// A coordinate at its curve's full length (RFC 7518 section 6.2.1.2). Providers drop leading
    /// zeros, or write the one that a signed number has; the number is the same.
    pub(super) fn coordinate(self, name: &str, curve: Curve) -> Result<Vec<u8>, KeyError> {
        let bytes = self.required(name)?;
        let length = curve.coordinate_length();
        if self.is_private || bytes.is_empty() {
            return Ok(bytes);
        }
        Ok(match bytes.split_first() {
            Some((0, rest)) if rest.len() == length => rest.to_vec(),
            _ => {
                let zeros = length.saturating_sub(bytes.len());
                [vec![0; zeros].as_slice(), &bytes].concat()
            }
        })
    }

    /// The public key of the first certificate, where the JWK has no numbers of its own (RFC 7517
    /// section 4.7).
    pub(super) fn certified(self, kty: &str) -> Result<Option<PublicKey>, JwkError> {
        let has = |name: &str| self.jwk.get(name).is_some();
        if self.is_private || ["n", "e", "x", "y"].into_iter().any(has) {
            return Ok(None);
        }
        let certificates = self.jwk.get("x5c").filter(|chain| !chain.is_null());
        let Some(certificates) = certificates else { return Ok(None) };
        let first = certificates.elements().and_then(|mut chain| chain.next());
        let der = first.and_then(Value::as_str).and_then(any_base64).ok_or_else(|| {
            KeyError::new("x5c must be an array of certificates in base64, and not empty")
        })?;
        let public = pem::public_from_certificate(&der)?;
        let (found, curve) = match &public {
            PublicKey::Rsa { .. } => ("RSA", None),
            PublicKey::Ec { curve, .. } => ("EC", Some(curve.name())),
            PublicKey::Ed25519 { .. } => ("OKP", Some("Ed25519")),
        };
        let named = optional_member(self.jwk, "crv")?;
        if kty != found || named.is_some_and(|name| curve != Some(name)) {
            return Err(KeyError::new("the certificate in x5c has a key of another type").into());
        }
        Ok(Some(public))
    }

    pub(super) fn required(self, name: &str) -> Result<Vec<u8>, KeyError> {
        self.optional(name)?.ok_or_else(|| KeyError(format!("{name} is missing")))
    }

    pub(super) fn curve(self) -> Result<Curve, JwkError> {
        let name = member(self.jwk, "crv")?.ok_or_else(|| KeyError::new("crv is missing"))?;
        let curve = Curve::ALL.into_iter().find(|curve| curve.name() == name);
        curve.ok_or_else(|| {
            unusable("crv is unknown; expected P-256, P-384, P-521 or secp256k1 for kty EC")
        })
    }

    /// The private half of an RSA key (RFC 7518 section 6.3.2), where `d` is there.
    pub(super) fn rsa_pair(self, key: &Key) -> Result<Option<PrivateKey>, KeyError> {
        let (Some(d), Some(PublicKey::Rsa { n, e })) = (self.optional("d")?, key.public()) else {
            return Ok(None);
        };
        let components = KeyPairComponents {
            public_key: PublicKeyComponents { n: n.clone(), e: e.clone() },
            d,
            p: self.required("p")?,
            q: self.required("q")?,
            dP: self.required("dp")?,
            dQ: self.required("dq")?,
            qInv: self.required("qi")?,
        };
        let pair = RsaKeyPair::from_components(&components);
        let pair = pair.map_err(|_| KeyError::new("the private RSA members are not consistent"))?;
        Ok(Some(PrivateKey::from_rsa_pair(pair)))
    }
}

/// Base64 of either alphabet, padded to its full length or not at all.
fn any_base64(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    let padding = text.len().saturating_sub(bare.len());
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    let either = URL_SAFE_NO_PAD.decode_to_vec(bare);
    either.or_else(|_| STANDARD_NO_PAD.decode_to_vec(bare)).ok()
}
