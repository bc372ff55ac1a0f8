// Puts rows together, and cuts the outputs into everyone's own.
#include "service/tensor_batch.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/error.h"

namespace sixfold::service {
namespace {

using Indices = std::vector<std::size_t>;

// One that may be put together with others: checked, and with one number of rows in all inputs.
bool is_joinable(const TensorModel& model, const TensorJob& job) {
  const std::vector<TensorSpec>& specs = model.signature().inputs;
  if (job.inputs.size() != specs.size()) return false;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (!check_against(specs[i], job.inputs[i])) return false;
    if (job.inputs[i].shape.front() != static_cast<std::int64_t>(job.rows())) return false;
  }
  return true;
}

bool stands_below(const TensorJob& above, const TensorJob& below) {
  if (above.outputs != below.outputs) return false;
  return std::equal(above.inputs.begin(), above.inputs.end(), below.inputs.begin(), below.inputs.end(),
                    [](const HostTensor& a, const HostTensor& b) {
                      return std::equal(a.shape.begin() + 1, a.shape.end(), b.shape.begin() + 1, b.shape.end());
                    });
}

std::vector<HostTensor> joined_inputs(std::span<const TensorJob> jobs, const Indices& members, std::size_t rows) {
  std::vector<HostTensor> all;
  for (const HostTensor& first : jobs[members.front()].inputs) {
    HostTensor& tensor = all.emplace_back(
        HostTensor{.name = first.name, .type = first.type, .shape = first.shape, .bytes = {}, .strings = {}});
    tensor.shape.front() = static_cast<std::int64_t>(rows);
    tensor.bytes.reserve(first.bytes.size() / jobs[members.front()].rows() * rows);
  }
  for (const std::size_t member : members) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const HostTensor& part = jobs[member].inputs[i];
      all[i].bytes.insert(all[i].bytes.end(), part.bytes.begin(), part.bytes.end());
      all[i].strings.insert(all[i].strings.end(), part.strings.begin(), part.strings.end());
    }
  }
  return all;
}

Result<TensorAnswer> run_alone(const TensorModel& model, const TensorJob& job) {
  SIXFOLD_TRY(std::vector<HostTensor> outputs, run_rows(model, job.inputs, job.outputs, job.stop));
  return TensorAnswer{std::move(outputs)};
}

class JobRunner {
 public:
  JobRunner(const TensorModel& model, std::span<const TensorJob> jobs) : model_(model), jobs_(jobs) {
    const auto nothing = internal_error("the job was not computed");
    out_.answers.assign(jobs.size(), Result<TensorAnswer>(nothing));
  }

  void alone(std::size_t index) {
    ++out_.runs;
    out_.answers[index] = run_alone(model_, jobs_[index]);
  }

  void together(const Indices& members, std::size_t rows) {
    if (members.size() == 1 || !try_together(members, rows)) {
      for (const std::size_t member : members) alone(member);
    }
  }

  JointAnswers take() { return std::move(out_); }

 private:
  // False when there are no answers: something failed, or the outputs cannot be divided.
  bool try_together(const Indices& members, std::size_t rows) {
    if (!out_.output_without_rows.empty()) return false;
    ++out_.runs;
    const auto outputs = model_.run(joined_inputs(jobs_, members, rows), jobs_[members.front()].outputs);
    if (!outputs) return false;
    for (const HostTensor& output : *outputs) {
      if (!output.shape.empty() && output.shape.front() == static_cast<std::int64_t>(rows)) continue;
      out_.output_without_rows = output.name;
      return false;
    }
    std::size_t begin = 0;
    for (const std::size_t member : members) {
      TensorAnswer answer;
      const std::size_t count = jobs_[member].rows();
      answer.outputs.reserve(outputs->size());
      for (const HostTensor& output : *outputs) answer.outputs.push_back(rows_of(output, begin, count));
      begin += count;
      out_.answers[member] = std::move(answer);
    }
    return true;
  }

  const TensorModel& model_;
  const std::span<const TensorJob> jobs_;
  JointAnswers out_;
};

}  // namespace

bool can_join_rows(const TensorSignature& signature) {
  const auto is_open = [](const TensorSpec& spec) { return !spec.shape.empty() && spec.shape.front() < 0; };
  return !signature.inputs.empty() && std::all_of(signature.inputs.begin(), signature.inputs.end(), is_open) &&
         std::all_of(signature.outputs.begin(), signature.outputs.end(), is_open);
}

JointAnswers run_jobs(const TensorModel& model, std::span<const TensorJob> jobs, std::size_t rows_max) {
  JobRunner runner(model, jobs);
  std::vector<bool> is_placed(jobs.size(), false);
  for (std::size_t first = 0; first < jobs.size(); ++first) {
    if (is_placed[first]) continue;
    if (!is_joinable(model, jobs[first])) {
      runner.alone(first);
      continue;
    }
    Indices members = {first};
    std::size_t rows = jobs[first].rows();
    for (std::size_t next = first + 1; next < jobs.size(); ++next) {
      if (is_placed[next] || rows + jobs[next].rows() > rows_max) continue;
      if (!is_joinable(model, jobs[next]) || !stands_below(jobs[first], jobs[next])) continue;
      is_placed[next] = true;
      members.push_back(next);
      rows += jobs[next].rows();
    }
    runner.together(members, rows);
  }
  return runner.take();
}

}  // namespace sixfold::service
