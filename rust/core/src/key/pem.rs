//! Keys from PEM: SPKI, PKCS#1, certificates, and private keys in PKCS#8, PKCS#1 and SEC 1.

use super::public::{Curve, PublicKey};
use super::signer::PrivateKey;
use super::{Key, KeyError};
use crate::algorithm::Algorithm;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey as Spki;
use x509_parser::x509::SubjectPublicKeyInfo;

const EXPECTED: &str = "expected one PUBLIC KEY, RSA PUBLIC KEY, CERTIFICATE, PRIVATE KEY, \
                        RSA PRIVATE KEY or EC PRIVATE KEY block";

impl Key {
    /// Reads the one PEM block of a text.
    ///
    /// # Errors
    /// `KeyError` for anything but one block of a known kind holding a key that can be used.
    pub fn from_pem(
        text: &[u8],
        algorithm: Option<Algorithm>,
        kid: Option<&str>,
    ) -> Result<Self, KeyError> {
        let blocks = pem::parse_many(text)
            .map_err(|_| KeyError(format!("the PEM text is broken; {EXPECTED}")))?;
        // `openssl ecparam -genkey` writes the curve's name in a block of its own.
        let mut blocks = blocks.iter().filter(|block| block.tag() != "EC PARAMETERS");
        let block = match (blocks.next(), blocks.next()) {
            (Some(block), None) => block,
            (None, _) => return Err(KeyError(format!("no PEM block was found; {EXPECTED}"))),
            (Some(_), Some(_)) => {
                return Err(KeyError(format!("more than one PEM block was found; {EXPECTED}")));
            }
        };
        let der = block.contents();
        let private = match block.tag() {
            "PUBLIC KEY" => return Self::from_public(public_from_spki(der)?, algorithm, kid),
            "RSA PUBLIC KEY" => {
                return Self::from_public(PublicKey::rsa_pkcs1(der)?, algorithm, kid);
            }
            "CERTIFICATE" => {
                return Self::from_public(public_from_certificate(der)?, algorithm, kid);
            }
            "PRIVATE KEY" => PrivateKey::from_pkcs8(der)?,
            "RSA PRIVATE KEY" => PrivateKey::from_pkcs1(der)?,
            "EC PRIVATE KEY" => PrivateKey::from_sec1(der)?,
            "ENCRYPTED PRIVATE KEY" => {
                return Err(KeyError::new("the private key is encrypted; decrypt it first"));
            }
            _ => return Err(KeyError(format!("the PEM block is of another kind; {EXPECTED}"))),
        };
        let public = private.public()?;
        Ok(Self::from_public(public, algorithm, kid)?.with_signer(private.into_signer()?))
    }
}

fn broken(what: &str) -> KeyError {
    KeyError(format!("the DER inside the PEM block is not {what}"))
}

fn public_from_spki(der: &[u8]) -> Result<PublicKey, KeyError> {
    match SubjectPublicKeyInfo::from_der(der) {
        Ok(([], spki)) => public_from_parsed(&spki),
        _ => Err(broken("a SubjectPublicKeyInfo (RFC 5280)")),
    }
}

pub(super) fn public_from_certificate(der: &[u8]) -> Result<PublicKey, KeyError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => public_from_parsed(certificate.public_key()),
        _ => Err(broken("an X.509 certificate")),
    }
}

fn public_from_parsed(spki: &SubjectPublicKeyInfo<'_>) -> Result<PublicKey, KeyError> {
    const UNKNOWN: &str = "the key is of another type; expected RSA, EC on P-256, P-384, P-521 or \
                           secp256k1, or Ed25519";
    match spki.parsed() {
        Ok(Spki::RSA(key)) => PublicKey::rsa(key.modulus, key.exponent),
        Ok(Spki::EC(point)) => {
            let parameters = spki.algorithm.parameters.as_ref();
            let oid = parameters.and_then(|any| any.as_oid().ok()).map(|oid| oid.to_id_string());
            let curve = Curve::ALL.into_iter().find(|&curve| oid.as_deref() == Some(oid_of(curve)));
            let curve = curve.ok_or_else(|| KeyError::new(UNKNOWN))?;
            PublicKey::ec_point(curve, point.data())
        }
        // RFC 8410
        Ok(Spki::Unknown(point)) if spki.algorithm.algorithm.to_id_string() == "1.3.101.112" => {
            PublicKey::ed25519(point)
        }
        _ => Err(KeyError::new(UNKNOWN)),
    }
}

/// The curves' object identifiers (RFC 5480 section 2.1.1.1, SEC 2).
const fn oid_of(curve: Curve) -> &'static str {
    match curve {
        Curve::P256 => "1.2.840.10045.3.1.7",
        Curve::P384 => "1.3.132.0.34",
        Curve::P521 => "1.3.132.0.35",
        Curve::Secp256k1 => "1.3.132.0.10",
    }
}
