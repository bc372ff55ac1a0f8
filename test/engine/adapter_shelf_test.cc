// Adapters by name on a running engine: loaded, used side by side, unloaded under way, refused.
#include "engine/adapter_shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "engine/engine.h"
#include "harness.h"
#include "kernels/worker_pool.h"
#include "model/tiny_adapter.h"
#include "model/tiny_model.h"

namespace sixfold::engine::test {
namespace {

using sixfold::test::TinyAdapter;
using sixfold::test::TinyModel;
using ::testing::HasSubstr;

// Before the engines, which it must outlive.
kernels::WorkerPool& shelf_pool() {
  static kernels::WorkerPool shared(2);
  return shared;
}

class Shelf : public testing::Test {
 protected:
  Shelf() : folder_(std::filesystem::path(testing::TempDir()) / fmt::format("sixfold_shelf_{}", ::getpid())) {
    std::filesystem::create_directories(folder_);
    write("a", 1);
    write("b", 2);
    engine_ = start({});
  }
  ~Shelf() override {
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }

  void write(const std::string& name, unsigned seed) {
    TinyAdapter adapter("llama", seed, 24);
    for (const char* layer : {"blk.0.", "blk.1."}) {
      adapter.add(std::string(layer) + "attn_q.weight", 16, 16);
      adapter.add(std::string(layer) + "ffn_up.weight", 24, 16);
      adapter.add(std::string(layer) + "ffn_down.weight", 16, 24);
    }
    adapter.write(path(name));
  }
  std::string path(const std::string& name) const { return folder_ / (name + ".gguf"); }

  std::unique_ptr<Engine> start(EngineOptions options) {
    options.sequences_max = 8;
    auto vocabulary = model::read_vocabulary(tiny_.open());
    auto tokenizer = tokenizer::make_tokenizer(std::move(vocabulary).value());
    auto loaded = model::load(tiny_.open(), shelf_pool(), {.rows_max = 64});
    EXPECT_TRUE(loaded.is_ok()) << loaded.error().message;
    auto engine = Engine::start(std::move(loaded).value(), std::move(tokenizer).value(), options, nullptr, nullptr);
    EXPECT_TRUE(engine.is_ok()) << engine.error().message;
    return std::move(engine).value();
  }

  AdapterShelf& shelf() { return *engine_->adapters(); }
  void load(const std::string& name) {
    const Status loaded = shelf().load({.name = name, .path = path(name), .source = name});
    ASSERT_TRUE(loaded.is_ok()) << loaded.error().message;
  }
  std::string error_of(const std::string& name, const std::string& file, float scale = 1) {
    const Status loaded = shelf().load({.name = name, .path = path(file), .source = file, .scale = scale});
    return loaded.is_ok() ? "no error" : loaded.error().message;
  }

  // 40 tokens of prompt: more than a page, so that prefixes are remembered.
  EngineRequest request(const std::string& adapter, float scale = 1) {
    EngineRequest made = make_request({}, 24);
    for (std::size_t i = 0; i < 40; ++i) made.prompt.push_back(static_cast<TokenId>(3 + i * i % 31));
    if (!adapter.empty()) made.adapter = shelf().find(adapter);
    made.adapter_scale = scale;
    return made;
  }
  std::shared_ptr<TokenStream> submit(Engine& engine, const EngineRequest& made) {
    auto stream = engine.submit(made);
    EXPECT_TRUE(stream.is_ok()) << stream.error().message;
    return std::move(stream).value();
  }
  static std::vector<TokenId> tokens_of(TokenStream& stream) {
    Answers answers;
    while (const auto event = stream.next()) add_event(answers, *event);
    EXPECT_EQ(answers[0].finish, FinishReason::kLength);
    return answers[0].tokens;
  }
  std::vector<TokenId> ask(const EngineRequest& made) { return tokens_of(*submit(*engine_, made)); }

