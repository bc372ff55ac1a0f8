// A chart's templates hold nothing that people write freely, so no text of a manifest is taken for an expression.
#include "deploy/kubernetes/chart.h"

#include <gtest/gtest.h>

#include <string>

namespace sixfold::deploy::kubernetes {
namespace {

Settings settings_with(const std::string& text) {
  Settings settings;
  settings.name = "bot";
  settings.image = "registry.example/bot:1";
  settings.arguments = {"serve", "builtin:", "--name", text};
  settings.environment = {{"GREETING", text}};
  return settings;
}

std::string text_of(const std::vector<RenderedFile>& files, const std::string& path) {
  for (const RenderedFile& file : files) {
    if (file.path == path) return file.text;
  }
  return "no " + path;
}

TEST(Chart, texts_are_values_and_never_parts_of_templates) {
  for (const std::string text : {"{{ fail \"x\" }}", "@@0@@", "@@.name@@", "a\n{{ b"}) {
    const auto files = chart_of(settings_with(text)), plain = chart_of(settings_with("hello"));
    ASSERT_EQ(files.size(), plain.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
      EXPECT_EQ(files[i].path, plain[i].path);
      if (files[i].path.find("/templates/") != std::string::npos) {
        EXPECT_EQ(files[i].text, plain[i].text) << text;
      }
    }
    EXPECT_NE(text_of(files, "bot/values.yaml"), text_of(plain, "bot/values.yaml"));
  }
}

TEST(Chart, the_namespace_is_noted_for_whoever_installs_it) {
  Settings settings = settings_with("hello");
  EXPECT_EQ(text_of(chart_of(settings), "bot/Chart.yaml").find("annotations"), std::string::npos);
  settings.space = "bots";
  EXPECT_NE(text_of(chart_of(settings), "bot/Chart.yaml").find("sixfold.dev/namespace: bots\n"), std::string::npos);
}

}  // namespace
}  // namespace sixfold::deploy::kubernetes
