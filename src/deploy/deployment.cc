// Steps are remembered one by one: what was done is known after a cut too.
#include "deploy/deployment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace sixfold::deploy {
namespace {

std::vector<FileChange> changes_of(const std::vector<RenderedFile>& before, const std::vector<RenderedFile>& after) {
  std::vector<FileChange> changes;
  const auto find = [](const std::vector<RenderedFile>& files, const std::string& path) {
    return std::find_if(files.begin(), files.end(), [&](const RenderedFile& file) { return file.path == path; });
  };
  for (const RenderedFile& file : after) {
    const auto old = find(before, file.path);
    const auto kind = old == before.end()      ? FileChange::Kind::kNew
                      : old->text == file.text ? FileChange::Kind::kSame
                                               : FileChange::Kind::kChanged;
    changes.push_back({kind, file.path});
  }
  for (const RenderedFile& file : before) {
    if (find(after, file.path) == after.end()) changes.push_back({FileChange::Kind::kRemoved, file.path});
  }
  return changes;
}

bool has(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

Result<Deployment> Deployment::open(const TargetRow& target, const std::string& folder, const std::string& base) {
  SIXFOLD_TRY(DeployState state, DeployState::open(folder));
  return Deployment(target, std::move(state), base);
}

Result<Plan> Deployment::plan(std::vector<RenderedFile> rendered) const {
  Plan plan;
  std::sort(rendered.begin(), rendered.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  plan.files = std::move(rendered);
  SIXFOLD_TRY(plan.steps, target_.steps(plan.files, state_.work_folder()));
  const Revision* current = state_.current();
  std::vector<RenderedFile> before;
  if (current != nullptr) {
    SIXFOLD_TRY(before, state_.files_of(current->number));
    const bool is_same = current->digest == digest_of(plan.files);
    const bool is_complete = current->status == Revision::Status::kComplete;
    plan.action = !is_same ? Plan::Action::kUpdate : is_complete ? Plan::Action::kNothing : Plan::Action::kResume;
    if (is_same && !is_complete) plan.done = current->done;
  }
  plan.changes = changes_of(before, plan.files);
  return plan;
}

StepContext Deployment::context_of(std::uint64_t number, const DeployOptions& options) const {
  const Revision* before = state_.before(number);
  return {state_.folder_of(number),
          before == nullptr ? std::string() : state_.folder_of(before->number),
          base_,
          state_.work_folder(),
          options.say,
          options.is_cancelled};
}

Status Deployment::run(std::uint64_t number, const std::vector<Step>& steps, const DeployOptions& options) {
  StepContext context = context_of(number, options);
  for (std::size_t index = 0; index < steps.size(); ++index) {
    const Step& step = steps[index];
    if (has(state_.find(number)->done, step.name)) continue;
    const auto where = fmt::format("step {} of {}, {}", index + 1, steps.size(), step.name);
    if (options.is_cancelled()) {
      return unavailable("{}: not begun, interrupted; the same command goes on from here", where);
    }
    options.say(fmt::format("{}: {}", step.name, step.does));
    const Status status = step.apply(context);
    if (!status) {
      const std::vector<std::string>& done = state_.find(number)->done;
      return Error{
          status.error().code,
          fmt::format("{}: {}\ndone before: {}; the same command goes on from here, and undeploy takes all of it "
                      "back",
                      where, status.error().message,
                      done.empty() ? "nothing" : fmt::format("{}", fmt::join(done, ", ")))};
    }
    SIXFOLD_TRY_STATUS(state_.mark_done(number, step.name));
  }
  return state_.set_status(number, Revision::Status::kComplete);
}

Status Deployment::deploy(const Plan& plan, const DeployOptions& options) {
  if (plan.action == Plan::Action::kNothing && !options.always) return ok();
  std::uint64_t number = 0;
  if (plan.action == Plan::Action::kResume) {
    number = state_.current()->number;
  } else {
    SIXFOLD_TRY(number, state_.begin(plan.files, options.clock.unix_seconds(), 0));
  }
  return run(number, plan.steps, options);
}

Status Deployment::roll_back(std::uint64_t number, const DeployOptions& options) {
  const Revision* to = number == 0 ? state_.previous() : state_.find(number);
  if (to == nullptr) {
    return number == 0 ? not_found("there is no earlier revision to go back to")
                       : not_found("there is no revision {}; `sixfold status` lists them", number);
  }
  SIXFOLD_TRY(const std::vector<RenderedFile> files, state_.files_of(to->number));
  SIXFOLD_TRY(const std::vector<Step> steps, target_.steps(files, state_.work_folder()));
  SIXFOLD_TRY(const std::uint64_t made, state_.begin(files, options.clock.unix_seconds(), to->number));
  return run(made, steps, options);
}

Status Deployment::undeploy(const DeployOptions& options) {
  const Revision* current = state_.current();
  if (current == nullptr) return not_found("nothing is deployed");
  const std::uint64_t number = current->number;
  SIXFOLD_TRY(const std::vector<RenderedFile> files, state_.files_of(number));
  SIXFOLD_TRY(const std::vector<Step> steps, target_.steps(files, state_.work_folder()));
  SIXFOLD_TRY_STATUS(state_.set_status(number, Revision::Status::kPartial));
  StepContext context = context_of(number, options);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    // A step that is not known to be done may have been cut half-way: it is taken back too.
    options.say(fmt::format("{}: taken back", step->name));
    const Status status = step->undo(context);
    if (!status && (!options.is_forced || options.is_cancelled())) {
      return Error{status.error().code,
                   fmt::format("taking back {}: {}\nthe same command goes on from here; with --force it leaves what "
                               "cannot be taken back",
                               step->name, status.error().message)};
    }
    if (!status) options.say(fmt::format("{}: left as it is: {}", step->name, status.error().message));
    SIXFOLD_TRY_STATUS(state_.mark_undone(number, step->name));
  }
  return state_.set_status(number, Revision::Status::kUndone);
}

Result<std::string> Deployment::look() const {
  const Revision* current = state_.current();
  if (current == nullptr) return std::string();
  SIXFOLD_TRY(const std::vector<RenderedFile> files, state_.files_of(current->number));
  return target_.look(files, state_.work_folder());
}

}  // namespace sixfold::deploy
