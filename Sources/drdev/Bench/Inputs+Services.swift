// SPDX-License-Identifier: Apache-2.0

extension Inputs {
  /// Services in two zones, four objects of each in each.
  static func services(count: Int) -> String {
    """
    cluster dr { region north { zone az1 {}, zone az2 {} } }

    emit services(c: Cluster, to: Target) {
      for i in 0..\(count) {
        for zone in ["az1", "az2"] {
          let name = "svc-\\(i)"
          let full = "\\(name)-\\(zone)"
          let replicas = 2 + i - i / 5 * 5
          let labels = { app: name, zone: zone, tier: "inference", "managed-by": "gen" }
          let chosen = { app: name, zone: zone }
          let meta = { name: full, namespace: "inference", labels: labels }
          let share = { cpu: "8", memory: "64Gi", "nvidia.com/gpu": "8" }
          yield {
            apiVersion: "apps/v1"
            kind: "Deployment"
            metadata: meta
            spec: {
              replicas: replicas
              revisionHistoryLimit: 3
              selector: { matchLabels: chosen }
              strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
              template: {
                metadata: {
                  labels: labels
                  annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "8000" }
                }
                spec: {
                  terminationGracePeriodSeconds: 120
                  nodeSelector: { "topology.kubernetes.io/zone": zone }
                  tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }]
                  topologySpreadConstraints: [{
                    maxSkew: 1
                    topologyKey: "kubernetes.io/hostname"
                    whenUnsatisfiable: "ScheduleAnyway"
                    labelSelector: { matchLabels: { app: name } }
                  }]
                  containers: [{
                    name: "server"
                    image: "registry.local/llm/deepseek-r1:\\(i)"
                    args: ["--model", "deepseek-r1", "--tensor-parallel-size", "8", "--port", "8000"]
                    env: [
                      { name: "ZONE", value: zone },
                      { name: "SERVICE", value: name },
                      { name: "NCCL_DEBUG", value: "WARN" }
                    ]
                    ports: [{ name: "http", containerPort: 8000 }]
                    resources: { requests: share, limits: share }
                    readinessProbe: { httpGet: { path: "/health", port: "http" }, periodSeconds: 5, failureThreshold: 3 }
                    livenessProbe: { httpGet: { path: "/health", port: "http" }, periodSeconds: 10, failureThreshold: 6 }
                    volumeMounts: [{ name: "model-cache", mountPath: "/models" }]
                  }]
                  volumes: [{ name: "model-cache", persistentVolumeClaim: { claimName: "\\(full)-models" } }]
                }
              }
            }
          }
          yield {
            apiVersion: "v1"
            kind: "Service"
            metadata: meta
            spec: {
              type: "ClusterIP"
              selector: chosen
              ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }]
            }
          }
          yield {
            apiVersion: "autoscaling/v2"
            kind: "HorizontalPodAutoscaler"
            metadata: meta
            spec: {
              scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: full }
              minReplicas: replicas
              maxReplicas: replicas * 4
              metrics: [{
                type: "Pods"
                pods: {
                  metric: { name: "vllm_num_requests_waiting" }
                  target: { type: "AverageValue", averageValue: "5" }
                }
              }]
              behavior: { scaleDown: { stabilizationWindowSeconds: 300 } }
            }
          }
          yield {
            apiVersion: "policy/v1"
            kind: "PodDisruptionBudget"
            metadata: meta
            spec: { minAvailable: replicas - 1, selector: { matchLabels: chosen } }
          }
        }
      }
    }

    """
  }

  /// Services as people write them, of each of which the library makes eight objects in two zones.
  static func blocks(count: Int) -> String {
    let head = "use access, scaling\n\ncluster dr { region north { zone az1 {}, zone az2 {} } }\n"
    return (0..<count).reduce(into: head) { $0 += block($1) }
  }

  private static func block(_ i: Int) -> String {
    let replicas = 4 + i % 5 * 2
    return """

      service svc_\(i) {
        on       = dr
        image    = "registry.local/llm/deepseek-r1:\(i)"
        replicas = \(replicas)
        port     = 8000
        needs { cpu = 8, memory = 64Gi, gpu = 8 }
        spread { over = [az1, az2] }
        probe ready { get = "/health", every = 5s }
        probe live { get = "/health", failures = 6 }
        account runner_\(i) {}
        autoscale { min = \(replicas), max = \(replicas * 4), cpu = 70% }
        objective { rto = 60s }
      }

      """
  }
}
