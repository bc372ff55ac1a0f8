// Checks of one kernel table against double arithmetic.  Used by the unit tests for every instruction set of this
// machine, and by cross/table_check.cc, which needs no test framework, for those of others.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "kernels/kernel_table.h"
#include "tensor/half.h"

namespace sixfold::kernels::checks {

// Small, fast and the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint32_t bits() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state_ >> 33);
  }
  std::size_t below(std::size_t bound) { return bits() % bound; }
  float between(float low, float high) { return low + (high - low) * static_cast<float>(bits() % 65536) / 65536.0f; }
  std::vector<float> floats(std::size_t count, float low = -4, float high = 4) {
    std::vector<float> values(count);
    for (float& value : values) value = between(low, high);
    return values;
  }

 private:
  std::uint64_t state_;
};

template <class... Values>
std::string describe(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof(text), format, values...);
  return text;
}

inline bool same_bits(const float* a, const float* b, std::size_t count) {
  return count == 0 || std::memcmp(a, b, count * sizeof(float)) == 0;
}

inline bool is_close(float got, double want, double tolerance) {
  return std::fabs(got - want) <= tolerance;
}

// Every length from 0 to past two vectors of 16 lanes and their unrolled loops, at several misalignments.
// check(count, offset) returns a message, empty if all is well.
template <class Check>
std::string at_every_length(Check check) {
  for (std::size_t count = 0; count <= 150; count += count < 40 ? 1 : 11) {
    for (std::size_t offset = 0; offset < 4; ++offset) {
      if (std::string wrong = check(count, offset); !wrong.empty()) {
        return describe("count %zu, offset %zu: ", count, offset) + wrong;
      }
    }
  }
  return {};
}

// Compares out[offset ... offset + want.size()), and that the elements around it still hold `untouched`.
constexpr float kUntouched = 777.0f;
inline std::string compare(const std::vector<float>& out, std::size_t offset, const std::vector<double>& want,
                           double tolerance) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i < offset || i >= offset + want.size()) {
      if (out[i] != kUntouched) return describe("element %zu outside the row was written", i);
    } else if (!is_close(out[i], want[i - offset], tolerance * (1 + std::fabs(want[i - offset])))) {
      return describe("element %zu: %.9g, want %.9g", i - offset, static_cast<double>(out[i]), want[i - offset]);
    }
  }
  return {};
}

inline std::string check_rms_norm(const KernelTable& table) {
  Random random(1);
  return at_every_length([&](std::size_t count, std::size_t offset) {
    const std::vector<float> x = random.floats(count + offset);
    const std::vector<float> weight = random.floats(count + 2 * offset);
    const float epsilon = 1e-3f;
    double squares = 0;
    for (std::size_t i = 0; i < count; ++i) squares += static_cast<double>(x[offset + i]) * x[offset + i];
    const double scale = 1 / std::sqrt(squares / static_cast<double>(count) + epsilon);
    std::vector<double> want(count);
    for (std::size_t i = 0; i < count; ++i) want[i] = x[offset + i] * scale * weight[2 * offset + i];
    std::vector<float> out(count + offset + 40, kUntouched);
    table.rms_norm(x.data() + offset, weight.data() + 2 * offset, epsilon, count, out.data() + offset);
    if (std::string wrong = compare(out, offset, want, 1e-6); !wrong.empty()) return wrong;
    std::vector<float> in_place(out.size(), kUntouched);
    std::copy(x.begin(), x.end(), in_place.begin());
    table.rms_norm(in_place.data() + offset, weight.data() + 2 * offset, epsilon, count, in_place.data() + offset);
    const bool same = same_bits(in_place.data() + offset, out.data() + offset, count);
    return same ? std::string() : "another result in place";
  });
}

