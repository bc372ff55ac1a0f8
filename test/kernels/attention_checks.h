// Checks of store_kv and attention against double arithmetic, and of the promise that a row's bits depend only on the
// row.  They run on the active instruction set; see kernel_checks.h for who uses them.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/attention.h"
#include "kernels/attention_tile.h"
#include "kernels/dispatch.h"
#include "kernels/kernel_checks.h"

namespace sixfold::kernels::checks {

inline constexpr KvDType kKvDTypes[] = {KvDType::kF32, KvDType::kF16, KvDType::kBF16, KvDType::kI16};
inline const char* name_of(KvDType dtype) {
  constexpr const char* kNames[] = {"f32", "f16", "bf16", "i16"};
  return kNames[static_cast<std::size_t>(dtype)];
}

struct AttentionShape {
  std::size_t kv_heads = 1;
  std::size_t group = 1;
  std::size_t head_dim = 64;
  std::size_t page_tokens = 32;
  std::size_t window = 0;
  KvDType dtype = KvDType::kF32;
  float softcap = 0;
  bool is_causal = true;

  std::size_t heads() const { return kv_heads * group; }
  std::string text() const {
    return describe("kv_heads %zu, group %zu, head_dim %zu, page_tokens %zu, window %zu, %s, softcap %g, %s: ",
                    kv_heads, group, head_dim, page_tokens, window, name_of(dtype), static_cast<double>(softcap),
                    is_causal ? "causal" : "not causal");
  }
};

// One sequence: `past` positions stored before, `rows` new ones.
struct AttentionSequence {
  std::size_t past = 0;
  std::size_t rows = 0;
  std::vector<std::uint32_t> pages;
  std::vector<float> k;  // [past + rows, kv_heads, head_dim]; random if empty
  std::vector<float> v;
};

// What the reference multiplies: what the pages hold of keys and values, and of queries in fixed point what the kernels
// make of them; or everything as it was before.
enum class Reference { kRounded, kExact };

// A batch of sequences in one pool of pages, which starts out full of NaNs or of another byte: what nobody wrote must
// not be used.
class AttentionScene {
 public:
  AttentionScene(Random& random, const AttentionShape& shape, std::vector<AttentionSequence> sequences,
                 Reference reference = Reference::kRounded, std::byte unwritten = std::byte{0xff})
      : shape_(shape), reference_(reference), sequences_(std::move(sequences)) {
    const std::size_t width = shape.kv_heads * shape.head_dim;
    std::size_t pages = 0;
    for (AttentionSequence& sequence : sequences_) {
      const std::size_t length = sequence.past + sequence.rows;
      if (sequence.k.empty()) sequence.k = random.floats(length * width, -2, 2);
      if (sequence.v.empty()) sequence.v = random.floats(length * width, -2, 2);
      if (reference == Reference::kRounded) {
        sequence.k = representable(sequence.k);
        sequence.v = representable(sequence.v);
      }
      sequence.pages.resize((length + shape.page_tokens - 1) / shape.page_tokens);
      pages += sequence.pages.size();
      rows_ += sequence.rows;
    }
    std::vector<std::uint32_t> free(pages);
    std::iota(free.begin(), free.end(), 0u);
    for (std::size_t i = pages; i > 1; --i) std::swap(free[i - 1], free[random.below(i)]);
    for (AttentionSequence& sequence : sequences_) {
      for (std::uint32_t& page : sequence.pages) {
        page = free.back();
        free.pop_back();
      }
    }
    const std::size_t page_bytes =
        2 * shape.kv_heads * shape.page_tokens * kv_vector_bytes(shape.dtype, shape.head_dim);
    page_stride_ = page_bytes + 64;  // pages of a layer need not touch
    memory_.assign(pages * page_stride_, unwritten);
    q_ = random.floats(rows_ * q_stride(), -2, 2);
  }

  std::vector<float>& queries() { return q_; }  // [rows, heads * head_dim + 5]

