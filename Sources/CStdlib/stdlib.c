// SPDX-License-Identifier: Apache-2.0
// Written by `swift run drdev generate`; do not edit.

#include "CStdlib.h"

static const unsigned char module_0[] = {
#embed "../../stdlib/access.dr"
};
static const unsigned char module_1[] = {
#embed "../../stdlib/alerting.dr"
};
static const unsigned char module_2[] = {
#embed "../../stdlib/analysis/changes.dr"
};
static const unsigned char module_3[] = {
#embed "../../stdlib/analysis/domains.dr"
};
static const unsigned char module_4[] = {
#embed "../../stdlib/analysis/failbacks.dr"
};
static const unsigned char module_5[] = {
#embed "../../stdlib/analysis/fronts.dr"
};
static const unsigned char module_6[] = {
#embed "../../stdlib/analysis/interval.dr"
};
static const unsigned char module_7[] = {
#embed "../../stdlib/analysis/placement.dr"
};
static const unsigned char module_8[] = {
#embed "../../stdlib/analysis/promises.dr"
};
static const unsigned char module_9[] = {
#embed "../../stdlib/analysis/prove.dr"
};
static const unsigned char module_10[] = {
#embed "../../stdlib/analysis/reactions.dr"
};
static const unsigned char module_11[] = {
#embed "../../stdlib/analysis/recovery.dr"
};
static const unsigned char module_12[] = {
#embed "../../stdlib/analysis/responses.dr"
};
static const unsigned char module_13[] = {
#embed "../../stdlib/analysis/terms.dr"
};
static const unsigned char module_14[] = {
#embed "../../stdlib/analysis/timers.dr"
};
static const unsigned char module_15[] = {
#embed "../../stdlib/chaos.dr"
};
static const unsigned char module_16[] = {
#embed "../../stdlib/core.dr"
};
static const unsigned char module_17[] = {
#embed "../../stdlib/emit/account.dr"
};
static const unsigned char module_18[] = {
#embed "../../stdlib/emit/alertmanager.dr"
};
static const unsigned char module_19[] = {
#embed "../../stdlib/emit/alertmanager_config.dr"
};
static const unsigned char module_20[] = {
#embed "../../stdlib/emit/argo_rollout.dr"
};
static const unsigned char module_21[] = {
#embed "../../stdlib/emit/argo_workflow.dr"
};
static const unsigned char module_22[] = {
#embed "../../stdlib/emit/autoscaler.dr"
};
static const unsigned char module_23[] = {
#embed "../../stdlib/emit/chaos_experiment.dr"
};
static const unsigned char module_24[] = {
#embed "../../stdlib/emit/chaos_mesh.dr"
};
static const unsigned char module_25[] = {
#embed "../../stdlib/emit/chaos_workflow.dr"
};
static const unsigned char module_26[] = {
#embed "../../stdlib/emit/cluster_api.dr"
};
static const unsigned char module_27[] = {
#embed "../../stdlib/emit/deployment.dr"
};
static const unsigned char module_28[] = {
#embed "../../stdlib/emit/disruption_budget.dr"
};
static const unsigned char module_29[] = {
#embed "../../stdlib/emit/dns.dr"
};
static const unsigned char module_30[] = {
#embed "../../stdlib/emit/dockerfile.dr"
};
static const unsigned char module_31[] = {
#embed "../../stdlib/emit/external_dns.dr"
};
static const unsigned char module_32[] = {
#embed "../../stdlib/emit/gateway.dr"
};
static const unsigned char module_33[] = {
#embed "../../stdlib/emit/grafana_dashboard.dr"
};
static const unsigned char module_34[] = {
#embed "../../stdlib/emit/haproxy.dr"
};
static const unsigned char module_35[] = {
#embed "../../stdlib/emit/hot_update.dr"
};
static const unsigned char module_36[] = {
#embed "../../stdlib/emit/identity.dr"
};
static const unsigned char module_37[] = {
#embed "../../stdlib/emit/inference_pool.dr"
};
static const unsigned char module_38[] = {
#embed "../../stdlib/emit/ingress.dr"
};
static const unsigned char module_39[] = {
#embed "../../stdlib/emit/istio.dr"
};
static const unsigned char module_40[] = {
#embed "../../stdlib/emit/k8gb.dr"
};
static const unsigned char module_41[] = {
#embed "../../stdlib/emit/karmada.dr"
};
static const unsigned char module_42[] = {
#embed "../../stdlib/emit/keda.dr"
};
static const unsigned char module_43[] = {
#embed "../../stdlib/emit/kserve.dr"
};
static const unsigned char module_44[] = {
#embed "../../stdlib/emit/leader_worker_set.dr"
};
static const unsigned char module_45[] = {
#embed "../../stdlib/emit/load_jmeter.dr"
};
static const unsigned char module_46[] = {
#embed "../../stdlib/emit/load_k6.dr"
};
static const unsigned char module_47[] = {
#embed "../../stdlib/emit/load_locust.dr"
};
static const unsigned char module_48[] = {
#embed "../../stdlib/emit/locust.dr"
};
static const unsigned char module_49[] = {
#embed "../../stdlib/emit/manifest.dr"
};
static const unsigned char module_50[] = {
#embed "../../stdlib/emit/namespace.dr"
};
static const unsigned char module_51[] = {
#embed "../../stdlib/emit/network_policy.dr"
};
static const unsigned char module_52[] = {
#embed "../../stdlib/emit/nginx.dr"
};
static const unsigned char module_53[] = {
#embed "../../stdlib/emit/operator.dr"
};
static const unsigned char module_54[] = {
#embed "../../stdlib/emit/pod_monitor.dr"
};
static const unsigned char module_55[] = {
#embed "../../stdlib/emit/priority_class.dr"
};
static const unsigned char module_56[] = {
#embed "../../stdlib/emit/probe.dr"
};
static const unsigned char module_57[] = {
#embed "../../stdlib/emit/prometheus.dr"
};
static const unsigned char module_58[] = {
#embed "../../stdlib/emit/prometheus_rule.dr"
};
static const unsigned char module_59[] = {
#embed "../../stdlib/emit/provider_command.dr"
};
static const unsigned char module_60[] = {
#embed "../../stdlib/emit/resource_quota.dr"
};
static const unsigned char module_61[] = {
#embed "../../stdlib/emit/service.dr"
};
static const unsigned char module_62[] = {
#embed "../../stdlib/emit/service_monitor.dr"
};
static const unsigned char module_63[] = {
#embed "../../stdlib/emit/volume_claim.dr"
};
static const unsigned char module_64[] = {
#embed "../../stdlib/emit/zone_service.dr"
};
static const unsigned char module_65[] = {
#embed "../../stdlib/escaping.dr"
};
static const unsigned char module_66[] = {
#embed "../../stdlib/federation.dr"
};
static const unsigned char module_67[] = {
#embed "../../stdlib/images.dr"
};
static const unsigned char module_68[] = {
#embed "../../stdlib/inference.dr"
};
static const unsigned char module_69[] = {
#embed "../../stdlib/kubernetes.dr"
};
static const unsigned char module_70[] = {
#embed "../../stdlib/lint/dr101_survivor_gpu_short.dr"
};
static const unsigned char module_71[] = {
#embed "../../stdlib/lint/dr102_no_static_stability.dr"
};
static const unsigned char module_72[] = {
#embed "../../stdlib/lint/dr103_launch_on_critical_path.dr"
};
static const unsigned char module_73[] = {
#embed "../../stdlib/lint/dr104_shared_fate_zones.dr"
};
static const unsigned char module_74[] = {
#embed "../../stdlib/lint/dr105_single_zone_dependency.dr"
};
static const unsigned char module_75[] = {
#embed "../../stdlib/lint/dr106_dependency_closure_unlocated.dr"
};
static const unsigned char module_76[] = {
#embed "../../stdlib/lint/dr107_two_zone_quorum.dr"
};
static const unsigned char module_77[] = {
#embed "../../stdlib/lint/dr108_logical_az_not_mapped.dr"
};
static const unsigned char module_78[] = {
#embed "../../stdlib/lint/dr109_zonal_pv_pins_pod.dr"
};
static const unsigned char module_79[] = {
#embed "../../stdlib/lint/dr110_rwx_share_one_zone.dr"
};
static const unsigned char module_80[] = {
#embed "../../stdlib/lint/dr111_spread_blocks_survivor.dr"
};
static const unsigned char module_81[] = {
#embed "../../stdlib/lint/dr112_spread_only_at_schedule.dr"
};
static const unsigned char module_82[] = {
#embed "../../stdlib/lint/dr113_hard_affinity_one_zone.dr"
};
static const unsigned char module_83[] = {
#embed "../../stdlib/lint/dr114_replicas_below_zones.dr"
};
static const unsigned char module_84[] = {
#embed "../../stdlib/lint/dr115_gpu_quota_short.dr"
};
static const unsigned char module_85[] = {
#embed "../../stdlib/lint/dr116_no_priority_for_serving.dr"
};
static const unsigned char module_86[] = {
#embed "../../stdlib/lint/dr117_partial_zone_never_evicts.dr"
};
static const unsigned char module_87[] = {
#embed "../../stdlib/lint/dr118_group_without_spare.dr"
};
static const unsigned char module_88[] = {
#embed "../../stdlib/lint/dr201_removed_api.dr"
};
static const unsigned char module_89[] = {
#embed "../../stdlib/lint/dr202_field_newer_than_cluster.dr"
};
static const unsigned char module_90[] = {
#embed "../../stdlib/lint/dr203_topology_annotation_name.dr"
};
static const unsigned char module_91[] = {
#embed "../../stdlib/lint/dr204_hints_in_small_zones.dr"
};
static const unsigned char module_92[] = {
#embed "../../stdlib/lint/dr205_externaldns_prefix.dr"
};
static const unsigned char module_93[] = {
#embed "../../stdlib/lint/dr206_k8gb_group.dr"
};
static const unsigned char module_94[] = {
#embed "../../stdlib/lint/dr207_gateway_experimental_field.dr"
};
static const unsigned char module_95[] = {
#embed "../../stdlib/lint/dr208_inferencepool_group.dr"
};
static const unsigned char module_96[] = {
#embed "../../stdlib/lint/dr209_hpa_and_ssa_replicas.dr"
};
static const unsigned char module_97[] = {
#embed "../../stdlib/lint/dr210_dangling_target.dr"
};
static const unsigned char module_98[] = {
#embed "../../stdlib/lint/dr301_rto_unprovable.dr"
};
static const unsigned char module_99[] = {
#embed "../../stdlib/lint/dr302_toleration_exceeds_rto.dr"
};
static const unsigned char module_100[] = {
#embed "../../stdlib/lint/dr303_dns_ttl_over_budget.dr"
};
static const unsigned char module_101[] = {
#embed "../../stdlib/lint/dr304_alert_slower_than_rto.dr"
};
static const unsigned char module_102[] = {
#embed "../../stdlib/lint/dr305_startup_probe_too_short.dr"
};
static const unsigned char module_103[] = {
#embed "../../stdlib/lint/dr306_weight_load_not_budgeted.dr"
};
static const unsigned char module_104[] = {
#embed "../../stdlib/lint/dr307_progress_deadline_too_short.dr"
};
static const unsigned char module_105[] = {
#embed "../../stdlib/lint/dr308_approval_inside_rto.dr"
};
static const unsigned char module_106[] = {
#embed "../../stdlib/lint/dr309_rpo_without_mechanism.dr"
};
static const unsigned char module_107[] = {
#embed "../../stdlib/lint/dr310_concurrent_load_starves_store.dr"
};
static const unsigned char module_108[] = {
#embed "../../stdlib/lint/dr401_no_min_healthy_zones.dr"
};
static const unsigned char module_109[] = {
#embed "../../stdlib/lint/dr402_trigger_without_damping.dr"
};
static const unsigned char module_110[] = {
#embed "../../stdlib/lint/dr403_single_vantage_trigger.dr"
};
static const unsigned char module_111[] = {
#embed "../../stdlib/lint/dr404_node_status_only_trigger.dr"
};
static const unsigned char module_112[] = {
#embed "../../stdlib/lint/dr405_writer_without_fence.dr"
};
static const unsigned char module_113[] = {
#embed "../../stdlib/lint/dr406_stale_plan_apply.dr"
};
static const unsigned char module_114[] = {
#embed "../../stdlib/lint/dr407_all_unhealthy_not_frozen.dr"
};
static const unsigned char module_115[] = {
#embed "../../stdlib/lint/dr408_failback_without_soak.dr"
};
static const unsigned char module_116[] = {
#embed "../../stdlib/lint/dr409_trigger_without_manual_path.dr"
};
static const unsigned char module_117[] = {
#embed "../../stdlib/lint/dr410_saturation_triggers_failover.dr"
};
static const unsigned char module_118[] = {
#embed "../../stdlib/lint/dr411_overlapping_operations.dr"
};
static const unsigned char module_119[] = {
#embed "../../stdlib/lint/dr412_karmada_failover_off.dr"
};
static const unsigned char module_120[] = {
#embed "../../stdlib/lint/dr501_locality_without_outlier.dr"
};
static const unsigned char module_121[] = {
#embed "../../stdlib/lint/dr502_empty_record_set.dr"
};
static const unsigned char module_122[] = {
#embed "../../stdlib/lint/dr503_zone_set_not_typed.dr"
};
static const unsigned char module_123[] = {
#embed "../../stdlib/lint/dr504_weight_zero_sum.dr"
};
static const unsigned char module_124[] = {
#embed "../../stdlib/lint/dr505_ejection_cap_below_zone.dr"
};
static const unsigned char module_125[] = {
#embed "../../stdlib/lint/dr506_no_retry_budget.dr"
};
static const unsigned char module_126[] = {
#embed "../../stdlib/lint/dr507_istio_failover_zone_value.dr"
};
static const unsigned char module_127[] = {
#embed "../../stdlib/lint/dr508_affinity_pins_dead_zone.dr"
};
static const unsigned char module_128[] = {
#embed "../../stdlib/lint/dr509_external_local_empty_node.dr"
};
static const unsigned char module_129[] = {
#embed "../../stdlib/lint/dr510_fallback_threshold_surprise.dr"
};
static const unsigned char module_130[] = {
#embed "../../stdlib/lint/dr511_epp_fail_close_single.dr"
};
static const unsigned char module_131[] = {
#embed "../../stdlib/lint/dr512_zone_preference_overload.dr"
};
static const unsigned char module_132[] = {
#embed "../../stdlib/lint/dr513_health_429_ejects.dr"
};
static const unsigned char module_133[] = {
#embed "../../stdlib/lint/dr601_health_is_not_serving.dr"
};
static const unsigned char module_134[] = {
#embed "../../stdlib/lint/dr602_liveness_equals_readiness.dr"
};
static const unsigned char module_135[] = {
#embed "../../stdlib/lint/dr603_liveness_on_generation.dr"
};
static const unsigned char module_136[] = {
#embed "../../stdlib/lint/dr604_model_identity_unchecked.dr"
};
static const unsigned char module_137[] = {
#embed "../../stdlib/lint/dr605_abort_on_sigterm.dr"
};
static const unsigned char module_138[] = {
#embed "../../stdlib/lint/dr606_dev_endpoints_exposed.dr"
};
static const unsigned char module_139[] = {
#embed "../../stdlib/lint/dr607_warm_up_missing.dr"
};
static const unsigned char module_140[] = {
#embed "../../stdlib/lint/dr608_cold_standby_called_warm.dr"
};
static const unsigned char module_141[] = {
#embed "../../stdlib/lint/dr609_metric_name_drift.dr"
};
static const unsigned char module_142[] = {
#embed "../../stdlib/lint/dr610_hot_update_both_zones.dr"
};
static const unsigned char module_143[] = {
#embed "../../stdlib/lint/dr611_hpa_on_cpu_for_gpu.dr"
};
static const unsigned char module_144[] = {
#embed "../../stdlib/lint/dr612_scale_in_during_failover.dr"
};
static const unsigned char module_145[] = {
#embed "../../stdlib/lint/dr701_no_zone_drain_runbook.dr"
};
static const unsigned char module_146[] = {
#embed "../../stdlib/lint/dr702_step_without_timeout.dr"
};
static const unsigned char module_147[] = {
#embed "../../stdlib/lint/dr703_access_path_in_failed_zone.dr"
};
static const unsigned char module_148[] = {
#embed "../../stdlib/lint/dr704_traffic_step_needs_apiserver.dr"
};
static const unsigned char module_149[] = {
#embed "../../stdlib/lint/dr705_runbook_stale.dr"
};
static const unsigned char module_150[] = {
#embed "../../stdlib/lint/dr706_non_idempotent_step.dr"
};
static const unsigned char module_151[] = {
#embed "../../stdlib/lint/dr707_simultaneous_zone_change.dr"
};
static const unsigned char module_152[] = {
#embed "../../stdlib/lint/dr708_irreversible_without_rollback.dr"
};
static const unsigned char module_153[] = {
#embed "../../stdlib/lint/dr709_drain_deadlock.dr"
};
static const unsigned char module_154[] = {
#embed "../../stdlib/lint/dr710_pdb_overlap.dr"
};
static const unsigned char module_155[] = {
#embed "../../stdlib/lint/dr711_drain_by_logs_or_exec.dr"
};
static const unsigned char module_156[] = {
#embed "../../stdlib/lint/dr712_force_delete_stateful.dr"
};
static const unsigned char module_157[] = {
#embed "../../stdlib/lint/dr713_missing_rbac_verb.dr"
};
static const unsigned char module_158[] = {
#embed "../../stdlib/lint/dr714_webhook_not_idempotent.dr"
};
static const unsigned char module_159[] = {
#embed "../../stdlib/lint/dr715_ssa_force_everywhere.dr"
};
static const unsigned char module_160[] = {
#embed "../../stdlib/lint/dr716_no_api_backoff.dr"
};
static const unsigned char module_161[] = {
#embed "../../stdlib/lint/dr801_drill_overdue.dr"
};
static const unsigned char module_162[] = {
#embed "../../stdlib/lint/dr802_drill_without_abort.dr"
};
static const unsigned char module_163[] = {
#embed "../../stdlib/lint/dr803_chaos_blast_unbounded.dr"
};
static const unsigned char module_164[] = {
#embed "../../stdlib/lint/dr804_partition_drill_misses_node_path.dr"
};
static const unsigned char module_165[] = {
#embed "../../stdlib/lint/dr805_drill_without_capacity_check.dr"
};
static const unsigned char module_166[] = {
#embed "../../stdlib/lint/dr806_no_trigger_alert.dr"
};
static const unsigned char module_167[] = {
#embed "../../stdlib/lint/dr807_alertmanagerconfig_namespace.dr"
};
static const unsigned char module_168[] = {
#embed "../../stdlib/lint/dr808_closed_load_model.dr"
};
static const unsigned char module_169[] = {
#embed "../../stdlib/lint/dr811_pull_secret_missing.dr"
};
static const unsigned char module_170[] = {
#embed "../../stdlib/lint/dr812_latest_tag.dr"
};
static const unsigned char module_171[] = {
#embed "../../stdlib/lint/dr813_netpol_blocks_failover.dr"
};
static const unsigned char module_172[] = {
#embed "../../stdlib/lint/dr814_secret_not_replicated.dr"
};
static const unsigned char module_173[] = {
#embed "../../stdlib/lint/dr815_break_glass_missing.dr"
};
static const unsigned char module_174[] = {
#embed "../../stdlib/load.dr"
};
static const unsigned char module_175[] = {
#embed "../../stdlib/lookouts.dr"
};
static const unsigned char module_176[] = {
#embed "../../stdlib/manifests.dr"
};
static const unsigned char module_177[] = {
#embed "../../stdlib/monitoring.dr"
};
static const unsigned char module_178[] = {
#embed "../../stdlib/notify.dr"
};
static const unsigned char module_179[] = {
#embed "../../stdlib/objects.dr"
};
static const unsigned char module_180[] = {
#embed "../../stdlib/operating.dr"
};
static const unsigned char module_181[] = {
#embed "../../stdlib/pods.dr"
};
static const unsigned char module_182[] = {
#embed "../../stdlib/policy.dr"
};
static const unsigned char module_183[] = {
#embed "../../stdlib/prometheus.dr"
};
static const unsigned char module_184[] = {
#embed "../../stdlib/provisioning.dr"
};
static const unsigned char module_185[] = {
#embed "../../stdlib/quotas.dr"
};
static const unsigned char module_186[] = {
#embed "../../stdlib/registry.dr"
};
static const unsigned char module_187[] = {
#embed "../../stdlib/rights.dr"
};
static const unsigned char module_188[] = {
#embed "../../stdlib/rollout.dr"
};
static const unsigned char module_189[] = {
#embed "../../stdlib/scaling.dr"
};
static const unsigned char module_190[] = {
#embed "../../stdlib/service.dr"
};
static const unsigned char module_191[] = {
#embed "../../stdlib/shell.dr"
};
static const unsigned char module_192[] = {
#embed "../../stdlib/topology.dr"
};
static const unsigned char module_193[] = {
#embed "../../stdlib/traffic.dr"
};
static const unsigned char module_194[] = {
#embed "../../stdlib/web.dr"
};

