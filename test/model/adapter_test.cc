// LoRA adapters against models into whose weights they were merged; several in one batch; and what is refused.
#include "model/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "model_runner.h"
#include "tiny_adapter.h"
#include "tiny_model.h"

namespace sixfold::test {
namespace {

using model::Adapter;
using model::AdapterUse;
using ::testing::HasSubstr;

// Multiples of 32, so that weights can be rounded to int8 blocks.
constexpr std::size_t kWidth = 32;
constexpr std::size_t kForward = 64;
constexpr std::size_t kVocabulary = 40;
constexpr std::size_t kQuery = 32;
constexpr std::size_t kKeys = 16;

TinyShape shape_of(const std::string& architecture) {
  return {.architecture = architecture,
          .width = kWidth,
          .heads = 4,
          .kv_heads = 2,
          .head_dim = 8,
          .feed_forward = kForward,
          .vocabulary = kVocabulary,
          .has_output = architecture != "gemma",
          .has_qkv_bias = architecture == "qwen2"};
}

std::string layer_name(std::size_t layer) {
  return "blk." + std::to_string(layer) + ".";
}

void erase_split_queries(TinyModel& model, const std::string& prefix) {
  for (const char* name : {"attn_q.weight", "attn_k.weight", "attn_v.weight"}) model.erase_tensor(prefix + name);
}

void make_phi3(TinyModel& model, const std::string& prefix) {
  erase_split_queries(model, prefix);
  model.add_random_tensor(prefix + "attn_qkv.weight", {kQuery + 2 * kKeys, kWidth}, 0.6F);
  model.erase_tensor(prefix + "ffn_gate.weight");
  model.add_random_tensor(prefix + "ffn_up.weight", {2 * kForward, kWidth}, 0.5F);
}

void make_gpt2(TinyModel& model, const std::string& prefix) {
  erase_split_queries(model, prefix);
  model.add_random_tensor(prefix + "attn_qkv.weight", {kQuery + 2 * kKeys, kWidth}, 0.6F);
  model.add_random_tensor(prefix + "attn_qkv.bias", {kQuery + 2 * kKeys}, 0.5F);
  model.add_random_tensor(prefix + "attn_output.bias", {kWidth}, 0.5F);
  model.erase_tensor(prefix + "ffn_gate.weight");
  model.add_random_tensor(prefix + "ffn_up.bias", {kForward}, 0.5F);
  model.add_random_tensor(prefix + "ffn_down.bias", {kWidth}, 0.5F);
}

void make_gemma3(TinyModel& model, const std::string& prefix) {
  model.add_random_tensor(prefix + "attn_q_norm.weight", {8}, 0.3F, 1);
  model.add_random_tensor(prefix + "attn_k_norm.weight", {8}, 0.3F, 1);
  model.add_random_tensor(prefix + "post_attention_norm.weight", {kWidth}, 0.3F, 1);
  model.add_random_tensor(prefix + "post_ffw_norm.weight", {kWidth}, 0.3F, 1);
}

// The same weights every time.
TinyModel tiny_model(const std::string& architecture) {
  TinyModel model(shape_of(architecture));
  for (std::size_t layer = 0; layer < model.shape().layers; ++layer) {
    if (architecture == "phi3") make_phi3(model, layer_name(layer));
    if (architecture == "gpt2") make_gpt2(model, layer_name(layer));
    if (architecture == "gemma3") make_gemma3(model, layer_name(layer));
  }
  if (architecture == "gemma3") model.set("gemma3.attention.sliding_window", std::uint64_t{9});
  if (architecture == "granite") {
    model.set("granite.residual_scale", 0.5);
    model.set("granite.logit_scale", 4.0);
  }
  if (architecture == "gpt2") {
    model.set("gpt2.attention.layer_norm_epsilon", 1e-3);
    model.add_random_tensor("position_embd.weight", {128, kWidth}, 0.5F);
  }
  return model;
}

// Changes every matrix that the architecture has.
TinyAdapter whole_adapter(const std::string& architecture, unsigned seed) {
  TinyAdapter adapter(architecture, seed);
  const bool is_fused = architecture == "phi3" || architecture == "gpt2";
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const std::string prefix = layer_name(layer);
    if (is_fused) {
      adapter.add(prefix + "attn_qkv.weight", kQuery + 2 * kKeys, kWidth);
    } else {
      adapter.add(prefix + "attn_q.weight", kQuery, kWidth);
      adapter.add(prefix + "attn_k.weight", kKeys, kWidth, 5);
      adapter.add(prefix + "attn_v.weight", kKeys, kWidth);
    }
    adapter.add(prefix + "attn_output.weight", kWidth, kQuery);
    if (!is_fused) adapter.add(prefix + "ffn_gate.weight", kForward, kWidth, 1);
    adapter.add(prefix + "ffn_up.weight", architecture == "phi3" ? 2 * kForward : kForward, kWidth, 4);
    adapter.add(prefix + "ffn_down.weight", kWidth, kForward);
  }
  if (architecture != "gemma") adapter.add("output.weight", kVocabulary, kWidth);
  return adapter;
}

std::unique_ptr<Model> load_model(TinyModel& tiny, std::optional<DType> weights = {}) {
  auto loaded = model::load(tiny.open(), shared_pool(), {.rows_max = 128, .weights = weights});
  EXPECT_TRUE(loaded.is_ok()) << loaded.error().message;
  return std::move(loaded).value();
}

std::shared_ptr<const Adapter> load_for(const Model& model, TinyAdapter& adapter) {
  auto loaded = model.load_adapter(adapter.open());
  EXPECT_TRUE(loaded.is_ok()) << loaded.error().message;
  return std::move(loaded).value();
}

std::vector<TokenId> some_tokens(std::size_t count, std::size_t seed = 5) {
  std::vector<TokenId> tokens;
  for (std::size_t i = 0; i < count; ++i) tokens.push_back(static_cast<TokenId>((i * i * 7 + i * 3 + seed) % 37));
  return tokens;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

class AdapterOf : public testing::TestWithParam<const char*> {};

TEST_P(AdapterOf, gives_the_logits_of_merged_weights) {
  TinyModel base = tiny_model(GetParam());
  TinyAdapter adapter = whole_adapter(GetParam(), 1);
  const auto model = load_model(base);
  const auto loaded = load_for(*model, adapter);
  const std::vector<TokenId> tokens = some_tokens(40);
  const std::vector<float> plain = Sequence(*model, KvDType::kF32, 64).feed(tokens);
  for (const float scale : {1.0F, 0.5F, -0.75F}) {
    TinyModel merged = tiny_model(GetParam());
    adapter.merge_into(merged, static_cast<double>(scale));
    const std::vector<float> want = Sequence(*load_model(merged), KvDType::kF32, 64).feed(tokens);
    const std::vector<float> got = Sequence(*model, KvDType::kF32, 64, {loaded.get(), scale}).feed(tokens);
    EXPECT_LT(largest_difference(got, want), 2e-4F) << "scale " << scale;
    EXPECT_GT(largest_difference(got, plain), 1e-2F) << "scale " << scale;
  }
}

TEST_P(AdapterOf, gives_the_same_bits_in_pieces) {
  TinyModel base = tiny_model(GetParam());
  TinyAdapter adapter = whole_adapter(GetParam(), 1);
  const auto model = load_model(base);
  const auto loaded = load_for(*model, adapter);
  const std::vector<TokenId> tokens = some_tokens(40);
  const AdapterUse use = {loaded.get(), 0.5F};
  const std::vector<float> whole = Sequence(*model, KvDType::kF32, 64, use).feed(tokens);
  EXPECT_EQ(Sequence(*model, KvDType::kF32, 64, use).feed_in_pieces(tokens, 7), whole);
  EXPECT_EQ(Sequence(*model, KvDType::kF32, 64, use).feed_in_pieces(tokens, 1), whole);
}

TEST_P(AdapterOf, with_a_scale_of_zero_is_as_none) {
  TinyModel base = tiny_model(GetParam());
  TinyAdapter adapter = whole_adapter(GetParam(), 1);
  const auto model = load_model(base);
  const auto loaded = load_for(*model, adapter);
  const std::vector<TokenId> tokens = some_tokens(9);
  EXPECT_EQ(Sequence(*model, KvDType::kF32, 64, {loaded.get(), 0}).feed(tokens),
            Sequence(*model, KvDType::kF32, 64).feed(tokens));
}

INSTANTIATE_TEST_SUITE_P(Architectures, AdapterOf,
                         testing::Values("llama", "qwen2", "granite", "gemma", "gemma3", "phi3", "gpt2"),
                         [](const auto& tested) { return std::string(tested.param); });

// Sequences with different adapters and scales, whose rows are computed together.
class MixedBatch : public testing::TestWithParam<bool> {
 protected:
  struct Member {
    std::vector<TokenId> tokens;
    AdapterUse use;
  };

  std::vector<float> alone(const Member& member) {
    const std::vector<float> all = Sequence(*model_, KvDType::kF16, 64, member.use).feed(member.tokens);
    return {all.end() - static_cast<std::ptrdiff_t>(kVocabulary), all.end()};
  }

  // The prompts but for their last tokens in one call, those in another; the logits of the last, one after the other.
  std::vector<float> together(std::span<const Member> members) {
    KvPages kv = KvPages::allocate(model_->kv_shape(KvDType::kF16), 2 * members.size()).value();
    std::vector<PageId> ids(2 * members.size());
    std::iota(ids.begin(), ids.end(), PageId{0});
    std::vector<std::span<const PageId>> pages;
    std::vector<AdapterUse> uses;
    std::vector<BatchRow> prompts;
    std::vector<BatchRow> last;
    for (std::uint32_t s = 0; s < members.size(); ++s) {
      pages.push_back(std::span(ids).subspan(2 * s, 2));
      uses.push_back(members[s].use);
      const std::vector<TokenId>& tokens = members[s].tokens;
      for (std::uint32_t i = 0; i < tokens.size(); ++i) {
        const bool is_last = i + 1 == tokens.size();
        (is_last ? last : prompts).push_back({tokens[i], i, s, is_last});
      }
    }
    EXPECT_TRUE(model_->forward({.rows = prompts, .pages = pages, .adapters = uses}, kv, {}).is_ok());
    std::vector<float> logits(members.size() * kVocabulary);
    EXPECT_TRUE(model_->forward({.rows = last, .pages = pages, .adapters = uses}, kv, logits).is_ok());
    return logits;
  }

  TinyModel tiny_ = tiny_model("llama");
  std::unique_ptr<Model> model_ = load_model(tiny_, GetParam() ? std::optional(DType::kQ8_0) : std::nullopt);
};

TEST_P(MixedBatch, gives_every_sequence_the_bits_that_it_has_alone) {
  TinyAdapter whole = whole_adapter("llama", 1);
  TinyAdapter partial("llama", 2);
  partial.add("blk.1.ffn_gate.weight", kForward, kWidth, 2);
  const auto a = load_for(*model_, whole);
  const auto b = load_for(*model_, partial);
  const Member members[] = {{some_tokens(20, 1), {a.get(), 1}},    {some_tokens(13, 2), {}},
                            {some_tokens(9, 3), {b.get(), 2}},     {some_tokens(20, 1), {a.get(), 0.25F}},
                            {some_tokens(30, 4), {a.get(), -1}},   {some_tokens(2, 5), {b.get(), 0}},
                            {some_tokens(20, 1), {b.get(), 0.5F}}, {some_tokens(20, 1), {}}};
  const std::vector<float> mixed = together(members);
  for (std::size_t i = 0; i < std::size(members); ++i) {
    const auto first = mixed.begin() + static_cast<std::ptrdiff_t>(i * kVocabulary);
    EXPECT_EQ(std::vector<float>(first, first + static_cast<std::ptrdiff_t>(kVocabulary)), alone(members[i])) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Weights, MixedBatch, testing::Values(false, true),
                         [](const auto& tested) { return tested.param ? "q8_0" : "f32"; });

// The rows of [heads of 8] in the order in which neighbours rotate, from that in which halves do.
std::vector<float> in_pairs(std::span<const float> rows, std::size_t cols) {
  std::vector<float> out(rows.size());
  for (std::size_t row = 0; row < rows.size() / cols; ++row) {
    const std::size_t i = row % 8;
    const std::size_t to = row - i + (i < 4 ? 2 * i : 2 * (i - 4) + 1);
    std::copy_n(rows.begin() + static_cast<std::ptrdiff_t>(row * cols), cols,
                out.begin() + static_cast<std::ptrdiff_t>(to * cols));
  }
  return out;
}

void reorder(TinyModel& model) {
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const std::string prefix = layer_name(layer);
    const std::string q = prefix + "attn_q.weight";
    const std::string k = prefix + "attn_k.weight";
    model.add_tensor(q, {kQuery, kWidth}, in_pairs(model.values(q), kWidth));
    model.add_tensor(k, {kKeys, kWidth}, in_pairs(model.values(k), kWidth));
  }
}

TEST(AdapterOrder, follows_the_model_when_queries_and_keys_are_stored_as_they_were_trained) {
  TinyAdapter adapter = whole_adapter("llama", 1);
  adapter.set("llama.rope.pairing", std::string("halves"));
  const std::vector<TokenId> tokens = some_tokens(20);
  TinyModel merged = tiny_model("llama");
  merged.set("llama.rope.pairing", std::string("halves"));
  adapter.merge_into(merged);
  const std::vector<float> want = Sequence(*load_model(merged), KvDType::kF32, 64).feed(tokens);

  TinyModel as_trained = tiny_model("llama");
  as_trained.set("llama.rope.pairing", std::string("halves"));
  const auto same_order = load_model(as_trained);
  const auto first = load_for(*same_order, adapter);
  EXPECT_LT(largest_difference(Sequence(*same_order, KvDType::kF32, 64, {first.get(), 1}).feed(tokens), want), 2e-4F);

  TinyModel reordered = tiny_model("llama");
  reorder(reordered);
  const auto other_order = load_model(reordered);
  const auto second = load_for(*other_order, adapter);
  EXPECT_LT(largest_difference(Sequence(*other_order, KvDType::kF32, 64, {second.get(), 1}).feed(tokens), want), 2e-4F);
}

TEST(AdapterOrder, of_a_gguf_file_is_turned_for_a_model_as_trained) {
  TinyAdapter adapter = whole_adapter("llama", 1);
  TinyModel merged = tiny_model("llama");
  reorder(merged);
  adapter.merge_into(merged);
  const std::vector<TokenId> tokens = some_tokens(20);
  const std::vector<float> want = Sequence(*load_model(merged), KvDType::kF32, 64).feed(tokens);
  TinyModel as_trained = tiny_model("llama");
  as_trained.set("llama.rope.pairing", std::string("halves"));
  const auto model = load_model(as_trained);
  const auto loaded = load_for(*model, adapter);
  EXPECT_LT(largest_difference(Sequence(*model, KvDType::kF32, 64, {loaded.get(), 1}).feed(tokens), want), 2e-4F);
}

TEST(AdapterScale, is_alpha_over_rank_or_what_the_tensor_says_or_one) {
  TinyModel tiny = tiny_model("llama");
  const auto model = load_model(tiny);
  const auto scale_of = [&](TinyAdapter& adapter) {
    return load_for(*model, adapter)->find(model::AdaptedMatrix::kQuery, 0)->scale;
  };
  TinyAdapter adapter("llama", 1, 6);
  adapter.add("blk.0.attn_q.weight", kQuery, kWidth, 4);
  EXPECT_EQ(scale_of(adapter), 1.5F);
  adapter.set("adapter.lora.scale.blk.0.attn_q.weight", 0.25);
  EXPECT_EQ(scale_of(adapter), 0.25F);
  adapter.erase("adapter.lora.scale.blk.0.attn_q.weight");
  adapter.erase("adapter.lora.alpha");
  EXPECT_EQ(scale_of(adapter), 1.0F);
}

// An adapter that is loaded, with one fault each.
class AdapterRefuses : public testing::Test {
 protected:
  AdapterRefuses() { adapter_.add("blk.0.attn_q.weight", kQuery, kWidth); }

  std::string error(const std::string& architecture = "llama") {
    TinyModel tiny = tiny_model(architecture);
    auto loaded = load_model(tiny)->load_adapter(adapter_.open());
    return loaded.is_ok() ? "no error" : loaded.error().message;
  }

  TinyAdapter adapter_{"llama", 1};
};

TEST_F(AdapterRefuses, nothing_of_a_good_one) {
  EXPECT_EQ(error(), "no error");
}

TEST_F(AdapterRefuses, files_that_are_no_adapter) {
  adapter_.set("general.type", std::string("model"));
  EXPECT_EQ(error(), "adapter.gguf: general.type: \"model\", want \"adapter\"");
  adapter_.erase("general.type");
  EXPECT_EQ(error(), "adapter.gguf: general.type: missing, want \"adapter\"");
  adapter_.set("general.type", std::uint64_t{1});
  EXPECT_THAT(error(), HasSubstr("general.type"));
}

TEST_F(AdapterRefuses, other_kinds_of_adapters) {
  adapter_.set("adapter.type", std::string("control"));
  EXPECT_EQ(error(), "adapter.gguf: adapter.type: \"control\", want \"lora\"");
  adapter_.set("adapter.type", std::string("lora"));
  adapter_.set("adapter.alora.invocation_tokens", std::vector<std::uint64_t>{1, 2});
  EXPECT_THAT(error(), HasSubstr("adapter.alora.invocation_tokens: adapters that some tokens switch on"));
}

TEST_F(AdapterRefuses, adapters_of_another_architecture) {
  EXPECT_EQ(error("qwen2"), "adapter.gguf: general.architecture: \"llama\", want \"qwen2\"");
}

TEST_F(AdapterRefuses, scales_that_are_no_numbers) {
  for (const char* key : {"adapter.lora.alpha", "adapter.lora.scale.blk.0.attn_q.weight"}) {
    for (const double bad : {std::numeric_limits<double>::infinity(), std::nan(""), 1e9}) {
      adapter_.set(key, bad);
      EXPECT_THAT(error(), HasSubstr(std::string("adapter.gguf: ") + key)) << bad;
    }
    adapter_.set(key, std::string("six"));
    EXPECT_THAT(error(), HasSubstr(key));
    adapter_.erase(key);
  }
}

TEST_F(AdapterRefuses, an_order_of_queries_that_it_does_not_know) {
  adapter_.set("llama.rope.pairing", std::string("thirds"));
  EXPECT_EQ(error(), "adapter.gguf: llama.rope.pairing: \"thirds\", want halves");
}

TEST_F(AdapterRefuses, half_of_a_pair) {
  adapter_.erase_tensor("blk.0.attn_q.weight.lora_b");
  EXPECT_THAT(error(), HasSubstr("tensor blk.0.attn_q.weight.lora_b: missing"));
  adapter_.add("blk.0.attn_q.weight", kQuery, kWidth);
  adapter_.erase_tensor("blk.0.attn_q.weight.lora_a");
  EXPECT_THAT(error(), HasSubstr("blk.0.attn_q.weight.lora_b\": want pairs"));
}

TEST_F(AdapterRefuses, an_adapter_without_pairs) {
  adapter_.erase_tensor("blk.0.attn_q.weight.lora_a");
  adapter_.erase_tensor("blk.0.attn_q.weight.lora_b");
  EXPECT_EQ(error(), "adapter.gguf: want pairs of tensors, got none");
}

TEST_F(AdapterRefuses, shapes_of_another_model) {
  adapter_.add("blk.0.attn_q.weight", kQuery, kWidth + 8);
  EXPECT_EQ(error(),
            "adapter.gguf: tensor blk.0.attn_q.weight.lora_a: shape [3, 40], want [1 to 4096, 32] for this model");
  adapter_.add("blk.0.attn_q.weight", kQuery + 8, kWidth);
  EXPECT_EQ(error(), "adapter.gguf: tensor blk.0.attn_q.weight.lora_b: shape [40, 3], want [32, 3] for this model");
  adapter_.add("blk.0.attn_q.weight", kQuery, kWidth);
  adapter_.add_tensor("blk.0.attn_q.weight.lora_b", {kQuery, 4}, {});
  EXPECT_THAT(error(), HasSubstr("shape [32, 4], want [32, 3]"));
  adapter_.add_tensor("blk.0.attn_q.weight.lora_a", {kWidth}, {});
  EXPECT_THAT(error(), HasSubstr("shape [32], want"));
}

TEST_F(AdapterRefuses, layers_that_the_model_lacks) {
  adapter_.add("blk.2.attn_q.weight", kQuery, kWidth);
  EXPECT_EQ(error(), "adapter.gguf: tensor \"blk.2.attn_q.weight.lora_a\": layer 2, want less than the model's 2");
}

TEST_F(AdapterRefuses, parts_that_it_would_leave_out) {
  for (const char* base : {"token_embd.weight", "blk.0.attn_norm.weight", "blk.0.ffn_gate_exps.weight", "blk.0.attn_q",
                           "blk.x.attn_q.weight", "blk.0.weight", "blk.99999999999999999999.attn_q.weight"}) {
    adapter_.add(base, kQuery, kWidth);
    EXPECT_THAT(error(), HasSubstr("adapters of this part are not supported")) << base;
    adapter_.erase_tensor(std::string(base) + ".lora_a");
    adapter_.erase_tensor(std::string(base) + ".lora_b");
  }
  adapter_.add_tensor("blk.0.attn_norm.weight", {kWidth}, {});
  EXPECT_THAT(error(), HasSubstr("tensor \"blk.0.attn_norm.weight\": want pairs of .lora_a and .lora_b"));
}

TEST_F(AdapterRefuses, two_changes_of_one_matrix) {
  adapter_.add("blk.0.attn_qkv.weight", kQuery + 2 * kKeys, kWidth);
  EXPECT_THAT(error(), HasSubstr("another tensor changes the same matrix"));
}

TEST_F(AdapterRefuses, a_gate_that_the_model_lacks) {
  TinyAdapter adapter("gpt2", 1);
  adapter.add("blk.0.ffn_gate.weight", kForward, kWidth);
  TinyModel tiny = tiny_model("gpt2");
  EXPECT_THAT(load_model(tiny)->load_adapter(adapter.open()).error().message,
              HasSubstr("the model has no such matrix"));
}

TEST_F(AdapterRefuses, feed_forward_matrices_of_a_mixture) {
  adapter_.add("blk.0.ffn_up.weight", kForward, kWidth);
  TinyShape shape = shape_of("llama");
  shape.experts = 4;
  shape.experts_used = 2;
  TinyModel tiny(shape);
  EXPECT_THAT(load_model(tiny)->load_adapter(adapter_.open()).error().message,
              HasSubstr("the model has 4 experts, whose adapters are not supported"));
}

TEST_F(AdapterRefuses, a_model_that_it_was_not_loaded_for_and_scales_that_are_no_numbers) {
  TinyModel tiny = tiny_model("llama");
  const auto model = load_model(tiny);
  const auto other = load_model(tiny);
  const auto loaded = load_for(*other, adapter_);
  KvPages kv = KvPages::allocate(model->kv_shape(KvDType::kF32), 1).value();
  const PageId page = 0;
  const std::span<const PageId> pages(&page, 1);
  const BatchRow row = {.token = 1, .wants_logits = true};
  std::vector<float> logits(kVocabulary, 1.5F);
  for (const AdapterUse& use : {AdapterUse{loaded.get(), 1}, AdapterUse{nullptr, std::nanf("")}}) {
    const Status status = model->forward({.rows = {&row, 1}, .pages = {&pages, 1}, .adapters = {&use, 1}}, kv, logits);
    ASSERT_FALSE(status.is_ok());
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(logits, std::vector<float>(kVocabulary, 1.5F));
  }
}

}  // namespace
}  // namespace sixfold::test
