// SPDX-License-Identifier: Apache-2.0
// The schemas of Kubernetes' own objects, embedded when the program is built.
#ifndef DR_CSCHEMAS_H
#define DR_CSCHEMAS_H

#include <stddef.h>

const unsigned char *dr_schemas_bytes(void);
size_t dr_schemas_count(void);

#endif
