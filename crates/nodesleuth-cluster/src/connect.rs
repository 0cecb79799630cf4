//! From a kubeconfig to a client.

use crate::ClusterError;
use crate::kubectl::Kubectl;
use crate::request::Requester;
use crate::way::Way;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// For what our own client does not understand.
const BEYOND_US: &str = "`kubectl get nodes` with the same kubeconfig shows whether it works at all; if it does, \
     --kubectl asks by kubectl";
/// Each request is a process of some 50 MiB then, and a node waits for one as long as its window.
const MOST_KUBECTLS: usize = 10;
/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Which cluster, and as whom.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// Context of the kubeconfig; `None`: the current one.
    pub context: Option<String>,
    /// The kubeconfig; `None`: `KUBECONFIG`, `~/.kube/config`, or a pod's service account.
    pub kubeconfig: Option<PathBuf>,
    /// User to act as (`kubectl --as`).
    pub as_user: Option<String>,
    /// The kubectl to ask by, in place of our own client.
    pub kubectl: Option<PathBuf>,
}

/// A cluster that can be asked.
#[derive(Debug)]
pub struct Cluster {
    runtime: Runtime,
    pub(crate) requester: Arc<Requester>,
    pub(crate) namespace: String,
    server: String,
    beyond: Option<String>,
    most_in_flight: usize,
}

impl Cluster {
    /// Reads the kubeconfig; nothing is asked yet.
    ///
    /// # Errors
    /// When there is no usable kubeconfig.
    pub fn connect(options: &ConnectOptions) -> Result<Self, ClusterError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| {
                ClusterError::new(
                    format!("cannot set up the network client: {error}"),
                    "see the system's message above",
                )
            })?;
        if let Some(program) = &options.kubectl {
            return Self::by_kubectl(runtime, program, options);
        }
        let (client, namespace, server) = runtime.block_on(async {
            let mut config = config(options).await?;
            config.connect_timeout = Some(CONNECT);
            // Timeouts and retries are ours: they differ from request to request.
            config.read_timeout = None;
            config.default_retry = false;
            if options.as_user.is_some() {
                config.auth_info.impersonate.clone_from(&options.as_user);
            }
            let server = shown(&config);
            let namespace = config.default_namespace.clone();
            let client = Client::try_from(config).map_err(|error| {
                ClusterError::new(format!("cannot use the kubeconfig: {error}"), BEYOND_US)
            })?;
            Ok::<_, ClusterError>((client, namespace, server))
        })?;
        Ok(Self {
            runtime,
            requester: Arc::new(Requester::new(Way::Library(client))),
            namespace,
            server,
            beyond: None,
            most_in_flight: usize::MAX,
        })
    }

    /// Our own client is not made: it might log in, which kubectl is to do.
    fn by_kubectl(
        runtime: Runtime,
        program: &Path,
        options: &ConnectOptions,
    ) -> Result<Self, ClusterError> {
        let kubectl = Kubectl::find(program, options)?;
        let (server, namespace, beyond) = match runtime.block_on(config(options)) {
            Ok(config) => (shown(&config), config.default_namespace, None),
            Err(error) => (
                "the cluster that it knows".to_owned(),
                "default".to_owned(),
                Some(error.what),
            ),
        };
        Ok(Self {
            runtime,
            server: format!("{} to {server}", kubectl.program().display()),
            requester: Arc::new(Requester::new(Way::Kubectl(kubectl))),
            namespace,
            beyond,
            most_in_flight: MOST_KUBECTLS,
        })
    }

    /// Why our own client could not have asked, where kubectl does and that is known.
    #[must_use]
    pub fn beyond_library(&self) -> Option<&str> {
        self.beyond.as_deref()
    }

    /// Nodes that can be asked at the same time.
    #[must_use]
    pub fn most_in_flight(&self) -> usize {
        self.most_in_flight
    }

    /// The API server's address as it may be shown.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// Host, port and path: a user in it is left out.
fn shown(config: &Config) -> String {
    let url = &config.cluster_url;
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!(
        "{}://{}{port}{}",
        url.scheme_str().unwrap_or("https"),
        url.host().unwrap_or_default(),
        url.path().trim_end_matches('/')
    )
}

async fn config(options: &ConnectOptions) -> Result<Config, ClusterError> {
    let choice = KubeConfigOptions {
        context: options.context.clone(),
        ..KubeConfigOptions::default()
    };
    let named = match &options.kubeconfig {
        Some(path) => Some(Kubeconfig::read_from(path).map_err(|error| unusable(&error))?),
        None => None,
    };
    let found = match named {
        Some(kubeconfig) => Config::from_custom_kubeconfig(kubeconfig, &choice).await,
        None => Config::from_kubeconfig(&choice).await,
    };
    match found {
        Ok(config) => Ok(config),
        // In a pod there is none, but a service account.
        Err(error) if options.kubeconfig.is_none() && options.context.is_none() => {
            Config::incluster().map_err(|_| unusable(&error))
        }
        Err(error) => Err(unusable(&error)),
    }
}

fn unusable(error: &KubeconfigError) -> ClusterError {
    let help = match error {
        KubeconfigError::LoadContext(_) | KubeconfigError::CurrentContextNotSet => {
            "`kubectl config get-contexts` lists the contexts; choose one with --context"
        }
        KubeconfigError::FindPath | KubeconfigError::ReadConfig(..) => {
            "name a kubeconfig with --kubeconfig or KUBECONFIG"
        }
        _ => BEYOND_US,
    };
    ClusterError::new(format!("cannot use the kubeconfig: {error}"), help)
}
