// sixfold show: what is known about one model of this machine.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/onnx_model.h"
#include "cli/record_output.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "core/error.h"
#include "core/text_file.h"
#include "engine/recommended_sampling.h"
#include "formats/checkpoint.h"
#include "registry/store.h"

namespace sixfold::cli {
namespace {

struct ShowFlags {
  std::string name;
  bool is_json = false;
  bool wants_license = false;
};

constexpr std::size_t kLicenseBytesMax = 1 << 20;

// The texts of all licences that came with the model.
Status print_licenses(const registry::Record& record) {
  bool is_any = false;
  for (const registry::RecordedFile& file : record.files) {
    if (!file.path.starts_with("LICENSE")) continue;
    SIXFOLD_TRY(const std::string text, read_text_file(record.folder + "/" + file.path, kLicenseBytesMax));
    fmt::print("{}\n", text);
    is_any = true;
  }
  if (is_any) return ok();
  return not_found("{}: no licence's text came with it; its licence is \"{}\"", record.name, record.license);
}

// From the file itself; a file that cannot be opened is shown without.
void print_checkpoint(const std::string& path) {
  const auto checkpoint = formats::open_checkpoint(path);
  if (!checkpoint.is_ok()) {
    fmt::print("problem       {}\n", checkpoint.error().message);
    return;
  }
  std::uint64_t elements = 0;
  for (const TensorView& tensor : checkpoint->tensors()) elements += tensor.shape.elements();
  fmt::print("format        {}, {} tensors, {} parameters\n", checkpoint->format(), checkpoint->tensors().size(),
             human_count(elements));
  const auto architecture = checkpoint->string("general.architecture");
  if (!architecture.is_ok()) return;
  fmt::print("architecture  {}\n", *architecture);
  const auto context = checkpoint->unsigned_integer(fmt::format("{}.context_length", *architecture));
  if (context.is_ok()) fmt::print("context       {} tokens\n", *context);
  const auto sampling = engine::read_recommended_sampling(*checkpoint);
  if (!sampling.is_ok()) {
    fmt::print("problem       {}\n", sampling.error().message);
  } else if (sampling->has_value()) {
    fmt::print("sampling      {}\n", engine::summary_of(**sampling));
  }
}

Status show(const ShowFlags& flags) {
  SIXFOLD_TRY(const registry::Store store, registry::Store::open(registry::process_environment));
  auto record = store.find_name(flags.name);
  // ONNX models are looked at as files: they are not pulled.
  if (!record && onnx::is_onnx_path(flags.name) && !flags.is_json && !flags.wants_license) return show_onnx(flags.name);
  if (!record) return not_found("no model is called \"{}\"; sixfold list shows what there is", flags.name);
  record->folder = store.folder_of(*record);
  if (flags.is_json) {
    fmt::print("{}\n", record_json(*record));
    return ok();
  }
  if (flags.wants_license) return print_licenses(*record);
  const std::string path = registry::main_path(*record);
  fmt::print("name          {}\nsource        {}\n", record->name, record->source);
  if (!record->revision.empty()) fmt::print("revision      {}\n", record->revision);
  if (!record->license.empty()) fmt::print("licence       {}\n", record->license);
  fmt::print("pulled        {}\nsize          {}\npath          {}\n", local_time(record->pulled_at),
             human_bytes(record->bytes()), path);
  if (!record->is_ours) fmt::print("kept          where other programs use it too\n");
  print_checkpoint(path);
  for (const registry::RecordedFile& file : record->files) {
    fmt::print("file          {}  {}{}\n", file.path, human_bytes(file.bytes),
               file.sha256.empty() ? "" : "  sha256 " + file.sha256);
  }
  return ok();
}

}  // namespace

VerbAction add_show(CLI::App& program) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App* verb = program.add_subcommand("show", "Show what is known about a model");
  verb->add_option("name", flags->name, "As in sixfold list, or an .onnx file")->required();
  verb->add_flag("--json", flags->is_json, "Print as JSON");
  verb->add_flag("--license", flags->wants_license, "Print the licences that came with the model");
  verb->footer("Examples:\n  sixfold show qwen2.5-0.5b\n  sixfold show model.onnx");
  return [flags] { return show(*flags); };
}

}  // namespace sixfold::cli
