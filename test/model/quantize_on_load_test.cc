// Weights that are rounded while they are loaded: the bits of the reference's files, and their logits.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "formats/gguf_write.h"
#include "formats/model_folder.h"
#include "golden_files.h"
#include "kernels/quantize.h"
#include "kernels/vector_ops.h"
#include "model_runner.h"
#include "tiny_model.h"

namespace sixfold::test {
namespace {

// The model of which there is a file in the type.
std::string model_in(DType dtype) {
  return dtype == DType::kBF16 ? "llama_gqa_untied" : "llama_plain";
}

class GoldenQuantize : public testing::TestWithParam<DType> {};

// Every tensor of the type that llama-quantize made from the model in float.
TEST_P(GoldenQuantize, blocks_are_those_of_the_reference) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const std::string type(dtype_info(GetParam()).name);
  const auto floats = formats::open_checkpoint(folder + "/golden/arch/" + model_in(GetParam()) + ".gguf");
  const auto reference =
      formats::open_checkpoint(folder + "/golden/quant/" + model_in(GetParam()) + "." + type + ".gguf");
  ASSERT_TRUE(floats.is_ok() && reference.is_ok());
  std::size_t compared = 0;
  for (const TensorView& want : reference->tensors()) {
    if (want.dtype != GetParam()) continue;
    const TensorView* source = floats->find_tensor(want.name);
    ASSERT_NE(source, nullptr) << want.name;
    std::vector<float> values(source->shape.elements());
    kernels::dequantize(source->dtype, source->bytes.data(), values.size(), values.data());
    std::vector<std::byte> made(want.bytes.size());
    ASSERT_TRUE(kernels::quantize(GetParam(), values.data(), values.size(), made.data()));
    EXPECT_TRUE(std::equal(made.begin(), made.end(), want.bytes.begin())) << want.name;
    ++compared;
  }
  EXPECT_GT(compared, 10u);
}

// A model of the reference's matrices, with the embedding in float as a rounded model keeps it, computes the same bits.
TEST_P(GoldenQuantize, logits_are_those_of_the_quantized_matrices) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  const std::string type(dtype_info(GetParam()).name);
  auto floats = formats::open_checkpoint(folder + "/golden/arch/" + model_in(GetParam()) + ".gguf");
  const auto reference =
      formats::open_checkpoint(folder + "/golden/quant/" + model_in(GetParam()) + "." + type + ".gguf");
  ASSERT_TRUE(floats.is_ok() && reference.is_ok());
  std::vector<TensorView> tensors(reference->tensors().begin(), reference->tensors().end());
  const bool is_tied = reference->find_tensor("output.weight") == nullptr;
  const auto is_embedding = [](const TensorView& tensor) { return tensor.name == "token_embd.weight"; };
  if (is_tied) std::find_if(tensors.begin(), tensors.end(), is_embedding)->name = "output.weight";
  std::erase_if(tensors, is_embedding);
  tensors.push_back(*floats->find_tensor("token_embd.weight"));
  const formats::ModelFolder made;
  ASSERT_TRUE(formats::write_gguf(made.path("m.gguf"), {reference->metadata(), tensors}).is_ok());
  const auto expected = load_file(made.path("m.gguf"));
  const auto rounded = model::load(std::move(floats).value(), shared_pool(), {.rows_max = 128, .weights = GetParam()});
  ASSERT_TRUE(rounded.is_ok()) << rounded.error().message;
  EXPECT_EQ((*rounded)->description().weights, type);
  for (const GoldenPrompt& prompt : read_prompts(folder + "/golden/arch", model_in(GetParam()))) {
    SCOPED_TRACE(prompt.name);
    EXPECT_EQ(Sequence(**rounded, KvDType::kF32, prompt.ids.size()).feed(prompt.ids),
              Sequence(*expected, KvDType::kF32, prompt.ids.size()).feed(prompt.ids));
  }
}

INSTANTIATE_TEST_SUITE_P(Types, GoldenQuantize, testing::Values(DType::kQ8_0, DType::kQ4_0, DType::kBF16),
                         [](const auto& tested) { return std::string(dtype_info(tested.param).name); });

TEST(QuantizeOnLoad, refuses_types_that_it_cannot_make_and_weights_that_are_not_finite) {
  TinyModel tiny;
  auto refused = model::load(tiny.open(), shared_pool(), {.rows_max = 8, .weights = DType::kQ6_K});
  ASSERT_FALSE(refused.is_ok());
  EXPECT_NE(refused.error().message.find("weights of type Q6_K"), std::string::npos) << refused.error().message;

  TinyModel wide({.width = 32, .head_dim = 8, .feed_forward = 64});
  EXPECT_TRUE(model::load(wide.open(), shared_pool(), {.rows_max = 8, .weights = DType::kQ8_0}).is_ok());
  std::vector<float> values(32 * 32, 1);
  values[777] = std::numeric_limits<float>::infinity();
  wide.add_tensor("blk.1.attn_q.weight", {32, 32}, values);
  refused = model::load(wide.open(), shared_pool(), {.rows_max = 8, .weights = DType::kQ8_0});
  ASSERT_FALSE(refused.is_ok());
  EXPECT_NE(refused.error().message.find("blk.1.attn_q.weight: want finite numbers that Q8_0 can hold"),
            std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace sixfold::test
