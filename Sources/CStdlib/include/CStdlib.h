// SPDX-License-Identifier: Apache-2.0
// The modules of stdlib/, embedded when the program is built.
#ifndef DR_CSTDLIB_H
#define DR_CSTDLIB_H

#include <stddef.h>

struct dr_module {
  /// Path below stdlib/ without suffix: "emit/kubernetes".
  const char *path;
  const unsigned char *bytes;
  size_t count;
  /// What it declares, separated by spaces; only for modules that every program sees.
  const char *names;
};

/// All modules, sorted by path.
const struct dr_module *dr_stdlib_modules(void);
size_t dr_stdlib_count(void);

#endif
