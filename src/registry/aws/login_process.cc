// Keys that another program prints (credential_process).
// Source: AWS SDKs and Tools Reference Guide, "Process credential provider".
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <vector>

#include "core/error.h"
#include "registry/aws/login.h"

extern char** environ;

namespace sixfold::registry {
namespace {

constexpr std::size_t kOutputBytesMax = 1 << 20;
constexpr auto kTimeout = std::chrono::seconds(60);
constexpr int kPollMs = 100;

// Words as a shell would split them, without everything else that a shell does.  Nothing for an open quote.
std::optional<std::vector<std::string>> split_words(std::string_view command) {
  std::vector<std::string> words;
  bool is_in_word = false;
  char quote = '\0';
  for (std::size_t at = 0; at < command.size(); ++at) {
    const char letter = command[at];
    const bool is_blank = quote == '\0' && (letter == ' ' || letter == '\t');
    if (is_blank) is_in_word = false;
    if (is_blank) continue;
    if (!is_in_word) words.emplace_back();
    is_in_word = true;
    if (quote == '\0' && (letter == '"' || letter == '\'')) {
      quote = letter;
    } else if (letter == quote && quote != '\0') {
      quote = '\0';
    } else if (letter == '\\' && quote != '\'' && at + 1 < command.size()) {
      words.back() += command[++at];
    } else {
      words.back() += letter;
    }
  }
  if (quote != '\0' || words.empty()) return std::nullopt;
  return words;
}

// A child whose standard output is read; killed and waited for when it goes.
class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (output_ >= 0) ::close(output_);
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    static_cast<void>(wait());
  }

  bool start(std::vector<std::string> words) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return false;
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
    const bool is_started = ::posix_spawnp(&process_, arguments[0], &actions, nullptr, arguments.data(), environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    output_ = pipe[0];
    if (!is_started) process_ = 0;
    return is_started;
  }

  // The exit status; once.
  int wait() {
    int status = -1;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
    return status;
  }

  int output() const { return output_; }

 private:
  pid_t process_ = 0;
  int output_ = -1;
};

Result<std::string> read_output(const Child& child, const std::string& what,
                                const std::function<bool()>& is_cancelled) {
  std::string text;
  std::array<char, 4096> block{};
  const auto end = std::chrono::steady_clock::now() + kTimeout;
  for (;;) {
    if (is_cancelled && is_cancelled()) return unavailable("{}: stopped", what);
    if (std::chrono::steady_clock::now() >= end)
      return deadline_exceeded("{}: no end for {} s", what, kTimeout.count());
    pollfd waiting{child.output(), POLLIN, 0};
    if (::poll(&waiting, 1, kPollMs) <= 0) continue;
    const ssize_t count = ::read(child.output(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return internal_error("{}: its output cannot be read", what);
    if (count == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
    if (text.size() > kOutputBytesMax) return resource_exhausted("{}: want at most {} bytes", what, kOutputBytesMax);
  }
}

}  // namespace

FoundLogin login_of_process(const AwsSetting& setting) {
  return process_of_profile(setting, setting.profiles.chosen());
}

FoundLogin process_of_profile(const AwsSetting& setting, const std::string& profile) {
  const std::string command = setting.profiles.value(profile, "credential_process");
  if (command.empty()) return std::optional<AwsLogin>();
  // The command may hold a secret itself: it is not shown.
  const std::string what = fmt::format("AWS profile \"{}\": credential_process", profile);
  auto words = split_words(command);
  if (!words) return invalid_argument("{}: want a command with closed quotes", what);
  Child child;
  if (!child.start(*std::move(words))) return not_found("{}: cannot be started", what);
  SIXFOLD_TRY(const std::string output, read_output(child, what, setting.http.is_cancelled));
  if (child.wait() != 0) return unauthenticated("{}: it ended with an error", what);
  SIXFOLD_TRY(const json::object answer, parse_secret_json(output, what));
  if (count_at(answer, "Version") != std::uint64_t{1}) return corrupt_data("{}: Version: want 1", what);
  SIXFOLD_TRY(AwsLogin login, login_of_json(answer, "SessionToken", what));
  return std::optional<AwsLogin>(std::move(login));
}

}  // namespace sixfold::registry