inline std::string check_layer_norm(const KernelTable& table) {
  Random random(11);
  return at_every_length([&](std::size_t count, std::size_t offset) {
    // A mean far from 0: a variance from squares alone would lose its digits.
    const std::vector<float> x = random.floats(count + offset, 96, 104);
    const std::vector<float> weight = random.floats(count + 2 * offset);
    const std::vector<float> bias = random.floats(count + 3 * offset);
    const float epsilon = 1e-3f;
    double mean = 0;
    for (std::size_t i = 0; i < count; ++i) mean += x[offset + i] / static_cast<double>(count);
    double variance = 0;
    for (std::size_t i = 0; i < count; ++i) variance += std::pow(x[offset + i] - mean, 2) / static_cast<double>(count);
    const double scale = 1 / std::sqrt(variance + epsilon);
    for (const bool has_bias : {false, true}) {
      std::vector<double> want(count);
      for (std::size_t i = 0; i < count; ++i) {
        want[i] = (x[offset + i] - mean) * scale * weight[2 * offset + i] + (has_bias ? bias[3 * offset + i] : 0);
      }
      const float* bias_row = has_bias ? bias.data() + 3 * offset : nullptr;
      std::vector<float> out(count + offset + 40, kUntouched);
      table.layer_norm(x.data() + offset, weight.data() + 2 * offset, bias_row, epsilon, count, out.data() + offset);
      if (std::string wrong = compare(out, offset, want, 1e-4); !wrong.empty()) return wrong;
      std::vector<float> in_place = x;
      float* row = in_place.data() + offset;
      table.layer_norm(row, weight.data() + 2 * offset, bias_row, epsilon, count, row);
      if (!same_bits(row, out.data() + offset, count)) return std::string("another result in place");
    }
    return std::string();
  });
}

inline std::string check_add(const KernelTable& table) {
  Random random(2);
  return at_every_length([&](std::size_t count, std::size_t offset) {
    std::vector<float> x(count + offset + 40, kUntouched);
    const std::size_t y_offset = 3 - offset;
    const std::vector<float> y = random.floats(count + y_offset + 1);  // never empty: its address is offset
    std::vector<double> want(count);
    for (std::size_t i = 0; i < count; ++i) {
      x[offset + i] = random.between(-4, 4);
      want[i] = x[offset + i] + y[y_offset + i];  // the sum in f32 is what is asked for
    }
    table.add(x.data() + offset, y.data() + y_offset, count);
    return compare(x, offset, want, 0);
  });
}

inline double activation(Activation which, double x) {
  switch (which) {
    case Activation::kNone:
      return x;
    case Activation::kSilu:
      return x / (1 + std::exp(-x));
    case Activation::kGeluTanh:
      return x / 2 * (1 + std::tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
    case Activation::kGeluErf:
      return x / 2 * std::erfc(-x / 1.41421356237309505);
  }
  return 0;
}

// out = activation(x), sixteen at a time.
inline void activate(const KernelTable& table, Activation which, const float* x, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; i += 16) {
    const TileOutput to = {.out = out + i, .tokens = 1, .count = std::min<std::size_t>(16, count - i)};
    table.store_tile[static_cast<std::size_t>(which)](to, x + i);
  }
}

// All that may happen to a product, for tiles of every height, and that nothing else is written.
inline std::string check_store_tile(const KernelTable& table) {
  constexpr std::size_t kTokens = 5;
  constexpr std::size_t kStride = 21;
  Random random(14);
  for (std::size_t count = 1; count <= 16; ++count) {
    for (unsigned choice = 0; choice < 16; ++choice) {
      const std::vector<float> products = random.floats(kTokens * 16);
      const std::vector<float> bias = random.floats(count);
      std::vector<float> out = random.floats(kTokens * kStride);
      const std::vector<float> before = out;
      const Activation which = (choice & 8) != 0 ? Activation::kGeluErf : Activation::kNone;
      const TileOutput to = {.out = out.data(),
                             .stride = kStride,
                             .tokens = kTokens,
                             .count = count,
                             .bias = (choice & 1) != 0 ? bias.data() : nullptr,
                             .factor = (choice & 2) != 0 ? -0.5f : 1.0f,
                             .adds = (choice & 4) != 0};
      table.store_tile[static_cast<std::size_t>(which)](to, products.data());
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t t = i / kStride;
        const std::size_t row = i % kStride;
        double want = before[i];
        if (row < count) {
          const double sum = double{products[t * 16 + row]} + (to.bias != nullptr ? double{bias[row]} : 0.0);
          want = to.factor * activation(which, sum) + (to.adds ? double{before[i]} : 0.0);
        }
        if (!is_close(out[i], want, row < count ? 4e-6 : 0.0)) {
          return describe("count %zu, choice %u: element %zu is %.9g, want %.9g", count, choice, i, double(out[i]),
                          want);
        }
      }
    }
  }
  return {};
}

