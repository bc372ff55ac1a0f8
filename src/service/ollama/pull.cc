// POST /api/pull and DELETE /api/delete.  Clients may use them only where the server's operator said so: a download
// fills the disk, and a removal takes a model from everybody on the machine.
#include <memory>
#include <utility>

#include "core/error.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/later_answer.h"
#include "service/ollama/fields.h"
#include "service/ollama/output.h"

namespace sixfold::service {
namespace {

void refuse(net::ResponseWriter& writer, Error error) {
  writer.send(error_response(Dialect::kText, Refusal{std::move(error), "model", {}}));
}

// False when the request is refused; it is answered then.
bool is_allowed(const ServiceState& state, net::ResponseWriter& writer) {
  if (state.shelf != nullptr) return true;
  refuse(writer, permission_denied("this server does not let clients download or remove models; start it with "
                                   "--manage-models to let them"));
  return false;
}

std::string status_line(const json::object& object) {
  return json::serialize(object) + "\n";
}

// One pull on its way to one client.  Its methods run on the connection's thread.
class PullAnswer {
 public:
  explicit PullAnswer(Writer writer) : writer_(std::move(writer)) {}

  void begin() {
    net::HttpResponse head;
    head.content_type = "application/x-ndjson";
    head.headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}};
    writer_->begin_stream(std::move(head));
    writer_->write(status_line({{"status", "pulling manifest"}}));
  }

  void progress(const ShelfProgress& progress) {
    // A client that does not read misses some; the next line says all that they said.
    if (writer_->buffered_bytes() > net::kStreamHighWater) return;
    const std::string name = progress.digest.empty() ? progress.file : progress.digest.substr(7, 12);
    json::object line{{"status", "pulling " + name}};
    if (!progress.digest.empty()) line["digest"] = progress.digest;
    if (progress.total > 0) line["total"] = progress.total;
    line["completed"] = progress.done;
    writer_->write(status_line(line));
  }

  void end(const Status& status) {
    if (status) {
      writer_->write(status_line({{"status", "success"}}));
    } else {
      writer_->write(error_body(Dialect::kText, Refusal{status.error(), {}, {}}) + "\n");
    }
    writer_->end();
  }

 private:
  const Writer writer_;
};

void send_success(net::ResponseWriter& writer) {
  net::HttpResponse response;
  response.body = R"({"status":"success"})";
  writer.send(std::move(response));
}

Status pull_streamed(ServiceState& state, const Writer& writer, std::string name) {
  const auto answer = std::make_shared<PullAnswer>(writer);
  // Tasks run in the order in which they are posted, so the head is first whatever the other thread does.
  const auto has_begun = std::make_shared<bool>(false);
  const auto begin = [answer, has_begun] {
    if (!std::exchange(*has_begun, true)) answer->begin();
  };
  SIXFOLD_TRY_STATUS(state.shelf->pull({.name = std::move(name),
                                        .stop = stop_when_gone(*writer),
                                        .progress =
                                            [writer, answer, begin](ShelfProgress progress) {
                                              writer->post([answer, begin, progress = std::move(progress)] {
                                                begin();
                                                answer->progress(progress);
                                              });
                                            },
                                        .done =
                                            [writer, answer, begin](Status status) {
                                              writer->post([answer, begin, status = std::move(status)] {
                                                begin();
                                                answer->end(status);
                                              });
                                            }}));
  writer->post(begin);
  return ok();
}

Status pull_whole(ServiceState& state, const Writer& writer, std::string name) {
  return state.shelf->pull({.name = std::move(name),
                            .stop = stop_when_gone(*writer),
                            .progress = [](ShelfProgress) {},
                            .done =
                                [writer](Status status) {
                                  writer->post([writer, status = std::move(status)] {
                                    if (!status) return refuse(*writer, status.error());
                                    send_success(*writer);
                                  });
                                }});
}

}  // namespace

void ollama_pull(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  if (!is_allowed(state, *writer)) return;
  auto parsed = parse_ollama_pull(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kText, *refusal));
    return;
  }
  auto call = std::get<OllamaModelCall>(std::move(parsed));
  const Status begun = call.streams ? pull_streamed(state, writer, std::move(call.model))
                                    : pull_whole(state, writer, std::move(call.model));
  if (!begun) refuse(*writer, begun.error());
}

void ollama_delete(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  if (!is_allowed(state, *writer)) return;
  auto parsed = parse_ollama_delete(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kText, *refusal));
    return;
  }
  const BackendDescription description = state.backend.describe();
  const std::string name = ollama_model(description, std::get<OllamaModelCall>(parsed).model);
  if (names_model(description, name) || find_adapter(description, name) != nullptr) {
    return refuse(*writer, invalid_argument("the model \"{}\" is being served; it cannot be removed meanwhile", name));
  }
  const Status begun = state.shelf->remove(name, [writer](Status status) {
    writer->post([writer, status = std::move(status)] {
      if (!status) return refuse(*writer, status.error());
      net::HttpResponse response;
      response.content_type = "text/plain";
      writer->send(std::move(response));
    });
  });
  if (!begun) refuse(*writer, begun.error());
}

}  // namespace sixfold::service
