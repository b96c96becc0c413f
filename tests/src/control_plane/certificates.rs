//! The keys of one control plane: an authority, the API server's certificate, client certificates, and the key
//! that signs service account tokens. Writes files only where it is told to; everything lives as long as the
//! control plane.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};

use super::error::{Error, Result};

/// The object identifier of `organizationName`, where Kubernetes reads groups from.
const ORGANIZATION: [u64; 4] = [2, 5, 4, 10];

/// rcgen keeps one value for each kind of name; `organizationName` can be spelt as a kind and as an identifier.
const MAXIMAL_GROUPS: usize = 2;

/// A certificate and its key, both PEM.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// The authority that the API server trusts for clients, and clients for the API server.
pub(super) struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new one.
    pub(super) fn new() -> Result<Self> {
        let mut params = params("control plane of a test", vec![])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// The authority's own certificate, PEM.
    pub(super) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A certificate for a server that is reached by these names and addresses.
    pub(super) fn server(&self, names: &[&str]) -> Result<Pair> {
        let mut params = params("kube-apiserver", names.iter().map(|&name| name.to_owned()).collect())?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params)
    }

    /// A certificate by which the API server knows a user and its groups.
    pub(super) fn client(&self, user: &str, groups: &[&str]) -> Result<Pair> {
        if groups.len() > MAXIMAL_GROUPS {
            return Err(Error::TooManyGroups {
                user: user.to_owned(),
                found: groups.len(),
                limit: MAXIMAL_GROUPS,
            });
        }
        let mut params = params(user, vec![])?;
        let kinds = [DnType::OrganizationName, DnType::CustomDnType(ORGANIZATION.to_vec())];
        for (&group, kind) in groups.iter().zip(kinds) {
            params.distinguished_name.push(kind, group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params)
    }

    fn sign(&self, mut params: CertificateParams) -> Result<Pair> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Pair { certificate, key: key.serialize_pem() })
    }
}

/// The key that signs service account tokens, and the public half that checks them, both PEM.
pub(super) fn service_account_keys() -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn params(common_name: &str, subject_alternative_names: Vec<String>) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(subject_alternative_names)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    params.distinguished_name = name;
    Ok(params)
}