// Errors of an activation are relative to its input: 0 ... 1 times it.
inline std::string check_activation(const KernelTable& table, Activation which) {
  Random random(3);
  return at_every_length([&](std::size_t count, std::size_t offset) {
    const std::vector<float> x = random.floats(count + offset, -20, 20);
    const std::vector<float> up = random.floats(count + offset, 0.5f, 1);
    std::vector<float> out(count + offset + 40, kUntouched);
    activate(table, which, x.data() + offset, count, out.data() + offset);
    std::vector<float> gated(count + offset + 40, kUntouched);
    table.gate[static_cast<std::size_t>(which)](x.data() + offset, up.data() + offset, count, gated.data() + offset);
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i < offset || i >= offset + count) {
        if (out[i] != kUntouched || gated[i] != kUntouched) return describe("element %zu outside was written", i);
        continue;
      }
      const double want = activation(which, x[i]);
      const double tolerance = 3e-7 * std::fabs(x[i]);
      if (!is_close(out[i], want, tolerance) || !is_close(gated[i], want * up[i], tolerance)) {
        return describe("activation(%.9g) = %.9g, want %.9g", double(x[i]), double(out[i]), want);
      }
    }
    // Over the inputs.
    std::vector<float> over_gate = x;
    std::vector<float> over_up = up;
    const auto gate = table.gate[static_cast<std::size_t>(which)];
    gate(over_gate.data() + offset, up.data() + offset, count, over_gate.data() + offset);
    gate(x.data() + offset, over_up.data() + offset, count, over_up.data() + offset);
    const bool same = same_bits(over_gate.data() + offset, gated.data() + offset, count) &&
                      same_bits(over_up.data() + offset, gated.data() + offset, count);
    return same ? std::string() : "another result over an input";
  });
}

inline std::string check_silu(const KernelTable& table) {
  return check_activation(table, Activation::kSilu);
}

// The relative error of GELU far below 0, where it is a difference of nearly equal numbers if done carelessly.
inline std::string check_tail(const KernelTable& table, Activation which) {
  for (float x = -5; x < 0; x += 0.001f) {
    float out = 0;
    activate(table, which, &x, 1, &out);
    const double want = activation(which, x);
    if (!is_close(out, want, -4e-6 * want)) {
      return describe("activation(%.9g) = %.9g, want %.9g", double(x), double(out), want);
    }
  }
  return {};
}

inline std::string check_gelu_tanh(const KernelTable& table) {
  const std::string wrong = check_activation(table, Activation::kGeluTanh);
  return wrong.empty() ? check_tail(table, Activation::kGeluTanh) : wrong;
}

inline std::string check_gelu_erf(const KernelTable& table) {
  const std::string wrong = check_activation(table, Activation::kGeluErf);
  return wrong.empty() ? check_tail(table, Activation::kGeluErf) : wrong;
}

inline std::string check_plain_gate(const KernelTable& table) {
  const float gates[3] = {2, -3, 4};
  const float up[3] = {5, 7, 0.5f};
  float out[3];
  table.gate[static_cast<std::size_t>(Activation::kNone)](gates, up, 3, out);
  const bool is_right = out[0] == 10 && out[1] == -21 && out[2] == 2;
  return is_right ? std::string() : "not the product";
}

inline std::string check_soft_cap(const KernelTable& table) {
  Random random(12);
  return at_every_length([&](std::size_t count, std::size_t offset) {
    std::vector<float> x(count + offset + 40, kUntouched);
    std::vector<double> want(count);
    const float cap = random.between(1, 50);
    for (std::size_t i = 0; i < count; ++i) {
      x[offset + i] = random.between(-100, 100);
      want[i] = cap * std::tanh(static_cast<double>(x[offset + i]) / cap);
    }
    table.soft_cap(x.data() + offset, cap, count);
    return compare(x, offset, want, 1e-6);
  });
}

inline std::string check_rope(const KernelTable& table) {
  Random random(4);
  return at_every_length([&](std::size_t pairs, std::size_t offset) {
    std::vector<float> cos_sin(2 * pairs + offset);
    for (std::size_t i = 0; i < pairs; ++i) {
      const float angle = random.between(-3, 3);
      cos_sin[offset + 2 * i] = std::cos(angle);
      cos_sin[offset + 2 * i + 1] = std::sin(angle);
    }
    const std::vector<float> x = random.floats(2 * pairs);
    for (const bool halves : {false, true}) {
      std::vector<double> want(2 * pairs);
      for (std::size_t i = 0; i < pairs; ++i) {
        const std::size_t first = halves ? i : 2 * i;
        const std::size_t second = halves ? i + pairs : 2 * i + 1;
        const double cosine = cos_sin[offset + 2 * i];
        const double sine = cos_sin[offset + 2 * i + 1];
        want[first] = x[first] * cosine - x[second] * sine;
        want[second] = x[first] * sine + x[second] * cosine;
      }
      std::vector<float> head(2 * pairs + offset + 40, kUntouched);
      std::copy(x.begin(), x.end(), head.begin() + static_cast<std::ptrdiff_t>(offset));
      (halves ? table.rope_halves : table.rope_interleaved)(head.data() + offset, cos_sin.data() + offset, pairs);
      if (std::string wrong = compare(head, offset, want, 1e-6); !wrong.empty()) {
        return (halves ? "halves: " : "interleaved: ") + wrong;
      }
    }
    return std::string();
  });
}

