//! The cluster's keys and certificates, new with every cluster, and kubeconfigs for those who talk
//! to its API server.

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SanType,
};
use serde_json::json;

use crate::failure::{Failure, Result, While};
use crate::lab::cluster::network::ADDRESS;

pub(crate) const NODE: &str = "node-a";
/// Where the API server listens.
pub(crate) const SERVER: &str = "https://10.199.0.10:6443";
/// Of the service `kubernetes`: the first of the service addresses.
const SERVICE_ADDRESS: &str = "10.96.0.1";

/// Who somebody is: user and group.
type Identity = (&'static str, &'static str, &'static str);

const CLIENTS: [Identity; 5] = [
    ("admin", "kubernetes-admin", "system:masters"),
    ("kubelet", "system:node:node-a", "system:nodes"),
    ("controller-manager", "system:kube-controller-manager", ""),
    ("scheduler", "system:kube-scheduler", ""),
    (
        "kubelet-client",
        "kube-apiserver-kubelet-client",
        "system:masters",
    ),
];

/// Writes everything into `folder`, which must not exist.
pub(crate) fn make(folder: &Path) -> Result<()> {
    fs::create_dir(folder).doing(|| format!("making {}", folder.display()))?;
    let pki = Pki::new(folder)?;
    pki.server()?;
    for (file, user, group) in CLIENTS {
        pki.client(file, user, group)?;
        pki.kubeconfig(file)?;
    }
    pki.token_key()
}

/// Where somebody's kubeconfig is.
pub(crate) fn kubeconfig(folder: &Path, who: &str) -> PathBuf {
    folder.join(format!("{who}.kubeconfig"))
}

/// A kubeconfig for the API server or a front end at `server`, with these credentials.
pub(crate) fn write_kubeconfig(
    path: &Path,
    (server, authority): (&str, &Path),
    credentials: &serde_json::Value,
) -> Result<()> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "lab", "cluster": { "server": server, "certificate-authority": authority } }],
        "users": [{ "name": "lab", "user": credentials }],
        "contexts": [{ "name": "lab", "context": { "cluster": "lab", "user": "lab" } }],
        "current-context": "lab",
    });
    write(path, &format!("{config:#}\n"))
}

struct Pki<'f> {
    folder: &'f Path,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl<'f> Pki<'f> {
    fn new(folder: &'f Path) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "lab");
        let authority = CertifiedIssuer::self_signed(params, key()?).doing(certifying)?;
        write(&folder.join("ca.crt"), &authority.pem())?;
        write(&folder.join("ca.key"), &authority.key().serialize_pem())?;
        Ok(Self { folder, authority })
    }

    fn server(&self) -> Result<()> {
        let names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
        let names = names.map(str::to_owned).to_vec();
        let mut params = CertificateParams::new(names).doing(certifying)?;
        for address in [ADDRESS, SERVICE_ADDRESS, "127.0.0.1"] {
            let address: IpAddr = address.parse().doing(certifying)?;
            params.subject_alt_names.push(SanType::IpAddress(address));
        }
        params
            .distinguished_name
            .push(DnType::CommonName, "kube-apiserver");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.certify("apiserver", &params)
    }

    fn client(&self, file: &str, user: &str, group: &str) -> Result<()> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, user);
        if !group.is_empty() {
            params
                .distinguished_name
                .push(DnType::OrganizationName, group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.certify(file, &params)
    }

    fn certify(&self, file: &str, params: &CertificateParams) -> Result<()> {
        let key = key()?;
        let certificate = params.signed_by(&key, &self.authority).doing(certifying)?;
        write(&self.folder.join(format!("{file}.crt")), &certificate.pem())?;
        write(
            &self.folder.join(format!("{file}.key")),
            &key.serialize_pem(),
        )
    }

    /// With the files' paths in it.
    fn kubeconfig(&self, file: &str) -> Result<()> {
        let path = |kind| self.folder.join(format!("{file}.{kind}"));
        let credentials = json!({ "client-certificate": path("crt"), "client-key": path("key") });
        let authority = self.folder.join("ca.crt");
        write_kubeconfig(&path("kubeconfig"), (SERVER, &authority), &credentials)
    }

    /// Signs the tokens of service accounts.
    fn token_key(&self) -> Result<()> {
        let key = key()?;
        write(&self.folder.join("tokens.key"), &key.serialize_pem())?;
        write(&self.folder.join("tokens.pub"), &key.public_key_pem())
    }
}

fn certifying() -> String {
    "making a certificate".to_owned()
}

fn key() -> Result<KeyPair> {
    KeyPair::generate().map_err(|error| Failure::new("making a key", error))
}

/// For nobody else to read.
fn write(path: &Path, text: &str) -> Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .doing(|| format!("writing {}", path.display()))
}
