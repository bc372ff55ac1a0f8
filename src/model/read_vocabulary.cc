// GGUF's tokenizer.* keys.  Source: the GGUF specification, section "Tokenizer", and llama.cpp's converter for the
// rest; tokenizer.huggingface.*, tokenizer.sentencepiece.model and eos_token_ids hold the files of a folder.
#include <cmath>
#include <limits>
#include <new>
#include <string>

#include "core/error.h"
#include "core/limits.h"
#include "model/model.h"

namespace sixfold::model {
namespace {

using formats::Checkpoint;
using tokenizer::TokenKind;
using tokenizer::Vocabulary;

// Absent keys are the file's defect, not the caller's.
template <class T>
Result<T> required(Result<T> value) {
  if (value.is_ok()) return value;
  return Error{ErrorCode::kCorruptData, value.error().message};
}

Error wrong_length(const Checkpoint& checkpoint, std::string_view key, std::size_t got, std::size_t want) {
  return corrupt_data("{}: {}: {} entries, want {}", checkpoint.path(), key, got, want);
}

// The embedding is the authority on how many tokens there are; a file of a vocabulary alone has none.
Status check_token_count(const Checkpoint& checkpoint, std::size_t tokens) {
  if (tokens < 1 || tokens > limits::kVocabularyMax) {
    return corrupt_data("{}: tokenizer.ggml.tokens: {} entries, want 1 to {}", checkpoint.path(), tokens,
                        limits::kVocabularyMax);
  }
  const TensorView* embedding = checkpoint.find_tensor("token_embd.weight");
  if (embedding != nullptr && embedding->shape[0] != tokens) {
    return wrong_length(checkpoint, "tokenizer.ggml.tokens", tokens, embedding->shape[0]);
  }
  return ok();
}

Result<std::vector<float>> read_scores(const Checkpoint& checkpoint, std::size_t tokens) {
  constexpr std::string_view kKey = "tokenizer.ggml.scores";
  SIXFOLD_TRY(const std::vector<double> numbers, required(checkpoint.numbers(kKey)));
  if (numbers.size() != tokens) return wrong_length(checkpoint, kKey, numbers.size(), tokens);
  std::vector<float> scores;
  scores.reserve(tokens);
  for (const double number : numbers) {
    // Merges are ordered by score, and NaN has no order.
    if (std::isnan(number))
      return corrupt_data("{}: {}: entry {} is not a number", checkpoint.path(), kKey, scores.size());
    scores.push_back(static_cast<float>(number));
  }
  return scores;
}

Result<std::vector<TokenKind>> read_kinds(const Checkpoint& checkpoint, std::size_t tokens) {
  constexpr std::string_view kKey = "tokenizer.ggml.token_type";
  constexpr auto kFirst = static_cast<std::int64_t>(TokenKind::kNormal);
  constexpr auto kLast = static_cast<std::int64_t>(TokenKind::kByte);
  std::vector<TokenKind> kinds;
  if (checkpoint.find(kKey) == nullptr) return kinds;
  SIXFOLD_TRY(const std::vector<std::int64_t> values, checkpoint.integers(kKey));
  if (values.size() != tokens) return wrong_length(checkpoint, kKey, values.size(), tokens);
  kinds.reserve(tokens);
  for (const std::int64_t value : values) {
    if (value < kFirst || value > kLast) {
      return corrupt_data("{}: {}: entry {} is {}, want {} to {}", checkpoint.path(), kKey, kinds.size(), value, kFirst,
                          kLast);
    }
    kinds.push_back(static_cast<TokenKind>(value));
  }
  return kinds;
}

Result<std::optional<TokenId>> read_id(const Checkpoint& checkpoint, std::string_view key, std::size_t tokens) {
  if (checkpoint.find(key) == nullptr) return std::optional<TokenId>();
  SIXFOLD_TRY(const std::uint64_t id, checkpoint.unsigned_integer(key));
  // -1 stored in 32 bits: early converters wrote it for "none".
  if (id == std::numeric_limits<std::uint32_t>::max()) return std::optional<TokenId>();
  if (id >= tokens) return corrupt_data("{}: {}: {}, want 0 to {}", checkpoint.path(), key, id, tokens - 1);
  return std::optional<TokenId>(static_cast<TokenId>(id));
}

Result<std::optional<bool>> read_flag(const Checkpoint& checkpoint, std::string_view key) {
  if (checkpoint.find(key) == nullptr) return std::optional<bool>();
  SIXFOLD_TRY(const bool value, checkpoint.boolean(key));
  return std::optional<bool>(value);
}

// Further ends of a generation: generation_config.json may list several.
Result<std::vector<TokenId>> read_end_tokens(const Checkpoint& checkpoint, std::size_t tokens) {
  constexpr std::string_view kKey = "tokenizer.ggml.eos_token_ids";
  std::vector<TokenId> ends;
  if (checkpoint.find(kKey) == nullptr) return ends;
  SIXFOLD_TRY(const std::vector<std::int64_t> ids, checkpoint.integers(kKey));
  for (const std::int64_t id : ids) {
    if (id < 0 || static_cast<std::uint64_t>(id) >= tokens) {
      return corrupt_data("{}: {}: {}, want 0 to {}", checkpoint.path(), kKey, id, tokens - 1);
    }
    ends.push_back(static_cast<TokenId>(id));
  }
  return ends;
}

// An array of bytes, which GGUF stores as numbers.
Result<std::string> read_charsmap(const Checkpoint& checkpoint) {
  constexpr std::string_view kKey = "tokenizer.ggml.precompiled_charsmap";
  std::string bytes;
  if (checkpoint.find(kKey) == nullptr) return bytes;
  SIXFOLD_TRY(const std::vector<std::int64_t> values, checkpoint.integers(kKey));
  bytes.reserve(values.size());
  for (const std::int64_t value : values) {
    if (value < -128 || value > 255) {
      return corrupt_data("{}: {}: entry {} is {}, want a byte", checkpoint.path(), kKey, bytes.size(), value);
    }
    bytes.push_back(static_cast<char>(value));
  }
  return bytes;
}

// Rows of an encoder's table of them.
std::optional<std::size_t> token_types_of(const Checkpoint& checkpoint) {
  const TensorView* table = checkpoint.find_tensor("token_types.weight");
  if (table == nullptr) return std::nullopt;
  return table->shape.rank == 1 ? 1 : table->shape[0];
}

Status read_special_ids(const Checkpoint& checkpoint, std::size_t tokens, Vocabulary& out) {
  SIXFOLD_TRY(out.bos, read_id(checkpoint, "tokenizer.ggml.bos_token_id", tokens));
  SIXFOLD_TRY(out.eos, read_id(checkpoint, "tokenizer.ggml.eos_token_id", tokens));
  SIXFOLD_TRY(out.unknown, read_id(checkpoint, "tokenizer.ggml.unknown_token_id", tokens));
  SIXFOLD_TRY(out.eot, read_id(checkpoint, "tokenizer.ggml.eot_token_id", tokens));
  SIXFOLD_TRY(out.padding, read_id(checkpoint, "tokenizer.ggml.padding_token_id", tokens));
  SIXFOLD_TRY(out.classifier, read_id(checkpoint, "tokenizer.ggml.cls_token_id", tokens));
  SIXFOLD_TRY(out.separator, read_id(checkpoint, "tokenizer.ggml.seperator_token_id", tokens));  // spelt so
  SIXFOLD_TRY(out.fim_prefix, read_id(checkpoint, "tokenizer.ggml.fim_pre_token_id", tokens));
  SIXFOLD_TRY(out.fim_suffix, read_id(checkpoint, "tokenizer.ggml.fim_suf_token_id", tokens));
  SIXFOLD_TRY(out.fim_middle, read_id(checkpoint, "tokenizer.ggml.fim_mid_token_id", tokens));
  SIXFOLD_TRY(out.fim_repository, read_id(checkpoint, "tokenizer.ggml.fim_rep_token_id", tokens));
  SIXFOLD_TRY(out.fim_file, read_id(checkpoint, "tokenizer.ggml.fim_sep_token_id", tokens));
  SIXFOLD_TRY(out.end_tokens, read_end_tokens(checkpoint, tokens));
  out.token_types = token_types_of(checkpoint);
  return ok();
}

Status read_flags(const Checkpoint& checkpoint, Vocabulary& out) {
  SIXFOLD_TRY(out.adds_bos, read_flag(checkpoint, "tokenizer.ggml.add_bos_token"));
  SIXFOLD_TRY(out.adds_eos, read_flag(checkpoint, "tokenizer.ggml.add_eos_token"));
  SIXFOLD_TRY(out.adds_space_prefix, read_flag(checkpoint, "tokenizer.ggml.add_space_prefix"));
  SIXFOLD_TRY(out.removes_extra_spaces, read_flag(checkpoint, "tokenizer.ggml.remove_extra_whitespaces"));
  SIXFOLD_TRY(out.lowers_case, read_flag(checkpoint, "tokenizer.ggml.normalizer.lowercase"));
  SIXFOLD_TRY(out.strips_accents, read_flag(checkpoint, "tokenizer.ggml.normalizer.strip_accents"));
  return ok();
}

// Ids are checked against the embedding, which may have more rows than the tokenizer has tokens.
Result<Vocabulary> read_whole_file(const Checkpoint& checkpoint) {
  Vocabulary out;
  SIXFOLD_TRY(out.huggingface_json, checkpoint.string_or("tokenizer.huggingface.json", ""));
  SIXFOLD_TRY(out.sentencepiece_model, checkpoint.string_or("tokenizer.sentencepiece.model", ""));
  const TensorView* embedding = checkpoint.find_tensor("token_embd.weight");
  if (embedding != nullptr) out.tokens_min = embedding->shape[0];
  if (out.tokens_min > limits::kVocabularyMax) {
    return corrupt_data("{}: token_embd.weight: {} rows, want at most {}", checkpoint.path(), out.tokens_min,
                        limits::kVocabularyMax);
  }
  SIXFOLD_TRY(out.bos_text, checkpoint.string_or("tokenizer.huggingface.bos_token", ""));
  SIXFOLD_TRY(out.eos_text, checkpoint.string_or("tokenizer.huggingface.eos_token", ""));
  SIXFOLD_TRY(out.unknown_text, checkpoint.string_or("tokenizer.huggingface.unk_token", ""));
  SIXFOLD_TRY(out.padding_text, checkpoint.string_or("tokenizer.huggingface.pad_token", ""));
  SIXFOLD_TRY_STATUS(read_special_ids(checkpoint, embedding != nullptr ? out.tokens_min : limits::kVocabularyMax, out));
  SIXFOLD_TRY_STATUS(read_flags(checkpoint, out));
  SIXFOLD_TRY(out.chat_template, checkpoint.string_or("tokenizer.chat_template", ""));
  return out;
}

bool has_whole_file(const Checkpoint& checkpoint) {
  return checkpoint.find("tokenizer.huggingface.json") != nullptr ||
         checkpoint.find("tokenizer.sentencepiece.model") != nullptr;
}

Result<Vocabulary> read(const Checkpoint& checkpoint) {
  if (checkpoint.find("tokenizer.ggml.tokens") == nullptr && has_whole_file(checkpoint)) {
    return read_whole_file(checkpoint);
  }
  Vocabulary out;
  SIXFOLD_TRY(out.model, required(checkpoint.string("tokenizer.ggml.model")));
  SIXFOLD_TRY(out.pretokenizer, checkpoint.string_or("tokenizer.ggml.pre", ""));
  SIXFOLD_TRY(const StringArray* tokens, required(checkpoint.strings("tokenizer.ggml.tokens")));
  SIXFOLD_TRY_STATUS(check_token_count(checkpoint, tokens->size()));
  out.tokens = *tokens;
  // Byte-level vocabularies rank by merges; SentencePiece ones by score.
  if (out.model == "llama" || out.model == "t5" || checkpoint.find("tokenizer.ggml.scores") != nullptr) {
    SIXFOLD_TRY(out.scores, read_scores(checkpoint, tokens->size()));
  }
  SIXFOLD_TRY(out.kinds, read_kinds(checkpoint, tokens->size()));
  if (out.model == "gpt2") {
    SIXFOLD_TRY(const StringArray* merges, required(checkpoint.strings("tokenizer.ggml.merges")));
    out.merges = *merges;
  }
  SIXFOLD_TRY(out.charsmap, read_charsmap(checkpoint));
  SIXFOLD_TRY_STATUS(read_special_ids(checkpoint, tokens->size(), out));
  SIXFOLD_TRY_STATUS(read_flags(checkpoint, out));
  SIXFOLD_TRY(out.chat_template, checkpoint.string_or("tokenizer.chat_template", ""));
  return out;
}

}  // namespace

Result<Vocabulary> read_vocabulary(const Checkpoint& checkpoint) {
  try {
    return read(checkpoint);
  } catch (const std::bad_alloc&) {
    return resource_exhausted("{}: no memory for the vocabulary", checkpoint.path());
  }
}

}  // namespace sixfold::model