inline std::string check_argmax(const KernelTable& table) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Random random(5);
  return at_every_length([&](std::size_t count, std::size_t offset) {
    if (count == 0) return std::string();
    std::vector<float> x(count + offset);
    for (int round = 0; round < 12; ++round) {
      for (float& value : x) {
        value = static_cast<float>(random.below(count)) - 3;  // ties are common
        if (round % 3 == 1 && random.below(2) == 0) value = kNan;
        if (round % 3 == 2 && random.below(2) == 0) value = -kInfinity;
        if (round == 6) value = kNan;
        if (round == 7) value = -kInfinity;
        if (round == 8) value = random.below(2) == 0 ? kNan : -kInfinity;
        if (round == 9 && random.below(4) == 0) value = kInfinity;
      }
      std::size_t want = count;
      for (std::size_t i = 0; i < count; ++i) {
        const float value = x[offset + i];
        if (!std::isnan(value) && (want == count || value > x[offset + want])) want = i;
      }
      if (want == count) want = 0;
      const std::size_t got = table.argmax(x.data() + offset, count);
      if (got != want) return describe("%zu, want %zu, round %d", got, want, round);
    }
    return std::string();
  });
}

inline std::string check_exp(const KernelTable& table) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> x = {0.0f,   -0.0f,  1.0f,    -1.0f,   -kInfinity, kInfinity, -200.0f, 200.0f, 88.72f,
                          88.73f, -87.4f, -103.9f, -104.1f, 1e-30f,     -1e-30f,   1e30f,   -1e30f};
  for (float value = -106; value < 90; value += 0.000917f) x.push_back(value);
  std::vector<float> out(x.size());
  table.exp(x.data(), x.size(), out.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double want = std::exp(static_cast<double>(x[i]));
    const float rounded = static_cast<float>(want);
    if (std::isinf(rounded) || rounded == 0) {
      // At the very edges of the range the neighbouring float is as good.
      const float edge = rounded == 0 ? std::numeric_limits<float>::denorm_min() : std::numeric_limits<float>::max();
      if (out[i] != rounded && out[i] != edge) return describe("exp(%g) = %g", double(x[i]), double(out[i]));
      continue;
    }
    const double unit = static_cast<double>(std::nextafter(rounded, kInfinity)) - static_cast<double>(rounded);
    if (!is_close(out[i], want, 2 * unit))
      return describe("exp(%.9g) = %.9g, want %.9g", double(x[i]), double(out[i]), want);
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> nans(33, nan);
  table.exp(nans.data(), nans.size(), nans.data());
  for (const float value : nans) {
    if (!std::isnan(value)) return "exp(NaN) is a number";
  }
  float minus_infinity[1] = {-kInfinity};
  table.exp(minus_infinity, 1, minus_infinity);
  return minus_infinity[0] == 0 ? std::string() : "exp(-infinity) is not 0";
}

inline std::string check_tanh(const KernelTable& table) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> x = {0.0f, kInfinity, 1e-45f, 1e-38f, 88.8f, 1e30f};
  for (float value = -12; value < 12; value += 0.000117f) x.push_back(value);
  for (float value = 1e-30f; value < 1; value *= 1.0031f) x.push_back(value);
  for (std::size_t i = x.size(); i-- > 0;) x.push_back(-x[i]);
  std::vector<float> out(x.size());
  table.tanh(x.data(), x.size(), out.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double want = std::tanh(static_cast<double>(x[i]));
    const float size = std::fabs(static_cast<float>(want));
    const double unit = static_cast<double>(std::nextafter(size, kInfinity)) - static_cast<double>(size);
    if (!is_close(out[i], want, 4 * unit)) {
      return describe("tanh(%.9g) = %.9g, want %.9g", double(x[i]), double(out[i]), want);
    }
  }
  std::vector<float> nans(33, std::numeric_limits<float>::quiet_NaN());
  table.tanh(nans.data(), nans.size(), nans.data());
  const bool all_nan = std::all_of(nans.begin(), nans.end(), [](float value) { return std::isnan(value); });
  return all_nan ? std::string() : "tanh(NaN) is a number";
}

