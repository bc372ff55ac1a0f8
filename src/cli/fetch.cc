// Progress of a pull: a line that is redrawn, or one line for every tenth.
#include "cli/fetch.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "core/clock.h"
#include "core/version.h"
#include "registry/artifact.h"

namespace sixfold::cli {
namespace {

constexpr std::uint64_t kLines = 10;  // where nothing can be redrawn

class PullDisplay {
 public:
  void say(const std::string& text) {
    if (line_) line_->clear();
    fmt::print(stderr, "{}\n", text);
  }

  void show(const registry::PullProgress& progress) {
    const TimePoint now = system_clock().now();
    if (!begin_) {
      begin_ = now;
      begin_bytes_ = progress.done;
    }
    const double seconds = seconds_between(*begin_, now);
    const double speed =
        seconds > 0 ? static_cast<double>(progress.done - std::min(progress.done, begin_bytes_)) / seconds : 0;
    const std::string amount = progress.total == 0
                                   ? human_bytes(progress.done)
                                   : fmt::format("{} of {}", human_bytes(progress.done), human_bytes(progress.total));
    const std::string note = fmt::format("{}, {}/s", amount, human_bytes(static_cast<std::uint64_t>(speed)));
    if (stderr_is_terminal()) {
      if (!line_ || file_ != progress.file) {
        file_ = progress.file;
        line_.emplace(file_);
      }
      line_->update(progress.done, std::max(progress.total, progress.done), note);
    } else if (progress.total > 0 && progress.done * kLines / progress.total > lines_) {
      lines_ = progress.done * kLines / progress.total;
      fmt::print(stderr, "{}: {} % ({})\n", progress.file, lines_ * 100 / kLines, note);
    }
  }

 private:
  std::optional<TimePoint> begin_;
  std::uint64_t begin_bytes_ = 0;  // were here before
  std::string file_;
  std::optional<ProgressLine> line_;
  std::uint64_t lines_ = 0;  // shown
};

}  // namespace

void add_offline_flag(CLI::App& verb, FetchFlags& flags) {
  verb.add_flag("--offline", flags.is_offline, "Use what is on this machine; an error when something is missing")
      ->envname("SIXFOLD_OFFLINE");
}

Status with_progress(const FetchFlags& flags, const std::function<Status(const registry::PullOptions&)>& pull) {
  Status status = ok();
  bool is_interrupted = false;
  {
    PullDisplay display;
    const InterruptFlag interrupt;
    registry::PullOptions options;
    options.connections = flags.connections;
    options.context.is_offline = flags.is_offline;
    options.context.note = [&](const std::string& text) { display.say(text); };
    options.context.http.user_agent = "sixfold/" + std::string(version());
    options.context.http.is_cancelled = InterruptFlag::is_set;
    options.progress = [&](const registry::PullProgress& progress) { display.show(progress); };
    status = pull(options);
    is_interrupted = InterruptFlag::is_set();
  }
  if (!status.is_ok() && is_interrupted) {
    std::fputs("stopped; the same command goes on where this one stopped\n", stderr);
    std::raise(SIGINT);  // the handler before ours is back
  }
  return status;
}

Result<std::string> fetch_model(const std::string& source, const FetchFlags& flags) {
  if (source.empty() || source == registry::kBuiltinSource) return source;
  std::string path;
  SIXFOLD_TRY_STATUS(with_progress(flags, [&](const registry::PullOptions& options) -> Status {
    SIXFOLD_TRY(path, registry::locate_artifact(source, options));
    return ok();
  }));
  return path;
}

}  // namespace sixfold::cli
