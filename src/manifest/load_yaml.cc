// The text is looked at before and after yaml-cpp: it takes bytes with zeros among them for UTF-16 or UTF-32, and makes
// single bytes, which are no UTF-8, of the escapes \_ and \N.
#include "manifest/load_yaml.h"

#include <yaml-cpp/eventhandler.h>

#include <optional>
#include <sstream>
#include <string>

#include "core/error.h"
#include "core/utf8.h"

namespace sixfold::manifest {
namespace {

bool is_text(std::string_view bytes) {
  return is_valid_utf8(bytes) && bytes.find('\0') == std::string_view::npos;
}

// Looks at every scalar once, however many aliases stand for it, and remembers the first that is no text.
class ScalarCheck final : public YAML::EventHandler {
 public:
  std::optional<int> bad_line;  // from 0

  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string& value) override {
    if (!bad_line && !is_text(value)) bad_line = mark.line;
  }
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

}  // namespace

Result<YAML::Node> load_yaml(std::string_view text, std::string_view name) {
  if (!is_text(text)) return corrupt_data("{}:1: want text in UTF-8", name);
  try {
    std::istringstream stream{std::string(text)};
    ScalarCheck check;
    YAML::Parser(stream).HandleNextDocument(check);
    if (check.bad_line) {
      return corrupt_data("{}:{}: want text in UTF-8; for the escapes \\_ and \\N write \\u00a0 and \\u0085", name,
                          *check.bad_line + 1);
    }
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception& exception) {
    return corrupt_data("{}:{}: {}", name, exception.mark.line + 1, exception.msg);
  }
}

}  // namespace sixfold::manifest
