// Reads /proc as proc(5) describes it.
#include "telemetry/process_stats.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <locale>
#include <sstream>
#include <string_view>
#include <system_error>

#include "core/text_file.h"

namespace sixfold::telemetry {
namespace {

// The number behind `key` at the start of a line.
std::optional<double> number_after(const std::string& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    std::istringstream rest(line.substr(key.size()));
    rest.imbue(std::locale::classic());
    double number = 0;
    if (rest >> number) return number;
    return std::nullopt;
  }
  return std::nullopt;
}

void read_self_stat(const std::string& proc, ProcessStats& stats) {
  const std::string line = first_line(proc + "/self/stat");
  // The command name stands in brackets and may itself hold blanks and brackets: fields count from the last one.
  const std::size_t bracket = line.rfind(')');
  if (bracket == std::string::npos) return;
  std::istringstream fields(line.substr(bracket + 1));
  fields.imbue(std::locale::classic());
  std::string state;
  fields >> state;  // field 3
  double values[24] = {};
  for (int field = 4; field <= 24; ++field) {
    if (!(fields >> values[field - 1])) return;
  }
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));
  if (ticks_per_second <= 0 || page_bytes <= 0) return;
  stats.cpu_seconds = (values[13] + values[14]) / ticks_per_second;
  stats.threads = values[19];
  stats.virtual_bytes = values[22];
  stats.resident_bytes = values[23] * page_bytes;
  const std::optional<double> boot_time = number_after(proc + "/stat", "btime ");
  if (boot_time) stats.start_time_seconds = *boot_time + values[21] / ticks_per_second;
}

}  // namespace

ProcessStats read_process_stats(const std::string& proc) {
  ProcessStats stats;
  read_self_stat(proc, stats);
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry(proc + "/self/fd", error), end; !error && entry != end;
       entry.increment(error)) {
    ++count;
  }
  if (!error) stats.open_fds = count;
  stats.max_fds = number_after(proc + "/self/limits", "Max open files ");
  return stats;
}

}  // namespace sixfold::telemetry