  std::filesystem::path folder_;
  TinyModel tiny_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(Shelf, requests_get_the_same_tokens_side_by_side_as_alone_and_never_anothers_prefix) {
  load("a");
  load("b");
  const std::vector<EngineRequest> requests = {request(""),        request("a"),    request("b"),
                                               request("a", 0.5F), request("a", 0), request("b", -1)};
  std::vector<std::vector<TokenId>> alone;
  for (const EngineRequest& each : requests) {
    // A fresh engine has nothing to share.
    engine_->stop(0);
    engine_ = start({.has_prefix_cache = false});
    load("a");
    load("b");
    EngineRequest same = each;
    if (each.adapter != nullptr) same.adapter = shelf().find(each.adapter->name);
    alone.push_back(ask(same));
  }
  EXPECT_NE(alone[0], alone[1]);
  EXPECT_NE(alone[1], alone[2]);
  EXPECT_NE(alone[1], alone[3]);
  EXPECT_EQ(alone[0], alone[4]) << "a scale of 0 is no adapter";

  engine_->stop(0);
  engine_ = start({});
  load("a");
  load("b");
  for (int round = 0; round < 2; ++round) {  // the second finds prefixes
    std::vector<std::shared_ptr<TokenStream>> streams;
    for (const EngineRequest& each : requests) {
      EngineRequest same = each;
      if (each.adapter != nullptr) same.adapter = shelf().find(each.adapter->name);
      streams.push_back(submit(*engine_, same));
    }
    for (std::size_t i = 0; i < streams.size(); ++i) EXPECT_EQ(tokens_of(*streams[i]), alone[i]) << i;
  }
  EXPECT_GT(engine_->status().prefix_tokens_found, 0U);
}

TEST_F(Shelf, what_is_unloaded_serves_its_requests_and_stays_in_memory_until_they_end) {
  load("a");
  EngineRequest whole = request("a");
  const std::vector<TokenId> want = ask(whole);
  auto stream = submit(*engine_, whole);
  whole.adapter.reset();
  ASSERT_TRUE(shelf().unload("a").is_ok());
  EXPECT_EQ(shelf().find("a"), nullptr);
  EXPECT_TRUE(shelf().list().empty());
  EXPECT_EQ(tokens_of(*stream), want);
  engine_->stop(1000);
  stream.reset();
  EXPECT_EQ(shelf().bytes(), 0U);
}

TEST_F(Shelf, another_adapter_under_an_old_name_does_not_find_the_old_ones_prefix) {
  load("a");
  const std::vector<TokenId> before = ask(request("a"));
  ASSERT_TRUE(shelf().unload("a").is_ok());
  write("a", 7);
  load("a");
  const std::uint64_t found = engine_->status().prefix_tokens_found;
  EXPECT_NE(ask(request("a")), before);
  EXPECT_EQ(engine_->status().prefix_tokens_found, found);
}

TEST_F(Shelf, counts_the_bytes_of_what_is_loaded) {
  EXPECT_EQ(shelf().bytes(), 0U);
  load("a");
  const std::size_t one = shelf().bytes();
  EXPECT_GT(one, 1000U);
  load("b");
  EXPECT_EQ(shelf().bytes(), 2 * one);
  ASSERT_TRUE(shelf().unload("a").is_ok());
  EXPECT_EQ(shelf().bytes(), one);
}

TEST_F(Shelf, refuses_more_than_its_memory) {
  engine_->stop(0);
  engine_ = start({.adapter_bytes_max = 12'000});
  EXPECT_THAT(error_of("a", "a"), ::testing::AnyOf(HasSubstr("no error"), HasSubstr("bytes")));
  std::string refusal;
  for (int i = 0; i < 4 && refusal.empty(); ++i) {
    const std::string error = error_of(fmt::format("more{}", i), "b");
    if (error != "no error") refusal = error;
  }
  EXPECT_THAT(refusal, HasSubstr("want at most 12000 in all"));
  EXPECT_LE(shelf().bytes(), 12'000U);
}

TEST_F(Shelf, refuses_names_and_scales_that_cannot_be_and_files_that_are_none) {
  load("a");
  EXPECT_EQ(error_of("a", "b"), "adapter \"a\": already loaded; unload it first");
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a,b"), std::string(257, 'a')}) {
    EXPECT_THAT(error_of(name, "b"), HasSubstr("adapter name: want 1 to 256")) << name;
  }
  EXPECT_THAT(error_of("b", "b", std::nanf("")), HasSubstr("want a number"));
  EXPECT_THAT(error_of("b", "none"), HasSubstr("none.gguf"));
  EXPECT_EQ(error_of("b", "b"), "no error") << "a failed load leaves the name free";
  EXPECT_EQ(shelf().unload("c").error().message, "adapter \"c\": not loaded");
}

TEST_F(Shelf, an_engine_refuses_adapters_of_another_and_scales_that_are_no_numbers) {
  load("a");
  const auto other = start({});
  const auto refused = other->submit(request("a"));
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().message, "adapter \"a\": loaded for another model");
  EXPECT_THAT(engine_->submit(request("a", std::nanf(""))).error().message, HasSubstr("adapter scale"));
}

}  // namespace
}  // namespace sixfold::engine::test
