// How the blocks of quantized types lie in memory, and where in them an element's bits are.  No arithmetic on values:
// `d * (q - 8)` below is what a reader of the block computes; q, s, m are integers, d and min are f16.
// Source: the GGML block formats, as published with the GGUF specification; element order checked against reference
// values of every type.  Blocks have alignment 1, because tensors in a file need not be aligned for them.
#pragma once
#include <cstddef>
#include <cstdint>

namespace sixfold::block {

inline constexpr std::size_t kSmall = 32;   // elements of a Q4_0 ... Q8_0, IQ4_NL block
inline constexpr std::size_t kSuper = 256;  // elements of a K-quant or IQ4_XS block

using F16 = std::uint8_t[2];  // little-endian bits

inline std::uint16_t u16(const std::uint8_t* bytes) {
  return static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
}
inline std::uint32_t u32(const std::uint8_t* bytes) {
  return static_cast<std::uint32_t>(u16(bytes)) | static_cast<std::uint32_t>(u16(bytes + 2)) << 16;
}

// Nibbles of the 32-element blocks: element i < 16 is the low nibble of byte i, element i + 16 its high nibble.

struct Q4_0 {  // d * (q - 8)
  F16 d;
  std::uint8_t nibbles[16];
};

struct Q4_1 {  // d * q + m
  F16 d;
  F16 m;
  std::uint8_t nibbles[16];
};

struct Q5_0 {  // d * (q - 16); bit i of fifth_bits is bit 4 of element i
  F16 d;
  std::uint8_t fifth_bits[4];
  std::uint8_t nibbles[16];
};

struct Q5_1 {  // d * q + m
  F16 d;
  F16 m;
  std::uint8_t fifth_bits[4];
  std::uint8_t nibbles[16];
};

struct Q8_0 {  // d * q
  F16 d;
  std::int8_t quants[32];
};

struct IQ4_NL {  // d * kIq4Values[q]
  F16 d;
  std::uint8_t nibbles[16];
};

// K-quants: 256 elements in groups of 16 (Q2_K, Q3_K, Q6_K) or 32 (Q4_K, Q5_K), each group with integer scales.

// d * s * q - min * m.  scales[g]: s low nibble, m high nibble, group g of 16.
// Element e: bits 2 * (e / 32 % 4) of quants[e / 128 * 32 + e % 32].
struct Q2_K {
  std::uint8_t scales[16];
  std::uint8_t quants[64];
  F16 d;
  F16 min;
};

// d * (s - 32) * (q - 4).  q's low two bits as in Q2_K; its third is bit e / 32 of third_bits[e % 32].
struct Q3_K {
  std::uint8_t third_bits[32];
  std::uint8_t quants[64];
  std::uint8_t scales[12];  // q3_k_scale
  F16 d;
};

// d * s * q - min * m, group g of 32.  Element e: quants[e / 64 * 32 + e % 32], high nibble if e / 32 is odd.
struct Q4_K {
  F16 d;
  F16 min;
  std::uint8_t scales[12];  // q4_k_scale, q4_k_min
  std::uint8_t quants[128];
};

// As Q4_K; q's fifth bit is bit e / 32 of fifth_bits[e % 32].
struct Q5_K {
  F16 d;
  F16 min;
  std::uint8_t scales[12];
  std::uint8_t fifth_bits[32];
  std::uint8_t quants[128];
};

// d * s * (q - 32), group g of 16.  Within each half h of 128, element j: low four bits in
// low_nibbles[64 * h + j % 64] (high nibble if j >= 64), high two at 2 * (j / 32) of high_pairs[32 * h + j % 32].
struct Q6_K {
  std::uint8_t low_nibbles[128];
  std::uint8_t high_pairs[64];
  std::int8_t scales[16];
  F16 d;
};

// d * (s - 32) * kIq4Values[q], group g of 32, nibbles of a group as in the small blocks.
struct IQ4_XS {
  F16 d;
  std::uint8_t scales_high[2];  // iq4_xs_scale
  std::uint8_t scales_low[4];
  std::uint8_t nibbles[128];
};

static_assert(sizeof(Q4_0) == 18 && sizeof(Q4_1) == 20 && sizeof(Q5_0) == 22 && sizeof(Q5_1) == 24);
static_assert(sizeof(Q8_0) == 34 && sizeof(IQ4_NL) == 18 && sizeof(IQ4_XS) == 136);
static_assert(sizeof(Q2_K) == 84 && sizeof(Q3_K) == 110 && sizeof(Q4_K) == 144 && sizeof(Q5_K) == 176);
static_assert(sizeof(Q6_K) == 210 && alignof(Q6_K) == 1);

// The 16 levels of IQ4_NL and IQ4_XS.
inline constexpr std::int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                               1,    13,   25,  38,  53,  69,  89,  113};

// Six-bit scales, unpacked.  Results are in [0, 63].

// Q4_K and Q5_K: eight scales and eight minimums in 12 bytes.  Groups 0-3 have theirs in the low six bits of a byte;
// groups 4-7 are four bits of the last four bytes and the two bits left over above.
inline std::uint8_t q4_k_scale(const std::uint8_t* scales, std::size_t group) {
  if (group < 4) return scales[group] & 63;
  return static_cast<std::uint8_t>((scales[group + 4] & 15) | (scales[group - 4] >> 6 << 4));
}
inline std::uint8_t q4_k_min(const std::uint8_t* scales, std::size_t group) {
  if (group < 4) return scales[group + 4] & 63;
  return static_cast<std::uint8_t>((scales[group + 4] >> 4) | (scales[group] >> 6 << 4));
}

// Q3_K: 16 scales, low four bits in the nibbles of the first eight bytes, high two in the last four bytes.
inline std::uint8_t q3_k_scale(const std::uint8_t* scales, std::size_t group) {
  const int low = group < 8 ? scales[group] & 15 : scales[group - 8] >> 4;
  const int high = scales[8 + group % 4] >> (2 * (group / 4)) & 3;
  return static_cast<std::uint8_t>(low | high << 4);
}

// IQ4_XS: eight scales, low four bits in nibbles, high two in a 16-bit word.
inline std::uint8_t iq4_xs_scale(const IQ4_XS& block, std::size_t group) {
  const int low = block.scales_low[group / 2] >> (4 * (group % 2)) & 15;
  const int high = u16(block.scales_high) >> (2 * group) & 3;
  return static_cast<std::uint8_t>(low | high << 4);
}

}  // namespace sixfold::block
