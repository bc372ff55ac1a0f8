// Prometheus' own checker reads the page.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "telemetry/metrics.h"

namespace sixfold::telemetry {
namespace {

// Exit code of promtool's lint: 0 clean, 1 not a valid page, 3 findings about style.
int check_with_promtool(const std::string& page, std::string& findings) {
  const std::string file = testing::TempDir() + "page_" + std::to_string(::getpid()) + ".txt";
  std::ofstream(file) << page;
  const int status = std::system(("promtool check metrics < " + file + " > " + file + ".out 2>&1").c_str());
  std::ostringstream text;
  text << std::ifstream(file + ".out").rdbuf();
  findings = text.str();
  std::filesystem::remove(file);
  std::filesystem::remove(file + ".out");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string without_vllm_names(const std::string& page) {
  std::istringstream lines(page);
  std::string own;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("vllm:") == std::string::npos) own += line + "\n";
  }
  return own;
}

TEST(Promtool, finds_no_fault_in_our_names_and_can_read_the_whole_page) {
  if (std::system("command -v promtool > /dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  Metrics metrics("model \"with\" quotes");
  metrics.set_engine_gauges([] { return EngineGauges{}; });
  metrics.set_http_connections([] { return std::uint64_t{1}; });
  metrics.set_build_info("1.2.3", "avx2");
  metrics.first_token(0.1, 0.05);
  metrics.http_finished("GET", "/v1/models/{model}", 200, 0.001);
  const std::string page = metrics.render();
  std::string findings;
  EXPECT_EQ(check_with_promtool(without_vllm_names(page), findings), 0) << findings;
  EXPECT_EQ(check_with_promtool(page, findings), 3) << findings;  // 3: a colon in a name
  EXPECT_EQ(check_with_promtool(page + "sixfold_x 1,5\n", findings), 1) << "the check must be able to fail";
}

}  // namespace
}  // namespace sixfold::telemetry
