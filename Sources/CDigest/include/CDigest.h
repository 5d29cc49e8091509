// SPDX-License-Identifier: Apache-2.0
// What processors compute by instructions of their own. Each may be called only where the function before it says so.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool dr_has_sha256(void);

/// Takes `count` blocks of 64 bytes into the eight words of `state`; `constants` are the 64 of FIPS 180-4, 4.2.2.
void dr_sha256(uint32_t *state, const uint8_t *blocks, size_t count, const uint32_t *constants);

bool dr_has_crc32c(void);

/// The remainder after `count` further bytes.
uint32_t dr_crc32c(uint32_t remainder, const uint8_t *bytes, size_t count);
