// SPDX-License-Identifier: Apache-2.0
//
// libyaml 0.2 (package `yaml-0.1`), read through one file of DrData.
#include <yaml.h>
