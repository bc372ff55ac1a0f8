// From a recipe to an image in the target's own folder.
#pragma once
#include <string>

#include "core/result.h"
#include "deploy/container/recipe.h"
#include "deploy/oci/image.h"
#include "deploy/target.h"

namespace sixfold::deploy::container {

std::string store_folder(const StepContext& context);

// Makes the image and names it (oci::named_image), unless it is there already.  The model is pulled when it is not on
// this machine.  Errors: corrupt_data when a file is not the one that the recipe was written for; those of
// oci::build_image and of the model's source.
Status make_image(const Recipe& recipe, StepContext& context);

}  // namespace sixfold::deploy::container
