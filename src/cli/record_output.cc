// JSON for scripts: the record and the path that a loader opens.
#include "cli/record_output.h"

#include <fmt/chrono.h>

#include <boost/json.hpp>

namespace sixfold::cli {

std::string record_json(const registry::Record& record) {
  boost::json::array files;
  for (const registry::RecordedFile& file : record.files) {
    files.push_back(boost::json::object{{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  return boost::json::serialize(boost::json::object{{"name", record.name},
                                                    {"source", record.source},
                                                    {"revision", record.revision},
                                                    {"license", record.license},
                                                    {"bytes", record.bytes()},
                                                    {"pulled_at", record.pulled_at},
                                                    {"path", registry::main_path(record)},
                                                    {"files", std::move(files)}});
}

std::string local_time(std::int64_t unix_seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(static_cast<std::time_t>(unix_seconds)));
}

}  // namespace sixfold::cli
