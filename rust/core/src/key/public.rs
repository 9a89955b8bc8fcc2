//! Public key components, whatever form they came in, and what they must fulfil.

use super::KeyError;
use crate::algorithm::Algorithm;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters};
use curve25519_dalek::edwards::CompressedEdwardsY;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;

/// An elliptic curve for ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, secp256r1
    P256,
    /// NIST P-384
    P384,
    /// NIST P-521
    P521,
    /// secp256k1 (RFC 8812)
    Secp256k1,
}

impl Curve {
    pub(super) const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::Secp256k1];

    /// The `crv` name (RFC 7518 section 6.2.1.1, RFC 8812 section 3.1).
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Secp256k1 => "secp256k1",
        }
    }

    /// Bytes of one coordinate.
    pub(super) const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The one algorithm that a key on this curve serves.
    pub(super) const fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::ES256,
            Self::P384 => Algorithm::ES384,
            Self::P521 => Algorithm::ES512,
            Self::Secp256k1 => Algorithm::ES256K,
        }
    }
}

/// The components of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// Both coordinates, each at its curve's full length.
    Ec {
        /// The curve.
        curve: Curve,
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
    /// A compressed point on edwards25519 (RFC 8032).
    Ed25519 {
        /// The point.
        x: [u8; 32],
    },
}

const RSA_ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

impl PublicKey {
    /// An RSA key of 2048 to 8192 bits, with an odd exponent of at least 3.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        let bits = n.first().map_or(0, |first| {
            n.len().saturating_mul(8).saturating_sub(first.leading_zeros() as usize)
        });
        if bits < 2048 {
            return Err(KeyError(format!(
                "the RSA modulus has {bits} bits, and at least 2048 are needed (RFC 7518 section 3.3)"
            )));
        }
        if bits > 8192 {
            return Err(KeyError(format!(
                "the RSA modulus has {bits} bits, and at most 8192 are taken"
            )));
        }
        let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        if !odd(n) {
            return Err(KeyError::new("the RSA modulus is even"));
        }
        // Beyond 33 bits aws-lc refuses it: a check would take too long.
        if !odd(e) || e == [1] || e.len() > 4 {
            return Err(KeyError::new(
                "the RSA exponent must be odd, at least 3 and at most 32 bits long; 65537 is usual",
            ));
        }
        Ok(Self::Rsa { n: n.to_vec(), e: e.to_vec() })
    }

    /// An RSA key from PKCS#1 (RFC 8017 appendix A.1.1).
    pub(super) fn rsa_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        match RSAPublicKey::from_der(der) {
            Ok(([], key)) => Self::rsa(key.modulus, key.exponent),
            _ => Err(KeyError::new("the DER is not an RSAPublicKey (RFC 8017)")),
        }
    }

    /// An EC key from its coordinates; the point must lie on the curve.
    pub(super) fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let expected = curve.coordinate_length();
        for (name, coordinate) in [("x", x), ("y", y)] {
            if coordinate.len() != expected {
                return Err(KeyError(format!(
                    "{name} has {} bytes, and {} needs {expected} (RFC 7518 section 6.2.1.2)",
                    coordinate.len(),
                    curve.name()
                )));
            }
        }
        let key = Self::Ec { curve, x: x.to_vec(), y: y.to_vec() };
        // Parsing checks that the point is on the curve; a load must find out, not a request.
        key.parse_for(curve.algorithm())?;
        Ok(key)
    }

    /// An EC key from an uncompressed point (SEC 1 section 2.3.3).
    pub(super) fn ec_point(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        let coordinates = match point.split_first() {
            Some((4, rest)) => rest.split_at_checked(curve.coordinate_length()),
            _ => None,
        };
        let (x, y) = coordinates.ok_or_else(|| {
            KeyError(format!("the key is not an uncompressed point of {}", curve.name()))
        })?;
        Self::ec(curve, x, y)
    }

    /// An Ed25519 key: a point of edwards25519 that is not of small order.
    pub(super) fn ed25519(point: &[u8]) -> Result<Self, KeyError> {
        let x: [u8; 32] = point.try_into().map_err(|_| {
            KeyError(format!("the Ed25519 key has {} bytes, and 32 are needed", point.len()))
        })?;
        let point = CompressedEdwardsY(x)
            .decompress()
            .ok_or_else(|| KeyError::new("the Ed25519 key is not a point of its curve"))?;
        // With such a key, one signature holds for many messages.
        if point.is_small_order() {
            return Err(KeyError::new("the Ed25519 key is a point of small order"));
        }
        Ok(Self::Ed25519 { x })
    }

    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "an RSA key",
            Self::Ec { curve: Curve::P256, .. } => "a P-256 key",
            Self::Ec { curve: Curve::P384, .. } => "a P-384 key",
            Self::Ec { curve: Curve::P521, .. } => "a P-521 key",
            Self::Ec { curve: Curve::Secp256k1, .. } => "a secp256k1 key",
            Self::Ed25519 { .. } => "an Ed25519 key",
        }
    }

    pub(super) const fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::Rsa { .. } => RSA_ALGORITHMS,
            Self::Ec { curve: Curve::P256, .. } => &[Algorithm::ES256],
            Self::Ec { curve: Curve::P384, .. } => &[Algorithm::ES384],
            Self::Ec { curve: Curve::P521, .. } => &[Algorithm::ES512],
            Self::Ec { curve: Curve::Secp256k1, .. } => &[Algorithm::ES256K],
            Self::Ed25519 { .. } => &[Algorithm::EdDSA, Algorithm::Ed25519],
        }
    }

    pub(super) fn parse_for(&self, algorithm: Algorithm) -> Result<ParsedPublicKey, KeyError> {
        match self {
            Self::Rsa { n, e } => PublicKeyComponents { n, e }
                .to_parsed_public_key(rsa_parameters(algorithm))
                .map_err(|_| KeyError::new("the RSA key is not consistent")),
            Self::Ec { curve, x, y } => {
                let parameters = match curve {
                    Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED,
                    Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED,
                    Curve::P521 => &signature::ECDSA_P521_SHA512_FIXED,
                    Curve::Secp256k1 => &signature::ECDSA_P256K1_SHA256_FIXED,
                };
                ParsedPublicKey::new(parameters, [&[4], x.as_slice(), y].concat())
                    .map_err(|_| KeyError(format!("the point is not on {}", curve.name())))
            }
            Self::Ed25519 { x } => ParsedPublicKey::new(&signature::ED25519, x)
                .map_err(|_| KeyError::new("the Ed25519 key was refused")),
        }
    }
}

fn rsa_parameters(algorithm: Algorithm) -> &'static RsaParameters {
    match algorithm {
        Algorithm::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => &signature::RSA_PKCS1_2048_8192_SHA256,
    }
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}
