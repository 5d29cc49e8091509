// SPDX-License-Identifier: Apache-2.0
#include "CDigest.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

static bool has(unsigned leaf, bool in_ebx, unsigned bits) {
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid_count(leaf, 0, &eax, &ebx, &ecx, &edx)) return false;
  return ((in_ebx ? ebx : ecx) & bits) == bits;
}

bool dr_has_sha256(void) { return has(7, true, 1u << 29) && has(1, false, bit_SSSE3 | bit_SSE4_1); }

bool dr_has_crc32c(void) { return has(1, false, bit_SSE4_2); }

// The instructions want the eight words in two registers, as a, b, e, f and c, d, g, h, the first of them highest.
__attribute__((target("sha,ssse3,sse4.1")))
void dr_sha256(uint32_t *state, const uint8_t *blocks, size_t count, const uint32_t *constants) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i first = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
  __m128i second = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(first, second, 8);
  __m128i cdgh = _mm_blend_epi16(second, first, 0xf0);
  for (; count > 0; count--, blocks += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 4; i++)
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)blocks + i), big_endian);
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      const __m128i sum =
          _mm_add_epi32(w[i & 3], _mm_loadu_si128((const __m128i *)constants + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (i >= 12) continue;
      const __m128i last = w[(i + 3) & 3];
      const __m128i middle = _mm_alignr_epi8(last, w[(i + 2) & 3], 4);
      const __m128i begun = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
      w[i & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(begun, middle), last);
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  first = _mm_shuffle_epi32(abef, 0x1b);
  second = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(first, second, 0xf0));
  _mm_storeu_si128((__m128i *)state + 1, _mm_alignr_epi8(second, first, 8));
}

__attribute__((target("sse4.2")))
uint32_t dr_crc32c(uint32_t remainder, const uint8_t *bytes, size_t count) {
  uint64_t r = remainder;
  for (; count >= 8; count -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    r = _mm_crc32_u64(r, word);
  }
  for (; count > 0; count--, bytes++) r = _mm_crc32_u8((uint32_t)r, *bytes);
  return (uint32_t)r;
}

#else

bool dr_has_sha256(void) { return false; }
bool dr_has_crc32c(void) { return false; }
void dr_sha256(uint32_t *state, const uint8_t *blocks, size_t count, const uint32_t *constants) {}
uint32_t dr_crc32c(uint32_t remainder, const uint8_t *bytes, size_t count) { return remainder; }

#endif
