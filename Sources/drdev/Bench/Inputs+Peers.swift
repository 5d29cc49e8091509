// SPDX-License-Identifier: Apache-2.0

extension Inputs {
  /// The objects of `services` through libyaml's events, in C. It takes their number.
  static let libyaml = #"""
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <yaml.h>

    static yaml_emitter_t out;
    static yaml_event_t event;

    static void emit(int made) {
      if (made && yaml_emitter_emit(&out, &event)) return;
      fputs("libyaml fails\n", stderr);
      exit(1);
    }
    static void text(const char *s, int quoted) {
      yaml_scalar_style_t style = quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;
      emit(yaml_scalar_event_initialize(
          &event, NULL, NULL, (yaml_char_t *)s, (int)strlen(s), !quoted, 1, style));
    }
    static void key(const char *s) { text(s, 0); }
    static void object(void) {
      emit(yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
    }
    static void end_object(void) { emit(yaml_mapping_end_event_initialize(&event)); }
    static void list(void) {
      emit(yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
    }
    static void end_list(void) { emit(yaml_sequence_end_event_initialize(&event)); }
    static void pair(const char *k, const char *v) { key(k); text(v, 0); }
    static void quoted(const char *k, const char *v) { key(k); text(v, 1); }
    static void number(const char *k, int v) {
      char digits[16];
      snprintf(digits, sizeof digits, "%d", v);
      pair(k, digits);
    }
    static void member(const char *k) { key(k); object(); }
    static void members(const char *k) { key(k); list(); }

    static const char *name, *zone;
    static char full[64], image[64], volumes[80];

    static void labels(void) {
      member("labels");
      pair("app", name); pair("zone", zone); pair("tier", "inference"); pair("managed-by", "gen");
      end_object();
    }
    static void chosen(const char *k) {
      member(k);
      pair("app", name); pair("zone", zone);
      end_object();
    }
    static void begin(const char *version, const char *kind) {
      emit(yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 0));
      object();
      pair("apiVersion", version); pair("kind", kind);
      member("metadata");
      pair("name", full); pair("namespace", "inference"); labels();
      end_object();
      member("spec");
    }
    static void end(void) {
      end_object(); end_object();
      emit(yaml_document_end_event_initialize(&event, 1));
    }
    static void share(const char *k) {
      member(k);
      quoted("cpu", "8"); pair("memory", "64Gi"); quoted("nvidia.com/gpu", "8");
      end_object();
    }
    static void variable(const char *k, const char *v) {
      object(); pair("name", k); pair("value", v); end_object();
    }
    static void probe(const char *k, int period, int failures) {
      member(k);
      member("httpGet"); pair("path", "/health"); pair("port", "http"); end_object();
      number("periodSeconds", period); number("failureThreshold", failures);
      end_object();
    }

    static void pod(void) {
      number("terminationGracePeriodSeconds", 120);
      member("nodeSelector"); pair("topology.kubernetes.io/zone", zone); end_object();
      members("tolerations"); object();
      pair("key", "nvidia.com/gpu"); pair("operator", "Exists"); pair("effect", "NoSchedule");
      end_object(); end_list();
      members("topologySpreadConstraints"); object();
      number("maxSkew", 1); pair("topologyKey", "kubernetes.io/hostname");
      pair("whenUnsatisfiable", "ScheduleAnyway");
      member("labelSelector"); member("matchLabels"); pair("app", name); end_object(); end_object();
      end_object(); end_list();
      members("containers"); object();
      pair("name", "server"); pair("image", image);
      members("args");
      key("--model"); key("deepseek-r1"); key("--tensor-parallel-size"); text("8", 1);
      key("--port"); text("8000", 1);
      end_list();
      members("env");
      variable("ZONE", zone); variable("SERVICE", name); variable("NCCL_DEBUG", "WARN");
      end_list();
      members("ports"); object();
      pair("name", "http"); number("containerPort", 8000);
      end_object(); end_list();
      member("resources"); share("requests"); share("limits"); end_object();
      probe("readinessProbe", 5, 3); probe("livenessProbe", 10, 6);
      members("volumeMounts"); object();
      pair("name", "model-cache"); pair("mountPath", "/models");
      end_object(); end_list();
      end_object(); end_list();
      members("volumes"); object();
      pair("name", "model-cache");
      member("persistentVolumeClaim"); pair("claimName", volumes); end_object();
      end_object(); end_list();
    }

    static void service(int replicas) {
      begin("apps/v1", "Deployment");
      number("replicas", replicas); number("revisionHistoryLimit", 3);
      member("selector"); chosen("matchLabels"); end_object();
      member("strategy"); pair("type", "RollingUpdate");
      member("rollingUpdate"); number("maxSurge", 1); number("maxUnavailable", 0); end_object();
      end_object();
      member("template");
      member("metadata"); labels();
      member("annotations");
      quoted("prometheus.io/scrape", "true"); quoted("prometheus.io/port", "8000");
      end_object(); end_object();
      member("spec"); pod(); end_object();
      end_object();
      end();

      begin("v1", "Service");
      pair("type", "ClusterIP"); chosen("selector");
      members("ports"); object();
      pair("name", "http"); number("port", 80); pair("targetPort", "http"); pair("protocol", "TCP");
      end_object(); end_list();
      end();

      begin("autoscaling/v2", "HorizontalPodAutoscaler");
      member("scaleTargetRef");
      pair("apiVersion", "apps/v1"); pair("kind", "Deployment"); pair("name", full);
      end_object();
      number("minReplicas", replicas); number("maxReplicas", replicas * 4);
      members("metrics"); object();
      pair("type", "Pods");
      member("pods");
      member("metric"); pair("name", "vllm_num_requests_waiting"); end_object();
      member("target"); pair("type", "AverageValue"); quoted("averageValue", "5"); end_object();
      end_object(); end_object(); end_list();
      member("behavior"); member("scaleDown"); number("stabilizationWindowSeconds", 300);
      end_object(); end_object();
      end();

      begin("policy/v1", "PodDisruptionBudget");
      number("minAvailable", replicas - 1);
      member("selector"); chosen("matchLabels"); end_object();
      end();
    }

    int main(int count, char **arguments) {
      static char buffer[1 << 16], label[32];
      const char *zones[] = {"az1", "az2"};
      int services = count > 1 ? atoi(arguments[1]) : 0;
      setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
      yaml_emitter_initialize(&out);
      yaml_emitter_set_output_file(&out, stdout);
      emit(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
      for (int i = 0; i < services; i++) {
        for (int z = 0; z < 2; z++) {
          snprintf(label, sizeof label, "svc-%d", i);
          snprintf(full, sizeof full, "%s-%s", label, zones[z]);
          snprintf(volumes, sizeof volumes, "%s-models", full);
          snprintf(image, sizeof image, "registry.local/llm/deepseek-r1:%d", i);
          name = label;
          zone = zones[z];
          service(2 + i % 5);
        }
      }
      emit(yaml_stream_end_event_initialize(&event));
      yaml_emitter_delete(&out);
      return 0;
    }

    """#

  /// The same objects in Starlark, written as JSON.
  static func starlark(count: Int) -> String {
    """
    def objects(name, zone, replicas, image):
        full = name + "-" + zone
        labels = {"app": name, "zone": zone, "tier": "inference", "managed-by": "gen"}
        chosen = {"app": name, "zone": zone}
        meta = {"name": full, "namespace": "inference", "labels": labels}
        share = {"cpu": "8", "memory": "64Gi", "nvidia.com/gpu": "8"}
        probe = {"path": "/health", "port": "http"}
        deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {
            "replicas": replicas,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": chosen},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {
                    "labels": labels,
                    "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8000"},
                },
                "spec": {
                    "terminationGracePeriodSeconds": 120,
                    "nodeSelector": {"topology.kubernetes.io/zone": zone},
                    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
                    "topologySpreadConstraints": [{
                        "maxSkew": 1,
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": {"app": name}},
                    }],
                    "containers": [{
                        "name": "server",
                        "image": image,
                        "args": ["--model", "deepseek-r1", "--tensor-parallel-size", "8", "--port", "8000"],
                        "env": [
                            {"name": "ZONE", "value": zone},
                            {"name": "SERVICE", "value": name},
                            {"name": "NCCL_DEBUG", "value": "WARN"},
                        ],
                        "ports": [{"name": "http", "containerPort": 8000}],
                        "resources": {"requests": share, "limits": share},
                        "readinessProbe": {"httpGet": probe, "periodSeconds": 5, "failureThreshold": 3},
                        "livenessProbe": {"httpGet": probe, "periodSeconds": 10, "failureThreshold": 6},
                        "volumeMounts": [{"name": "model-cache", "mountPath": "/models"}],
                    }],
                    "volumes": [{"name": "model-cache", "persistentVolumeClaim": {"claimName": full + "-models"}}],
                },
            },
        }}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {
            "type": "ClusterIP",
            "selector": chosen,
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        }}
        autoscaler = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": full},
            "minReplicas": replicas,
            "maxReplicas": replicas * 4,
            "metrics": [{"type": "Pods", "pods": {
                "metric": {"name": "vllm_num_requests_waiting"},
                "target": {"type": "AverageValue", "averageValue": "5"},
            }}],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
        }}
        budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": {
            "minAvailable": replicas - 1,
            "selector": {"matchLabels": chosen},
        }}
        return [deployment, service, autoscaler, budget]

    def main():
        found = []
        for i in range(\(count)):
            for zone in ["az1", "az2"]:
                image = "registry.local/llm/deepseek-r1:%d" % i
                found.extend(objects("svc-%d" % i, zone, 2 + i % 5, image))
        print(json.encode(found))

    main()

    """
  }
}
