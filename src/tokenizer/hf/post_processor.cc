// Reduces every type to two lists of tokens.
#include "tokenizer/hf/post_processor.h"

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

// [CLS] text [SEP]
Result<Surroundings> read_class_and_separator(const JsonNode& node, std::size_t tokens) {
  Surroundings made;
  SIXFOLD_TRY(const TokenId classifier, read_named_token(node, "cls", tokens));
  SIXFOLD_TRY(const TokenId separator, read_named_token(node, "sep", tokens));
  made.before.push_back(classifier);
  made.after.push_back(separator);
  return made;
}

// The ids that the template's own table gives for a name.
Status append_special(const JsonNode& node, std::string_view name, std::size_t tokens, std::vector<TokenId>& out) {
  SIXFOLD_TRY(const JsonNode table, node.get("special_tokens"));
  SIXFOLD_TRY(const JsonNode entry, table.get(name));
  SIXFOLD_TRY(const JsonNode ids, entry.get("ids"));
  SIXFOLD_TRY(const json::array* array, ids.array());
  for (std::size_t i = 0; i < array->size(); ++i) {
    SIXFOLD_TRY(const TokenId token, read_token(ids.element(i), tokens));
    out.push_back(token);
  }
  if (out.size() > limits::kTokenizerStagesMax) return ids.error("too many tokens");
  return ok();
}

Result<Surroundings> read_template(const JsonNode& node, std::size_t tokens) {
  SIXFOLD_TRY(const JsonNode single, node.get("single"));
  SIXFOLD_TRY(const json::array* array, single.array());
  Surroundings made;
  bool is_behind_text = false;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const JsonNode part = single.element(i);
    if (const auto special = part.find("SpecialToken"); special.has_value()) {
      SIXFOLD_TRY(const std::string_view name, special->string("id"));
      SIXFOLD_TRY_STATUS(append_special(node, name, tokens, is_behind_text ? made.after : made.before));
      continue;
    }
    SIXFOLD_TRY(const JsonNode sequence, part.get("Sequence"));
    SIXFOLD_TRY(const std::string_view id, sequence.string("id"));
    if (id != "A" || is_behind_text) return part.error("want the text A, once");
    is_behind_text = true;
  }
  if (!is_behind_text) return single.error("want the text A, once");
  return made;
}

// Each processor surrounds what the one before has made.
Result<Surroundings> read_sequence(const JsonNode& node, std::size_t tokens) {
  SIXFOLD_TRY(const JsonNode list, node.get("processors"));
  SIXFOLD_TRY(const json::array* array, list.array());
  if (array->size() > limits::kTokenizerStagesMax) return list.error("too many stages");
  Surroundings made;
  for (std::size_t i = 0; i < array->size(); ++i) {
    SIXFOLD_TRY(const Surroundings outer, read_post_processor(list.element(i), tokens));
    made.before.insert(made.before.begin(), outer.before.begin(), outer.before.end());
    made.after.insert(made.after.end(), outer.after.begin(), outer.after.end());
  }
  return made;
}

}  // namespace

Result<Surroundings> read_post_processor(const JsonNode& node, std::size_t tokens) {
  SIXFOLD_TRY(const std::string_view type, node.type());
  if (type == "TemplateProcessing") return read_template(node, tokens);
  if (type == "BertProcessing" || type == "RobertaProcessing") return read_class_and_separator(node, tokens);
  if (type == "ByteLevel") return Surroundings();  // it only moves offsets, which we do not have
  if (type == "Sequence") return read_sequence(node, tokens);
  return invalid_argument(
      "tokenizer.json: post_processor: want one of TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel, "
      "Sequence, got \"{}\"",
      type);
}

}  // namespace sixfold::tokenizer::hf
