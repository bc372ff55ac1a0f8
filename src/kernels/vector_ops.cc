// Hands every row to the active kernel table.
#include "kernels/vector_ops.h"

#include "kernels/dispatch.h"

namespace sixfold::kernels {

void rms_norm(const float* x, const float* weight, float epsilon, std::size_t count, float* out) {
  active_isa_row().kernels->rms_norm(x, weight, epsilon, count, out);
}

void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, std::size_t count, float* out) {
  active_isa_row().kernels->layer_norm(x, weight, bias, epsilon, count, out);
}

void soft_cap(float* x, float cap, std::size_t count) {
  active_isa_row().kernels->soft_cap(x, cap, count);
}

void add(float* x, const float* y, std::size_t count) {
  active_isa_row().kernels->add(x, y, count);
}

void rope(float* head, const float* cos_sin, std::size_t pairs, RopePairing pairing) {
  const KernelTable& table = *active_isa_row().kernels;
  (pairing == RopePairing::kInterleaved ? table.rope_interleaved : table.rope_halves)(head, cos_sin, pairs);
}

std::size_t argmax(const float* x, std::size_t count) {
  return active_isa_row().kernels->argmax(x, count);
}

void exp(const float* x, std::size_t count, float* out) {
  active_isa_row().kernels->exp(x, count, out);
}

void f32_to_f16(const float* x, std::size_t count, std::uint16_t* out) {
  active_isa_row().kernels->f32_to_f16(x, count, out);
}

void f32_to_bf16(const float* x, std::size_t count, std::uint16_t* out) {
  active_isa_row().kernels->f32_to_bf16(x, count, out);
}

void f16_to_f32(const std::uint16_t* x, std::size_t count, float* out) {
  active_isa_row().kernels->f16_to_f32(x, count, out);
}

}  // namespace sixfold::kernels
