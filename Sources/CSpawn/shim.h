// SPDX-License-Identifier: Apache-2.0
// What glibc's spawn.h (2.34 and later) has for GNU programs only, which Swift's module of glibc leaves out.
#include <spawn.h>
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
