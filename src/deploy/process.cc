// posix_spawnp and one pipe for both streams.
#include "deploy/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "core/error.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace sixfold::deploy {
namespace {

constexpr std::size_t kOutputBytesMax = 1u << 20;
constexpr int kPollMs = 100;

// Closes a descriptor at the end.
class Descriptor {
 public:
  explicit Descriptor(int file) : file_(file) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }
  int get() const { return file_; }

 private:
  int file_;
};

Result<pid_t> start(const std::vector<std::string>& argv, int output) {
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));  // NOLINT
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  // A process group of its own: Ctrl-C is ours to pass on.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, arguments.front(), &actions, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error == ENOENT) return not_found("{}: there is no such program on PATH", argv.front());
  if (error != 0) return internal_error("{}: {}", argv.front(), std::strerror(error));  // NOLINT(concurrency-mt-unsafe)
  return child;
}

void pass_lines(std::string& line, std::string_view bytes, const std::function<void(std::string_view)>& say) {
  if (!say) return;
  for (const char byte : bytes) {
    if (byte != '\n') {
      line += byte;
      continue;
    }
    say(line);
    line.clear();
  }
}

}  // namespace

Result<ProcessOutput> run_process(const std::vector<std::string>& argv,
                                  const std::function<void(std::string_view)>& say,
                                  const std::function<bool()>& is_cancelled) {
  std::array<int, 2> ends = {-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return internal_error("pipe: {}", std::strerror(errno));  // NOLINT
  Descriptor reader(ends[0]), writer(ends[1]);
  SIXFOLD_TRY(const pid_t child, start(argv, writer.get()));
  writer.reset();
  ProcessOutput output;
  std::string line;
  bool is_told = false;
  for (;;) {
    if (!is_told && is_cancelled && is_cancelled()) {
      ::kill(-child, SIGTERM);
      is_told = true;
    }
    pollfd wait{reader.get(), POLLIN, 0};
    const int ready = ::poll(&wait, 1, kPollMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(reader.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    pass_lines(line, bytes, say);
    output.out += bytes;
    if (output.out.size() > 2 * kOutputBytesMax) output.out.erase(0, output.out.size() - kOutputBytesMax);
  }
  if (!line.empty() && say) say(line);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  output.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  if (is_told) return unavailable("{}: interrupted", argv.front());
  return output;
}

Result<std::string> run_tool(const std::vector<std::string>& argv, const std::function<void(std::string_view)>& say,
                             const std::function<bool()>& is_cancelled) {
  SIXFOLD_TRY(ProcessOutput output, run_process(argv, say, is_cancelled));
  if (output.exit_code == 0) return std::move(output.out);
  constexpr std::size_t kShownBytesMax = 2000;
  std::string_view end = output.out;
  if (end.size() > kShownBytesMax) end.remove_prefix(end.size() - kShownBytesMax);
  while (!end.empty() && end.back() == '\n') end.remove_suffix(1);
  std::string command;
  for (const std::string& argument : argv) command += (command.empty() ? "" : " ") + argument;
  return unavailable("{}: exit code {}{}{}", command, output.exit_code, end.empty() ? "" : ":\n", end);
}

}  // namespace sixfold::deploy
