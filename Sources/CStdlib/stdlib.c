// SPDX-License-Identifier: Apache-2.0
// Written by `swift run drdev generate`; do not edit.

#include "CStdlib.h"

static const unsigned char module_0[] = {
#embed "../../stdlib/alerting.dr"
};
static const unsigned char module_1[] = {
#embed "../../stdlib/chaos.dr"
};
static const unsigned char module_2[] = {
#embed "../../stdlib/core.dr"
};
static const unsigned char module_3[] = {
#embed "../../stdlib/emit/autoscaler.dr"
};
static const unsigned char module_4[] = {
#embed "../../stdlib/emit/chaos_mesh.dr"
};
static const unsigned char module_5[] = {
#embed "../../stdlib/emit/deployment.dr"
};
static const unsigned char module_6[] = {
#embed "../../stdlib/emit/disruption_budget.dr"
};
static const unsigned char module_7[] = {
#embed "../../stdlib/emit/locust.dr"
};
static const unsigned char module_8[] = {
#embed "../../stdlib/emit/manifest.dr"
};
static const unsigned char module_9[] = {
#embed "../../stdlib/emit/namespace.dr"
};
static const unsigned char module_10[] = {
#embed "../../stdlib/emit/prometheus_rule.dr"
};
static const unsigned char module_11[] = {
#embed "../../stdlib/emit/service.dr"
};
static const unsigned char module_12[] = {
#embed "../../stdlib/emit/service_monitor.dr"
};
static const unsigned char module_13[] = {
#embed "../../stdlib/emit/volume_claim.dr"
};
static const unsigned char module_14[] = {
#embed "../../stdlib/inference.dr"
};
static const unsigned char module_15[] = {
#embed "../../stdlib/kubernetes.dr"
};
static const unsigned char module_16[] = {
#embed "../../stdlib/lint/dr101_survivor_gpu_short.dr"
};
static const unsigned char module_17[] = {
#embed "../../stdlib/lint/dr107_two_zone_quorum.dr"
};
static const unsigned char module_18[] = {
#embed "../../stdlib/lint/dr113_hard_affinity_one_zone.dr"
};
static const unsigned char module_19[] = {
#embed "../../stdlib/lint/dr114_replicas_below_zones.dr"
};
static const unsigned char module_20[] = {
#embed "../../stdlib/lint/dr302_toleration_exceeds_rto.dr"
};
static const unsigned char module_21[] = {
#embed "../../stdlib/lint/dr303_dns_ttl_over_budget.dr"
};
static const unsigned char module_22[] = {
#embed "../../stdlib/lint/dr304_alert_slower_than_rto.dr"
};
static const unsigned char module_23[] = {
#embed "../../stdlib/lint/dr305_startup_probe_too_short.dr"
};
static const unsigned char module_24[] = {
#embed "../../stdlib/lint/dr306_weight_load_not_budgeted.dr"
};
static const unsigned char module_25[] = {
#embed "../../stdlib/lint/dr401_no_min_healthy_zones.dr"
};
static const unsigned char module_26[] = {
#embed "../../stdlib/lint/dr402_trigger_without_damping.dr"
};
static const unsigned char module_27[] = {
#embed "../../stdlib/lint/dr408_failback_without_soak.dr"
};
static const unsigned char module_28[] = {
#embed "../../stdlib/lint/dr601_health_is_not_serving.dr"
};
static const unsigned char module_29[] = {
#embed "../../stdlib/lint/dr602_liveness_equals_readiness.dr"
};
static const unsigned char module_30[] = {
#embed "../../stdlib/lint/dr603_liveness_on_generation.dr"
};
static const unsigned char module_31[] = {
#embed "../../stdlib/lint/dr812_latest_tag.dr"
};
static const unsigned char module_32[] = {
#embed "../../stdlib/manifests.dr"
};
static const unsigned char module_33[] = {
#embed "../../stdlib/policy.dr"
};
static const unsigned char module_34[] = {
#embed "../../stdlib/service.dr"
};
static const unsigned char module_35[] = {
#embed "../../stdlib/topology.dr"
};
static const unsigned char module_36[] = {
#embed "../../stdlib/traffic.dr"
};

static const struct dr_module modules[] = {
  {"alerting", module_0, sizeof module_0},
  {"chaos", module_1, sizeof module_1},
  {"core", module_2, sizeof module_2},
  {"emit/autoscaler", module_3, sizeof module_3},
  {"emit/chaos_mesh", module_4, sizeof module_4},
  {"emit/deployment", module_5, sizeof module_5},
  {"emit/disruption_budget", module_6, sizeof module_6},
  {"emit/locust", module_7, sizeof module_7},
  {"emit/manifest", module_8, sizeof module_8},
  {"emit/namespace", module_9, sizeof module_9},
  {"emit/prometheus_rule", module_10, sizeof module_10},
  {"emit/service", module_11, sizeof module_11},
  {"emit/service_monitor", module_12, sizeof module_12},
  {"emit/volume_claim", module_13, sizeof module_13},
  {"inference", module_14, sizeof module_14},
  {"kubernetes", module_15, sizeof module_15},
  {"lint/dr101_survivor_gpu_short", module_16, sizeof module_16},
  {"lint/dr107_two_zone_quorum", module_17, sizeof module_17},
  {"lint/dr113_hard_affinity_one_zone", module_18, sizeof module_18},
  {"lint/dr114_replicas_below_zones", module_19, sizeof module_19},
  {"lint/dr302_toleration_exceeds_rto", module_20, sizeof module_20},
  {"lint/dr303_dns_ttl_over_budget", module_21, sizeof module_21},
  {"lint/dr304_alert_slower_than_rto", module_22, sizeof module_22},
  {"lint/dr305_startup_probe_too_short", module_23, sizeof module_23},
  {"lint/dr306_weight_load_not_budgeted", module_24, sizeof module_24},
  {"lint/dr401_no_min_healthy_zones", module_25, sizeof module_25},
  {"lint/dr402_trigger_without_damping", module_26, sizeof module_26},
  {"lint/dr408_failback_without_soak", module_27, sizeof module_27},
  {"lint/dr601_health_is_not_serving", module_28, sizeof module_28},
  {"lint/dr602_liveness_equals_readiness", module_29, sizeof module_29},
  {"lint/dr603_liveness_on_generation", module_30, sizeof module_30},
  {"lint/dr812_latest_tag", module_31, sizeof module_31},
  {"manifests", module_32, sizeof module_32},
  {"policy", module_33, sizeof module_33},
  {"service", module_34, sizeof module_34},
  {"topology", module_35, sizeof module_35},
  {"traffic", module_36, sizeof module_36},
};

const struct dr_module *dr_stdlib_modules(void) { return modules; }

size_t dr_stdlib_count(void) { return sizeof modules / sizeof modules[0]; }
