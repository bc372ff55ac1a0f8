// Members one behind the other: a rule for each place in their order, and for whether a comma is due.
#include "grammar/object_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "grammar/json_text.h"

namespace sixfold::grammar {
namespace {

constexpr std::size_t kPatternsMax = 5;  // names are told apart by all sets of patterns that they match

struct Member {
  std::string text;  // key, colon and value
  bool is_required = false;
};

class ObjectWriter {
 public:
  ObjectWriter(ValueRules& rules, const ObjectShape& object)
      : rules_(rules), object_(object), required_(object.required.begin(), object.required.end()) {}

  Result<std::string> write() {
    SIXFOLD_TRY(names_, rules_.reader().property_names(object_));
    SIXFOLD_TRY(const bool has_members, add_named());
    if (!has_members) return std::string();
    SIXFOLD_TRY_STATUS(add_others());
    SIXFOLD_TRY_STATUS(check_length());
    const std::string ws = rules_.helper("ws");
    SIXFOLD_TRY(const std::string first, members_from(0, 0));
    return fmt::format("\"{{\" {} {} \"}}\"", ws, first);
  }

 private:
  bool is_required(std::string_view name) const { return required_.contains(name); }

  // False when a required one is impossible.
  Result<bool> add_named() {
    for (const ObjectShape::Layer& layer : object_.layers) {
      if (layer.absent) add_key(*layer.absent);
      if (layer.properties == nullptr) continue;
      SIXFOLD_TRY_STATUS(rules_.reader().spend(layer.properties->size()));
      for (const auto& property : *layer.properties) add_key({property.key().data(), property.key().size()});
    }
    for (const std::string& name : object_.required) add_key(name);
    if (keys_.size() > limits::kSchemaPropertiesMax) {
      return invalid_argument("{} properties together, want at most {}", keys_.size(), limits::kSchemaPropertiesMax);
    }
    SIXFOLD_TRY_STATUS(rules_.reader().spend(keys_.size() * (1 + object_.layers.size())));
    for (const std::string& key : keys_) {
      const Schemas schemas = SchemaReader::property_schemas(object_, key);
      SIXFOLD_TRY(bool is_impossible, rules_.reader().is_empty(schemas));
      is_impossible = is_impossible || (names_ != nullptr && !matches(*names_, key));
      if (is_impossible && is_required(key)) return false;
      if (is_impossible) continue;
      SIXFOLD_TRY(const std::string value, rules_.rule_of(schemas));
      std::string text;
      append_json(text, json::value(json::string(key)));
      Member member;
      append_literal(member.text, text);
      member.text += fmt::format(" {} {}", rules_.helper("colon"), value);
      member.is_required = is_required(key);
      named_.push_back(std::move(member));
    }
    return true;
  }

  void add_key(const std::string& key) {
    if (known_keys_.insert(key).second) keys_.push_back(key);
  }

  // The members that have no name here: one kind for each set of patterns that a name can match.
  Status add_others() {
    std::vector<const ObjectShape::Pattern*> patterns;
    for (const ObjectShape::Layer& layer : object_.layers) {
      for (const ObjectShape::Pattern& pattern : layer.patterns) patterns.push_back(&pattern);
    }
    if (patterns.size() > kPatternsMax) {
      return invalid_argument("{} patterns of property names, want at most {}", patterns.size(), kPatternsMax);
    }
    for (std::size_t set = 0; set < (std::size_t{1} << patterns.size()); ++set) {
      SIXFOLD_TRY_STATUS(add_others_of(patterns, set));
    }
    return ok();
  }

  Status add_others_of(const std::vector<const ObjectShape::Pattern*>& patterns, std::size_t set) {
    const auto is_in_set = [&](const ObjectShape::Pattern& pattern) {
      const auto place = std::find(patterns.begin(), patterns.end(), &pattern);
      return (set >> static_cast<std::size_t>(place - patterns.begin()) & 1) != 0;
    };
    Schemas schemas;
    for (const ObjectShape::Layer& layer : object_.layers) {
      bool is_named = false;
      for (const ObjectShape::Pattern& pattern : layer.patterns) {
        if (!is_in_set(pattern)) continue;
        schemas.push_back(pattern.schema);
        is_named = true;
      }
      if (!is_named && layer.others != nullptr) schemas.push_back(layer.others);
    }
    SIXFOLD_TRY(const bool is_impossible, rules_.reader().is_empty(schemas));
    if (is_impossible) return ok();

    std::string key = rules_.helper("string");
    if (!patterns.empty() || !keys_.empty() || names_ != nullptr) {
      SIXFOLD_TRY(Dfa names, subtract(names_ != nullptr ? *names_ : dfa_of_all(), dfa_of_texts(keys_)));
      for (std::size_t index = 0; index < patterns.size(); ++index) {
        const Dfa& own = *patterns[index]->names;
        SIXFOLD_TRY(names, (set >> index & 1) != 0 ? intersect(names, own) : subtract(names, own));
      }
      if (is_empty(names)) return ok();
      const std::string name = rules_.new_name();
      append_rules(rules_.out(), names, name, Spelling::kJsonString);
      key = fmt::format("\"\\\"\" {} \"\\\"\"", name);
    }
    SIXFOLD_TRY(const std::string value, rules_.rule_of(schemas));
    others_.push_back(fmt::format("{} {} {}", key, rules_.helper("colon"), value));
    return ok();
  }

