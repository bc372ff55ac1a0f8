// Deployments that are cut, fail, go on, come back and go away.
#include "deploy/deployment.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/error.h"
#include "core/text_file.h"

namespace sixfold::deploy {
namespace {

namespace fs = std::filesystem;

// A target of two steps that copy a file each into a world, and fail on demand.
struct World {
  std::map<std::string, std::string> things;
  std::string failing;  // the step that fails
  std::string undo_fails;
  std::vector<std::string> log;
};
World world;

Result<std::vector<Step>> steps_of(const std::vector<RenderedFile>& files, const std::string&) {
  std::vector<Step> steps;
  for (const RenderedFile& file : files) {
    steps.push_back({file.path, "brings " + file.path,
                     [file](StepContext& context) -> Status {
                       world.log.push_back("apply " + file.path);
                       if (world.failing == file.path) return unavailable("the world is on fire");
                       const auto text = read_text_file(context.folder + "/" + file.path, 1000);
                       if (!text) return text.error();
                       world.things[file.path] = *text;
                       return ok();
                     },
                     [file](StepContext&) -> Status {
                       world.log.push_back("undo " + file.path);
                       if (world.undo_fails == file.path) return unavailable("it is stuck");
                       world.things.erase(file.path);
                       return ok();
                     }});
  }
  return steps;
}

constexpr TargetRow kTarget = {
    "world", "a world", nullptr, steps_of,
    [](const std::vector<RenderedFile>&, const std::string&) -> Result<std::string> { return std::string("fine"); }};

class DeploymentTest : public testing::Test {
 protected:
  void SetUp() override {
    world = {};
    folder_ = fs::path(testing::TempDir()) /
              ("deployment_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Deployment open() {
    auto opened = Deployment::open(kTarget, folder_.string());
    EXPECT_TRUE(opened.is_ok()) << opened.error().message;
    return *std::move(opened);
  }
  // As a new process would.
  Status deploy(const std::vector<RenderedFile>& files, DeployOptions options = {}) {
    Deployment deployment = open();
    const auto plan = deployment.plan(files);
    if (!plan) return plan.error();
    return deployment.deploy(*plan, options);
  }
  Plan::Action action(const std::vector<RenderedFile>& files) { return open().plan(files)->action; }

  fs::path folder_;
  const std::vector<RenderedFile> one_ = {{"a", "a1"}, {"b", "b1"}};
  const std::vector<RenderedFile> two_ = {{"a", "a2"}, {"b", "b1"}, {"c", "c2"}};
};

TEST_F(DeploymentTest, deploys_and_then_has_nothing_to_do) {
  EXPECT_EQ(action(one_), Plan::Action::kFirst);
  ASSERT_TRUE(deploy(one_).is_ok());
  EXPECT_EQ(world.things.at("a"), "a1");
  EXPECT_EQ(action(one_), Plan::Action::kNothing);
  world.log.clear();
  ASSERT_TRUE(deploy(one_).is_ok());
  EXPECT_TRUE(world.log.empty());
  DeployOptions always;
  always.always = true;
  ASSERT_TRUE(deploy(one_, always).is_ok());
  EXPECT_EQ(world.log.size(), 2u);
}

TEST_F(DeploymentTest, plan_says_how_files_differ) {
  ASSERT_TRUE(deploy(two_).is_ok());
  const auto plan = open().plan({{"a", "a2"}, {"b", "new"}, {"d", "d"}});
  ASSERT_TRUE(plan.is_ok());
  EXPECT_EQ(plan->action, Plan::Action::kUpdate);
  std::map<std::string, FileChange::Kind> changes;
  for (const FileChange& change : plan->changes) changes[change.path] = change.kind;
  EXPECT_EQ(changes.at("a"), FileChange::Kind::kSame);
  EXPECT_EQ(changes.at("b"), FileChange::Kind::kChanged);
  EXPECT_EQ(changes.at("c"), FileChange::Kind::kRemoved);
  EXPECT_EQ(changes.at("d"), FileChange::Kind::kNew);
}

TEST_F(DeploymentTest, failed_step_says_what_is_done_and_the_next_call_goes_on) {
  world.failing = "b";
  const Status failed = deploy(one_);
  ASSERT_FALSE(failed.is_ok());
  EXPECT_NE(failed.error().message.find("step 2 of 2, b: the world is on fire"), std::string::npos);
  EXPECT_NE(failed.error().message.find("done before: a"), std::string::npos);
  EXPECT_EQ(action(one_), Plan::Action::kResume);
  EXPECT_EQ(open().plan(one_)->done, std::vector<std::string>{"a"});
  world.failing.clear();
  world.log.clear();
  ASSERT_TRUE(deploy(one_).is_ok());
  EXPECT_EQ(world.log, std::vector<std::string>{"apply b"});
  EXPECT_EQ(open().state().revisions().size(), 1u);
}

TEST_F(DeploymentTest, interruption_between_steps_is_remembered) {
  DeployOptions options;
  options.is_cancelled = [] { return !world.things.empty(); };
  const Status cut = deploy(one_, options);
  ASSERT_FALSE(cut.is_ok());
  EXPECT_EQ(cut.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(world.things.size(), 1u);
  ASSERT_TRUE(deploy(one_).is_ok());
  EXPECT_EQ(world.things.size(), 2u);
}

TEST_F(DeploymentTest, files_that_changed_after_a_cut_begin_a_new_revision) {
  world.failing = "b";
  ASSERT_FALSE(deploy(one_).is_ok());
  world.failing.clear();
  ASSERT_TRUE(deploy(two_).is_ok());
  EXPECT_EQ(open().state().current()->number, 2u);
  EXPECT_EQ(world.things.at("a"), "a2");
}

TEST_F(DeploymentTest, rolls_back_to_the_last_complete_revision) {
  ASSERT_TRUE(deploy(one_).is_ok());
  ASSERT_TRUE(deploy(two_).is_ok());
  Deployment deployment = open();
  ASSERT_TRUE(deployment.roll_back(0, {}).is_ok());
  EXPECT_EQ(world.things.at("a"), "a1");
  EXPECT_EQ(deployment.state().current()->number, 3u);
  EXPECT_EQ(deployment.state().current()->rolled_back_to, 1u);
  // Back again: the last complete one with other files.
  ASSERT_TRUE(deployment.roll_back(0, {}).is_ok());
  EXPECT_EQ(world.things.at("a"), "a2");
  EXPECT_EQ(deployment.roll_back(77, {}).error().code, ErrorCode::kNotFound);
}

TEST_F(DeploymentTest, nothing_to_go_back_to) {
  EXPECT_EQ(open().roll_back(0, {}).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(deploy(one_).is_ok());
  EXPECT_EQ(open().roll_back(0, {}).error().code, ErrorCode::kNotFound);
}

TEST_F(DeploymentTest, undeploy_takes_steps_back_in_reverse_and_goes_on_after_a_failure) {
  ASSERT_TRUE(deploy(one_).is_ok());
  world.log.clear();
  world.undo_fails = "a";
  ASSERT_FALSE(open().undeploy({}).is_ok());
  EXPECT_EQ(world.log, (std::vector<std::string>{"undo b", "undo a"}));
  EXPECT_EQ(open().state().current()->status, Revision::Status::kPartial);
  world.undo_fails.clear();
  ASSERT_TRUE(open().undeploy({}).is_ok());
  EXPECT_TRUE(world.things.empty());
  EXPECT_EQ(open().state().current(), nullptr);
  EXPECT_EQ(open().undeploy({}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(action(one_), Plan::Action::kFirst);
  ASSERT_TRUE(deploy(one_).is_ok());
}

TEST_F(DeploymentTest, files_that_somebody_changed_are_not_applied_again) {
  ASSERT_TRUE(deploy(one_).is_ok());
  ASSERT_TRUE(deploy(two_).is_ok());
  ASSERT_TRUE(write_files((folder_ / "revisions/1").string(), {{"a", "evil"}}).is_ok());
  const Status refused = open().roll_back(1, {});
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorruptData);
  EXPECT_EQ(world.things.at("a"), "a2");
}

TEST_F(DeploymentTest, broken_state_is_refused) {
  ASSERT_TRUE(deploy(one_).is_ok());
  for (const std::string text :
       {"", "{", "{\"revisions\":[1]}", "{\"revisions\":[{\"number\":0,\"status\":\"complete\"}]}",
        "{\"revisions\":[{\"number\":1,\"status\":\"odd\"}]}",
        "{\"revisions\":[{\"number\":2,\"status\":\"complete\"},{\"number\":2,\"status\":\"complete\"}]}"}) {
    ASSERT_TRUE(write_files(folder_.string(), {{"state.json", text}}).is_ok());
    const auto opened = Deployment::open(kTarget, folder_.string());
    ASSERT_FALSE(opened.is_ok()) << text;
    EXPECT_NE(opened.error().message.find("state.json"), std::string::npos);
  }
}

TEST_F(DeploymentTest, old_revisions_are_forgotten) {
  for (int round = 0; round < 25; ++round) ASSERT_TRUE(deploy({{"a", std::to_string(round)}}).is_ok());
  const Deployment deployment = open();
  EXPECT_EQ(deployment.state().revisions().size(), 20u);
  EXPECT_EQ(deployment.state().revisions().front().number, 6u);
  EXPECT_FALSE(fs::exists(folder_ / "revisions/5"));
  EXPECT_TRUE(fs::exists(folder_ / "revisions/6/a"));
}

TEST(WriteFiles, paths_stay_below_the_folder) {
  for (const std::string path : {"", "/etc/passwd", "../a", "a/../../b", "a//../b"}) {
    EXPECT_FALSE(write_files(testing::TempDir() + "/write_files", {{path, "x"}}).is_ok()) << path;
  }
}

}  // namespace
}  // namespace sixfold::deploy
