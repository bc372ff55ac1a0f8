// Blocks to floats, exactly.  One version for every instruction set: it serves embedding rows and packing, not the
// matrix products.  Every product below is exact in f32 (at most 24 significant bits), so the only rounding is that of
// a final sum or difference, and the bits do not depend on how the compiler arranges it.
#include <cstring>

#include "core/check.h"
#include "kernels/vector_ops.h"
#include "tensor/block_layout.h"
#include "tensor/half.h"

namespace sixfold::kernels {
namespace {

float f16(const block::F16& bits) {
  return f32_from_f16(block::u16(bits));
}

int nibble(const std::uint8_t* nibbles, std::size_t element) {
  return element < 16 ? nibbles[element] & 15 : nibbles[element - 16] >> 4;
}

int fifth_bit(const std::uint8_t* bits, std::size_t element) {
  return bits[element / 8] >> (element % 8) & 1;
}

void expand(const block::Q4_0& b, float* out) {
  const float d = f16(b.d);
  for (std::size_t i = 0; i < block::kSmall; ++i) out[i] = d * static_cast<float>(nibble(b.nibbles, i) - 8);
}

void expand(const block::Q4_1& b, float* out) {
  const float d = f16(b.d);
  const float m = f16(b.m);
  for (std::size_t i = 0; i < block::kSmall; ++i) out[i] = d * static_cast<float>(nibble(b.nibbles, i)) + m;
}

void expand(const block::Q5_0& b, float* out) {
  const float d = f16(b.d);
  for (std::size_t i = 0; i < block::kSmall; ++i) {
    out[i] = d * static_cast<float>((nibble(b.nibbles, i) | fifth_bit(b.fifth_bits, i) << 4) - 16);
  }
}

void expand(const block::Q5_1& b, float* out) {
  const float d = f16(b.d);
  const float m = f16(b.m);
  for (std::size_t i = 0; i < block::kSmall; ++i) {
    out[i] = d * static_cast<float>(nibble(b.nibbles, i) | fifth_bit(b.fifth_bits, i) << 4) + m;
  }
}

void expand(const block::Q8_0& b, float* out) {
  const float d = f16(b.d);
  for (std::size_t i = 0; i < block::kSmall; ++i) out[i] = d * static_cast<float>(b.quants[i]);
}

void expand(const block::IQ4_NL& b, float* out) {
  const float d = f16(b.d);
  for (std::size_t i = 0; i < block::kSmall; ++i) {
    out[i] = d * static_cast<float>(block::kIq4Values[nibble(b.nibbles, i)]);
  }
}

// The two bits of element e in Q2_K and Q3_K.
int bit_pair(const std::uint8_t* quants, std::size_t e) {
  return quants[e / 128 * 32 + e % 32] >> (2 * (e / 32 % 4)) & 3;
}

void expand(const block::Q2_K& b, float* out) {
  const float d = f16(b.d);
  const float min = f16(b.min);
  for (std::size_t group = 0; group < 16; ++group) {
    const float scale = d * static_cast<float>(b.scales[group] & 15);
    const float offset = min * static_cast<float>(b.scales[group] >> 4);
    for (std::size_t e = 16 * group; e < 16 * (group + 1); ++e) {
      out[e] = scale * static_cast<float>(bit_pair(b.quants, e)) - offset;
    }
  }
}

void expand(const block::Q3_K& b, float* out) {
  const float d = f16(b.d);
  for (std::size_t group = 0; group < 16; ++group) {
    const float scale = d * static_cast<float>(block::q3_k_scale(b.scales, group) - 32);
    for (std::size_t e = 16 * group; e < 16 * (group + 1); ++e) {
      const int third = b.third_bits[e % 32] >> (e / 32) & 1;
      out[e] = scale * static_cast<float>((bit_pair(b.quants, e) | third << 2) - 4);
    }
  }
}

// The four bits of element e in Q4_K and Q5_K.
int group_nibble(const std::uint8_t* quants, std::size_t e) {
  return quants[e / 64 * 32 + e % 32] >> (4 * (e / 32 % 2)) & 15;
}

void expand(const block::Q4_K& b, float* out) {
  const float d = f16(b.d);
  const float min = f16(b.min);
  for (std::size_t group = 0; group < 8; ++group) {
    const float scale = d * static_cast<float>(block::q4_k_scale(b.scales, group));
    const float offset = min * static_cast<float>(block::q4_k_min(b.scales, group));
    for (std::size_t e = 32 * group; e < 32 * (group + 1); ++e) {
      out[e] = scale * static_cast<float>(group_nibble(b.quants, e)) - offset;
    }
  }
}

void expand(const block::Q5_K& b, float* out) {
  const float d = f16(b.d);
  const float min = f16(b.min);
  for (std::size_t group = 0; group < 8; ++group) {
    const float scale = d * static_cast<float>(block::q4_k_scale(b.scales, group));
    const float offset = min * static_cast<float>(block::q4_k_min(b.scales, group));
    for (std::size_t e = 32 * group; e < 32 * (group + 1); ++e) {
      const int fifth = b.fifth_bits[e % 32] >> group & 1;
      out[e] = scale * static_cast<float>(group_nibble(b.quants, e) | fifth << 4) - offset;
    }
  }
}

void expand(const block::Q6_K& b, float* out) {
  const float d = f16(b.d);
  for (std::size_t group = 0; group < 16; ++group) {
    const float scale = d * static_cast<float>(b.scales[group]);
    for (std::size_t e = 16 * group; e < 16 * (group + 1); ++e) {
      const std::size_t half = e / 128;
      const std::size_t j = e % 128;
      const int low = b.low_nibbles[64 * half + j % 64] >> (4 * (j / 64)) & 15;
      const int high = b.high_pairs[32 * half + j % 32] >> (2 * (j / 32)) & 3;
      out[e] = scale * static_cast<float>((low | high << 4) - 32);
    }
  }
}

void expand(const block::IQ4_XS& b, float* out) {
  const float d = f16(b.d);
  for (std::size_t group = 0; group < 8; ++group) {
    const float scale = d * static_cast<float>(block::iq4_xs_scale(b, group) - 32);
    for (std::size_t i = 0; i < 32; ++i) {
      out[32 * group + i] = scale * static_cast<float>(block::kIq4Values[nibble(b.nibbles + 16 * group, i)]);
    }
  }
}

template <class Block, std::size_t kElements>
void expand_all(const std::byte* source, std::size_t count, float* out) {
  SIXFOLD_CHECK(count % kElements == 0);
  for (std::size_t i = 0; i < count; i += kElements) {
    Block b;
    std::memcpy(&b, source + i / kElements * sizeof(Block), sizeof(Block));
    expand(b, out + i);
  }
}

template <class Convert>
void convert_halves(const std::byte* source, std::size_t count, float* out, Convert convert) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint16_t half;
    std::memcpy(&half, source + 2 * i, sizeof(half));
    out[i] = convert(half);
  }
}

}  // namespace

