// Plans, deploys, rolls back and takes away one target of a manifest.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "deploy/state.h"
#include "deploy/target.h"

namespace sixfold::deploy {

// How a rendered file differs from the one that is deployed.
struct FileChange {
  enum class Kind { kNew, kChanged, kRemoved, kSame };
  Kind kind = Kind::kSame;
  std::string path;
};

struct Plan {
  std::vector<RenderedFile> files;  // sorted by path
  std::vector<FileChange> changes;
  std::vector<Step> steps;  // all; those that are done already are in `done`
  std::vector<std::string> done;
  // What deploying would do.
  enum class Action { kNothing, kFirst, kUpdate, kResume };
  Action action = Action::kFirst;
};

struct DeployOptions {
  std::function<void(std::string_view)> say = [](std::string_view) {};
  std::function<bool()> is_cancelled = [] { return false; };
  bool always = false;     // deploy: also when nothing has changed
  bool is_forced = false;  // undeploy: what cannot be taken back is said, and left
  const Clock& clock = system_clock();
};

// One target.  One thread; lock() before anything that changes.
class Deployment {
 public:
  // folder: the state's.  base: the manifest's.  Errors: those of DeployState::open.
  static Result<Deployment> open(const TargetRow& target, const std::string& folder, const std::string& base = {});

  const DeployState& state() const { return state_; }

  Result<Plan> plan(std::vector<RenderedFile> rendered) const;

  // Runs the steps that are missing, remembering each.  A cut or a failure leaves a partial revision, which the same
  // call goes on with.  Errors: those of the steps, with what is done and how to go on.
  Status deploy(const Plan& plan, const DeployOptions& options);
  // Applies the files of an earlier revision as a new one; 0: the last complete one before the current.
  // Errors: not_found; those of the steps.
  Status roll_back(std::uint64_t number, const DeployOptions& options);
  // Takes all steps of the current revision back, the last first.  Errors: not_found when nothing is deployed; those of
  // the first step that cannot be taken back, unless forced.
  Status undeploy(const DeployOptions& options);
  // What the target says of itself.
  Result<std::string> look() const;

 private:
  Deployment(const TargetRow& target, DeployState state, std::string base)
      : target_(target), state_(std::move(state)), base_(std::move(base)) {}
  StepContext context_of(std::uint64_t number, const DeployOptions& options) const;
  Status run(std::uint64_t number, const std::vector<Step>& steps, const DeployOptions& options);

  const TargetRow& target_;
  DeployState state_;
  std::string base_;
};

}  // namespace sixfold::deploy
