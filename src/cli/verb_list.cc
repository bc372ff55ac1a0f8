// sixfold list: the models on this machine, or those that have a short name.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/record_output.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "registry/catalogue.h"
#include "registry/store.h"

namespace sixfold::cli {
namespace {

struct ListFlags {
  bool is_catalogue = false;
  bool is_json = false;
};

// Left-aligned columns, two blanks apart; the last is as long as it is.
void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    fmt::print("{}{}\n", line, row.back());
  }
}

void list_catalogue(bool is_json) {
  constexpr std::uint64_t kMegabyte = 1'000'000;
  std::vector<std::vector<std::string>> rows = {{"NAME", "SIZE", "LICENCE", "GOOD FOR", "SOURCE"}};
  boost::json::array objects;
  for (const registry::CatalogueEntry& entry : registry::catalogue()) {
    const auto text = [](std::string_view view) { return boost::json::string(view.data(), view.size()); };
    rows.push_back({std::string(entry.name), human_bytes(entry.megabytes * kMegabyte), std::string(entry.license),
                    std::string(entry.good_for), std::string(entry.source)});
    objects.push_back(boost::json::object{{"name", text(entry.name)},
                                          {"source", text(entry.source)},
                                          {"license", text(entry.license)},
                                          {"bytes_about", entry.megabytes * kMegabyte},
                                          {"good_for", text(entry.good_for)}});
  }
  if (is_json) {
    fmt::print("{}\n", boost::json::serialize(objects));
  } else {
    print_table(rows);
  }
}

Status list(const ListFlags& flags) {
  if (flags.is_catalogue) {
    list_catalogue(flags.is_json);
    return ok();
  }
  SIXFOLD_TRY(const registry::Store store, registry::Store::open(registry::process_environment));
  std::vector<Error> broken;
  std::vector<registry::Record> records = store.list(&broken);
  for (const Error& error : broken) fmt::print(stderr, "sixfold: {}\n", error.message);
  if (flags.is_json) {
    std::string out;
    for (registry::Record& record : records) {
      record.folder = store.folder_of(record);
      out += (out.empty() ? "" : ",\n ") + record_json(record);
    }
    fmt::print("[{}]\n", out);
    return ok();
  }
  if (records.empty()) {
    fmt::print(stderr, "no models yet; sixfold list --catalog shows some, sixfold pull brings them here\n");
    return ok();
  }
  std::vector<std::vector<std::string>> rows = {{"NAME", "SIZE", "LICENCE", "PULLED", "SOURCE"}};
  for (const registry::Record& record : records) {
    rows.push_back({record.name, human_bytes(record.bytes()), record.license.empty() ? "-" : record.license,
                    local_time(record.pulled_at), record.source});
  }
  print_table(rows);
  return ok();
}

}  // namespace

VerbAction add_list(CLI::App& program) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* verb = program.add_subcommand("list", "List the models on this machine");
  verb->add_flag("--catalog", flags->is_catalogue, "Small models that can be pulled by a short name");
  verb->add_flag("--json", flags->is_json, "Print as JSON");
  verb->footer("Examples:\n  sixfold list\n  sixfold list --catalog");
  return [flags] { return list(*flags); };
}

}  // namespace sixfold::cli
