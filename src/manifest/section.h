// One map of sixfold.yaml, read key by key by whoever knows what belongs into it.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sixfold::manifest {

// Where the values of a map stand in the file.  Immutable; keeps the parsed file alive.
class SectionText {
 public:
  struct State;
  explicit SectionText(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  const std::shared_ptr<const State>& state() const { return state_; }

 private:
  std::shared_ptr<const State> state_;
};

// Readers take an absent key as one that keeps its default.  The first error is kept, and the rest of the reading has
// no effect; finish() returns it.  A key that nobody asked for is an error too, found when its section ends.  All
// errors are corrupt_data "FILE:LINE: ...".  Sections of one root share their error; take them, read them, let them go,
// and then finish() the root.  One thread.
class Section {
 public:
  explicit Section(const SectionText& text);
  ~Section();
  Section(Section&&) noexcept;
  Section& operator=(Section&&) = delete;

  bool has(std::string_view key) const;

  void text(std::string_view key, std::string& out);
  void choice(std::string_view key, std::span<const std::string_view> names, std::string& out);
  void count(std::string_view key, std::uint64_t least, std::uint64_t most, std::uint64_t& out);
  void number(std::string_view key, double least, double most, double& out);
  void flag(std::string_view key, bool& out);
  void texts(std::string_view key, std::vector<std::string>& out);
  void text_map(std::string_view key, std::map<std::string, std::string>& out);
  // A text that must satisfy `is_good`; `want` says what that is: "a DNS name".
  void checked_text(std::string_view key, bool (*is_good)(std::string_view), std::string_view want, std::string& out);
  // Nothing when the key is not there.
  std::optional<Section> section(std::string_view key);

  // What was read does not go together: an error at the key, or at the section for a key that is not there.
  void refuse(std::string_view key, std::string message);
  bool is_ok() const;

  // The first error of this section and of all that were taken from it.
  Status finish();

 private:
  struct State;
  void check_keys();
  explicit Section(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sixfold::manifest
