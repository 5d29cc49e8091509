// SPDX-License-Identifier: Apache-2.0
// The bytes are written by `swift run drdev schemas`.

#include "CSchemas.h"

static const unsigned char bytes[] = {
#embed "../../schemas/kubernetes.bin"
};

const unsigned char *dr_schemas_bytes(void) { return bytes; }

size_t dr_schemas_count(void) { return sizeof bytes; }
