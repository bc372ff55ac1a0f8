// Requests computed together get what each would have got alone.
#include "service/tensor_batch.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <random>

#include "service/fake_tensor_model.h"
#include "service/tensor_backend.h"

namespace sixfold::service {
namespace {

TensorSignature numbers_and_texts() {
  return {.inputs = {spec_of("a", ElementType::kF32, {-1, -1}), spec_of("s", ElementType::kString, {-1})},
          .outputs = {spec_of("sum", ElementType::kF32, {-1}), spec_of("again", ElementType::kF32, {-1})},
          .runtime = "test"};
}

// Rows of `width` numbers and a text each.
TensorJob job_of(std::size_t rows, std::size_t width, float first, std::vector<std::string> outputs = {}) {
  std::vector<float> numbers(rows * width);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = first + static_cast<float>(i);
  HostTensor a{.name = "a",
               .shape = {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(width)},
               .bytes = {},
               .strings = {}};
  a.bytes.resize(numbers.size() * sizeof(float));
  if (!numbers.empty()) std::memcpy(a.bytes.data(), numbers.data(), a.bytes.size());
  HostTensor s{.name = "s",
               .type = ElementType::kString,
               .shape = {static_cast<std::int64_t>(rows)},
               .bytes = {},
               .strings = std::vector<std::string>(rows, std::string(static_cast<std::size_t>(first), 'x'))};
  return {{std::move(a), std::move(s)}, std::move(outputs)};
}

std::string shown(const Result<TensorAnswer>& answer) {
  if (!answer) return answer.error().message;
  std::string text;
  for (const HostTensor& output : answer->outputs) {
    text += output.name + shown_shape(output.shape);
    for (std::size_t i = 0; i * sizeof(float) < output.bytes.size(); ++i) {
      float number = 0;
      std::memcpy(&number, output.bytes.data() + i * sizeof(float), sizeof(float));
      text += " " + std::to_string(number);
    }
  }
  return text;
}

std::vector<std::string> alone(const TensorModel& model, const std::vector<TensorJob>& jobs) {
  std::vector<std::string> answers;
  for (const TensorJob& job : jobs) {
    auto outputs = run_rows(model, job.inputs, job.outputs, {});
    answers.push_back(outputs ? shown(TensorAnswer{*std::move(outputs)}) : outputs.error().message);
  }
  return answers;
}

std::vector<std::string> together(const TensorModel& model, const std::vector<TensorJob>& jobs, std::size_t rows_max,
                                  std::size_t runs) {
  const JointAnswers joint = run_jobs(model, jobs, rows_max);
  EXPECT_EQ(joint.runs, runs);
  std::vector<std::string> answers;
  for (const auto& answer : joint.answers) answers.push_back(shown(answer));
  return answers;
}

TEST(TensorBatch, everyone_gets_his_own_rows_of_one_run) {
  const FakeTensorModel model(numbers_and_texts());
  const std::vector<TensorJob> jobs = {job_of(1, 2, 5), job_of(3, 2, 1), job_of(1, 2, 9)};
  EXPECT_EQ(together(model, jobs, 64, 1), alone(model, jobs));
}

TEST(TensorBatch, what_does_not_fit_together_runs_apart) {
  const FakeTensorModel model(numbers_and_texts());
  // Another width, and another choice of outputs; those of a kind still go together.
  const std::vector<TensorJob> jobs = {job_of(1, 2, 1), job_of(1, 3, 2),
                                       job_of(2, 2, 3), job_of(1, 2, 4, {"again"}),
                                       job_of(1, 3, 5), job_of(1, 2, 6, {"again"})};
  EXPECT_EQ(together(model, jobs, 64, 3), alone(model, jobs));
}

TEST(TensorBatch, runs_have_no_more_rows_than_allowed_unless_one_request_has) {
  const FakeTensorModel model(numbers_and_texts());
  const std::vector<TensorJob> jobs = {job_of(2, 1, 1), job_of(2, 1, 2), job_of(9, 1, 3), job_of(1, 1, 4)};
  // 2 + 1 and 2 and 9 where three rows are allowed.
  EXPECT_EQ(together(model, jobs, 3, 3), alone(model, jobs));
  EXPECT_EQ(together(model, jobs, 1, 4), alone(model, jobs));
}

TEST(TensorBatch, a_request_that_does_not_fit_the_model_fails_alone) {
  const FakeTensorModel model(numbers_and_texts());
  std::vector<TensorJob> jobs = {job_of(1, 2, 1), job_of(1, 2, 2), job_of(1, 2, 3), job_of(1, 2, 4)};
  jobs[1].inputs[0].bytes.resize(4);         // fewer values than its shape says
  jobs[2].inputs[1].shape = {2};             // two texts for one row
  jobs[2].inputs[1].strings.emplace_back();  //
  const std::vector<std::string> answers = together(model, jobs, 64, 3);
  EXPECT_EQ(answers, alone(model, jobs));
  EXPECT_NE(answers[1].find("input \"a\""), std::string::npos) << answers[1];
}

// Refuses any run that holds a negative number, as a graph may.
class TouchyModel final : public TensorModel {
 public:
  explicit TouchyModel(TensorSignature signature) : inner_(std::move(signature)) {}
  const TensorSignature& signature() const override { return inner_.signature(); }
  Result<std::vector<HostTensor>> run(const std::vector<HostTensor>& inputs,
                                      const std::vector<std::string>& outputs) const override {
    for (std::size_t i = 0; i < inputs[0].bytes.size(); i += sizeof(float)) {
      float number = 0;
      std::memcpy(&number, inputs[0].bytes.data() + i, sizeof(float));
      if (number < 0) return invalid_argument("a negative number");
    }
    return inner_.run(inputs, outputs);
  }

