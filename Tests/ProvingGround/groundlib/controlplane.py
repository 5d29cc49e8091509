"""Command lines of etcd, the API server, the controller manager and the scheduler.

Only flags that both 1.20 and current releases know are used, so that KUBEBUILDER_ASSETS may name newer programs.
"""

import json

from .layout import API_PORT
from .pki import SERVICE_CIDR
from .settings import CONTROL_ADDRESS


def etcd(programs, layout):
    client, peer = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    return [programs["etcd"], "--name", "ground", "--data-dir", layout.etcd / "data",
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"ground={peer}",
            # One member elects itself: the default second of waiting for others is wasted here.
            "--heartbeat-interval", "20", "--election-timeout", "100"]


def apiserver(programs, layout, settings):
    policy = layout.private / "audit-policy.json"
    policy.write_text(json.dumps(AUDIT_POLICY))
    key = layout.pki / "service-accounts.key"
    return [programs["kube-apiserver"], "--etcd-servers=http://127.0.0.1:2379", "--bind-address=0.0.0.0",
            f"--advertise-address={CONTROL_ADDRESS}", f"--secure-port={API_PORT}",
            f"--tls-cert-file={layout.pki / 'apiserver.crt'}", f"--tls-private-key-file={layout.pki / 'apiserver.key'}",
            f"--client-ca-file={layout.pki / 'ca.crt'}", f"--token-auth-file={layout.private / 'tokens.csv'}", "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--service-cluster-ip-range={SERVICE_CIDR}", f"--cert-dir={layout.private / 'apiserver-certs'}",
            # Without this the administration of pods on a lost node waits five minutes.
            f"--default-not-ready-toleration-seconds={settings.eviction_seconds}",
            f"--default-unreachable-toleration-seconds={settings.eviction_seconds}",
            "--kubelet-preferred-address-types=InternalIP",
            # Blocking: when a request has been answered, its line is in the file.
            f"--audit-policy-file={policy}", f"--audit-log-path={layout.audit_log}", "--audit-log-format=json", "--audit-log-mode=blocking",
            "--audit-log-maxsize=10000"]


def controller_manager(programs, layout):
    config = layout.private / "controller-manager.kubeconfig"
    return [programs["kube-controller-manager"], f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}", "--bind-address=127.0.0.1",
            f"--cert-dir={layout.private / 'controller-manager-certs'}", "--leader-elect=false",
            f"--service-account-private-key-file={layout.pki / 'service-accounts.key'}", f"--root-ca-file={layout.pki / 'ca.crt'}",
            "--node-monitor-period=1s", "--node-monitor-grace-period=4s", "--node-startup-grace-period=10s",
            # A zone of three nodes that is lost as a whole is tainted at once, not at one node in ten seconds.
            "--node-eviction-rate=10", "--secondary-node-eviction-rate=10", "--large-cluster-size-threshold=0",
            "--horizontal-pod-autoscaler-sync-period=2s", "--horizontal-pod-autoscaler-downscale-stabilization=5s",
            "--pvclaimbinder-sync-period=2s", "--resource-quota-sync-period=10s", "--namespace-sync-period=30s",
            "--kube-api-qps=300", "--kube-api-burst=600"]


def scheduler(programs, layout):
    config = layout.private / "scheduler.kubeconfig"
    return [programs["kube-scheduler"], f"--kubeconfig={config}", f"--authentication-kubeconfig={config}", f"--authorization-kubeconfig={config}",
            "--bind-address=127.0.0.1", f"--cert-dir={layout.private / 'scheduler-certs'}", "--leader-elect=false"]


# First match wins. Reads and the node agents' heartbeats would drown the rest; leader election, too.
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        {"level": "None", "verbs": ["get", "list", "watch"]},
        {"level": "None", "users": ["ground:node-agent"], "resources": [
            {"group": "coordination.k8s.io", "resources": ["leases"]}, {"group": "", "resources": ["nodes/status"]}]},
        {"level": "None", "users": ["system:apiserver"]},
        {"level": "None", "resources": [{"group": "", "resources": ["events"]}, {"group": "events.k8s.io", "resources": ["events"]}]},
        # Secrets and tokens stay out of a log that people pass around.
        {"level": "Metadata", "resources": [{"group": "", "resources": ["secrets", "serviceaccounts/token"]}, {"group": "authentication.k8s.io"}]},
        {"level": "Request", "users": ["system:kube-controller-manager", "system:kube-scheduler", "ground:supervisor"]},
        {"level": "RequestResponse"},
    ],
}