  // Appends positions [from, to) of every sequence, as far as it has them.
  void store(WorkerPool& pool, std::size_t from, std::size_t to) {
    const std::size_t width = shape_.kv_heads * shape_.head_dim;
    const std::size_t stride = width + 3;
    std::vector<AttentionSpan> spans;
    std::vector<float> k;
    std::vector<float> v;
    for (const AttentionSequence& sequence : sequences_) {
      const std::size_t end = std::min(to, sequence.past + sequence.rows);
      if (from >= end) continue;
      spans.push_back({k.size() / stride, end - from, from, sequence.pages});
      for (std::size_t position = from; position < end; ++position) {
        k.insert(k.end(), sequence.k.begin() + static_cast<std::ptrdiff_t>(position * width),
                 sequence.k.begin() + static_cast<std::ptrdiff_t>((position + 1) * width));
        v.insert(v.end(), sequence.v.begin() + static_cast<std::ptrdiff_t>(position * width),
                 sequence.v.begin() + static_cast<std::ptrdiff_t>((position + 1) * width));
        k.resize(k.size() + 3, 1e9f);
        v.resize(v.size() + 3, 1e9f);
      }
    }
    store_kv(pool, spans, view(), k.data(), v.data(), stride);
  }

  void store_all(WorkerPool& pool) {
    std::size_t length = 0;
    for (const AttentionSequence& sequence : sequences_) length = std::max(length, sequence.past + sequence.rows);
    store(pool, 0, length);
  }

  // All rows; each call of attention gets at most `rows_per_call` rows of a sequence (0 = everything in one call).
  // Returns [rows, out_stride].
  std::vector<float> attend(WorkerPool& pool, std::size_t rows_per_call = 0) const {
    std::vector<float> out(rows_ * out_stride(), kUntouched);
    const AttentionParameters parameters{.heads = shape_.heads(),
                                         .scale = scale(),
                                         .window = shape_.window,
                                         .softcap = shape_.softcap,
                                         .is_causal = shape_.is_causal};
    if (rows_per_call == 0) {
      std::vector<AttentionSpan> spans;
      std::size_t row = 0;
      for (const AttentionSequence& sequence : sequences_) {
        spans.push_back({row, sequence.rows, sequence.past, sequence.pages});
        row += sequence.rows;
      }
      attention(pool, spans, view(), parameters, q_.data(), q_stride(), out.data(), out_stride());
      return out;
    }
    std::size_t first_row = 0;
    for (const AttentionSequence& sequence : sequences_) {
      for (std::size_t row = 0; row < sequence.rows; row += rows_per_call) {
        const AttentionSpan span{first_row + row, std::min(rows_per_call, sequence.rows - row), sequence.past + row,
                                 sequence.pages};
        attention(pool, {&span, 1}, view(), parameters, q_.data(), q_stride(), out.data(), out_stride());
      }
      first_row += sequence.rows;
    }
    return out;
  }

  // Empty if `out` is right.
  std::string compare_with_double(const std::vector<float>& out) const {
    std::string wrong;
    for_each_head([&](const AttentionSequence& sequence, std::size_t i, std::size_t row, std::size_t head) {
      if (!wrong.empty()) return;
      const Wanted want = reference(sequence, i, q_.data() + row * q_stride(), head);
      for (std::size_t d = 0; d < shape_.head_dim && wrong.empty(); ++d) {
        const float got = out[row * out_stride() + head * shape_.head_dim + d];
        if (is_close(got, want.values[d], want.tolerances[d])) continue;
        wrong = shape_.text() + describe("position %zu, head %zu, element %zu: %.9g, want %.9g within %.3g",
                                         sequence.past + i, head, d, static_cast<double>(got), want.values[d],
                                         want.tolerances[d]);
      }
    });
    for (std::size_t row = 0; row < rows_; ++row) {
      for (std::size_t pad = shape_.heads() * shape_.head_dim; pad < out_stride(); ++pad) {
        if (wrong.empty() && out[row * out_stride() + pad] != kUntouched)
          wrong = shape_.text() + "wrote between the rows";
      }
    }
    return wrong;
  }