 private:
  FakeTensorModel inner_;
};

TEST(TensorBatch, one_that_spoils_the_run_fails_alone) {
  const TouchyModel model({.inputs = {spec_of("a", ElementType::kF32, {-1, 1})},
                           .outputs = {spec_of("sum", ElementType::kF32, {-1})},
                           .runtime = "test"});
  std::vector<TensorJob> jobs = {job_of(1, 1, 1), job_of(1, 1, 2), job_of(1, 1, 3)};
  for (TensorJob& job : jobs) job.inputs.pop_back();
  const float minus = -1;
  std::memcpy(jobs[1].inputs[0].bytes.data(), &minus, sizeof(minus));
  const std::vector<std::string> answers = together(model, jobs, 64, 4);
  EXPECT_EQ(answers, (std::vector<std::string>{"sum[1] 1.000000", "a negative number", "sum[1] 3.000000"}));
}

// Its output is one number for all rows, whatever its signature says.
class TotalModel final : public TensorModel {
 public:
  const TensorSignature& signature() const override { return signature_; }
  Result<std::vector<HostTensor>> run(const std::vector<HostTensor>& inputs,
                                      const std::vector<std::string>&) const override {
    ++runs;
    HostTensor total{.name = "total", .shape = {1}, .bytes = std::vector<std::byte>(sizeof(float)), .strings = {}};
    const auto rows = static_cast<float>(inputs[0].shape[0]);
    std::memcpy(total.bytes.data(), &rows, sizeof(rows));
    return std::vector<HostTensor>{std::move(total)};
  }
  mutable std::atomic<int> runs = 0;