  // Names that come twice count once, and nobody can see that they do: a least number is only sure when one further
  // member reaches it.
  Status check_length() {
    const auto required = static_cast<std::uint64_t>(
        std::count_if(named_.begin(), named_.end(), [](const Member& member) { return member.is_required; }));
    if (!others_.empty() && object_.length.least > required + 1) {
      return invalid_argument(
          "a least number of properties above {} cannot be enforced beside names that are not listed", required + 1);
    }
    counts_ = object_.length.least > required || object_.length.most != kNoLimit;
    constexpr std::uint64_t kCountedMax = 256;
    if (counts_ && (object_.length.least > kCountedMax ||
                    (object_.length.most != kNoLimit && object_.length.most > kCountedMax))) {
      return invalid_argument("a number of properties above {} cannot be enforced", kCountedMax);
    }
    return ok();
  }

  // How far counting must go: whether any member was written, or how many.
  std::size_t counted(std::size_t members) const {
    if (!counts_) return std::min<std::size_t>(members, 1);
    const std::uint64_t enough = std::max<std::uint64_t>(object_.length.least, 1);
    return object_.length.most == kNoLimit ? std::min<std::size_t>(members, enough) : members;
  }

  bool may_have_more(std::size_t members) const { return !counts_ || members < object_.length.most; }
  bool may_end(std::size_t members) const { return !counts_ || members >= object_.length.least; }

  std::string separated(std::size_t members, const std::string& member) const {
    return members == 0 ? member : rules_.helper("comma") + " " + member;
  }

  // The rule for everything up to the closing brace, when named members from `index` on are still to come and so many
  // were written.  Written from the last to the first, without recursion.
  Result<std::string> members_from(std::size_t begin, std::size_t members) {
    const std::size_t count_max = named_.size() + 1;
    const std::size_t counts = counts_ && object_.length.most != kNoLimit
                                   ? std::min<std::size_t>(object_.length.most, count_max) + 1
                                   : counted(count_max) + 1;
    if ((named_.size() + 1) * counts > limits::kSchemaRulesMax) {
      return invalid_argument("{} properties and {} counts of them become too many rules", named_.size(), counts);
    }
    std::vector<std::string> behind(counts);  // by number of members; empty: impossible
    for (std::size_t written = 0; written < counts; ++written) {
      SIXFOLD_TRY(behind[written], end_rule(written));
    }
    for (std::size_t index = named_.size(); index-- > begin;) {
      std::vector<std::string> own(counts);
      for (std::size_t written = 0; written < counts; ++written) {
        const Member& member = named_[index];
        const std::size_t more = std::min(counted(written + 1), counts - 1);
        const bool may_come = may_have_more(written) && !behind[more].empty();
        const bool may_be_left_out = !member.is_required && !behind[written].empty();
        if (!may_come && !may_be_left_out) continue;
        if (!may_come) {
          own[written] = behind[written];
          continue;
        }
        own[written] = rules_.new_name();
        rules_.out() += fmt::format("{} ::= {} {}", own[written], separated(written, member.text), behind[more]);
        if (may_be_left_out) rules_.out() += " | " + behind[written];
        rules_.out() += '\n';
      }
      behind = std::move(own);
    }
    return behind[members].empty() ? std::string("\"x\" ") + never() : behind[members];
  }

  // Has no end, so nothing matches.
  std::string never() {
    const std::string name = rules_.new_name();
    rules_.out() += fmt::format("{0} ::= \"x\" {0}\n", name);
    return name;
  }

  // Behind the last named member: the others, and the space before the brace.
  Result<std::string> end_rule(std::size_t written) {
    const std::string ws = rules_.helper("ws");
    const std::uint64_t least = object_.length.least;
    const bool is_short = counts_ && written < least;
    if (others_.empty() || !may_have_more(written)) {
      if (is_short) return std::string();
      return written == 0 ? std::string("\"\"") : ws;
    }
    const std::string other = rules_.new_name();
    rules_.out() += fmt::format("{} ::= {}\n", other, fmt::join(others_, " | "));
    const std::string more = fmt::format("({} {})", rules_.helper("comma"), other);
    const bool has_most = counts_ && object_.length.most != kNoLimit;
    const std::uint64_t most = has_most ? object_.length.most - written : kNoLimit;
    const std::uint64_t missing = is_short ? least - written : 0;  // at most 1, or there are no others
    const auto times = [](std::uint64_t from, std::uint64_t to) {
      return to == kNoLimit ? fmt::format("{{{},}}", from) : fmt::format("{{{},{}}}", from, to);
    };
    const std::string name = rules_.new_name();
    if (written > 0) {
      rules_.out() += fmt::format("{} ::= {}{} {}\n", name, more, times(missing, most), ws);
    } else {
      const std::string all = fmt::format("{} {}{} {}", other, more,
                                          times(missing > 0 ? missing - 1 : 0, has_most ? most - 1 : kNoLimit), ws);
      rules_.out() += missing > 0 ? fmt::format("{} ::= {}\n", name, all) : fmt::format("{} ::= ({})?\n", name, all);
    }
    return name;
  }

  ValueRules& rules_;
  const ObjectShape& object_;
  const std::unordered_set<std::string_view> required_;
  std::shared_ptr<const Dfa> names_;  // that are allowed; null: all
  std::vector<std::string> keys_;     // named here
  std::unordered_set<std::string> known_keys_;
  std::vector<Member> named_;
  std::vector<std::string> others_;  // key, colon and value of each kind
  bool counts_ = false;
};

}  // namespace

Result<std::string> object_rule(ValueRules& rules, const ObjectShape& object) {
  return ObjectWriter(rules, object).write();
}

}  // namespace sixfold::grammar
