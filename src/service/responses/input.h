// The input of a Responses body: text, or items.
#pragma once
#include "service/json.h"
#include "service/responses/parse.h"

namespace sixfold::service {

// "input": fills in call.input and call.items.
void read_responses_input(FieldReader& reader, ResponsesCall& call);

}  // namespace sixfold::service