static const struct dr_module modules[] = {
  {"access", module_0, sizeof module_0},
  {"alerting", module_1, sizeof module_1},
  {"analysis/changes", module_2, sizeof module_2},
  {"analysis/domains", module_3, sizeof module_3},
  {"analysis/failbacks", module_4, sizeof module_4},
  {"analysis/fronts", module_5, sizeof module_5},
  {"analysis/interval", module_6, sizeof module_6},
  {"analysis/placement", module_7, sizeof module_7},
  {"analysis/promises", module_8, sizeof module_8},
  {"analysis/prove", module_9, sizeof module_9},
  {"analysis/reactions", module_10, sizeof module_10},
  {"analysis/recovery", module_11, sizeof module_11},
  {"analysis/responses", module_12, sizeof module_12},
  {"analysis/terms", module_13, sizeof module_13},
  {"analysis/timers", module_14, sizeof module_14},
  {"chaos", module_15, sizeof module_15},
  {"core", module_16, sizeof module_16,
    "Target all any at_least best contains count cpu_quantity ends_with filter find first flatten in_bytes indented index_of join json larger last len lines lower map max milliseconds min percents pretty_json quantity replace reversed rounded seconds secret secret_name secret_namespace share slug smaller sorted split starts_with sum to_float unique upper yaml"},
  {"emit/account", module_17, sizeof module_17},
  {"emit/alertmanager", module_18, sizeof module_18},
  {"emit/alertmanager_config", module_19, sizeof module_19},
  {"emit/argo_rollout", module_20, sizeof module_20},
  {"emit/argo_workflow", module_21, sizeof module_21},
  {"emit/autoscaler", module_22, sizeof module_22},
  {"emit/chaos_experiment", module_23, sizeof module_23},
  {"emit/chaos_mesh", module_24, sizeof module_24},
  {"emit/chaos_workflow", module_25, sizeof module_25},
  {"emit/cluster_api", module_26, sizeof module_26},
  {"emit/deployment", module_27, sizeof module_27},
  {"emit/disruption_budget", module_28, sizeof module_28},
  {"emit/dns", module_29, sizeof module_29},
  {"emit/dockerfile", module_30, sizeof module_30},
  {"emit/external_dns", module_31, sizeof module_31},
  {"emit/gateway", module_32, sizeof module_32},
  {"emit/grafana_dashboard", module_33, sizeof module_33},
  {"emit/haproxy", module_34, sizeof module_34},
  {"emit/hot_update", module_35, sizeof module_35},
  {"emit/identity", module_36, sizeof module_36},
  {"emit/inference_pool", module_37, sizeof module_37},
  {"emit/ingress", module_38, sizeof module_38},
  {"emit/istio", module_39, sizeof module_39},
  {"emit/k8gb", module_40, sizeof module_40},
  {"emit/karmada", module_41, sizeof module_41},
  {"emit/keda", module_42, sizeof module_42},
  {"emit/kserve", module_43, sizeof module_43},
  {"emit/leader_worker_set", module_44, sizeof module_44},
  {"emit/load_jmeter", module_45, sizeof module_45},
  {"emit/load_k6", module_46, sizeof module_46},
  {"emit/load_locust", module_47, sizeof module_47},
  {"emit/locust", module_48, sizeof module_48},
  {"emit/manifest", module_49, sizeof module_49},
  {"emit/namespace", module_50, sizeof module_50},
  {"emit/network_policy", module_51, sizeof module_51},
  {"emit/nginx", module_52, sizeof module_52},
  {"emit/operator", module_53, sizeof module_53},
  {"emit/pod_monitor", module_54, sizeof module_54},
  {"emit/priority_class", module_55, sizeof module_55},
  {"emit/probe", module_56, sizeof module_56},
  {"emit/prometheus", module_57, sizeof module_57},
  {"emit/prometheus_rule", module_58, sizeof module_58},
  {"emit/provider_command", module_59, sizeof module_59},
  {"emit/resource_quota", module_60, sizeof module_60},
  {"emit/service", module_61, sizeof module_61},
  {"emit/service_monitor", module_62, sizeof module_62},
  {"emit/volume_claim", module_63, sizeof module_63},
  {"emit/zone_service", module_64, sizeof module_64},
  {"escaping", module_65, sizeof module_65},
  {"federation", module_66, sizeof module_66},
  {"images", module_67, sizeof module_67},
  {"inference", module_68, sizeof module_68},
  {"kubernetes", module_69, sizeof module_69},
  {"lint/dr101_survivor_gpu_short", module_70, sizeof module_70},
  {"lint/dr102_no_static_stability", module_71, sizeof module_71},
  {"lint/dr103_launch_on_critical_path", module_72, sizeof module_72},
  {"lint/dr104_shared_fate_zones", module_73, sizeof module_73},
  {"lint/dr105_single_zone_dependency", module_74, sizeof module_74},
  {"lint/dr106_dependency_closure_unlocated", module_75, sizeof module_75},
  {"lint/dr107_two_zone_quorum", module_76, sizeof module_76},
  {"lint/dr108_logical_az_not_mapped", module_77, sizeof module_77},
  {"lint/dr109_zonal_pv_pins_pod", module_78, sizeof module_78},
  {"lint/dr110_rwx_share_one_zone", module_79, sizeof module_79},
  {"lint/dr111_spread_blocks_survivor", module_80, sizeof module_80},
  {"lint/dr112_spread_only_at_schedule", module_81, sizeof module_81},
  {"lint/dr113_hard_affinity_one_zone", module_82, sizeof module_82},
  {"lint/dr114_replicas_below_zones", module_83, sizeof module_83},
  {"lint/dr115_gpu_quota_short", module_84, sizeof module_84},
  {"lint/dr116_no_priority_for_serving", module_85, sizeof module_85},
  {"lint/dr117_partial_zone_never_evicts", module_86, sizeof module_86},
  {"lint/dr118_group_without_spare", module_87, sizeof module_87},
  {"lint/dr201_removed_api", module_88, sizeof module_88},
  {"lint/dr202_field_newer_than_cluster", module_89, sizeof module_89},
  {"lint/dr203_topology_annotation_name", module_90, sizeof module_90},
  {"lint/dr204_hints_in_small_zones", module_91, sizeof module_91},
  {"lint/dr205_externaldns_prefix", module_92, sizeof module_92},
  {"lint/dr206_k8gb_group", module_93, sizeof module_93},
  {"lint/dr207_gateway_experimental_field", module_94, sizeof module_94},
  {"lint/dr208_inferencepool_group", module_95, sizeof module_95},
  {"lint/dr209_hpa_and_ssa_replicas", module_96, sizeof module_96},
  {"lint/dr210_dangling_target", module_97, sizeof module_97},
  {"lint/dr301_rto_unprovable", module_98, sizeof module_98},
  {"lint/dr302_toleration_exceeds_rto", module_99, sizeof module_99},
  {"lint/dr303_dns_ttl_over_budget", module_100, sizeof module_100},
  {"lint/dr304_alert_slower_than_rto", module_101, sizeof module_101},
  {"lint/dr305_startup_probe_too_short", module_102, sizeof module_102},
  {"lint/dr306_weight_load_not_budgeted", module_103, sizeof module_103},
  {"lint/dr307_progress_deadline_too_short", module_104, sizeof module_104},
  {"lint/dr308_approval_inside_rto", module_105, sizeof module_105},
  {"lint/dr309_rpo_without_mechanism", module_106, sizeof module_106},
  {"lint/dr310_concurrent_load_starves_store", module_107, sizeof module_107},
  {"lint/dr401_no_min_healthy_zones", module_108, sizeof module_108},
  {"lint/dr402_trigger_without_damping", module_109, sizeof module_109},
  {"lint/dr403_single_vantage_trigger", module_110, sizeof module_110},
  {"lint/dr404_node_status_only_trigger", module_111, sizeof module_111},
  {"lint/dr405_writer_without_fence", module_112, sizeof module_112},
  {"lint/dr406_stale_plan_apply", module_113, sizeof module_113},
  {"lint/dr407_all_unhealthy_not_frozen", module_114, sizeof module_114},
  {"lint/dr408_failback_without_soak", module_115, sizeof module_115},
  {"lint/dr409_trigger_without_manual_path", module_116, sizeof module_116},
  {"lint/dr410_saturation_triggers_failover", module_117, sizeof module_117},
  {"lint/dr411_overlapping_operations", module_118, sizeof module_118},
  {"lint/dr412_karmada_failover_off", module_119, sizeof module_119},
  {"lint/dr501_locality_without_outlier", module_120, sizeof module_120},
  {"lint/dr502_empty_record_set", module_121, sizeof module_121},
  {"lint/dr503_zone_set_not_typed", module_122, sizeof module_122},
  {"lint/dr504_weight_zero_sum", module_123, sizeof module_123},
  {"lint/dr505_ejection_cap_below_zone", module_124, sizeof module_124},
  {"lint/dr506_no_retry_budget", module_125, sizeof module_125},
  {"lint/dr507_istio_failover_zone_value", module_126, sizeof module_126},
  {"lint/dr508_affinity_pins_dead_zone", module_127, sizeof module_127},
  {"lint/dr509_external_local_empty_node", module_128, sizeof module_128},
  {"lint/dr510_fallback_threshold_surprise", module_129, sizeof module_129},
  {"lint/dr511_epp_fail_close_single", module_130, sizeof module_130},
  {"lint/dr512_zone_preference_overload", module_131, sizeof module_131},
  {"lint/dr513_health_429_ejects", module_132, sizeof module_132},
  {"lint/dr601_health_is_not_serving", module_133, sizeof module_133},
  {"lint/dr602_liveness_equals_readiness", module_134, sizeof module_134},
  {"lint/dr603_liveness_on_generation", module_135, sizeof module_135},
  {"lint/dr604_model_identity_unchecked", module_136, sizeof module_136},
  {"lint/dr605_abort_on_sigterm", module_137, sizeof module_137},
  {"lint/dr606_dev_endpoints_exposed", module_138, sizeof module_138},
  {"lint/dr607_warm_up_missing", module_139, sizeof module_139},
  {"lint/dr608_cold_standby_called_warm", module_140, sizeof module_140},
  {"lint/dr609_metric_name_drift", module_141, sizeof module_141},
  {"lint/dr610_hot_update_both_zones", module_142, sizeof module_142},
  {"lint/dr611_hpa_on_cpu_for_gpu", module_143, sizeof module_143},
  {"lint/dr612_scale_in_during_failover", module_144, sizeof module_144},
  {"lint/dr701_no_zone_drain_runbook", module_145, sizeof module_145},
  {"lint/dr702_step_without_timeout", module_146, sizeof module_146},
  {"lint/dr703_access_path_in_failed_zone", module_147, sizeof module_147},
  {"lint/dr704_traffic_step_needs_apiserver", module_148, sizeof module_148},
  {"lint/dr705_runbook_stale", module_149, sizeof module_149},
  {"lint/dr706_non_idempotent_step", module_150, sizeof module_150},
  {"lint/dr707_simultaneous_zone_change", module_151, sizeof module_151},
  {"lint/dr708_irreversible_without_rollback", module_152, sizeof module_152},
  {"lint/dr709_drain_deadlock", module_153, sizeof module_153},
  {"lint/dr710_pdb_overlap", module_154, sizeof module_154},
  {"lint/dr711_drain_by_logs_or_exec", module_155, sizeof module_155},
  {"lint/dr712_force_delete_stateful", module_156, sizeof module_156},
  {"lint/dr713_missing_rbac_verb", module_157, sizeof module_157},
  {"lint/dr714_webhook_not_idempotent", module_158, sizeof module_158},
  {"lint/dr715_ssa_force_everywhere", module_159, sizeof module_159},
  {"lint/dr716_no_api_backoff", module_160, sizeof module_160},
  {"lint/dr801_drill_overdue", module_161, sizeof module_161},
  {"lint/dr802_drill_without_abort", module_162, sizeof module_162},
  {"lint/dr803_chaos_blast_unbounded", module_163, sizeof module_163},
  {"lint/dr804_partition_drill_misses_node_path", module_164, sizeof module_164},
  {"lint/dr805_drill_without_capacity_check", module_165, sizeof module_165},
  {"lint/dr806_no_trigger_alert", module_166, sizeof module_166},
  {"lint/dr807_alertmanagerconfig_namespace", module_167, sizeof module_167},
  {"lint/dr808_closed_load_model", module_168, sizeof module_168},
  {"lint/dr811_pull_secret_missing", module_169, sizeof module_169},
  {"lint/dr812_latest_tag", module_170, sizeof module_170},
  {"lint/dr813_netpol_blocks_failover", module_171, sizeof module_171},
  {"lint/dr814_secret_not_replicated", module_172, sizeof module_172},
  {"lint/dr815_break_glass_missing", module_173, sizeof module_173},
  {"load", module_174, sizeof module_174},
  {"lookouts", module_175, sizeof module_175},
  {"manifests", module_176, sizeof module_176},
  {"monitoring", module_177, sizeof module_177},
  {"notify", module_178, sizeof module_178},
  {"objects", module_179, sizeof module_179},
  {"operating", module_180, sizeof module_180},
  {"pods", module_181, sizeof module_181},
  {"policy", module_182, sizeof module_182,
    "ApiServerOutage ControlPlaneCut DependencyOutage Detector DetectorCase DetectorOutline Drill EngineSleep EngineStall Fault FaultWindow FrontOutage Guard Load LookBad NetworkPartition NodeOutage Policy Reaction RegionOutage Runbook RunbookCall RunbookStatement ServiceHang SlowNetwork TimelineEvent World ZoneOutage _TimedFault _downtime _named _recovery _simulate _timed asleep calls cut_off downtime drill fail fail_nodes flap hang look_bad lose_api_server mend partition policy reaction recovery restore runbook simulate slow stall"},
  {"prometheus", module_183, sizeof module_183},
  {"provisioning", module_184, sizeof module_184},
  {"quotas", module_185, sizeof module_185},
  {"registry", module_186, sizeof module_186},
  {"rights", module_187, sizeof module_187},
  {"rollout", module_188, sizeof module_188},
  {"scaling", module_189, sizeof module_189},
  {"service", module_190, sizeof module_190,
    "Dependency Engine Expose Ingress ModelCache Needs Objective Probe Service Sharding Spread Toleration Volume Weights _is_readable dependency http kserve probe service sglang toleration vllm volume"},
  {"shell", module_191, sizeof module_191},
  {"topology", module_192, sizeof module_192,
    "Cluster ControlPlane Failures NodePool Region Zone cluster nodes region zone"},
  {"traffic", module_193, sizeof module_193},
  {"web", module_194, sizeof module_194},
};

const struct dr_module *dr_stdlib_modules(void) { return modules; }

size_t dr_stdlib_count(void) { return sizeof modules / sizeof modules[0]; }
