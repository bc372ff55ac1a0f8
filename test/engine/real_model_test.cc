// The engine on real weights: reference text, and the same bits alone, in a batch, after preemption and from the cache.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "engine/engine.h"
#include "formats/checkpoint.h"
#include "harness.h"
#include "kernels/worker_pool.h"

namespace sixfold::engine::test {
namespace {

// The folder golden/real of the test data (its README.md says what is in it).
std::optional<std::string> golden_folder() {
  const char* folder = std::getenv("SIXFOLD_TESTDATA");
  if (folder == nullptr) return std::nullopt;
  return std::string(folder) + "/golden/real/";
}

boost::json::value read_json(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

// Two threads, so that the parallel paths run.  Before the engines, which it must outlive.
kernels::WorkerPool& pool() {
  static kernels::WorkerPool shared(2);
  return shared;
}

std::unique_ptr<Engine> start(const std::string& path, const EngineOptions& options) {
  auto checkpoint = formats::open_checkpoint(path);
  EXPECT_TRUE(checkpoint.is_ok()) << (checkpoint ? "" : checkpoint.error().message);
  auto vocabulary = model::read_vocabulary(*checkpoint);
  EXPECT_TRUE(vocabulary.is_ok()) << (vocabulary ? "" : vocabulary.error().message);
  auto tokenizer = tokenizer::make_tokenizer(std::move(vocabulary).value());
  EXPECT_TRUE(tokenizer.is_ok()) << (tokenizer ? "" : tokenizer.error().message);
  auto loaded = model::load(std::move(checkpoint).value(), pool(), {.rows_max = 128});
  EXPECT_TRUE(loaded.is_ok()) << (loaded ? "" : loaded.error().message);
  auto engine = Engine::start(std::move(loaded).value(), std::move(tokenizer).value(), options, nullptr, nullptr);
  EXPECT_TRUE(engine.is_ok()) << (engine ? "" : engine.error().message);
  return std::move(engine).value();
}

Answers read_all(TokenStream& stream) {
  Answers answers;
  while (const auto event = stream.next()) add_event(answers, *event);
  return answers;
}

Answer ask(Engine& engine, const EngineRequest& request) {
  return read_all(*engine.submit(request).value()).at(0);
}

// Different beginnings, lengths and kinds of sampling; every third has the first one's beginning.
std::vector<EngineRequest> requests_of(const Engine& engine, std::size_t count, std::size_t tokens_max) {
  const auto tokens = engine.tokenizer()
                          .encode(
                              "Once upon a time there was a little girl who lived in a house by the sea. One day "
                              "her mother said to her: go and see what the old man in the wood is doing now.",
                              {})
                          .value();
  std::vector<EngineRequest> requests;
  for (std::size_t index = 0; index < count; ++index) {
    const std::size_t skipped = index % 3 == 0 ? 0 : index % 7;
    const std::size_t size = std::min(tokens.size() - skipped, 1 + 3 * index);
    const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(skipped);
    requests.push_back(make_request({first, first + static_cast<std::ptrdiff_t>(size)}, tokens_max - index % 7,
                                    index % 4 == 3 ? 0.8f : 0.0f));
    requests.back().sampling.seed = index;
  }
  return requests;
}

struct BatchCase {
  std::size_t tokens_max = 0;  // of one request
  std::size_t kv_tokens = 0;   // of all
  bool has_preemptions = false;
};

void expect_the_same_in_a_batch(const std::string& path, const BatchCase& batch) {
  std::vector<Answer> alone;
  std::vector<EngineRequest> requests;
  {
    const auto engine = start(path, {.context = 160, .sequences_max = 1, .has_prefix_cache = false});
    requests = requests_of(*engine, 32, batch.tokens_max);
    for (const EngineRequest& request : requests) alone.push_back(ask(*engine, request));
  }
  const auto engine = start(
      path, {.context = 160, .sequences_max = 32, .kv_tokens = batch.kv_tokens, .prefill_chunk = 24, .queue_max = 32});
  std::vector<std::shared_ptr<TokenStream>> streams;
  for (const EngineRequest& request : requests) streams.push_back(engine->submit(request).value());
  for (std::size_t index = 0; index < requests.size(); ++index) {
    const Answer together = read_all(*streams[index]).at(0);
    EXPECT_EQ(together.tokens, alone[index].tokens) << "request " << index;
    EXPECT_EQ(together.text, alone[index].text) << "request " << index;
  }
  const EngineStatus status = engine->status();
  EXPECT_GT(status.prefix_tokens_found, 0u);
  EXPECT_EQ(status.preemptions > 0, batch.has_preemptions);
}

class Stories260K : public testing::TestWithParam<const char*> {};

TEST_P(Stories260K, a_batch_of_32_gives_the_same_text_as_each_alone) {
  const auto folder = golden_folder();
  if (!folder) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  expect_the_same_in_a_batch(*folder + "stories260K." + GetParam() + ".gguf",
                             {.tokens_max = 32, .kv_tokens = 32 * 160});
}

TEST_P(Stories260K, pages_for_few_give_the_same_text_as_each_alone) {
  const auto folder = golden_folder();
  if (!folder) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  expect_the_same_in_a_batch(*folder + "stories260K." + GetParam() + ".gguf",
                             {.tokens_max = 90, .kv_tokens = 400, .has_preemptions = true});
}

INSTANTIATE_TEST_SUITE_P(RealModel, Stories260K, testing::Values("F32", "Q8_0"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(RealModel, greedy_text_is_the_references) {
  const auto folder = golden_folder();
  if (!folder) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  const boost::json::value golden = read_json(*folder + "real.json").at("stories260K");
  const auto engine = start(*folder + "stories260K.F32.gguf", {.kv_dtype = kernels::KvDType::kF32});
  std::vector<std::shared_ptr<TokenStream>> streams;
  std::vector<std::vector<TokenId>> expected;
  for (const auto& [name, prompt] : golden.at("prompts").as_object()) {
    const auto& exact = golden.at("variants").at("F32").at("exact").at(name);
    expected.push_back(boost::json::value_to<std::vector<TokenId>>(exact.at("greedy_ids")));
    ASSERT_EQ(expected.back().size(), 64u);
    streams.push_back(
        engine->submit(make_request(boost::json::value_to<std::vector<TokenId>>(prompt.at("ids")), 64)).value());
  }
  for (std::size_t index = 0; index < streams.size(); ++index) {
    EXPECT_EQ(read_all(*streams[index]).at(0).tokens, expected[index]) << "prompt " << index;
  }
}

TEST(RealModel, a_known_prefix_gives_the_same_text) {
  const auto folder = golden_folder();
  if (!folder) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  const auto engine = start(*folder + "stories260K.F32.gguf", {});
  const EngineRequest request = requests_of(*engine, 31, 20).back();
  ASSERT_GT(request.prompt.size(), 64u);
  const auto first = engine->submit(request).value();
  const std::string text = read_all(*first).at(0).text;
  EXPECT_EQ(first->usage().cached_tokens, 0u);
  const auto second = engine->submit(request).value();
  EXPECT_EQ(read_all(*second).at(0).text, text);
  EXPECT_GE(second->usage().cached_tokens, 64u);
}

TEST(RealModel, the_built_in_model_gives_the_same_text_in_a_batch) {
  const std::string path = std::string(SIXFOLD_SOURCE_DIR) + "/models/sixfold-tiny.gguf";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "models/sixfold-tiny.gguf is missing";
  expect_the_same_in_a_batch(path, {.tokens_max = 10, .kv_tokens = 32 * 160});
}

}  // namespace
}  // namespace sixfold::engine::test
