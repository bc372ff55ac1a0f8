// Whether a model can decode at all.
#pragma once
#include "core/result.h"
#include "model/model.h"

namespace sixfold::engine {

// Decodes one token, with keys and values of its own: all weights are read and all kinds of kernels run.  It takes as
// long as a token does.  first: the token to decode from; another one where the model has none such.  One thread,
// before the model goes to an engine. Errors: internal (no finite logit), resource_exhausted, those of forward; all
// begin with "self test".
Status self_test(model::Model& model, kernels::KvDType kv_dtype, model::TokenId first);

}  // namespace sixfold::engine
