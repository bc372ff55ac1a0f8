// Texts become the tokens that the encoder was trained on; vectors come back with length 1.
#include "service/encoder_backend.h"

#include <gtest/gtest.h>

#include <future>

#include "core/error.h"
#include "service/fake_engine.h"

namespace sixfold::service {
namespace {

// [CLS] 256, text, [SEP] 257, as BERT's tokenizer does.
class PairTokenizer final : public tokenizer::Tokenizer {
 public:
  explicit PairTokenizer(tokenizer::PairForm form) : form_(std::move(form)) {}
  Result<std::vector<TokenId>> encode(std::string_view text, const tokenizer::EncodeOptions& options) const override {
    std::vector<TokenId> tokens;
    if (options.adds_special) tokens.push_back(256);
    for (const char byte : text) tokens.push_back(static_cast<unsigned char>(byte));
    if (options.adds_special) tokens.push_back(257);
    return tokens;
  }
  std::string piece(TokenId token, bool) const override { return std::string(1, static_cast<char>(token)); }
  std::string decode(std::span<const TokenId>, bool) const override { return ""; }
  Result<tokenizer::PairForm> pair_form() const override { return form_; }
  std::size_t size() const override { return 258; }
  std::optional<TokenId> bos() const override { return 256; }
  std::optional<TokenId> eos() const override { return 257; }
  bool adds_bos() const override { return true; }
  bool ends_generation(TokenId) const override { return false; }
  std::optional<TokenId> find(std::string_view) const override { return std::nullopt; }
  const std::string& chat_template() const override { return template_; }

 private:
  tokenizer::PairForm form_;
  std::string template_;
};

tokenizer::PairForm bert_pair() {
  return {.before = {256}, .between = {257}, .after = {257}, .second_type_begin = 1};
}

// Answers {3, 4, 0} to everything and remembers what it was asked.
class FakeEncoderEngine final : public engine::EncoderEngine {
 public:
  FakeEncoderEngine() {
    made.model.width = 3;
    made.model.context_max = 8;
    made.token_types = 2;
  }
  Status submit(engine::EncoderRequest request) override {
    request.done(engine::EncoderOutputs(request.texts.size(), {3, 4, 0}));
    requests.push_back(std::move(request));
    return ok();
  }
  engine::EncoderStatus status() const override { return {.is_ready = true}; }
  const model::EncoderDescription& description() const override { return made; }
  bool stop(int) override { return true; }

  model::EncoderDescription made;
  std::vector<engine::EncoderRequest> requests;
};

struct LocalEncoder {
  explicit LocalEncoder(const std::function<void(model::EncoderDescription&)>& change = {},
                        tokenizer::PairForm form = bert_pair()) {
    auto made = std::make_unique<FakeEncoderEngine>();
    if (change) change(made->made);
    engine = made.get();
    backend = std::make_unique<EncoderBackend>(std::move(made), std::make_shared<PairTokenizer>(std::move(form)),
                                               EncoderBackendOptions{.model = "served"});
  }
  Result<Embeddings> embed(EmbedRequest request) {
    Result<Embeddings> answer = internal_error("nobody answered");
    const Status accepted =
        backend->embed(std::move(request), [&](Result<Embeddings> made) { answer = std::move(made); });
    if (!accepted) return accepted.error();
    return answer;
  }
  const engine::EncoderInput& last_text() const { return engine->requests.back().texts.back(); }