  // Root of the mean square of what `out` is wrong by.
  double error_of(const std::vector<float>& out) const {
    double squares = 0;
    for_each_head([&](const AttentionSequence& sequence, std::size_t i, std::size_t row, std::size_t head) {
      const Wanted want = reference(sequence, i, q_.data() + row * q_stride(), head);
      for (std::size_t d = 0; d < shape_.head_dim; ++d) {
        squares += std::pow(out[row * out_stride() + head * shape_.head_dim + d] - want.values[d], 2);
      }
    });
    return std::sqrt(squares / static_cast<double>(rows_ * shape_.heads() * shape_.head_dim));
  }

  // Of a batch row, in the output of attend.
  const float* row_of(const std::vector<float>& out, std::size_t row) const { return out.data() + row * out_stride(); }

 private:
  struct Wanted {
    std::vector<double> values;  // [head_dim]
    std::vector<double> tolerances;
  };

  // body(sequence, row of the sequence, row of the batch, query head)
  template <class Body>
  void for_each_head(const Body& body) const {
    std::size_t row = 0;
    for (const AttentionSequence& sequence : sequences_) {
      for (std::size_t i = 0; i < sequence.rows; ++i, ++row) {
        for (std::size_t head = 0; head < shape_.heads(); ++head) body(sequence, i, row, head);
      }
    }
  }

  std::size_t q_stride() const { return shape_.heads() * shape_.head_dim + 5; }
  std::size_t out_stride() const { return shape_.heads() * shape_.head_dim + 7; }
  float scale() const { return 1.0f / std::sqrt(static_cast<float>(shape_.head_dim)); }
  KvLayerView view() const {
    return {const_cast<std::byte*>(memory_.data()),
            page_stride_,
            shape_.page_tokens,
            shape_.kv_heads,
            shape_.head_dim,
            shape_.dtype};
  }

  // Values are at most 2.  Rounding queries and weights to bf16 changes both by a share of 2^-9 at most: a score by
  // 2^-9 * sum |q k| / sqrt(head_dim), which is some hundredths here.
  double tolerance() const {
    const bool has_pairs = kernels_name() == "avx512bf16" && shape_.dtype == KvDType::kBF16;
    return has_pairs ? 0.04 : 3e-6;
  }

  // An instruction set may take another's kernels.
  static std::string_view kernels_name() {
    const std::string_view name = active_isa_row().name;
    return name == "amx" ? "avx512bf16" : name;
  }

  // Rounded to what the pages can hold, so that the reference reads the same numbers.
  std::vector<float> representable(std::vector<float> values) const {
    if (shape_.dtype == KvDType::kF32) return values;
    if (shape_.dtype == KvDType::kI16) {
      for (std::size_t i = 0; i < values.size(); i += shape_.head_dim) fix(values.data() + i, shape_.head_dim);
      return values;
    }
    std::vector<std::uint16_t> halves(values.size());
    const KernelTable& table = *active_isa_row().kernels;
    const bool is_f16 = shape_.dtype == KvDType::kF16;
    (is_f16 ? table.f32_to_f16 : table.f32_to_bf16)(values.data(), values.size(), halves.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = is_f16 ? f32_from_f16(halves[i]) : f32_from_bf16(halves[i]);
    }
    return values;
  }

  // Queries and weights too; where pairs of integers are not multiplied, fixed point is widened to f32.
  bool rounds_queries() const { return shape_.dtype == KvDType::kI16 && kernels_name().starts_with("avx"); }

  // To what fixed point makes of them; check_f32_to_fixed says that it does so well.
  static void fix(float* values, std::size_t count) {
    std::vector<std::int16_t> codes(count);
    const float scale = active_isa_row().kernels->f32_to_fixed(values, count, codes.data());
    for (std::size_t i = 0; i < count; ++i) values[i] = codes[i] * scale;
  }

