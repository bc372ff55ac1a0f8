// Asked keys are remembered, so that the others can be named at the end.
#include "manifest/section.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "manifest/nearest_name.h"
#include "manifest/section_state.h"

namespace sixfold::manifest {
namespace {

constexpr std::size_t kTextBytesMax = 64u << 10;
constexpr std::size_t kEntriesMax = 1024;

std::string shown(const YAML::Node& node) {
  if (node.IsScalar()) return fmt::format("\"{}\"", node.Scalar());
  return node.IsSequence() ? "a list" : node.IsMap() ? "a map" : "nothing";
}

}  // namespace

struct Section::State {
  SectionText::State text;
  // One of each for all sections of a root.  A key that is missing may be a mistyped one, so unknown keys go first.
  std::shared_ptr<std::optional<Error>> problem;
  std::shared_ptr<std::optional<Error>> missing;
  std::vector<std::string> asked = {};

  // The value of a key, which is then known; an undefined node when it is not there or an error came before.
  YAML::Node find(std::string_view key) {
    if (std::find(asked.begin(), asked.end(), key) == asked.end()) asked.emplace_back(key);
    if (problem->has_value() || !text.node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
    return std::as_const(text.node)[std::string(key)];
  }

  void refuse(int line, std::string message) {
    if (!problem->has_value()) problem->emplace(corrupt_data("{}:{}: {}", text.file, line + 1, message));
  }
  void refuse(const YAML::Node& node, std::string_view key, std::string_view want) {
    refuse(node.Mark().line, fmt::format("{}.{}: want {}, got {}", text.where, key, want, shown(node)));
  }
  bool read_text(const YAML::Node& node, std::string_view key, std::string& out) {
    if (!node.IsScalar() || node.Scalar().size() > kTextBytesMax) {
      refuse(node, key, "text");
      return false;
    }
    out = node.Scalar();
    return true;
  }
};

Section::Section(std::unique_ptr<State> state) : state_(std::move(state)) {}
Section::Section(Section&&) noexcept = default;

Section::Section(const SectionText& text)
    : Section(std::make_unique<State>(
          State{*text.state(), std::make_shared<std::optional<Error>>(), std::make_shared<std::optional<Error>>()})) {
  const YAML::Node& node = state_->text.node;
  if (!node.IsMap() && !node.IsNull()) {
    state_->refuse(state_->text.line,
                   fmt::format("{}: want a map of settings, got {}", state_->text.where, shown(node)));
  }
}

Section::~Section() {
  if (state_ != nullptr) check_keys();
}

void Section::check_keys() {
  if (!is_ok() || !state_->text.node.IsMap()) return;
  const std::vector<std::string_view> known(state_->asked.begin(), state_->asked.end());
  for (const auto& entry : state_->text.node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string();
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string_view near = nearest_name(key, known);
    return state_->refuse(
        entry.first.Mark().line,
        near.empty()
            ? fmt::format("unknown key \"{}\" in {}; known keys: {}", key, state_->text.where, fmt::join(known, ", "))
            : fmt::format("unknown key \"{}\" in {}; did you mean \"{}\"?", key, state_->text.where, near));
  }
}

bool Section::has(std::string_view key) const {
  return state_->find(key).IsDefined();
}

void Section::text(std::string_view key, std::string& out) {
  if (const YAML::Node node = state_->find(key)) state_->read_text(node, key, out);
}

void Section::choice(std::string_view key, std::span<const std::string_view> names, std::string& out) {
  const YAML::Node node = state_->find(key);
  std::string value;
  if (!node || !state_->read_text(node, key, value)) return;
  if (std::find(names.begin(), names.end(), value) == names.end()) {
    return state_->refuse(node, key, fmt::format("one of {}", fmt::join(names, ", ")));
  }
  out = std::move(value);
}

void Section::count(std::string_view key, std::uint64_t least, std::uint64_t most, std::uint64_t& out) {
  const YAML::Node node = state_->find(key);
  if (!node) return;
  std::uint64_t value = 0;
  if (!node.IsScalar() || !YAML::convert<std::uint64_t>::decode(node, value) || value < least || value > most) {
    return state_->refuse(node, key, fmt::format("a whole number from {} to {}", least, most));
  }
  out = value;
}

void Section::number(std::string_view key, double least, double most, double& out) {
  const YAML::Node node = state_->find(key);
  if (!node) return;
  double value = 0;
  const bool is_number = node.IsScalar() && YAML::convert<double>::decode(node, value) && std::isfinite(value);
  if (!is_number || value < least || value > most) {
    return state_->refuse(node, key, fmt::format("a number from {} to {}", least, most));
  }
  out = value;
}

void Section::flag(std::string_view key, bool& out) {
  const YAML::Node node = state_->find(key);
  if (!node) return;
  if (!node.IsScalar() || (node.Scalar() != "true" && node.Scalar() != "false")) {
    return state_->refuse(node, key, "true or false");
  }
  out = node.Scalar() == "true";
}

void Section::texts(std::string_view key, std::vector<std::string>& out) {
  const YAML::Node node = state_->find(key);
  if (!node) return;
  if (!node.IsSequence() || node.size() > kEntriesMax) {
    return state_->refuse(node, key, fmt::format("a list of at most {} texts", kEntriesMax));
  }
  std::vector<std::string> list;
  for (const YAML::Node& item : node) {
    if (!state_->read_text(item, key, list.emplace_back())) return;
  }
  out = std::move(list);
}

void Section::text_map(std::string_view key, std::map<std::string, std::string>& out) {
  const YAML::Node node = state_->find(key);
  if (!node) return;
  if (!node.IsMap() || node.size() > kEntriesMax) {
    return state_->refuse(node, key, fmt::format("a map of at most {} texts", kEntriesMax));
  }
  std::map<std::string, std::string> map;
  for (const auto& entry : node) {
    std::string name;
    if (!state_->read_text(entry.first, key, name) || !state_->read_text(entry.second, key, map[name])) return;
  }
  out = std::move(map);
}

void Section::checked_text(std::string_view key, bool (*is_good)(std::string_view), std::string_view want,
                           std::string& out) {
  const YAML::Node node = state_->find(key);
  std::string value;
  if (!node || !state_->read_text(node, key, value)) return;
  if (!is_good(value)) return state_->refuse(node, key, want);
  out = std::move(value);
}

std::optional<Section> Section::section(std::string_view key) {
  const YAML::Node node = state_->find(key);
  if (!node) return std::nullopt;
  if (!node.IsMap() && !node.IsNull()) {
    state_->refuse(node, key, "a map of settings");
    return std::nullopt;
  }
  return Section(std::make_unique<State>(
      State{{state_->text.file, fmt::format("{}.{}", state_->text.where, key), node, node.Mark().line},
            state_->problem,
            state_->missing}));
}

void Section::refuse(std::string_view key, std::string message) {
  const YAML::Node node = state_->find(key);
  if (!is_ok()) return;
  const int line = node ? node.Mark().line : state_->text.line;
  std::optional<Error>& place = node ? *state_->problem : *state_->missing;
  if (!place) place = corrupt_data("{}:{}: {}.{}: {}", state_->text.file, line + 1, state_->text.where, key, message);
}

bool Section::is_ok() const {
  return !state_->problem->has_value();
}

Status Section::finish() {
  check_keys();
  if (!is_ok()) return **state_->problem;
  if (state_->missing->has_value()) return **state_->missing;
  return ok();
}

}  // namespace sixfold::manifest