 private:
  const TensorSignature signature_ = {.inputs = {spec_of("a", ElementType::kF32, {-1, 1})},
                                      .outputs = {spec_of("total", ElementType::kF32, {-1})},
                                      .runtime = "test"};
};

TEST(TensorBatch, outputs_without_a_row_for_each_are_noticed) {
  const TotalModel model;
  std::vector<TensorJob> jobs = {job_of(2, 1, 1), job_of(3, 1, 2)};
  for (TensorJob& job : jobs) job.inputs.pop_back();
  const JointAnswers joint = run_jobs(model, jobs, 64);
  EXPECT_EQ(joint.output_without_rows, "total");
  EXPECT_EQ(shown(joint.answers[0]), "total[1] 2.000000");
  EXPECT_EQ(shown(joint.answers[1]), "total[1] 3.000000");
}

TEST(TensorBatch, which_models_can) {
  EXPECT_TRUE(can_join_rows(numbers_and_texts()));
  for (const TensorShape& shape : {TensorShape{1, 2}, TensorShape{}, TensorShape{4}}) {
    TensorSignature signature = numbers_and_texts();
    signature.inputs[1].shape = shape;
    EXPECT_FALSE(can_join_rows(signature));
    signature = numbers_and_texts();
    signature.outputs[1].shape = shape;
    EXPECT_FALSE(can_join_rows(signature));
  }
  EXPECT_FALSE(can_join_rows({}));
}

TEST(TensorBatch, random_requests_are_answered_as_if_alone) {
  const FakeTensorModel model(numbers_and_texts());
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<TensorJob> jobs;
    for (std::size_t count = random() % 12; count > 0; --count) {
      jobs.push_back(job_of(1 + random() % 4, 1 + random() % 3, static_cast<float>(random() % 50)));
      if (random() % 4 == 0) jobs.back().outputs = {"again"};
      if (random() % 8 == 0) jobs.back().inputs[0].bytes.pop_back();
      if (random() % 8 == 0) jobs.back().inputs[1].strings.pop_back();
    }
    const JointAnswers joint = run_jobs(model, jobs, 1 + random() % 9);
    const std::vector<std::string> want = alone(model, jobs);
    for (std::size_t i = 0; i < jobs.size(); ++i) EXPECT_EQ(shown(joint.answers[i]), want[i]) << round;
  }
}

// ---- The backend ----

TensorRequest request_of(TensorJob job) {
  TensorRequest request;
  request.inputs = std::move(job.inputs);
  return request;
}

// A backend whose model is known to be quick, by a clock that stands still.
struct QuickBackend {
  ManualClock clock;
  FakeTensorModel* model = nullptr;
  std::unique_ptr<TensorBackend> backend;

  explicit QuickBackend(std::size_t batch_rows) {
    auto owned = std::make_unique<FakeTensorModel>(numbers_and_texts());
    model = owned.get();
    backend = std::make_unique<TensorBackend>(
        std::move(owned), TensorBackendOptions{.model = "sum", .batch_rows = batch_rows, .clock = &clock});
    std::promise<void> first;
    EXPECT_TRUE(backend->predict(request_of(job_of(1, 1, 1)), [&](const auto&) { first.set_value(); }).is_ok());
    first.get_future().wait();
    model->runs = 0;
  }
};

TEST(TensorBackend, quick_requests_that_are_ready_together_are_one_run) {
  QuickBackend quick(8);
  std::vector<std::function<void()>> soon;
  std::vector<std::string> answers;
  for (int i = 1; i <= 3; ++i) {
    TensorRequest request = request_of(job_of(1, 2, static_cast<float>(i)));
    request.run_soon = [&](std::function<void()> task) { soon.push_back(std::move(task)); };
    const auto done = [&](const Result<TensorAnswer>& answer) { answers.push_back(shown(answer)); };
    ASSERT_TRUE(quick.backend->predict(std::move(request), done).is_ok());
  }
  EXPECT_TRUE(answers.empty());
  ASSERT_EQ(soon.size(), 3u);
  soon[1]();  // the first one's client has left: its task is dropped, its answer is not missed
  EXPECT_EQ(answers.size(), 3u);
  soon[2]();
  EXPECT_EQ(quick.model->runs, 1);
  EXPECT_EQ(answers.front(), alone(*quick.model, {job_of(1, 2, 1)}).front());
}

TEST(TensorBackend, quick_requests_are_answered_at_once_without_batches) {
  QuickBackend quick(1);
  TensorRequest request = request_of(job_of(1, 2, 3));
  request.run_soon = [](const auto&) { FAIL() << "nothing to wait for"; };
  bool is_done = false;
  ASSERT_TRUE(
      quick.backend->predict(std::move(request), [&](const auto& answer) { is_done = answer.is_ok(); }).is_ok());
  EXPECT_TRUE(is_done);
}

TEST(TensorBackend, quick_requests_that_nobody_computed_get_an_error_at_the_end) {
  std::string told;
  {
    QuickBackend quick(8);
    TensorRequest request = request_of(job_of(1, 2, 3));
    request.run_soon = [](const auto&) {};
    ASSERT_TRUE(
        quick.backend->predict(std::move(request), [&](const auto& answer) { told = answer.error().message; }).is_ok());
  }
  EXPECT_EQ(told, "the server is stopping");
}

// Holds its first run until it is let go.
class HeldModel final : public TensorModel {
 public:
  const TensorSignature& signature() const override { return inner_.signature(); }
  Result<std::vector<HostTensor>> run(const std::vector<HostTensor>& inputs,
                                      const std::vector<std::string>& outputs) const override {
    if (rows.empty()) {
      entered.set_value();
      let_go.get_future().wait();
    }
    rows.push_back(inputs[0].shape[0]);
    return inner_.run(inputs, outputs);
  }
  mutable std::promise<void> entered, let_go;
  mutable std::vector<std::int64_t> rows;  // of each run; the backend's thread writes

