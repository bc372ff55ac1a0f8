// POST and GET /graphql: one query over the same backend as every other endpoint.  Source: GraphQL over HTTP (draft).
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.h"
#include "service/endpoints.h"
#include "service/graphql/parser.h"
#include "service/graphql/plan.h"
#include "service/graphql/roots.h"
#include "service/graphql/validate.h"
#include "service/graphql/write_answer.h"
#include "service/json.h"
#include "service/later_answer.h"

namespace sixfold::service {
namespace {

using graphql::GraphqlError;
using graphql::PlanField;

constexpr std::string_view kResponseType = "application/graphql-response+json";

// As the draft says: clients that know the new media type read the status; old ones read "errors".
bool knows_response_type(const net::HttpRequest& request) {
  return request.header("accept").find(kResponseType) != std::string_view::npos;
}

net::HttpResponse response_of(std::string body, bool is_new, int status) {
  net::HttpResponse response;
  response.status = status;
  if (is_new) response.content_type = kResponseType;
  response.body = std::move(body);
  return response;
}

void refuse(net::ResponseWriter& writer, const std::vector<GraphqlError>& errors, bool is_new, int status) {
  std::string body = R"({"errors":)";
  graphql::append_errors(body, errors);
  writer.send(response_of(body += '}', is_new, status));
}

struct Query {
  std::string text;
  std::string operation;
  json::object variables;
};

Parsed<Query> read_query(const net::HttpRequest& request) {
  Query query;
  json::value document;
  if (request.method == "POST") {
    auto parsed = parse_object(request.body);
    if (auto* refusal = std::get_if<Refusal>(&parsed)) return std::move(*refusal);
    document = std::get<json::value>(std::move(parsed));
  } else {
    json::object& fields = document.emplace_object();
    for (const auto& [name, value] : request.query) {
      if (value.empty()) continue;
      if (name != "variables") {
        fields[name] = value;
        continue;
      }
      auto parsed = parse_json(value);
      if (!parsed) return Refusal{std::move(parsed).error(), name, {}};
      fields[name] = *std::move(parsed);
    }
  }
  FieldReader reader(document.get_object());
  query.text = reader.text("query").value_or("");
  query.operation = reader.text("operationName").value_or("");
  if (const json::object* variables = reader.object("variables")) query.variables = *variables;
  reader.object("extensions");
  if (query.text.empty()) reader.refuse("query", "want a GraphQL document, got none");
  if (!reader.is_ok()) return *reader.refusal();
  return query;
}

// One request whose fields are computed.  Shared by what is still running; the last one answers.
class Execution : public std::enable_shared_from_this<Execution> {
 public:
  Execution(Writer writer, std::vector<PlanField> fields, bool is_new)
      : writer_(std::move(writer)), fields_(std::move(fields)), results_(fields_.size()), is_new_(is_new) {}

  void start(Backend& backend, const std::string& request_id, const std::stop_token& stop) {
    open_ = fields_.size() + 1;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].failure || fields_[i].name.starts_with("__")) {
        done(i, json::value(nullptr));
      } else {
        graphql::start_root(
            backend, fields_[i], request_id, stop,
            [self = shared_from_this(), i](Result<json::value> value) { self->done(i, std::move(value)); });
      }
    }
    left();
  }

 private:
  // Each field's result is written once, by whoever computed it, and read after all have come.
  void done(std::size_t index, Result<json::value> value) {
    results_[index] = std::move(value);
    left();
  }
  void left() {
    if (open_.fetch_sub(1) != 1) return;
    writer_->post([self = shared_from_this()] { self->answer(); });
  }

  void answer() {
    std::vector<GraphqlError> errors;
    std::string data = R"({"data":{)";
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const PlanField& field = fields_[i];
      if (data.size() > graphql::kAnswerBytesMax) return refuse_answer(fields_[i - 1]);
      if (i > 0) data += ',';
      append_json_string(data, field.key);
      data += ':';
      if (field.failure) {
        data += "null";
        errors.push_back({field.failure->message,
                          field.failure->locations,
                          {field.key},
                          std::string(error_code_info(ErrorCode::kInvalidArgument).name)});
      } else if (field.name == "__typename") {
        append_json_string(data, field.parent);
      } else if (field.definition != nullptr && field.name.starts_with("__")) {
        graphql::append_introspection(data, graphql::the_schema(), field);
      } else if (results_[i]->is_ok()) {
        graphql::append_value(data, field.fields, **results_[i]);
      } else {
        data += "null";
        const Error& error = results_[i]->error();
        errors.push_back({error.message, {field.where}, {field.key}, std::string(error_code_info(error.code).name)});
      }
    }
    if (data.size() > graphql::kAnswerBytesMax) return refuse_answer(fields_.back());
    data += '}';
    if (!errors.empty()) {
      data += R"(,"errors":)";
      graphql::append_errors(data, errors);
    }
    writer_->send(response_of(data += '}', is_new_, 200));
  }

  // field: with which the answer became too long.
  void refuse_answer(const PlanField& field) {
    std::string body = R"({"data":null,"errors":)";
    graphql::append_errors(
        body, {GraphqlError{fmt::format("The answer is larger than {} bytes; ask for less, or under fewer names.",
                                        graphql::kAnswerBytesMax),
                            {field.where},
                            {field.key},
                            std::string(error_code_info(ErrorCode::kResourceExhausted).name)}});
    writer_->send(response_of(body += '}', is_new_, 200));
  }

  const Writer writer_;
  const std::vector<PlanField> fields_;
  std::vector<std::optional<Result<json::value>>> results_;
  std::atomic<std::size_t> open_{0};
  const bool is_new_;
};

}  // namespace

void graphql_query(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  const bool is_new = knows_response_type(request);
  auto parsed = read_query(request);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    return refuse(*writer, {GraphqlError{refusal->error.message, {}, {}, "invalid_argument"}}, is_new, 400);
  }
  const Query& query = std::get<Query>(parsed);
  const int refused_status = is_new ? 400 : 200;
  const auto document = graphql::parse_document(query.text);
  if (const auto* error = std::get_if<GraphqlError>(&document))
    return refuse(*writer, {*error}, is_new, refused_status);
  const graphql::Schema& schema = graphql::the_schema();
  const std::vector<GraphqlError> wrong = graphql::validate(schema, std::get<0>(document));
  if (!wrong.empty()) return refuse(*writer, wrong, is_new, refused_status);
  auto plan = graphql::make_plan(schema, std::get<0>(document), query.operation, query.variables);
  if (const auto* error = std::get_if<GraphqlError>(&plan)) return refuse(*writer, {*error}, is_new, refused_status);
  auto& fields = std::get<0>(plan);
  const auto work = static_cast<std::size_t>(std::count_if(fields.begin(), fields.end(), graphql::is_work));
  if (work > graphql::kWorkMax) {
    return refuse(
        *writer,
        {GraphqlError{fmt::format("The query asks the model {} times, want at most {}.", work, graphql::kWorkMax),
                      {fields.front().where},
                      {},
                      {}}},
        is_new, refused_status);
  }
  const std::stop_token stop = stop_when_gone(*writer);
  std::make_shared<Execution>(writer, std::move(fields), is_new)->start(state.backend, request.id, stop);
}

}  // namespace sixfold::service
