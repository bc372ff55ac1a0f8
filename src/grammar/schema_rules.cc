// From shapes to rules.  Each set of schemas that a value must satisfy together becomes one rule, written when it is
// first needed; so schemas that contain themselves end.
#include "grammar/schema_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "grammar/json_rules.h"
#include "grammar/json_text.h"
#include "grammar/object_rules.h"
#include "grammar/schema_reader.h"

namespace sixfold::grammar {
namespace {

class SchemaWriter final : public ValueRules {
 public:
  SchemaWriter(const json::value& schema, std::string_view prefix)
      : schema_(schema), reader_(schema), prefix_(prefix) {}

  Result<std::string> write() {
    const Schemas root = normalized({&schema_});
    names_.emplace(root, prefix_);
    waiting_.emplace_back(root, prefix_);
    while (!waiting_.empty()) {
      const auto [schemas, name] = std::move(waiting_.front());
      waiting_.pop_front();
      SIXFOLD_TRY_STATUS(write_value(schemas, name));
      if (names_.size() + made_ > limits::kSchemaRulesMax || out_.size() > limits::kGrammarBytesMax / 2) {
        return invalid_argument("schema: becomes more than {} rules or {} bytes of grammar", limits::kSchemaRulesMax,
                                limits::kGrammarBytesMax / 2);
      }
    }
    return out_ + json_helper_rules(prefix_);
  }

  // ValueRules, for objects.
  Result<std::string> rule_of(const Schemas& schemas) override {
    const Schemas key = normalized(schemas);
    if (key.empty()) return helper("value");
    if (const auto known = names_.find(key); known != names_.end()) return known->second;
    std::string name = fmt::format("{}-{}", prefix_, names_.size());
    names_.emplace(key, name);
    waiting_.emplace_back(key, name);
    return name;
  }
  std::string new_name() override { return fmt::format("{}-x{}", prefix_, ++made_); }
  std::string helper(std::string_view name) const override { return fmt::format("{}-{}", prefix_, name); }
  std::string& out() override { return out_; }
  SchemaReader& reader() override { return reader_; }

 private:
  Status write_value(const Schemas& schemas, const std::string& name) {
    SIXFOLD_TRY(const std::shared_ptr<const Shapes> shapes, reader_.read(schemas));
    if (shapes->empty() && name == prefix_) return invalid_argument("schema: no value satisfies it");
    std::vector<std::string> alternatives;
    for (const Shape& shape : *shapes) SIXFOLD_TRY_STATUS(add_alternatives(shape, alternatives, schemas));
    if (alternatives.empty()) alternatives.push_back("\"x\" " + name);  // has no end, so nothing matches
    out_ += fmt::format("{} ::= {}\n", name, fmt::join(alternatives, " | "));
    return ok();
  }

  // An error of an automaton's size says which schema it belongs to.
  template <class T>
  Result<T> located(Result<T> result, const Schemas& schemas) const {
    if (result || result.error().message.starts_with("schema: ")) return result;
    const json::value& schema = schemas.empty() ? schema_ : *schemas.front();
    return reader_.refusal(schema, "", result.error().message);
  }

  Status add_alternatives(const Shape& shape, std::vector<std::string>& out, const Schemas& schemas) {
    if (shape.choices) {
      for (const json::value* choice : *shape.choices) {
        std::string text;
        append_json(text, *choice);
        SIXFOLD_TRY_STATUS(reader_.spend(text.size()));
        out.emplace_back();
        append_literal(out.back(), text);
      }
      return ok();
    }
    if (shape.types == kAllBits && is_free(shape)) {
      out.push_back(helper("value"));
      return ok();
    }
    if ((shape.types & kNullBit) != 0) out.emplace_back("\"null\"");
    if ((shape.types & kBooleanBit) != 0) out.emplace_back("\"true\" | \"false\"");
    if ((shape.types & kNumberBit) != 0) {
      SIXFOLD_TRY(std::string rule, located(number_rule(shape.number), schemas));
      out.push_back(std::move(rule));
    }
    if ((shape.types & kStringBit) != 0) {
      SIXFOLD_TRY(std::string rule, located(string_rule(shape.string), schemas));
      out.push_back(std::move(rule));
    }
    if ((shape.types & kArrayBit) != 0) {
      SIXFOLD_TRY(std::string rule, located(array_rule(shape.array), schemas));
      if (!rule.empty()) out.push_back(std::move(rule));
    }
    if ((shape.types & kObjectBit) != 0) {
      SIXFOLD_TRY(std::string rule, located(object_rule(*this, shape.object), schemas));
      if (!rule.empty()) out.push_back(std::move(rule));
    }
    return ok();
  }

  static bool is_free(const Shape& shape) {
    const auto is_open = [](const CountRange& range) { return range.least == 0 && range.most == kNoLimit; };
    const NumberBounds& number = shape.number;
    return !number.only_integers && !number.low && !number.high && number.multiple == 1 &&
           is_open(shape.string.length) && shape.string.languages.empty() && is_open(shape.array.length) &&
           shape.array.layers.empty() && is_open(shape.object.length) && shape.object.layers.empty() &&
           shape.object.required.empty() && shape.object.name_schemas.empty();
  }

