// Reduces every type to lists of tokens: around one text, and around two.
#include "tokenizer/hf/post_processor.h"

#include <string_view>
#include <utility>

#include "core/limits.h"

namespace sixfold::tokenizer::hf {
namespace {

namespace json = boost::json;

Result<TokenId> read_token(const JsonNode& node, std::size_t tokens) {
  SIXFOLD_TRY(const std::uint64_t id, node.count());
  if (id >= tokens) return node.error(fmt::format("want an id below {}, got {}", tokens, id));
  return static_cast<TokenId>(id);
}

// ["[CLS]", 101]
Result<TokenId> read_named_token(const JsonNode& node, std::string_view name, std::size_t tokens) {
  SIXFOLD_TRY(const JsonNode pair, node.get(name));
  SIXFOLD_TRY(const json::array* array, pair.array());
  if (array->size() != 2) return pair.error("want a text and an id");
  return read_token(pair.element(1), tokens);
}

// BERT: [CLS] text [SEP], and [CLS] first [SEP] second [SEP] with two types.
// RoBERTa: <s> text </s>, and <s> first </s> </s> second </s> with one.
Result<Surroundings> read_class_and_separator(const JsonNode& node, bool is_bert, std::size_t tokens) {
  SIXFOLD_TRY(const TokenId classifier, read_named_token(node, "cls", tokens));
  SIXFOLD_TRY(const TokenId separator, read_named_token(node, "sep", tokens));
  Surroundings made;
  made.before.push_back(classifier);
  made.after.push_back(separator);
  PairForm pair = {.before = {classifier}, .between = {separator}, .after = {separator}, .second_type_begin = {}};
  if (is_bert) {
    pair.second_type_begin = pair.between.size();
  } else {
    pair.between.push_back(separator);
  }
  made.pair = std::move(pair);
  return made;
}

// One place of a template: a text, or special tokens.
struct TemplatePart {
  std::string_view text;  // "A" or "B"; empty for tokens
  std::vector<TokenId> tokens;
  std::uint64_t type = 0;
};

// The ids that the template's own table gives for a name.
Result<std::vector<TokenId>> read_special(const JsonNode& node, std::string_view name, std::size_t tokens) {
  SIXFOLD_TRY(const JsonNode table, node.get("special_tokens"));
  SIXFOLD_TRY(const JsonNode entry, table.get(name));
  SIXFOLD_TRY(const JsonNode ids, entry.get("ids"));
  SIXFOLD_TRY(const json::array* array, ids.array());
  if (array->size() > limits::kTokenizerStagesMax) return ids.error("too many tokens");
  std::vector<TokenId> made;
  for (std::size_t i = 0; i < array->size(); ++i) {
    SIXFOLD_TRY(const TokenId token, read_token(ids.element(i), tokens));
    made.push_back(token);
  }
  return made;
}

// list: node's "single" or "pair".
Result<std::vector<TemplatePart>> read_parts(const JsonNode& node, const JsonNode& list, std::size_t tokens) {
  SIXFOLD_TRY(const json::array* array, list.array());
  if (array->size() > limits::kTokenizerStagesMax) return list.error("too many parts");
  std::vector<TemplatePart> parts;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const JsonNode element = list.element(i);
    TemplatePart part;
    const auto special = element.find("SpecialToken");
    SIXFOLD_TRY(const JsonNode place, special.has_value() ? Result<JsonNode>(*special) : element.get("Sequence"));
    SIXFOLD_TRY(const std::string_view id, place.string("id"));
    SIXFOLD_TRY(part.type, place.count_or("type_id", 0));
    if (special.has_value()) {
      SIXFOLD_TRY(part.tokens, read_special(node, id, tokens));
    } else if (id == "A" || id == "B") {
      part.text = id;
    } else {
      return place.error(fmt::format("want the text A or B, got \"{}\"", id));
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

Status take_single(const JsonNode& list, const std::vector<TemplatePart>& parts, Surroundings& made) {
  bool is_behind_text = false;
  for (const TemplatePart& part : parts) {
    if (part.text.empty()) {
      std::vector<TokenId>& side = is_behind_text ? made.after : made.before;
      side.insert(side.end(), part.tokens.begin(), part.tokens.end());
      continue;
    }
    if (part.text != "A" || is_behind_text) return list.error("want the text A, once");
    is_behind_text = true;
  }
  return is_behind_text ? ok() : Status(list.error("want the text A, once"));
}

Result<PairForm> pair_of(const JsonNode& list, const std::vector<TemplatePart>& parts) {
  PairForm form;
  std::vector<TokenId>* side = &form.before;
  std::uint64_t type = 0;
  for (const TemplatePart& part : parts) {
    if (part.type != type) {
      if (part.type != 1 || side != &form.between) {
        return list.error("want type ids of 0, and from some place behind the text A on, B at the latest, of 1");
      }
      type = 1;
      form.second_type_begin = form.between.size();
    }
    if (part.text.empty()) {
      side->insert(side->end(), part.tokens.begin(), part.tokens.end());
    } else if (part.text == "A" && side == &form.before) {
      side = &form.between;
    } else if (part.text == "B" && side == &form.between) {
      side = &form.after;
    } else {
      return list.error("want the text A, and behind it B, each once");
    }
  }
  if (side != &form.after) return list.error("want the text A, and behind it B, each once");
  return form;
}

Result<Surroundings> read_template(const JsonNode& node, std::size_t tokens) {
  SIXFOLD_TRY(const JsonNode single, node.get("single"));
  SIXFOLD_TRY(const std::vector<TemplatePart> parts, read_parts(node, single, tokens));
  Surroundings made;
  SIXFOLD_TRY_STATUS(take_single(single, parts, made));
  const auto pair = node.find("pair");
  if (pair.has_value()) {
    SIXFOLD_TRY(const std::vector<TemplatePart> pair_parts, read_parts(node, *pair, tokens));
    made.pair = pair_of(*pair, pair_parts);
  } else {
    made.pair = node.error("want a field \"pair\" for two texts");
  }
  return made;
}

// Each processor surrounds what the one before has made.  ByteLevel only moves offsets, which we do not have.
Result<Surroundings> read_sequence(const JsonNode& node, std::size_t tokens) {
  SIXFOLD_TRY(const JsonNode list, node.get("processors"));
  SIXFOLD_TRY(const json::array* array, list.array());
  if (array->size() > limits::kTokenizerStagesMax) return list.error("too many stages");
  Surroundings made;
  bool has_pair = false;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const JsonNode stage = list.element(i);
    SIXFOLD_TRY(const Surroundings outer, read_post_processor(stage, tokens));
    SIXFOLD_TRY(const std::string_view type, stage.type());
    if (type == "ByteLevel") continue;
    made.before.insert(made.before.begin(), outer.before.begin(), outer.before.end());
    made.after.insert(made.after.end(), outer.after.begin(), outer.after.end());
    made.pair = has_pair ? list.error("want one stage that surrounds two texts, got several") : outer.pair;
    has_pair = true;
  }
  return made;
}

}  // namespace

Result<Surroundings> read_post_processor(const JsonNode& node, std::size_t tokens) {
  SIXFOLD_TRY(const std::string_view type, node.type());
  if (type == "TemplateProcessing") return read_template(node, tokens);
  if (type == "BertProcessing") return read_class_and_separator(node, true, tokens);
  if (type == "RobertaProcessing") return read_class_and_separator(node, false, tokens);
  if (type == "ByteLevel") return Surroundings();
  if (type == "Sequence") return read_sequence(node, tokens);
  return invalid_argument(
      "tokenizer.json: post_processor: want one of TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, "
      "Sequence, got \"{}\"",
      type);
}

}  // namespace sixfold::tokenizer::hf