void dequantize(DType dtype, const std::byte* source, std::size_t count, float* out) {
  switch (dtype) {
    case DType::kF32:
      if (count != 0) std::memcpy(out, source, count * sizeof(float));
      return;
    case DType::kF16:
      return convert_halves(source, count, out, f32_from_f16);
    case DType::kBF16:
      return convert_halves(source, count, out, f32_from_bf16);
    case DType::kQ4_0:
      return expand_all<block::Q4_0, block::kSmall>(source, count, out);
    case DType::kQ4_1:
      return expand_all<block::Q4_1, block::kSmall>(source, count, out);
    case DType::kQ5_0:
      return expand_all<block::Q5_0, block::kSmall>(source, count, out);
    case DType::kQ5_1:
      return expand_all<block::Q5_1, block::kSmall>(source, count, out);
    case DType::kQ8_0:
      return expand_all<block::Q8_0, block::kSmall>(source, count, out);
    case DType::kIQ4_NL:
      return expand_all<block::IQ4_NL, block::kSmall>(source, count, out);
    case DType::kQ2_K:
      return expand_all<block::Q2_K, block::kSuper>(source, count, out);
    case DType::kQ3_K:
      return expand_all<block::Q3_K, block::kSuper>(source, count, out);
    case DType::kQ4_K:
      return expand_all<block::Q4_K, block::kSuper>(source, count, out);
    case DType::kQ5_K:
      return expand_all<block::Q5_K, block::kSuper>(source, count, out);
    case DType::kQ6_K:
      return expand_all<block::Q6_K, block::kSuper>(source, count, out);
    case DType::kIQ4_XS:
      return expand_all<block::IQ4_XS, block::kSuper>(source, count, out);
  }
}

}  // namespace sixfold::kernels