inline std::string check_f16_to_f32(const KernelTable& table) {
  std::vector<std::uint16_t> halves(0x10000);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  std::vector<float> out(halves.size());
  table.f16_to_f32(halves.data(), halves.size(), out.data());
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const float want = f32_from_f16(halves[i]);
    const bool same = std::isnan(want) ? std::isnan(out[i]) : std::memcmp(&out[i], &want, sizeof(want)) == 0;
    if (!same) return describe("%04zx: %g, want %g", i, double(out[i]), double(want));
  }
  return at_every_length([&](std::size_t count, std::size_t offset) {
    std::vector<double> want(count);
    for (std::size_t i = 0; i < count; ++i) want[i] = f32_from_f16(halves[0x3c00 + i]);
    std::vector<float> part(count + offset + 40, kUntouched);
    table.f16_to_f32(halves.data() + 0x3c00, count, part.data() + offset);
    return compare(part, offset, want, 0);
  });
}

// The nearest half, by trying the neighbours of every value and the midpoints between halves.
inline std::string check_f32_to_f16(const KernelTable& table) {
  std::vector<float> x;
  std::vector<std::uint16_t> want;
  const auto expect = [&](float value, std::size_t half) {
    x.push_back(value);
    want.push_back(static_cast<std::uint16_t>(half));
    x.push_back(-value);
    want.push_back(static_cast<std::uint16_t>(half | 0x8000));
  };
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (std::size_t half = 0; half < 0x7c00; ++half) {
    const float here = f32_from_f16(static_cast<std::uint16_t>(half));
    const float next = half == 0x7bff ? 65536.0f : f32_from_f16(static_cast<std::uint16_t>(half + 1));
    const float middle = 0.5f * (here + next);
    expect(here, half);
    expect(std::nextafter(middle, 0.0f), half);
    expect(middle, half % 2 == 0 ? half : half + 1);  // ties go to the even one
    expect(std::nextafter(middle, kInfinity), half + 1);
  }
  expect(kInfinity, 0x7c00);
  expect(1e30f, 0x7c00);
  expect(1e-30f, 0);
  expect(std::numeric_limits<float>::denorm_min(), 0);
  std::vector<std::uint16_t> out(x.size());
  table.f32_to_f16(x.data(), x.size(), out.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (out[i] != want[i]) return describe("%.9g: %04x, want %04x", double(x[i]), unsigned(out[i]), unsigned(want[i]));
  }
  float nan[1] = {std::numeric_limits<float>::quiet_NaN()};
  std::uint16_t half_nan[1];
  table.f32_to_f16(nan, 1, half_nan);
  if ((half_nan[0] & 0x7fff) <= 0x7c00) return "NaN became a number";
  return at_every_length([&](std::size_t count, std::size_t offset) {
    std::vector<std::uint16_t> part(count + offset + 40, 0x1234);
    table.f32_to_f16(x.data() + 1000, count, part.data() + offset);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const bool inside = i >= offset && i < offset + count;
      if (part[i] != (inside ? want[1000 + i - offset] : 0x1234)) return describe("element %zu", i);
    }
    return std::string();
  });
}

