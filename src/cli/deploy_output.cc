// Colours are left to those who read; a sign in front says what happens to a file.
#include "cli/deploy_output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace sixfold::cli {
namespace {

using deploy::FileChange;
using deploy::Plan;

constexpr std::array<std::string_view, 4> kSigns = {"+", "~", "-", " "};
constexpr std::array<std::string_view, 4> kChangeNames = {"new", "changed", "removed", "same"};
constexpr std::array<std::string_view, 4> kActionNames = {"nothing", "first", "update", "resume"};

std::string_view action_text(Plan::Action action) {
  switch (action) {
    case Plan::Action::kNothing:
      return "as deployed, nothing to do";
    case Plan::Action::kFirst:
      return "not deployed yet";
    case Plan::Action::kUpdate:
      return "changes what is deployed";
    case Plan::Action::kResume:
      return "goes on with a deployment that was cut";
  }
  return {};
}

std::string time_text(std::int64_t unix_seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(unix_seconds)));
}

// Of the whole target, in a word or two.
std::string_view standing(const deploy::Revision* current) {
  if (current == nullptr) return "not deployed";
  return current->status == deploy::Revision::Status::kPartial ? "partly deployed" : "deployed";
}

bool is_done(const Plan& plan, const std::string& step) {
  return std::find(plan.done.begin(), plan.done.end(), step) != plan.done.end();
}

}  // namespace

std::string plan_text(std::string_view target, const Plan& plan) {
  std::string out = fmt::format("{}: {} files; {}\n", target, plan.files.size(), action_text(plan.action));
  for (const FileChange& change : plan.changes) {
    if (change.kind == FileChange::Kind::kSame) continue;
    out += fmt::format("  {} {}\n", kSigns[static_cast<std::size_t>(change.kind)], change.path);
  }
  if (plan.action == Plan::Action::kNothing) return out;
  for (std::size_t index = 0; index < plan.steps.size(); ++index) {
    const deploy::Step& step = plan.steps[index];
    out += fmt::format("  {}. {}: {}{}\n", index + 1, step.name, step.does, is_done(plan, step.name) ? " (done)" : "");
  }
  return out;
}

json::object plan_json(std::string_view target, const Plan& plan) {
  json::array files, steps;
  for (const FileChange& change : plan.changes) {
    files.push_back(
        json::object{{"path", change.path}, {"change", kChangeNames[static_cast<std::size_t>(change.kind)]}});
  }
  for (const deploy::Step& step : plan.steps) {
    steps.push_back(json::object{{"name", step.name}, {"does", step.does}, {"done", is_done(plan, step.name)}});
  }
  return {{"target", target},
          {"action", kActionNames[static_cast<std::size_t>(plan.action)]},
          {"files", std::move(files)},
          {"steps", std::move(steps)}};
}

std::string state_text(std::string_view target, const deploy::DeployState& state) {
  if (state.revisions().empty()) return fmt::format("{}: never deployed\n", target);
  std::string out = fmt::format("{}: {}\n", target, standing(state.current()));
  for (auto revision = state.revisions().rbegin(); revision != state.revisions().rend(); ++revision) {
    std::string steps;
    for (const std::string& step : revision->done) steps += (steps.empty() ? "" : ", ") + step;
    out += fmt::format("  {} revision {}, {}, {}{}{}\n", state.current() == &*revision ? "*" : " ", revision->number,
                       deploy::status_name(revision->status), time_text(revision->created),
                       revision->rolled_back_to == 0 ? "" : fmt::format(", back to {}", revision->rolled_back_to),
                       revision->status == deploy::Revision::Status::kPartial
                           ? fmt::format(", done: {}", steps.empty() ? "nothing" : steps)
                           : "");
  }
  return out;
}

json::object state_json(std::string_view target, const deploy::DeployState& state) {
  json::array revisions;
  for (const deploy::Revision& revision : state.revisions()) {
    revisions.push_back(json::object{{"number", revision.number},
                                     {"created", revision.created},
                                     {"status", deploy::status_name(revision.status)},
                                     {"digest", revision.digest},
                                     {"rolled_back_to", revision.rolled_back_to},
                                     {"done", json::array(revision.done.begin(), revision.done.end())}});
  }
  json::object out = {{"target", target}, {"revisions", std::move(revisions)}};
  out["current"] = state.current() == nullptr ? json::value(nullptr) : json::value(state.current()->number);
  return out;
}

}  // namespace sixfold::cli
