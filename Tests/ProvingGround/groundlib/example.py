"""A small inference service over two zones, as the self-test applies it: also something to look at by hand."""


def objects(labels, policy, replicas=2, load_seconds="0.5"):
    """Namespace, claim, service, disruption budget and one deployment per zone label. `policy` is the version of that group that the server has."""
    meta = {"namespace": "deepseek"}
    yield "/api/v1/namespaces", {"metadata": {"name": "deepseek"}}
    yield "/api/v1/namespaces/deepseek/persistentvolumeclaims", {
        "metadata": {**meta, "name": "weights"},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "700Gi"}}}}
    yield "/api/v1/namespaces/deepseek/services", {
        "metadata": {**meta, "name": "deepseek"},
        "spec": {"selector": {"app": "deepseek"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}}
    yield f"/apis/{policy}/namespaces/deepseek/poddisruptionbudgets", {
        "metadata": {**meta, "name": "deepseek"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "deepseek"}}}}
    for label in labels:
        yield "/apis/apps/v1/namespaces/deepseek/deployments", deployment(f"deepseek-{label.rsplit('-', 1)[-1]}", label, replicas, load_seconds)


def deployment(name, zone_label, replicas, load_seconds):
    labels = {"app": "deepseek", "zone": zone_label}
    container = {
        "name": "server",
        "image": "deepseek-server:1",
        "ports": [{"name": "http", "containerPort": 8000}],
        "env": [{"name": "MODEL", "value": "deepseek-v3"}, {"name": "LOAD_SECONDS", "value": load_seconds},
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "resources": {"limits": {"nvidia.com/gpu": "1"}},
        "volumeMounts": [{"name": "weights", "mountPath": "/models"}],
        "startupProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 1, "failureThreshold": 2},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 2},
    }
    zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": [zone_label]}
    return {
        "metadata": {"namespace": "deepseek", "name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchExpressions": [zone]}]}}},
                    "containers": [container],
                    "volumes": [{"name": "weights", "persistentVolumeClaim": {"claimName": "weights"}}],
                },
            },
        },
    }
