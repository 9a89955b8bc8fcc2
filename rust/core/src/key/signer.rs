//! Private keys: read from any form, kept ready to sign.
//!
//! jsonwebtoken signs wherever it knows the algorithm; ES512 and ES256K it does not know.

use super::public::{Curve, PublicKey};
use super::{Key, KeyError};
use crate::algorithm::Algorithm;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair,
};
use base64_simd::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Only the public half is known.
    #[error("the key is public; signing needs the private key or a secret")]
    Public,
    /// The key is bound to other algorithms.
    #[error("the key is not bound to the algorithm asked for")]
    Algorithm,
    /// The cryptographic library failed.
    #[error("the key could not sign")]
    Failed,
}

/// A private key in the form that its signing needs.
pub(super) enum Signer {
    Jose(EncodingKey),
    Ecdsa(EcdsaKeyPair),
}

impl Signer {
    pub(super) fn from_secret(secret: &[u8]) -> Self {
        Self::Jose(EncodingKey::from_secret(secret))
    }
}

/// A private key as it was read.
pub(super) enum PrivateKey {
    Rsa(RsaKeyPair),
    Ec(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

const fn ecdsa(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
        Curve::Secp256k1 => &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING,
    }
}

impl PrivateKey {
    /// PKCS#8 (RFC 5208); the library knows no "any key", so each type is tried.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8(der) {
            return Ok(Self::Ed25519(pair));
        }
        for curve in Curve::ALL {
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(ecdsa(curve), der) {
                return Ok(Self::Ec(curve, pair));
            }
        }
        RsaKeyPair::from_pkcs8(der).map(Self::Rsa).map_err(|_| {
            KeyError::new(
                "the private key cannot be used; expected RSA of at least 2048 bits, EC on P-256, \
                 P-384, P-521 or secp256k1, or Ed25519",
            )
        })
    }

    /// PKCS#1 (RFC 8017 appendix A.1.2).
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        RsaKeyPair::from_der(der).map(Self::Rsa).map_err(|_| {
            KeyError::new("the RSA private key cannot be used; expected at least 2048 bits")
        })
    }

    /// SEC 1 (RFC 5915).
    pub(super) fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        let pair = |curve| {
            let pair = EcdsaKeyPair::from_private_key_der(ecdsa(curve), der).ok()?;
            Some(Self::Ec(curve, pair))
        };
        Curve::ALL.into_iter().find_map(pair).ok_or_else(|| {
            KeyError::new(
                "the EC private key cannot be used; expected P-256, P-384, P-521 or secp256k1",
            )
        })
    }

    /// A private scalar with its public point (RFC 7518 section 6.2.2).
    pub(super) fn from_ec_scalar(
        curve: Curve,
        scalar: &[u8],
        x: &[u8],
        y: &[u8],
    ) -> Result<Self, KeyError> {
        let point = [&[4], x, y].concat();
        EcdsaKeyPair::from_private_key_and_public_key(ecdsa(curve), scalar, &point)
            .map(|pair| Self::Ec(curve, pair))
            .map_err(|_| KeyError::new("d does not belong to x and y"))
    }

    /// A seed with its public point (RFC 8037 section 2).
    pub(super) fn from_ed25519_seed(seed: &[u8], x: &[u8]) -> Result<Self, KeyError> {
        if seed.len() != 32 {
            return Err(KeyError(format!("d has {} bytes, and 32 are needed", seed.len())));
        }
        Ed25519KeyPair::from_seed_and_public_key(seed, x)
            .map(Self::Ed25519)
            .map_err(|_| KeyError::new("d does not belong to x"))
    }

    pub(super) fn from_rsa_pair(pair: RsaKeyPair) -> Self {
        Self::Rsa(pair)
    }

    /// The public half.
    pub(super) fn public(&self) -> Result<PublicKey, KeyError> {
        match self {
            Self::Rsa(pair) => PublicKey::rsa_pkcs1(pair.public_key().as_ref()),
            Self::Ec(curve, pair) => PublicKey::ec_point(*curve, pair.public_key().as_ref()),
            Self::Ed25519(pair) => PublicKey::ed25519(pair.public_key().as_ref()),
        }
    }

    pub(super) fn into_signer(self) -> Result<Signer, KeyError> {
        let failed = || KeyError::new("the private key cannot be prepared for signing");
        let jose = |der: &[u8], read: fn(&[u8]) -> jsonwebtoken::errors::Result<EncodingKey>| {
            let text = pem::encode(&pem::Pem::new("PRIVATE KEY", der));
            read(text.as_bytes()).map(Signer::Jose).map_err(|_| failed())
        };
        match self {
            Self::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| failed())?;
                jose(der.as_ref(), EncodingKey::from_rsa_pem)
            }
            Self::Ec(Curve::P256 | Curve::P384, pair) => {
                let der = pair.to_pkcs8v1().map_err(|_| failed())?;
                jose(der.as_ref(), EncodingKey::from_ec_pem)
            }
            Self::Ec(_, pair) => Ok(Signer::Ecdsa(pair)),
            Self::Ed25519(pair) => {
                let der = pair.to_pkcs8v1().map_err(|_| failed())?;
                jose(der.as_ref(), EncodingKey::from_ed_pem)
            }
        }
    }
}

const fn jose_algorithm(algorithm: Algorithm) -> Option<jsonwebtoken::Algorithm> {
    use jsonwebtoken::Algorithm as Jose;
    Some(match algorithm {
        Algorithm::HS256 => Jose::HS256,
        Algorithm::HS384 => Jose::HS384,
        Algorithm::HS512 => Jose::HS512,
        Algorithm::RS256 => Jose::RS256,
        Algorithm::RS384 => Jose::RS384,
        Algorithm::RS512 => Jose::RS512,
        Algorithm::PS256 => Jose::PS256,
        Algorithm::PS384 => Jose::PS384,
        Algorithm::PS512 => Jose::PS512,
        Algorithm::ES256 => Jose::ES256,
        Algorithm::ES384 => Jose::ES384,
        Algorithm::EdDSA | Algorithm::Ed25519 => Jose::EdDSA,
        Algorithm::ES512 | Algorithm::ES256K => return None,
    })
}

impl Key {
    /// Signs a message; the signature is base64url, as a compact JWS carries it.
    ///
    /// # Errors
    /// `SigningError` where the key is public, or bound to other algorithms.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<String, SigningError> {
        if !self.algorithms.contains(algorithm) {
            return Err(SigningError::Algorithm);
        }
        match (&self.signer, jose_algorithm(algorithm)) {
            (None, _) => Err(SigningError::Public),
            (Some(Signer::Jose(key)), Some(algorithm)) => {
                jsonwebtoken::crypto::sign(message, key, algorithm)
                    .map_err(|_| SigningError::Failed)
            }
            (Some(Signer::Ecdsa(pair)), None) => {
                let signed = pair.sign(&SystemRandom::new(), message);
                let signature = signed.map_err(|_| SigningError::Failed)?;
                Ok(URL_SAFE_NO_PAD.encode_to_string(signature.as_ref()))
            }
            _ => Err(SigningError::Algorithm),
        }
    }
}