  Result<std::string> number_rule(const NumberBounds& number) {
    if (!number.low && !number.high && number.multiple == 1) {
      return helper(number.only_integers ? "integer" : "number");
    }
    SIXFOLD_TRY(const Dfa numbers, dfa_of_numbers(number));
    return add_dfa(numbers, Spelling::kPlain);
  }

  std::string add_dfa(const Dfa& dfa, Spelling spelling) {
    std::string name = new_name();
    made_ += append_rules(out_, dfa, name, spelling);
    return name;
  }

  Result<std::string> string_rule(const StringShape& string) {
    if (!string.languages.empty()) {
      SIXFOLD_TRY(const std::shared_ptr<const Dfa> texts, reader_.texts_of(string, true));
      return "\"\\\"\" " + add_dfa(*texts, Spelling::kJsonString) + " \"\\\"\"";
    }
    if (string.length.least == 0 && string.length.most == kNoLimit) return helper("string");
    SIXFOLD_TRY(const std::string count, count_of("length", string.length));
    return fmt::format("\"\\\"\" {}{} \"\\\"\"", helper("char"), count);
  }

  // "{m,n}".
  static Result<std::string> count_of(std::string_view what, const CountRange& range) {
    const bool has_most = range.most != kNoLimit;
    if (range.least > limits::kGrammarRepeatMax || (has_most && range.most > limits::kGrammarRepeatMax)) {
      return invalid_argument("a {} of more than {} cannot be enforced", what, limits::kGrammarRepeatMax);
    }
    return has_most ? fmt::format("{{{},{}}}", range.least, range.most) : fmt::format("{{{},}}", range.least);
  }

  // Nothing when no array is possible.
  Result<std::string> array_rule(const ArrayShape& array) {
    std::size_t fronts = 0;
    for (const ArrayShape::Layer& layer : array.layers) fronts = std::max(fronts, layer.front.size());
    CountRange length = array.length;
    std::vector<std::string> items;  // rules of those in front, and one for the rest
    for (std::size_t index = 0; index <= fronts && index < length.most; ++index) {
      const Schemas schemas = SchemaReader::item_schemas(array, index);
      SIXFOLD_TRY(const bool is_impossible, reader_.is_empty(schemas));
      if (is_impossible) {
        length.most = index;
        break;
      }
      SIXFOLD_TRY(std::string rule, rule_of(schemas));
      items.push_back(std::move(rule));
    }
    if (length.least > length.most) return std::string();
    const std::string ws = helper("ws");
    if (length.most == 0) return fmt::format("\"[\" {} \"]\"", ws);
    // From the last to the first: what may follow each item.
    std::string tail;
    if (items.size() > fronts) {
      const auto left = [&](std::uint64_t count) { return count > fronts ? count - fronts : 0; };
      const CountRange rest{left(length.least), length.most == kNoLimit ? kNoLimit : left(length.most)};
      if (fronts == 0) return plain_array(items.front(), rest);
      SIXFOLD_TRY(const std::string count, count_of("number of items", rest));
      tail = fmt::format("({} {}){}", helper("comma"), items.back(), count);
    }
    const std::size_t named = std::min(items.size(), fronts);
    for (std::size_t index = named; index-- > 1;) {
      const std::string name = new_name();
      out_ += fmt::format("{} ::= {} {} {}\n", name, helper("comma"), items[index], tail);
      tail = index < length.least ? name : name + "?";
    }
    const std::string all = fmt::format("{} {} {}", items.front(), tail, ws);
    return length.least == 0 ? fmt::format("\"[\" {} ({})? \"]\"", ws, all) : fmt::format("\"[\" {} {} \"]\"", ws, all);
  }

  Result<std::string> plain_array(const std::string& item, const CountRange& length) {
    const CountRange more{length.least > 0 ? length.least - 1 : 0,
                          length.most == kNoLimit ? kNoLimit : length.most - 1};
    SIXFOLD_TRY(const std::string count, count_of("number of items", more));
    const std::string ws = helper("ws");
    const std::string all = fmt::format("{} ({} {}){} {}", item, helper("comma"), item, count, ws);
    return length.least == 0 ? fmt::format("\"[\" {} ({})? \"]\"", ws, all) : fmt::format("\"[\" {} {} \"]\"", ws, all);
  }

  const json::value& schema_;
  SchemaReader reader_;
  const std::string prefix_;
  std::string out_;
  std::size_t made_ = 0;  // names of rules that are no schema's
  std::map<Schemas, std::string> names_;
  std::deque<std::pair<Schemas, std::string>> waiting_;
};

}  // namespace

Result<std::string> rules_of_schema(const json::value& schema, std::string_view rule_name) {
  return SchemaWriter(schema, rule_name).write();
}

}  // namespace sixfold::grammar
