// Reads the reference data that SIXFOLD_TESTDATA points to, and measures how far logits are from it.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace sixfold::test {

using tokenizer::TokenId;

// Nothing when the variable is not set.
inline std::optional<std::string> testdata() {
  const char* folder = std::getenv("SIXFOLD_TESTDATA");
  if (folder == nullptr) return std::nullopt;
  return std::string(folder);
}

#define SIXFOLD_NEEDS_TESTDATA(folder)                                 \
  const auto testdata_folder = ::sixfold::test::testdata();            \
  if (!testdata_folder) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set"; \
  const std::string folder = *testdata_folder

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline boost::json::value read_json(const std::string& path) {
  return boost::json::parse(read_file(path));
}

inline std::vector<float> read_floats(const std::string& path) {
  const std::string bytes = read_file(path);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

inline std::vector<TokenId> token_ids(const boost::json::value& array) {
  return boost::json::value_to<std::vector<TokenId>>(array);
}

// Greedy continuation of a prompt.
struct GoldenGreedy {
  std::vector<TokenId> ids;
  std::vector<double> margin;  // best minus second-best logit at each step

  static GoldenGreedy of(const boost::json::value& json) {
    return {token_ids(json.at("greedy_ids")), boost::json::value_to<std::vector<double>>(json.at("greedy_margin"))};
  }
};

struct GoldenPrompt {
  std::string name;
  std::vector<TokenId> ids;
  std::size_t first_position = 0;
  std::vector<float> logits;  // [positions from first_position on, vocabulary]
  GoldenGreedy greedy;
};

// All prompts of NAME.json; its .bin files lie beside it.
inline std::vector<GoldenPrompt> read_prompts(const std::string& folder, const std::string& name) {
  std::vector<GoldenPrompt> prompts;
  const boost::json::value json = read_json(folder + "/" + name + ".json");
  for (const auto& [key, prompt] : json.at("prompts").as_object()) {
    prompts.push_back({.name = name + " " + std::string(key),
                       .ids = token_ids(prompt.at("ids")),
                       .first_position = prompt.at("first_position").to_number<std::size_t>(),
                       .logits = read_floats(folder + "/" + prompt.at("file").as_string().c_str()),
                       .greedy = GoldenGreedy::of(prompt)});
  }
  return prompts;
}

struct Tolerance {
  double max_abs = 0;
  double nmse = 0;
  double kl = 0;
};

// Of float32 weights, activations and cache.
inline constexpr Tolerance kFloat{.max_abs = 2e-4, .nmse = 1e-9, .kl = 1e-8};

// Of F16 weights, which are multiplied in fixed point.  llama.cpp, which rounds inputs to F16, is at 2e-6 (NMSE).
inline constexpr Tolerance kFixed{.max_abs = 1e-1, .nmse = 5e-6, .kl = 3e-4};

struct Difference {
  double max_abs = 0;
  double nmse = 0;
  double kl = 0;  // of the worst row, natural logarithm
};

inline double kl_divergence(std::span<const float> reference, std::span<const float> got) {
  const auto log_sum_exp = [](std::span<const float> logits) {
    const double largest = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
    return std::log(sum) + largest;
  };
  const double reference_sum = log_sum_exp(reference);
  const double got_sum = log_sum_exp(got);
  double kl = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double log_p = static_cast<double>(reference[i]) - reference_sum;
    const double log_q = static_cast<double>(got[i]) - got_sum;
    kl += std::exp(log_p) * (log_p - log_q);
  }
  return kl;
}

inline Difference difference(std::span<const float> reference, std::span<const float> got, std::size_t vocabulary) {
  Difference out;
  double error = 0;
  double power = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double distance = static_cast<double>(got[i]) - static_cast<double>(reference[i]);
    // Written so that NaN counts as far away.
    if (!(std::abs(distance) <= out.max_abs)) out.max_abs = std::abs(distance);
    error += distance * distance;
    power += static_cast<double>(reference[i]) * static_cast<double>(reference[i]);
  }
  out.nmse = error / power;
  for (std::size_t first = 0; first < reference.size(); first += vocabulary) {
    const double kl = kl_divergence(reference.subspan(first, vocabulary), got.subspan(first, vocabulary));
    if (!(kl <= out.kl)) out.kl = kl;
  }
  return out;
}

inline void expect_close(std::span<const float> reference, std::span<const float> got, std::size_t vocabulary,
                         const Tolerance& tolerance) {
  ASSERT_EQ(reference.size(), got.size());
  const Difference found = difference(reference, got, vocabulary);
  EXPECT_LE(found.max_abs, tolerance.max_abs);
  EXPECT_LE(found.nmse, tolerance.nmse);
  EXPECT_LE(found.kl, tolerance.kl);
}

// A different id is an error where the reference's lead is clear: more than 4 times the allowed logit error.
// Where it is not, the two texts may part, and the comparison ends.
inline void expect_same_choices(const GoldenGreedy& reference, std::span<const TokenId> got, double max_abs) {
  ASSERT_EQ(reference.ids.size(), got.size());
  for (std::size_t step = 0; step < got.size(); ++step) {
    if (got[step] == reference.ids[step]) continue;
    EXPECT_LE(reference.margin[step], 4 * max_abs)
        << "step " << step << ": token " << got[step] << ", want " << reference.ids[step];
    return;
  }
}

}  // namespace sixfold::test
