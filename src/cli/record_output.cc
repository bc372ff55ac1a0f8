// JSON for scripts: the record and the path that a loader opens.
#include "cli/record_output.h"

#include <fmt/chrono.h>

#include <boost/json.hpp>

namespace sixfold::cli {

namespace {

boost::json::array files_json(const std::vector<registry::RecordedFile>& files) {
  boost::json::array rows;
  for (const registry::RecordedFile& file : files) {
    rows.push_back(boost::json::object{{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  return rows;
}

}  // namespace

std::string record_json(const registry::Record& record) {
  return boost::json::serialize(boost::json::object{{"name", record.name},
                                                    {"source", record.source},
                                                    {"revision", record.revision},
                                                    {"license", record.license},
                                                    {"bytes", record.bytes()},
                                                    {"pulled_at", record.pulled_at},
                                                    {"path", registry::main_path(record)},
                                                    {"files", files_json(record.files)}});
}

std::string pushed_json(const registry::Pushed& pushed) {
  return boost::json::serialize(boost::json::object{{"source", pushed.source},
                                                    {"revision", pushed.revision},
                                                    {"sent_bytes", pushed.sent_bytes},
                                                    {"files", files_json(pushed.files)}});
}

std::string local_time(std::int64_t unix_seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(static_cast<std::time_t>(unix_seconds)));
}

}  // namespace sixfold::cli