  // What is multiplied with keys, without the scale.  q: [head_dim]
  std::vector<double> query_of(const float* q) const {
    std::vector<float> query(q, q + shape_.head_dim);
    double factor = 1;
    if (rounds_queries() && reference_ == Reference::kRounded) {
      const float scaled_by = scale() * 0x1.715476p0f;
      for (float& element : query) element *= scaled_by;
      for (std::size_t d = 0; d < query.size(); d += kFixedChunk) {
        fix(query.data() + d, std::min(kFixedChunk, query.size() - d));
      }
      factor = 1 / static_cast<double>(scaled_by);
    }
    std::vector<double> result(query.begin(), query.end());
    for (double& element : result) element *= factor;
    return result;
  }

  // Adds what rounding the weights of a row can do to each output at most: half a step of each strip for each of its
  // keys. weights, values: of the positions from `begin` on, values `width` apart.
  void add_weight_rounding(const std::vector<double>& weights, const float* values, std::size_t width,
                           std::size_t begin, double sum, std::vector<double>& tolerances) const {
    for (std::size_t first = 0; first < weights.size();) {
      const std::size_t end = std::min(weights.size(), ((begin + first) / kKeyStrip + 1) * kKeyStrip - begin);
      double top = 0;
      std::vector<double> codes(shape_.head_dim);
      for (; first < end; ++first) {
        const float* const value = values + first * width;
        double largest = 0;
        for (std::size_t d = 0; d < codes.size(); ++d) largest = std::max(largest, std::fabs(double{value[d]}));
        const double scale = largest / kKvCodeMax;
        top = std::max(top, weights[first] * scale);
        for (std::size_t d = 0; d < codes.size() && scale > 0; ++d) codes[d] += std::fabs(value[d] / scale);
      }
      for (std::size_t d = 0; d < codes.size(); ++d) tolerances[d] += 0.5001 / kKvCodeMax * top * codes[d] / sum;
    }
  }

  Wanted reference(const AttentionSequence& sequence, std::size_t row, const float* q, std::size_t head) const {
    const std::vector<double> query = query_of(q + head * shape_.head_dim);
    const std::size_t width = shape_.kv_heads * shape_.head_dim;
    const std::size_t kv_offset = head / shape_.group * shape_.head_dim;
    const std::size_t end = sequence.past + (shape_.is_causal ? row + 1 : sequence.rows);
    const std::size_t begin = shape_.window != 0 && end > shape_.window ? end - shape_.window : 0;
    std::vector<double> scores;
    double top = -1e300;
    for (std::size_t position = begin; position < end; ++position) {
      double score = 0;
      for (std::size_t d = 0; d < shape_.head_dim; ++d) {
        score += query[d] * static_cast<double>(sequence.k[position * width + kv_offset + d]);
      }
      score *= static_cast<double>(scale());
      if (shape_.softcap != 0) score = shape_.softcap * std::tanh(score / shape_.softcap);
      scores.push_back(score);
      top = std::max(top, scores.back());
    }
    double sum = 0;
    Wanted want{std::vector<double>(shape_.head_dim), std::vector<double>(shape_.head_dim, tolerance())};
    for (std::size_t position = begin; position < end; ++position) {
      const double weight = std::exp(scores[position - begin] - top);
      sum += weight;
      scores[position - begin] = weight;
      for (std::size_t d = 0; d < shape_.head_dim; ++d) {
        want.values[d] += weight * sequence.v[position * width + kv_offset + d];
      }
    }
    for (double& value : want.values) value /= sum;
    if (rounds_queries()) {
      const float* const values = sequence.v.data() + begin * width + kv_offset;
      add_weight_rounding(scores, values, width, begin, sum, want.tolerances);
    }
    return want;
  }

