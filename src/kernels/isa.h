// Which instruction set the kernels use.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sixfold::kernels {

// Name of the kernel table in use ("avx512", "avx2", "neon", "scalar").  Chosen once: SIXFOLD_ISA, else the best
// supported.
std::string_view active_isa();

// Chooses the table.  Called once at start, before any kernel runs; an empty name means the best.
// Errors: invalid_argument for a name that is unknown, or that this CPU cannot run; the message lists the usable ones.
Status select_isa(std::string_view name);

// Compiled-in tables that this CPU can run, best first.
std::vector<std::string_view> usable_isas();

// Short facts about the CPU for bench and bug reports: model name, and the features that matter here.
std::string cpu_description();

}  // namespace sixfold::kernels