  FakeEncoderEngine* engine;
  std::unique_ptr<EncoderBackend> backend;
};

void score_one(LocalEncoder& local, ScoreRequest request) {
  EXPECT_TRUE(local.backend->score(std::move(request), [](Result<Scores>) {}).is_ok());
}

TEST(EncoderBackend, embeds_texts_and_ids) {
  LocalEncoder local;
  EmbedRequest request;
  request.texts = {"ab", std::vector<TokenId>{7, 8}};
  const auto made = local.embed(request);
  ASSERT_TRUE(made.is_ok());
  EXPECT_EQ(made->tokens, 6U);
  EXPECT_EQ(made->vectors, (std::vector<std::vector<float>>(2, {0.6F, 0.8F, 0})));
  EXPECT_EQ(local.engine->requests.back().texts[0].tokens, (std::vector<TokenId>{256, 'a', 'b', 257}));
  EXPECT_EQ(local.last_text().tokens, (std::vector<TokenId>{7, 8}));
}

TEST(EncoderBackend, shortens_vectors_and_brings_them_to_length_1_again) {
  LocalEncoder local;
  EmbedRequest request;
  request.texts = {"a"};
  request.dimensions = 1;
  EXPECT_EQ(local.embed(request)->vectors, (std::vector<std::vector<float>>{{1}}));
  request.dimensions = 4;
  EXPECT_EQ(local.embed(request).error().message, "dimensions: want 1 to 3, got 4");
}

TEST(EncoderBackend, cuts_long_texts_before_their_end_only_when_asked) {
  LocalEncoder local;
  EmbedRequest request;
  request.texts = {"abcdefghij"};
  ASSERT_TRUE(local.embed(request).is_ok());
  EXPECT_EQ(local.last_text().tokens.size(), 12U);  // the engine refuses it
  request.truncates = true;
  ASSERT_TRUE(local.embed(request).is_ok());
  EXPECT_EQ(local.last_text().tokens, (std::vector<TokenId>{256, 'a', 'b', 'c', 'd', 'e', 'f', 257}));
}

TEST(EncoderBackend, pairs_have_the_form_that_the_tokenizer_gives) {
  const auto with_head = [](model::EncoderDescription& description) { description.classes = {"relevance"}; };
  ScoreRequest request;
  request.texts = {{"a", "b"}};
  LocalEncoder bert(with_head);
  score_one(bert, request);
  EXPECT_EQ(bert.last_text().tokens, (std::vector<TokenId>{256, 'a', 257, 'b', 257}));
  EXPECT_EQ(bert.last_text().second_begin, 3U);
  LocalEncoder roberta(with_head, {.before = {256}, .between = {257, 257}, .after = {257}, .second_type_begin = {}});
  score_one(roberta, request);
  EXPECT_EQ(roberta.last_text().tokens, (std::vector<TokenId>{256, 'a', 257, 257, 'b', 257}));
  EXPECT_EQ(roberta.last_text().second_begin, model::EncoderText::kNoSecond);
  LocalEncoder early(with_head, {.before = {}, .between = {257, 256}, .after = {}, .second_type_begin = 1});
  score_one(early, request);
  EXPECT_EQ(early.last_text().tokens, (std::vector<TokenId>{'a', 257, 256, 'b'}));
  EXPECT_EQ(early.last_text().second_begin, 2U);
}

TEST(EncoderBackend, of_a_pair_only_the_second_text_is_cut) {
  LocalEncoder bert([](model::EncoderDescription& description) { description.classes = {"relevance"}; });
  ScoreRequest request;
  request.texts = {{"a", "bcdefghij"}};
  score_one(bert, request);
  EXPECT_EQ(bert.last_text().tokens, (std::vector<TokenId>{256, 'a', 257, 'b', 'c', 'd', 'e', 257}));
  request.texts = {{"abcdefg", "h"}};
  score_one(bert, request);
  EXPECT_EQ(bert.last_text().tokens.size(), 10U);  // the engine refuses it
  request.texts = {{"a", "bcdefghij"}};
  request.truncates = false;
  score_one(bert, request);
  EXPECT_EQ(bert.last_text().tokens.size(), 13U);
}

TEST(EncoderBackend, says_what_the_model_cannot_do) {
  LocalEncoder local;
  EXPECT_EQ(local.backend->generate({}).error().message,
            "the model \"served\" does not generate text; it makes embeddings");
  EXPECT_EQ(local.backend->score({}, {}).error().message, "the model \"served\" has no scores; it makes embeddings");
  LocalEncoder reranker([](model::EncoderDescription& description) {
    description.output = model::EncoderOutput::kScores;
    description.classes = {"relevance"};
  });
  EXPECT_EQ(reranker.embed({}).error().message, "the model \"served\" makes no embeddings; it scores texts");
  EmbedRequest other;
  other.model = "else";
  EXPECT_EQ(local.embed(other).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(local.backend->describe().embedding_width, 3U);
  EXPECT_FALSE(local.backend->describe().generates);
}

}  // namespace
}  // namespace sixfold::service
