// The LLaMA decoder written out in double without any cleverness: the yardstick for the real one.
#pragma once
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tiny_model.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::test {

struct PlainOptions {
  bool pairs_halves = false;  // RoPE rotates (x[i], x[i + n/2]), else (x[2i], x[2i+1])
  std::size_t window = 0;     // tokens; 0 = all
  double epsilon = 1e-3;
  double rope_base = 10000;
  double rope_divisor = 1;              // of all angles
  std::size_t positionless_period = 0;  // the last of so many layers has no RoPE; 0 = all have it
  double embedding_scale = 1;
  double residual_scale = 1;
  double attention_scale = 0;  // 0: 1/sqrt(head_dim)
  double logit_divisor = 1;
};

class PlainDecoder {
 public:
  using Row = std::vector<double>;

  PlainDecoder(const TinyModel& model, const PlainOptions& options) : m_(model), s_(model.shape()), o_(options) {}

  // [tokens, vocabulary]
  std::vector<float> logits(std::span<const tokenizer::TokenId> tokens) const {
    std::vector<Row> x;
    for (const tokenizer::TokenId token : tokens) {
      const auto row = m_.values("token_embd.weight").subspan(static_cast<std::size_t>(token) * s_.width, s_.width);
      x.push_back(scaled(Row(row.begin(), row.end()), o_.embedding_scale));
    }
    for (std::size_t layer = 0; layer < s_.layers; ++layer) {
      const std::string prefix = "blk." + std::to_string(layer) + ".";
      add_attention(prefix, o_.positionless_period == 0 || (layer + 1) % o_.positionless_period != 0, x);
      for (Row& row : x) add_feed_forward(prefix, row);
    }
    std::vector<float> out;
    for (const Row& row : x) {
      const Row normed = norm(row, "output_norm.weight");
      const Row result = times(s_.has_output ? "output.weight" : "token_embd.weight", normed);
      for (const double logit : result) out.push_back(static_cast<float>(logit / o_.logit_divisor));
    }
    return out;
  }

 private:
  static Row scaled(Row row, double factor) {
    for (double& value : row) value *= factor;
    return row;
  }

  static Row product(std::span<const float> weight, const Row& x) {
    Row out(weight.size() / x.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      for (std::size_t j = 0; j < x.size(); ++j) out[i] += static_cast<double>(weight[i * x.size() + j]) * x[j];
    }
    return out;
  }

  // weight x, plus the bias of the same name when there is one
  Row times(const std::string& name, const Row& x) const {
    Row out = product(m_.values(name), x);
    const std::span<const float> bias = m_.values(name.substr(0, name.rfind('.')) + ".bias");
    for (std::size_t i = 0; i < bias.size(); ++i) out[i] += static_cast<double>(bias[i]);
    return out;
  }

  Row norm(const Row& x, const std::string& name) const {
    const std::span<const float> weight = m_.values(name);
    double squares = 0;
    for (const double value : x) squares += value * value;
    Row out = scaled(x, 1 / std::sqrt(squares / static_cast<double>(x.size()) + o_.epsilon));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] *= static_cast<double>(weight[i]);
    return out;
  }

  // Head `head` of a projection, normed when the model has head norms.
  Row head_of(const Row& projected, std::size_t head, const std::string& norm_name) const {
    const auto first = projected.begin() + static_cast<std::ptrdiff_t>(head * s_.head_dim);
    const Row row(first, first + static_cast<std::ptrdiff_t>(s_.head_dim));
    return m_.values(norm_name).empty() ? row : norm(row, norm_name);
  }

  Row rotated(const Row& head, std::size_t position) const {
    Row out = head;
    const std::size_t half = head.size() / 2;
    for (std::size_t i = 0; i < half; ++i) {
      const double exponent = -2 * static_cast<double>(i) / static_cast<double>(head.size());
      const double angle = static_cast<double>(position) * std::pow(o_.rope_base, exponent) / o_.rope_divisor;
      const std::size_t a = o_.pairs_halves ? i : 2 * i;
      const std::size_t b = o_.pairs_halves ? i + half : 2 * i + 1;
      out[a] = head[a] * std::cos(angle) - head[b] * std::sin(angle);
      out[b] = head[a] * std::sin(angle) + head[b] * std::cos(angle);
    }
    return out;
  }

  void add_attention(const std::string& prefix, bool has_positions, std::vector<Row>& x) const {
    const auto placed = [&](const Row& head, std::size_t at) { return has_positions ? rotated(head, at) : head; };
    std::vector<Row> q, k, v;
    for (const Row& row : x) {
      const Row normed = norm(row, prefix + "attn_norm.weight");
      q.push_back(times(prefix + "attn_q.weight", normed));
      k.push_back(times(prefix + "attn_k.weight", normed));
      v.push_back(times(prefix + "attn_v.weight", normed));
    }
    const double scale = o_.attention_scale != 0 ? o_.attention_scale : 1 / std::sqrt(static_cast<double>(s_.head_dim));
    for (std::size_t position = 0; position < x.size(); ++position) {
      Row attended;
      for (std::size_t head = 0; head < s_.heads; ++head) {
        const std::size_t kv_head = head / (s_.heads / s_.kv_heads);
        const Row query = placed(head_of(q[position], head, prefix + "attn_q_norm.weight"), position);
        Row sum(s_.head_dim);
        double weights = 0;
        const std::size_t first = o_.window != 0 && position + 1 > o_.window ? position + 1 - o_.window : 0;
        for (std::size_t seen = first; seen <= position; ++seen) {
          const Row key = placed(head_of(k[seen], kv_head, prefix + "attn_k_norm.weight"), seen);
          double score = 0;
          for (std::size_t i = 0; i < s_.head_dim; ++i) score += query[i] * key[i];
          const double weight = std::exp(score * scale);
          const Row value = head_of(v[seen], kv_head, "none");
          for (std::size_t i = 0; i < s_.head_dim; ++i) sum[i] += weight * value[i];
          weights += weight;
        }
        for (const double value : sum) attended.push_back(value / weights);
      }
      add(x[position], times(prefix + "attn_output.weight", attended));
    }
  }

  void add_feed_forward(const std::string& prefix, Row& x) const {
    const Row normed = norm(x, prefix + "ffn_norm.weight");
    if (s_.experts == 0) {
      add(x, swiglu(m_.values(prefix + "ffn_gate.weight"), m_.values(prefix + "ffn_up.weight"),
                    m_.values(prefix + "ffn_down.weight"), normed));
      return;
    }
    // Softmax over all experts; the shares of the best are scaled to sum to 1.
    const Row scores = times(prefix + "ffn_gate_inp.weight", normed);
    std::vector<std::pair<double, std::size_t>> ranked;
    for (std::size_t e = 0; e < s_.experts; ++e) ranked.emplace_back(-std::exp(scores[e]), e);
    std::sort(ranked.begin(), ranked.end());
    double total = 0;
    for (std::size_t i = 0; i < s_.experts_used; ++i) total -= ranked[i].first;
    Row sum(x.size());
    for (std::size_t i = 0; i < s_.experts_used; ++i) {
      const auto part = [&](const char* name) {
        const std::span<const float> all = m_.values(prefix + name);
        const std::size_t size = all.size() / s_.experts;
        return all.subspan(ranked[i].second * size, size);
      };
      const Row out =
          swiglu(part("ffn_gate_exps.weight"), part("ffn_up_exps.weight"), part("ffn_down_exps.weight"), normed);
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += out[j] * -ranked[i].first / total;
    }
    add(x, sum);
  }

  static Row swiglu(std::span<const float> gate_weight, std::span<const float> up_weight,
                    std::span<const float> down_weight, const Row& x) {
    Row gate = product(gate_weight, x);
    const Row up = product(up_weight, x);
    for (std::size_t i = 0; i < gate.size(); ++i) gate[i] = gate[i] / (1 + std::exp(-gate[i])) * up[i];
    return product(down_weight, gate);
  }

  void add(Row& x, const Row& delta) const {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += delta[i] * o_.residual_scale;
  }

  const TinyModel& m_;
  const TinyShape& s_;
  PlainOptions o_;
};

}  // namespace sixfold::test
