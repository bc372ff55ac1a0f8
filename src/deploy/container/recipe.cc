// The recipe's own file: everything that decides about an image's bytes, so that a revision can be made again from it.
#include "deploy/container/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>

#include "core/error.h"
#include "core/json.h"

namespace sixfold::deploy::container {
namespace {

constexpr std::array<std::string_view, 3> kPlaceNames = {"builtin", "layer", "pulled"};

json::object map_value(const std::map<std::string, std::string>& map) {
  json::object object;
  for (const auto& [name, value] : map) object[name] = value;
  return object;
}

std::map<std::string, std::string> map_at(const json::object& object, std::string_view name) {
  std::map<std::string, std::string> map;
  const json::object* found = object_at(object, name);
  if (found == nullptr) return map;
  for (const auto& field : *found) {
    if (field.value().is_string()) map.emplace(field.key(), field.value().get_string());
  }
  return map;
}

// One level of lists and objects a line: the file is what a person compares before and after.
std::string lines_of(const json::object& object) {
  std::string out = "{\n";
  for (const auto& field : object) {
    const bool is_last = &field == &*(object.end() - 1);
    out += fmt::format("  {}: {}{}\n", json::serialize(json::value(field.key())), json::serialize(field.value()),
                       is_last ? "" : ",");
  }
  return out + "}\n";
}

}  // namespace

std::string recipe_text(const Recipe& recipe) {
  json::array platforms;
  for (const PlatformProgram& program : recipe.platforms) {
    platforms.push_back(
        json::object{{"platform", program.platform}, {"program", program.program}, {"sha256", program.sha256}});
  }
  json::object model = {{"place", kPlaceNames[static_cast<std::size_t>(recipe.model_place)]},
                        {"source", recipe.model_source}};
  if (!recipe.model_sha256.empty()) model["sha256"] = recipe.model_sha256;
  json::object object = {{"image", recipe.image},
                         {"name", recipe.name},
                         {"contents", kContentsNames[recipe.has_program ? 0 : 1]},
                         {"platforms", std::move(platforms)},
                         {"model", std::move(model)},
                         {"arguments", json::array(recipe.arguments.begin(), recipe.arguments.end())},
                         {"environment", map_value(recipe.environment)},
                         {"labels", map_value(recipe.labels)},
                         {"archive", recipe.archive},
                         {"push", recipe.is_pushed}};
  return lines_of(object);
}

Result<Recipe> parse_recipe(const std::string& text) {
  SIXFOLD_TRY(const json::object object, parse_json_object(text, kRecipeFile));
  Recipe recipe;
  recipe.name = text_at(object, "name");
  recipe.has_program = text_at(object, "contents") != kContentsNames[1];
  recipe.image = text_at(object, "image");
  recipe.archive = text_at(object, "archive");
  recipe.environment = map_at(object, "environment");
  recipe.labels = map_at(object, "labels");
  const json::value* push = object.if_contains("push");
  recipe.is_pushed = push != nullptr && push->is_bool() && push->get_bool();
  const json::array* platforms = array_at(object, "platforms");
  const json::object* model = object_at(object, "model");
  if (recipe.image.empty() || platforms == nullptr || platforms->empty() || model == nullptr) {
    return corrupt_data("{}: want image, platforms and model", kRecipeFile);
  }
  for (const json::value& value : *platforms) {
    const json::object* platform = value.if_object();
    if (platform == nullptr) return corrupt_data("{}: platforms: want objects", kRecipeFile);
    recipe.platforms.push_back(
        {text_at(*platform, "platform"), text_at(*platform, "program"), text_at(*platform, "sha256")});
  }
  recipe.model_source = text_at(*model, "source");
  recipe.model_sha256 = text_at(*model, "sha256");
  const auto place = std::find(kPlaceNames.begin(), kPlaceNames.end(), text_at(*model, "place"));
  if (place == kPlaceNames.end()) return corrupt_data("{}: model.place: want a known one", kRecipeFile);
  recipe.model_place = static_cast<ModelPlace>(place - kPlaceNames.begin());
  if (const json::array* arguments = array_at(object, "arguments")) {
    for (const json::value& argument : *arguments) {
      if (argument.is_string()) recipe.arguments.emplace_back(argument.get_string());
    }
  }
  return recipe;
}

}  // namespace sixfold::deploy::container
