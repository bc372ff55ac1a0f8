// Messages and text become the tokens that the model was trained on, and requests reach the engine whole.
#include "service/local_backend.h"

#include <gtest/gtest.h>

#include "service/fake_engine.h"

namespace sixfold::service {
namespace {

struct Local {
  FakeEngine* engine;
  std::unique_ptr<LocalBackend> backend;

  explicit Local(std::string template_front = "") {
    auto made = std::make_unique<FakeEngine>();
    engine = made.get();
    LocalBackendOptions options;
    options.model = "served";
    options.aliases = {"other"};
    options.sampling.top_k = 20;
    backend = std::make_unique<LocalBackend>(std::move(made), std::make_unique<LineTemplate>(template_front), options);
  }

  std::vector<TokenId> prompt_of(GenerateRequest request) {
    request.tokens_max = 1;
    EXPECT_TRUE(backend->generate(std::move(request)).is_ok());
    return engine->requests.back().prompt;
  }
};

std::vector<TokenId> tokens(std::initializer_list<TokenId> front, std::string_view text) {
  std::vector<TokenId> out = front;
  for (const char byte : text) out.push_back(byte);
  return out;
}

TEST(LocalBackend, conversations_begin_with_exactly_one_beginning_token) {
  GenerateRequest request;
  request.input = std::vector<tokenizer::ChatMessage>{{"user", "hi"}};
  EXPECT_EQ(Local("").prompt_of(request), tokens({256}, "user: hi\n"));
  EXPECT_EQ(Local("<s>").prompt_of(request), tokens({256}, "user: hi\n"));
}

TEST(LocalBackend, text_and_ids_reach_the_engine) {
  Local local;
  GenerateRequest request;
  request.input = std::string("hi");
  EXPECT_EQ(local.prompt_of(request), tokens({256}, "hi"));
  request.input = std::vector<TokenId>{1, 2};
  EXPECT_EQ(local.prompt_of(request), (std::vector<TokenId>{1, 2}));
}

TEST(LocalBackend, every_option_reaches_the_engine) {
  Local local;
  GenerateRequest request;
  request.id = "id";
  request.input = std::string("x");
  request.sampling.temperature = 0.25f;
  request.tokens_max = 3;
  request.choices = 2;
  request.stop = {"end"};
  request.wants_logprobs = true;
  request.logprobs = 4;
  request.ignores_end = true;
  ASSERT_TRUE(local.backend->generate(request).is_ok());
  const engine::EngineRequest& work = local.engine->requests.back();
  EXPECT_EQ(work.id, "id");
  EXPECT_FLOAT_EQ(work.sampling.temperature, 0.25f);
  EXPECT_EQ(work.tokens_max, 3u);
  EXPECT_EQ(work.choices, 2u);
  EXPECT_EQ(work.stop, request.stop);
  EXPECT_TRUE(work.wants_logprobs);
  EXPECT_EQ(work.logprobs, 4u);
  EXPECT_TRUE(work.ignores_end);
}

TEST(LocalBackend, knows_its_names_and_no_others) {
  Local local;
  GenerateRequest request;
  request.input = std::string("x");
  request.tokens_max = 1;
  for (const std::string name : {"", "served", "other", "default"}) {
    request.model = name;
    EXPECT_TRUE(local.backend->generate(request).is_ok()) << name;
  }
  request.model = "else";
  const auto refused = local.backend->generate(request);
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
}

TEST(LocalBackend, describes_itself) {
  const BackendDescription description = Local().backend->describe();
  EXPECT_EQ(description.model, "served");
  EXPECT_EQ(description.context, 256u);
  EXPECT_EQ(description.context_max, 512u);
  EXPECT_EQ(description.chat_template, "lines");
  EXPECT_EQ(description.sampling.top_k, 20U);
}

TEST(LocalBackend, tokens_outside_the_vocabulary_have_no_text) {
  Local local;
  EXPECT_EQ(*local.backend->detokenize({104, 105, 256}), "hi<s>");
  EXPECT_FALSE(local.backend->detokenize({257}).is_ok());
  EXPECT_FALSE(local.backend->detokenize({-1}).is_ok());
}

TEST(LocalBackend, a_generation_reads_to_its_end) {
  Local local;
  GenerateRequest request;
  request.input = std::string("x");
  request.tokens_max = 3;
  const auto generation = local.backend->generate(request);
  ASSERT_TRUE(generation.is_ok());
  std::string text;
  while (const auto event = (*generation)->next()) text += event->text;
  EXPECT_EQ(text, "abc");
  EXPECT_TRUE((*generation)->is_finished());
  EXPECT_EQ((*generation)->usage().generated_tokens, 3u);
  EXPECT_EQ((*generation)->prompt_tokens(), 2u);
}

TEST(LocalBackend, refuses_adapters_where_the_engine_takes_none) {
  Local local;
  const auto refuse = [](const Result<Unit>&) { ADD_FAILURE() << "called after an error"; };
  EXPECT_EQ(local.backend->load_adapter({.name = "poet", .path = "poet", .source = "poet"}, refuse).error().message,
            "the model \"served\" takes no adapters");
  EXPECT_EQ(local.backend->unload_adapter("poet").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(local.backend->describe().adapters.empty());
  GenerateRequest by_name;
  by_name.model = "poet";
  by_name.input = std::string("hi");
  EXPECT_EQ(local.backend->generate(by_name).error().code, ErrorCode::kNotFound);
  GenerateRequest by_number;
  by_number.input = std::string("hi");
  by_number.adapters = {{.id = 1, .scale = 1}};
  EXPECT_EQ(local.backend->generate(by_number).error().message, "\"lora\": no adapter has the id 1");
}

}  // namespace
}  // namespace sixfold::service
