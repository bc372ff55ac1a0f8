// What an image is made of: the section "targets.container" of a manifest, checked, and as a file of its own.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "deploy/target.h"

namespace sixfold::deploy::container {

inline constexpr std::string_view kRecipeFile = "image.json";
inline constexpr std::uint64_t kPort = 8080;

// What is in an image: the program, with or without the model; or only the model.
inline constexpr std::array<std::string_view, 2> kContentsNames = {"program", "model"};

// A program for one kind of machine.
struct PlatformProgram {
  std::string platform;  // "linux/amd64"
  std::string program;   // a path, beside the manifest unless absolute; empty: the program that runs now
  std::string sha256;    // of it, when the recipe was written
};

// Where the model is when the container starts.
enum class ModelPlace {
  kBuiltin,  // it is a part of the program
  kLayer,    // a layer of the image
  kPulled,   // at its source: the server pulls it
};

struct Recipe {
  std::string name;         // of the manifest, for people
  bool has_program = true;  // else nothing but the model, to be mounted by others
  std::string image;        // "registry.example/support-bot:1.0"
  std::vector<PlatformProgram> platforms;
  ModelPlace model_place = ModelPlace::kBuiltin;
  std::string model_source;            // as in the manifest; a path is beside the manifest unless absolute
  std::string model_sha256;            // of its files; empty: whatever the source has
  std::vector<std::string> arguments;  // of the program, behind the model
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> labels;
  std::string archive;  // a path, beside the manifest unless absolute; empty: none is written
  bool is_pushed = false;
};

// Errors: corrupt_data "FILE:LINE: ..." with what was wanted, for keys, values and combinations of them; those of
// input.sha256_of.
Result<Recipe> read_recipe(const RenderInput& input);

// The recipe as JSON, and back.  Errors of parsing: corrupt_data.
std::string recipe_text(const Recipe& recipe);
Result<Recipe> parse_recipe(const std::string& text);

// Where a file of a manifest or a recipe lies: `path`, in `folder` unless it is absolute.
std::string path_beside(const std::string& folder, const std::string& path);

// "linux/amd64": of the program that runs now.
std::string_view own_platform();

}  // namespace sixfold::deploy::container
