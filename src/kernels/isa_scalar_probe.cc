// The limit probes for any CPU: only reading, because one lane at a time is no limit of the machine.
#include "kernels/probe_table.h"

namespace sixfold::kernels {
namespace {

constexpr bool kAsksNear = false;
#include "kernels/body/probe_read.inc"

}  // namespace

extern const ProbeTable scalar_probes;
constinit const ProbeTable scalar_probes = {
    .int8_dot = {}, .int16_dot = {}, .bf16_dot = {}, .f32_fma = {}, .read = read_words};

}  // namespace sixfold::kernels