 private:
  FakeTensorModel inner_{numbers_and_texts()};
};

TEST(TensorBackend, what_came_during_a_run_is_the_next_one) {
  auto owned = std::make_unique<HeldModel>();
  HeldModel& model = *owned;
  std::mutex mutex;
  std::vector<std::string> answers(5);
  std::vector<std::int64_t> rows;
  {
    TensorBackend backend(std::move(owned), {.model = "sum", .batch_rows = 4});
    std::vector<std::promise<void>> done(5);
    for (std::size_t i = 0; i < 5; ++i) {
      const auto answered = [&, i](const Result<TensorAnswer>& answer) {
        const std::lock_guard lock(mutex);
        answers[i] = shown(answer);
        if (i == 4) rows = model.rows;
        done[i].set_value();
      };
      ASSERT_TRUE(backend.predict(request_of(job_of(i == 3 ? 2 : 1, 2, static_cast<float>(i))), answered).is_ok());
      if (i == 0) model.entered.get_future().wait();
    }
    model.let_go.set_value();
    for (std::promise<void>& one : done) one.get_future().wait();
  }
  EXPECT_EQ(rows, (std::vector<std::int64_t>{1, 4, 1})) << "1 + 1 + 2 rows fit, the fifth request does not";
  const FakeTensorModel plain(numbers_and_texts());
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(answers[i], alone(plain, {job_of(i == 3 ? 2 : 1, 2, static_cast<float>(i))}).front());
  }
}

TEST(TensorBackend, a_model_without_rows_is_asked_one_by_one_from_then_on) {
  auto owned = std::make_unique<TotalModel>();
  TotalModel& model = *owned;
  ManualClock clock;
  TensorBackend backend(std::move(owned), {.model = "total", .batch_rows = 8, .clock = &clock});
  const auto one = [] {
    TensorJob job = job_of(1, 1, 1);
    job.inputs.pop_back();
    return request_of(std::move(job));
  };
  std::promise<void> first;
  ASSERT_TRUE(backend.predict(one(), [&](const auto&) { first.set_value(); }).is_ok());
  first.get_future().wait();
  model.runs = 0;
  std::vector<std::function<void()>> soon;
  std::size_t answers = 0;
  const auto ask = [&] {
    TensorRequest request = one();
    request.run_soon = [&](std::function<void()> task) { soon.push_back(std::move(task)); };
    const auto done = [&](const Result<TensorAnswer>& answer) {
      EXPECT_EQ(shown(answer), "total[1] 1.000000");
      ++answers;
    };
    ASSERT_TRUE(backend.predict(std::move(request), done).is_ok());
  };
  ask();
  ask();
  soon[0]();
  EXPECT_EQ(answers, 2u);
  EXPECT_EQ(model.runs, 3) << "together, and then each";
  ask();
  EXPECT_EQ(answers, 3u) << "at once";
  EXPECT_EQ(soon.size(), 2u);
}

}  // namespace
}  // namespace sixfold::service
