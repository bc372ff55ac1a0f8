// Templates of published models with the texts that other implementations make of them: a file that
// SIXFOLD_JINJA_VECTORS names, [{"name", "template", "data", "target"}]; test/conformance/README.md says how to get
// one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "core/json.h"
#include "tokenizer/jinja/json_value.h"
#include "tokenizer/jinja/template.h"

namespace sixfold::tokenizer::jinja {
namespace {

TEST(JinjaVectors, templates_render_as_elsewhere) {
  const char* path = std::getenv("SIXFOLD_JINJA_VECTORS");
  if (path == nullptr) GTEST_SKIP() << "SIXFOLD_JINJA_VECTORS is not set";
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto cases = parse_json(text, path);
  ASSERT_TRUE(cases.is_ok()) << cases.error().message;
  constexpr std::int64_t kNow = 1752148800;  // 2025-07-10T12:00:00Z
  for (const json::value& one : cases->as_array()) {
    const std::string name(one.at("name").as_string());
    const auto compiled = Template::compile(std::string(one.at("template").as_string()));
    EXPECT_TRUE(compiled.is_ok()) << name << ": " << (compiled.is_ok() ? "" : compiled.error().message);
    if (!compiled) continue;
    Dict variables;
    for (const auto& entry : one.at("data").as_object()) {
      variables.set({entry.key().data(), entry.key().size()}, value_of_json(entry.value()));
    }
    const auto rendered = compiled->render(variables, kNow);
    EXPECT_TRUE(rendered.is_ok()) << name << ": " << (rendered.is_ok() ? "" : rendered.error().message);
    if (!rendered) continue;
    EXPECT_EQ(*rendered, std::string(one.at("target").as_string())) << name;
  }
}

}  // namespace
}  // namespace sixfold::tokenizer::jinja
