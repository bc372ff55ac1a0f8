// The fields of Query: what the backend does for each.
#pragma once
#include <functional>
#include <stop_token>
#include <string>

#include "service/backend.h"
#include "service/graphql/plan.h"
#include "service/json.h"

namespace sixfold::service::graphql {

// True for fields that a model computes, which cost more than a look.
bool is_work(const PlanField& field);

// The whole value of the field's type, of which the plan then takes what was asked for; or why there is none.
using RootDone = std::function<void(Result<json::value>)>;

// Starts what a field of Query asks for, but for introspection.  `done` is called once: at once, or later from another
// thread, where it must not wait.  A field of the request's that was wrong is named in the error.
void start_root(Backend& backend, const PlanField& field, const std::string& request_id, const std::stop_token& stop,
                RootDone done);

}  // namespace sixfold::service::graphql
