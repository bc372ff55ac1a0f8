// What a target of a deployment is: files made from the manifest, and steps that bring them where they work.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "manifest/manifest.h"

namespace sixfold::deploy {

struct RenderedFile {
  std::string path;  // in the folder of the revision; checked by whoever writes it
  std::string text;
  bool operator==(const RenderedFile&) const = default;
};

struct RenderInput {
  const manifest::Manifest& manifest;
  const manifest::SectionText& section;  // of the target
  std::string file;                      // the manifest's; paths in the section are beside it
  // SHA-256 in hex of a program's or a model's files; of the program that runs now for "".  A seam: rendering reads
  // nothing by itself.
  std::function<Result<std::string>(const std::string& path)> sha256_of = {};
};

// What a step may use while it runs.
struct StepContext {
  std::string folder;                         // with the files of the revision
  std::string before;                         // with those of the one before it; empty when there is none
  std::string base;                           // the manifest's folder: paths in files are beside it
  std::string work;                           // of the target alone, for what is no part of a revision
  std::function<void(std::string_view)> say;  // a line for a person
  std::function<bool()> is_cancelled;         // asked between the parts of long work
};

struct Step {
  std::string name;  // one word, unique within the target: remembered when it is done
  std::string does;  // for the plan: "applies 8 objects with kubectl"
  // Applying twice is applying once.  Errors say what is there now if that is not nothing.
  std::function<Status(StepContext&)> apply;
  std::function<Status(StepContext&)> undo;  // also for a step that ended half-way
};

// Adding a target is one file with these three functions and a row in target_list.cc; docs/add_a_target.md.
struct TargetRow {
  std::string_view name;
  std::string_view summary;
  // Pure: equal input gives equal files.  Errors: corrupt_data "FILE:LINE: ..." for the section, invalid_argument.
  Result<std::vector<RenderedFile>> (*render)(const RenderInput& input);
  // From the files, so that an earlier revision can be applied again, and from what a step left in the folder `work`
  // (see StepContext), which need not exist.
  Result<std::vector<Step>> (*steps)(const std::vector<RenderedFile>& files, const std::string& work);
  // A few lines on what runs now; empty where nothing can be asked.
  Result<std::string> (*look)(const std::vector<RenderedFile>& files, const std::string& work);
};

}  // namespace sixfold::deploy