// Every bf16, its neighbours' midpoints, and what lies just beside them.
inline std::string check_f32_to_bf16(const KernelTable& table) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> x;
  std::vector<std::uint16_t> want;
  const auto expect = [&](float value, std::size_t half) {
    for (const float sign : {1.0f, -1.0f}) {
      x.push_back(sign * value);
      want.push_back(static_cast<std::uint16_t>(half | (sign < 0 ? 0x8000u : 0u)));
    }
  };
  for (std::size_t half = 0; half < 0x7f80; ++half) {
    const std::uint32_t bits = static_cast<std::uint32_t>(half) << 16 | 0x8000u;
    float middle = 0;
    std::memcpy(&middle, &bits, sizeof(middle));
    expect(f32_from_bf16(static_cast<std::uint16_t>(half)), half);
    expect(std::nextafter(middle, 0.0f), half);
    expect(middle, half % 2 == 0 ? half : half + 1);  // ties go to the even one
    expect(std::nextafter(middle, kInfinity), half + 1);
  }
  expect(kInfinity, 0x7f80);
  std::vector<std::uint16_t> out(x.size());
  table.f32_to_bf16(x.data(), x.size(), out.data());
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (out[i] != want[i]) return describe("%.9g: %04x, want %04x", double(x[i]), unsigned(out[i]), unsigned(want[i]));
  }
  const std::uint32_t nan_bits = 0x7f800001u;  // its upper half alone would be infinity
  float nan[1];
  std::memcpy(nan, &nan_bits, sizeof(nan));
  std::uint16_t half_nan[1];
  table.f32_to_bf16(nan, 1, half_nan);
  if ((half_nan[0] & 0x7fff) <= 0x7f80) return "NaN became a number";
  return at_every_length([&](std::size_t count, std::size_t offset) {
    std::vector<std::uint16_t> part(count + offset + 40, 0x1234);
    table.f32_to_bf16(x.data() + 1000, count, part.data() + offset);
    for (std::size_t i = 0; i < part.size(); ++i) {
      const bool inside = i >= offset && i < offset + count;
      if (part[i] != (inside ? want[1000 + i - offset] : 0x1234)) return describe("element %zu", i);
    }
    return std::string();
  });
}

// Fixed point: every element within half a step, the largest exactly at the end, and nothing beyond.
inline std::string check_f32_to_fixed(const KernelTable& table) {
  Random random(13);
  constexpr std::int16_t kUnwritten = 12345;
  return at_every_length([&](std::size_t count, std::size_t offset) {
    for (const float size : {1e-20f, 1.0f, 1e33f}) {
      std::vector<float> x = random.floats(count + offset, -size, size);
      std::vector<std::int16_t> codes(count + offset + 40, kUnwritten);
      const auto scale = static_cast<double>(table.f32_to_fixed(x.data() + offset, count, codes.data() + offset));
      double top = 0;
      for (std::size_t i = 0; i < count; ++i) top = std::max(top, std::fabs(static_cast<double>(x[offset + i])));
      if (!(std::fabs(scale * kKvCodeMax - top) <= 1e-7 * top)) return describe("scale %g, largest %g", scale, top);
      for (std::size_t i = 0; i < codes.size(); ++i) {
        if (i < offset || i >= offset + count) {
          if (codes[i] != kUnwritten) return describe("element %zu outside the row was written", i);
        } else if (std::abs(codes[i]) > kKvCodeMax || !(std::fabs(codes[i] * scale - x[i]) <= 0.501 * scale)) {
          return describe("element %zu: %d times %g, want %g", i - offset, codes[i], scale, static_cast<double>(x[i]));
        }
      }
      if (count == 0) continue;
      // One element that is no number, or all next to zero, wherever it stands.
      for (const float other : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                                -std::numeric_limits<float>::infinity(), 0.0f, 1e-38f, -1e-44f}) {
        std::vector<float> row(x.begin() + static_cast<std::ptrdiff_t>(offset), x.end());
        if (std::isfinite(other)) std::fill(row.begin(), row.end(), other);
        row[random.below(count)] = other;
        const float got = table.f32_to_fixed(row.data(), count, codes.data());
        if (std::isfinite(other) ? got != 0 : !std::isnan(got)) return describe("scale %g", static_cast<double>(got));
        if (std::any_of(codes.data(), codes.data() + count, [](std::int16_t code) { return code != 0; })) {
          return describe("codes beside %g", static_cast<double>(other));
        }
      }
    }
    return std::string();
  });
}

struct NamedCheck {
  const char* name;
  std::string (*run)(const KernelTable& table);
};

inline constexpr NamedCheck kVectorChecks[] = {
    {"rms_norm", check_rms_norm},
    {"layer_norm", check_layer_norm},
    {"add", check_add},
    {"soft_cap", check_soft_cap},
    {"store_tile", check_store_tile},
    {"silu", check_silu},
    {"gelu_tanh", check_gelu_tanh},
    {"gelu_erf", check_gelu_erf},
    {"plain_gate", check_plain_gate},
    {"rope", check_rope},
    {"argmax", check_argmax},
    {"exp", check_exp},
    {"tanh", check_tanh},
    {"f16_to_f32", check_f16_to_f32},
    {"f32_to_f16", check_f32_to_f16},
    {"f32_to_bf16", check_f32_to_bf16},
    {"f32_to_fixed", check_f32_to_fixed},
};

}  // namespace sixfold::kernels::checks
