// Values to the JSON that was asked for.
#pragma once
#include <string>
#include <vector>

#include "service/graphql/plan.h"

namespace sixfold::service::graphql {

// Both stop in the middle when `out` becomes longer than kAnswerBytesMax, so that it is no JSON then.

// Appends a value of a type, with the fields that the plan names.  The value has every field of the type.
void append_value(std::string& out, const std::vector<PlanField>& fields, const json::value& value);

// Appends what __schema or __type gives.
void append_introspection(std::string& out, const Schema& schema, const PlanField& field);

}  // namespace sixfold::service::graphql
