//! Everything that an API server, a front end or a kubelet says instead of an answer, and what to
//! do about it.

use nodesleuth_model::{Missing, MissingKind};
use std::fmt;
use std::time::Duration;

/// What grants the rights that reading a node needs.
pub const GRANT: &str = "an administrator grants it with `kubectl create clusterrole nodesleuth-api \
    --verb=get --resource=nodes,nodes/proxy` and `kubectl create clusterrolebinding nodesleuth-api \
    --clusterrole=nodesleuth-api --user=YOU` (deploy/rbac/api.yaml); the role `view` is not enough";

/// An answer that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind it is.
    pub kind: RefusalKind,
    /// What was said, or what happened: one sentence.
    pub said: String,
}

/// The kinds of refusal that call for different steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The API server does not know who asks.
    Unauthorized,
    /// Who asks may not.
    Forbidden,
    /// The kubelet does not let the API server ask.
    KubeletForbids,
    /// There is no such node.
    NoSuchNode,
    /// There is no such object.
    NoSuchObject,
    /// The kubelet serves no such page.
    NotServed,
    /// The kubelet's debugging handlers are off.
    DebugDisabled,
    /// Somebody else takes a profile of this kubelet.
    ProfilingInUse,
    /// The kubelet takes no profile of this length.
    ProfileTooLong,
    /// Nobody listens on the node's kubelet port.
    KubeletDown,
    /// The node does not answer the API server.
    NodeUnreachable,
    /// Nothing was said in our own time.
    NoAnswer,
    /// The answer began, and did not end in our own time.
    Unfinished,
    /// Its turn did not come in the time that there is for a node.
    NotAsked,
    /// The API server has too much to do; it names a time after which to ask again.
    TooManyRequests(Duration),
    /// The answer is larger than is taken.
    TooLarge,
    /// The connection ended before the answer did.
    Cut,
    /// The API server itself cannot be reached.
    ApiServerUnreachable,
    /// The API server's certificate is not trusted.
    NotTrusted,
    /// Logging in failed before anything was asked.
    LoginFailed,
    /// A redirect, usually to a login page.
    Redirected,
    /// kubectl, which was asked in place of our own client, could not do it.
    KubectlFailed,
    /// An answer that is not what was asked for.
    Malformed,
    /// The user stopped.
    Interrupted,
    /// Anything else, with its HTTP status.
    Other(u16),
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind, said: impl Into<String>) -> Self {
        Self {
            kind,
            said: said.into(),
        }
    }

    /// Whether, when the first page of a kubelet is refused so, no other is worth asking for.
    #[must_use]
    pub fn is_about_the_whole_node(&self) -> bool {
        use RefusalKind as Kind;
        matches!(
            self.kind,
            Kind::Unauthorized
                | Kind::Forbidden
                | Kind::KubeletForbids
                | Kind::NoSuchNode
                | Kind::KubeletDown
                | Kind::NodeUnreachable
                | Kind::NoAnswer
                | Kind::TooManyRequests(_)
                | Kind::Cut
                | Kind::ApiServerUnreachable
                | Kind::NotTrusted
                | Kind::LoginFailed
                | Kind::Redirected
                | Kind::KubectlFailed
                | Kind::Interrupted
        )
    }

    /// Whether more time might have brought the answer.
    #[must_use]
    pub fn is_about_time(&self) -> bool {
        use RefusalKind as Kind;
        matches!(
            self.kind,
            Kind::NoAnswer | Kind::Unfinished | Kind::NotAsked
        )
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        use RefusalKind as Kind;
        match self.kind {
            Kind::Unauthorized => {
                "log in again: the token or certificate of this context is not accepted (expired, or of another cluster)"
            }
            Kind::Forbidden => GRANT,
            Kind::KubeletForbids => {
                "the API server's own identity lacks rights on the kubelet: bind it to the ClusterRole system:kubelet-api-admin"
            }
            Kind::NoSuchNode => "`kubectl get nodes` lists their names",
            Kind::NoSuchObject => "check its name and namespace",
            Kind::NotServed => {
                "this kubelet's release or settings leave the page out (enableDebuggingHandlers: false removes several)"
            }
            Kind::DebugDisabled => {
                "set enableDebuggingHandlers: true in the kubelet's configuration and restart it, or run nodesleuth on the node itself"
            }
            Kind::ProfilingInUse => {
                "somebody else takes CPU profiles of this kubelet: try again when they are done"
            }
            Kind::ProfileTooLong => "ask for a shorter one: kubelets refuse 4 hours and more",
            Kind::KubeletDown => {
                "the kubelet does not run, or listens elsewhere: look at it on the node (`systemctl status kubelet`)"
            }
            Kind::NodeUnreachable => {
                "the API server cannot reach the node's kubelet port: node down, network or firewall; look at it on the node"
            }
            Kind::NoAnswer => {
                "the kubelet is frozen, or too busy to answer: give it more time with --timeout, or run nodesleuth on the node itself"
            }
            Kind::Unfinished | Kind::NotAsked => {
                "the kubelet, or the way to it, is slow: give it more time with --timeout, or run nodesleuth on the node itself"
            }
            Kind::TooManyRequests(_) => {
                "the API server is overloaded: try again later, with a lower --in-flight"
            }
            Kind::TooLarge => "run nodesleuth on the node itself",
            Kind::Cut => {
                "a proxy on the way may cut connections that are idle: use a shorter --window, or a context that goes to the API server directly"
            }
            Kind::ApiServerUnreachable => {
                "check the server's address in the kubeconfig, your network, VPN and HTTPS_PROXY"
            }
            Kind::NotTrusted => {
                "the kubeconfig's certificate-authority is not the one that signed the server's certificate"
            }
            Kind::LoginFailed => {
                "run the login command of this context by hand and see what it says; --kubectl lets kubectl log in"
            }
            Kind::Redirected => {
                "a front end wants a login: renew the kubeconfig, or use a context that goes to the API server directly"
            }
            Kind::KubectlFailed => {
                "`kubectl get --raw /version` with the same options shows whether kubectl works at all"
            }
            Kind::Malformed => "something other than the kubelet may have answered",
            Kind::Interrupted => "run it again and let it finish",
            Kind::Other(_) => "see what was said above",
        }
    }

    /// As the reason why a piece of evidence is missing.
    #[must_use]
    pub fn missing(&self) -> Missing {
        use RefusalKind as Kind;
        let kind = match self.kind {
            Kind::Unauthorized | Kind::Forbidden | Kind::KubeletForbids | Kind::LoginFailed => {
                MissingKind::Permission
            }
            Kind::NoSuchNode | Kind::NoSuchObject | Kind::NotServed => MissingKind::Absent,
            Kind::DebugDisabled | Kind::ProfileTooLong => MissingKind::Unsupported,
            Kind::NoAnswer | Kind::Unfinished => MissingKind::TimedOut,
            Kind::TooLarge | Kind::NotAsked => MissingKind::OverBudget,
            Kind::Malformed => MissingKind::Malformed,
            Kind::Interrupted => MissingKind::Interrupted,
            _ => MissingKind::Failed,
        };
        let missing = Missing::new(kind, self.to_string());
        match self.kind {
            Kind::Forbidden => missing.needs("get on nodes and nodes/proxy"),
            Kind::DebugDisabled => {
                missing.needs("enableDebuggingHandlers: true in the kubelet's configuration")
            }
            _ => missing,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use RefusalKind as Kind;
        let lead = match self.kind {
            Kind::KubeletForbids => "the kubelet refused the API server: ",
            Kind::KubeletDown => "nobody listens on the node's kubelet port: ",
            Kind::NodeUnreachable => "the API server does not reach the node: ",
            Kind::ProfilingInUse => "another CPU profile of this kubelet is being taken: ",
            _ => "",
        };
        write!(f, "{lead}{}", self.said)
    }
}
