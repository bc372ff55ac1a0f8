// Takes from the message what encoding needs; what only trainers need is stepped over.
#include "tokenizer/sentencepiece_model.h"

#include <functional>

#include "core/error.h"
#include "core/limits.h"
#include "tokenizer/proto_reader.h"
#include "tokenizer/special_names.h"

namespace sixfold::tokenizer {
namespace {

using Visit = std::function<Status(const ProtoField&)>;

Status for_each_field(std::string_view message, const Visit& visit) {
  ProtoReader reader(message);
  while (true) {
    SIXFOLD_TRY(const std::optional<ProtoField> field, reader.next());
    if (!field.has_value()) return ok();
    SIXFOLD_TRY_STATUS(visit(*field));
  }
}

Status read_piece(std::string_view message, Vocabulary& vocabulary) {
  std::string_view text;
  float score = 0;
  std::int64_t kind = static_cast<std::int64_t>(TokenKind::kNormal);
  SIXFOLD_TRY_STATUS(for_each_field(message, [&](const ProtoField& field) {
    if (field.number == 1) text = field.bytes;
    if (field.number == 2) score = field.number32().value_or(score);
    if (field.number == 3) kind = field.integer().value_or(kind);
    return ok();
  }));
  // The numbers are those of GGUF, which took them from here.
  if (kind < static_cast<std::int64_t>(TokenKind::kNormal) || kind > static_cast<std::int64_t>(TokenKind::kByte)) {
    return corrupt_data("piece {}: type: want 1 to 6, got {}", vocabulary.tokens.size(), kind);
  }
  if (vocabulary.tokens.size() == limits::kVocabularyMax) {
    return corrupt_data("want at most {} pieces", limits::kVocabularyMax);
  }
  vocabulary.tokens.push_back(text);
  vocabulary.scores.push_back(score);
  vocabulary.kinds.push_back(static_cast<TokenKind>(kind));
  return ok();
}

// The numbers of TrainerSpec.ModelType.
constexpr std::int64_t kUnigramModel = 1;
constexpr std::int64_t kBpeModel = 2;

struct TrainerSpec {
  std::int64_t model_type = kUnigramModel;
  std::int64_t unknown = 0, bos = 1, eos = 2, padding = -1;
  bool treats_space_as_suffix = false;
};

Status read_trainer(std::string_view message, TrainerSpec& spec) {
  return for_each_field(message, [&](const ProtoField& field) {
    // Ids are int32: negative ones come as 64 bits, of which the lower half counts.
    const auto id = [&](std::int64_t& out) { out = static_cast<std::int32_t>(field.integer().value_or(out)); };
    switch (field.number) {
      case 3:
        spec.model_type = field.integer().value_or(spec.model_type);
        break;
      case 24:
        spec.treats_space_as_suffix = field.integer().value_or(0) != 0;
        break;
      case 40:
        id(spec.unknown);
        break;
      case 41:
        id(spec.bos);
        break;
      case 42:
        id(spec.eos);
        break;
      case 43:
        id(spec.padding);
        break;
      default:
        break;
    }
    return ok();
  });
}

struct NormalizerSpec {
  std::string_view charsmap;
  bool adds_prefix = true;
  bool removes_extra_spaces = true;
  bool writes_marks = true;
};

Status read_normalizer(std::string_view message, NormalizerSpec& spec) {
  return for_each_field(message, [&](const ProtoField& field) {
    const auto flag = [&](bool& out) { out = field.integer().value_or(out ? 1 : 0) != 0; };
    if (field.number == 2) spec.charsmap = field.bytes;
    if (field.number == 3) flag(spec.adds_prefix);
    if (field.number == 4) flag(spec.removes_extra_spaces);
    if (field.number == 5) flag(spec.writes_marks);
    return ok();
  });
}

// An id that the file's own tokens do not have means that there is no such token.
void name(std::optional<TokenId>& token, std::int64_t id, const Vocabulary& vocabulary) {
  const bool exists = id >= 0 && static_cast<std::uint64_t>(id) < vocabulary.tokens.size();
  if (!token.has_value() && exists) token = static_cast<TokenId>(id);
}

}  // namespace

Status read_sentencepiece_model(std::string_view bytes, Vocabulary& vocabulary) {
  TrainerSpec trainer;
  NormalizerSpec normalizer;
  vocabulary.tokens.clear();
  vocabulary.scores.clear();
  vocabulary.kinds.clear();
  const Status read = for_each_field(bytes, [&](const ProtoField& field) -> Status {
    if (field.number == 1) return read_piece(field.bytes, vocabulary);
    if (field.number == 2) return read_trainer(field.bytes, trainer);
    if (field.number == 3) return read_normalizer(field.bytes, normalizer);
    return ok();
  });
  if (!read) return with_context(read.error(), "tokenizer.model");
  if (trainer.model_type != kUnigramModel && trainer.model_type != kBpeModel) {
    return invalid_argument("tokenizer.model: model_type: want 1 (Unigram) or 2 (BPE), got {}", trainer.model_type);
  }
  if (!normalizer.writes_marks || trainer.treats_space_as_suffix) {
    return invalid_argument("tokenizer.model: want spaces written as marks in front of words");
  }
  vocabulary.model = trainer.model_type == kBpeModel ? "llama" : "t5";
  vocabulary.charsmap = normalizer.charsmap;
  if (!vocabulary.adds_space_prefix.has_value()) vocabulary.adds_space_prefix = normalizer.adds_prefix;
  vocabulary.removes_extra_spaces = normalizer.removes_extra_spaces;
  name_special_tokens(vocabulary);  // what the files beside it say comes before what the trainer wrote
  name(vocabulary.unknown, trainer.unknown, vocabulary);
  name(vocabulary.bos, trainer.bos, vocabulary);
  name(vocabulary.eos, trainer.eos, vocabulary);
  name(vocabulary.padding, trainer.padding, vocabulary);
  return ok();
}

}  // namespace sixfold::tokenizer
