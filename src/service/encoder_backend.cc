// From texts to token ids, and on to the encoder's thread.
#include "service/encoder_backend.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "model/pooling.h"
#include "service/token_text.h"

namespace sixfold::service {
namespace {

using engine::EncoderInput;
using engine::EncoderOutputs;
using engine::EncoderRequest;

std::uint64_t tokens_of(const std::vector<EncoderInput>& inputs) {
  std::uint64_t tokens = 0;
  for (const EncoderInput& input : inputs) tokens += input.tokens.size();
  return tokens;
}

// Takes tokens from the end, but before the last one if that ends every text.
void cut(std::vector<TokenId>& tokens, std::size_t tokens_max, bool has_end) {
  if (tokens.size() <= tokens_max) return;
  const auto end = tokens.end() - (has_end && tokens_max > 0 ? 1 : 0);
  tokens.erase(end - static_cast<std::ptrdiff_t>(tokens.size() - tokens_max), end);
}

}  // namespace

EncoderBackend::EncoderBackend(std::unique_ptr<engine::EncoderEngine> engine,
                               std::shared_ptr<const tokenizer::Tokenizer> tokenizer, EncoderBackendOptions options)
    : tokenizer_(std::move(tokenizer)), engine_(std::move(engine)) {
  const model::EncoderDescription& encoder = engine_->description();
  const model::ModelDescription& model = encoder.model;
  description_.model = options.model.empty() ? model.name : std::move(options.model);
  description_.aliases = std::move(options.aliases);
  description_.architecture = model.architecture;
  description_.weights = model.weights;
  description_.parameters = model.parameters;
  description_.weight_bytes = model.weight_bytes;
  description_.context = model.context_max;
  description_.context_max = model.context_max;
  description_.vocabulary = model.vocabulary;
  description_.created = (options.clock != nullptr ? *options.clock : system_clock()).unix_seconds();
  description_.generates = false;
  description_.classes = encoder.classes;
  embedding_output_ = options.pooling.value_or(encoder.output);
  // Of vectors of tokens, clients get the mean.  A cross-encoder's vectors mean nothing by themselves.
  if (embedding_output_ == model::EncoderOutput::kTokens) embedding_output_ = model::EncoderOutput::kMean;
  if (embedding_output_ != model::EncoderOutput::kScores) description_.embedding_width = model.width;
  if (const auto special = tokenizer_->encode("", {.adds_special = true}); special && !special->empty()) {
    if (special->back() != tokenizer_->bos()) end_ = special->back();
  }
}

Result<std::shared_ptr<Generation>> EncoderBackend::generate(GenerateRequest request) {
  if (!names_model(description_, request.model)) return model_not_found(description_, request.model);
  return lacks_ability(description_, Ability::kGenerate);
}

Result<EncoderInput> EncoderBackend::input_of(const Text& text, bool truncates) const {
  EncoderInput input;
  if (const auto* tokens = std::get_if<std::vector<TokenId>>(&text)) {
    input.tokens = *tokens;
  } else {
    SIXFOLD_TRY(input.tokens, tokenizer_->encode(std::get<std::string>(text), {.adds_special = true}));
  }
  if (truncates) cut(input.tokens, description_.context, end_.has_value());
  return input;
}

Result<EncoderInput> EncoderBackend::input_of(const ScoredText& text, bool truncates) const {
  if (!text.second) return input_of(Text(text.text), truncates);
  SIXFOLD_TRY(const tokenizer::PairForm form, tokenizer_->pair_form());
  SIXFOLD_TRY(const std::vector<TokenId> first, tokenizer_->encode(text.text, {.adds_special = false}));
  SIXFOLD_TRY(std::vector<TokenId> second, tokenizer_->encode(*text.second, {.adds_special = false}));
  if (truncates) {
    // A query that fills the context is not cut: the engine refuses it.
    const std::size_t taken = form.before.size() + first.size() + form.between.size() + form.after.size();
    const std::size_t room = description_.context - std::min(description_.context, taken);
    if (second.size() > room) second.resize(room);
  }
  EncoderInput input;
  const auto append = [&](const std::vector<TokenId>& tokens) {
    input.tokens.insert(input.tokens.end(), tokens.begin(), tokens.end());
  };
  append(form.before);
  append(first);
  if (form.second_type_begin) input.second_begin = input.tokens.size() + *form.second_type_begin;
  append(form.between);
  append(second);
  append(form.after);
  return input;
}

Status EncoderBackend::embed(EmbedRequest request, Done<Embeddings> done) {
  if (!names_model(description_, request.model)) return model_not_found(description_, request.model);
  if (description_.embedding_width == 0) return lacks_ability(description_, Ability::kEmbed);
  const std::size_t dimensions = request.dimensions == 0 ? description_.embedding_width : request.dimensions;
  if (dimensions > description_.embedding_width) {
    return invalid_argument("dimensions: want 1 to {}, got {}", description_.embedding_width, dimensions);
  }
  EncoderRequest work{.output = embedding_output_, .stop = std::move(request.stop)};
  for (const Text& text : request.texts) {
    SIXFOLD_TRY(EncoderInput input, input_of(text, request.truncates));
    work.texts.push_back(std::move(input));
  }
  work.done = [done = std::move(done), dimensions, tokens = tokens_of(work.texts)](Result<EncoderOutputs> outputs) {
    if (!outputs) return done(std::move(outputs).error());
    Embeddings embeddings{.vectors = *std::move(outputs), .tokens = tokens};
    for (std::vector<float>& vector : embeddings.vectors) {
      vector.resize(dimensions);
      model::normalize(vector);
    }
    done(std::move(embeddings));
  };
  return engine_->submit(std::move(work));
}

Status EncoderBackend::score(ScoreRequest request, Done<Scores> done) {
  if (!names_model(description_, request.model)) return model_not_found(description_, request.model);
  if (description_.classes.empty()) return lacks_ability(description_, Ability::kScore);
  EncoderRequest work{.output = model::EncoderOutput::kScores, .stop = std::move(request.stop)};
  for (const ScoredText& text : request.texts) {
    SIXFOLD_TRY(EncoderInput input, input_of(text, request.truncates));
    work.texts.push_back(std::move(input));
  }
  work.done = [done = std::move(done), tokens = tokens_of(work.texts)](Result<EncoderOutputs> outputs) {
    if (!outputs) return done(std::move(outputs).error());
    done(Scores{.scores = *std::move(outputs), .tokens = tokens});
  };
  return engine_->submit(std::move(work));
}

Result<std::vector<TokenId>> EncoderBackend::tokenize(std::string_view text, bool adds_special,
                                                      bool parses_special) const {
  return tokenizer_->encode(text, {.adds_special = adds_special, .parses_special = parses_special});
}

Result<std::string> EncoderBackend::detokenize(const std::vector<TokenId>& tokens) const {
  return text_of_tokens(*tokenizer_, tokens);
}

}  // namespace sixfold::service
