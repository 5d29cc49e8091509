// SPDX-License-Identifier: Apache-2.0
// The pages of docs/diagnostics/, embedded when the program is built.
#ifndef DR_CCATALOGUE_H
#define DR_CCATALOGUE_H

#include <stddef.h>

struct dr_page {
  /// The code that it explains: "E0201".
  const char *code;
  const unsigned char *bytes;
  size_t count;
};

/// All pages, sorted by code.
const struct dr_page *dr_catalogue_pages(void);
size_t dr_catalogue_count(void);

#endif