  AttentionShape shape_;
  Reference reference_;
  std::vector<AttentionSequence> sequences_;
  std::vector<std::byte> memory_;
  std::size_t page_stride_ = 0;
  std::size_t rows_ = 0;
  std::vector<float> q_;
};

inline AttentionSequence sequence_of(std::size_t past, std::size_t rows) {
  AttentionSequence sequence;
  sequence.past = past;
  sequence.rows = rows;
  return sequence;
}

// Shapes that models have, and the awkward ones: heads narrower than a vector or not whole vectors, pages larger than a
// block of keys, windows shorter than a page, rows that start anywhere, contexts of several segments, capped scores,
// rows that see what comes after them.
inline std::string check_attention_values(WorkerPool& pool, std::size_t scenes) {
  constexpr std::size_t kHeadDims[] = {8, 34, 24, 32, 2, 64, 72, 80, 96, 16, 128, 256, 112, 40};
  constexpr std::byte kUnwritten[] = {std::byte{0xff}, std::byte{0x7f}, std::byte{0x80}};
  constexpr std::size_t kPageTokens[] = {32, 32, 32, 64, 96, 256};
  Random random(11);
  for (std::size_t scene = 0; scene < scenes; ++scene) {
    AttentionShape shape;
    shape.kv_heads = 1 + random.below(3);
    shape.group = 1 + random.below(8);
    shape.head_dim = kHeadDims[scene % std::size(kHeadDims)];
    shape.page_tokens = kPageTokens[random.below(std::size(kPageTokens))];
    shape.dtype = kKvDTypes[random.below(std::size(kKvDTypes))];
    shape.is_causal = random.below(4) != 0;
    shape.window = shape.is_causal && random.below(3) == 0 ? 1 + random.below(70) : 0;
    shape.softcap = random.below(3) == 0 ? random.between(0.5f, 5) : 0;
    std::vector<AttentionSequence> sequences;
    const std::size_t count = 1 + random.below(3);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t past = random.below(2) == 0 ? 0 : random.below(i == 0 ? 1300 : 130);
      sequences.push_back(sequence_of(past, random.below(2) == 0 ? 1 : random.below(80)));
    }
    AttentionScene built(random, shape, sequences, Reference::kRounded, kUnwritten[random.below(3)]);
    // The past in pieces, as it would have come.
    const std::size_t cut = random.below(100);
    built.store(pool, 0, cut);
    built.store(pool, cut, 1400);
    if (std::string wrong = built.compare_with_double(built.attend(pool)); !wrong.empty()) return wrong;
  }
  return {};
}

// The same bits, whether a prompt came at once, in pieces or row by row, alone or with others.
inline std::string check_attention_bits(WorkerPool& pool, std::size_t scenes) {
  Random random(12);
  for (std::size_t scene = 0; scene < scenes; ++scene) {
    AttentionShape shape;
    shape.kv_heads = 1 + random.below(2);
    shape.group = 1 + random.below(5);
    shape.head_dim = 2 * (1 + random.below(68));
    shape.page_tokens = 32 * (1 + random.below(3));
    shape.dtype = kKvDTypes[random.below(std::size(kKvDTypes))];
    shape.is_causal = random.below(4) != 0;
    shape.window = shape.is_causal && random.below(2) == 0 ? 1 + random.below(random.below(2) == 0 ? 90 : 700) : 0;
    shape.softcap = random.below(2) == 0 ? random.between(0.5f, 50) : 0;
    AttentionScene built(random, shape,
                         {sequence_of(random.below(40), 1 + random.below(100)),
                          sequence_of(random.below(1100), 1 + random.below(3)), sequence_of(random.below(600), 37)});
    built.store_all(pool);
    const std::vector<float> whole = built.attend(pool);
    // Where rows see their whole span, each span stays whole and is only parted from the others.
    const std::size_t least = shape.is_causal ? 0 : 200;
    for (const std::size_t rows : {least + 1, least + 2, least + 7, least + 1 + random.below(60), std::size_t{200}}) {
      const std::vector<float> pieces = built.attend(pool, rows);
      if (std::memcmp(pieces.data(), whole.data(), whole.size() * sizeof(float)) != 0) {
        return shape.text() + describe("%zu rows at a time give other bits than all at once", rows);
      }
    }
  }
  return {};
}

}  // namespace sixfold::kernels::checks
