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
#embed "../../stdlib/emit/namespace.dr"
};
static const unsigned char module_9[] = {
#embed "../../stdlib/emit/prometheus_rule.dr"
};
static const unsigned char module_10[] = {
#embed "../../stdlib/emit/service.dr"
};
static const unsigned char module_11[] = {
#embed "../../stdlib/emit/service_monitor.dr"
};
static const unsigned char module_12[] = {
#embed "../../stdlib/emit/volume_claim.dr"
};
static const unsigned char module_13[] = {
#embed "../../stdlib/inference.dr"
};
static const unsigned char module_14[] = {
#embed "../../stdlib/kubernetes.dr"
};
static const unsigned char module_15[] = {
#embed "../../stdlib/lint/dr101_survivor_gpu_short.dr"
};
static const unsigned char module_16[] = {
#embed "../../stdlib/lint/dr107_two_zone_quorum.dr"
};
static const unsigned char module_17[] = {
#embed "../../stdlib/lint/dr305_startup_probe_too_short.dr"
};
static const unsigned char module_18[] = {
#embed "../../stdlib/lint/dr402_trigger_without_damping.dr"
};
static const unsigned char module_19[] = {
#embed "../../stdlib/lint/dr812_latest_tag.dr"
};
static const unsigned char module_20[] = {
#embed "../../stdlib/policy.dr"
};
static const unsigned char module_21[] = {
#embed "../../stdlib/service.dr"
};
static const unsigned char module_22[] = {
#embed "../../stdlib/topology.dr"
};
static const unsigned char module_23[] = {
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
  {"emit/namespace", module_8, sizeof module_8},
  {"emit/prometheus_rule", module_9, sizeof module_9},
  {"emit/service", module_10, sizeof module_10},
  {"emit/service_monitor", module_11, sizeof module_11},
  {"emit/volume_claim", module_12, sizeof module_12},
  {"inference", module_13, sizeof module_13},
  {"kubernetes", module_14, sizeof module_14},
  {"lint/dr101_survivor_gpu_short", module_15, sizeof module_15},
  {"lint/dr107_two_zone_quorum", module_16, sizeof module_16},
  {"lint/dr305_startup_probe_too_short", module_17, sizeof module_17},
  {"lint/dr402_trigger_without_damping", module_18, sizeof module_18},
  {"lint/dr812_latest_tag", module_19, sizeof module_19},
  {"policy", module_20, sizeof module_20},
  {"service", module_21, sizeof module_21},
  {"topology", module_22, sizeof module_22},
  {"traffic", module_23, sizeof module_23},
};

const struct dr_module *dr_stdlib_modules(void) { return modules; }

size_t dr_stdlib_count(void) { return sizeof modules / sizeof modules[0]; }
