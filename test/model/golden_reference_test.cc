// Tiny models that the tests make themselves, against what another program computed from the same files: logits, greedy
// text, and both once more from a Hugging Face folder.  docs/add_a_model.md says how the numbers are made.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "formats/model_folder.h"
#include "golden_agreement.h"
#include "golden_files.h"
#include "measurements.h"
#include "model_runner.h"
#include "reference_models.h"

namespace sixfold::test {
namespace {

std::vector<GoldenPrompt> prompts_of(const char* name) {
  std::vector<GoldenPrompt> prompts;
  const boost::json::value json = read_json(std::string(SIXFOLD_TEST_MODEL_DIR "/references/") + name + ".json");
  for (const auto& [key, prompt] : json.at("prompts").as_object()) {
    prompts.push_back({.name = std::string(name) + " " + std::string(key),
                       .ids = token_ids(prompt.at("ids")),
                       .first_position = prompt.at("first_position").to_number<std::size_t>(),
                       .logits = boost::json::value_to<std::vector<float>>(prompt.at("logits")),
                       .greedy = GoldenGreedy::of(prompt)});
  }
  return prompts;
}

// All prompts; the pieces too.
Agreement expect_reference(Model& model, const std::vector<GoldenPrompt>& prompts) {
  for (const GoldenPrompt& prompt : prompts) expect_same_bits_in_pieces(model, prompt, KvDType::kF32);
  return expect_golden(model, prompts, kFloat);
}

class GoldenReference : public testing::TestWithParam<ReferenceModel> {};

TEST_P(GoldenReference, logits_and_greedy_text_match_as_a_file_and_as_a_folder) {
  TinyModel tiny = make_reference_model(GetParam().shape);
  const std::vector<GoldenPrompt> prompts = prompts_of(GetParam().name);
  ASSERT_EQ(prompts.size(), std::size(kReferencePromptTokens));
  auto loaded = model::load(tiny.open(), shared_pool(), {.rows_max = 128});
  ASSERT_TRUE(loaded.is_ok()) << loaded.error().message;
  record("architecture", GetParam().name, (*loaded)->description(), "F32", expect_reference(**loaded, prompts));

  formats::ModelFolder folder;
  folder.write("config.json", GetParam().folder.config);
  const formats::Checkpoint checkpoint = tiny.open();
  folder.write_tensors("model.safetensors",
                       to_huggingface(checkpoint, GetParam().folder, GetParam().shape.head_dim).views());
  const auto model = load_file(folder.path());
  ASSERT_NE(model, nullptr);
  record("folder", GetParam().name, model->description(), "F32", expect_reference(*model, prompts));
}

// For making the numbers: the model as a file, and the prompts.
TEST_P(GoldenReference, is_written_where_it_is_asked_for) {
  const char* folder = std::getenv("SIXFOLD_REFERENCE_MODELS");
  if (folder == nullptr) GTEST_SKIP() << "SIXFOLD_REFERENCE_MODELS is not set";
  std::filesystem::create_directories(folder);
  const std::string stem = std::string(folder) + "/" + GetParam().name;
  const std::vector<std::byte> image = make_reference_model(GetParam().shape).image();
  std::ofstream(stem + ".gguf", std::ios::binary)
      .write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
  boost::json::array prompts;
  for (const std::size_t tokens : kReferencePromptTokens) {
    prompts.push_back(boost::json::value_from(reference_prompt(tokens, GetParam().shape.vocabulary)));
  }
  std::ofstream(stem + ".ids.json") << boost::json::serialize(prompts) << "\n";
  EXPECT_TRUE(formats::open_checkpoint(stem + ".gguf").is_ok());
}

INSTANTIATE_TEST_SUITE_P(Models, GoldenReference, testing::ValuesIn(reference_models()),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace sixfold::test
